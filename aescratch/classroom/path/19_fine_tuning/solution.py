# mypy: ignore-errors
"""A softmax head on a stack of two pre-trained layers, backward through all of it."""

import numpy as np


def softmax(logits):
    """Return the probabilities of the classes, row by row; this is given."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def fine_tuning_loss(x, labels, W1, W2, W3, b3):
    """Return the cross-entropy of the right classes, mean over the batch; this is given."""
    h1 = np.tanh(x @ W1)
    h2 = np.tanh(h1 @ W2)
    p = softmax(h2 @ W3 + b3)
    return -np.log(p[np.arange(len(x)), labels]).mean()


def fine_tuning_backward(x, labels, W1, W2, W3, b3):
    """Return the gradients of fine_tuning_loss with respect to all parameters.

    Parameters
    ----------
    x : array (N, D)
        A batch.
    labels : array of int (N,)
        The right class of each example, from 0.
    W1 : array (D, H)
        The first encoder layer's weights, pre-trained.
    W2 : array (H, K)
        The second encoder layer's weights, pre-trained.
    W3 : array (K, C)
        The head's weights, new.
    b3 : array (C,)
        The head's bias.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W2 : array (H, K)
    grad_W3 : array (K, C)
    grad_b3 : array (C,)
    """
    h1 = np.tanh(x @ W1)
    h2 = np.tanh(h1 @ W2)
    p = softmax(h2 @ W3 + b3)
    ### BEGIN SOLUTION
    grad_logits = p.copy()
    grad_logits[np.arange(len(x)), labels] -= 1
    grad_logits /= len(x)
    grad_W3 = h2.T @ grad_logits
    grad_b3 = grad_logits.sum(axis=0)
    grad_a2 = (grad_logits @ W3.T) * (1 - h2**2)
    grad_W2 = h1.T @ grad_a2
    grad_a1 = (grad_a2 @ W2.T) * (1 - h1**2)
    grad_W1 = x.T @ grad_a1
    return grad_W1, grad_W2, grad_W3, grad_b3
    ### END SOLUTION
