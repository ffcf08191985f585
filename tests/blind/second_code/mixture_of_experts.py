"""Mixture of linear experts: -log sum_e g_e(x) exp(-|y - x U_e|^2 / 2)"""
import numpy as np


def moe_loss(x, y, V, U):
    n, E = len(x), len(U)
    a = x @ V
    g = np.exp(a - a.max(axis=1, keepdims=True))
    g /= g.sum(axis=1, keepdims=True)
    outs = np.stack([x @ U[e] for e in range(E)], axis=1)  # n, E, outputs
    dist = 0.5 * ((outs - y[:, None, :]) ** 2).sum(axis=2)
    joint = g * np.exp(-dist)
    loss = -np.log(joint.sum(axis=1)).mean()

    def backward(dloss):
        post = joint / joint.sum(axis=1, keepdims=True)
        da = dloss * (g - post) / n
        douts = dloss * post[:, :, None] * (outs - y[:, None, :]) / n
        dV = x.T @ da
        dx = da @ V.T
        dU = np.zeros_like(U)
        for e in range(E):
            dU[e] = x.T @ douts[:, e]
            dx += douts[:, e] @ U[e].T
        return dx, dV, dU

    return loss, backward
