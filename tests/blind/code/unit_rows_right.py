import numpy as np


def normalize(x):
    return x / np.sqrt(np.sum(x**2, axis=1, keepdims=True))


def normalize_backward(grad_y, x):
    n = np.sqrt(np.sum(x**2, axis=1, keepdims=True))
    y = x / n
    proj = y * np.sum(grad_y * y, axis=1, keepdims=True)
    return (grad_y - proj) / n
