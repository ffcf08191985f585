"""Gaussian decoder of a VAE that learns its own scale. Returns -log p(x|z) of each row, and how to go back."""
import numpy as np

LOW, HIGH = -1.0, 1.0


def softplus(a):
    return np.logaddexp(0, a)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def decoder_nll(z, x, W, b, M, m, S, s):
    a = z @ W + b
    h = softplus(a)
    mean = h @ M + m
    raw = h @ S + s
    logs = np.clip(raw, LOW, HIGH)      # otherwise it runs away
    u = (x - mean) * np.exp(-logs)
    nll = np.sum(0.5 * u ** 2 + logs + 0.5 * np.log(2 * np.pi), axis=1)

    def backward(g):
        g = g[:, None]
        dmean = -g * u * np.exp(-logs)
        dlogs = g * (1 - u ** 2)
        draw = dlogs * ((raw > LOW) & (raw < HIGH))
        dx = -dmean
        dM = h.T @ dmean
        dm = dmean.sum(0)
        dS = h.T @ draw
        ds = draw.sum(0)
        dh = dmean @ M.T + draw @ S.T
        da = dh * sigmoid(a)
        dW = z.T @ da
        db = da.sum(0)
        dz = da @ W.T
        return dz, dx, dW, db, dM, dm, dS, ds

    return nll, backward
