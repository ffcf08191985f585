"""Batch normalisation: each unit gets mean 0 and variance 1 over the batch (Ioffe & Szegedy 2015).

    training: x -> mean, variance of the batch -> x_norm -> y = gamma x_norm + beta;   the running ones follow
    use:      x -> running mean, variance      -> x_norm -> y = gamma x_norm + beta

In training the gradient flows through the batch's mean and variance too, since every example moves both.
"""

from __future__ import annotations

import numpy as np

from aescratch import functions
from aescratch.backend import Array, evenly, rows_in_batch
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.validation import require_count, require_dtype, require_number, require_same_shape
from aescratch.layers import Layer, require_width


class BatchNorm(Layer):
    """Normalise every unit over the batch, then scale it by gamma and shift it by beta, which are trained.

    Parameters
    ----------
    n_units : int
        The width H of x and y.
    momentum : float
        The fraction by which the running statistics move towards those of a batch, between 0 and 1.
    epsilon : float
        Added to the variance before the square root is taken.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Attributes
    ----------
    gamma, beta : Parameter
        Scale, which starts at 1, and shift, which starts at 0, both (H,).
    running_mean, running_variance : Buffer
        They replace the batch's mean and variance in use mode, (H,). The running variance follows the unbiased
        variance, with N − 1 in its denominator, while the batch itself is normalised by the variance with N, as in
        PyTorch.

    Examples
    --------
    >>> layer = BatchNorm(2, dtype="float64")
    >>> layer
    BatchNorm(2, momentum=0.1, epsilon=1e-05)
    >>> layer.in_training = True
    >>> layer.forward(np.array([[1.0, 5.0], [3.0, 9.0]])).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.running_mean.value
    array([0.2, 0.7])
    """

    x: Array
    by_batch: bool
    remembers: tuple[str, ...] = ("x", "by_batch")
    follows = True
    least_examples = 2  # one has no variance

    def __init__(self, n_units: int, *, momentum: float = 0.1, epsilon: float = 1e-5, dtype: str = "float32") -> None:
        width, dtype = require_count("n_units", n_units), require_dtype(dtype)
        self.momentum: float = require_number("momentum", momentum, above=0, most=1)
        self.epsilon: float = require_number("epsilon", epsilon, above=0)
        self.gamma: Parameter = Parameter("gamma", np.ones(width, dtype))
        self.beta: Parameter = Parameter("beta", np.zeros(width, dtype))
        self.running_mean: Buffer = Buffer.filled("running_mean", width, 0, dtype)
        self.running_variance: Buffer = Buffer.filled("running_variance", width, 1, dtype)

    @property
    def parameters(self) -> list[Parameter]:
        """Gamma and beta."""
        return [self.gamma, self.beta]

    @property
    def buffers(self) -> list[Buffer]:
        """The running mean and variance."""
        return [self.running_mean, self.running_variance]

    def apply(self, x: Array) -> Array:
        """Return y (N, H) for x (N, H), computed with the running statistics."""
        require_width(x, self.gamma.size)
        mean, variance = self.running_mean.value, self.running_variance.value
        return functions.running_norm(x, self.gamma.value, self.beta.value, mean, variance, self.epsilon)

    def forward(self, x: Array) -> Array:
        """Return y (N, H) for x (N, H), and remember x; in training, use the batch's statistics.

        Raises
        ------
        ValueError
            If there is only one example in training.
        """
        self.x, self.by_batch = x, self.in_training
        if not self.in_training:
            return self.apply(x)
        require_width(x, self.gamma.size)
        self._follow(x)
        return functions.batch_norm(x, self.gamma.value, self.beta.value, self.epsilon)

    def _follow(self, x: Array) -> None:
        """Move the running statistics towards those of the batch."""
        n = rows_in_batch(x)
        if n < self.least_examples:
            message = gettext(
                "expected at least two examples for batch normalisation in training, since one has no variance, got {n}"
            )
            raise ValueError(message.format(n=n))
        mean, variance = functions.batch_statistics(x)
        unbiased = n / (n - 1) * variance
        for running, new in ((self.running_mean, mean), (self.running_variance, unbiased)):
            running.value = functions.moving_average(running.value, new, self.momentum)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, H) for grad_y (N, H), and write gamma.grad and beta.grad."""
        require_same_shape(grad_y, "grad_y", self.x, "x")
        if self.by_batch:
            gradients = evenly(functions.batch_norm_backward, grad_y, self.x, self.gamma.value, self.epsilon)
        else:
            mean, variance = self.running_mean.value, self.running_variance.value
            gradients = functions.running_norm_backward(
                grad_y, self.x, self.gamma.value, mean, variance, self.epsilon
            )  # fmt: skip
        grad_x, self.gamma.grad, self.beta.grad = gradients
        return grad_x

    def __repr__(self) -> str:
        return f"BatchNorm({self.gamma.size}, momentum={self.momentum}, epsilon={self.epsilon})"
