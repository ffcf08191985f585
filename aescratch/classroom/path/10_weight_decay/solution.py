# mypy: ignore-errors
"""Weight decay: ½ lam Σ W², and its gradient."""

import numpy as np


def weight_decay(W, lam):
    """Return ½ lam Σ W²; this is given."""
    return 0.5 * lam * (W**2).sum()


def weight_decay_backward(W, lam):
    """Return the gradient of weight_decay(W, lam) with respect to W.

    Parameters
    ----------
    W : array (D, H)
        The weights.
    lam : float
        How much large weights cost.

    Returns
    -------
    grad_W : array (D, H)
    """
    ### BEGIN SOLUTION
    return lam * W
    ### END SOLUTION
