"""A part of a model by itself, as a pair of functions of its arguments and of the parameters that it holds.

    Passes -> Alone.pair: forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck.binding import Pair, as_list, draw_upstream, is_float_array
from aescratch.inspection.gradcheck.deadline import limited
from aescratch.inspection.gradcheck.foreign import pair_of
from aescratch.inspection.gradcheck.localise.step import FEW, TIME_LIMIT, Seen, slopes_in
from aescratch.inspection.gradcheck.parameters import held_parameters, put_alone
from aescratch.inspection.recording import call_by_name


class Alone:
    """A part with its arguments in a step, as a pair; its parameters by their names among the inputs."""

    passes: Seen
    part: Part
    arguments: list[str]
    names: list[str]

    def __init__(self, passes: Seen) -> None:
        self.passes, self.part = passes, passes.part
        self.upstream: Array = draw_upstream(np.shape(passes.result), 0)
        self.parameters: dict[str, Parameter] = dict(held_parameters(self.part))
        self.arrays: list[str] = [name for name, value in passes.arguments.items() if is_float_array(value)]
        inputs = {**passes.arguments, **{name: p.value.copy() for name, p in self.parameters.items()}}
        returned, _ = self._step({**inputs, "grad_y": self.upstream})
        self.arguments = [name for name, gradient in zip(self.arrays, returned, strict=False) if gradient is not None]
        self.names = [*self.arguments, *self.parameters]  # the inputs whose gradients backward returns, in its order
        self.pair: Pair = pair_of(self.part, self.forward, self.backward, inputs, is_term=passes.is_term)

    def forward(self, inputs: Mapping[str, Any]) -> Any:
        """Return the output of the part's forward for these inputs."""
        with self._values(inputs):
            return self._forward(inputs)

    def backward(self, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the gradients of the part's backward, in the order of `names`."""
        returned, grads = self._step(inputs)
        return (*[g for g in returned if g is not None][: len(self.arguments)], *grads)

    def contributions(self, upstream: Any) -> dict[str, Array]:
        """Return the gradients for this upstream gradient, at the inputs of the step, by name."""
        return dict(zip(self.names, self.backward({**self.pair.inputs, "grad_y": upstream}), strict=True))

    def wrong(self, upstream: Any) -> list[str]:
        """Return the names whose gradients are wrong, for the upstream gradient of the step or for a random one."""
        upstreams = [self.upstream]
        if np.shape(upstream) == self.upstream.shape and not self.passes.is_term:
            upstreams.append(np.asarray(upstream, dtype=np.float64))
        given = [(each, self.contributions(each)) for each in upstreams]
        return [n for n in self.names if not all(self._is_right(n, each, gradients[n]) for each, gradients in given)]

    def _is_right(self, name: str, upstream: Array, gradient: Any) -> bool:
        start = np.asarray(self.pair.inputs[name])
        if np.shape(gradient) != start.shape or np.asarray(gradient).dtype.kind != "f":
            return False

        def at(change: Array) -> float:
            return float(np.sum(upstream * np.asarray(self.forward({**self.pair.inputs, name: start + change}))))

        return slopes_in(at, start, FEW, at(np.zeros(start.shape))).allow(np.asarray(gradient))

    def _step(self, inputs: Mapping[str, Any]) -> tuple[list[Any], list[Array]]:
        """Return what backward returns, and the parameters' gradients."""
        with self._values(inputs):
            self._forward(inputs)
            given = () if self.passes.is_term else (np.array(inputs["grad_y"]),)
            returned = as_list(limited(lambda: self.part.backward(*given), TIME_LIMIT))
            return copy.deepcopy(returned), [parameter.grad.copy() for parameter in self.parameters.values()]

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        arguments = {name: copy.deepcopy(inputs[name]) for name in self.passes.arguments}
        return call_by_name(self.part.forward, arguments)

    @contextlib.contextmanager
    def _values(self, inputs: Mapping[str, Any]) -> Iterator[None]:
        """Bind the part's parameters to new buffers with these values, and gradients of 0, for the block."""
        before = [dict(vars(parameter)) for parameter in self.parameters.values()]
        try:
            for name, parameter in self.parameters.items():
                put_alone(parameter, np.array(inputs[name], dtype=np.float64))
            yield
        finally:
            for parameter, attributes in zip(self.parameters.values(), before, strict=True):
                vars(parameter).update(attributes)
