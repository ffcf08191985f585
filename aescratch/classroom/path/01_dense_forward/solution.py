# mypy: ignore-errors
"""The dense layer, forward: every row of x goes through the same weights and bias."""

import numpy as np


def dense(x, W, b):
    """Return y = x W + b, row by row.

    Parameters
    ----------
    x : array (N, D)
        A batch: N examples with D features each.
    W : array (D, H)
        The weights.
    b : array (H,)
        The bias, the same for every example.

    Returns
    -------
    y : array (N, H)
    """
    ### BEGIN SOLUTION
    return x @ W + b
    ### END SOLUTION
