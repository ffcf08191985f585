"""The parts of a bound on the log-likelihood: several samples of a code, the data's likelihood, the bound itself.

    mu, log_var -> K samples z (N, K, H) -> decoder -> log p(x|z) (N, K) -> weights w = p(x|z) p(z) / q(z|x)
    loss = −log of the mean weight

The doubly reparameterised estimator has two parts here whose backward isn't the derivative of their forward, and is
declared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number, array_module
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_count, require_number, require_same_shape
from aescratch.layers import Sampling
from aescratch.losses import BinaryCrossEntropy, Loss, SquaredError


class FittedGaussian(Loss):
    """Negative log-density of x under N(x_hat, v), with the optimal variance v: the mean squared error.

    In training v is that of the batch, and a running mean follows it; in use v is the running mean. All constants are
    included, so a loss below 0 is possible.

    Attributes
    ----------
    running_variance : Buffer
        The running mean of v, (1,), which starts at 1.

    Examples
    --------
    >>> loss = FittedGaussian()
    >>> round(float(loss.forward(np.zeros((1, 2)), np.zeros((1, 2)))), 6)  # log 2π
    1.837877
    """

    x_hat: Array
    x: Array
    by_batch: bool
    remembers: tuple[str, ...] = ("x_hat", "x", "by_batch")
    momentum: float = 0.1
    infinite_where = gettext_noop(
        "the fitted variance is 0 if a whole batch is restored exactly; then leave variance out"
    )

    def __init__(self, dtype: str = "float64") -> None:
        self.dtype = dtype
        self.running_variance: Buffer = Buffer.filled("running_variance", 1, 1.0, dtype)

    @property
    def buffers(self) -> list[Buffer]:
        """The running mean of the variance."""
        return [self.running_variance]

    @property
    def variance(self) -> float:
        """The variance in use mode."""
        return float(self.running_variance.value[0])

    def forward(self, x_hat: Array, x: Array) -> Number:
        """Return the loss of x_hat (N, D) against x (N, D)."""
        require_same_shape(x_hat, "x_hat", x, "x")
        self.x_hat, self.x, self.by_batch = x_hat, x, self.in_training
        if not self.by_batch:
            return functions.gaussian_cost(x_hat, x, self.running_variance.value[0])
        mean = functions.fitted_variance(x_hat, x)
        self.running_variance.value = functions.moving_average(self.running_variance.value, mean, self.momentum)
        return functions.fitted_gaussian_cost(x_hat, x)

    def backward(self) -> Array:
        """Return grad_x_hat (N, D)."""
        if self.by_batch:
            return functions.fitted_gaussian_cost_backward(self.x_hat, self.x)
        return functions.gaussian_cost_backward(self.x_hat, self.x, self.running_variance.value[0])


class SeveralSamples(Sampling):
    """Draw K codes of each example from its distribution: z = mu + exp(½ log_var) eps, with eps standard normal.

    Parameters
    ----------
    n_samples : int
        K, at least 1.
    """

    log_var: Array
    eps: Array

    def __init__(self, n_samples: int) -> None:
        self.n_samples: int = require_count("n_samples", n_samples)

    def forward(self, mu: Array, log_var: Array, rng: np.random.Generator) -> Array:
        """Return z (N, K, H) for mu and log_var (N, H); rng draws eps on the CPU in float64."""
        require_same_shape(mu, "mu", log_var, "log_var")
        shape = (mu.shape[0], self.n_samples, mu.shape[1])
        self.log_var, self.eps = log_var, array_module(mu).asarray(rng.standard_normal(shape).astype(mu.dtype))
        return functions.several_samples(mu, log_var, self.eps)

    def backward(self, grad_z: Array) -> tuple[Array, Array]:
        """Return grad_mu and grad_log_var (N, H) for grad_z (N, K, H)."""
        _require_shape(grad_z, "grad_z", self.eps.shape)
        return functions.several_samples_backward(grad_z, self.log_var, self.eps)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_samples})"


def _weighed_entries(part: DoublyReparameterizedSamples, grad_z: Array) -> dict[str, Array]:
    """Compute the rule of `DoublyReparameterizedSamples` by an explicit sum over the samples."""
    xp = array_module(grad_z)
    grad_mu = xp.einsum("nk,nkj->nj", part.weights, grad_z)
    grad_log_var = xp.einsum("nk,nkj,nkj,nj->nj", part.weights, grad_z, part.eps, xp.exp(part.log_var / 2) / 2)
    return {"mu": grad_mu, "log_var": grad_log_var}


class DoublyReparameterizedSamples(SeveralSamples):
    """Samples whose gradients are weighted once more by each sample's share in the bound: doubly reparameterised."""

    remembers: tuple[str, ...] = ("log_var", "eps", "weights")

    def forward(self, mu: Array, log_var: Array, rng: np.random.Generator) -> Array:
        """Return z (N, K, H), as `SeveralSamples`; drop the shares of an earlier batch."""
        self.forget()
        return super().forward(mu, log_var, rng)

    def weigh(self, weights: Array) -> None:
        """Set each sample's share (N, K) in the bound, which is known after the bound."""
        self.weights = weights

    @surrogate_gradient(
        "doubly reparameterised", "grad_mu = Σ_k share_k grad_z_k, grad_log_var = Σ_k share_k grad_z_k ½ σ eps_k",
        "Tucker et al. 2018, equation 8", _weighed_entries,
    )  # fmt: skip
    def backward(self, grad_z: Array) -> tuple[Array, Array]:
        """Return grad_mu and grad_log_var (N, H) for grad_z (N, K, H), which is weighed by the shares."""
        _require_shape(grad_z, "grad_z", self.eps.shape)
        weighed = functions.weighed_samples(grad_z, self.weights)
        return functions.several_samples_backward(weighed, self.log_var, self.eps)


