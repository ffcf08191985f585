# mypy: ignore-errors
"""The sigmoid, backward: y = 1 / (1 + exp(-a)), its derivative written with y."""

import numpy as np


def sigmoid_backward(grad_y, y):
    """Return the gradient of a loss with respect to a, where y = 1 / (1 + exp(-a)).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y.
    y : array (N, H)
        What the forward pass returned: the output, not a.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    return grad_y * y * (1 - y)
    ### END SOLUTION
