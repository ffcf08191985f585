"""A small library of modules, each with forward and backward, and a container that runs through them."""

import numpy as np


class Module:
    def __init__(self):
        self.cache = None

    def __call__(self, *args):
        return self.forward(*args)


class Linear(Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        bound = np.sqrt(6.0 / (n_in + n_out))
        self.weight = np.random.uniform(-bound, bound, (n_in, n_out))
        self.bias = np.random.uniform(-0.1, 0.1, n_out)
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, x):
        self.cache = x
        return np.dot(x, self.weight) + self.bias

    def backward(self, grad_out):
        x = self.cache
        self.grad_weight = np.dot(x.T, grad_out)
        self.grad_bias = np.sum(grad_out, axis=0)
        return np.dot(grad_out, self.weight.T)


class Tanh(Module):
    def forward(self, x):
        self.cache = np.tanh(x)
        return self.cache

    def backward(self, grad_out):
        return grad_out * (1 - np.square(self.cache))


class LeakyReLU(Module):
    def __init__(self, slope=0.2):
        super().__init__()
        self.slope = slope

    def forward(self, x):
        self.cache = x
        return np.maximum(x, self.slope * x)

    def backward(self, grad_out):
        grad = np.ones_like(self.cache)
        grad[self.cache < 0] = self.slope
        return grad * grad_out


class Sequential(Module):
    def __init__(self, *modules):
        super().__init__()
        self.modules = list(modules)

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x

    def backward(self, grad_out):
        for module in self.modules[::-1]:
            grad_out = module.backward(grad_out)
        return grad_out


def autoencoder(n_in, n_hidden, n_code):
    return Sequential(
        Linear(n_in, n_hidden), Tanh(), Linear(n_hidden, n_code), LeakyReLU(),
        Linear(n_code, n_hidden), Tanh(), Linear(n_hidden, n_in),
    )
