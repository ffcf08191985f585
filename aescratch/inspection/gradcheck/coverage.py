"""How much of every tensor is checked.

    exhaustive     every entry
    sampled        some entries of every tensor
    directional    the derivative along random directions in every tensor, and every entry if that doesn't pass
    auto           exhaustive for few entries, else directional; some entries of a large tensor that fails

No direction spans several tensors, and no tolerance grows with a tensor's size. A direction sees an error that many
entries share. A small error in a single entry of a large tensor is found with certainty only by the exhaustive check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.binding import Pair, draw_upstream
from aescratch.inspection.gradcheck.numeric import Objective, Together, estimates
from aescratch.inspection.gradcheck.report import FAIL, PASS, UNCHECKED, TensorResult, judge

MODES = ("exhaustive", "sampled", "directional", "auto")
SAMPLES = 40  # entries of every tensor
DIRECTIONS = 5  # in every tensor
FEW_DIRECTIONS = 2  # directions by which gradients of different inputs are distinguished
FEW = 10_000  # entries of a model, and of a tensor that fails, up to which auto checks every entry
ALIKE = 1e-2  # the relative error up to which a gradient is recognised as that of an input
WORST = 3  # wrong entries of a stacked evaluation that are evaluated again one by one


class Coverage:
    """A mode, for tensors of these sizes; draws entries and directions from its seed."""

    def __init__(self, mode: Any, sizes: Sequence[int], seed: int) -> None:
        if mode not in MODES:
            message = gettext("expected mode to be one of {modes}, got {mode!r}")
            raise ValueError(message.format(modes=", ".join(MODES), mode=mode))
        self.is_short: bool = mode == "auto"
        self.mode = mode if mode != "auto" else "exhaustive" if sum(sizes) <= FEW else "directional"
        self.rng: np.random.Generator = np.random.default_rng(seed)

    def compare(
        self, name: str, objective: Objective, array: Array, analytic: Array, tolerance: float,
        together: Together | None = None, largest_of_all: float = 0.0,
    ) -> TensorResult:  # fmt: skip
        """Return the comparison of a tensor's gradient with differences of the objective.

        A value may be 0 to rounding relative to the largest gradient of all tensors. Of the entries that are wrong when
        evaluated together, the worst are evaluated again one by one; unless all of these are wrong, so is every entry.
        """

        def judged(entries: Array | None = None, together: Together | None = None) -> TensorResult:
            found = estimates(objective, array, analytic, tolerance, entries=entries, together=together)
            return judge(name, analytic, found, tolerance, largest_of_all, entries)

        if self.mode == "sampled" and array.size > SAMPLES:
            return judged(self._some_entries(array.size))
        if self.mode == "directional" and array.size > DIRECTIONS:
            along = self._along(name, objective, array, analytic, tolerance, DIRECTIONS, largest_of_all)
            if along.verdict == PASS:
                return along
            if self.is_short and array.size > FEW:
                some = judged(self._some_entries(array.size))
                return some if some.verdict == FAIL else along
        tensor = judged(together=together)
        if together is None or not tensor.count(FAIL):
            return tensor
        error = np.where(tensor.verdicts == FAIL, np.nan_to_num(tensor.relative_error), -1.0)
        worst = np.argsort(error, axis=None)[-min(WORST, tensor.count(FAIL)) :]
        return tensor if judged(worst).count(FAIL) == worst.size else judged()

    def compare_all(
        self, prefix: str, pair: Pair, gradients: Mapping[str, Array], upstream: Array, tolerance: float
    ) -> list[TensorResult]:
        """Return the comparison of each input's gradient with differences of Σ upstream ⊙ forward(inputs)."""
        objective = _objective(pair, upstream)
        with np.errstate(all="ignore"):
            return [
                self.compare(f"{prefix}_{name}", objective, pair.inputs[name], np.asarray(gradient), tolerance)
                for name, gradient in gradients.items()
            ]

    def agrees(self, pair: Pair, name: str, gradient: Array, upstream: Array, tolerance: float = ALIKE) -> bool:
        """Whether an array agrees with the differences of Σ upstream ⊙ forward along a few directions in an input."""
        objective, array = _objective(pair, upstream), pair.inputs[name]
        try:
            with np.errstate(all="ignore"):
                found = self._along(name, objective, array, gradient, tolerance, FEW_DIRECTIONS)
        except Exception:  # for a forward that takes no other values there, such as a loss's target
            return False
        return found.verdict == PASS

    def _along(
        self, name: str, objective: Objective, array: Array, analytic: Array, tolerance: float, count: int,
        largest_of_all: float = 0.0,
    ) -> TensorResult:  # fmt: skip
        """Return the comparison along random directions of length near 1, without entries near 0, which hide errors."""
        entries = draw_upstream((DIRECTIONS, *analytic.shape), self.rng)[:count]
        directions = np.asarray(entries / np.sqrt(analytic.size))
        slopes = (directions * analytic).sum(axis=tuple(range(1, directions.ndim)))
        start, along, backend = to_numpy(array).copy(), np.zeros(count), array_module(array).__name__

        def moved() -> tuple[float, list[Array]]:
            array[...] = move(start + np.tensordot(along, directions, 1), backend)
            return objective()

        try:
            return judge(name, slopes, estimates(moved, along, slopes, tolerance), tolerance, largest_of_all)
        finally:
            array[...] = move(start, backend)

    def _some_entries(self, size: int) -> Array:
        return np.sort(self.rng.choice(size, SAMPLES, replace=False))

    def described(self, tensors: Sequence[TensorResult], sizes: Sequence[int]) -> str:
        """Return what was covered, for the end of a report's title; an empty string if every entry was."""
        looked_into = [tensor for tensor, size in zip(tensors, sizes, strict=False) if tensor.verdicts.size == size]
        if self.mode == "sampled":
            checked = sum(int(np.sum(tensor.verdicts != UNCHECKED)) for tensor in tensors)
            return gettext(", sampled: {checked} of {entries} entries").format(checked=checked, entries=sum(sizes))
        if self.mode == "directional":
            whole = ", ".join(tensor.name for tensor in looked_into if not tensor.count(UNCHECKED))
            partly = ", ".join(tensor.name for tensor in looked_into if tensor.count(UNCHECKED))
            text = gettext(", directional: along {count} directions in every tensor").format(count=DIRECTIONS)
            text += gettext(", every entry of {tensors}").format(tensors=whole) if whole else ""
            some = gettext(", {count} entries of {tensors}").format(count=SAMPLES, tensors=partly)
            return text + (some if partly else "")
        return ""


def _objective(pair: Pair, upstream: Array) -> Objective:
    return lambda: (float((upstream * pair.output()).sum()), [])
