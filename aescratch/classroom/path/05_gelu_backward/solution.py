# mypy: ignore-errors
"""GELU, backward: y = a Φ(a), Φ the normal distribution function."""

import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])  # the error function, entry by entry; this is given


def gelu(a):
    """Return y = a Φ(a), with Φ(a) = ½ (1 + erf(a / √2)); this is given."""
    return a * 0.5 * (1 + erf(a / np.sqrt(2)))


def gelu_backward(grad_y, a):
    """Return the gradient of a loss with respect to a, where y = gelu(a).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y.
    a : array (N, H)
        The input of the forward pass.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    Phi = 0.5 * (1 + erf(a / np.sqrt(2)))
    density = np.exp(-a * a / 2) / np.sqrt(2 * np.pi)
    return grad_y * (Phi + a * density)
    ### END SOLUTION
