"""The limits of a given number, so that the page can refuse an invalid one in a sentence.

    k, read by a mask of 4 units -> {"whole": True, "least": 1, "most": 4}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.operation import Operation

SHARE = {"least": 0, "below": 1}
OF_MODELS: dict[str, dict[str, Any]] = {
    "rho": {"above": 0, "below": 1}, "beta": {"least": 0}, "weight": {"least": 0}, "lam": {"least": 0},
    "keep": {"whole": True, "least": 0, "most": 1}, "mask": {"whole": True, "least": 0, "most": 1}, "p": SHARE,
    "epsilon": {"above": 0}, "momentum": {"least": 0, "most": 1}, "running_activity": {"above": 0, "below": 1},
}  # fmt: skip
OF_RULES: dict[str, dict[str, Any]] = {
    "mu": SHARE, "beta": SHARE, "beta1": SHARE, "beta2": SHARE, "eps": {"above": 0}, "shrinkage": {"least": 0},
    "eta": {"least": 0}, "clip": {"above": 0}, "t": {"whole": True, "least": 1},
}  # fmt: skip


def limits_of(quantity: Quantity, operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the limits of a given quantity: whole, least, most, above, below if any."""
    readers = [operation for operation in operations if quantity in operation.quantity.inputs]
    functions = {operation.function for operation in readers}
    found: dict[str, Any] = {}
    if quantity.part == "optimizer":
        found = OF_RULES.get(quantity.wish.partition("_")[0], {})
        if quantity.wish == "v_0" and not functions & {"Momentum", "Nesterov"}:  # a mean of squares
            found = {"least": 0}
    elif quantity.wish == "k" and readers:
        selection = next(operation for operation in readers if operation.output.ndim == 2)  # a threshold reads k
        found = {"whole": True, "least": 1, "most": selection.output.shape[1]}
    elif quantity.wish == "labels":
        logits = next(operation for operation in readers if operation.output.ndim == 2)
        found = {"whole": True, "least": 0, "most": logits.output.shape[1] - 1}
    elif "binary_cross_entropy" in functions and quantity.kind == "input":
        found = {"least": 0, "most": 1}
    else:
        found = OF_MODELS.get(quantity.wish, {})
    return dict(found)
