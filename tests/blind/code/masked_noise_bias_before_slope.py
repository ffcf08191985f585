import numpy as np


class DenoisingAE:
    def __init__(self, d, h):
        self.W1 = np.random.randn(d, h) * 0.5
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, d) * 0.5
        self.b2 = np.zeros(d)

    def forward(self, x, keep):
        self.x, self.keep = x, keep
        self.xt = x * keep
        self.h = np.tanh(self.xt @ self.W1 + self.b1)
        self.out = self.h @ self.W2 + self.b2
        return self.out

    def backward(self, dout):
        self.dW2 = self.h.T @ dout
        self.db2 = dout.sum(axis=0)
        dh = dout @ self.W2.T
        dz = dh * (1 - self.h**2)
        self.dW1 = self.xt.T @ dz
        self.db1 = dh.sum(axis=0)
        return (dz @ self.W1.T) * self.keep
