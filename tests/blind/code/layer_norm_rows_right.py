import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = (x - mu) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)


def layernorm_backward(dout, cache):
    x_hat, std, gamma = cache
    D = dout.shape[1]
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dx_hat = dout * gamma
    dx = D * dx_hat
    dx = dx - dx_hat.sum(axis=1, keepdims=True)
    dx = dx - x_hat * (dx_hat * x_hat).sum(axis=1, keepdims=True)
    dx = dx / (D * std)
    return dx, dgamma, dbeta
