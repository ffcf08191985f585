"""Dense layers, each backward in another style."""

import numpy as np


def dense(x, W, b):
    return x @ W + b


def backward_at_once(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)


def backward_by_names(grad_y, x, W):
    grad_b = np.sum(grad_y, axis=0)
    grad_W = np.dot(x.T, grad_y)
    grad_x = np.dot(grad_y, W.T)
    return grad_x, grad_W, grad_b


def backward_by_rows(grad_y, x, W):
    grad_x = np.zeros_like(x)
    grad_W = np.zeros_like(W)
    grad_b = np.zeros(W.shape[1])
    for n in range(len(x)):
        grad_x[n] = W @ grad_y[n]
        grad_W += np.outer(x[n], grad_y[n])
        grad_b += grad_y[n]
    return grad_x, grad_W, grad_b


def backward_einsum(grad_y, x, W):
    grad_x = np.einsum("nj,ij->ni", grad_y, W)
    grad_W = np.einsum("ni,nj->ij", x, grad_y)
    grad_b = np.einsum("nj->j", grad_y)
    return grad_x, grad_W, grad_b


def backward_transposed(grad_y, x, W):
    delta = grad_y.T
    grad_W = (delta @ x).T
    grad_b = delta.sum(axis=1)
    grad_x = (W @ delta).T
    return np.ascontiguousarray(grad_x), np.ascontiguousarray(grad_W), grad_b


def dense_tanh(x, W, b):
    return np.tanh(x @ W + b)


def dense_tanh_backward(grad_y, x, W, y):
    grad_a = grad_y * (1 - y**2)
    grad_x = grad_a @ W.T
    grad_W = x.T @ grad_a
    grad_b = grad_a.sum(axis=0)
    return grad_x, grad_W, grad_b


def affine_relu(x, w, b):
    return np.maximum(x @ w + b, 0)


def affine_relu_backward(grad_y, x, w, b):
    a = x @ w + b
    grad_a = grad_y.copy()
    grad_a[a <= 0] = 0
    return grad_a.dot(w.T), x.T.dot(grad_a), grad_a.sum(0)


def residual(x, W, b):
    return x + np.tanh(x @ W + b)


def residual_backward(grad_y, x, W, b):
    t = np.tanh(x @ W + b)
    grad_a = grad_y * (1 - t * t)
    grad_x = grad_y + grad_a @ W.T
    return grad_x, x.T @ grad_a, grad_a.sum(axis=0)


def gate(x, W, V):
    return (x @ W) * (1 / (1 + np.exp(-(x @ V))))


def gate_backward(grad_y, x, W, V):
    a = x @ W
    g = 1 / (1 + np.exp(-(x @ V)))
    grad_a = grad_y * g
    grad_g = grad_y * a
    grad_s = grad_g * g * (1 - g)
    grad_x = grad_a @ W.T + grad_s @ V.T
    return grad_x, x.T @ grad_a, x.T @ grad_s
