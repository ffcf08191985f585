"""Whether a gradient that is 0 at some inputs is 0 at others too, as a slope's is, or only happens to be here.

    inputs -> other places -> a gradient that isn't 0, or a forward that isn't flat, at any?  -> nothing was tested here

A ReLU's slope is flat wherever one looks, and 0 is its gradient. A threshold that no unit is near has a gradient of 0
only here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import Pair, as_list, call, copied, is_float_array
from aescratch.inspection.gradcheck.report import TensorResult

MOVES = (0.1, 1.0, 10.0)  # what is added to every entry, about, in units of the array's largest
ALIKE = (0.5, -0.5)  # all arrays hold the one number: what is compared with a threshold is right on it
TINY = 1e-6  # far less than what lies between two kinks, as a rule

Gradients = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def other_places(inputs: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Yield the inputs with other numbers in every array of floats."""
    rng = np.random.default_rng(seed)
    arrays = [name for name, value in inputs.items() if is_float_array(value)]
    for size in MOVES:
        largest = {name: max(1.0, float(np.abs(inputs[name]).max())) for name in arrays}
        moved = {n: inputs[n] + size * largest[n] * rng.normal(size=inputs[n].shape) for n in arrays}
        yield {**copied(inputs), **moved}
    for number in ALIKE:
        yield {**copied(inputs), **{name: np.full(inputs[name].shape, number) for name in arrays}}


def find_zeros(tensors: Sequence[TensorResult], pair: Pair, names: Sequence[str], upstream: Array, seed: int) -> None:
    """Note which gradients are 0 everywhere, not only here, as those of a slope that is flat between its kinks."""
    zeros = [tensor.is_untested and not tensor.count("kink") for tensor in tensors]
    untested = [name for name, is_zero in zip(names, zeros, strict=True) if is_zero]

    def gradients(inputs: Mapping[str, Any]) -> dict[str, Any]:
        there = Pair(pair.forward, pair.backward, dict(inputs))
        output = call(pair.forward, copied(inputs))
        return dict(zip(names, as_list(call(pair.backward, there.arguments(upstream, output))), strict=True))

    zero = zero_elsewhere(pair.inputs, gradients, untested, seed) if untested else set()
    for name, tensor in zip(names, tensors, strict=True):
        tensor.zero_is_meant = name in zero and flat_elsewhere(pair, name, seed)


def zero_elsewhere(inputs: Mapping[str, Any], gradients: Gradients, names: Sequence[str], seed: int) -> set[str]:
    """Return the inputs whose gradient is 0 at all other places where there is one, at one at least."""
    seen, zero = 0, set(names)
    for place in other_places(inputs, seed):
        with np.errstate(all="ignore"):
            try:
                found = gradients(place)
            except Exception:  # of inputs that the function doesn't take
                continue
        seen += 1
        zero -= {name for name in names if np.any(found[name])}
    return zero if seen else set()


def flat_elsewhere(pair: Pair, name: str, seed: int) -> bool:
    """Whether the forward is as flat at other places, in one direction each, as a gradient of 0 says."""
    rng = np.random.default_rng(seed)
    for place in other_places(pair.inputs, seed):
        moved = copied(place)
        moved[name] = moved[name] + TINY * rng.uniform(0.5, 1.5, moved[name].shape)
        with np.errstate(all="ignore"):
            try:
                if not np.array_equal(call(pair.forward, place), call(pair.forward, moved)):
                    return False
            except Exception:  # of inputs that the function doesn't take
                continue
    return True
