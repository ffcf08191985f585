"""The base of every optimiser: its learning rate, and the state of one training run.

    parameter.grad --(clipping)--> rule --> parameter.value

A rule is written for one flat block of values and gradients. The state goes through the parameters' buffers in blocks
that fit into the cache, so that each step passes over memory once; on a GPU a rule's formula is one kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import BLOCK, Array, array_module, is_fast, keep_freed_memory
from aescratch.backend.sharing import sum_gradients
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_number
from aescratch.optimizers.schedules import ConstantRate, Schedule

STEPS_BETWEEN_SWEEPS = 100  # so few that subnormal numbers don't stay for long, so many that sweeping is cheap


class Optimizer(Recipe):
    """Base of the optimisers that take one step per batch.

    Parameters
    ----------
    learning_rate : float or Schedule
        The step size, above 0.
    clip_norm : float, optional
        Gradients whose norm, over all parameters, is larger are scaled down to it.
    """

    moments: tuple[str, ...] = ()

    def __init__(self, learning_rate: float | Schedule, *, clip_norm: float | None = None) -> None:
        if not isinstance(learning_rate, Schedule):
            learning_rate = require_number("learning_rate", learning_rate, above=0)
        self.learning_rate = learning_rate
        self.clip_norm: float | None = None if clip_norm is None else require_number("clip_norm", clip_norm, above=0)

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule; a number is a constant one."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else ConstantRate(self.learning_rate)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """Change the values, and the moments, in place by the gradients; steps count from 1."""
        raise NotImplementedError

    def start(self, parameters: Sequence[Any]) -> OptimizerState:
        """Return a new state for these parameters, with all moments 0."""
        if is_fast():
            keep_freed_memory()  # for the steps that follow
        runs = [Run(values, grads) for values, grads in contiguous_runs(parameters)]
        for run in runs:
            zeros = array_module(run.values).zeros_like
            run.moments = {name: zeros(run.values) for name in self.moments}
        return OptimizerState(self, runs)


@dataclass
class Run:
    """A contiguous run of values and gradients, with its moments."""

    values: Array
    grads: Array
    moments: dict[str, Array] = field(default_factory=dict)

    def blocks(self) -> Iterator[tuple[Array, Array, dict[str, Array]]]:
        """Yield values, gradients and moments block by block, as views; on a GPU, all at once."""
        in_blocks = array_module(self.values) is np and is_fast()
        length = BLOCK if in_blocks else max(1, self.values.size)
        for start in range(0, self.values.size, length):
            here = slice(start, start + length)
            yield self.values[here], self.grads[here], {name: m[here] for name, m in self.moments.items()}


@dataclass
class OptimizerState:
    """The state of an optimiser in one training run: its moments and its count of steps."""

    optimizer: Optimizer
    runs: list[Run]
    steps: int = 0

    def step(self, rate: float) -> None:
        """Change every value by its gradient, at this learning rate."""
        self.steps += 1
        sum_gradients([run.grads for run in self.runs])
        if self.optimizer.clip_norm is not None:
            self.clip(self.optimizer.clip_norm)
        for run in self.runs:
            for values, grads, moments in run.blocks():
                self.optimizer.rule(values, grads, moments, rate, self.steps)
        if self.steps % STEPS_BETWEEN_SWEEPS == 0:
            self.sweep()

    def sweep(self) -> None:
        """Set numbers below the smallest normal number of their type to 0.

        The weights of a silent unit, and its moments, shrink to such numbers under weight decay. Nothing depends on
        them any more, but a processor may take ten times as long for each operation with them.
        """
        for run in self.runs:
            for values, _, moments in run.blocks():
                for array in (values, *moments.values()):
                    array *= abs(array) >= np.finfo(array.dtype).tiny

    def clip(self, norm: float) -> None:
        """Scale all gradients down together, in place, so that their norm is at most this (Pascanu et al. 2013)."""
        xp = array_module(self.runs[0].grads)
        # Squares in float64: in float32 they would overflow when clipping is needed most.
        current = xp.sqrt(sum(xp.square(g, dtype=np.float64).sum() for run in self.runs for _, g, _ in run.blocks()))
        scale = xp.minimum(1.0, norm / xp.maximum(current, np.finfo(np.float32).tiny))
        for run in self.runs:
            run.grads *= scale.astype(run.grads.dtype)

    def arrays(self) -> dict[str, Array]:
        """Return all moments by name, not copied."""
        return {f"{name}.{i}": m for i, run in enumerate(self.runs) for name, m in run.moments.items()}

    def restore(self, arrays: dict[str, Array], steps: int) -> None:
        """Restore moments from `arrays`, and the count of steps."""
        self.steps = steps
        for i, run in enumerate(self.runs):
            for name, moment in run.moments.items():
                moment[...] = array_module(moment).asarray(arrays[f"{name}.{i}"])


def contiguous_runs(parameters: Sequence[Any]) -> Iterator[tuple[Array, Array]]:
    """Yield the flat values and gradients of parameters; neighbours in one buffer are joined to one run."""
    spans: list[list[Any]] = []
    for parameter in parameters:
        end = parameter.start + parameter.size
        if spans and spans[-1][0] is parameter.buffer and spans[-1][2] == parameter.start:
            spans[-1][2] = end
        else:
            spans.append([parameter.buffer, parameter.start, end])
    for buffer, start, end in spans:
        yield buffer.values[start:end], buffer.grads[start:end]
