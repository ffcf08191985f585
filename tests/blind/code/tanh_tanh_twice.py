import numpy as np


def activation(z):
    return np.tanh(z)


def activation_backward(grad_h, h):
    return grad_h * (1.0 - np.tanh(h) ** 2)
