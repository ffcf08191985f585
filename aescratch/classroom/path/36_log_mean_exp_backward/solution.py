# mypy: ignore-errors
"""The logarithm of a mean of exponentials, backward: how samples share a gradient."""

import numpy as np

# What do you expect? One example with two samples, whose weights are w = [1, 3], so that log_w = [0, log 3]. With
# grad_y = 1, what is the gradient of y = log(mean(w)) with respect to the second log_w?
#   "a"  1/2, since y is a mean of two
#   "b"  3/4
#   "c"  3/2, the second weight over the number of samples
#   "d"  1, for the larger of the two, and 0 for the other
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "b"
### STUB PREDICTION = None
### END SOLUTION


def log_mean_exp(log_w):
    """Return log 1/K Σ_k exp(log_w_nk) for each row n; this is given."""
    top = log_w.max(axis=1)
    return top + np.log(np.exp(log_w - top[:, None]).mean(axis=1))


def log_mean_exp_backward(grad_y, log_w):
    """Return the gradient of a loss with respect to log_w, where y = log_mean_exp(log_w).

    Parameters
    ----------
    grad_y : array (N,)
        The gradient of the loss with respect to y.
    log_w : array (N, K)
        The logarithm of each sample's weight.

    Returns
    -------
    grad_log_w : array (N, K)
    """
    ### BEGIN SOLUTION
    w = np.exp(log_w - log_w.max(axis=1)[:, None])
    share = w / w.sum(axis=1)[:, None]
    return grad_y[:, None] * share
    ### END SOLUTION
