# mypy: ignore-errors
"""The KL divergence of a normal distribution from the standard one, backward."""

import numpy as np


def gaussian_kl(mu, log_var):
    """Return -½ Σ_j (1 + log_var - mu² - exp(log_var)), mean over the batch; this is given."""
    return -0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum(axis=1).mean()


def gaussian_kl_backward(mu, log_var):
    """Return the gradients of gaussian_kl(mu, log_var).

    Parameters
    ----------
    mu : array (N, H)
        The means.
    log_var : array (N, H)
        The logarithms of the variances.

    Returns
    -------
    grad_mu : array (N, H)
    grad_log_var : array (N, H)
    """
    ### BEGIN SOLUTION
    grad_mu = mu / len(mu)
    grad_log_var = 0.5 * (np.exp(log_var) - 1) / len(mu)
    return grad_mu, grad_log_var
    ### END SOLUTION
