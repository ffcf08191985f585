# mypy: ignore-errors
"""The tanh form of GELU, backward: y = ½ a (1 + tanh u), u = √(2/π) (a + 0.044715 a³)."""

import numpy as np

ROOT = np.sqrt(2 / np.pi)


def gelu_tanh(a):
    """Return y = ½ a (1 + tanh u); this is given."""
    return 0.5 * a * (1 + np.tanh(ROOT * (a + 0.044715 * a**3)))


def gelu_tanh_backward(grad_y, a):
    """Return the gradient of a loss with respect to a, where y = gelu_tanh(a).

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
    t = np.tanh(ROOT * (a + 0.044715 * a**3))
    slope_u = ROOT * (1 + 3 * 0.044715 * a**2)
    return grad_y * (0.5 * (1 + t) + 0.5 * a * (1 - t**2) * slope_u)
    ### END SOLUTION