class GaussianLikelihood(Part, Recipe):
    """Log-density of x under N(x_hat, variance), for every sample.

    Parameters
    ----------
    variance : float
        The decoder's variance, above 0.
    """

    x_hat: Array
    x: Array
    remembers: tuple[str, ...] = ("x_hat", "x", "K")

    def __init__(self, variance: float) -> None:
        self.variance: float = require_number("variance", variance, above=0)

    def apply(self, x_hat: Array, x: Array) -> Array:
        """Return log p(x|z) (N, K) for x_hat (N·K, D), example by example, and x (N, D), without remembering."""
        return functions.gaussian_log_likelihood(x_hat, x, self.variance, _samples_in(x_hat, x))

    def forward(self, x_hat: Array, x: Array) -> Array:
        """Return log p(x|z) (N, K) for x_hat (N·K, D), example by example, and x (N, D)."""
        self.x_hat, self.x, self.K = x_hat, x, _samples_in(x_hat, x)
        return functions.gaussian_log_likelihood(x_hat, x, self.variance, self.K)

    def backward(self, grad_log_p: Array) -> Array:
        """Return grad_x_hat (N·K, D) for grad_log_p (N, K)."""
        _require_shape(grad_log_p, "grad_log_p", (self.x.shape[0], self.K))
        return functions.gaussian_log_likelihood_backward(grad_log_p, self.x_hat, self.x, self.variance, self.K)


class BernoulliLikelihood(Part, Recipe):
    """Log-probability of x in [0, 1], for every sample, from logits."""

    logits: Array
    x: Array
    remembers: tuple[str, ...] = ("logits", "x", "K")

    def apply(self, logits: Array, x: Array) -> Array:
        """Return log p(x|z) (N, K) for logits (N·K, D), example by example, and x (N, D), without remembering."""
        return functions.bernoulli_log_likelihood(logits, x, _samples_in(logits, x))

    def forward(self, logits: Array, x: Array) -> Array:
        """Return log p(x|z) (N, K) for logits (N·K, D), example by example, and x (N, D)."""
        self.logits, self.x, self.K = logits, x, _samples_in(logits, x)
        return functions.bernoulli_log_likelihood(logits, x, self.K)

    def backward(self, grad_log_p: Array) -> Array:
        """Return grad_logits (N·K, D) for grad_log_p (N, K)."""
        _require_shape(grad_log_p, "grad_log_p", (self.x.shape[0], self.K))
        return functions.bernoulli_log_likelihood_backward(grad_log_p, self.logits, self.x, self.K)


