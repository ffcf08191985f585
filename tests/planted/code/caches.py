"""Functions that return (out, cache), and backward passes that take (dout, cache)."""

import numpy as np


def affine_forward(x, w, b):
    out = x.dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def affine_relu_forward(x, w, b):
    a = x.dot(w) + b
    return np.maximum(0, a), (x, w, a)


def affine_relu_backward(dout, cache):
    x, w, a = cache
    da = dout * (a > 0)
    dx, dw = da.dot(w.T), x.T.dot(da)
    return dx, dw, da.sum(axis=0)


def batchnorm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mu) / np.sqrt(var + 1e-5)
    return gamma * xhat + beta, {"xhat": xhat, "gamma": gamma, "istd": 1 / np.sqrt(var + 1e-5)}


def batchnorm_backward(dout, cache):
    xhat, gamma, istd = cache["xhat"], cache["gamma"], cache["istd"]
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dx = istd / N * (N * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0))
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta):
    mu = x.mean(axis=1, keepdims=True)
    xc = x - mu
    std = np.sqrt((xc**2).mean(axis=1, keepdims=True) + 1e-5)
    xhat = xc / std
    return gamma * xhat + beta, (xhat, std, gamma)


def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    D = dout.shape[1]
    dgamma = (dout * xhat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    g = dout * gamma
    dx = g - g.sum(axis=1, keepdims=True) / D - xhat * (g * xhat).sum(axis=1, keepdims=True) / D
    return dx / std, dgamma, dbeta


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dt = dnext_h * (1 - next_h**2)
    dx = dt @ Wx.T
    dprev_h = dt @ Wh.T
    dWx = x.T @ dt
    dWh = prev_h.T @ dt
    db = dt.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T = x.shape[:2]
    h = np.zeros((N, T, h0.shape[1]))
    prev = h0
    for t in range(T):
        prev = np.tanh(x[:, t] @ Wx + prev @ Wh + b)
        h[:, t] = prev
    return h, (x, h0, Wx, Wh, h)


def rnn_backward(dh, cache):
    x, h0, Wx, Wh, h = cache
    dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
    db = np.zeros(Wh.shape[0])
    carry = np.zeros_like(h0)
    for t in range(x.shape[1] - 1, -1, -1):
        before = h[:, t - 1] if t > 0 else h0
        da = (dh[:, t] + carry) * (1 - h[:, t] ** 2)
        dx[:, t] = da @ Wx.T
        dWx += x[:, t].T @ da
        dWh += before.T @ da
        db += da.sum(axis=0)
        carry = da @ Wh.T
    return dx, carry, dWx, dWh, db


def encoder_forward(x, W1, b1, W_mu, W_lv, eps):
    h = np.maximum(0, x @ W1 + b1)
    mu, lv = h @ W_mu, h @ W_lv
    std = np.exp(0.5 * lv)
    return mu + eps * std, (x, h, std, eps, W1, W_mu, W_lv)


def encoder_backward(dz, cache):
    x, h, std, eps, W1, W_mu, W_lv = cache
    dmu = dz
    dlv = dz * eps * std * 0.5
    dW_mu = h.T @ dmu
    dW_lv = h.T @ dlv
    dh = dmu @ W_mu.T + dlv @ W_lv.T
    dh = dh * (h > 0)
    return dh @ W1.T, x.T @ dh, dh.sum(axis=0), dW_mu, dW_lv
