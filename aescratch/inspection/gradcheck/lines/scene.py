"""A scene: a forward and a backward at certain inputs, and the true slopes along a few random directions.

    arrays, moved in place -> objective() -> slopes along directions;   gradients() -> right or wrong, by name

A few directions are enough: a gradient that agrees along all of them is right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import draw_upstream
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited

DIRECTIONS = 3
FIRST_SECONDS = 10.0  # the time limit of backward; with a change, not much longer than without
STEP = 1e-4  # relative to the size of an array's entries; the error of four points is of fourth order in it
SMALLER_STEPS = (1e-5, 1e-6, 1e-7)  # if two successive ones don't agree, there is a kink between them
AGREE = 1e-6
EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 30.0  # rounding errors of an objective, in units of its last place


class Slopes(NamedTuple):
    """The slopes of an objective along random directions in an array, with a bound on the error, NaN at a kink."""

    directions: Array  # (K, *shape)
    values: Array  # (K,)
    errors: Array  # (K,)

    @property
    def are_known(self) -> bool:
        """Whether any direction is free of kinks: otherwise no gradient can be judged."""
        return bool(np.isfinite(self.values).any())

    def fits(self, gradient: Array) -> bool:
        """Whether a gradient of this shape has these slopes."""
        found = np.tensordot(self.directions, gradient, gradient.ndim)
        scale = np.abs(self.directions).reshape(len(self.values), -1) @ np.abs(gradient).reshape(-1)
        off = np.abs(found - self.values)
        is_off = off > AGREE * np.maximum(scale, np.abs(self.values)) + self.errors  # never at a kink
        return self.are_known and bool(np.isfinite(scale).all()) and not is_off.any()

    def allow(self, gradient: Array) -> bool:
        """Whether a gradient has these slopes, or no slope is known to judge it by: a kink in every direction."""
        return self.fits(gradient) or not self.are_known


@dataclass
class Scene:
    """A forward and a backward at certain inputs.

    `arrays` are the arrays with a gradient, by name; the objective reads their current values. `gradients` returns what
    backward returns for them, and may raise; `inputs` are other arrays, whose values are right. The limit of backward
    is in seconds. `arguments` may hold numbers that both read; after a change of one, `anew` returns the scene.
    """

    arrays: Mapping[str, Array]
    objective: Callable[[], float]
    gradients: Callable[[], Mapping[str, Any]]
    inputs: Sequence[Array] = ()
    seconds: float = FIRST_SECONDS
    known: dict[str, Slopes] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    anew: Callable[[], Scene] | None = None

    def slopes(self, name: str) -> Slopes:
        """Return the slopes of the objective in one of the arrays."""
        if name not in self.known:
            array, value = self.arrays[name], self.objective()
            with moving(array, self.objective) as at:
                self.known[name] = slopes_along(at, directions_in(array.shape), size_of(array), value)
        return self.known[name]

    def gradient(self, name: str) -> Array:
        """Return the right gradient for one of the arrays, entry by entry."""
        with moving(self.arrays[name], self.objective) as at:
            return gradient_of(at, self.arrays[name])

    def right(self, names: Any = None) -> set[str]:
        """Return the arrays whose current gradients are right."""
        gradients = self.returned() or {}
        return {name for name in names or self.arrays if self.is_right(name, gradients.get(name))}

    def returned(self) -> Mapping[str, Any] | None:
        """Return the current gradients, or None if backward raises or doesn't return in time."""
        try:
            return limited(self.gradients, self.seconds)
        except (Exception, OutOfTime):  # in a changed backward a loop may never end
            return None

    def is_right(self, name: str, gradient: Any) -> bool:
        """Whether a gradient is the right one for this array."""
        gradient = np.asarray(gradient)
        if gradient.shape != self.arrays[name].shape or gradient.dtype.kind != "f" or not np.isfinite(gradient).all():
            return False
        return self.slopes(name).fits(gradient)


@contextlib.contextmanager
def moving(array: Array, objective: Callable[[], float]) -> Iterator[Callable[[Array], float]]:
    """Give an objective as a function of a change of an array, which is restored after the block."""
    start = array.copy()

    def at(change: Array) -> float:
        array[...] = start + change
        return objective()

    try:
        yield at
    finally:
        array[...] = start


def directions_in(shape: tuple[int, ...], count: int = DIRECTIONS) -> Array:
    """Return random directions, the same ones for each shape."""
    return draw_upstream((count, *shape), np.random.default_rng([len(shape), *shape]))


def slopes_along(at: Callable[[Array], float], directions: Array, unit: float, value: float) -> Slopes:
    """Return the slopes along directions of an objective, which is a function of a change, with its value now."""
    values, errors = [], []
    for direction in directions:
        coarse, _ = _quotient(at, direction, STEP * unit, value)
        for step in SMALLER_STEPS:
            fine, bend = _quotient(at, direction, step * unit, value)
            error, rounding = abs(coarse - fine), ROUNDING * EPSILON * max(abs(value), 1e-300) / (step * unit)
            if max(error, bend) <= 100 * AGREE * max(abs(coarse), abs(fine)) + 10 * rounding:
                break
            coarse = fine
        else:
            coarse = np.nan
        values.append(coarse)
        errors.append(error)
    return Slopes(directions, np.array(values), np.array(errors))


def _quotient(at: Callable[[Array], float], direction: Array, h: float, value: float = 0.0) -> tuple[float, float]:
    """Return the slope, and by how much it jumps at the point itself, where central differences don't show it."""
    (one, two), (first, second) = ((at(h * direction), at(2 * h * direction)) for h in (h, -h))
    bend = abs(4 * (one + first) - (two + second) - 6 * value) / (2 * h)
    return (8 * (one - first) - (two - second)) / (12 * h), bend


def gradient_of(at: Callable[[Array], float], array: Array) -> Array:
    """Return the whole gradient of an objective, which is a function of a change, entry by entry."""
    change, found, h = np.zeros(array.shape), np.zeros(array.shape), STEP * size_of(array)
    for index in np.ndindex(array.shape):
        change[index] = 1.0
        found[index], _ = _quotient(at, change, h)
        change[index] = 0.0
    return found


def size_of(array: Array) -> float:
    """Return the typical size of an array's entries, to which a step is relative."""
    return float(np.clip(np.median(np.abs(array)), 1e-3, 1e3)) if array.size else 1.0
