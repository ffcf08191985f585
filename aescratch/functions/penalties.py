"""Penalties on the code and on the weights, beside the reconstruction."""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size, fused
from aescratch.functions.formula import Formula, Record, Setting, Term, lifted
from aescratch.functions.normalization import moving_average
from aescratch.functions.one_by_one import bernoulli_divergence, gaussian_mean


def kl_sparsity(h: Array, rho: float) -> Number:
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
    """Mean activity of every unit as a running mean over batches, after a new batch.

    rho_hat = (1 − momentum) running + momentum · 1/N Σ_n h_n, with h (N, H), rho_hat and running (H,).
    """
    return moving_average(running, batch_mean(h), momentum)


def moving_kl_sparsity(h: Array, running: Array, rho: float, momentum: float) -> Number:
    """Divergence of the units' running mean activity from rho: `kl_sparsity` of a mean that remembers earlier batches.

    Σ_j KL(rho ‖ rho_hat_j) with rho_hat_j = (1 − momentum) running_j + momentum · 1/N Σ_n h_nj; running (H,) is given.
    """
    xp = array_module(h)
    rho_hat = moving_activity(h, running, momentum)
    return kl_sparsity(xp.expand_dims(rho_hat, 0), rho)  # like a batch of one example, which is its own mean


def moving_kl_sparsity_backward(h: Array, running: Array, rho: float, momentum: float) -> Array:
    """Gradient of `moving_kl_sparsity`, through this batch's share of the mean.

    ∂/∂h_nj = momentum / N (−ρ/ρ̂_j + (1 − ρ)/(1 − ρ̂_j)).
    """
    xp = array_module(h)
    rho_hat = moving_activity(h, running, momentum)
    grad_rho_hat = kl_sparsity_backward(xp.expand_dims(rho_hat, 0), rho)
    return xp.zeros_like(h) + momentum * grad_rho_hat / batch_size(h)


@fused
def l1_sparsity(h: Array) -> Number:
    """Sum of absolute values, mean over the batch: 1/N Σ_n Σ_j |h_nj|."""
    return batch_mean(array_module(h).abs(h).sum(axis=1))


@fused
def l1_sparsity_backward(h: Array) -> Array:
    """Gradient of `l1_sparsity`: sign(h) / N; the subgradient at 0 is 0."""
    return array_module(h).sign(h) / batch_size(h)


def contraction(slope: Array, W: Array) -> Number:
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
def gaussian_kl(mu: Array, log_var: Array) -> Number:
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


def weight_decay(W: Array) -> Number:
    """Half the squared norm of the weights: ½ Σ W²."""
    return 0.5 * (W * W).sum()


def weight_decay_backward(W: Array) -> Array:
    """Gradient of `weight_decay`: W itself."""
    return array_module(W).copy(W)


# Everything else about these formulas


def _divergence_from_prior(mu: float, log_var: float) -> float:
    """Return the expectation of log N(z; mu, σ²) − log N(z; 0, 1) under the former."""
    sigma = math.sqrt(math.exp(log_var))
    return gaussian_mean(lambda z: (z * z - ((z - mu) / sigma) ** 2) / 2 - math.log(sigma), mu, sigma)


def _draw_moving_activity(rng: Any, N: int, D: int, H: int) -> dict[str, Any]:
    return {"h": rng.uniform(0.05, 0.95, (N, H)), "running": rng.uniform(0.05, 0.95, H), "momentum": 0.3}


def _with_rho(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"h": inputs["h"], "running": inputs["running"], "rho": 0.2, "momentum": inputs["momentum"]}


def _moved_activity(h: Array, running: Array, momentum: float) -> list[float]:
    """Return each unit's running mean, moved by a share of its distance from the batch's mean."""
    return [r + momentum * math.fsum(unit - r) / len(unit) for r, unit in zip(running, h.T, strict=True)]


KL = "kl = sum(j, rho * log(rho / rho_hat[j]) + (1 - rho) * log((1 - rho) / (1 - rho_hat[j])))"
RHO_HAT = "rho_hat[j] = mean(n, h[n,j])"
MOVING = "rho_hat[j] = (1 - momentum) * running[j] + momentum * mean(n, h[n,j])"
COLUMN = "column[j] = sum(i, W[i,j]**2)"

