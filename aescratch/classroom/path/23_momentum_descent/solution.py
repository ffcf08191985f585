# mypy: ignore-errors
"""Gradient descent with momentum: several steps, with the gradients given."""

import numpy as np


def momentum_descent(value, grads, lr, mu):
    """Return a parameter's value after one step for each gradient.

    Parameters
    ----------
    value : array (D, H)
        The parameter before the first step.
    grads : array (T, D, H)
        The gradients of the steps, grads[0] that of the first.
    lr, mu : float
        The learning rate, and the share of the velocity that is kept.

    Returns
    -------
    new_value : array (D, H)
    """
    ### BEGIN SOLUTION
    v = np.zeros_like(value)
    for grad in grads:
        v = mu * v + grad
        value = value - lr * v
    return value
    ### END SOLUTION
