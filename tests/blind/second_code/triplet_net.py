import numpy as np


class TripletNet:
    """One linear layer, unit-length embeddings, triplet hinge with squared distances (a sum over triplets)."""

    def __init__(self, n_in, n_emb, margin=1.0):
        self.W = 0.7 * np.random.randn(n_in, n_emb)
        self.b = 0.7 * np.random.randn(n_emb)
        self.margin = margin

    def embed(self, x):
        z = x @ self.W + self.b
        norm = np.sqrt(np.sum(z * z, axis=1, keepdims=True))
        return z / norm, norm

    def forward(self, anchor, positive, negative):
        self.inputs = anchor, positive, negative
        self.ua, self.na = self.embed(anchor)
        self.up, self.np_ = self.embed(positive)
        self.un, self.nn = self.embed(negative)
        dpos = np.sum((self.ua - self.up) ** 2, axis=1)
        dneg = np.sum((self.ua - self.un) ** 2, axis=1)
        self.slack = self.margin + dpos - dneg
        return np.sum(np.maximum(0, self.slack))

    def backward(self):
        active = (self.slack > 0)[:, None]
        dua = 2 * (self.un - self.up) * active
        dup = 2 * (self.up - self.ua) * active
        dun = 2 * (self.ua - self.un) * active
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dx = []
        branches = [(dua, self.ua, self.na), (dup, self.up, self.np_), (dun, self.un, self.nn)]
        for x, (du, u, norm) in zip(self.inputs, branches):
            dz = (du - u * np.sum(u * du, axis=1, keepdims=True)) / norm
            self.dW += x.T @ dz
            self.db += dz.sum(axis=0)
            dx.append(dz @ self.W.T)
        return tuple(dx)
