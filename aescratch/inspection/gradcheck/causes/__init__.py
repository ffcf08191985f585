"""Causes: what is wrong with a gradient, as one plain statement, or a description where no cause can be claimed.

    explain(pair, names)    a forward and its backward, and the inputs that it returns gradients for

A cause is claimed only if a hypothesis predicts to rounding what backward returned: at the given inputs, at others,
for other upstream gradients and at other sizes. Everything else is only described.
"""

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.causes.explaining import explain, mend

__all__ = ["HYPOTHESES", "explain", "mend"]
