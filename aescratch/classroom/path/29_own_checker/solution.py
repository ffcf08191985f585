# mypy: ignore-errors
"""A gradient checker: whether one function is the gradient of another."""

import numpy as np


def is_right(loss, grad, x):
    """Return whether grad(x) is the gradient of loss at x, by evaluating the loss at points nearby.

    Accept a right gradient, even if it is tiny, huge or 0; reject a wrong one, even if only one entry is wrong by
    a tenth, or if the worst one is by a thousandth.

    Parameters
    ----------
    loss : function
        Takes an array of x's shape and returns a number.
    grad : function
        Takes an array of x's shape and returns a candidate for the gradient; a right one has x's shape.
    x : array (N, D)
        The point to check, with floats or integers. It must be unchanged when you return.

    Returns
    -------
    right : bool
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    claimed = np.asarray(grad(x.copy()))
    if claimed.shape != x.shape or not np.isfinite(claimed).all():
        return False
    numeric = np.zeros_like(x)
    h = 1e-5
    for place in np.ndindex(x.shape):
        here = x[place]
        x[place] = here + h
        above = loss(x)
        x[place] = here - h
        below = loss(x)
        x[place] = here
        numeric[place] = (above - below) / (2 * h)
    scale = max(np.abs(claimed).max(), np.abs(numeric).max())
    return bool(np.abs(claimed - numeric).max() <= 1e-5 * scale)
    ### END SOLUTION
