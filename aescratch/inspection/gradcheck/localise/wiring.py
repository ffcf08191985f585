"""How a model's own backward combines the right gradients of its parts: which share is missing, doubled or negative.

    expected shares, the found gradient, the truth -> how many times both contain each share -> Fault

A fault is claimed only if both the found gradient and the truth are combinations of the known shares to rounding, and
the shares are independent. Otherwise the difference is described.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.lines.scene import Slopes

EXACT = 1e-9  # of its length: the residual of the found gradient after a combination of the shares
NUMERIC = 1e-5  # the same for the numeric truth
APART = 1e-4  # of its length: the least residual of a share after the others, for its own number to be meaningful
SAME = 1e-3  # numbers of times that are nearer than this are equal


@dataclass
class Share:
    """A gradient that contributes to another, its part and its label."""

    part: str
    label: str
    gradient: Array


class Fault(NamedTuple):
    """A share that appears `found` times, and should appear `expected` times."""

    share: Share
    found: float
    expected: float

    @property
    def kind(self) -> str:
        """``"missing"``, ``"extra"``, ``"sign"``, ``"doubled"`` or ``"scaled"``."""
        if abs(self.found) < SAME:
            return "missing"
        if abs(self.expected) < SAME:
            return "extra"
        ratio = self.found / self.expected
        return "sign" if abs(ratio + 1) < SAME else "doubled" if abs(ratio - 2) < SAME else "scaled"


def faults(shares: Sequence[Share], found: Array, truth: Slopes) -> list[Fault] | None:
    """Return the shares that the found gradient contains a wrong number of times; None if unknown."""
    usable = np.isfinite(truth.values)
    shares = _independent(shares)
    if not shares or len(shares) >= np.sum(usable) or not np.isfinite(found).all():
        return None  # as many shares as numbers can be combined to anything
    columns = np.stack([share.gradient.reshape(-1) for share in shares], axis=1)
    times = _combination(columns, found.reshape(-1), EXACT)
    moves = truth.directions.reshape(len(usable), -1)[usable]
    wanted = _combination(moves @ columns, truth.values[usable], NUMERIC)
    if times is None or wanted is None:
        return None
    wanted = np.where(np.abs(wanted - np.round(wanted)) < SAME, np.round(wanted), wanted)
    return [
        Fault(share, float(have), float(want))
        for share, have, want in zip(shares, times, wanted, strict=True)
        if abs(have - want) > SAME * max(1.0, abs(want))
    ]


def plainest(fault: Fault, shares: Sequence[Share]) -> Fault:
    """Return the same fault for the share that appears exactly once, if an extra share is a multiple of it.

    For example, two terms of the same distance have parallel gradients, and differ in their weight.
    """
    if fault.kind == "extra" and abs(fault.found - 1) > SAME:
        there = fault.found * fault.share.gradient
        for share in shares:
            if np.linalg.norm(share.gradient - there) <= EXACT * np.linalg.norm(there):
                return Fault(share, 1.0, 0.0)
    return fault


def multiple(found: Array, truth: Slopes) -> float:
    """Return the factor if a gradient is a multiple of the right one, otherwise 0."""
    known = np.isfinite(truth.values)
    given, right = (truth.directions.reshape(len(known), -1) @ found.reshape(-1))[known], truth.values[known]
    ratio = float(given @ right / (right @ right)) if right.any() else 0.0
    return ratio if np.linalg.norm(given - ratio * right) <= NUMERIC * np.linalg.norm(given) else 0.0


def _independent(shares: Sequence[Share]) -> list[Share]:
    """Return the shares without those that are zero, or a combination of earlier ones."""
    kept: list[Share] = []
    for share in shares:
        gradient = share.gradient.reshape(-1)
        length = float(np.linalg.norm(gradient))
        if not np.isfinite(length) or length == 0:
            continue
        if kept:
            columns = np.stack([other.gradient.reshape(-1) for other in kept], axis=1)
            scaled = columns / np.linalg.norm(columns, axis=0)
            rest = gradient - scaled @ np.linalg.lstsq(scaled, gradient, rcond=None)[0]
            if np.linalg.norm(rest) < APART * length:
                continue
        kept.append(share)
    return kept


def _combination(columns: Array, target: Array, tolerance: float) -> Array | None:
    """Return how many times the target contains each column, if it is a combination of them."""
    lengths = np.linalg.norm(columns, axis=0)
    if (lengths == 0).any():
        return None
    times, _, rank, _ = np.linalg.lstsq(columns / lengths, target, rcond=1e-8)
    times = times / lengths
    size = max(float(np.linalg.norm(target)), float(lengths.max()) * SAME)
    if rank < columns.shape[1] or np.linalg.norm(columns @ times - target) > tolerance * size:
        return None
    return np.asarray(times)
