# mypy: ignore-errors
"""A gated autoencoder, backward: two reconstructions by one decoder, which learns only from the first."""

import numpy as np


def gated_loss(x, W, b, r, W2, weight):
    """Return the loss of a batch; this is given."""
    p = x @ W
    a_gate, a_mag = p + b, np.exp(r) * p
    h = (a_gate > 0) * np.maximum(a_mag, 0)
    g = np.maximum(a_gate, 0)
    reconstruction = 0.5 * ((h @ W2 - x) ** 2).sum() / len(x)
    auxiliary = 0.5 * ((g @ W2 - x) ** 2).sum() / len(x)  # of g sg[W2]
    return reconstruction + auxiliary + weight * g.sum() / len(x)


def gated_backward(x, W, b, r, W2, weight):
    """Return the gradients with respect to the parameters, where W2 is constant in the auxiliary term.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    W : array (D, H)
        The directions that gate and magnitude share.
    b : array (H,)
        The gate's bias.
    r : array (H,)
        The logarithm of the magnitude's scale.
    W2 : array (H, D)
        The decoder's weights.
    weight : float
        The weight of the penalty.

    Returns
    -------
    grad_W : array (D, H)
    grad_b : array (H,)
    grad_r : array (H,)
    grad_W2 : array (H, D)
    """
    p = x @ W
    a_gate, a_mag = p + b, np.exp(r) * p
    h = (a_gate > 0) * np.maximum(a_mag, 0)
    g = np.maximum(a_gate, 0)
    N = len(x)
    ### BEGIN SOLUTION
    grad_x_hat = (h @ W2 - x) / N
    grad_x_gate = (g @ W2 - x) / N
    grad_a_mag = (grad_x_hat @ W2.T) * (a_gate > 0) * (a_mag > 0)
    grad_a_gate = (grad_x_gate @ W2.T + weight / N) * (a_gate > 0)
    grad_p = grad_a_gate + np.exp(r) * grad_a_mag
    return x.T @ grad_p, grad_a_gate.sum(axis=0), (grad_a_mag * a_mag).sum(axis=0), h.T @ grad_x_hat
    ### END SOLUTION
