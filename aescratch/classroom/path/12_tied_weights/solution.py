# mypy: ignore-errors
"""An autoencoder with tied weights, backward: W is used twice."""

import numpy as np

# What do you expect? The encoder and the decoder both use W. Suppose first that they were two different arrays, and
# compute one gradient for the encoder's array and one for the decoder's. What is the gradient of the shared W?
#   "a"  the encoder's one: the decoder's W is only a transposed copy
#   "b"  the mean of both, since it is one array
#   "c"  the sum of both
#   "d"  the larger of both, entry by entry
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "c"
### STUB PREDICTION = None
### END SOLUTION


def tied_loss(x, W, b, c):
    """Return half the squared error of the reconstruction, mean over the batch; this is given."""
    h = np.tanh(x @ W + b)
    x_hat = h @ W.T + c
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def tied_backward(x, W, b, c):
    """Return the gradients of tied_loss with respect to the parameters.

    Parameters
    ----------
    x : array (N, D)
        A batch; the output should equal it.
    W : array (D, H)
        The weights of encoder and decoder.
    b : array (H,)
        The encoder's bias.
    c : array (D,)
        The decoder's bias.

    Returns
    -------
    grad_W : array (D, H)
    grad_b : array (H,)
    grad_c : array (D,)
    """
    h = np.tanh(x @ W + b)
    x_hat = h @ W.T + c
    ### BEGIN SOLUTION
    grad_x_hat = (x_hat - x) / len(x)
    grad_a = (grad_x_hat @ W) * (1 - h**2)
    grad_W = x.T @ grad_a + grad_x_hat.T @ h
    return grad_W, grad_a.sum(axis=0), grad_x_hat.sum(axis=0)
    ### END SOLUTION
