"""Products of several arrays: scores, distances, mixtures."""

import numpy as np


def scores(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def scores_backward(grad_y, Q, K):
    root = np.sqrt(Q.shape[1])
    grad_Q = grad_y @ K / root
    grad_K = grad_y.T @ Q / root
    return grad_Q, grad_K


def attention(Q, K, V):
    s = Q @ K.T / np.sqrt(Q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ V


def attention_backward(grad_y, Q, K, V):
    root = np.sqrt(Q.shape[1])
    e = np.exp(Q @ K.T / root)
    p = e / e.sum(axis=1, keepdims=True)
    grad_V = p.T @ grad_y
    grad_p = grad_y @ V.T
    grad_s = p * (grad_p - (grad_p * p).sum(axis=1, keepdims=True))
    grad_Q = grad_s @ K / root
    grad_K = grad_s.T @ Q / root
    return grad_Q, grad_K, grad_V


def distances(x, c):
    return ((x[:, None, :] - c[None, :, :]) ** 2).sum(axis=2)


def distances_backward(grad_y, x, c):
    grad_x = 2 * (x * grad_y.sum(axis=1, keepdims=True) - grad_y @ c)
    grad_c = 2 * (c * grad_y.sum(axis=0)[:, None] - grad_y.T @ x)
    return grad_x, grad_c


def bilinear(x, A, y):
    return ((x @ A) * y).sum(axis=1)


def bilinear_backward(grad_s, x, A, y):
    g = grad_s[:, None]
    grad_x = (g * y) @ A.T
    grad_A = x.T @ (g * y)
    grad_y = g * (x @ A)
    return grad_x, grad_A, grad_y


def scaled(x, gamma, beta):
    return x * gamma + beta


def scaled_backward(grad_y, x, gamma):
    grad_x = grad_y * gamma
    grad_gamma = np.zeros_like(gamma)
    grad_beta = np.zeros_like(gamma)
    for row, grad in zip(x, grad_y, strict=True):
        grad_gamma += row * grad
        grad_beta += grad
    return grad_x, grad_gamma, grad_beta
