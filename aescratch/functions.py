"""The formula sheet: every formula of the package once, and directly under it its derivative.

A function ``f(x, W, ...)`` computes forward. Its ``f_backward`` takes the upstream gradient first, where there is
one, then what it needs of f's arguments or output under the same names, and returns one gradient per differentiable
argument: ``grad_q`` is ∂loss/∂q and has q's shape. Rows are examples: x is (N, D), a = x W + b.

Nothing here remembers anything, checks anything or writes into its arguments; NaN goes in and comes out. Losses and
penalties are sums over features or units and means over the batch: 1/N appears in them and nowhere else.
"""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import (
    Array,
    array_module,
    batch_mean,
    batch_size,
    elementwise,
    fused,
    normal_cdf,
    normal_density,
)

SQRT_TWO_OVER_PI = math.sqrt(2 / math.pi)


# The dense layer


def dense(x: Array, W: Array, b: Array) -> Array:
    """Affine map of every row.

    y = x W + b, with x (N, n_in), W (n_in, n_out), b (n_out,), y (N, n_out).
    """
    y = x @ W
    y += b
    return y


def dense_backward(grad_y: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    """Gradients of `dense`.

    ∂y_nj/∂x_ni = W_ij, ∂y_nj/∂W_ij = x_ni, ∂y_nj/∂b_j = 1: every gradient sums over the index it lacks.
    """
    grad_x = grad_y @ W.T
    grad_W = x.T @ grad_y
    grad_b = grad_y.sum(axis=0)
    return grad_x, grad_W, grad_b


def unit_rows(V: Array) -> Array:
    """Rows scaled to length one: W_i = V_i / ‖V_i‖, with V and W (n_in, n_out)."""
    return V / _row_norms(V)


def unit_rows_backward(grad_W: Array, V: Array) -> Array:
    """Gradient of `unit_rows`.

    ∂W_ij/∂V_ik = (δ_jk − W_ij W_ik) / ‖V_i‖: the part of grad_W_i along the row is projected away.
    """
    norms = _row_norms(V)
    W = V / norms
    along = (grad_W * W).sum(axis=1, keepdims=True)
    return (grad_W - along * W) / norms


def _row_norms(V: Array) -> Any:
    return array_module(V).sqrt((V * V).sum(axis=1, keepdims=True))


# Activations: y = φ(a), element by element. Each has its slope φ'(a) as a function of its own, since the
# contractive penalty is made of slopes; the slope's derivative is φ''(a).


def identity(a: Array) -> Array:
    """Return a itself: y = a."""
    return a


def identity_backward(grad_y: Array) -> Array:
    """Gradient of `identity`: φ' = 1."""
    return array_module(grad_y).copy(grad_y)


def identity_slope(a: Array) -> Array:
    """Slope of `identity`: 1 everywhere."""
    return array_module(a).ones_like(a)


def identity_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `identity_slope`: φ'' = 0."""
    return array_module(grad_slope).zeros_like(grad_slope)


@fused
def relu(a: Array) -> Array:
    """Rectifier: y = max(a, 0)."""
    return array_module(a).maximum(a, 0)


@fused
def relu_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `relu`: φ' = 1 where a > 0, else 0; φ'(0) = 0 by convention."""
    return grad_y * (a > 0)


@fused
def relu_slope(a: Array) -> Array:
    """Slope of `relu`: 1 where a > 0, else 0."""
    return (a > 0).astype(a.dtype)


def relu_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `relu_slope`: φ'' = 0 wherever it exists."""
    return array_module(grad_slope).zeros_like(grad_slope)


@elementwise
def leaky_relu(a: Array, alpha: float) -> Array:
    """Leaky rectifier: y = a where a > 0, else alpha a."""
    return a * leaky_relu_slope(a, alpha)


@elementwise
def leaky_relu_backward(grad_y: Array, a: Array, alpha: float) -> Array:
    """Gradient of `leaky_relu`: φ' = 1 where a > 0, else alpha."""
    return grad_y * leaky_relu_slope(a, alpha)


@fused
def leaky_relu_slope(a: Array, alpha: float) -> Array:
    """Slope of `leaky_relu`: 1 where a > 0, else alpha."""
    positive = (a > 0).astype(a.dtype)
    return positive + alpha * (1 - positive)


def leaky_relu_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `leaky_relu_slope`: φ'' = 0 wherever it exists."""
    return array_module(grad_slope).zeros_like(grad_slope)


@elementwise
def sigmoid(a: Array) -> Array:
    """Logistic function: y = 1 / (1 + exp(−a)), written as exp(min(a, 0)) / (1 + exp(−|a|)).

    The two are equal, and the second can't overflow.
    """
    xp = array_module(a)
    return xp.exp(xp.minimum(a, 0)) / (1 + xp.exp(-xp.abs(a)))


@elementwise
def sigmoid_backward(grad_y: Array, y: Array) -> Array:
    """Gradient of `sigmoid`, through its output: φ' = y (1 − y)."""
    return grad_y * y * (1 - y)


@elementwise
def sigmoid_slope(a: Array) -> Array:
    """Slope of `sigmoid`: φ' = y (1 − y) with y = sigmoid(a)."""
    y = sigmoid(a)
    return y * (1 - y)


@elementwise
def sigmoid_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `sigmoid_slope`: φ'' = y (1 − y) (1 − 2y) with y = sigmoid(a)."""
    y = sigmoid(a)
    return grad_slope * y * (1 - y) * (1 - 2 * y)


@fused
def tanh(a: Array) -> Array:
    """Hyperbolic tangent: y = tanh(a)."""
    return array_module(a).tanh(a)


@elementwise
def tanh_backward(grad_y: Array, y: Array) -> Array:
    """Gradient of `tanh`, through its output: φ' = 1 − y²."""
    return grad_y * (1 - y * y)


@elementwise
def tanh_slope(a: Array) -> Array:
    """Slope of `tanh`: φ' = 1 − y² with y = tanh(a)."""
    y = array_module(a).tanh(a)
    return 1 - y * y


@elementwise
def tanh_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `tanh_slope`: φ'' = −2 y (1 − y²) with y = tanh(a)."""
    y = array_module(a).tanh(a)
    return grad_slope * -2 * y * (1 - y * y)


@elementwise
def gelu(a: Array) -> Array:
    """Gaussian error linear unit, exact.

    y = a Φ(a) with Φ(a) = ½ (1 + erf(a/√2)), the normal distribution function (Hendrycks & Gimpel 2016, section 2).
    """
    return a * normal_cdf(a)


@elementwise
def gelu_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `gelu`: φ' = Φ(a) + a p(a), with p the normal density."""
    return grad_y * gelu_slope(a)


@elementwise
def gelu_and_slope(a: Array) -> tuple[Array, Array]:
    """`gelu` and `gelu_slope` together, which share Φ(a): y = a Φ and φ' = Φ + a p."""
    Phi, p = normal_cdf(a), normal_density(a)
    return a * Phi, Phi + a * p


@elementwise
def gelu_slope(a: Array) -> Array:
    """Slope of `gelu`: φ' = Φ(a) + a p(a), with p(a) = exp(−a²/2) / √(2π)."""
    return normal_cdf(a) + a * normal_density(a)


@elementwise
def gelu_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `gelu_slope`: φ'' = p(a) (2 − a²), since p' = −a p."""
    return grad_slope * normal_density(a) * (2 - a * a)


@elementwise
def gelu_tanh(a: Array) -> Array:
    """Gaussian error linear unit, the tanh form.

    y = ½ a (1 + tanh u) with u = √(2/π) (a + 0.044715 a³) (Hendrycks & Gimpel 2016). It differs from `gelu` by up
    to 4.7e-4 and is a function of its own, with a derivative of its own.
    """
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    return 0.5 * a * (1 + t)


@elementwise
def gelu_tanh_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `gelu_tanh`: φ' = ½ (1 + t) + ½ a (1 − t²) u', with t = tanh u."""
    return grad_y * gelu_tanh_slope(a)


@elementwise
def gelu_tanh_slope(a: Array) -> Array:
    """Slope of `gelu_tanh`: φ' = ½ (1 + t) + ½ a (1 − t²) u', with u' = √(2/π) (1 + 3 · 0.044715 a²)."""
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    slope_u = SQRT_TWO_OVER_PI * (1 + 3 * 0.044715 * a * a)
    return 0.5 * (1 + t) + 0.5 * a * (1 - t * t) * slope_u


@elementwise
def gelu_tanh_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `gelu_tanh_slope`: φ'' = (1 − t²) (u' + ½ a (u'' − 2 t u'²)), with u'' = √(2/π) 6 · 0.044715 a."""
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    slope_u = SQRT_TWO_OVER_PI * (1 + 3 * 0.044715 * a * a)
    curvature_u = SQRT_TWO_OVER_PI * 6 * 0.044715 * a
    return grad_slope * (1 - t * t) * (slope_u + 0.5 * a * (curvature_u - 2 * t * slope_u * slope_u))


def top_k(a: Array, k: int) -> Array:
    """Keep the k largest entries of every row, by value, ties to the first; the others become 0.

    With a and y (N, n): y = mask ⊙ a (Makhzani & Frey 2013, "k-Sparse Autoencoders").
    """
    return array_module(a).where(top_k_mask(a, k), a, 0)


def top_k_backward(grad_y: Array, a: Array, k: int) -> Array:
    """Gradient of `top_k`: the mask, which is constant wherever no two entries tie at the threshold."""
    return array_module(a).where(top_k_mask(a, k), grad_y, 0)


def top_k_mask(a: Array, k: int) -> Array:
    """Where `top_k` keeps: True at the k largest entries of each row (N, n)."""
    xp = array_module(a)
    threshold = xp.partition(a, -k, axis=1)[:, -k, None]
    above = ~(a <= threshold)  # so written that NaN counts as above, and is passed on
    tied = a == threshold
    places_left = k - above.sum(axis=1, keepdims=True)
    return above | (tied & (tied.cumsum(axis=1) <= places_left))


# What happens to the input and at the code: corruption and sampling


@fused
def corrupt(x: Array, keep: Array, noise: Array) -> Array:
    """Damaged input: x_tilde = keep ⊙ x + noise, all (N, D) (Vincent et al. 2010, section 3.3).

    Gaussian noise keeps everything; masking keeps some and adds nothing; salt-and-pepper puts noise in place of
    what it doesn't keep.
    """
    return keep * x + noise


@fused
def corrupt_backward(grad_x_tilde: Array, keep: Array) -> Array:
    """Gradient of `corrupt`: only what was kept passes."""
    return keep * grad_x_tilde


@fused
def reparameterize(mu: Array, log_var: Array, eps: Array) -> Array:
    """Sample of N(mu, σ²) as a function of its parameters.

    z = mu + σ eps with σ = exp(½ log_var), all (N, H) (Kingma & Welling 2013, section 2.4).
    """
    return mu + array_module(log_var).exp(0.5 * log_var) * eps


@fused
def reparameterize_backward(grad_z: Array, log_var: Array, eps: Array) -> tuple[Array, Array]:
    """Gradients of `reparameterize`: ∂z/∂mu = 1, ∂z/∂log_var = ½ σ eps."""
    grad_mu = grad_z.copy()
    grad_log_var = grad_z * 0.5 * array_module(log_var).exp(0.5 * log_var) * eps
    return grad_mu, grad_log_var


# Losses: a sum over features, a mean over the batch


@fused
def squared_error(x_hat: Array, x: Array) -> Any:
    """Half the squared error: 1/N Σ_n ½ Σ_d (x_hat_nd − x_nd)².

    The negative log-likelihood of a Gaussian of variance one around x_hat, up to a constant.
    """
    difference = x_hat - x
    return batch_mean(0.5 * (difference * difference).sum(axis=1))


@fused
def squared_error_backward(x_hat: Array, x: Array) -> Array:
    """Gradient of `squared_error`: the ½ cancels the exponent, (x_hat − x) / N."""
    return (x_hat - x) / batch_size(x)


@fused
def binary_cross_entropy(logits: Array, x: Array) -> Any:
    """Cross-entropy of Bernoulli pixels, from logits: −1/N Σ_n Σ_d [x log p + (1 − x) log(1 − p)], p = sigmoid(logits).

    Computed as max(l, 0) − l x + log(1 + exp(−|l|)), which neither overflows nor takes the logarithm of 0.
    """
    return batch_mean(_pixel_cross_entropy(logits, x).sum(axis=1))


@elementwise
def _pixel_cross_entropy(logits: Array, x: Array) -> Array:
    xp = array_module(logits)
    return xp.maximum(logits, 0) - logits * x + xp.log1p(xp.exp(-xp.abs(logits)))


@fused
def binary_cross_entropy_backward(logits: Array, x: Array) -> Array:
    """Gradient of `binary_cross_entropy`: sigmoid's slope p (1 − p) cancels the denominators, (p − x) / N."""
    return (sigmoid(logits) - x) / batch_size(x)


