"""The formula sheet: every formula of the package, once, with its derivative directly below.

A function ``f(x, W, ...)`` is a forward. Its ``f_backward`` takes the upstream gradient first, if there is one, then
the arguments or output of f that it needs, under the same names, and returns one gradient per differentiable
argument: ``grad_q`` is ∂loss/∂q and has q's shape. Rows are examples: x is (N, D), a = x W + b.

Nothing here remembers or validates anything, or writes into its arguments; NaN is passed on. Losses and penalties are
sums over features or units and means over the batch: 1/N appears in them and nowhere else.

Each family of formulas has a file. The best order to read them: affine, activations, selection, thresholds,
normalization, noise, quantization, reversal, losses, penalties, bounds, discrepancy. All functions are also available
here, and are called here. Everything else about a formula is in a record at the end of its file, and available here:
``FORMULAS["relu"].claim``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aescratch.functions import (
    activations,
    affine,
    bounds,
    discrepancy,
    losses,
    noise,
    normalization,
    penalties,
    quantization,
    reversal,
    selection,
    thresholds,
)
from aescratch.functions.formula import Activation, Formula, check_record

if TYPE_CHECKING:  # for type checkers and editors, which don't run the loop below
    from aescratch.functions.activations import *
    from aescratch.functions.affine import *
    from aescratch.functions.bounds import *
    from aescratch.functions.discrepancy import *
    from aescratch.functions.losses import *
    from aescratch.functions.noise import *
    from aescratch.functions.normalization import *
    from aescratch.functions.penalties import *
    from aescratch.functions.quantization import *
    from aescratch.functions.reversal import *
    from aescratch.functions.selection import *
    from aescratch.functions.thresholds import *

FAMILIES = (
    affine, activations, selection, thresholds, normalization, noise, quantization, reversal, losses, penalties, bounds,
    discrepancy,
)  # fmt: skip

# By the name of the function that computes it: each formula, slopes included; each activation, with its slope; and
# each function as its file defines it, whatever an instrument or a test has put in its place here.
FORMULAS: dict[str, Formula] = {}
ACTIVATIONS: dict[str, Activation] = {}
AS_WRITTEN: dict[str, Callable[..., Any]] = {}

for _family in FAMILIES:
    AS_WRITTEN |= {
        _name: _thing
        for _name, _thing in vars(_family).items()
        if not _name.startswith("_") and getattr(_thing, "__module__", None) == _family.__name__
    }
    for _record in _family.RECORDS:
        check_record(_record, _family, FORMULAS)
        FORMULAS |= {_formula.name: _formula for _formula in _record.formulas}
        if isinstance(_record, Activation):
            ACTIVATIONS[_record.name] = _record

globals().update(AS_WRITTEN)
__all__ = list(AS_WRITTEN)
