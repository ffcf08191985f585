import numpy as np


def forward(x, W1, b1, W2, b2):
    h = np.tanh(x @ W1 + b1)
    x_hat = h @ W2 + b2
    return np.mean(np.sum((x_hat - x) ** 2, axis=1))


def backward(grad_loss, x, W1, b1, W2, b2):
    n = len(x)
    h = np.tanh(x @ W1 + b1)
    x_hat = h @ W2 + b2
    d_out = grad_loss * (x_hat - x) / n
    dW2 = h.T @ d_out
    db2 = d_out.sum(0)
    dh = d_out @ W2.T
    da = dh * (1 - h**2)
    dW1 = x.T @ da
    db1 = da.sum(0)
    return dW1, db1, dW2, db2
