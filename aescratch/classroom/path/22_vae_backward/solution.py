# mypy: ignore-errors
"""A whole variational autoencoder, backward."""

import numpy as np


def vae_loss(x, eps, W1, W_mu, W_log_var, W2, beta):
    """Return the loss of a batch; this is given."""
    h = np.tanh(x @ W1)
    mu, log_var = h @ W_mu, h @ W_log_var
    z = mu + np.exp(0.5 * log_var) * eps
    x_hat = z @ W2
    reconstruction = 0.5 * ((x_hat - x) ** 2).sum() / len(x)
    divergence = -0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum() / len(x)
    return reconstruction + beta * divergence


def vae_backward(x, eps, W1, W_mu, W_log_var, W2, beta):
    """Return the gradients of vae_loss with respect to the weights.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    eps : array (N, K)
        The noise that was drawn.
    W1 : array (D, H)
        The hidden layer's weights.
    W_mu, W_log_var : array (H, K)
        The weights of the two outputs of the encoder.
    W2 : array (K, D)
        The decoder's weights.
    beta : float
        The weight of the divergence.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W_mu, grad_W_log_var : array (H, K)
    grad_W2 : array (K, D)
    """
    h = np.tanh(x @ W1)
    mu, log_var = h @ W_mu, h @ W_log_var
    sigma = np.exp(0.5 * log_var)
    z = mu + sigma * eps
    x_hat = z @ W2
    ### BEGIN SOLUTION
    N = len(x)
    grad_x_hat = (x_hat - x) / N
    grad_z = grad_x_hat @ W2.T
    grad_mu = grad_z + beta * mu / N
    grad_log_var = grad_z * eps * 0.5 * sigma + beta * 0.5 * (sigma**2 - 1) / N
    grad_h = grad_mu @ W_mu.T + grad_log_var @ W_log_var.T
    grad_W1 = x.T @ (grad_h * (1 - h**2))
    return grad_W1, h.T @ grad_mu, h.T @ grad_log_var, z.T @ grad_x_hat
    ### END SOLUTION
