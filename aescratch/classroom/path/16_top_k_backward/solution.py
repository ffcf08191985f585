# mypy: ignore-errors
"""Keeping the k largest, backward."""

import numpy as np

# What do you expect? One row is a = [3, 1, 2, 0.5], and k = 2, so y = [3, 0, 2, 0]. The upstream gradient is
# grad_y = [10, 20, 30, 40]. What is grad_a?
#   "a"  [10, 20, 30, 40], because all of a was compared
#   "b"  [10, 0, 30, 0]
#   "c"  [0, 0, 30, 40], the two largest entries of grad_y
#   "d"  [30, 0, 60, 0]
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "b"
### STUB PREDICTION = None
### END SOLUTION


def top_k(a, k):
    """Return a with all but the k largest entries of each row set to 0; this is given."""
    y = np.zeros_like(a)
    rows = np.arange(len(a))[:, None]
    largest = np.argsort(a, axis=1)[:, -k:]
    y[rows, largest] = a[rows, largest]
    return y


def top_k_backward(grad_y, a, k):
    """Return the gradient of a loss with respect to a, where y = top_k(a, k).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y.
    a : array (N, H)
        The input of the forward pass; no two entries of a row are equal.
    k : int
        How many entries of each row are kept.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    order = np.argsort(np.argsort(a, axis=1), axis=1)
    return grad_y * (order >= a.shape[1] - k)
    ### END SOLUTION
