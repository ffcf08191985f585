"""The numeric truth about an array in the middle of a pass: derivatives along entries, or along random directions.

    array, moved a little -> objective() -> difference quotient, compared with the given gradient

Random directions come first. Each sees all entries at once: if they agree, so do the entries. Otherwise every entry of
a small array is compared, and some entries of a large one. Entries at a kink aren't judged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.numeric import Estimate, Objective, estimates, estimates_along
from aescratch.inspection.gradcheck.report import FAIL, PASS, judge

TOLERANCE = 1e-6
MOST_ENTRIES = 130  # entries of an array up to which every entry is compared
SAMPLED, DIRECTIONS = 24, 4  # entries that are compared of a larger array


class Comparison(NamedTuple):
    """A given gradient beside the numeric truth, along each of M moves of an array."""

    moves: Array  # (M, size), each a direction in the flat array, usually along one entry
    numeric: Array  # (M,), the derivative of the objective along it
    given: Array  # (M,), the derivative by the given gradient
    usable: Array  # (M,), whether the numeric truth is known
    wrong: Array  # (M,), whether the given derivative is wrong

    @property
    def known(self) -> tuple[Array, Array]:
        """The given derivatives and the truth, where that is known."""
        return self.given[self.usable], self.numeric[self.usable]


def compare(objective: Objective, array: Array, given: Array, rng: np.random.Generator) -> Comparison:
    """Return the comparison of a gradient with the differences of an objective, with respect to an array.

    The array, C-contiguous, is moved in place and restored. Entries and directions of a large array are drawn.
    """
    directions = rng.standard_normal((DIRECTIONS, array.size))
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    values = np.asarray(given, np.float64).reshape(-1)
    slopes = directions @ values
    seen = estimates_along(objective, array, directions.reshape(DIRECTIONS, *array.shape), slopes, TOLERANCE)
    first = _compared(directions, slopes, seen)
    if first.usable.all() and not first.wrong.any():
        return first
    if array.size <= MOST_ENTRIES:
        return _compared(np.eye(array.size), values, estimates(objective, array, values, TOLERANCE))
    some = rng.choice(array.size, SAMPLED, replace=False)
    seen = [*estimates(objective, array, values, TOLERANCE, entries=some.tolist()), *seen]
    moves = np.concatenate([np.eye(1, array.size, entry) for entry in some] + [directions])
    return _compared(moves, moves @ values, seen)


def _compared(moves: Array, given: Array, seen: list[Estimate]) -> Comparison:
    tensor = judge("", given, seen, TOLERANCE)
    known = np.isfinite(tensor.numeric) & np.isin(tensor.verdicts, (PASS, FAIL))
    return Comparison(moves, tensor.numeric, given, known, (known & (tensor.verdicts == FAIL)) | ~np.isfinite(given))
