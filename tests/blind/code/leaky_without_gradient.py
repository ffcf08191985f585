import numpy as np


def leaky_relu(x, alpha=0.1):
    return np.where(x > 0, x, alpha * x)


def leaky_relu_backward(dout, x, alpha=0.1):
    return np.where(x > 0, dout, alpha)
