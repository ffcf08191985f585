"""Affine and rectifier layers as pairs of functions that hand a cache on, and a classifier of two such layers."""

import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def softmax_loss(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    N = scores.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dscores = np.exp(log_probs)
    dscores[np.arange(N), y] -= 1
    return loss, dscores / N


def two_layer_loss(X, y, W1, b1, W2, b2, reg=0.4):
    a, fc1_cache = affine_forward(X, W1, b1)
    h, relu_cache = relu_forward(a)
    scores, fc2_cache = affine_forward(h, W2, b2)
    loss, dscores = softmax_loss(scores, y)
    loss += 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

    grads = {}
    dh, grads["W2"], grads["b2"] = affine_backward(dscores, fc2_cache)
    da = relu_backward(dh, relu_cache)
    _, grads["W1"], grads["b1"] = affine_backward(da, fc1_cache)
    grads["W2"] += reg * W2
    grads["W1"] += reg * W1
    return loss, grads
