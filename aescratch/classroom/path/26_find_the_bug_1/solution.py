# mypy: ignore-errors
"""A sparse autoencoder with one planted bug, in its backward pass."""

import numpy as np


def sigmoid(a):
    """Return 1 / (1 + exp(-a)); this is right."""
    return 1 / (1 + np.exp(-a))


def sparse_loss(x, W1, b1, W2, b2, rho, weight):
    """Return half the squared error, and weight times the KL sparsity of the code; this is right."""
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    rho_hat = h.mean(axis=0)
    divergence = rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x) + weight * divergence.sum()


def sparse_backward(x, W1, b1, W2, b2, rho, weight):
    """Return the gradients of sparse_loss with respect to the parameters; one line is wrong.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    W1 : array (D, H)
        The encoder's weights.
    b1 : array (H,)
        The encoder's bias.
    W2 : array (H, D)
        The decoder's weights.
    b2 : array (D,)
        The decoder's bias.
    rho, weight : float
        The target activity, and the weight of the penalty.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_b1 : array (H,)
    grad_W2 : array (H, D)
    grad_b2 : array (D,)
    """
    N = len(x)
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2

    grad_x_hat = (x_hat - x) / N
    grad_W2 = h.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)

    rho_hat = h.mean(axis=0)
    grad_rho_hat = weight * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
    ### BEGIN SOLUTION
    grad_h = grad_x_hat @ W2.T + grad_rho_hat / N
    ### STUB grad_h = grad_x_hat @ W2.T + grad_rho_hat
    ### END SOLUTION

    grad_a = grad_h * h * (1 - h)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2
