"""A one-dimensional convolution with stride and a mean over time, as pairs with a cache."""

import numpy as np


def conv_forward(x, w, b, stride=2):
    N, C, L = x.shape
    F, _, K = w.shape
    steps = (L - K) // stride + 1
    out = np.zeros((N, F, steps))
    for t in range(steps):
        window = x[:, :, t * stride : t * stride + K]
        out[:, :, t] = np.tensordot(window, w, axes=([1, 2], [1, 2])) + b
    return out, (x, w, stride)


def conv_backward(dout, cache):
    x, w, stride = cache
    K = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(dout.shape[2]):
        window = x[:, :, t * stride : t * stride + K]
        dw += np.tensordot(dout[:, :, t], window, axes=([0], [0]))
        dx[:, :, t * stride : t * stride + K] += np.tensordot(dout[:, :, t], w, axes=([1], [0]))
    db = dout.sum(axis=(0, 2))
    return dx, dw, db


def encoder_forward(x, w, b):
    a, conv_cache = conv_forward(x, w, b)
    h = np.tanh(a)
    pooled = h.mean(axis=2)
    return pooled, (h, conv_cache)


def encoder_backward(dpooled, cache):
    h, conv_cache = cache
    T = h.shape[2]
    dh = np.repeat(dpooled[:, :, None], T, axis=2) / T
    da = dh * (1 - h**2)
    return conv_backward(da, conv_cache)
