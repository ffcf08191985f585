"""Noise: what happens to the input and at the code, by corruption and by sampling. What is drawn is an argument."""

from __future__ import annotations

from aescratch.backend import Array, array_module, fused


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
