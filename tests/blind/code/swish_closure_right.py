import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def swish(x):
    s = sigmoid(x)
    y = x * s

    def back(dy):
        return dy * (s + x * s * (1 - s))

    return y, back
