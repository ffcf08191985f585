import numpy as np
from scipy.special import erf


class Gelu:
    def forward(self, a):
        self.a = a
        self.cdf = 0.5 * (1 + erf(a / np.sqrt(2)))
        return a * self.cdf

    def backward(self, g):
        pdf = np.exp(-0.5 * self.a**2) / np.sqrt(2 * np.pi)
        return g * (self.cdf + pdf)


class Linear:
    def __init__(self, n, m):
        self.W = np.random.normal(0, 0.6, size=(n, m))
        self.b = np.random.normal(0, 0.1, size=m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T


class Net:
    def __init__(self, d, h, k):
        self.layers = [Linear(d, h), Gelu(), Linear(h, k), Gelu(), Linear(k, h), Gelu(), Linear(h, d)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g
