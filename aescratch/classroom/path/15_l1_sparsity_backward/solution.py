# mypy: ignore-errors
"""The L1 penalty on a code, backward."""

import numpy as np


def l1_sparsity(h):
    """Return 1/N Σ_n Σ_j |h_nj|; this is given."""
    return np.abs(h).sum() / len(h)


def l1_sparsity_backward(h):
    """Return the gradient of l1_sparsity(h) with respect to the code.

    Parameters
    ----------
    h : array (N, H)
        A code.

    Returns
    -------
    grad_h : array (N, H)
    """
    ### BEGIN SOLUTION
    return np.sign(h) / len(h)
    ### END SOLUTION
