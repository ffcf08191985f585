# mypy: ignore-errors
"""A JumpReLU, backward: the derivative for a, and a rule for theta."""

import numpy as np


def jump_relu(a, theta):
    """Return a where it is above theta, else 0; this is given."""
    return np.where(a > theta, a, 0)


def jump_relu_backward(grad_h, a, theta, bandwidth):
    """Return the gradients with respect to a and theta, where h = jump_relu(a, theta).

    For theta, this is the rule -theta_j / bandwidth Σ_n grad_h_nj [ |a_nj - theta_j| < bandwidth / 2 ].

    Parameters
    ----------
    grad_h : array (N, H)
        The gradient of the loss with respect to h.
    a : array (N, H)
        The input of the forward pass.
    theta : array (H,)
        The threshold of each unit.
    bandwidth : float
        The width around theta within which entries of a contribute.

    Returns
    -------
    grad_a : array (N, H)
    grad_theta : array (H,)
    """
    ### BEGIN SOLUTION
    grad_a = grad_h * (a > theta)
    near = np.abs(a - theta) < bandwidth / 2
    grad_theta = -theta / bandwidth * (grad_h * near).sum(axis=0)
    return grad_a, grad_theta
    ### END SOLUTION
