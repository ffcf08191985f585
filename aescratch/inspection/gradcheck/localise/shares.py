"""What the parts of a step contribute to a gradient: the shares that it does, or should, consist of.

    Step -> Seen of the parts that take a value -> the gradients that their backwards returned, or would have
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase
from aescratch.foundations.parameters import Parameter
from aescratch.inspection.gradcheck.binding import as_list
from aescratch.inspection.gradcheck.localise.alone import Alone
from aescratch.inspection.gradcheck.localise.step import Seen, Step
from aescratch.inspection.gradcheck.localise.wiring import Share


class Shares:
    """A step of a model, and the contributions of its parts to each gradient."""

    model: Any
    batch: Sequence[Array]
    rng: int

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        self.model, self.batch, self.rng = model, batch, rng
        self.step: Step = Step(model, batch, rng)
        self.alone: dict[int, Alone] = {}
        self.scale: float = 1.0  # gradients are this many times the truth if the model divides at the very end

    def by_itself(self, passes: Seen) -> Alone:
        """Return the part of these passes as a separate pair."""
        if id(passes) not in self.alone:
            self.alone[id(passes)] = Alone(passes)
        return self.alone[id(passes)]

    def shares(self, passes: Seen) -> list[Share]:
        """Return the gradients from every part that takes forward's result."""
        return [
            share for consumer in self.step.passes if consumer is not passes
            for name, value in consumer.originals.items() if value is passes.original_result
            for share in self._share_of(consumer, name)
        ]  # fmt: skip

    def _share_of(self, consumer: Seen, name: str) -> list[Share]:
        """Return the gradient for one argument of a part's forward: as returned, or as it would have been."""
        alone = self.by_itself(consumer)
        if name not in alone.arguments:
            return []
        label: str = Phrase("{part} for {name}", part=consumer.name, name=name)
        if consumer.order >= 0:
            gradient = as_list(consumer.returned)[alone.arrays.index(name)]
        else:
            gradient = alone.contributions(self.true_upstream(consumer))[name]
        label = consumer.name if len(alone.arguments) == 1 else label
        return [Share(consumer.name, label, gradient / self.scale)] if isinstance(gradient, np.ndarray) else []

    def true_upstream(self, passes: Seen) -> Array:
        """Return the upstream gradient of a part whose backward is never called, from the numbers."""
        return np.asarray(1.0) if passes.is_term else self.step.gradient_of_result(passes)

    def other_shares(self, passes: Seen) -> list[Share]:
        """Return what other parts returned in the right shape: it may have gone here by mistake."""
        shares = []
        for other in reversed(self.step.backward_order):
            for name, gradient in zip(self.by_itself(other).arrays, as_list(other.returned), strict=False):
                if isinstance(gradient, np.ndarray) and gradient.shape == passes.upstream.shape and other is not passes:
                    label = Phrase("{part} for {name}", part=other.name, name=name)
                    shares.append(Share(other.name, label, gradient / self.scale))
        return shares

    def shares_of(self, parameter: Parameter) -> list[Share]:
        """Return the contributions of the parts to a parameter's gradient."""
        shares = []
        for passes in self.step.passes:
            alone = self.by_itself(passes)
            names = [name for name, held in alone.parameters.items() if held is parameter]
            if names:
                known = passes.order >= 0 and not passes.is_term
                upstream = passes.upstream / self.scale if known else self.true_upstream(passes)
                shares.append(Share(passes.name, passes.name, alone.contributions(upstream)[names[0]]))
            for name, value in passes.originals.items():
                if np.shares_memory(value, parameter.value):
                    shares += self._share_of(passes, name)
        return shares
