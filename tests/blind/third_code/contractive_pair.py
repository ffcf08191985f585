"""CAE with tanh units and tied weights: the Jacobian of tanh has a closed form, so no autograd needed."""
import numpy as np


def encode(X, W, b):
    return np.tanh(np.dot(X, W) + b)


def decode(h, W, c):
    return np.dot(h, W.T) + c


def cae_loss(X, W, b, c, lam=0.3):
    """0.5 * squared error + lam * squared Frobenius norm of dh/dx, both averaged over the batch"""
    n = len(X)
    h = encode(X, W, b)
    r = decode(h, W, c)
    mse = 0.5 * np.sum((r - X) ** 2) / n
    jac = np.sum((1 - h ** 2) ** 2 * np.sum(W ** 2, axis=0)) / n
    return mse + lam * jac


def cae_grads(X, W, b, c, lam=0.3):
    n = len(X)
    h = encode(X, W, b)
    r = decode(h, W, c)
    err = (r - X) / n
    slope = 1 - h ** 2
    w2 = np.sum(W ** 2, axis=0)
    # through the code
    dh = np.dot(err, W)
    dh += lam / n * 2 * slope * (-2 * h) * w2
    da = dh * slope
    # W appears three times: encoder, decoder, penalty
    dW_enc = np.dot(X.T, da)
    dW_dec = np.dot(err.T, h)
    dW_pen = 2 * lam / n * W * np.sum(slope ** 2, axis=0)
    dW = dW_enc + dW_dec + dW_pen
    db = np.sum(da, axis=0)
    dc = np.sum(err, axis=0)
    return dW, db, dc
