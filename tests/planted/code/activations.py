"""Activations, entry by entry, and their derivatives as people write them."""

import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def sigmoid_backward(grad_y, y):
    return grad_y * y * (1 - y)


def sigmoid_backward_from_input(grad_y, a):
    s = 1 / (1 + np.exp(-a))
    slope = s * (1 - s)
    return slope * grad_y


def tanh(a):
    return np.tanh(a)


def tanh_backward(grad_y, a):
    return grad_y * (1 - np.tanh(a) ** 2)


def tanh_backward_by_cosh(grad_y, a):
    c = np.cosh(a)
    return grad_y / c**2


def relu(a):
    return np.maximum(a, 0)


def relu_backward_where(grad_y, a):
    return np.where(a > 0, grad_y, 0)


def relu_backward_in_place(grad_y, a):
    grad_a = np.array(grad_y)
    grad_a[a <= 0] = 0
    return grad_a


def leaky(a, alpha):
    return np.where(a > 0, a, alpha * a)


def leaky_backward(grad_y, a, alpha):
    slope = np.ones_like(a)
    slope[a < 0] = alpha
    return grad_y * slope


def elu(a):
    return np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1)


def elu_backward(grad_y, a, y):
    return np.where(a > 0, grad_y, grad_y * (y + 1))


def softplus(a):
    return np.log(1 + np.exp(a))


def softplus_backward(grad_y, a):
    e = np.exp(a)
    return grad_y * e / (1 + e)


def swish(a):
    return a / (1 + np.exp(-a))


def swish_backward(grad_y, a):
    s = 1 / (1 + np.exp(-a))
    return grad_y * (s + a * s * (1 - s))


def gelu(a):
    return 0.5 * a * (1 + erf(a / math.sqrt(2)))


def gelu_backward(grad_y, a):
    cdf = 0.5 * (1 + erf(a / np.sqrt(2)))
    pdf = np.exp(-0.5 * a**2) / np.sqrt(2 * np.pi)
    return grad_y * (cdf + a * pdf)


def gelu_backward_in_steps(grad_y, a):
    root = a / np.sqrt(2)
    phi = 1 + erf(root)
    grad_phi = grad_y * 0.5 * a
    grad_root = grad_phi * 2 / np.sqrt(np.pi) * np.exp(-(root**2))
    grad_a = grad_root / np.sqrt(2)
    grad_a += grad_y * 0.5 * phi
    return grad_a


def gelu_tanh(a):
    return 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


def gelu_tanh_backward(grad_y, a):
    c = np.sqrt(2 / np.pi)
    inner = c * (a + 0.044715 * a**3)
    t = np.tanh(inner)
    inner_slope = c * (1 + 3 * 0.044715 * a**2)
    left = 0.5 * (1 + t)
    right = 0.5 * a * (1 - t**2) * inner_slope
    return grad_y * (left + right)
