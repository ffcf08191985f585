"""Noise: what happens to the input and at the code, by corruption and by sampling. What is drawn is an argument."""

from __future__ import annotations

import math

from aescratch.backend import Array, array_module, fused
from aescratch.functions.formula import Formula, Record, lifted


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
def hidden_entries(x: Array, keep: Array) -> Array:
    """Entries that a corruption has hidden, and 0 in the place of those that it kept: y = (1 − keep) ⊙ x, all (N, D).

    A squared error of it alone is that of the hidden entries (He et al. 2021, section 3).
    """
    return (1 - keep) * x


@fused
def hidden_entries_backward(grad_y: Array, keep: Array) -> Array:
    """Gradient of `hidden_entries`: it passes where something was hidden."""
    return (1 - keep) * grad_y


@fused
def dropout(x: Array, mask: Array, p: float) -> Array:
    """Units silenced where the mask is 0, the others scaled up: y = mask ⊙ x / (1 − p), all (N, H).

    With a mask that is 1 with probability 1 − p, y has the mean of x (Srivastava et al. 2014, section 10).
    """
    return mask * x / (1 - p)


@fused
def dropout_backward(grad_y: Array, mask: Array, p: float) -> Array:
    """Gradient of `dropout`: what was kept passes, scaled alike."""
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


# What else is to be known of these formulas

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
        question="What is left of an input that is kept, and of one that isn't?",
    ),
    Formula(
        hidden_entries, hidden_entries_backward,
        lines=("y[n,i] = (1 - keep[n,i]) * x[n,i]",),
        backward_lines=("grad_x[n,i] = (1 - keep[n,i]) * grad_y[n,i]",),
        claim="(1 − keep) ⊙ x",
        inputs=lambda rng, N, D, H: {"x": rng.normal(size=(N, D)), "keep": rng.random((N, D))},
        second_opinion=lifted(lambda x, keep: math.fsum((x, -keep * x))),
        question="What is left of an entry that was kept, and of one that was hidden?",
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
)  # fmt: skip
