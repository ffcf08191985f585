# mypy: ignore-errors
"""Keeping the k N largest entries of a batch, backward."""

import numpy as np


def batch_top_k(a, k):
    """Return a with all but the k N largest entries of the batch set to 0; this is given."""
    y = np.zeros(a.size)
    largest = np.argsort(a.ravel())[-k * len(a):]
    y[largest] = a.ravel()[largest]
    return y.reshape(a.shape)


def batch_top_k_backward(grad_y, a, k):
    """Return the gradient of a loss with respect to a, where y = batch_top_k(a, k).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y.
    a : array (N, H)
        The input of the forward pass; no two entries are equal.
    k : int
        How many entries of each row are kept on average.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    threshold = np.sort(a.ravel())[-k * len(a)]
    return grad_y * (a >= threshold)
    ### END SOLUTION
