# mypy: ignore-errors
"""The reparameterisation trick, backward: z = mu + exp(½ log_var) eps."""

import numpy as np


def reparameterize(mu, log_var, eps):
    """Return z = mu + exp(½ log_var) eps; this is given."""
    return mu + np.exp(0.5 * log_var) * eps


def reparameterize_backward(grad_z, log_var, eps):
    """Return the gradients of a loss with respect to mu and log_var, where z = reparameterize(mu, log_var, eps).

    Parameters
    ----------
    grad_z : array (N, H)
        The gradient of the loss with respect to z.
    log_var : array (N, H)
        The logarithm of the variance σ².
    eps : array (N, H)
        The noise that was drawn.

    Returns
    -------
    grad_mu : array (N, H)
    grad_log_var : array (N, H)
    """
    ### BEGIN SOLUTION
    grad_mu = grad_z.copy()
    grad_log_var = grad_z * eps * 0.5 * np.exp(0.5 * log_var)
    return grad_mu, grad_log_var
    ### END SOLUTION
