import numpy as np


def bce_loss(y_hat, y):
    m = y.shape[0]
    loss = -np.sum(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)) / m
    grad = (y_hat - y) / m
    return loss, grad
