"""What the parts of a step contribute to a gradient: the shares that it is, or should be, put together from.

    Step -> Passes of the parts that a value went into -> what each one's backward returned, or would have
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter
from aescratch.inspection.gradcheck.localise.alone import Alone
from aescratch.inspection.gradcheck.localise.step import Passes, Step
from aescratch.inspection.gradcheck.localise.wiring import Share


class Shares:
    """A step of a model, and what its parts contribute to each gradient."""

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        self.model, self.batch, self.rng = model, batch, rng
        self.step = Step(model, batch, rng)
        self.step.take()
        self.alone: dict[int, Alone] = {}
        self.scale = 1.0  # times the truth that gradients are, where the model divides at the very end

    def by_itself(self, passes: Passes) -> Alone:
        """Return the part of these passes by itself."""
        if id(passes) not in self.alone:
            self.alone[id(passes)] = Alone(passes, self.model.parameters)
        return self.alone[id(passes)]

    def shares(self, passes: Passes) -> list[Share]:
        """Return the gradients that come back from everything that forward's result went into."""
        result = passes.originals[-1]
        return [
            share for consumer in self.step.passes if consumer is not passes
            for name, value in zip(_array_names(consumer), consumer.originals, strict=False)
            if value is result and isinstance(value, np.ndarray)
            for share in self._share_of(consumer, name)
        ]  # fmt: skip

    def _share_of(self, consumer: Passes, name: str) -> list[Share]:
        """Return the gradient for one argument of a part's forward: what it returned, or else would have."""
        alone = self.by_itself(consumer)
        if name not in alone.arguments:
            return []
        label = consumer.name if len(alone.arguments) == 1 else f"{consumer.name} for {name}"
        if consumer.order >= 0:
            returned = consumer.returned if isinstance(consumer.returned, (tuple, list)) else [consumer.returned]
            gradient = returned[alone.arrays.index(name)]
        else:
            gradient = alone.contributions(self.true_upstream(consumer))[name]
        return [Share(consumer.name, label, gradient / self.scale)] if isinstance(gradient, np.ndarray) else []

    def true_upstream(self, passes: Passes) -> Array:
        """Return the gradient that a part's backward would be given, where nobody calls it: by the numbers."""
        if passes.is_term:
            return np.asarray(1.0)
        shape = np.shape(passes.result)
        comparison = self.step.truth_of_result(passes, np.zeros(shape))
        return np.linalg.lstsq(comparison.moves, comparison.numeric[:, 0], rcond=None)[0].reshape(shape)

    def other_shares(self, passes: Passes) -> list[Share]:
        """Return what other parts returned, of the right shape: perhaps it went here by mistake."""
        shares = []
        for other in reversed(self.step.backward_order):
            returned = other.returned if isinstance(other.returned, (tuple, list)) else [other.returned]
            for name, gradient in zip(self.by_itself(other).arrays, returned, strict=False):
                if isinstance(gradient, np.ndarray) and gradient.shape == passes.upstream.shape and other is not passes:
                    shares.append(Share(other.name, f"{other.name} for {name}", gradient / self.scale))
        return shares

    def shares_of(self, parameter: Parameter) -> list[Share]:
        """Return what the parts contribute to a parameter's gradient."""
        shares = []
        for passes in self.step.passes:
            alone = self.by_itself(passes)
            names = [name for name, held in alone.parameters.items() if held is parameter]
            if names:
                known = passes.order >= 0 and not passes.is_term
                upstream = passes.upstream / self.scale if known else self.true_upstream(passes)
                shares.append(Share(passes.name, passes.name, alone.contributions(upstream)[names[0]]))
            for name, value in zip(_array_names(passes), passes.originals, strict=False):
                if isinstance(value, np.ndarray) and np.shares_memory(value, parameter.value):
                    shares += self._share_of(passes, name)
        return shares


def _array_names(passes: Passes) -> list[str]:
    return [name for name, value in passes.arguments.items() if isinstance(value, np.ndarray)]
