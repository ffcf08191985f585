import numpy as np


class Siamese:
    def __init__(self, d, h):
        self.params = {"W": np.random.randn(d, h), "b": np.random.randn(h)}
        self.grads = {}

    def forward(self, u, v):
        W, b = self.params["W"], self.params["b"]
        self.u, self.v = u, v
        self.hu = np.tanh(u @ W + b)
        self.hv = np.tanh(v @ W + b)
        return self.hu * self.hv

    def backward(self, grad):
        W = self.params["W"]
        au = grad * self.hv * (1 - self.hu**2)
        av = grad * self.hu * (1 - self.hv**2)
        self.grads["W"] = self.u.T @ au
        self.grads["b"] = au.sum(axis=0)
        self.grads["W"] += self.v.T @ av
        self.grads["b"] += av.sum(axis=0)
        return au @ W.T, av @ W.T
