import numpy as np


def dense(x, W, b):
    return np.dot(x, W) + b


def dense_backward(grad_y, x, W, b):
    dx = np.dot(grad_y, W.T)
    dW = np.dot(x.T, grad_y)
    db = np.full(b.shape, np.sum(grad_y))
    return dx, dW, db
