"""The numeric side: the derivative of an objective with respect to one entry of an array, with an error bound.

    entry -> two evaluations, w ± h -> difference quotient; settled?  -> done
                                                  not settled?  -> several steps, extrapolated, with an error estimate

The first two evaluations of many entries may be made together if the objective can; the others are made one by one.

If a kink lies within the step of an entry, where a ReLU switches or two units tie, there is no derivative to compare
with. For models the pattern of the kinks shows this exactly; otherwise the slopes on the two sides do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array

EPSILON = float(np.finfo(np.float64).eps)
FIRST_STEP = 3e-5  # both truncation, h²/6 f''', and rounding, ε f / h, are then far below any tolerance
SMALLER_STEPS = (1.0, 0.1, 0.01)  # tried in turn if a kink lies within the first step
# Steps of the second look: first those that suit most functions, then others, down to one that suits 1/a at 1e-6.
LADDER = (1e-4, 1e-5, 1e-3, 1e-6, 1e-2, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11)
LARGE_STEP = 1e-2  # the steps of a slope that rounding hides in the first step
WORTH_COMPARING = 1e-3  # of a tensor's largest entry: smaller entries are measured in units of this
TRUSTED = 1e-4  # of a tensor's largest entry: an estimate with a larger error bound is inconclusive
ROUNDING = 8.0  # rounding errors of an objective, in units of its last place
CLEARLY, SURE = 30.0, 1e-2  # times its error bound, a share of the value: if off by more, no further step is tried
UNSEEN = 1e-3  # of an objective's last place: a smaller change can't be seen for any step
NEXT_TO_NOTHING = 1e-12  # a gradient that counts as 0, for upstream gradients near 1
MEANS_SOMETHING = 0.1  # of its value: with a larger error bound an extrapolation may be far off

Objective = Callable[[], tuple[float, list[Array]]]
# Entries and the change of each alone -> the objective each time, and whether no kink was crossed.
Together = Callable[[Array, Array], tuple[Array, Array]]


@dataclass
class Estimate:
    """A numeric derivative: its value, a bound on its error, and, at a kink, the slopes on the two sides.

    `jump` is their difference within the step elsewhere. `unseen` means that the objective doesn't change at all, and
    that backward's value is too small to change it.
    """

    value: float
    error: float
    kink: tuple[float, float] | None = None
    jump: float = float("inf")
    unseen: bool = False

    def settles(self, analytic: float, tolerance: float, floor: float) -> bool:
        """Whether the analytic value agrees within the tolerance and the estimate's own error.

        The tolerance is relative to the larger of the two values, or to `floor` if both are smaller.
        """
        if self.kink is not None:
            low, high = sorted(self.kink)
            return low - self.error <= analytic <= high + self.error
        return abs(analytic - self.value) <= tolerance * max(abs(analytic), abs(self.value), floor) + self.error


def unit_of(start: Any) -> Any:
    """Return the unit of a step for each entry: its absolute value, or 1 if that is smaller."""
    return np.maximum(np.abs(start), 1.0)


def broadcasts(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array broadcasts to this shape without adding to it."""
    try:
        return np.broadcast_shapes(small, shape) == shape
    except ValueError:
        return False


def largest_size(values: Any) -> float:
    """Return the largest absolute value among the finite values, 0 if there is none."""
    sizes = np.abs(np.asarray(values, np.float64))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def estimates(
    objective: Objective, array: Array, analytic: Array, tolerance: float, *,
    entries: Sequence[int] | Array | None = None, together: Together | None = None,
) -> list[Estimate]:  # fmt: skip
    """Return the derivative of the objective with respect to every entry of array, or the given ones, in flat order."""
    here = objective()
    flat, values = array.reshape(-1), np.asarray(analytic, np.float64).reshape(-1)
    largest, given = largest_size(values), values.tolist()
    chosen = np.arange(array.size) if entries is None else np.asarray(entries)
    settled: dict[int, Estimate] = {}
    if together is not None:
        settled = _settled_together(together, here[0], flat, chosen, given, tolerance, largest)
    return [
        settled[i] if i in settled else _estimate(Probe(objective, here, flat, i), given[i], tolerance, largest)
        for i in chosen.tolist()
    ]


