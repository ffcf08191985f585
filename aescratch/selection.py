"""Selection: layers that turn units of a code off, by thresholds that are learnt.

    a -> JumpReLU -> h = a where a > theta, else 0
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, to_numpy
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.validation import require_count, require_dtype, require_number, require_same_shape
from aescratch.layers import Layer, require_width


def _jump_again(part: Any, grad_h: Array) -> dict[str, Array]:
    """Return the rule of `JumpReLU.backward` another way: as sums over examples near the threshold."""
    grad_h, a, theta = to_numpy(grad_h), to_numpy(part.a), np.e ** to_numpy(part.log_theta.value).astype(np.float64)
    grad_log_theta = np.zeros(theta.shape)
    for n, j in zip(*np.nonzero(np.abs(a - theta) < part.bandwidth / 2), strict=True):
        grad_log_theta[j] -= theta[j] ** 2 / part.bandwidth * grad_h[n, j]
    return {"a": grad_h * (a > theta), "log_theta": grad_log_theta}


class JumpReLU(Layer):
    """Turn off what is at or below a threshold, and leave the rest as it is: h = a ⊙ H(a − theta), theta = exp(log_theta).

    The threshold is learnt by a rule in the derivative's place (`functions.jump_relu_backward`). What is trained is its
    logarithm, so that it stays positive (Rajamanoharan et al. 2024, appendix J).

    Parameters
    ----------
    n_units : int
        The width H of a and h.
    theta : float
        Where every threshold starts, above 0.
    bandwidth : float
        How near its threshold a unit says whether it should move, above 0.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Attributes
    ----------
    log_theta : Parameter
        The logarithm of the thresholds, (H,).

    Examples
    --------
    >>> JumpReLU(3, theta=0.5, bandwidth=0.1, dtype="float64").apply(np.array([[0.4, 0.6, -2.0]]))
    array([[0. , 0.6, 0. ]])
    """

    remembers = ("a", "theta")
    follows = True
    row_by_row = True

    def __init__(self, n_units: int, *, theta: float, bandwidth: float, dtype: str = "float32") -> None:
        width, start = require_count("n_units", n_units), require_number("theta", theta, above=0)
        self.bandwidth = require_number("bandwidth", bandwidth, above=0)
        self.log_theta = Parameter("log_theta", np.full(width, np.log(start), require_dtype(dtype)), decays=False)

    @property
    def parameters(self) -> list[Parameter]:
        """The logarithm of the thresholds."""
        return [self.log_theta]

    def apply(self, a: Array) -> Array:
        """Return h (N, H) for a (N, H)."""
        require_width(a, self.log_theta.size)
        return functions.jump_relu(a, functions.threshold(self.log_theta.value), self.bandwidth)

    def forward(self, a: Array) -> Array:
        """Return h (N, H) for a (N, H), and remember a and theta."""
        require_width(a, self.log_theta.size)
        self.a, self.theta = a, functions.threshold(self.log_theta.value)
        return functions.jump_relu(a, self.theta, self.bandwidth)

    @surrogate_gradient(
        "pseudo-derivative in theta",
        "grad_a = grad_h ⊙ H(a − theta); grad_log_theta = −theta² Σ_n grad_h K((a − theta)/bandwidth)/bandwidth",
        'Rajamanoharan et al. 2024, "Jumping ahead", equation 11', _jump_again,
    )
    def backward(self, grad_h: Array) -> Array:
        """Return grad_a (N, H), and write log_theta.grad."""
        require_same_shape(grad_h, "grad_h", self.a, "a")
        grad_a, grad_theta = functions.jump_relu_backward(grad_h, self.a, self.theta, self.bandwidth)
        self.log_theta.grad = functions.threshold_backward(grad_theta, self.theta)
        return grad_a

    def __repr__(self) -> str:
        return f"JumpReLU({self.log_theta.size}, bandwidth={self.bandwidth:g})"
