# mypy: ignore-errors
"""The sampling of a VAE with a planted bug that no gradient check sees."""

import numpy as np


def sample(mu, log_var, eps):
    """Return a sample of the normal distribution with mean mu and variance σ² = exp(log_var); this is wrong.

    Parameters
    ----------
    mu : array (N, H)
        The means.
    log_var : array (N, H)
        The logarithms of the variances.
    eps : array (N, H)
        Noise of mean 0 and variance 1.

    Returns
    -------
    z : array (N, H)
    """
    ### BEGIN SOLUTION
    return mu + np.exp(0.5 * log_var) * eps
    ### STUB return mu + np.exp(log_var) * eps
    ### END SOLUTION


def sample_backward(grad_z, log_var, eps):
    """Return the gradients of a loss with respect to mu and log_var, where z = sample(mu, log_var, eps).

    Parameters
    ----------
    grad_z : array (N, H)
        The gradient of the loss with respect to z.
    log_var : array (N, H)
        The logarithms of the variances.
    eps : array (N, H)
        The noise that was drawn.

    Returns
    -------
    grad_mu : array (N, H)
    grad_log_var : array (N, H)
    """
    ### BEGIN SOLUTION
    return grad_z.copy(), grad_z * eps * 0.5 * np.exp(0.5 * log_var)
    ### STUB return grad_z.copy(), grad_z * eps * np.exp(log_var)
    ### END SOLUTION
