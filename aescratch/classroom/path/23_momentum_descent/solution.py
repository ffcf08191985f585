# mypy: ignore-errors
"""Gradient descent with momentum: several steps, with the gradients given."""

import numpy as np


def momentum_descent(value, grads, lr, mu):
    """Return where a parameter is after as many steps as there are gradients.

    Parameters
    ----------
    value : array (D, H)
        The parameter before the first step.
    grads : array (T, D, H)
        The gradients of the steps, grads[0] that of the first.
    lr, mu : float
        How far to go, and the share of the velocity that stays.

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
