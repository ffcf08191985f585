"""LSTM with coupled input and forget gates (i = 1 - f), time first: x is (T, N, D)."""
import numpy as np


def sigmoid(z):
    return 1. / (1. + np.exp(-z))


def lstm_forward(x, h0, c0, W, R, b):
    T, N, D = x.shape
    H = h0.shape[1]
    out = np.empty((T, N, H))
    steps = []
    h, c = h0, c0
    for t in range(T):
        z = x[t].dot(W) + h.dot(R) + b
        f = sigmoid(z[:, :H])
        o = sigmoid(z[:, H:2 * H])
        g = np.tanh(z[:, 2 * H:])
        c_new = f * c + (1 - f) * g
        steps.append((f, o, g, c, c_new, h))
        c = c_new
        h = o * np.tanh(c)
        out[t] = h
    return out, (x, W, R, steps)


def lstm_backward(dout, cache):
    x, W, R, steps = cache
    T, N, H = dout.shape
    dx = np.zeros_like(x)
    dW, dR, db = np.zeros_like(W), np.zeros_like(R), np.zeros(3 * H)
    dh_next, dc_next = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        f, o, g, c_prev, c, h_prev = steps[t]
        dh = dout[t] + dh_next
        tc = np.tanh(c)
        do = dh * tc
        dc = dc_next + dh * o * (1 - tc ** 2)
        df = dc * (c_prev - g)
        dg = dc * (1 - f)
        dc_next = dc * f
        dz = np.hstack([df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
        dx[t] = dz.dot(W.T)
        dW += x[t].T.dot(dz)
        dR += h_prev.T.dot(dz)
        db += dz.sum(axis=0)
        dh_next = dz.dot(R.T)
    return dx, dh_next, dc_next, dW, dR, db
