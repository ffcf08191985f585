import numpy as np


def activation(z):
    return np.tanh(z)


def activation_backward(grad_h, h):
    return grad_h * h * (1.0 - h)
