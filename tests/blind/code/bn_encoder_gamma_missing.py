import numpy as np


def bn_encoder(x, W, gamma, beta, V):
    a = x @ W
    mean = a.mean(axis=0)
    inv = 1 / np.sqrt(a.var(axis=0) + 1e-3)
    a_hat = (a - mean) * inv
    h = np.tanh(gamma * a_hat + beta)
    y = h @ V

    def back(dy):
        n = x.shape[0]
        dV = h.T @ dy
        du = (dy @ V.T) * (1 - h * h)
        dgamma = np.sum(du * a_hat, axis=0)
        dbeta = np.sum(du, axis=0)
        dn = du
        da = inv / n * (n * dn - dn.sum(axis=0) - a_hat * np.sum(dn * a_hat, axis=0))
        return da @ W.T, x.T @ da, dgamma, dbeta, dV

    return y, back
