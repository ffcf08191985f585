# mypy: ignore-errors
"""A binary code, backward: a rule in place of the derivative."""

import numpy as np

# What do you expect? One unit: a = 0.3, so z = sign(a) = 1. A smaller z would lower the loss: dL/dz = 2. What is the
# true derivative of the loss with respect to a, dL/da?
#   "a"  2, since a is between -1 and 1
#   "b"  0
#   "c"  it is infinite, since sign is a step
#   "d"  0.6, which is 2 times 0.3
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "b"
### STUB PREDICTION = None
### END SOLUTION


def binary_code(a):
    """Return 1 where a is positive, else -1; this is given."""
    return np.where(a > 0, 1.0, -1.0)


def straight_through_backward(grad_z, a):
    """Return the gradient for a by the straight-through rule, where z = binary_code(a).

    Parameters
    ----------
    grad_z : array (N, H)
        The gradient of the loss with respect to z.
    a : array (N, H)
        The input of the forward pass.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    return grad_z * (np.abs(a) <= 1)
    ### END SOLUTION
