import numpy as np


def dense(x, W, b):
    return np.dot(x, W) + b


def dense_backward(grad_y, x, W, b):
    dx = np.dot(grad_y, W.T)
    dW = np.dot(x.T, grad_y)
    db = np.sum(grad_y, axis=0)
    return dx, dW, db
