"""Looks: what a backward returned at certain inputs and upstream gradient, and everything to compare it with.

    inputs, upstream -> output, Jacobians (differences of forward) -> the right gradients, with a bound on their error
                     -> what backward returned

A Jacobian, taken once, gives the right gradient for any upstream gradient: also for one that a wrong backward may have
used in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import Pair, call, copied, signature_of

EPSILON = float(np.finfo(np.float64).eps)
STEPS = (5e-4, 1e-5, 2e-7)  # relative to the size of an entry; a smaller one where a kink lies within the first
PLAIN_STEPS = (5e-4, 1e-5)  # as they are, where every entry is far from one in size
FAR = 10.0
BEND = 1e-4  # of the largest derivative: a jump of the slope at the entry itself, which all central differences hide
SHARP = 1e-9  # of the largest entry of a Jacobian: an error bound below which no smaller step is tried
USABLE = 1e-6  # of the largest entry: an entry with a larger error bound isn't compared at all


class Unusable(Exception):
    """A look that can't be taken: forward or backward doesn't run there, or returns something else than arrays."""


class Look:
    """One evaluation of a pair.

    Attributes
    ----------
    inputs : dict
        forward's arguments by name.
    upstream, output : array
        The upstream gradient, and forward's output, of one shape.
    sizes : dict
        The length of every dimension by its letter, and the value of every number among the inputs.
    returned : dict
        What backward returned, by the name of the input that it belongs to.
    shared : dict
        What is found out once for all looks at a pair.
    """

    def __init__(
        self, pair: Pair, names: Sequence[str], inputs: Mapping[str, Any], upstream: Array | None = None,
        rng: np.random.Generator | None = None, sizes: Mapping[str, float] | None = None,
        shared: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.pair, self.names, self.inputs = pair, list(names), owned(inputs)
        self.sizes = dict(sizes or {})
        self.shared: dict[str, Any] = {} if shared is None else shared
        self.output = self.evaluate(self.inputs)
        if upstream is None:
            upstream = draw_upstream(self.output.shape, rng or np.random.default_rng(0))
        self.upstream = np.array(upstream, dtype=np.float64)
        self._jacobians: dict[str, tuple[Array, Array]] = {}
        self._memory: dict[Any, Any] = {}
        self.returned = self._call_backward()

    def evaluate(self, inputs: Mapping[str, Any]) -> Array:
        """Return forward's output as a float64 array of its own."""
        try:
            output = np.array(self._forward(copied(inputs)), dtype=np.float64)
        except Exception as error:
            raise Unusable from error
        if not np.isfinite(output).all():
            raise Unusable
        return output

    def _forward(self, arguments: dict[str, Any]) -> Any:
        """Call forward by name, without reading its signature each time."""
        if "positions" not in self.shared:
            parameters = signature_of(self.pair.forward, "forward").parameters
            self.shared["positions"] = [n for n, p in parameters.items() if p.kind is p.POSITIONAL_ONLY]
        positions = [arguments.pop(name) for name in self.shared["positions"]]
        return self.pair.forward(*positions, **arguments)

    def _call_backward(self) -> dict[str, Array]:
        try:
            arguments = self.pair.arguments(self.upstream, np.array(self.output))
            for name in arguments:
                if name in self.inputs:
                    arguments[name] = copied(self.inputs)[name]
            returned = call(self.pair.backward, arguments)
            gradients = list(returned) if isinstance(returned, (tuple, list)) else [returned]
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

    def entries(self, name: str, indices: Sequence[int]) -> Array:
        """Return a few entries of the right gradient, without the whole Jacobian."""
        flat = self.inputs[name].reshape(-1)
        typical = float(np.median(np.abs(flat))) or 1.0
        units = [max(abs(float(flat[i])), typical) for i in indices]
        columns = [
            _one_entry(self.evaluate, self.inputs, self.output, flat, i, unit)
            for i, unit in zip(indices, units, strict=True)
        ]
        return np.array([float((self.upstream * column).sum()) for column, _ in columns])

    def jacobian(self, name: str) -> Array:
        """Return ∂output/∂input, of the output's shape followed by the input's."""
        return self._differences(name)[0]

    def pull(self, name: str, upstream: Array) -> Array:
        """Return the right gradient for another upstream gradient: Σ upstream ⊙ ∂output/∂input."""
        return np.tensordot(upstream, self.jacobian(name), self.output.ndim)

    def truth(self, name: str) -> Array:
        """Return the right gradient."""
        return self.remember(("truth", name), lambda: self.pull(name, self.upstream))

    def error(self, name: str) -> Array:
        """Return a bound on the error of the right gradient, entry by entry."""
        errors = self._differences(name)[1]
        return self.remember(("error", name), lambda: np.tensordot(np.abs(self.upstream), errors, self.output.ndim))

    def usable(self, name: str) -> Array:
        """Return which entries of the right gradient are known well enough to be compared."""
        returned = self.returned.get(name, np.zeros(1))
        largest = max(float(np.abs(self.truth(name)).max(initial=0.0)), float(np.abs(returned).max(initial=0.0)))
        return self.error(name) <= USABLE * largest

    def altered(self, changes: Mapping[str, Array], upstream: Array | None = None) -> Look:
        """Return the look at other inputs, with this or another upstream; what backward returns there isn't asked."""
        other = object.__new__(Look)
        other.pair, other.names, other.sizes, other.shared = self.pair, self.names, self.sizes, self.shared
        other.inputs = owned({**self.inputs, **changes})
        other.output = other.evaluate(other.inputs)
        other.upstream, other.returned = self.upstream if upstream is None else upstream, {}
        if other.output.shape != other.upstream.shape:
            raise Unusable
        other._jacobians, other._memory = {}, {}
        return other

    def _differences(self, name: str) -> tuple[Array, Array]:
        if name not in self._jacobians:
            self._jacobians[name] = _differences(self.evaluate, self.inputs, self.output, name)
        return self._jacobians[name]


