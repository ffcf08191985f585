import numpy as np


def join(a, b):
    return np.concatenate([a, b], axis=1)


def join_backward(dout, a, b):
    k = a.shape[1]
    return dout[:, -k:].copy(), dout[:, :-k].copy()
