"""Softplus, a smooth ReLU, and its backward."""

import numpy as np


def softplus(a):
    """Return log(1 + exp(a)), entry by entry; this is given."""
    return np.logaddexp(0.0, a)


def softplus_backward(grad_y, a):
    """Return the gradient of a loss with respect to a, where y = softplus(a).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y, the upstream gradient.
    a : array (N, H)
        The input of softplus.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    slope = 1.0 / (1.0 + np.exp(-a))
    return grad_y * slope
    ### END SOLUTION
