import numpy as np


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def forward(x, params_W, params_b, out_W, out_b):
    hidden = sigmoid(x.dot(params_W) + params_b)
    out = sigmoid(hidden.dot(out_W) + out_b)
    return -np.sum(x * np.log(out) + (1 - x) * np.log(1 - out)) / x.shape[0]


def backward(grad_loss, x, params_W, params_b, out_W, out_b):
    batch = x.shape[0]
    hidden = sigmoid(x.dot(params_W) + params_b)
    out = sigmoid(hidden.dot(out_W) + out_b)
    d2 = grad_loss * (out - x) * out * (1 - out) / batch
    d1 = d2.dot(out_W.T) * hidden * (1 - hidden)
    return x.T.dot(d1), d1.sum(0), hidden.T.dot(d2), d2.sum(0)
