import numpy as np


def sig(z):
    return 1.0 / (1.0 + np.exp(-z))


def tied_forward(x, W, b, c):
    y = sig(np.dot(x, W) + b)
    z = sig(np.dot(y, W.T) + c)
    cost = np.sum((z - x) ** 2) / 2
    return cost, (x, y, z, W)


def tied_backward(dcost, cache):
    x, y, z, W = cache
    dz = dcost * (z - x) * z * (1 - z)
    dy = np.dot(dz, W) * y * (1 - y)
    dW_dec = np.dot(dz.T, y)
    dW_enc = np.dot(x.T, dy)
    dW = dW_dec
    dx = np.dot(dy, W.T) - dcost * (z - x)
    return dx, dW, dy.sum(axis=0), dz.sum(axis=0)
