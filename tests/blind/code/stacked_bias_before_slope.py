import numpy as np


def ae(x, W1, b1, W2, b2):
    h1 = np.tanh(x @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    return h2


def ae_backward(grad_y, x, W1, b1, W2, b2):
    h1 = np.tanh(x @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    d2 = grad_y * (1 - h2**2)
    d1 = (d2 @ W2.T) * (1 - h1**2)
    dx = d1 @ W1.T
    return dx, x.T @ d1, (d2 @ W2.T).sum(0), h1.T @ d2, d2.sum(0)
