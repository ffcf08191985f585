"""How much of every tensor is checked.

    exhaustive     every entry
    sampled        some entries of every tensor
    directional    the derivative along random directions in every tensor, and every entry where that doesn't pass
    auto           exhaustive where there are few entries, else directional; of a large tensor that fails, some entries

Nothing is ever projected across tensors, and no tolerance grows with their size. A direction sees an error that many
entries share; one that is small beside the whole tensor, and in a single entry, only the exhaustive check is sure to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.inspection.gradcheck.numeric import Estimate, Objective, Together, estimates
from aescratch.inspection.gradcheck.report import FAIL, PASS, UNCHECKED, TensorResult
from aescratch.inspection.gradcheck.report import judge as judge_seen

MODES = ("exhaustive", "sampled", "directional", "auto")
SAMPLES = 40  # entries of every tensor
DIRECTIONS = 5  # in every tensor
FEW = 10_000  # entries up to which auto checks each, of a model, and of a tensor that fails


def judge(
    name: str, analytic: Array, found: Sequence[Estimate], tolerance: float, largest_of_all: float = 0.0
) -> TensorResult:
    """Return the verdict of each entry; one that is too small to be seen where nothing changes passes.

    Its numeric value is NaN, and its slopes are 0.
    """
    tensor = judge_seen(name, analytic, found, tolerance, largest_of_all)
    unseen = np.reshape([estimate.unseen for estimate in found], tensor.verdicts.shape)
    tensor.verdicts[unseen], tensor.numeric[unseen], tensor.slopes[unseen] = PASS, np.nan, 0.0
    return tensor


class Sample(TensorResult):
    """The check of a tensor of which some entries were looked at, by which alone it is judged."""

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"fail"`` or ``"inconclusive"``."""
        seen = self.verdicts != UNCHECKED
        few = TensorResult(self.name, self.analytic[seen], self.numeric[seen], self.verdicts[seen], self.slopes[seen])
        few.zero_is_meant = self.zero_is_meant
        return few.verdict


class Coverage:
    """A mode, for tensors of these sizes; draws entries and directions from its seed.

    Raises
    ------
    ValueError
        If there is no such mode.
    """

    def __init__(self, mode: Any, sizes: Sequence[int], seed: int) -> None:
        if mode not in MODES:
            raise ValueError(f"expected mode to be one of {', '.join(MODES)}, got {mode!r}")
        self.is_short = mode == "auto"
        self.mode = mode if mode != "auto" else "exhaustive" if sum(sizes) <= FEW else "directional"
        self.rng = np.random.default_rng(seed)

    def compare(
        self, name: str, objective: Objective, array: Array, analytic: Array, tolerance: float,
        together: Together | None = None, largest_of_all: float = 0.0,
    ) -> TensorResult:  # fmt: skip
        """Return the comparison of a tensor's gradient with differences of the objective.

        A value may be 0 to rounding beside the largest gradient of all tensors.
        """
        if self.mode == "sampled" and array.size > SAMPLES:
            return self._sampled(name, objective, array, analytic, tolerance, largest_of_all)
        if self.mode == "directional" and array.size > DIRECTIONS:
            along = self._directional(name, objective, array, analytic, tolerance, largest_of_all)
            if along.verdict == PASS:
                return along
            if self.is_short and array.size > FEW:
                some = self._sampled(name, objective, array, analytic, tolerance, largest_of_all)
                return some if some.verdict == FAIL else along
        found = estimates(objective, array, analytic, tolerance, together=together)
        return judge(name, analytic, found, tolerance, largest_of_all)

    def _sampled(
        self, name: str, objective: Objective, array: Array, analytic: Array, tolerance: float, largest_of_all: float
    ) -> TensorResult:
        """Return the comparison of some entries; the others are unchecked."""
        entries = np.sort(self.rng.choice(array.size, SAMPLES, replace=False))
        found = estimates(objective, array, analytic, tolerance, entries=entries.tolist())
        few = judge(name, analytic.reshape(-1)[entries], found, tolerance, largest_of_all)
        numeric, verdicts = np.full(array.size, np.nan), np.full(array.size, UNCHECKED, few.verdicts.dtype)
        slopes, is_zero = np.full((array.size, 2), np.nan), np.zeros(array.size, bool)
        numeric[entries], verdicts[entries], slopes[entries] = few.numeric, few.verdicts, few.slopes
        is_zero[entries] = few.is_zero
        shape = analytic.shape
        return Sample(
            name, np.asarray(analytic, np.float64), numeric.reshape(shape), verdicts.reshape(shape),
            slopes.reshape(*shape, 2), is_zero=is_zero.reshape(shape),
        )  # fmt: skip

    def _directional(
        self, name: str, objective: Objective, array: Array, analytic: Array, tolerance: float, largest_of_all: float
    ) -> TensorResult:
        """Return the comparison of Σ gradient ⊙ direction with the derivative along it, for each direction.

        Directions have a length near 1, as a single entry has, and no entry near 0, which would hide an error there.
        """
        shape = (DIRECTIONS, *array.shape)
        directions = self.rng.uniform(0.5, 1.5, shape) * self.rng.choice([-1.0, 1.0], shape) / np.sqrt(array.size)
        start, along = to_numpy(array).copy(), np.zeros(DIRECTIONS)
        backend = array_module(array).__name__

        def moved() -> tuple[float, list[Array]]:
            array[...] = move(start + np.tensordot(along, directions, 1), backend)
            return objective()

        slopes = (directions * analytic).sum(axis=tuple(range(1, directions.ndim)))
        try:
            return judge(name, slopes, estimates(moved, along, slopes, tolerance), tolerance, largest_of_all)
        finally:
            array[...] = move(start, backend)

    def described(self, tensors: Sequence[TensorResult], sizes: Sequence[int]) -> str:
        """Return what was covered, to stand at the end of a report's title; nothing where that is every entry."""
        looked_into = [tensor for tensor, size in zip(tensors, sizes, strict=False) if tensor.verdicts.size == size]
        if self.mode == "sampled":
            checked = sum(int(np.sum(tensor.verdicts != UNCHECKED)) for tensor in tensors)
            return f", sampled: {checked} of {sum(sizes)} entries"
        if self.mode == "directional":
            whole = ", ".join(tensor.name for tensor in looked_into if not isinstance(tensor, Sample))
            partly = ", ".join(tensor.name for tensor in looked_into if isinstance(tensor, Sample))
            text = f", directional: along {DIRECTIONS} directions in every tensor"
            text += f", every entry of {whole}" if whole else ""
            return text + (f", {SAMPLES} entries of {partly}" if partly else "")
        return ""
