# mypy: ignore-errors
"""The KL sparsity penalty, backward, through the mean over the batch."""

import numpy as np

# What do you expect? The mean activity of unit j should be rho = 0.1. In a batch of seven its values are 0.9, 0.05,
# 0.05, 0.05, 0.05, 0.05, 0.05, so the mean is above rho. What gradient do these seven entries get?
#   "a"  the first entry a positive one, the others, which are below rho, a negative one
#   "b"  all seven the same positive one
#   "c"  the first entry a positive one, the others 0
#   "d"  all seven a positive one, and the first entry the largest
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "b"
### STUB PREDICTION = None
### END SOLUTION


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
        The target mean activity.

    Returns
    -------
    grad_h : array (N, H)
    """
    ### BEGIN SOLUTION
    rho_hat = h.mean(axis=0)
    grad_rho_hat = -rho / rho_hat + (1 - rho) / (1 - rho_hat)
    return np.tile(grad_rho_hat / len(h), (len(h), 1))
    ### END SOLUTION
