import numpy as np


def sparse_ae(x, W1, b1, W2, b2, alpha=0.3):
    z = x @ W1 + b1
    h = np.tanh(z)
    r = h @ W2 + b2
    n = x.shape[0]
    loss = np.sum((r - x) ** 2) / n + alpha * np.sum(np.abs(h)) / n

    def back(g):
        dr = g * 2 * (r - x) / n
        dh = dr @ W2.T
        dh += g * alpha * h / n
        dz = dh * (1 - np.tanh(z) ** 2)
        return x.T @ dz, dz.sum(axis=0), h.T @ dr, dr.sum(axis=0)

    return loss, back
