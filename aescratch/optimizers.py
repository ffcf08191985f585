"""Optimisers: how a gradient moves a value.

An optimiser is a recipe, a rule with its settings. `start` gives the state of one training: the moments, flat and
beside the parameters' flat buffers, and the count of steps.

    parameter.grad --(clipping)--> rule --> parameter.value

Rules are written for one flat block of values and gradients. The state walks its buffers in blocks that stay in the
cache, so that each step passes over memory once; on a GPU a rule's formula is one kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import BLOCK, Array, array_module, fused, keep_freed_memory
from aescratch.recipes import Recipe
from aescratch.schedules import ConstantRate, Schedule
from aescratch.validation import require_number

STEPS_BETWEEN_SWEEPS = 100  # few enough that numbers don't stay too small for long, and sweeping costs nothing


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
        self.clip_norm = None if clip_norm is None else require_number("clip_norm", clip_norm, above=0)

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule; a number is a constant one."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else ConstantRate(self.learning_rate)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """Change the values in place, by the gradients; the moments are changed in place too; steps count from 1."""
        raise NotImplementedError

    def start(self, parameters: Sequence[Any]) -> OptimizerState:
        """Return a fresh state for these parameters, with all moments at 0."""
        keep_freed_memory()  # for the steps that follow
        runs = [Run(values, grads) for values, grads in contiguous_runs(parameters)]
        for run in runs:
            zeros = array_module(run.values).zeros_like
            run.moments = {name: zeros(run.values) for name in self.moments}
        return OptimizerState(self, runs)


@dataclass
class Run:
    """A contiguous stretch of values and gradients, and the moments beside it."""

    values: Array
    grads: Array
    moments: dict[str, Array] = field(default_factory=dict)

    def blocks(self) -> Iterator[tuple[Array, Array, dict[str, Array]]]:
        """Yield values, gradients and moments block by block, as views; on a GPU, which has no use for it, in one."""
        length = BLOCK if array_module(self.values) is np else self.values.size
        for start in range(0, self.values.size, length):
            here = slice(start, start + length)
            yield self.values[here], self.grads[here], {name: m[here] for name, m in self.moments.items()}


@dataclass
class OptimizerState:
    """One training's state of an optimiser: its moments and its count of steps."""

    optimizer: Optimizer
    runs: list[Run]
    steps: int = 0

    def step(self, rate: float) -> None:
        """Move every value by its gradient, at this learning rate."""
        self.steps += 1
        if self.optimizer.clip_norm is not None:
            self.clip(self.optimizer.clip_norm)
        for run in self.runs:
            for values, grads, moments in run.blocks():
                self.optimizer.rule(values, grads, moments, rate, self.steps)
        if self.steps % STEPS_BETWEEN_SWEEPS == 0:
            self.sweep()

    def sweep(self) -> None:
        """Set to 0 what is smaller than the smallest normal number of its type.

        The weights of a unit that has gone silent, and its moments, shrink to there under weight decay. Nothing
        depends on them any more, but a processor may take ten times as long for each operation with such a number.
        """
        for run in self.runs:
            for values, _, moments in run.blocks():
                for array in (values, *moments.values()):
                    array *= abs(array) >= np.finfo(array.dtype).tiny

    def clip(self, norm: float) -> None:
        """Scale all gradients down together, in place, so that their norm is at most this (Pascanu et al. 2013)."""
        xp = array_module(self.runs[0].grads)
        # Squares in float64: in float32 they would overflow just where clipping is needed most.
        current = xp.sqrt(sum(xp.square(g, dtype=np.float64).sum() for run in self.runs for _, g, _ in run.blocks()))
        scale = xp.minimum(1.0, norm / xp.maximum(current, np.finfo(np.float32).tiny))
        for run in self.runs:
            run.grads *= scale.astype(run.grads.dtype)

    def arrays(self) -> dict[str, Array]:
        """Return all moments, named, as they are."""
        return {f"{name}.{i}": m for i, run in enumerate(self.runs) for name, m in run.moments.items()}

    def restore(self, arrays: dict[str, Array], steps: int) -> None:
        """Put moments from `arrays`, and the count of steps, back in place."""
        self.steps = steps
        for i, run in enumerate(self.runs):
            for name, moment in run.moments.items():
                moment[...] = array_module(moment).asarray(arrays[f"{name}.{i}"])


def contiguous_runs(parameters: Sequence[Any]) -> Iterator[tuple[Array, Array]]:
    """Yield the flat values and gradients of parameters, neighbours in one buffer joined to one stretch."""
    spans: list[list[Any]] = []
    for parameter in parameters:
        end = parameter.start + parameter.size
        if spans and spans[-1][0] is parameter.buffer and spans[-1][2] == parameter.start:
            spans[-1][2] = end
        else:
            spans.append([parameter.buffer, parameter.start, end])
    for buffer, start, end in spans:
        yield buffer.values[start:end], buffer.grads[start:end]


class SGD(Optimizer):
    """Gradient descent: value ← value − η grad.

    Examples
    --------
    >>> import aescratch as ae
    >>> SGD(0.1)
    SGD(learning_rate=0.1, clip_norm=None)
    """

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """value ← value − η grad."""
        _descend(value, grad, rate)


