"""The negative variational bound of a small VAE and its gradient, for an optimiser that wants one vector."""

import numpy as np


def softplus(a):
    return np.log1p(np.exp(-np.abs(a))) + np.maximum(a, 0)


def split(theta, shapes):
    parts, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(theta[start : start + size].reshape(shape))
        start += size
    return parts


def negative_bound(theta, x, noise, d, h, k):
    shapes = [(d, h), (h,), (h, 2 * k), (2 * k,), (k, d), (d,)]
    W1, b1, W2, b2, W3, b3 = split(theta, shapes)
    pre = x @ W1 + b1
    hid = softplus(pre)
    stats = hid @ W2 + b2
    mean, log_std = stats[:, :k], stats[:, k:]
    std = np.exp(log_std)
    z = mean + std * noise
    rec = z @ W3 + b3
    loss = 0.5 * np.sum((rec - x) ** 2)
    loss += np.sum(0.5 * mean**2 + 0.5 * std**2 - log_std - 0.5)

    drec = rec - x
    dW3 = z.T @ drec
    db3 = drec.sum(0)
    dz = drec @ W3.T
    dmean = dz + mean
    dlog_std = dz * noise * std + std**2 - 1
    dstats = np.hstack([dmean, dlog_std])
    dW2 = hid.T @ dstats
    db2 = dstats.sum(0)
    dpre = dstats @ W2.T / (1 + np.exp(-pre))
    dW1 = x.T @ dpre
    db1 = dpre.sum(0)
    return loss, np.concatenate([g.ravel() for g in (dW1, db1, dW2, db2, dW3, db3)])
