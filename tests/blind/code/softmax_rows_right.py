import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_backward(dout, z):
    p = softmax(z)
    total = np.sum(dout * p, axis=1, keepdims=True)
    return p * (dout - total)
