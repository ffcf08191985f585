import numpy as np


def dae_forward(x, noise, We, be, Wd, bd):
    x_noisy = x + noise
    a = x_noisy @ We + be
    h = np.maximum(a, 0)
    out = h @ Wd + bd
    return 0.5 * np.mean(np.sum((out - x) ** 2, axis=1))


def dae_backward(dout, x, noise, We, be, Wd, bd):
    N = x.shape[0]
    x_noisy = x + noise
    a = x_noisy @ We + be
    h = np.maximum(a, 0)
    out = h @ Wd + bd
    dloss = dout * (out - x) / N
    dWd = h.T @ dloss
    dbd = np.sum(dloss, axis=0)
    dh = dloss @ Wd.T
    da = dh * (dh > 0)
    dWe = x_noisy.T @ da
    dbe = np.sum(da, axis=0)
    return dWe, dbe, dWd, dbd
