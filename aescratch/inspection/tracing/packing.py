"""The numbers of a step in its page: of a small array all, written out; of a large one no more than the page needs.

    small                      -> {"data": [0.5, null, ...]}
    large and given            -> {"bytes": base64 of float32, if that changes no number, or else of float64}
    large, by a known formula  -> {"sample": [...], "every": 97}      the page computes it, and compares these
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity, outcome

LARGEST_TABLE = 600  # numbers that are shown as a whole table; of more, the page shows a window
SAMPLE = 200  # about as many numbers of a large array that the page compares
TOLERANCE = 1e-12  # of what the page may compute in place of Python's number


def packed(quantity: Quantity) -> dict[str, Any]:
    """Return the numbers of a quantity as plain values, ready for JSON.

    Examples
    --------
    >>> packed(Quantity(np.array([0.5, np.nan]), "input", "x"))
    {'data': [0.5, None]}
    >>> packed(Quantity(np.zeros(700), "input", "x")).keys(), packed(Quantity(np.full(700, 0.1), "input", "x")).keys()
    (dict_keys(['bytes', 'size']), dict_keys(['bytes', 'size']))
    """
    flat = quantity.value.reshape(-1)
    if flat.size <= LARGEST_TABLE:
        return {"data": _written(flat)}
    if _computable(quantity):
        every = _stride(flat.size, quantity.value.shape[-1])
        return {"sample": _written(flat[::every]), "every": every}
    with np.errstate(over="ignore"):
        single = flat.astype("<f4")
    exact = np.array_equal(single.astype(np.float64), flat, equal_nan=True)
    numbers = single if exact else flat.astype("<f8")
    return {"bytes": base64.b64encode(numbers.tobytes()).decode("ascii"), "size": numbers.itemsize}


def _written(numbers: Array) -> list[float | None]:
    return [number if math.isfinite(number) else None for number in numbers.tolist()]


def _computable(quantity: Quantity) -> bool:
    """Whether the formula returns the code's numbers, so that the page can compute them."""
    if quantity.equation is None or not quantity.agrees:
        return False
    expected, value = outcome(quantity.equation, quantity.value.shape), quantity.value
    near = np.abs(expected - value) <= TOLERANCE * np.maximum(1, np.abs(value))
    return bool(np.all(near | (np.isnan(expected) & np.isnan(value))))


def _stride(size: int, columns: int) -> int:
    """Return a stride that doesn't keep to some columns: it has no factor in common with their number."""
    every = max(1, size // SAMPLE)
    while math.gcd(every, columns) > 1:
        every += 1
    return every
