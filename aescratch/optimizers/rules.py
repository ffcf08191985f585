"""How a gradient changes a value: gradient descent, with momentum, and in units of the gradient's own size.

Each rule is one formula, applied in place to a flat block of values and gradients, with the moments beside them.
"""

from __future__ import annotations

import math

from aescratch.backend import Array, array_module, fused
from aescratch.foundations.validation import require_number
from aescratch.optimizers.optimizer import Optimizer
from aescratch.optimizers.schedules import Schedule


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
        The fraction of the velocity v that is kept, in [0, 1).
    """

    moments: tuple[str, ...] = ("v",)

    def __init__(self, learning_rate: float | Schedule, *, mu: float = 0.9, clip_norm: float | None = None) -> None:
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.mu: float = require_number("mu", mu, least=0, below=1)

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

    moments: tuple[str, ...] = ("v",)

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, beta: float = 0.9, eps: float = 1e-8,
        clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.beta: float = require_number("beta", beta, least=0, below=1)
        self.eps: float = require_number("eps", eps, above=0)

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
    and v̂ = v / (1 − β₂ᵗ). The state holds m / (1 − β₁) and v / (1 − β₂), which saves two passes over memory per step.

    Parameters
    ----------
    learning_rate, clip_norm
        As for every `Optimizer`.
    beta1, beta2 : float
        The decay of the two moments, in [0, 1).
    eps : float
        Keeps the quotient finite, above 0.
    """

    moments: tuple[str, ...] = ("m", "v")

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, beta1: float = 0.9, beta2: float = 0.999,
        eps: float = 1e-8, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, clip_norm=clip_norm)
        self.beta1: float = require_number("beta1", beta1, least=0, below=1)
        self.beta2: float = require_number("beta2", beta2, least=0, below=1)
        self.eps: float = require_number("eps", eps, above=0)

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
    change = grad * grad  # every step below writes into this one array: several arrays would not fit into the cache
    v += change
    xp.sqrt(v, out=change)
    change += eps_of_v
    xp.divide(m, change, out=change)
    change *= rate_of_m
    value -= change


class AdamW(Adam):
    """Adam with decoupled weight decay: value ← value − η decay value before Adam's step (Loshchilov & Hutter 2017).

    Unlike a model's `weight_decay` it is not part of the loss, and it shrinks biases too.

    Parameters
    ----------
    learning_rate, beta1, beta2, eps, clip_norm
        As for `Adam`.
    decay : float
        The fraction of the value that is subtracted per unit of learning rate, 0 or more.
    """

    def __init__(
        self, learning_rate: float | Schedule = 1e-3, *, decay: float = 0.01, beta1: float = 0.9, beta2: float = 0.999,
        eps: float = 1e-8, clip_norm: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, beta1=beta1, beta2=beta2, eps=eps, clip_norm=clip_norm)
        self.decay: float = require_number("decay", decay, least=0)

    def rule(self, value: Array, grad: Array, moments: dict[str, Array], rate: float, step: int) -> None:
        """value ← value − η decay value, then Adam's step."""
        value *= 1 - rate * self.decay
        super().rule(value, grad, moments, rate, step)
