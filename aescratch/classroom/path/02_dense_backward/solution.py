# mypy: ignore-errors
"""The dense layer, backward: y = x W + b, and how a loss of y reacts to x, W and b."""

import numpy as np


def dense_backward(grad_y, x, W):
    """Return the gradients of a loss with respect to the inputs of y = x W + b.

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y, the upstream gradient.
    x : array (N, D)
        The input of the forward pass.
    W : array (D, H)
        The weights.

    Returns
    -------
    grad_x : array (N, D)
    grad_W : array (D, H)
    grad_b : array (H,)
    """
    ### BEGIN SOLUTION
    grad_x = grad_y @ W.T
    grad_W = x.T @ grad_y
    grad_b = grad_y.sum(axis=0)
    return grad_x, grad_W, grad_b
    ### END SOLUTION
