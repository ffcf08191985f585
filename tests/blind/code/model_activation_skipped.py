import numpy as np

import aescratch as ae


class SparseModel:
    def __init__(self, d, h, rng):
        self.enc = ae.Dense(d, h, dtype="float64", rng=rng)
        self.act = ae.Sigmoid()
        self.dec = ae.Dense(h, d, dtype="float64", rng=rng)
        self.mse = ae.SquaredError()
        self.enc.W.name, self.enc.b.name = "enc.W", "enc.b"
        self.dec.W.name, self.dec.b.name = "dec.W", "dec.b"
        self.parameters = [*self.enc.parameters, *self.dec.parameters]
        self.beta = 0.4
        self.lam = 0.1

    def loss(self, x, rng=None):
        self.h = self.act.forward(self.enc.forward(x))
        out = self.dec.forward(self.h)
        penalty = self.beta * np.sum(self.h**2) / len(x)
        decay = 0.5 * self.lam * (np.sum(self.enc.W.value**2) + np.sum(self.dec.W.value**2))
        return self.mse.forward(out, x) + penalty + decay

    def backward(self):
        grad = self.dec.backward(self.mse.backward())
        grad = grad + 2 * self.beta * self.h / len(self.h)
        self.enc.backward(grad)
        self.enc.W.grad += self.lam * self.enc.W.value
        self.dec.W.grad += self.lam * self.dec.W.value