def owned(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with a copy of every array, row by row in memory."""
    return {name: np.array(v, order="C") if isinstance(v, np.ndarray) else v for name, v in inputs.items()}


def draw_upstream(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return a random upstream gradient, every entry between 0.5 and 1.5 in size; 1 for a number."""
    if not shape:
        return np.asarray(1.0)
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def _differences(
    evaluate: Callable[[Mapping[str, Any]], Array], inputs: dict[str, Any], here: Array, name: str
) -> tuple[Array, Array]:
    """Return the Jacobian with respect to one input, and a bound on the error of every entry."""
    array = inputs[name]
    flat = array.reshape(-1)
    typical = float(np.median(np.abs(flat))) or 1.0
    found = [_one_entry(evaluate, inputs, here, flat, i, max(abs(float(flat[i])), typical)) for i in range(flat.size)]
    values, errors = (np.moveaxis(np.array(part), 0, -1) for part in zip(*found, strict=True))
    shape = values.shape[:-1] + array.shape
    return values.reshape(shape), errors.reshape(shape)


def _one_entry(
    evaluate: Callable[[Mapping[str, Any]], Array], inputs: dict[str, Any], here: Array, flat: Array, index: int,
    unit: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the derivative of every output along one entry by six points, and what four of them say otherwise."""
    start, best = float(flat[index]), None
    steps = [step * unit for step in STEPS]
    if not 1 / FAR <= unit <= FAR:
        steps += PLAIN_STEPS
    try:
        for h in steps:
            moved = []
            for multiple in (1, 2, 3):
                flat[index] = start + multiple * h
                above = evaluate(inputs)
                flat[index] = start - multiple * h
                moved.append((above, evaluate(inputs)))
            one, two, three = (above - below for above, below in moved)
            six, four = (45 * one - 9 * two + three) / (60 * h), (8 * one - two) / (12 * h)
            rounding = 4 * EPSILON * (np.abs(moved[0][0]) + np.abs(moved[0][1])) / h
            rounding = rounding + EPSILON * abs(start) / h * np.abs(six)
            truncation, largest = np.abs(six - four), np.abs(six).max(initial=0.0)
            first, second = (above + below - 2 * here for above, below in moved[:2])
            bend = np.abs(4 * first - second) / (2 * h)  # of the third order in h where the slope doesn't jump
            truncation = truncation + np.where(bend > BEND * largest, bend, 0.0)
            error = rounding + truncation
            if best is None or error.max() < best[1].max():
                best = six, error
            settled = truncation.max() <= max(SHARP * largest, 4 * rounding.max())
            if settled and (len(steps) == len(STEPS) or rounding.max() <= SHARP * largest):
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
    return isinstance(value, (float, np.floating)) and not isinstance(value, bool)

