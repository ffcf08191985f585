"""What a model's own backward made of the right gradients of its parts: which share is missing, doubled or negative.

    shares that should be there, what is there, the truth -> how many times each share is in both -> Fault

A fault is claimed only where both, what is there and the truth, are combinations of the known shares to rounding, and
the shares can be told apart. Otherwise the difference is described.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.localise.oracle import Comparison

EXACT = 1e-9  # of its length: what a combination of the shares may leave of what is there
NUMERIC = 1e-5  # the same for the numeric truth
APART = 1e-4  # of its length: what the others must leave of a share, for its own number to mean something
SAME = 1e-3  # two numbers of times that are nearer than this are one


@dataclass
class Share:
    """A gradient that contributes to another: whose it is, and which."""

    part: str
    label: str
    gradient: Array


class Fault(NamedTuple):
    """A share that is there `found` times, and should be `expected` times."""

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


def faults(shares: Sequence[Share], found: Array, comparison: Comparison) -> list[Fault] | None:
    """Return the shares that are in what is found a wrong number of times; None if that can't be said."""
    usable = comparison.usable
    shares = _independent(shares)
    if not shares or len(shares) >= np.sum(usable) or not np.isfinite(found).all():
        return None  # of as many shares as there are numbers anything can be combined
    columns = np.stack([share.gradient.reshape(-1) for share in shares], axis=1)
    times = _combination(columns, found.reshape(-1), EXACT)
    wanted = _combination((comparison.moves @ columns)[usable], comparison.numeric[usable], NUMERIC)
    if times is None or wanted is None:
        return None
    wanted = np.where(np.abs(wanted - np.round(wanted)) < SAME, np.round(wanted), wanted)
    return [
        Fault(share, float(have), float(want))
        for share, have, want in zip(shares, times, wanted, strict=True)
        if abs(have - want) > SAME * max(1.0, abs(want))
    ]


def plainest(fault: Fault, shares: Sequence[Share]) -> Fault:
    """Return the same of the share that is there just once, where one that doesn't belong is a multiple of it.

    Two terms of one distance, say, pull in one direction, and differ in their weight.
    """
    if fault.kind == "extra" and abs(fault.found - 1) > SAME:
        there = fault.found * fault.share.gradient
        for share in shares:
            if np.linalg.norm(share.gradient - there) <= EXACT * np.linalg.norm(there):
                return Fault(share, 1.0, 0.0)
    return fault


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
    """Return how many times each column is in the target, if together they make it up."""
    lengths = np.linalg.norm(columns, axis=0)
    if (lengths == 0).any():
        return None
    times, _, rank, _ = np.linalg.lstsq(columns / lengths, target, rcond=1e-8)
    times = times / lengths
    size = max(float(np.linalg.norm(target)), float(lengths.max()) * SAME)
    if rank < columns.shape[1] or np.linalg.norm(columns @ times - target) > tolerance * size:
        return None
    return np.asarray(times)
