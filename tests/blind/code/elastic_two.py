import numpy as np


def elastic(W, l1=0.3, l2=0.7):
    return l1 * np.sum(np.abs(W)) + 0.5 * l2 * np.sum(W * W)


def elastic_backward(dout, W, l1=0.3, l2=0.7):
    return dout * (l1 * np.sign(W) + 2 * l2 * W)
