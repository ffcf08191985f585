"""Selection: layers that switch units of a code off, and layers that activate silent units again.

    a -> JumpReLU -> h = a where a > theta, else 0, with a learnt theta
    a -> BatchTopK -> h, the k N largest of a batch in training, units above a threshold in use
    a -> SilentTopK -> z, the k largest of the units that have been 0 for long
    x -> StopGradient -> x, and no gradient back
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, all_rows, array_module, own_rows, to_numpy
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import (
    require_count,
    require_dtype,
    require_number,
    require_same_shape,
    require_units,
)
from aescratch.layers import Dense, Layer, require_width


def _jump_again(part: Any, grad_h: Array) -> dict[str, Array]:
    """Compute the rule of `JumpReLU.backward` another way: as sums over examples near the threshold."""
    grad_h, a, theta = to_numpy(grad_h), to_numpy(part.a), np.e ** to_numpy(part.log_theta.value).astype(np.float64)
    grad_log_theta = np.zeros(theta.shape)
    for n, j in zip(*np.nonzero(np.abs(a - theta) < part.bandwidth / 2), strict=True):
        grad_log_theta[j] -= theta[j] ** 2 / part.bandwidth * grad_h[n, j]
    return {"a": grad_h * (a > theta), "log_theta": grad_log_theta}


class JumpReLU(Layer):
    """Switch off units at or below a threshold, and keep the others unchanged: h = a ⊙ H(a − theta).

    The threshold is learnt by a rule instead of the derivative (`functions.jump_relu_backward`). Its logarithm is
    trained, so that it stays positive (Rajamanoharan et al. 2024, appendix J).

    Parameters
    ----------
    n_units : int
        The width H of a and h.
    theta : float
        The initial value of every threshold, above 0.
    bandwidth : float
        The width around a threshold in which examples move it, above 0.
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

    log_theta: Parameter
    a: Array
    theta: Array
    remembers: tuple[str, ...] = ("a", "theta")
    follows = True
    row_by_row = True

    def __init__(self, n_units: int, *, theta: float, bandwidth: float, dtype: str = "float32") -> None:
        width, start = require_count("n_units", n_units), require_number("theta", theta, above=0)
        self.bandwidth: float = require_number("bandwidth", bandwidth, above=0)
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


