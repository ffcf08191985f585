"""Optimisers: how a gradient moves a value.

An optimiser is a recipe, a rule with its settings. `start` gives the state of one training: the moments, flat and
beside the parameters' flat buffers, and the count of steps.

    parameter.grad --(clipping)--> rule --> parameter.value

Rules are written for one flat block of values v and gradients g. The state walks its buffers in blocks that stay in
the cache, so that each step passes over memory once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import BLOCK, Array, array_module, to_numpy
from aescratch.recipes import Recipe
from aescratch.validation import require_count, require_number


class Schedule(Recipe):
    """Base of the learning-rate schedules: a rate for every epoch, numbered from 0."""

    def rate(self, epoch: int, epochs: int) -> float:
        """Return the learning rate of an epoch out of epochs."""
        raise NotImplementedError


class ConstantRate(Schedule):
    """The same learning rate throughout."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = require_number("learning_rate", learning_rate, above=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return the learning rate."""
        return self.learning_rate


class StepRate(Schedule):
    """Multiply the learning rate by factor after every so many epochs.

    Examples
    --------
    >>> [StepRate(0.1, every=2, factor=0.5).rate(epoch, 6) for epoch in range(6)]
    [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    """

    def __init__(self, learning_rate: float, every: int, factor: float = 0.1) -> None:
        self.learning_rate = require_number("learning_rate", learning_rate, above=0)
        self.every = require_count("every", every)
        self.factor = require_number("factor", factor, above=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return learning_rate · factor^⌊epoch / every⌋."""
        return float(self.learning_rate * self.factor ** (epoch // self.every))


class CosineRate(Schedule):
    """Let the learning rate fall along half a cosine, from learning_rate to last (Loshchilov & Hutter 2016, eq. 5).

    Examples
    --------
    >>> [round(CosineRate(1.0).rate(epoch, 5), 3) for epoch in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, learning_rate: float, last: float = 0.0) -> None:
        self.learning_rate = require_number("learning_rate", learning_rate, above=0)
        self.last = require_number("last", last, least=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return last + ½ (learning_rate − last) (1 + cos(π epoch / (epochs − 1)))."""
        progress = epoch / max(epochs - 1, 1)
        return self.last + 0.5 * (self.learning_rate - self.last) * (1 + math.cos(math.pi * progress))


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

    def __init__(self, learning_rate: float | Schedule, clip_norm: float | None = None) -> None:
        if not isinstance(learning_rate, Schedule):
            learning_rate = require_number("learning_rate", learning_rate, above=0)
        self.learning_rate = learning_rate
        self.clip_norm = None if clip_norm is None else require_number("clip_norm", clip_norm, above=0)

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule; a number is a constant one."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else ConstantRate(self.learning_rate)

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """Change the values v, in place, by the gradients g; moments are changed in place too; steps count from 1."""
        raise NotImplementedError

    def start(self, parameters: Sequence[Any]) -> OptimizerState:
        """Return a fresh state for these parameters, with all moments at 0."""
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
        """Yield values, gradients and moments block by block, as views."""
        for start in range(0, self.values.size, BLOCK):
            here = slice(start, start + BLOCK)
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

    def clip(self, norm: float) -> None:
        """Scale all gradients down together, in place, so that their norm is at most this (Pascanu et al. 2013)."""
        xp = array_module(self.runs[0].grads)
        # Squares in float64: in float32 they would overflow just where clipping is needed most.
        current = xp.sqrt(sum(xp.square(g, dtype=np.float64).sum() for run in self.runs for _, g, _ in run.blocks()))
        scale = xp.minimum(1.0, norm / xp.maximum(current, np.finfo(np.float32).tiny))
        for run in self.runs:
            run.grads *= scale.astype(run.grads.dtype)

    def arrays(self) -> dict[str, Array]:
        """Return a copy of all moments, named."""
        return {f"{name}.{i}": m.copy() for i, run in enumerate(self.runs) for name, m in run.moments.items()}

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
    """Gradient descent: v ← v − η g.

    Examples
    --------
    >>> import aescratch as ae
    >>> SGD(0.1)
    SGD(learning_rate=0.1, clip_norm=None)
    """

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """v ← v − η g."""
        v -= rate * g


class Momentum(Optimizer):
    """Heavy ball: m ← μ m + g, v ← v − η m (Polyak 1964; not averaged, as in Sutskever et al. 2013).

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    mu : float
        The share of the velocity m that stays, in [0, 1).
    """

    moments = ("m",)

    def __init__(self, learning_rate: float | Schedule, mu: float = 0.9, clip_norm: float | None = None) -> None:
        super().__init__(learning_rate, clip_norm)
        self.mu = require_number("mu", mu, least=0, below=1)

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """m ← μ m + g, v ← v − η m."""
        m = moments["m"]
        m *= self.mu
        m += g
        v -= rate * m


class Nesterov(Momentum):
    """Momentum that looks ahead: m ← μ m + g, v ← v − η (g + μ m) (Nesterov 1983, as in Sutskever et al. 2013).

    Arguments are those of `Momentum`.
    """

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """m ← μ m + g, v ← v − η (g + μ m)."""
        m = moments["m"]
        m *= self.mu
        m += g
        v -= rate * (g + self.mu * m)


class RMSProp(Optimizer):
    """Steps in units of the gradient's recent size: s ← β s + (1 − β) g², v ← v − η g / (√s + ε) (Hinton 2012).

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    beta : float
        The decay of the mean square s, in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    """

    moments = ("s",)

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, beta: float = 0.9, eps: float = 1e-8,
        clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm)
        self.beta = require_number("beta", beta, least=0, below=1)
        self.eps = require_number("eps", eps, above=0)

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """s ← β s + (1 − β) g², v ← v − η g / (√s + ε)."""
        s = moments["s"]
        s *= self.beta
        s += (1 - self.beta) * g * g
        v -= rate * g / (array_module(s).sqrt(s) + self.eps)


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2014, algorithm 1), with ε added after the bias-corrected root.

    m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², v ← v − η m̂ / (√ŝ + ε), with m̂ = m / (1 − β₁ᵗ) and
    ŝ = s / (1 − β₂ᵗ).

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    beta1, beta2 : float
        The decay of the two moments, in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    """

    moments = ("m", "s")

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
        clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm)
        self.beta1 = require_number("beta1", beta1, least=0, below=1)
        self.beta2 = require_number("beta2", beta2, least=0, below=1)
        self.eps = require_number("eps", eps, above=0)

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """Update m and s, then v ← v − η m̂ / (√ŝ + ε)."""
        m, s = moments["m"], moments["s"]
        m *= self.beta1
        m += g
        s *= self.beta2
        s += g * g
        # m and s lack their factors 1 − β, which the numbers below make good together with the bias corrections.
        correction_m = (1 - self.beta1) / (1 - self.beta1**step)
        correction_root_s = math.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        root = array_module(s).sqrt(s)
        root += self.eps / correction_root_s
        move = (rate * correction_m / correction_root_s) * m
        move /= root
        v -= move


class AdamW(Adam):
    """Adam with decoupled weight decay: v ← v − η decay v before Adam's own step (Loshchilov & Hutter 2017).

    Unlike a model's `weight_decay` it is no part of the loss, and it shrinks biases too.

    Parameters
    ----------
    learning_rate, beta1, beta2, eps, clip_norm
        As for `Adam`.
    decay : float
        The share of the value that is taken away per unit of learning rate, 0 or more.
    """

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, decay: float = 0.01, beta1: float = 0.9, beta2: float = 0.999,
        eps: float = 1e-8, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta1, beta2, eps, clip_norm)
        self.decay = require_number("decay", decay, least=0)

    def rule(self, v: Array, g: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """v ← v − η decay v, then Adam's step."""
        v *= 1 - rate * self.decay
        super().rule(v, g, moments, rate, step)


class LBFGS(Recipe):
    """Limited-memory BFGS by `scipy.optimize.minimize`: the whole data set in every evaluation, no learning rate.

    For small problems that are to be solved well, like the sparse coding of natural patches. In `fit` an epoch is one
    iteration, and batch_size doesn't matter. SciPy is imported when it runs.

    Parameters
    ----------
    memory : int
        How many past steps shape the approximation of the curvature.
    """

    def __init__(self, memory: int = 20) -> None:
        self.memory = require_count("memory", memory)

    def run(
        self, parameters: Sequence[Any], evaluate: Callable[[], Any], iterations: int, after: Callable[[float], None]
    ) -> None:
        """Minimise `evaluate`, which returns the loss and leaves its gradient in the parameters.

        `after` is called with the loss after every iteration, with the parameters in place.
        """
        try:
            from scipy.optimize import minimize
        except ImportError as error:
            raise RuntimeError("L-BFGS needs SciPy, which is missing; pip install scipy, or use Adam()") from error
        runs = list(contiguous_runs(parameters))

        def place(flat: Array) -> None:
            start = 0
            for values, _ in runs:
                values[...] = array_module(values).asarray(flat[start : start + values.size])
                start += values.size

        def objective(flat: Array) -> tuple[float, Array]:
            place(flat)
            loss = float(evaluate())
            return loss, np.concatenate([to_numpy(grads) for _, grads in runs]).astype(np.float64)

        def callback(intermediate_result: Any) -> None:
            place(intermediate_result.x)
            after(float(intermediate_result.fun))

        start = np.concatenate([to_numpy(values) for values, _ in runs]).astype(np.float64)
        options = {
            "maxiter": iterations, "maxcor": self.memory, "maxfun": 10 * iterations + 100, "ftol": 0.0, "gtol": 0.0,
        }  # fmt: skip
        found = minimize(objective, start, jac=True, method="L-BFGS-B", callback=callback, options=options)
        place(found.x)
