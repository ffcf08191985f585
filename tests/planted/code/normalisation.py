"""Normalisations, whose statistics depend on every row or every column."""

import numpy as np


def batch_norm(x, gamma, beta):
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    return gamma * z + beta


def batch_norm_backward_in_stages(grad_y, x, gamma):
    N = len(x)
    centred = x - x.mean(axis=0)
    var = (centred**2).mean(axis=0)
    inv = 1 / np.sqrt(var + 1e-5)
    z = centred * inv
    grad_beta = grad_y.sum(axis=0)
    grad_gamma = (grad_y * z).sum(axis=0)
    grad_z = grad_y * gamma
    grad_inv = (grad_z * centred).sum(axis=0)
    grad_var = -0.5 * grad_inv * inv**3
    grad_centred = grad_z * inv + 2 * centred * grad_var / N
    grad_x = grad_centred - grad_centred.sum(axis=0) / N
    return grad_x, grad_gamma, grad_beta


def batch_norm_backward_compact(grad_y, x, gamma):
    std = np.sqrt(x.var(axis=0) + 1e-5)
    z = (x - x.mean(axis=0)) / std
    grad_z = grad_y * gamma
    grad_x = (grad_z - grad_z.mean(axis=0) - z * (grad_z * z).mean(axis=0)) / std
    return grad_x, np.sum(grad_y * z, axis=0), np.sum(grad_y, axis=0)


def layer_norm(x, gamma, beta):
    z = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return gamma * z + beta


def layer_norm_backward(grad_y, x, gamma):
    mean = x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    z = (x - mean) / std
    grad_z = grad_y * gamma
    first = grad_z.mean(axis=1, keepdims=True)
    second = z * (grad_z * z).mean(axis=1, keepdims=True)
    grad_x = (grad_z - first - second) / std
    return grad_x, (grad_y * z).sum(axis=0), grad_y.sum(axis=0)


def unit_rows(V):
    return V / np.sqrt((V**2).sum(axis=1, keepdims=True))


def unit_rows_backward(grad_y, V):
    norms = np.sqrt((V**2).sum(axis=1, keepdims=True))
    U = V / norms
    along = (grad_y * U).sum(axis=1, keepdims=True)
    return (grad_y - along * U) / norms


def unit_rows_backward_by_rows(grad_y, V):
    grad_V = np.zeros(V.shape)
    for j in range(V.shape[0]):
        length = np.sqrt(V[j] @ V[j])
        u = V[j] / length
        grad_V[j] = (grad_y[j] - u * (u @ grad_y[j])) / length
    return grad_V


def centred(x):
    return x - x.mean(axis=0)


def centred_backward(grad_y):
    return grad_y - grad_y.mean(axis=0)


def root_mean_square(x, gamma):
    return gamma * x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-6)


def root_mean_square_backward(grad_y, x, gamma):
    D = x.shape[1]
    r = 1 / np.sqrt((x**2).sum(axis=1, keepdims=True) / D + 1e-6)
    grad_z = grad_y * gamma
    grad_gamma = (grad_y * x * r).sum(axis=0)
    inner = np.sum(grad_z * x, axis=1, keepdims=True)
    grad_x = grad_z * r - x * r**3 * inner / D
    return grad_x, grad_gamma