def _settled_together(
    together: Together, here: float, flat: Array, chosen: Array, values: Sequence[float], tolerance: float,
    largest: float,
) -> dict[int, Estimate]:  # fmt: skip
    """Return the entries that evaluations of many entries together settle as right or wrong, in one or two looks."""

    def look(entries: Array, step: float) -> list[Difference]:
        return _differences(together, here, flat, entries, step)

    floor, settled, rest = WORTH_COMPARING * largest, dict[int, Estimate](), list[int]()
    for i, difference in zip(chosen.tolist(), look(chosen, FIRST_STEP), strict=True):
        first = Estimate(difference.value, difference.rounding)
        if difference.smooth and first.settles(values[i], tolerance, floor) and first.error <= TRUSTED * largest:
            settled[i] = first
        elif difference.smooth and np.isfinite(values[i]):
            rest.append(i)
    steps = [step / part for step in LADDER[:2] for part in (1, 2)] if rest else []
    for i, differences in zip(rest, zip(*(look(np.array(rest), step) for step in steps), strict=True), strict=True):
        candidates = [_extrapolation(*differences[:2]), _extrapolation(*differences[2:])]
        found = [candidate for candidate in candidates if candidate is not None]
        if len(found) == 2 and _is_settled(values[i], found, tolerance, floor):
            settled[i] = _best(found)
    return settled


def _differences(together: Together, here: float, flat: Array, entries: Array, step: float) -> list[Difference]:
    """Return the central difference quotients of several entries at one step."""
    start = flat[entries]
    steps = step * unit_of(start)
    up, down = (start + steps) - start, (start - steps) - start  # as represented in floating point
    objectives, smooth = together(np.concatenate([entries, entries]), np.concatenate([up, down]))
    sides = (side.tolist() for side in (up, *np.split(objectives, 2), down, np.logical_and(*np.split(smooth, 2))))
    return [Difference.of(here, *each) for each in zip(*sides, strict=True)]


def _estimate(probe: Probe, analytic: float, tolerance: float, largest: float) -> Estimate:
    """Return the derivative along one entry of a tensor whose largest analytic entry is `largest`.

    The entry is changed in place and always restored. A second look, at several steps, is taken if the first doesn't
    agree with the analytic value, or if rounding could hide a difference.
    """
    floor = WORTH_COMPARING * largest
    try:
        looks = _first_looks(probe)
        if not looks[-1].smooth:
            # Several units may switch at once, so that even the two slopes don't show a mistake: any value is accepted.
            return Estimate(float("nan"), float("inf"), kink=(looks[-1].left, looks[-1].right))
        first = Estimate(looks[-1].value, looks[-1].rounding)
        if first.settles(analytic, tolerance, floor) and first.error <= TRUSTED * largest:
            return first
        if first.value == 0 and (flat := probe.flat_place(analytic)) is not None:
            return flat
        return _kink(probe, looks) or _second_look(probe, first, analytic, tolerance, floor)
    finally:
        probe.restore()


class Probe:
    """An objective as a function of one entry of an array."""

    objective: Objective
    flat: Array
    index: int
    value: float
    pattern: list[Array]

    def __init__(self, objective: Objective, here: tuple[float, list[Array]], flat: Array, index: int) -> None:
        self.objective, self.flat, self.index = objective, flat, index
        self.start: float = float(flat[index])
        self.unit: float = float(unit_of(self.start))
        self.value, self.pattern = here

    def at(self, offset: float) -> tuple[float, float, bool]:
        """Return the offset in floating point, the objective there, and whether no kink was crossed."""
        self.flat[self.index] = self.start + offset
        moved = float(self.flat[self.index]) - self.start
        value, pattern = self.objective()
        same = all(np.array_equal(a, b) for a, b in zip(pattern, self.pattern, strict=True))
        return moved, value, same

    def restore(self) -> None:
        """Restore the entry."""
        self.flat[self.index] = self.start

    def central(self, step: float) -> Difference:
        """Return the central difference quotient at this step."""
        up, above, same_above = self.at(step * self.unit)
        down, below, same_below = self.at(-step * self.unit)
        return Difference.of(self.value, up, above, below, down, same_above and same_below)

    def flat_place(self, analytic: float) -> Estimate | None:
        """Return a derivative of 0 if even a large step doesn't change the objective at all.

        If the analytic value isn't 0, the error bound is what rounding could hide in that step.
        """
        found = self.central(LARGE_STEP)
        if not found.smooth or found.left or found.right:
            return None
        change = abs(analytic) * LARGE_STEP * self.unit
        unseen = 0 < abs(analytic) <= NEXT_TO_NOTHING and change <= UNSEEN * EPSILON * abs(self.value)
        return Estimate(0.0, found.rounding if analytic else 0.0, unseen=unseen)


@dataclass
class Difference:
    """A central difference quotient: its value, a bound on its rounding error, and the slopes on its two sides."""

    value: float
    rounding: float
    left: float
    right: float
    smooth: bool  # according to the pattern of the kinks

    @classmethod
    def of(cls, here: float, up: float, above: float, below: float, down: float, smooth: bool) -> Difference:
        """Return the difference of an objective that is `above` and `below` at these offsets, and `here` at 0."""
        rounding = ROUNDING * EPSILON * max(abs(above), abs(below)) / (up - down)
        return cls((above - below) / (up - down), rounding, (below - here) / down, (above - here) / up, smooth)

    @property
    def jump(self) -> float:
        """The difference of the slopes on the two sides: h f'' for a smooth function, more across a kink."""
        return abs(self.right - self.left)


