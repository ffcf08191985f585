"""y = x + gelu(layernorm(x) W1 + b1) W2 + b2"""
import numpy as np

C0 = np.sqrt(2 / np.pi)


def block_forward(x, gamma, beta, W1, b1, W2, b2):
    mu = x.mean(-1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    norm = (x - mu) * rstd
    ln = norm * gamma + beta
    pre = ln @ W1 + b1
    th = np.tanh(C0 * (pre + 0.044715 * pre ** 3))
    act = 0.5 * pre * (1 + th)
    out = x + act @ W2 + b2
    return out, (norm, rstd, ln, pre, th, act, gamma, W1, W2)


def block_backward(dout, cache):
    norm, rstd, ln, pre, th, act, gamma, W1, W2 = cache
    dW2 = act.T @ dout
    db2 = dout.sum(0)
    dact = dout @ W2.T
    dth = C0 * (1 + 3 * 0.044715 * pre ** 2)
    dpre = dact * (0.5 * (1 + th) + 0.5 * pre * (1 - th ** 2) * dth)
    dW1 = ln.T @ dpre
    db1 = dpre.sum(0)
    dln = dpre @ W1.T
    dgamma = (dln * norm).sum(0)
    dbeta = dln.sum(0)
    dnorm = dln * gamma
    dx = rstd * (dnorm - dnorm.mean(-1, keepdims=True) - norm * (dnorm * norm).mean(-1, keepdims=True))
    dx += dout
    return dx, dgamma, dbeta, dW1, db1, dW2, db2