def _require_shape(grad: Array, name: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError for an upstream gradient of another shape, which NumPy might broadcast."""
    if grad.shape != shape:
        message = gettext("expected {name} of shape {wanted}, that of forward's output, got shape {shape}")
        raise ValueError(message.format(name=name, wanted=shape, shape=grad.shape))


def _samples_in(rows: Array, x: Array) -> int:
    """Return the number of rows for each example."""
    require_batch(x, "x")
    require_batch(rows, gettext_noop("the decoder's output"))
    if rows.shape[0] % x.shape[0] or rows.shape[1] != x.shape[1]:
        message = gettext("expected K rows like those of x for each of its {rows} rows, got shape {shape}")
        raise ValueError(message.format(rows=x.shape[0], shape=rows.shape))
    return int(rows.shape[0] // x.shape[0])


class ImportanceBound(Part, Recipe):
    """Negative bound on log p(x): −log of the mean weight p(x|z) p(z) / q(z|x) of K samples, mean over the batch.

    Examples
    --------
    >>> bound, one = ImportanceBound(), np.ones((1, 3))
    >>> bound.forward(np.log([[0.1, 0.3]]), np.zeros((1, 2, 3)), 0 * one, 0 * one).round(6)  # q is the prior: −log 0.2
    np.float64(1.609438)
    """

    log_p: Array
    z: Array
    mu: Array
    log_var: Array
    is_term = True
    remembers: tuple[str, ...] = ("log_p", "z", "mu", "log_var")

    def forward(self, log_p: Array, z: Array, mu: Array, log_var: Array) -> Number:
        """Return the loss for log p(x|z) (N, K), samples z (N, K, H), and mu and log_var (N, H)."""
        require_same_shape(mu, "mu", log_var, "log_var")
        if z.shape != (*log_p.shape, mu.shape[1]) or len(z) != len(mu):
            message = gettext(
                "expected K samples for each of the {rows} rows of mu, z (N, K, {width}) and log_p (N, K), got "
                "{z_shape} and {log_p_shape}"
            )
            raise ValueError(
                message.format(rows=mu.shape[0], width=mu.shape[1], z_shape=z.shape, log_p_shape=log_p.shape)
            )
        self.log_p, self.z, self.mu, self.log_var = log_p, z, mu, log_var
        return functions.importance_bound(log_p, z, mu, log_var)

    @property
    def weights(self) -> Array:
        """The share of each sample in the bound of its example, (N, K), from the last forward pass."""
        return functions.importance_weights(functions.log_weights(self.log_p, self.z, self.mu, self.log_var))

    def backward(self) -> tuple[Array, Array, Array, Array]:
        """Return grad_log_p (N, K), grad_z (N, K, H), grad_mu and grad_log_var (N, H)."""
        return functions.importance_bound_backward(self.log_p, self.z, self.mu, self.log_var)


def _through_samples(part: ImportanceBound, upstream: float) -> dict[str, Array]:
    """Compute the rule of `DoublyReparameterizedBound` from weights that are computed another way."""
    xp, z = array_module(part.z), part.z
    sigma = xp.exp(part.log_var / 2)[:, None]
    log_w = part.log_p + (xp.log(sigma) + ((z - part.mu[:, None]) / sigma) ** 2 / 2 - z**2 / 2).sum(axis=2)
    w = xp.exp(log_w - log_w.max())
    share = w / w.sum(axis=1, keepdims=True) / -len(z) * upstream
    return {"log_p": share, "z": share[:, :, None] * ((z - part.mu[:, None]) / sigma**2 - z)}


class DoublyReparameterizedBound(ImportanceBound):
    """The bound with a gradient that holds q's mu and log_var constant: it reaches them only through the samples."""

    @surrogate_gradient(
        "doubly reparameterised", "grad_mu = grad_log_var = 0, grad_log_p and grad_z as of the bound",
        "Tucker et al. 2018, equation 8", _through_samples,
    )  # fmt: skip
    def backward(self) -> tuple[Array, Array, Array, Array]:
        """Return grad_log_p (N, K), grad_z (N, K, H), and zeros for mu and log_var (N, H)."""
        grad_log_p, grad_z, grad_mu, grad_log_var = super().backward()
        xp = array_module(grad_mu)
        return grad_log_p, grad_z, xp.zeros_like(grad_mu), xp.zeros_like(grad_log_var)


def likelihood_of(reconstruction: Loss, variance: float, who: str) -> Any:
    """Return log p(x|z) as a part, for a loss that is a negative log-likelihood.

    Raises
    ------
    ValueError
        If the loss is another one.
    """
    if isinstance(reconstruction, SquaredError):
        return GaussianLikelihood(variance)
    if isinstance(reconstruction, BinaryCrossEntropy):
        return BernoulliLikelihood()
    message = gettext(
        "expected SquaredError() or BinaryCrossEntropy() for {who}, a Gaussian or a Bernoulli decoder, got "
        "{reconstruction!r}"
    )
    raise ValueError(message.format(who=who, reconstruction=reconstruction))
