"""Softmax and losses, with their gradients."""

import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_backward(grad_y, y):
    return y * (grad_y - (grad_y * y).sum(axis=1, keepdims=True))


def softmax_backward_by_rows(grad_y, s):
    p = softmax(s)
    grad_s = np.empty_like(s)
    for n in range(len(s)):
        row = p[n]
        jacobian = np.diag(row) - np.outer(row, row)
        grad_s[n] = jacobian @ grad_y[n]
    return grad_s


def log_softmax(s):
    shifted = s - s.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def log_softmax_backward(grad_y, s):
    p = softmax(s)
    total = grad_y.sum(axis=1, keepdims=True)
    return grad_y - p * total


def cross_entropy(logits, labels):
    log_p = log_softmax(logits)
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_backward(logits, labels):
    p = softmax(logits)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def cross_entropy_backward_by_rows(logits, labels):
    grad = np.zeros_like(logits)
    N = logits.shape[0]
    for n in range(N):
        e = np.exp(logits[n] - logits[n].max())
        grad[n] = e / e.sum()
        grad[n, labels[n]] -= 1
    grad /= N
    return grad


def one_hot_cross_entropy(logits, t):
    return -(t * log_softmax(logits)).sum() / len(t)


def one_hot_cross_entropy_backward(logits, t):
    N = len(t)
    p = softmax(logits)
    grad_p = -t / p / N
    return p * (grad_p - np.sum(grad_p * p, axis=1, keepdims=True))


def mean_squared_error(x_hat, x):
    return ((x_hat - x) ** 2).mean()


def mean_squared_error_backward(x_hat, x):
    return 2 * (x_hat - x) / x.size


def half_squared_error(x_hat, x):
    return 0.5 * np.sum((x_hat - x) ** 2) / x.shape[0]


def half_squared_error_backward(x_hat, x):
    diff = x_hat - x
    return diff / x.shape[0]


def logit_loss(logits, x):
    return (np.logaddexp(0, logits) - x * logits).sum() / len(x)


def logit_loss_backward(logits, x):
    p = 1 / (1 + np.exp(-logits))
    return (p - x) / len(x)


def probability_loss(p, x):
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1).mean()


def probability_loss_backward(p, x):
    ones = -x / p
    zeros = (1 - x) / (1 - p)
    return (ones + zeros) / len(x)


def huber(x_hat, x):
    d = np.abs(x_hat - x)
    return np.where(d < 1, 0.5 * d**2, d - 0.5).sum() / len(x)


def huber_backward(x_hat, x):
    d = x_hat - x
    grad = np.where(np.abs(d) < 1, d, np.sign(d))
    return grad / len(x)


def cosine_loss(p, q):
    dots = (p * q).sum(axis=1)
    lengths = np.sqrt((p**2).sum(axis=1)) * np.sqrt((q**2).sum(axis=1))
    return (1 - dots / lengths).sum()


def cosine_loss_backward(p, q):
    dots = (p * q).sum(axis=1, keepdims=True)
    a = np.sqrt((p**2).sum(axis=1, keepdims=True))
    b = np.sqrt((q**2).sum(axis=1, keepdims=True))
    grad_p = -q / (a * b) + dots * p / (a**3 * b)
    grad_q = -p / (a * b) + dots * q / (a * b**3)
    return grad_p, grad_q
