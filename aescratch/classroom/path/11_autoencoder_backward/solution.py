# mypy: ignore-errors
"""A two-layer autoencoder, backward: from the loss to every parameter."""

import numpy as np

# What do you expect? Suppose every example appears twice in the batch, so that N doubles. What happens to grad_b2?
#   "a"  it doubles: twice as many examples use b2
#   "b"  it is halved: there is a 1/N in the loss
#   "c"  it stays the same
#   "d"  that depends on the examples
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "c"
### STUB PREDICTION = None
### END SOLUTION


def sigmoid(a):
    """Return 1 / (1 + exp(-a)); this is given."""
    return 1 / (1 + np.exp(-a))


def autoencoder_loss(x, W1, b1, W2, b2):
    """Return the loss of a batch; this is given."""
    a = x @ W1 + b1
    h = sigmoid(a)
    x_hat = h @ W2 + b2
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def autoencoder_backward(x, W1, b1, W2, b2):
    """Return the gradients of autoencoder_loss with respect to the parameters.

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

    Returns
    -------
    grad_W1 : array (D, H)
    grad_b1 : array (H,)
    grad_W2 : array (H, D)
    grad_b2 : array (D,)
    """
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / len(x)
    grad_W2 = h.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)
    grad_h = grad_x_hat @ W2.T
    grad_a = grad_h * h * (1 - h)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2
    ### END SOLUTION
