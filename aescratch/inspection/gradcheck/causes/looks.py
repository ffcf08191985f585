"""Looks: what a backward returned at certain inputs and upstream gradient, and the right gradients to compare it with.

    inputs, upstream -> output, Jacobians (differences of forward) -> the right gradients, with a bound on their error
                     -> what backward returned

A Jacobian, computed once, gives the right gradient for any upstream gradient, including one that a wrong backward
may have used instead.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import Pair, draw_upstream

EPSILON = float(np.finfo(np.float64).eps)
STEPS = (5e-4, 1e-5, 2e-7)  # relative to the size of an entry; the smaller one is used if a kink lies within the first
PLAIN_STEPS = (5e-4, 1e-5)  # absolute steps, for arrays whose entries are all far from 1 in size
FAR = 10.0
BEND = 1e-4  # of the largest derivative: a jump of the slope at the entry itself, which central differences don't see
SHARP = 1e-9  # of the largest entry of a Jacobian: no smaller step is tried below this error bound
USABLE = 1e-6  # of the largest entry: an entry with a larger error bound isn't compared


class Unusable(Exception):
    """A look that can't be taken: forward or backward doesn't run there, or doesn't return arrays."""


class Look:
    """One evaluation of a pair, at inputs by name and an upstream gradient, which is drawn if a generator is given.

    `sizes` has the length of every dimension by its letter, and the value of every number among the inputs.
    """

    pair: Pair
    names: Sequence[str]
    sizes: Mapping[str, float]

    def __init__(
        self, pair: Pair, names: Sequence[str], inputs: Mapping[str, Any], upstream: Array | np.random.Generator,
        sizes: Mapping[str, float],
    ) -> None:  # fmt: skip
        self.pair, self.names, self.sizes = pair, names, sizes
        arrays = {name: np.array(v, order="C") for name, v in inputs.items() if isinstance(v, np.ndarray)}
        self.here: Pair = pair.at({**inputs, **arrays})
        self.inputs: dict[str, Any] = self.here.inputs
        self._memory: dict[Any, Any] = {}
        self.output: Array = self.evaluate()
        if isinstance(upstream, np.random.Generator):
            upstream = draw_upstream(self.output.shape, upstream)
        self.upstream = upstream
        if self.upstream.shape != self.output.shape:
            raise Unusable

    def evaluate(self) -> Array:
        """Return forward's output at the current inputs, as a new float64 array."""
        try:
            output = np.array(self.here.output(), dtype=np.float64)
        except Exception as error:
            raise Unusable from error
        if not np.isfinite(output).all():
            raise Unusable
        return output

    @functools.cached_property
    def returned(self) -> dict[str, Array]:
        """The returned gradients, by the name of their input."""
        try:
            gradients = self.here.gradients(self.upstream, self.output)
            found = {
                name: np.array(gradient) for name, gradient in zip(self.names, gradients, strict=True)
                if isinstance(gradient, (np.ndarray, np.generic))
            }  # fmt: skip
        except Exception as error:
            raise Unusable from error
        if any(gradient.dtype.kind != "f" or not np.isfinite(gradient).all() for gradient in found.values()):
            raise Unusable
        return found

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return make(), computed once per look."""
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]

    def jacobian(self, name: str) -> Array:
        """Return ∂output/∂input, of the output's shape followed by the input's."""
        return self._jacobian_and_error(name)[0]

    def pull(self, name: str, upstream: Array) -> Array:
        """Return the right gradient for another upstream gradient: Σ upstream ⊙ ∂output/∂input."""
        return np.tensordot(upstream, self.jacobian(name), self.output.ndim)

    def truth(self, name: str) -> Array:
        """Return the right gradient."""
        return self.remember(("truth", name), lambda: self.pull(name, self.upstream))

    def entries(self, name: str, indices: Sequence[int]) -> Array:
        """Return a few entries of the right gradient without computing the whole Jacobian."""
        return np.tensordot(self.upstream, self._columns(name, indices)[0], self.output.ndim)

    def error(self, name: str) -> Array:
        """Return a bound on the error of the right gradient, entry by entry."""
        errors = self._jacobian_and_error(name)[1]
        return self.remember(("error", name), lambda: np.tensordot(np.abs(self.upstream), errors, self.output.ndim))

    def usable(self, name: str) -> Array:
        """Return which entries of the right gradient are accurate enough to compare."""
        arrays = [self.truth(name), self.returned.get(name, np.zeros(1))]
        return self.error(name) <= USABLE * max(float(np.abs(array).max(initial=0.0)) for array in arrays)

    def altered(self, changes: Mapping[str, Array], upstream: Array | None = None) -> Look:
        """Return the look at other inputs, with this or another upstream."""
        upstream = self.upstream if upstream is None else upstream
        return Look(self.pair, self.names, {**self.inputs, **changes}, upstream, self.sizes)

    def _jacobian_and_error(self, name: str) -> tuple[Array, Array]:
        def make() -> tuple[Array, Array]:
            shape = self.output.shape + self.inputs[name].shape
            values, errors = self._columns(name, range(self.inputs[name].size))
            return values.reshape(shape), errors.reshape(shape)

        return self.remember(("jacobian", name), make)

    def _columns(self, name: str, indices: Iterable[int]) -> tuple[Array, Array]:
        """Return the derivatives with respect to entries of an input, along a last axis, and bounds on their errors."""
        flat = self.inputs[name].reshape(-1)
        typical = float(np.median(np.abs(flat))) or 1.0
        found = [self._column(flat, i, max(abs(float(flat[i])), typical)) for i in indices]
        values, errors = (np.stack(part, axis=-1) for part in zip(*found, strict=True))
        return values, errors

    def _column(self, flat: Array, index: int, unit: float) -> tuple[Array, Array]:
        """Return the derivative of every output along one entry by six points, and its difference from that by four."""
        start, best = float(flat[index]), None
        usual = 1 / FAR <= unit <= FAR
        try:
            for h in [step * unit for step in STEPS] + ([] if usual else list(PLAIN_STEPS)):
                moved = []
                for multiple in (1, 2, 3):
                    flat[index] = start + multiple * h
                    above = self.evaluate()
                    flat[index] = start - multiple * h
                    moved.append((above, self.evaluate()))
                one, two, three = (above - below for above, below in moved)
                six, four = (45 * one - 9 * two + three) / (60 * h), (8 * one - two) / (12 * h)
                rounding = 4 * EPSILON * (np.abs(moved[0][0]) + np.abs(moved[0][1])) / h
                rounding = rounding + EPSILON * abs(start) / h * np.abs(six)
                truncation, largest = np.abs(six - four), np.abs(six).max(initial=0.0)
                first, second = (above + below - 2 * self.output for above, below in moved[:2])
                bend = np.abs(4 * first - second) / (2 * h)  # of third order in h if the slope doesn't jump
                truncation = truncation + np.where(bend > BEND * largest, bend, 0.0)
                error = rounding + truncation
                if best is None or error.max() < best[1].max():
                    best = six, error
                settled = truncation.max() <= max(SHARP * largest, 4 * rounding.max())
                if settled and (usual or rounding.max() <= SHARP * largest):
                    break
        except Unusable:
            if best is None:
                raise
        finally:
            flat[index] = start
        assert best is not None
        return best


def is_scalar(value: Any) -> bool:
    """Whether an input is a plain number, such as rho or alpha."""
    return isinstance(value, (float, np.floating))