def softmax_cross_entropy(logits: Array, labels: Array) -> Any:
    """Cross-entropy of classes: −1/N Σ_n log p_n,label(n), p = softmax(logits), with labels (N,) integers."""
    xp = array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_partition = xp.log(xp.exp(shifted).sum(axis=1))
    return batch_mean(log_partition - shifted[xp.arange(batch_size(logits)), labels])


def softmax_cross_entropy_backward(logits: Array, labels: Array) -> Array:
    """Gradient of `softmax_cross_entropy`: (p − one-hot(labels)) / N."""
    grad_logits = softmax(logits)
    grad_logits[array_module(logits).arange(batch_size(logits)), labels] -= 1
    return grad_logits / batch_size(logits)


def softmax(logits: Array) -> Array:
    """Probabilities of classes: p_nc = exp(logits_nc) / Σ_k exp(logits_nk), (N, C); each row sums to 1."""
    e = array_module(logits).exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# Penalties: on the code, and on the weights


def kl_sparsity(h: Array, rho: float) -> Any:
    """Divergence of the units' mean activity from rho: Σ_j KL(rho ‖ rho_hat_j), rho_hat_j = 1/N Σ_n h_nj in (0, 1).

    KL(ρ ‖ ρ̂) = ρ log(ρ/ρ̂) + (1 − ρ) log((1 − ρ)/(1 − ρ̂)) (Ng 2011, "Sparse autoencoder", section 3).
    """
    log = array_module(h).log
    rho_hat = batch_mean(h)
    return (rho * log(rho / rho_hat) + (1 - rho) * log((1 - rho) / (1 - rho_hat))).sum()


