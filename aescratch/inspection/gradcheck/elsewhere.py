"""Whether a gradient that is 0 at the given inputs is 0 at others too, as a slope's is, or only here.

    inputs -> other places -> at any, a nonzero gradient or a forward that isn't flat?  -> nothing was tested here

A ReLU's slope is flat everywhere, and its gradient is 0. A threshold that no unit is near has a gradient of 0 only
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import Pair, as_list, call, copied, is_float_array
from aescratch.inspection.gradcheck.report import TensorResult

MOVES = (0.1, 1.0, 10.0)  # the approximate change of every entry, in units of the array's largest
ALIKE = (0.5, -0.5)  # all arrays hold the same number: a value that is compared with a threshold equals it
TINY = 1e-6  # usually far less than the distance between two kinks


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
    """Return the inputs whose gradient, 0 here, is also 0 at every other place where it exists, at least at one.

    `backward` is the pair's, or its declared rule.
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
            except Exception:  # for inputs that the function doesn't take
                continue
        seen += 1
        zero = {name for name in zero if not np.any(found[name])}
    return zero if seen else set()


def flat_elsewhere(pair: Pair, name: str, seed: int) -> bool:
    """Whether the forward is flat at other places, as a gradient of 0 says; one direction each."""
    rng = np.random.default_rng(seed)
    for place in other_places(pair.inputs, seed):
        moved = copied(place)
        moved[name] = moved[name] + TINY * rng.uniform(0.5, 1.5, moved[name].shape)
        with np.errstate(all="ignore"):
            try:
                if not np.array_equal(call(pair.forward, place), call(pair.forward, moved)):
                    return False
            except Exception:  # for inputs that the function doesn't take
                continue
    return True
