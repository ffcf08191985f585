# mypy: ignore-errors
"""A classifier on two ReLU layers with one planted bug, in its backward pass."""

import numpy as np


def classifier_loss(x, labels, W1, W2, W3):
    """Return the softmax cross-entropy, mean over the batch; this is right."""
    h1 = np.maximum(x @ W1, 0)
    h2 = np.maximum(h1 @ W2, 0)
    logits = h2 @ W3
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(x)), labels].mean()


def classifier_backward(x, labels, W1, W2, W3):
    """Return the gradients of classifier_loss with respect to the weights; one line is wrong.

    Parameters
    ----------
    x : array (N, D)
        A batch.
    labels : array of int (N,)
        The right classes, from 0.
    W1 : array (D, H)
        The first layer's weights.
    W2 : array (H, K)
        The second layer's weights.
    W3 : array (K, C)
        The weights of the classes.

    Returns
    -------
    grad_W1 : array (D, H)
    grad_W2 : array (H, K)
    grad_W3 : array (K, C)
    """
    N = len(x)
    a1 = x @ W1
    h1 = np.maximum(a1, 0)
    a2 = h1 @ W2
    h2 = np.maximum(a2, 0)
    logits = h2 @ W3

    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[np.arange(N), labels] -= 1
    grad_logits = p / N
    grad_W3 = h2.T @ grad_logits

    grad_a2 = (grad_logits @ W3.T) * (a2 > 0)
    ### BEGIN SOLUTION
    grad_W2 = h1.T @ grad_a2
    ### STUB grad_W2 = a1.T @ grad_a2
    ### END SOLUTION

    grad_a1 = (grad_a2 @ W2.T) * (a1 > 0)
    grad_W1 = x.T @ grad_a1
    return grad_W1, grad_W2, grad_W3
