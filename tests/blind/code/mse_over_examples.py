import numpy as np


def mse(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


def mse_backward(dout, y_pred, y_true):
    return dout * 2 * (y_pred - y_true) / len(y_pred)
