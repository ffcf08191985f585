"""Autoencoders with a penalty: on the activity, on the size of the code, on the Jacobian, on the weights."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def kl(rho, rho_hat):
    return (rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))).sum()


def sparse_loss(x, W1, b1, W2, b2, rho, beta):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x) + beta * kl(rho, h.mean(axis=0))


def sparse_backward(x, W1, b1, W2, b2, rho, beta):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    # backward
    N = len(x)
    grad_x_hat = (x_hat - x) / N
    grad_W2 = h.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)
    rho_hat = h.mean(axis=0)
    grad_rho_hat = beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
    grad_h = grad_x_hat @ W2.T + grad_rho_hat / N
    grad_a = grad_h * h * (1 - h)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2


def sparse_decay_loss(x, W1, b1, W2, b2, rho, beta, lam):
    return sparse_loss(x, W1, b1, W2, b2, rho, beta) + 0.5 * lam * ((W1**2).sum() + (W2**2).sum())


def sparse_decay_backward(x, W1, b1, W2, b2, rho, beta, lam):
    m = x.shape[0]
    a2 = sigmoid(x @ W1 + b1)
    a3 = a2 @ W2 + b2
    rho_hat = np.sum(a2, axis=0) / m
    # backward
    delta3 = a3 - x
    sparsity = beta * ((1 - rho) / (1 - rho_hat) - rho / rho_hat)
    delta2 = (delta3 @ W2.T + sparsity) * a2 * (1 - a2)
    W1grad = x.T @ delta2 / m + lam * W1
    W2grad = a2.T @ delta3 / m + lam * W2
    b1grad = delta2.sum(axis=0) / m
    b2grad = delta3.sum(axis=0) / m
    return W1grad, b1grad, W2grad, b2grad


def l1_loss(x, W1, b1, W2, b2, lam):
    h = np.maximum(x @ W1 + b1, 0)
    return 0.5 * ((h @ W2 + b2 - x) ** 2).sum() / len(x) + lam * np.abs(h).sum() / len(x)


def l1_backward(x, W1, b1, W2, b2, lam):
    a = x @ W1 + b1
    h = np.maximum(a, 0)
    # backward
    grad_x_hat = (h @ W2 + b2 - x) / len(x)
    grad_h = grad_x_hat @ W2.T
    grad_h += lam * np.sign(h) / len(x)
    grad_a = grad_h.copy()
    grad_a[a <= 0] = 0
    return x.T @ grad_a, grad_a.sum(axis=0), h.T @ grad_x_hat, grad_x_hat.sum(axis=0)


def contractive_loss(x, W1, b1, W2, b2, lam):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    penalty = ((h * (1 - h)) ** 2 * (W1**2).sum(axis=0)).sum() / len(x)
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x) + lam * penalty


def contractive_backward(x, W1, b1, W2, b2, lam):
    N = len(x)
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    # backward
    grad_x_hat = (x_hat - x) / N
    slope = h * (1 - h)
    lengths = (W1**2).sum(axis=0)
    grad_slope = 2 * lam * slope * lengths / N
    grad_h = grad_x_hat @ W2.T + grad_slope * (1 - 2 * h)
    grad_a = grad_h * slope
    grad_W1 = x.T @ grad_a + 2 * lam * W1 * (slope**2).sum(axis=0) / N
    grad_b1 = grad_a.sum(axis=0)
    grad_W2 = h.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2


def decay_loss(x, W1, W2, lam):
    h = np.tanh(x @ W1)
    return 0.5 * ((h @ W2 - x) ** 2).sum() / len(x) + 0.5 * lam * ((W1**2).sum() + (W2**2).sum())


def decay_backward(x, W1, W2, lam):
    h = np.tanh(x @ W1)
    # backward
    d2 = (h @ W2 - x) / len(x)
    d1 = d2 @ W2.T * (1 - h * h)
    gW1, gW2 = x.T @ d1, h.T @ d2
    gW1 += lam * W1
    gW2 += lam * W2
    return gW1, gW2


def both_loss(x, W1, b1, W2, b2, lam, beta):
    h = np.tanh(x @ W1 + b1)
    x_hat = h @ W2 + b2
    return ((x_hat - x) ** 2).mean() + beta * (h**2).mean() + lam * (W1**2).sum()


def both_backward(x, W1, b1, W2, b2, lam, beta):
    h = np.tanh(x @ W1 + b1)
    x_hat = h @ W2 + b2
    # backward
    grad_x_hat = 2 * (x_hat - x) / x.size
    grad_h = grad_x_hat @ W2.T + 2 * beta * h / h.size
    grad_a = grad_h * (1 - h**2)
    grads = {
        "W1": x.T @ grad_a + 2 * lam * W1,
        "b1": grad_a.sum(axis=0),
        "W2": h.T @ grad_x_hat,
        "b2": grad_x_hat.sum(axis=0),
    }
    return grads["W1"], grads["b1"], grads["W2"], grads["b2"]
