# mypy: ignore-errors
"""A denoising autoencoder, backward: x_tilde goes in, x is the target."""

import numpy as np


def denoising_loss(x_tilde, x, W1, W2):
    """Return half the squared error against the clean x, mean over the batch; this is given."""
    h = np.tanh(x_tilde @ W1)
    x_hat = h @ W2
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def denoising_backward(x_tilde, x, W1, W2):
    """Return the gradients of denoising_loss with respect to the weights.

    Parameters
    ----------
    x_tilde : array (N, D)
        A corrupted batch.
    x : array (N, D)
        The same batch, clean.
    W1 : array (D, H)
        The encoder's weights.
    W2 : array (H, D)
        The decoder's weights.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W2 : array (H, D)
    """
    h = np.tanh(x_tilde @ W1)
    x_hat = h @ W2
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / len(x)
    grad_W2 = h.T @ grad_x_hat
    grad_a = (grad_x_hat @ W2.T) * (1 - h**2)
    grad_W1 = x_tilde.T @ grad_a
    return grad_W1, grad_W2
    ### END SOLUTION
