"""Elman network for one series, all weights in one vector so that scipy can optimise it."""
import numpy as np


def unpack(theta, D, H, K):
    sizes = [H * D, H * H, H, K * H, K]
    p = np.split(theta, np.cumsum(sizes)[:-1])
    return p[0].reshape(H, D), p[1].reshape(H, H), p[2], p[3].reshape(K, H), p[4]


def rnn_loss(theta, inputs, targets, hidden_size):
    T = len(inputs)
    H = hidden_size
    Wxh, Whh, bh, Why, by = unpack(theta, inputs.shape[1], H, targets.shape[1])
    xs, hs, ps = {}, {}, {}
    hs[-1] = np.zeros(H)
    loss = 0
    for t in range(T):
        xs[t] = inputs[t]
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        ps[t] = Why @ hs[t] + by
        loss += 0.5 * np.sum((ps[t] - targets[t]) ** 2) / T

    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros(H)
    for t in reversed(range(T)):
        dy = (ps[t] - targets[t]) / T
        dWhy += np.outer(dy, hs[t])
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(dhraw, xs[t])
        dWhh += np.outer(dhraw, hs[t - 1])
        dhnext = Whh.T @ dhraw
    return loss, np.concatenate([g.ravel() for g in (dWxh, dWhh, dbh, dWhy, dby)])