RECORDS: tuple[Record, ...] = (
    Term(
        kl_sparsity, kl_sparsity_backward,
        layer="KLSparsity", use="sparsity", words=("kl",),
        settings={"rho": Setting("The wanted mean activity, between 0 and 1.", limits={"above": 0, "below": 1})},
        lines=(RHO_HAT, KL),
        backward_lines=(RHO_HAT, "grad_h[n,j] = (-rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j])) / N"),
        claim="Σ KL(rho ‖ rho_hat), rho_hat the batch mean of a unit",
        inputs=lambda rng, N, D, H: {"h": rng.uniform(0.05, 0.95, (N, H)), "rho": 0.2},
        second_opinion=lambda h, rho: [[bernoulli_divergence(rho, math.fsum(unit) / len(unit)) for unit in h.T]],
        question="What should the penalty be where every unit's mean activity is rho, but no single activity is?",
    ),
    Formula(
        moving_activity,
        lines=(MOVING,),
        claim="running + momentum (batch mean of h − running)",
        inputs=_draw_moving_activity,
        second_opinion=_moved_activity,
        question="To which value does it converge if every batch has the same mean activity?",
    ),
    Term(
        moving_kl_sparsity, moving_kl_sparsity_backward,
        lines=(MOVING, KL),
        backward_lines=(MOVING, "grad_h[n,j] = momentum * (-rho / rho_hat[j] + (1 - rho) / (1 - rho_hat[j])) / N"),
        claim="Σ KL(rho ‖ rho_hat), rho_hat a unit's running mean",
        inputs=lambda rng, N, D, H: _with_rho(_draw_moving_activity(rng, N, D, H)),
        second_opinion=lambda h, running, rho, momentum: [
            [bernoulli_divergence(rho, activity) for activity in _moved_activity(h, running, momentum)]
        ],
        question="What is the penalty of a batch of silent units, if all batches before were at rho?",
    ),
    Term(
        l1_sparsity, l1_sparsity_backward,
        layer="L1Sparsity", use="sparsity", words=("l1",),
        lines=("l1 = mean(n, sum(j, abs(h[n,j])))",),
        backward_lines=("grad_h[n,j] = sign(h[n,j]) / N",),
        claim="Σ |h|, mean over the batch",
        inputs=lambda rng, N, D, H: {"h": rng.normal(size=(N, H))},
        second_opinion=lifted(abs),
        question="What does a unit cost that is −2? And what do two such units cost?",
        kinks=lambda h: array_module(h).sign(h),
    ),
    Term(
        contraction, contraction_backward,
        layer="Contraction",
        lines=(COLUMN, "norm = mean(n, sum(j, slope[n,j]**2 * column[j]))"),
        backward_lines=(
            COLUMN,
            "grad_slope[n,j] = 2 * slope[n,j] * column[j] / N",
            "grad_W[i,j] = 2 * W[i,j] * mean(n, slope[n,j]**2)",
        ),
        claim="Σ (slope · W)², mean over the batch",
        inputs=lambda rng, N, D, H: {"slope": rng.normal(size=(N, H)), "W": rng.normal(size=(D, H))},
        second_opinion=lambda slope, W: [  # the Jacobian written out
            [math.fsum((s * w) ** 2 for w in unit) for s, unit in zip(row, W.T, strict=True)] for row in slope
        ],
        question="For a linear encoder the penalty doesn't depend on x. What is it then, in terms of W?",
    ),
    Term(
        gaussian_kl, gaussian_kl_backward,
        layer="GaussianKL",
        lines=("kl = mean(n, -0.5 * sum(j, 1 + log_var[n,j] - mu[n,j]**2 - exp(log_var[n,j])))",),
        backward_lines=("grad_mu[n,j] = mu[n,j] / N", "grad_log_var[n,j] = 0.5 * (exp(log_var[n,j]) - 1) / N"),
        claim="KL(N(mu, σ²) ‖ N(0, 1))",
        inputs=lambda rng, N, D, H: {"mu": rng.normal(size=(N, H)), "log_var": 1.5 * rng.normal(size=(N, H))},
        second_opinion=lifted(_divergence_from_prior),
        question="Where must a divergence from N(0, 1) be 0, and can it be less anywhere? "
        "Which number stands for σ² here?",
    ),
    Formula(
        weight_decay, weight_decay_backward,
        lines=("half_square = 0.5 * sum(i, sum(j, W[i,j]**2))",),
        backward_lines=("grad_W[i,j] = W[i,j]",),
        claim="½ Σ W²",
        inputs=lambda rng, N, D, H: {"W": rng.normal(size=(D, H))},
        second_opinion=lambda W: math.fsum(w * w for w in W.ravel()) / 2,
        question="Which parameters multiply an input, and which only shift it? How often does each appear?",
    ),
)  # fmt: skip
