import numpy as np


def contractive(x, W, b, c, lam=0.2):
    h = 1 / (1 + np.exp(-(x @ W + b)))
    r = h @ W.T + c
    s = h * (1 - h)
    w2 = np.sum(W**2, axis=0)
    n = len(x)
    loss = (0.5 * np.sum((r - x) ** 2) + lam * np.sum(s**2 * w2)) / n

    dr = (r - x) / n
    dh = dr @ W
    ds = 2 * lam * s * w2 / n
    dh += ds * (1 - 2 * h)
    da = dh * s
    dW = x.T @ da + dr.T @ h
    return loss, (dW, da.sum(axis=0), dr.sum(axis=0))