@fused
def _descend(value: Array, grad: Array, rate: float) -> None:
    value -= rate * grad


class Momentum(Optimizer):
    """Heavy ball: v ← μ v + grad, value ← value − η v (Polyak 1964, with the rate outside the velocity v).

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    mu : float
        The share of the velocity v that stays, in [0, 1).
    """

    moments = ("v",)

    def __init__(self, learning_rate: float | Schedule, *, mu: float = 0.9, clip_norm: float | None = None) -> None:
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.mu = require_number("mu", mu, least=0, below=1)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """v ← μ v + grad, value ← value − η v."""
        _roll(value, grad, moments["v"], self.mu, rate)


@fused
def _roll(value: Array, grad: Array, v: Array, mu: float, rate: float) -> None:
    v *= mu
    v += grad
    value -= rate * v


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μ v + grad, value ← value − η (grad + μ v) (Nesterov 1983).

    The gradient is taken at the values themselves, not at the point looked ahead to: the parameters are those of
    Sutskever et al. 2013, eq. 3 and 4, moved ahead by μ v. Arguments are those of `Momentum`.
    """

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """v ← μ v + grad, value ← value − η (grad + μ v)."""
        _roll_ahead(value, grad, moments["v"], self.mu, rate)


@fused
def _roll_ahead(value: Array, grad: Array, v: Array, mu: float, rate: float) -> None:
    v *= mu
    v += grad
    value -= rate * (grad + mu * v)


class RMSProp(Optimizer):
    """Steps in units of the gradient's recent size (Tieleman & Hinton 2012).

    v ← β v + (1 − β) grad², value ← value − η grad / (√v + ε).

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    beta : float
        The decay of the mean square v, in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    """

    moments = ("v",)

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, beta: float = 0.9, eps: float = 1e-8,
        clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.beta = require_number("beta", beta, least=0, below=1)
        self.eps = require_number("eps", eps, above=0)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """v ← β v + (1 − β) grad², value ← value − η grad / (√v + ε)."""
        _scale_by_size(value, grad, moments["v"], self.beta, 1 - self.beta, rate, self.eps)


@fused
def _scale_by_size(
    value: Array, grad: Array, v: Array, beta: float, one_minus_beta: float, rate: float, eps: float
) -> None:
    v *= beta
    v += one_minus_beta * grad * grad
    value -= rate * grad / (array_module(v).sqrt(v) + eps)


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2014, algorithm 1), with ε added after the bias-corrected root.

    m ← β₁ m + (1 − β₁) grad, v ← β₂ v + (1 − β₂) grad², value ← value − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ)
    and v̂ = v / (1 − β₂ᵗ). What is kept is m / (1 − β₁) and v / (1 − β₂), which saves two passes over memory a step.

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    beta1, beta2 : float
        The decay of the two moments, in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    """

    moments = ("m", "v")

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, beta1: float = 0.9, beta2: float = 0.999,
        eps: float = 1e-8, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.beta1 = require_number("beta1", beta1, least=0, below=1)
        self.beta2 = require_number("beta2", beta2, least=0, below=1)
        self.eps = require_number("eps", eps, above=0)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """m ← β₁ m + grad, v ← β₂ v + grad², value ← value − η m̂ / (√v̂ + ε); the factors 1 − β enter with m̂ and v̂."""
        m_hat_over_m = (1 - self.beta1) / (1 - self.beta1**step)
        root_v_hat_over_root_v = math.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        rate_of_m = rate * m_hat_over_m / root_v_hat_over_root_v
        eps_of_v = self.eps / root_v_hat_over_root_v
        _adapt(value, grad, moments["m"], moments["v"], self.beta1, self.beta2, rate_of_m, eps_of_v)


@fused
def _adapt(
    value: Array, grad: Array, m: Array, v: Array, beta1: float, beta2: float, rate_of_m: float, eps_of_v: float
) -> None:
    xp = array_module(v)
    m *= beta1
    m += grad
    v *= beta2
    change = grad * grad  # every step below goes into this one array: more of them would not stay in the cache
    v += change
    xp.sqrt(v, out=change)
    change += eps_of_v
    xp.divide(m, change, out=change)
    change *= rate_of_m
    value -= change


class AdamW(Adam):
    """Adam with decoupled weight decay: value ← value − η decay value before Adam's step (Loshchilov & Hutter 2017).

    Unlike a model's `weight_decay` it is no part of the loss, and it shrinks biases too.

    Parameters
    ----------
    learning_rate, beta1, beta2, eps, clip_norm
        As for `Adam`.
    decay : float
        The share of the value that is taken away per unit of learning rate, 0 or more.
    """

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, decay: float = 0.01, beta1: float = 0.9, beta2: float = 0.999,
        eps: float = 1e-8, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta1=beta1, beta2=beta2, eps=eps, clip_norm=clip_norm)
        self.decay = require_number("decay", decay, least=0)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """value ← value − η decay value, then Adam's step."""
        value *= 1 - rate * self.decay
        super().rule(value, grad, moments, rate, step)
