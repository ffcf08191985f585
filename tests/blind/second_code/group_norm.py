import numpy as np


def groupnorm_forward(x, gamma, beta, G):
    """x (N, C, H, W); gamma, beta (1, C, 1, 1); C is divided into G groups"""
    N, C, H, W = x.shape
    eps = 1e-5
    xg = x.reshape(N, G, C // G * H * W)
    mean = np.mean(xg, axis=2, keepdims=True)
    var = np.var(xg, axis=2, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = ((xg - mean) / std).reshape(N, C, H, W)
    out = gamma * xhat + beta
    cache = (xhat, std, gamma, G)
    return out, cache


def groupnorm_backward(dout, cache):
    xhat, std, gamma, G = cache
    N, C, H, W = dout.shape
    dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dgamma = np.sum(dout * xhat, axis=(0, 2, 3), keepdims=True)
    dxhat = (dout * gamma).reshape(N, G, -1)
    xh = xhat.reshape(N, G, -1)
    M = C // G * H * W
    sum1 = np.sum(dxhat, axis=2, keepdims=True)
    sum2 = np.sum(dxhat * xh, axis=2, keepdims=True)
    dx = (M * dxhat - sum1 - xh * sum2) / (M * std)
    dx = dx.reshape(N, C, H, W)
    return dx, dgamma, dbeta
