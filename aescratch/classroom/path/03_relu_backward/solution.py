# mypy: ignore-errors
"""ReLU, backward: y = max(a, 0)."""

import numpy as np


def relu_backward(grad_y, a):
    """Return the gradient of a loss with respect to a, where y = max(a, 0).

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
    return grad_y * (a > 0)
    ### END SOLUTION
