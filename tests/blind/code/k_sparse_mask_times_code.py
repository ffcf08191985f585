import numpy as np


class KSparse:
    def __init__(self, d, h, k):
        self.W = np.random.randn(d, h)
        self.b = np.random.randn(h) * 0.1
        self.V = np.random.randn(h, d)
        self.k = k

    def forward(self, x):
        a = x @ self.W + self.b
        order = np.argsort(a, axis=1)
        self.mask = np.zeros(a.shape, dtype=bool)
        np.put_along_axis(self.mask, order[:, -self.k :], True, axis=1)
        self.x = x
        self.h = a * self.mask
        return self.h @ self.V

    def backward(self, grad):
        self.dV = self.h.T @ grad
        g = grad @ self.V.T
        g = g * self.h
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T
