"""The numeric truth about an array in the middle of a pass: derivatives along entries, or along random directions.

    array, move it a little -> evaluate() -> difference quotient, compared with what is given

Random directions come first, each of which sees all entries at once: where they agree, so do the entries. Otherwise a
small array is looked at entry by entry, a large one at some of them. What lies at a kink isn't judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array

STEPS = (3e-5, 2e-6)  # of an entry's size or 1; the second where the first disagrees, or crosses a kink
TOLERANCE = 1e-6
WORTH_COMPARING = 1e-2  # of the largest derivative: smaller ones are measured in units of this
ROUNDING = 8 * float(np.finfo(np.float64).eps)
MOST_MOVES = 130  # entries of an array that is looked at one by one
SAMPLED, DIRECTIONS = 24, 4  # of a larger one

# The values of one or more objectives, and the pattern of the kinks that were met.
Evaluation = tuple[Array, list[Array]]


@dataclass
class Comparison:
    """What is given beside the numeric truth, along each move of an array.

    Attributes
    ----------
    moves : (M, size) array
        Each a direction in the flat array, an entry's own as a rule.
    numeric : (M, K) array
        The derivative of each of K objectives along it.
    given : (M, K) array
        What they should be by what was given.
    usable, wrong : (M,) arrays of bool
        Where the numeric truth is known; where what was given is not it.
    """

    moves: Array
    numeric: Array
    given: Array
    usable: Array
    wrong: Array


def compare(evaluate: Callable[[], Evaluation], array: Array, given: Any, rng: np.random.Generator) -> Comparison:
    """Return the comparison of given gradients with the differences of objectives, with respect to an array.

    Parameters
    ----------
    evaluate : callable
        Returns the K objectives, which depend on the array, and the pattern of the kinks.
    array : array
        Moved in place, and put back.
    given : sequence of K arrays of the array's shape
        The gradients.
    rng : numpy.random.Generator
        Draws entries and directions of a large array.
    """
    here = evaluate()
    directions = _directions(array, rng)
    first = _along(evaluate, here, array, given, directions)
    if first.usable.all() and not first.wrong.any():
        return first
    return _along(evaluate, here, array, given, _moves(array, directions, rng))


def _along(
    evaluate: Callable[[], Evaluation], here: Evaluation, array: Array, given: Any, moves: Array
) -> Comparison:  # fmt: skip
    """Return the comparison along these moves."""
    analytic = np.array([[np.dot(move, np.reshape(gradient, -1)) for gradient in given] for move in moves])
    looks = [_look(evaluate, here, array, move, STEPS[0]) for move in moves]
    numeric = np.array([look.value for look in looks])
    usable = np.array([look.smooth for look in looks])
    sizes = np.abs(np.concatenate([analytic, np.where(usable[:, None], numeric, 0.0)]))
    floor = WORTH_COMPARING * np.max(np.where(np.isfinite(sizes), sizes, 0.0), axis=0, initial=0.0)
    wrong = np.zeros(len(moves), bool)
    for i, (move, look) in enumerate(zip(moves, looks, strict=True)):
        if look.smooth and look.settles(analytic[i], floor):
            continue
        closer = _look(evaluate, here, array, move, STEPS[1])
        off = np.abs(analytic[i] - closer.value)
        if not look.smooth:
            numeric[i] = closer.value
        steady = np.abs(look.value - closer.value) <= 0.01 * off + closer.rounding if look.smooth else True
        # The two sides of a smooth function come together with the step, those of a kink stay apart.
        at_kink = (closer.jump > 0.3 * look.jump) & (closer.jump > 0.1 * off + closer.rounding)
        usable[i] = closer.smooth and np.all(np.isfinite(closer.value))
        disagrees = ~(off <= closer.allowed(analytic[i], floor))  # so written that NaN disagrees
        clear = steady & ~at_kink | ~np.isfinite(analytic[i])
        wrong[i] = usable[i] and bool(np.any(disagrees & clear))
        usable[i] = usable[i] and not bool(np.any(disagrees & ~clear))
    return Comparison(moves, numeric, analytic, usable, wrong)


def _directions(array: Array, rng: np.random.Generator) -> Array:
    directions = rng.standard_normal((DIRECTIONS, array.size))
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


def _moves(array: Array, directions: Array, rng: np.random.Generator) -> Array:
    if array.size <= MOST_MOVES:
        return np.eye(array.size)
    entries = np.zeros((SAMPLED, array.size))
    entries[np.arange(SAMPLED), rng.choice(array.size, SAMPLED, replace=False)] = 1
    return np.concatenate([entries, directions])


@dataclass
class Look:
    """A central difference: its value, a bound on its rounding, how far its sides are apart, if no kink was met."""

    value: Array
    rounding: Array
    jump: Array
    smooth: bool

    def allowed(self, given: Array, floor: Array) -> Any:
        """Return how far a given value may be from this one."""
        return TOLERANCE * np.maximum(np.maximum(np.abs(given), np.abs(self.value)), floor) + self.rounding

    def settles(self, given: Array, floor: Array) -> bool:
        """Whether what is given agrees, for every objective."""
        return bool(np.all(np.abs(given - self.value) <= self.allowed(given, floor)))


def _look(evaluate: Callable[[], Evaluation], here: Evaluation, array: Array, move: Array, step: float) -> Look:
    before = array.copy()
    along = np.reshape(move, array.shape)
    h = step * max(1.0, float(np.max(np.abs(before[along != 0]), initial=0.0)))
    try:
        array[...] = before + h * along
        above, pattern_above = evaluate()
        array[...] = before - h * along
        below, pattern_below = evaluate()
    finally:
        array[...] = before
    rounding = ROUNDING * np.maximum(np.abs(above), np.abs(below)) / h
    jump = np.abs(above + below - 2 * here[0]) / h
    smooth = _same(pattern_above, here[1]) and _same(pattern_below, here[1])
    return Look((above - below) / (2 * h), rounding, jump, smooth)


def _same(pattern: list[Array], other: list[Array]) -> bool:
    return len(pattern) == len(other) and all(np.array_equal(a, b) for a, b in zip(pattern, other, strict=True))