def _first_looks(probe: Probe) -> list[Difference]:
    """Return differences at smaller and smaller steps, up to the first that crosses no kink of the pattern."""
    looks = []
    for factor in SMALLER_STEPS:
        looks.append(probe.central(FIRST_STEP * factor))
        if looks[-1].smooth:
            break
    return looks


def _kink(probe: Probe, looks: Sequence[Difference]) -> Estimate | None:
    """Return the two slopes if their difference doesn't shrink with the step.

    For a smooth function the difference shrinks with the step; for a noisy one it grows.
    """
    last = first = looks[0]
    for number, factor in enumerate(SMALLER_STEPS[1:], start=1):
        last = looks[number] if number < len(looks) else probe.central(FIRST_STEP * factor)
        if not 0.5 * first.jump < last.jump < 2 * first.jump:
            return None
    if last.jump <= 4 * last.rounding:
        return None
    middle = 0.5 * (last.left + last.right)
    return Estimate(middle, last.rounding + 1e-3 * last.jump, kink=(last.left, last.right))


def _second_look(probe: Probe, first: Estimate, analytic: float, tolerance: float, floor: float) -> Estimate:
    """Return the best Richardson extrapolation over a ladder of steps.

    The search ends as soon as two agree, or all show that the analytic value is wrong.
    """
    candidates: list[Estimate] = []
    for step in LADDER:
        new = _extrapolation(probe.central(step), probe.central(step / 2))
        if new is not None:
            candidates.append(new)
            if _is_settled(analytic, candidates, tolerance, floor):
                break
    return _best(candidates) if candidates else Estimate(first.value, float("inf"))


def _extrapolation(coarse: Difference, fine: Difference) -> Estimate | None:
    """Return the extrapolation from a step and its half, or None if they cross a kink or a value isn't finite.

    From D(h) = f' + c h² + O(h⁴) follows f' = (4 D(h/2) − D(h)) / 3 + O(h⁴); D(h/2) − D(h) amply bounds the error.
    """
    across_kink = fine.jump > 0.75 * coarse.jump and fine.jump > 10 * fine.rounding
    value = (4 * fine.value - coarse.value) / 3
    if across_kink or not (coarse.smooth and fine.smooth and np.isfinite(value)):
        return None
    return Estimate(value, abs(fine.value - coarse.value) + 2 * fine.rounding, jump=fine.jump)


def _is_settled(analytic: float, candidates: Sequence[Estimate], tolerance: float, floor: float) -> bool:
    """Whether the last of several extrapolations agrees with another, or all show that the value is wrong."""
    *others, new = candidates
    agrees = any(_agree(new, other, tolerance, floor) for other in others)
    return agrees or (len(candidates) > 1 and _is_wrong(analytic, candidates, tolerance, floor))


def _agree(a: Estimate, b: Estimate, tolerance: float, floor: float) -> bool:
    """Whether two extrapolations are far closer than the tolerance requires, and have small error bounds."""
    size = max(abs(a.value), abs(b.value), floor)
    return abs(a.value - b.value) <= 0.1 * tolerance * size and max(a.error, b.error) <= tolerance * size


def _is_wrong(analytic: float, candidates: Sequence[Estimate], tolerance: float, floor: float) -> bool:
    """Whether the value is far from all extrapolations, which are close to each other and equal on both sides.

    With steps larger than the scale on which a function changes, neither holds except by chance.
    """
    values = [candidate.value for candidate in candidates]
    doubt = max(max(values) - min(values), *(candidate.error for candidate in candidates))
    size = max(abs(analytic), *map(abs, values), floor)
    least = min(map(abs, values))
    off = min(abs(analytic - value) for value in values)
    jump = max(candidate.jump for candidate in candidates)
    return off > tolerance * size + CLEARLY * doubt and max(doubt, jump) < SURE * least


def _best(candidates: Sequence[Estimate]) -> Estimate:
    """Return the extrapolation with the least error bound, to which the distance of its nearest neighbour is added.

    Two differences of a noisy objective may agree by chance, so another step must be as near. Bounds are compared
    relative to the values: with steps larger than the scale on which 1/a changes, all slopes and errors are small.
    """

    def error(estimate: Estimate) -> float:
        others = [other for other in candidates if other is not estimate]
        nearest = min((abs(other.value - estimate.value) for other in others), default=float("inf"))
        return max(estimate.error, nearest)

    meaningful = [candidate for candidate in candidates if candidate.error < MEANS_SOMETHING * abs(candidate.value)]
    if meaningful:
        best = min(meaningful, key=lambda candidate: error(candidate) / abs(candidate.value))
    else:
        best = min(candidates, key=lambda candidate: candidate.error)
    return Estimate(best.value, error(best))
