import numpy as np


class HighwayStack:
    def __init__(self, size, numLayers):
        self.L = numLayers
        self.WH = [np.random.randn(size, size) * 0.5 for _ in range(numLayers)]
        self.bH = [np.random.randn(size) * 0.5 for _ in range(numLayers)]
        self.WT = [np.random.randn(size, size) * 0.5 for _ in range(numLayers)]
        self.bT = [np.random.randn(size) * 0.5 - 1 for _ in range(numLayers)]

    def forward(self, x):
        self.memory = []
        h = x
        for l in range(self.L):
            t = 1 / (1 + np.exp(-(h @ self.WT[l] + self.bT[l])))
            z = h @ self.WH[l] + self.bH[l]
            g = np.where(z > 0, z, 0.1 * z)
            self.memory.append((h, t, z, g))
            h = g * t + h * (1 - t)
        return h

    def backward(self, grad):
        self.dWH, self.dbH = [None] * self.L, [None] * self.L
        self.dWT, self.dbT = [None] * self.L, [None] * self.L
        for l in range(self.L - 1, -1, -1):
            h, t, z, g = self.memory[l]
            dt = grad * (g - h)
            dat = dt * t * (1 - t)
            dg = grad * t
            dz = dg * np.where(z > 0, 1, 0.1)
            self.dWT[l] = h.T @ dat
            self.dbT[l] = dat.sum(axis=0)
            self.dWH[l] = h.T @ dz
            self.dbH[l] = dz.sum(axis=0)
            grad = grad * (1 - t) + dat @ self.WT[l].T + dz @ self.WH[l].T
        return grad
