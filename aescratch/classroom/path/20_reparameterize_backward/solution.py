# mypy: ignore-errors
"""The reparameterisation trick, backward: z = mu + exp(½ log_var) eps."""

import numpy as np

# What do you expect? One sample: mu = 2, log_var = 0, and the noise was eps = -1, so z = 1. A larger z would lower the
# loss: grad_z = -1. What is the sign of grad_log_var?
#   "a"  positive, so that descending makes the variance smaller
#   "b"  negative, so that descending makes the variance larger
#   "c"  it is 0: the noise is drawn at random, and nothing can be learned from it
#   "d"  it is 0, since log_var is
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "a"
### STUB PREDICTION = None
### END SOLUTION


def reparameterize(mu, log_var, eps):
    """Return z = mu + exp(½ log_var) eps; this is given."""
    return mu + np.exp(0.5 * log_var) * eps


def reparameterize_backward(grad_z, log_var, eps):
    """Return the gradients of a loss with respect to mu and log_var, where z = reparameterize(mu, log_var, eps).

    Both are new arrays, which share no memory with the arguments.

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
