"""Maxout layer with weight normalisation (Salimans & Kingma): w = g * v / ||v||, one g per column."""
import numpy as np


class WNMaxout(object):
    def __init__(self, nIn, nOut, pieces=3):
        rng = np.random.RandomState(42)
        self.nOut = nOut
        self.pieces = pieces
        self.v = rng.randn(nIn, nOut * pieces)
        self.g = rng.rand(nOut * pieces) + 0.5
        self.b = 0.5 * rng.randn(nOut * pieces)

    def forward(self, x):
        self.x = x
        self.norm = np.sqrt(np.sum(self.v ** 2, axis=0))
        self.w = self.v * (self.g / self.norm)
        z = np.dot(x, self.w) + self.b
        z = z.reshape(len(x), self.nOut, self.pieces)
        self.best = np.argmax(z, axis=2)
        return np.max(z, axis=2)

    def backward(self, gradOut):
        N = len(self.x)
        dz = np.zeros((N, self.nOut, self.pieces))
        for n in range(N):
            for j in range(self.nOut):
                dz[n, j, self.best[n, j]] = gradOut[n, j]
        dz = dz.reshape(N, self.nOut * self.pieces)
        self.gradB = dz.sum(axis=0)
        dw = np.dot(self.x.T, dz)
        # chain rule of the reparameterisation, eq. 3 of the paper
        vhat = self.v / self.norm
        self.gradG = np.sum(dw * vhat, axis=0)
        self.gradV = self.g / self.norm * (dw - vhat * self.gradG)
        return np.dot(dz, self.w.T)