class BatchTopK(Layer):
    """Keep, in training, the k N largest units of a batch of N examples; in use, all that are above a threshold.

    A single example has no batch to compete in. The threshold is a running mean of the smallest unit that a batch kept
    (Bussmann et al. 2024, section 3).

    Parameters
    ----------
    k : int
        The number of units that an example keeps on average.
    momentum : float
        The fraction by which the threshold moves towards a batch's smallest kept unit, between 0 and 1.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Attributes
    ----------
    threshold : Buffer
        The threshold of a unit in use, (1,); 0 before training.

    Examples
    --------
    >>> layer = BatchTopK(1, dtype="float64")
    >>> layer.in_training = True
    >>> layer.forward(np.array([[3.0, 2.0], [1.0, -1.0]]))
    array([[3., 2.],
           [0., 0.]])
    >>> layer.threshold.value
    array([0.2])
    """

    a: Array
    by_batch: bool
    remembers: tuple[str, ...] = ("a", "by_batch")

    def __init__(self, k: int, *, momentum: float = 0.1, dtype: str = "float32") -> None:
        self.k: int = require_count("k", k)
        self.momentum: float = require_number("momentum", momentum, above=0, most=1)
        self.threshold: Buffer = Buffer.filled("threshold", 1, 0, require_dtype(dtype))

    @property
    def buffers(self) -> list[Buffer]:
        """The threshold."""
        return [self.threshold]

    @property
    def kinks(self) -> Array:
        """The mask of the units that are kept."""
        return functions.batch_top_k_mask(self.a, self.k) if self.by_batch else self.a > self.threshold.value

    def apply(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H): the units above the threshold."""
        require_units(a, self.k)
        return functions.jump_relu(a, self._theta(a), 1.0)

    def forward(self, a: Array) -> Array:
        """Return y (N, H) for a (N, H), and remember a; in training, select from the batch and update the threshold."""
        self.a, self.by_batch = a, self.in_training
        if not self.in_training:
            return self.apply(a)
        require_units(a, self.k)
        self.a = a = all_rows(a)
        self.threshold.value = functions.moving_threshold(self.threshold.value, a, self.k, self.momentum)
        return own_rows(functions.batch_top_k(a, self.k))

    def backward(self, grad_y: Array) -> Array:
        """Return grad_a (N, H)."""
        if self.by_batch:
            grad_y = all_rows(grad_y)
        require_same_shape(grad_y, "grad_y", self.a, "a")
        if self.by_batch:
            return own_rows(functions.batch_top_k_backward(grad_y, self.a, self.k))
        grad_a, _ = functions.jump_relu_backward(grad_y, self.a, self._theta(self.a), 1.0)  # a constant threshold
        return grad_a

    def _theta(self, a: Array) -> Array:
        """Return the threshold once for each unit, (H,)."""
        return array_module(a).broadcast_to(self.threshold.value, a.shape[1:])

    def __repr__(self) -> str:
        return f"BatchTopK({self.k})"


class SilentTopK(Part):
    """Keep the k largest of the units that have been 0 for long, for each example; set the others to 0.

    Parameters
    ----------
    n_units : int
        The width H of the code.
    k : int
        The number of silent units to keep, at most H.
    silent_after : int
        The number of examples for which a unit must have been 0.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Attributes
    ----------
    silent_for : Buffer
        The number of training examples for which each unit has been 0, (H,).
    """

    a: Array
    silent: Array
    remembers: tuple[str, ...] = ("a", "silent")
    moves_objective = True

    def __init__(self, n_units: int, k: int, *, silent_after: int, dtype: str = "float32") -> None:
        width = require_count("n_units", n_units)
        self.k: int = require_count("k", k, most=width)
        self.silent_after: int = require_count("silent_after", silent_after)
        self.silent_for: Buffer = Buffer.filled("silent_for", width, 0, require_dtype(dtype))

    @property
    def buffers(self) -> list[Buffer]:
        """The number of examples for which each unit has been 0."""
        return [self.silent_for]

    @property
    def kinks(self) -> Array:
        """The mask of the units that are kept."""
        return functions.silent_top_k_mask(self.a, self.silent, self.k, self.silent_after)

    def forward(self, a: Array) -> Array:
        """Return z (N, H) for a (N, H)."""
        require_width(a, self.silent_for.value.size)
        self.a, self.silent = a, self.silent_for.value
        return functions.silent_top_k(a, self.silent, self.k, self.silent_after)

    def count(self, h: Array) -> None:
        """Count the examples of the codes h (N, H) for which each unit is 0, in training."""
        if self.in_training:
            self.silent_for.value = functions.silence(all_rows(h), self.silent_for.value)

    def backward(self, grad_z: Array) -> Array:
        """Return grad_a (N, H)."""
        require_same_shape(grad_z, "grad_z", self.a, "a")
        return functions.silent_top_k_backward(grad_z, self.a, self.silent, self.k, self.silent_after)

    def __repr__(self) -> str:
        return f"SilentTopK({self.k}, silent_after={self.silent_after})"


class StopGradient(Layer):
    """Pass x on unchanged, and no gradient back: the following layers treat x as a constant."""

    def apply(self, x: Array) -> Array:
        """Return x."""
        return functions.stop_gradient(x)

    def forward(self, x: Array) -> Array:
        """Return x."""
        return functions.stop_gradient(x)

    @surrogate_gradient(
        "stop-gradient", "grad_x = 0", "Gao et al. 2024, appendix A.2", lambda part, grad_y: 0.0 * to_numpy(grad_y)
    )
    def backward(self, grad_y: Array) -> Array:
        """Return 0."""
        return functions.stop_gradient_backward(grad_y)

    def __repr__(self) -> str:
        return "StopGradient()"


class PrefixDense(Layer):
    """The part of a dense layer that reads only the first units: its backward adds to W.grad and b.grad.

    Parameters
    ----------
    dense : Dense
        The layer whose W (H, n_out) and b (n_out,) are shared, and whose backward comes first in a pass.
    size : int
        The number of units that are read, of H.
    """

    b: Parameter
    remembers: tuple[str, ...] = ("h",)
    row_by_row = True

    def __init__(self, dense: Dense, size: int) -> None:
        self.W, self.b = dense.W, dense.b
        self.size: int = require_count("size", size, most=dense.W.shape[0])

    @property
    def parameters(self) -> list[Parameter]:
        """W and b."""
        return [self.W, self.b]

    def apply(self, h: Array) -> Array:
        """Return y (N, n_out) for h (N, H)."""
        require_width(h, self.W.shape[0])
        return functions.prefix_dense(h, self.W.value, self.b.value, self.size)

    def forward(self, h: Array) -> Array:
        """Return y (N, n_out) for h (N, H), and remember h."""
        self.h = h
        return self.apply(h)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_h (N, H), and add to W.grad and b.grad."""
        grad_h, grad_W, grad_b = functions.prefix_dense_backward(grad_y, self.h, self.W.value, self.size)
        self.W.grad += grad_W
        self.b.grad += grad_b
        return grad_h

    def __repr__(self) -> str:
        return f"PrefixDense({self.size} of {self.W.shape[0]}, {self.W.shape[1]})"
