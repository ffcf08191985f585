"""The numeric side: the derivative of an objective with respect to one entry of an array, and how far to trust it.

    entry -> two evaluations, w ± h -> difference quotient; settled?  -> done
                                                  not settled?  -> several steps, extrapolated, with an error estimate

An entry at which a kink lies within the step, where a ReLU switches or two units tie, has no derivative to compare
with. For models the pattern of the kinks says so exactly; otherwise the slopes on the two sides do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aescratch.backend import Array

EPSILON = float(np.finfo(np.float64).eps)
FIRST_STEP = 3e-5  # truncation, h²/6 f''', is then far below any tolerance, and so is rounding, ε f / h
SMALLER_STEPS = (1.0, 0.1, 0.01)  # tried in turn where a kink lies within the first step
LADDER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)  # steps of the second look
WORTH_COMPARING = 1e-3  # of a tensor's largest entry: smaller ones are measured in units of this
ROUNDING = 8.0  # rounding errors of an objective, in units of its last place

Objective = Callable[[], tuple[float, list[Array]]]


@dataclass
class Estimate:
    """A numeric derivative: its value, a bound on its error, and, at a kink, the slopes on the two sides."""

    value: float
    error: float
    kink: tuple[float, float] | None = None

    def settles(self, analytic: float, tolerance: float, floor: float) -> bool:
        """Whether the analytic value agrees within the tolerance and the estimate's own error.

        The tolerance is relative to the larger of the two values, and to `floor` where both are smaller.
        """
        if self.kink is not None:
            low, high = sorted(self.kink)
            return low - self.error <= analytic <= high + self.error
        return abs(analytic - self.value) <= tolerance * max(abs(analytic), abs(self.value), floor) + self.error


def estimates(objective: Objective, array: Array, analytic: Array, tolerance: float) -> list[Estimate]:
    """Return the derivative of the objective with respect to every entry of array, in flat order."""
    here = objective()
    entries = [float(value) for value in analytic.reshape(-1)]
    floor = WORTH_COMPARING * max((abs(entry) for entry in entries if np.isfinite(entry)), default=0.0)
    flat = array.reshape(-1)
    return [_estimate(Probe(objective, here, flat, i), entries[i], tolerance, floor) for i in range(array.size)]


def _estimate(probe: Probe, analytic: float, tolerance: float, floor: float) -> Estimate:
    """Return the derivative along one entry.

    The entry is changed in place and put back, whatever happens. A second look, at several steps, is taken only where
    the first doesn't agree with the analytic value.
    """
    try:
        first = _first_look(probe)
        if first is not None and first.settles(analytic, tolerance, floor):
            return first
        kink = _kink(probe)
        if kink is not None:
            return kink
        return _second_look(probe, first)
    finally:
        probe.restore()


class Probe:
    """An objective seen along one entry of an array."""

    def __init__(self, objective: Objective, here: tuple[float, list[Array]], flat: Array, index: int) -> None:
        self.objective, self.flat, self.index = objective, flat, index
        self.start = float(flat[index])
        self.unit = max(abs(self.start), 1.0)
        self.value, self.pattern = here

    def at(self, offset: float) -> tuple[float, float, bool]:
        """Return the offset as it can be represented, the objective there, and whether no kink was crossed."""
        self.flat[self.index] = self.start + offset
        moved = float(self.flat[self.index]) - self.start
        value, pattern = self.objective()
        same = all(np.array_equal(a, b) for a, b in zip(pattern, self.pattern, strict=True))
        return moved, value, same

    def restore(self) -> None:
        """Put the entry back."""
        self.flat[self.index] = self.start

    def central(self, step: float) -> Difference:
        """Return the central difference quotient at this step."""
        up, above, same_above = self.at(step * self.unit)
        down, below, same_below = self.at(-step * self.unit)
        return Difference(
            value=(above - below) / (up - down),
            rounding=ROUNDING * EPSILON * max(abs(above), abs(below)) / (up - down),
            left=(below - self.value) / down,
            right=(above - self.value) / up,
            smooth=same_above and same_below,
        )


@dataclass
class Difference:
    """A central difference quotient: its value, a bound on its rounding error, and the slopes on its two sides."""

    value: float
    rounding: float
    left: float
    right: float
    smooth: bool  # as far as the pattern of the kinks says

    @property
    def jump(self) -> float:
        """How far the slopes on the two sides are apart: h f'' for a smooth function, more across a kink."""
        return abs(self.right - self.left)


def _first_look(probe: Probe) -> Estimate | None:
    """Return a central difference at the largest step that crosses no kink, or None if all do."""
    for factor in SMALLER_STEPS:
        found = probe.central(FIRST_STEP * factor)
        if found.smooth:
            return Estimate(found.value, found.rounding)
    return None


def _kink(probe: Probe) -> Estimate | None:
    """Return the two slopes if they stay as far apart however small the step.

    Those of a smooth function come together with the step, and those of a noisy one fly apart.
    """
    found = [probe.central(FIRST_STEP * factor) for factor in SMALLER_STEPS]
    first, last = found[0], found[-1]
    steady = all(0.5 * first.jump < other.jump < 2 * first.jump for other in found[1:])
    if not steady or last.jump <= 4 * last.rounding:
        return None
    middle = 0.5 * (last.left + last.right)
    return Estimate(middle, last.rounding + 1e-3 * last.jump, kink=(last.left, last.right))


def _second_look(probe: Probe, first: Estimate | None) -> Estimate:
    """Return the Richardson extrapolation with the smallest error estimate over a ladder of steps.

    From D(h) = f' + c h² + O(h⁴) follows f' = (4 D(h/2) − D(h)) / 3 + O(h⁴); the change from D(h/2) bounds the error.
    By chance two differences of a noisy objective agree, so another step must have come as near.
    """
    candidates: list[Estimate] = []
    for step in LADDER:
        coarse, fine = probe.central(step), probe.central(step / 2)
        across_kink = fine.jump > 0.75 * coarse.jump and fine.jump > 10 * fine.rounding
        if coarse.smooth and fine.smooth and not across_kink:
            value = (4 * fine.value - coarse.value) / 3
            candidates.append(Estimate(value, abs(value - fine.value) + 2 * fine.rounding))
    finite = [candidate for candidate in candidates if np.isfinite(candidate.value)]
    if not finite:
        return first if first is not None else Estimate(float("nan"), float("inf"))
    best = min(finite, key=lambda candidate: candidate.error)
    nearest = min((abs(other.value - best.value) for other in finite if other is not best), default=0.0)
    return Estimate(best.value, max(best.error, nearest))
