# mypy: ignore-errors
"""A k-sparse autoencoder with an auxiliary term, backward: silent units reconstruct a constant residual."""

import numpy as np


def largest(a, k):
    """Return 1 at the k largest entries of each row, else 0; this is given."""
    mask = np.zeros_like(a)
    mask[np.arange(len(a))[:, None], np.argsort(a, axis=1)[:, -k:]] = 1
    return mask


def auxiliary_loss(x, W1, W2, silent, k, weight):
    """Return the loss of a batch; this is given."""
    a = x @ W1
    h = a * largest(a, k)
    z = a * largest(np.where(silent == 1, a, -np.inf), k)
    x_hat = h @ W2
    e = x - x_hat  # held
    e_hat = z @ W2
    reconstruction = 0.5 * ((x_hat - x) ** 2).sum() / len(x)
    return reconstruction + weight * 0.5 * ((e_hat - e) ** 2).sum() / len(x)


def auxiliary_backward(x, W1, W2, silent, k, weight):
    """Return the gradients with respect to the weights, where the residual x - x_hat is constant.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    W1 : array (D, H)
        The encoder's weights.
    W2 : array (H, D)
        The decoder's weights.
    silent : array (H,)
        1 for a unit that has been silent for a long time, 0 for the others; more than k are silent.
    k : int
        How many units of each example are kept, and how many silent ones reconstruct the residual.
    weight : float
        The weight of the auxiliary term.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W2 : array (H, D)
    """
    a = x @ W1
    mask = largest(a, k)
    silent_mask = largest(np.where(silent == 1, a, -np.inf), k)
    h, z = a * mask, a * silent_mask
    x_hat, e_hat = h @ W2, z @ W2
    e = x - x_hat
    N = len(x)
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / N
    grad_e_hat = weight * (e_hat - e) / N
    grad_W2 = h.T @ grad_x_hat + z.T @ grad_e_hat
    grad_a = (grad_x_hat @ W2.T) * mask + (grad_e_hat @ W2.T) * silent_mask
    return x.T @ grad_a, grad_W2
    ### END SOLUTION
