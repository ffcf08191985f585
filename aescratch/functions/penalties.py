"""Penalties: what is asked of the code, and of the weights, beside a good reconstruction."""

from __future__ import annotations

from typing import Any

from aescratch.backend import Array, array_module, batch_mean, batch_size, fused
from aescratch.functions.normalization import moving_average


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


def moving_activity(h: Array, running: Array, momentum: float) -> Array:
    """Mean activity of every unit that runs over batches, after one more.

    rho_hat = (1 − momentum) running + momentum · 1/N Σ_n h_n, with h (N, H), rho_hat and running (H,).
    """
    return moving_average(running, batch_mean(h), momentum)


def moving_kl_sparsity(h: Array, rho: float, running: Array, momentum: float) -> Any:
    """Divergence of the units' running mean activity from rho: `kl_sparsity` of a mean that remembers earlier batches.

    Σ_j KL(rho ‖ rho_hat_j) with rho_hat_j = (1 − momentum) running_j + momentum · 1/N Σ_n h_nj; running (H,) is given.
    """
    xp = array_module(h)
    rho_hat = moving_activity(h, running, momentum)
    return kl_sparsity(xp.expand_dims(rho_hat, 0), rho)  # as of a batch of one, which is its own mean


def moving_kl_sparsity_backward(h: Array, rho: float, running: Array, momentum: float) -> Array:
    """Gradient of `moving_kl_sparsity`, through this batch's share of the mean.

    ∂/∂h_nj = momentum / N (−ρ/ρ̂_j + (1 − ρ)/(1 − ρ̂_j)).
    """
    xp = array_module(h)
    rho_hat = moving_activity(h, running, momentum)
    grad_rho_hat = kl_sparsity_backward(xp.expand_dims(rho_hat, 0), rho)
    return xp.zeros_like(h) + momentum * grad_rho_hat / batch_size(h)


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
