# mypy: ignore-errors
"""A vector-quantised autoencoder, backward: straight through, and a stop-gradient in each of two terms."""

import numpy as np


def nearest(h, E):
    """Return the index of the entry of E that is nearest to each row of h; this is given."""
    return ((h[:, None] - E) ** 2).sum(axis=2).argmin(axis=1)


def vq_loss(x, W1, E, W2, beta):
    """Return the loss of a batch; this is given."""
    h = x @ W1
    q = E[nearest(h, E)]
    reconstruction = 0.5 * ((q @ W2 - x) ** 2).sum() / len(x)
    codebook = ((h - q) ** 2).sum() / len(x)  # of ‖sg[h] - q‖²
    commitment = ((h - q) ** 2).sum() / len(x)  # of ‖h - sg[q]‖²: the same number
    return reconstruction + codebook + beta * commitment


def vq_backward(x, W1, E, W2, beta):
    """Return the gradients with respect to the weights and the codebook, as the stop-gradients say.

    sg[...] counts as a given number. The reconstruction's gradient for q goes straight through to h, and not to E.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    W1 : array (D, H)
        The encoder's weights.
    E : array (K, H)
        The codebook, an entry in each row.
    W2 : array (H, D)
        The decoder's weights.
    beta : float
        The weight of the commitment term.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_E : array (K, H)
    grad_W2 : array (H, D)
    """
    h = x @ W1
    indices = nearest(h, E)
    q = E[indices]
    x_hat = q @ W2
    N = len(x)
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / N
    grad_q = 2 * (q - h) / N
    grad_E = np.zeros_like(E)
    np.add.at(grad_E, indices, grad_q)
    grad_h = grad_x_hat @ W2.T + beta * (2 * (h - q) / N)
    return x.T @ grad_h, grad_E, q.T @ grad_x_hat
    ### END SOLUTION
