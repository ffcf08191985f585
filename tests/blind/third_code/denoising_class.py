"""Denoising autoencoder with tied weights. Columns are examples. Cross-entropy is summed, as in the deep learning tutorials."""
import numpy as np


class DenoisingAutoEncoder:
    def __init__(self, n_visible, n_hidden, n_examples, corruption=0.3, seed=123):
        rng = np.random.RandomState(seed)
        self.W = rng.uniform(-1, 1, size=(n_hidden, n_visible))
        self.bhid = rng.normal(size=(n_hidden, 1))
        self.bvis = rng.normal(size=(n_visible, 1))
        self.keep = rng.binomial(1, 1 - corruption, size=(n_visible, n_examples))
        self.weight_cost = 0.02

    def forward(self, X):
        self.X = 1 / (1 + np.exp(-X))                          # squash pixels to (0, 1)
        self.tilde = self.X * self.keep                        # corrupted input
        self.Y = np.tanh(self.W.dot(self.tilde) + self.bhid)   # code
        self.Z = 1 / (1 + np.exp(-(self.W.T.dot(self.Y) + self.bvis)))
        L = -np.sum(self.X * np.log(self.Z) + (1 - self.X) * np.log(1 - self.Z))
        return L + self.weight_cost * np.sum(self.W ** 2)

    def backward(self):
        dA2 = self.Z - self.X
        self.dbvis = dA2.sum(axis=1, keepdims=True)
        dY = self.W.dot(dA2)
        dA1 = dY * (1 - self.Y ** 2)
        self.dbhid = dA1.sum(axis=1, keepdims=True)
        self.dW = dA1.dot(self.tilde.T)
        self.dW += self.Y.dot(dA2.T)
        self.dW += 2 * self.weight_cost * self.W
        # the pixels are target and input at once
        dX = np.log(1 - self.Z) - np.log(self.Z)
        dX += self.W.T.dot(dA1) * self.keep
        return dX * self.X * (1 - self.X)
