"""Classifiers, a stack of layers, and cells that remember."""

import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def classifier_loss(x, labels, W1, b1, W2, b2):
    h = np.maximum(x @ W1 + b1, 0)
    p = softmax(h @ W2 + b2)
    return -np.log(p[np.arange(len(x)), labels]).mean()


def classifier_backward(x, labels, W1, b1, W2, b2):
    a = x @ W1 + b1
    h = np.maximum(a, 0)
    p = softmax(h @ W2 + b2)
    # backward
    grad_logits = p.copy()
    grad_logits[np.arange(len(x)), labels] -= 1
    grad_logits /= len(x)
    grad_W2 = h.T @ grad_logits
    grad_b2 = grad_logits.sum(axis=0)
    grad_h = grad_logits @ W2.T
    grad_a = grad_h * (a > 0)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W2, grad_b2


def one_hot_loss(x, t, W1, W2, lam):
    p = softmax(np.tanh(x @ W1) @ W2)
    return -(t * np.log(p)).sum() / len(x) + 0.5 * lam * (W2**2).sum()


def one_hot_backward(x, t, W1, W2, lam):
    h = np.tanh(x @ W1)
    p = softmax(h @ W2)
    # backward
    N = len(x)
    d2 = (p - t) / N
    gW2 = h.T @ d2 + lam * W2
    d1 = d2 @ W2.T * (1 - h**2)
    gW1 = x.T @ d1
    return gW1, gW2


def stacked_loss(x, labels, W1, W2, W3):
    h1 = np.tanh(x @ W1)
    h2 = 1 / (1 + np.exp(-(h1 @ W2)))
    p = softmax(h2 @ W3)
    return -np.log(p[np.arange(len(x)), labels]).sum()


def stacked_backward(x, labels, W1, W2, W3):
    h1 = np.tanh(x @ W1)
    h2 = 1 / (1 + np.exp(-(h1 @ W2)))
    p = softmax(h2 @ W3)
    # backward
    t = np.zeros_like(p)
    t[np.arange(len(x)), labels] = 1
    delta3 = p - t
    delta2 = delta3 @ W3.T * h2 * (1 - h2)
    delta1 = delta2 @ W2.T * (1 - h1 * h1)
    return x.T @ delta1, h1.T @ delta2, h2.T @ delta3


def recurrent(x0, x1, Wx, Wh, b):
    h0 = np.tanh(x0 @ Wx + b)
    return np.tanh(x1 @ Wx + h0 @ Wh + b)


def recurrent_backward(grad_y, x0, x1, Wx, Wh, b):
    h0 = np.tanh(x0 @ Wx + b)
    h1 = np.tanh(x1 @ Wx + h0 @ Wh + b)
    # backward
    da1 = grad_y * (1 - h1**2)
    dWh = h0.T @ da1
    dWx = x1.T @ da1
    db = da1.sum(axis=0)
    dh0 = da1 @ Wh.T
    da0 = dh0 * (1 - h0**2)
    dWx += x0.T @ da0
    db += da0.sum(axis=0)
    return da0 @ Wx.T, da1 @ Wx.T, dWx, dWh, db


def sequence_loss(x, Wx, Wh, Wy):
    h, loss = np.zeros(Wh.shape[0]), 0.0
    for t in range(len(x) - 1):
        h = np.tanh(x[t] @ Wx + h @ Wh)
        loss += 0.5 * ((h @ Wy - x[t + 1]) ** 2).sum()
    return loss


def sequence_backward(x, Wx, Wh, Wy):
    hs, errors = [np.zeros(Wh.shape[0])], []
    for t in range(len(x) - 1):
        hs.append(np.tanh(x[t] @ Wx + hs[-1] @ Wh))
        errors.append(hs[-1] @ Wy - x[t + 1])
    # backward
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    carried = np.zeros(Wh.shape[0])
    for t in reversed(range(len(x) - 1)):
        dWy += np.outer(hs[t + 1], errors[t])
        dh = Wy @ errors[t] + carried
        da = dh * (1 - hs[t + 1] ** 2)
        dWx += np.outer(x[t], da)
        dWh += np.outer(hs[t], da)
        carried = Wh @ da
    return dWx, dWh, dWy


def gated_cell(x, h, Wz, Uz, Wc, Uc):
    z = 1 / (1 + np.exp(-(x @ Wz + h @ Uz)))
    c = np.tanh(x @ Wc + h @ Uc)
    return (1 - z) * h + z * c


def gated_cell_backward(grad_y, x, h, Wz, Uz, Wc, Uc):
    z = 1 / (1 + np.exp(-(x @ Wz + h @ Uz)))
    c = np.tanh(x @ Wc + h @ Uc)
    # backward
    dz = grad_y * (c - h)
    dc = grad_y * z
    dsz = dz * z * (1 - z)
    dsc = dc * (1 - c**2)
    dx = dsz @ Wz.T + dsc @ Wc.T
    dh = grad_y * (1 - z) + dsz @ Uz.T + dsc @ Uc.T
    return dx, dh, x.T @ dsz, h.T @ dsz, x.T @ dsc, h.T @ dsc