def kl_sparsity_backward(h: Array, rho: float) -> Array:
    """Gradient of `kl_sparsity`, through the batch mean: ∂/∂h_nj = 1/N (−ρ/ρ̂_j + (1 − ρ)/(1 − ρ̂_j))."""
    rho_hat = batch_mean(h)
    grad_rho_hat = -rho / rho_hat + (1 - rho) / (1 - rho_hat)
    return array_module(h).zeros_like(h) + grad_rho_hat / batch_size(h)


@fused
def l1_sparsity(h: Array) -> Any:
    """Sum of absolute values, mean over the batch: 1/N Σ_n Σ_j |h_nj|."""
    return batch_mean(array_module(h).abs(h).sum(axis=1))


@fused
def l1_sparsity_backward(h: Array) -> Array:
    """Gradient of `l1_sparsity`: sign(h) / N; the subgradient at 0 is 0."""
    return array_module(h).sign(h) / batch_size(h)


def contraction(slope: Array, W: Array) -> Any:
    """Squared Frobenius norm of the encoder's Jacobian, mean over the batch.

    For h = φ(x W + b) the Jacobian is ∂h_j/∂x_i = φ'(a_j) W_ij, so its squared norm is Σ_j φ'(a_j)² Σ_i W_ij²
    (Rifai et al. 2011, eq. 5 and 7). slope = φ'(a) is (N, H), W is (D, H).
    """
    return batch_mean((slope * slope) @ (W * W).sum(axis=0))


