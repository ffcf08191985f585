# mypy: ignore-errors
"""Greedy pre-training of the second layer of a stack: which parameters learn, and what goes up."""

import numpy as np

# What do you expect? While the second layer is pre-trained, which parameters get a gradient that is used?
#   "a"  W1, W2 and V2: the loss reacts to all three
#   "b"  W2 and V2
#   "c"  W2 alone, since V2 is discarded afterwards
#   "d"  W1 and W2, the encoder
# Put the letter here, in quotation marks:
### BEGIN SOLUTION
PREDICTION = "b"
### STUB PREDICTION = None
### END SOLUTION


def pretraining_loss(x, keep, W1, W2, V2):
    """Return half the squared error of the second layer's autoencoder, mean over the batch; this is given.

    Where keep is 0, the entry of the first layer's code is set to 0; where keep is 1, it stays.
    """
    h1 = np.tanh(x @ W1)
    h2 = np.tanh((h1 * keep) @ W2)
    h1_hat = h2 @ V2
    return 0.5 * ((h1_hat - h1) ** 2).sum() / len(x)


def pretraining_backward(x, keep, W1, W2, V2):
    """Return the gradients of pretraining_loss with respect to W2 and V2, which this stage trains.

    Parameters
    ----------
    x : array (N, D)
        A batch.
    keep : array (N, H)
        Zeros and ones: which entries of the first layer's code stay.
    W1 : array (D, H)
        The first layer's weights, trained before.
    W2 : array (H, K)
        The second layer's weights.
    V2 : array (K, H)
        The second layer's decoder.

    Returns
    -------
    grad_W2 : array (H, K)
    grad_V2 : array (K, H)
    """
    h1 = np.tanh(x @ W1)
    h2 = np.tanh((h1 * keep) @ W2)
    ### BEGIN SOLUTION
    grad_h1_hat = (h2 @ V2 - h1) / len(x)
    grad_V2 = h2.T @ grad_h1_hat
    grad_a2 = (grad_h1_hat @ V2.T) * (1 - h2**2)
    grad_W2 = (h1 * keep).T @ grad_a2
    return grad_W2, grad_V2
    ### END SOLUTION


def goes_up(x, keep, W1, W2):
    """Return the input of the third layer, once the second layer is trained.

    Parameters
    ----------
    x : array (N, D)
        A batch.
    keep : array (N, H)
        Which entries of the first layer's code stayed while the second layer was trained.
    W1 : array (D, H)
        The first layer's weights.
    W2 : array (H, K)
        The second layer's weights.

    Returns
    -------
    code : array (N, K)
    """
    ### BEGIN SOLUTION
    return np.tanh(np.tanh(x @ W1) @ W2)
    ### END SOLUTION
