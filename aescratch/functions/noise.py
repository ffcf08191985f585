"""Noise on the input, by corruption, and on the code, by sampling. The random draws are arguments.

K samples of each example's code are arrays (N, K, H). A decoder takes rows: sample k of example n is row n K + k.
"""

from __future__ import annotations

import math

from aescratch.backend import Array, array_module, batch_size, fused
from aescratch.functions.formula import Formula, Record, lifted


@fused
def corrupt(x: Array, keep: Array, noise: Array) -> Array:
    """Damaged input: x_tilde = keep ⊙ x + noise, all (N, D) (Vincent et al. 2010, section 3.3).

    Gaussian noise keeps all entries; masking keeps some and adds nothing; salt-and-pepper replaces the entries that it
    doesn't keep by noise.
    """
    return keep * x + noise


@fused
def corrupt_backward(grad_x_tilde: Array, keep: Array) -> Array:
    """Gradient of `corrupt`: it passes only at kept entries."""
    return keep * grad_x_tilde


@fused
def hidden_entries(x: Array, keep: Array) -> Array:
    """Entries that a corruption has hidden, with 0 for those that it kept: y = (1 − keep) ⊙ x, all (N, D).

    A squared error of the result counts only the hidden entries (He et al. 2021, section 3).
    """
    return (1 - keep) * x


@fused
def hidden_entries_backward(grad_y: Array, keep: Array) -> Array:
    """Gradient of `hidden_entries`: it passes only at hidden entries."""
    return (1 - keep) * grad_y


@fused
def dropout(x: Array, mask: Array, p: float) -> Array:
    """Units dropped where the mask is 0, the others scaled up: y = mask ⊙ x / (1 − p), all (N, H).

    With a mask that is 1 with probability 1 − p, y has the mean of x (Srivastava et al. 2014, section 10).
    """
    return mask * x / (1 - p)


@fused
def dropout_backward(grad_y: Array, mask: Array, p: float) -> Array:
    """Gradient of `dropout`: it passes at kept units, with the same scale."""
    return mask * grad_y / (1 - p)


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


def several_samples(mu: Array, log_var: Array, eps: Array) -> Array:
    """K samples of N(mu, σ²) for each example: z_nkj = mu_nj + σ_nj eps_nkj with σ = exp(½ log_var).

    mu and log_var are (N, H), eps and z are (N, K, H).
    """
    xp = array_module(mu)
    return xp.expand_dims(mu, 1) + xp.expand_dims(xp.exp(0.5 * log_var), 1) * eps


def several_samples_backward(grad_z: Array, log_var: Array, eps: Array) -> tuple[Array, Array]:
    """Gradients of `several_samples`: those of the K samples add up, ∂z/∂mu = 1 and ∂z/∂log_var = ½ σ eps."""
    xp = array_module(log_var)
    grad_mu = grad_z.sum(axis=1)
    grad_log_var = 0.5 * xp.exp(0.5 * log_var) * (grad_z * eps).sum(axis=1)
    return grad_mu, grad_log_var


def weighed_samples(z: Array, weights: Array) -> Array:
    """K samples of each example, each times its own number: weights_nk z_nkj, with z (N, K, H), weights (N, K)."""
    return z * array_module(z).expand_dims(weights, 2)


def as_rows(z: Array, K: int) -> Array:
    """K samples of each example as rows: z (N, K, H) becomes (N·K, H), example by example."""
    return array_module(z).copy(z.reshape(batch_size(z) * K, z.shape[2]))


