import numpy as np


def softplus(x):
    return np.logaddexp(0.0, x)


def softplus_backward(dy, x):
    e = np.exp(x)
    return dy / (1.0 + e)
