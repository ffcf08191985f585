"""What the parts of a step contribute to a gradient: the shares that it does, or should, consist of.

    Step -> Seen of the parts that take a value -> the gradients that their backwards returned, or would have
"""

from __future__ import annotations

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

    step: Step
    model: Any

    def __init__(self, step: Step) -> None:
        self.step, self.model = step, step.model
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
        if consumer.order >= 0:
            gradient = as_list(consumer.returned)[alone.arrays.index(name)]
        else:
            gradient = alone.contributions(self.true_upstream(consumer))[name]
        return self._share(consumer, "" if len(alone.arguments) == 1 else name, gradient)

    def _share(self, passes: Seen, name: str, gradient: Any) -> list[Share]:
        """Return a gradient as the share of a part, for the argument of this name if it must be told; none if None."""
        label: str = Phrase("{part} for {name}", part=passes.name, name=name) if name else passes.name
        return [Share(passes.name, label, gradient / self.scale)] if isinstance(gradient, np.ndarray) else []

    def true_upstream(self, passes: Seen) -> Array:
        """Return the upstream gradient of a part whose backward is never called, from the numbers."""
        return np.asarray(1.0) if passes.is_term else self.step.gradient_of_result(passes)

    def other_shares(self, passes: Seen) -> list[Share]:
        """Return what other parts returned in the right shape: it may have gone here by mistake."""
        return [
            share for other in reversed(self.step.backward_order) if other is not passes
            for name, gradient in zip(self.by_itself(other).arrays, as_list(other.returned), strict=False)
            if np.shape(gradient) == passes.upstream.shape for share in self._share(other, name, gradient)
        ]  # fmt: skip

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