def contraction_backward(slope: Array, W: Array) -> tuple[Array, Array]:
    """Gradients of `contraction`: 2/N slope_nj Σ_i W_ij², and 2 W_ij times the batch mean of slope_nj²."""
    grad_slope = 2 * slope * (W * W).sum(axis=0) / batch_size(slope)
    grad_W = 2 * W * batch_mean(slope * slope)
    return grad_slope, grad_W


@fused
def gaussian_kl(mu: Array, log_var: Array) -> Any:
    """Divergence of N(mu, σ²) from N(0, 1): −½ Σ_j (1 + log σ² − mu² − σ²), mean over the batch.

    mu and log_var = log σ² are (N, H) (Kingma & Welling 2013, appendix B).
    """
    return batch_mean(-0.5 * (1 + log_var - mu * mu - array_module(log_var).exp(log_var)).sum(axis=1))


@fused
def gaussian_kl_backward(mu: Array, log_var: Array) -> tuple[Array, Array]:
    """Gradients of `gaussian_kl`: mu / N and ½ (σ² − 1) / N."""
    grad_mu = mu / batch_size(mu)
    grad_log_var = 0.5 * (array_module(log_var).exp(log_var) - 1) / batch_size(mu)
    return grad_mu, grad_log_var


def weight_decay(W: Array) -> Any:
    """Half the squared norm of the weights: ½ Σ W²."""
    return 0.5 * (W * W).sum()


def weight_decay_backward(W: Array) -> Array:
    """Gradient of `weight_decay`: W itself."""
    return array_module(W).copy(W)
