"""Classes with forward and backward that keep what they need in self."""

import numpy as np


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class BatchNorm:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.xc = x - x.mean(axis=0)
        self.std = np.sqrt((self.xc**2).mean(axis=0) + 1e-6)
        self.xn = self.xc / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc = dxc + (2.0 / n) * self.xc * dvar
        dmu = np.sum(dxc, axis=0)
        return dxc - dmu / n


class TwoLayers:
    """A small network with its parameters and gradients in dictionaries."""

    def __init__(self, W1, b1, W2, b2):
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["W1"] + p["b1"])
        return self.h @ p["W2"] + p["b2"]

    def backward(self, dout):
        p = self.params
        self.grads["W2"] = self.h.T @ dout
        self.grads["b2"] = dout.sum(axis=0)
        dh = dout @ p["W2"].T
        da = dh * (1 - self.h**2)
        self.grads["W1"] = self.x.T @ da
        self.grads["b1"] = da.sum(axis=0)
        return da @ p["W1"].T


class TiedAutoencoder:
    """Encoder and decoder share W; backward takes the gradient of the reconstruction."""

    def __init__(self, W, b, c):
        self.W, self.b, self.c = W, b, c

    def forward(self, x):
        self.x = x
        self.h = 1 / (1 + np.exp(-(x @ self.W + self.b)))
        return self.h @ self.W.T + self.c

    def backward(self, grad):
        self.dc = grad.sum(axis=0)
        dh = grad @ self.W
        da = dh * self.h * (1 - self.h)
        self.db = da.sum(axis=0)
        self.dW = self.x.T @ da + grad.T @ self.h
        return da @ self.W.T


class VariationalCode:
    """The middle of a VAE: two heads and a sample, with noise that was drawn before."""

    def __init__(self, W_mu, W_lv, eps):
        self.W_mu, self.W_lv = W_mu, W_lv
        self.eps = eps
        self.eps.flags.writeable = False

    def forward(self, h):
        self.h = h
        self.mu = h @ self.W_mu
        self.std = np.exp(0.5 * (h @ self.W_lv))
        return self.mu + self.std * self.eps

    def backward(self, dz):
        dlv = 0.5 * dz * self.eps * self.std
        self.dW_mu = self.h.T @ dz
        self.dW_lv = self.h.T @ dlv
        return dz @ self.W_mu.T + dlv @ self.W_lv.T


class SoftmaxHead:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        e = np.exp(x @ self.W + self.b)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dout):
        s = (dout * self.p).sum(axis=1, keepdims=True)
        da = self.p * (dout - s)
        self.dW = self.x.T @ da
        self.db = da.sum(axis=0)
        return da @ self.W.T
