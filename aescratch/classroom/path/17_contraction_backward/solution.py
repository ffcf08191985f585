# mypy: ignore-errors
"""The contractive penalty, backward: the gradients of slope and W."""

import numpy as np


def contraction(slope, W):
    """Return 1/N Σ_n Σ_j slope_nj² Σ_d W_dj²; this is given."""
    return ((slope**2) @ (W**2).sum(axis=0)).mean()


def contraction_backward(slope, W):
    """Return the gradients of contraction(slope, W).

    Parameters
    ----------
    slope : array (N, H)
        The slope of each code unit's activation.
    W : array (D, H)
        The encoder's weights.

    Returns
    -------
    grad_slope : array (N, H)
    grad_W : array (D, H)
    """
    ### BEGIN SOLUTION
    grad_slope = 2 * slope * (W**2).sum(axis=0) / len(slope)
    grad_W = 2 * W * np.mean(slope**2, axis=0)
    return grad_slope, grad_W
    ### END SOLUTION
