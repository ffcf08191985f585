# mypy: ignore-errors
"""Half the squared error, backward: the first gradient of a backward pass."""

import numpy as np


def squared_error(x_hat, x):
    """Return 1/N Σ_n ½ Σ_d (x_hat_nd - x_nd)²; this is given."""
    return 0.5 * ((x_hat - x) ** 2).sum(axis=1).mean()


def squared_error_backward(x_hat, x):
    """Return the gradient of squared_error(x_hat, x) with respect to x_hat.

    Parameters
    ----------
    x_hat : array (N, D)
        The reconstruction.
    x : array (N, D)
        What it should be.

    Returns
    -------
    grad_x_hat : array (N, D)
    """
    ### BEGIN SOLUTION
    return (x_hat - x) / len(x)
    ### END SOLUTION
