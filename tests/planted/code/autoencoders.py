"""Whole autoencoders as a loss and its backward over named parameters."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def plain_loss(x, W1, b1, W2, b2):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def plain_backward(x, W1, b1, W2, b2):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    # backward
    grad_x_hat = (x_hat - x) / len(x)
    grad_W2 = h.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)
    grad_h = grad_x_hat @ W2.T
    grad_a = grad_h * h * (1 - h)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2


def plain_backward_by_rows(x, W1, b1, W2, b2):
    gW1, gb1 = np.zeros_like(W1), np.zeros_like(b1)
    gW2, gb2 = np.zeros_like(W2), np.zeros_like(b2)
    # backward
    for n in range(len(x)):
        h = sigmoid(x[n] @ W1 + b1)
        err = h @ W2 + b2 - x[n]
        gW2 += np.outer(h, err)
        gb2 += err
        back = W2 @ err
        delta = back * h * (1 - h)
        gW1 += np.outer(x[n], delta)
        gb1 += delta
    N = len(x)
    return gW1 / N, gb1 / N, gW2 / N, gb2 / N


def relu_loss(x, W1, b1, W2, b2, W3, b3):
    h1 = np.maximum(x @ W1 + b1, 0)
    h2 = np.tanh(h1 @ W2 + b2)
    x_hat = h2 @ W3 + b3
    return ((x_hat - x) ** 2).mean()


def relu_backward(x, W1, b1, W2, b2, W3, b3):
    a1 = x @ W1 + b1
    h1 = np.maximum(a1, 0)
    a2 = h1 @ W2 + b2
    h2 = np.tanh(a2)
    x_hat = h2 @ W3 + b3
    # backward
    d3 = 2 * (x_hat - x) / x.size
    dW3 = h2.T @ d3
    db3 = d3.sum(0)
    d2 = (d3 @ W3.T) * (1 - h2**2)
    dW2 = h1.T @ d2
    db2 = d2.sum(0)
    d1 = (d2 @ W2.T) * (a1 > 0)
    dW1 = x.T @ d1
    db1 = d1.sum(0)
    return dW1, db1, dW2, db2, dW3, db3


def gelu_tanh(a):
    return 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


def gelu_tanh_slope(a):
    u = np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)
    t = np.tanh(u)
    return 0.5 * (1 + t) + 0.5 * a * (1 - t * t) * np.sqrt(2 / np.pi) * (1 + 0.134145 * a * a)


def gelu_loss(x, W1, b1, W2, b2):
    x_hat = gelu_tanh(x @ W1 + b1) @ W2 + b2
    return np.sum((x_hat - x) ** 2) / (2 * len(x))


def gelu_backward(x, W1, b1, W2, b2):
    a = x @ W1 + b1
    h = gelu_tanh(a)
    x_hat = h @ W2 + b2
    # backward
    N = x.shape[0]
    grad_x_hat = (x_hat - x) / N
    grad_W2 = np.dot(h.T, grad_x_hat)
    grad_b2 = np.sum(grad_x_hat, axis=0)
    grad_a = np.dot(grad_x_hat, W2.T) * gelu_tanh_slope(a)
    grad_W1 = np.dot(x.T, grad_a)
    grad_b1 = np.sum(grad_a, axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2


def tied_loss(x, W, b, c):
    h = np.tanh(x @ W + b)
    x_hat = h @ W.T + c
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def tied_backward(x, W, b, c):
    h = np.tanh(x @ W + b)
    x_hat = h @ W.T + c
    # backward
    grad_x_hat = (x_hat - x) / len(x)
    grad_c = grad_x_hat.sum(axis=0)
    grad_h = grad_x_hat @ W
    grad_a = grad_h * (1 - h * h)
    grad_b = grad_a.sum(axis=0)
    grad_W = x.T @ grad_a
    grad_W += grad_x_hat.T @ h
    return grad_W, grad_b, grad_c


def tied_sigmoid_loss(x, W, b, c):
    y = sigmoid(sigmoid(x @ W + b) @ W.T + c)
    return -(x * np.log(y) + (1 - x) * np.log(1 - y)).sum() / len(x)


def tied_sigmoid_backward(x, W, b, c):
    h = sigmoid(x @ W + b)
    y = sigmoid(h @ W.T + c)
    # backward
    dc = (y - x) / len(x)
    db = dc @ W * h * (1 - h)
    return x.T @ db + dc.T @ h, db.sum(axis=0), dc.sum(axis=0)


def denoising_loss(x_tilde, x, W1, b1, W2, b2):
    x_hat = np.tanh(x_tilde @ W1 + b1) @ W2 + b2
    return 0.5 * ((x_hat - x) ** 2).sum(axis=1).mean()


def denoising_backward(x_tilde, x, W1, b1, W2, b2):
    h = np.tanh(x_tilde @ W1 + b1)
    x_hat = h @ W2 + b2
    # backward
    error = (x_hat - x) / len(x)
    grad_a = error @ W2.T * (1 - h**2)
    return x_tilde.T @ grad_a, grad_a.sum(axis=0), h.T @ error, error.sum(axis=0)


def masked_loss(x, keep, W1, W2):
    x_hat = sigmoid((x * keep) @ W1) @ W2
    return 0.5 * (((x_hat - x) * (1 - keep)) ** 2).sum() / len(x)


def masked_backward(x, keep, W1, W2):
    seen = x * keep
    h = sigmoid(seen @ W1)
    x_hat = h @ W2
    # backward
    hidden = 1 - keep
    grad_x_hat = (x_hat - x) * hidden**2 / len(x)
    grad_W2 = h.T @ grad_x_hat
    grad_h = grad_x_hat @ W2.T
    grad_W1 = seen.T @ (grad_h * h * (1 - h))
    return grad_W1, grad_W2
