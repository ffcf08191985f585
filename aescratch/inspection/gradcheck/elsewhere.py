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


def zero_elsewhere(
    tensors: Sequence[TensorResult], pair: Pair, backward: Callable[..., Any], upstream: Array, seed: int
) -> set[str]:
    """Return the inputs whose gradient, 0 here, is 0 at all other places where there is one, at one at least.

    `backward` is the pair's, or the rule that it is declared to be.
    """
    names = [tensor.name.removeprefix("grad_") for tensor in tensors]
    untested = [tensor.is_untested and not tensor.count("kink") for tensor in tensors]
    seen, zero = 0, {name for name, is_zero in zip(names, untested, strict=True) if is_zero}
    for place in other_places(pair.inputs, seed) if zero else ():
        there = pair.at(place)
        with np.errstate(all="ignore"):
            try:
                arguments = there.arguments(upstream, there.output())
                found = dict(zip(names, as_list(call(backward, arguments)), strict=True))
            except Exception:  # of inputs that the function doesn't take
                continue
        seen += 1
        zero = {name for name in zero if not np.any(found[name])}
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
