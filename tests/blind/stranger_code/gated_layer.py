"""A highway layer: a gate mixes a transformed input with the input itself."""

import numpy as np


class Highway:
    def __init__(self, n):
        self.W_H = np.random.normal(size=(n, n)) * 0.5
        self.b_H = np.random.normal(size=n) * 0.1
        self.W_T = np.random.normal(size=(n, n)) * 0.5
        self.b_T = np.random.normal(size=n) - 0.5

    def forward(self, x):
        self.x = x
        self.H = np.maximum(0, x @ self.W_H + self.b_H)
        self.T = 1 / (1 + np.exp(-(x @ self.W_T + self.b_T)))
        return self.H * self.T + x * (1 - self.T)

    def backward(self, dout):
        dH = dout * self.T
        dT = dout * (self.H - self.x)
        dH_pre = dH * (self.H > 0)
        dT_pre = dT * self.T * (1 - self.T)
        self.dW_H = self.x.T @ dH_pre
        self.db_H = dH_pre.sum(axis=0)
        self.dW_T = self.x.T @ dT_pre
        self.db_T = dT_pre.sum(axis=0)
        dx = dout * (1 - self.T)
        dx += dH_pre @ self.W_H.T
        dx += dT_pre @ self.W_T.T
        return dx
