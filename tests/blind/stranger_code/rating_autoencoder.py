"""An autoencoder for ratings: only what was rated counts, in the loss and in its gradient."""

import numpy as np


def autorec_forward(R, observed, V, mu, W, b, lam=0.3):
    hidden = 1 / (1 + np.exp(-(R.dot(V) + mu)))
    predicted = hidden.dot(W) + b
    error = (predicted - R) * observed
    loss = np.sum(error**2) + lam / 2 * (np.sum(V**2) + np.sum(W**2))
    return loss, (R, observed, V, W, hidden, error, lam)


def autorec_backward(dloss, cache):
    R, observed, V, W, hidden, error, lam = cache
    d_pred = 2 * error * observed * dloss
    dW = hidden.T.dot(d_pred) + lam * W * dloss
    db = np.sum(d_pred, axis=0)
    d_hidden = d_pred.dot(W.T)
    d_pre = d_hidden * hidden * (1 - hidden)
    dV = R.T.dot(d_pre) + lam * V * dloss
    dmu = np.sum(d_pre, axis=0)
    return dV, dmu, dW, db
