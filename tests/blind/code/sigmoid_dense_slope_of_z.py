import numpy as np


def neuron(x, W, b):
    return 1 / (1 + np.exp(-(x.dot(W) + b)))


def neuron_backward(dout, x, W, b):
    z = x.dot(W) + b
    s = 1 / (1 + np.exp(-z))
    dz = dout * z * (1 - z)
    dx = dz.dot(W.T)
    dW = x.T.dot(dz)
    db = dz.sum(axis=0)
    return dx, dW, db