def as_rows_backward(grad_rows: Array, K: int) -> Array:
    """Gradient of `as_rows`: the same numbers as (N, K, H)."""
    return array_module(grad_rows).copy(grad_rows.reshape(batch_size(grad_rows) // K, K, grad_rows.shape[1]))


# Everything else about these formulas

SIGMA = "sigma[n,j] = exp(0.5 * log_var[n,j])"

RECORDS: tuple[Record, ...] = (
    Formula(
        corrupt, corrupt_backward,
        lines=("x_tilde[n,i] = keep[n,i] * x[n,i] + noise[n,i]",),
        backward_lines=("grad_x[n,i] = keep[n,i] * grad_x_tilde[n,i]",),
        claim="keep ⊙ x + noise",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(size=(N, D)), "keep": rng.random((N, D)), "noise": rng.normal(size=(N, D)),
        },
        second_opinion=lifted(lambda x, keep, noise: math.fsum((x, noise, -(1 - keep) * x))),
        question="What is the result for an input that is kept, and for one that isn't?",
    ),
    Formula(
        hidden_entries, hidden_entries_backward,
        lines=("y[n,i] = (1 - keep[n,i]) * x[n,i]",),
        backward_lines=("grad_x[n,i] = (1 - keep[n,i]) * grad_y[n,i]",),
        claim="(1 − keep) ⊙ x",
        inputs=lambda rng, N, D, H: {"x": rng.normal(size=(N, D)), "keep": rng.random((N, D))},
        second_opinion=lifted(lambda x, keep: math.fsum((x, -keep * x))),
        question="What is the result for an entry that was kept, and for one that was hidden?",
        derivation="Entry by entry $y = (1 - k)\\,x$, so $\\partial y / \\partial x = 1 - k$.",
    ),
    Formula(
        dropout, dropout_backward,
        lines=("y[n,j] = mask[n,j] * x[n,j] / (1 - p)",),
        backward_lines=("grad_x[n,j] = mask[n,j] * grad_y[n,j] / (1 - p)",),
        claim="mask ⊙ x / (1 − p)",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(size=(N, H)), "mask": (rng.random((N, H)) > 0.3).astype(float), "p": 0.3,
        },
        second_opinion=lambda x, mask, p: [
            [float(v) / (1 - p) if stays else 0.0 for v, stays in zip(row, kept, strict=True)]
            for row, kept in zip(x, mask, strict=True)
        ],
        question="What is the mean of a unit over many masks, next to the unit itself?",
    ),
    Formula(
        reparameterize, reparameterize_backward,
        lines=(SIGMA, "z[n,j] = mu[n,j] + sigma[n,j] * eps[n,j]"),
        backward_lines=(
            SIGMA, "grad_mu[n,j] = grad_z[n,j]", "grad_log_var[n,j] = grad_z[n,j] * 0.5 * sigma[n,j] * eps[n,j]",
        ),
        claim="mu + σ eps, σ² = exp(log_var)",
        inputs=lambda rng, N, D, H: {name: rng.normal(size=(N, H)) for name in ("mu", "log_var", "eps")},
        second_opinion=lifted(lambda mu, log_var, eps: mu + eps * math.sqrt(math.exp(log_var))),
        question="How wide is the distribution at log_var = 0, and at log_var = log 4?",
    ),
    Formula(
        several_samples, several_samples_backward,
        lines=(SIGMA, "z[n,k,j] = mu[n,j] + sigma[n,j] * eps[n,k,j]"),
        backward_lines=(
            SIGMA, "grad_mu[n,j] = sum(k, grad_z[n,k,j])",
            "grad_log_var[n,j] = 0.5 * sigma[n,j] * sum(k, grad_z[n,k,j] * eps[n,k,j])",
        ),
        claim="mu + σ eps for each of K eps, σ² = exp(log_var)",
        inputs=lambda rng, N, D, H: {
            "mu": rng.normal(size=(N, H)), "log_var": rng.normal(size=(N, H)), "eps": rng.normal(size=(N, 2, H)),
        },
        second_opinion=lambda mu, log_var, eps: [
            [[m + e * math.sqrt(math.exp(v)) for m, v, e in zip(*row, sample, strict=True)] for sample in samples]
            for *row, samples in zip(mu, log_var, eps, strict=True)
        ],
        question="What do the samples of one example share, and what differs between them?",
    ),
    Formula(
        weighed_samples,
        lines=("weighed[n,k,j] = weights[n,k] * z[n,k,j]",),
        claim="each sample times its own number",
        inputs=lambda rng, N, D, H: {"z": rng.normal(size=(N, 2, H)), "weights": rng.normal(size=(N, 2))},
        second_opinion=lambda z, weights: [
            [[w * float(v) for v in sample] for sample, w in zip(*example, strict=True)]
            for example in zip(z, weights, strict=True)
        ],
        question="What do the units of one sample have in common here?",
    ),
    Formula(
        as_rows, as_rows_backward,
        lines=("rows[m,j] = z[floor(m / K), m - K * floor(m / K), j]",),
        backward_lines=("grad_z[n,k,j] = grad_rows[n * K + k, j]",),
        claim="sample k of example n as row n K + k",
        inputs=lambda rng, N, D, H: {"z": rng.normal(size=(N, 2, H)), "K": 2},
        second_opinion=lambda z, K: [list(sample) for samples in z for sample in samples],
        question="Which row holds the second sample of the third example?",
    ),
)  # fmt: skip
