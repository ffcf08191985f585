# mypy: ignore-errors
"""The KL sparsity penalty, backward, through the mean over the batch."""

import numpy as np


def kl_sparsity(h, rho):
    """Return Σ_j rho log(rho/rho_hat_j) + (1 - rho) log((1 - rho)/(1 - rho_hat_j)), rho_hat the mean; this is given."""
    rho_hat = h.sum(axis=0) / len(h)
    return (rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))).sum()


def kl_sparsity_backward(h, rho):
    """Return the gradient of kl_sparsity(h, rho) with respect to the code.

    Parameters
    ----------
    h : array (N, H)
        A code, in (0, 1).
    rho : float
        The share that is wanted.

    Returns
    -------
    grad_h : array (N, H)
    """
    ### BEGIN SOLUTION
    rho_hat = h.mean(axis=0)
    grad_rho_hat = -rho / rho_hat + (1 - rho) / (1 - rho_hat)
    return np.tile(grad_rho_hat / len(h), (len(h), 1))
    ### END SOLUTION
