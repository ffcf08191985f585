import numpy as np


def mean_pool(x):
    return x.mean(axis=1)


def mean_pool_backward(dout, x):
    T = x.shape[1]
    return np.repeat(dout[:, None, :], T, axis=1)
