"""Causes: what is wrong with a gradient, as one plain statement, or what is known where no cause can be claimed.

    explain(pair, names)    a forward and its backward, and the inputs that it returns gradients for

A cause is claimed only where a hypothesis predicts what backward returned to rounding: at the inputs given, at others,
for other upstream gradients and at other sizes. Everything else is described.
"""

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.causes.explaining import explain, mend

__all__ = ["HYPOTHESES", "explain", "mend"]
