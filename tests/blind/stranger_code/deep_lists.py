"""A deep autoencoder whose weights and gradients stand in lists, one entry for each layer; rows are examples."""

import numpy as np


class DeepAutoencoder:
    def __init__(self, sizes):
        self.n_layers = len(sizes) - 1
        self.W = [np.random.randn(a, b) / np.sqrt(a) for a, b in zip(sizes[:-1], sizes[1:])]
        self.b = [np.random.randn(b) * 0.1 for b in sizes[1:]]
        self.dW = [None] * self.n_layers
        self.db = [None] * self.n_layers

    def activate(self, z, layer):
        return z if layer == self.n_layers - 1 else np.tanh(z)

    def slope(self, a, layer):
        return np.ones_like(a) if layer == self.n_layers - 1 else 1 - a**2

    def forward(self, x):
        self.a = [x]
        for layer in range(self.n_layers):
            z = self.a[-1] @ self.W[layer] + self.b[layer]
            self.a.append(self.activate(z, layer))
        return self.a[-1]

    def backward(self, grad):
        for layer in range(self.n_layers - 1, -1, -1):
            delta = grad * self.slope(self.a[layer + 1], layer)
            self.dW[layer] = self.a[layer].T @ delta
            self.db[layer] = delta.sum(axis=0)
            grad = delta @ self.W[layer].T
        return grad
