import numpy as np


def vae_loss(x, eps, W1, b1, Wmu, bmu, Wlv, blv, W2, b2, W3, b3, beta=0.5):
    N = x.shape[0]
    # encoder
    h = np.tanh(x @ W1 + b1)
    mu = h @ Wmu + bmu
    logvar = h @ Wlv + blv
    std = np.exp(0.5 * logvar)
    z = mu + std * eps
    # decoder
    g = np.tanh(z @ W2 + b2)
    xr = g @ W3 + b3
    rec = 0.5 * np.sum((xr - x) ** 2) / N
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) / N
    loss = rec + beta * kl

    # backward
    dxr = (xr - x) / N
    dW3 = g.T @ dxr
    db3 = dxr.sum(axis=0)
    dg = dxr @ W3.T * (1 - g**2)
    dW2 = z.T @ dg
    db2 = dg.sum(axis=0)
    dz = dg @ W2.T
    dmu = dz + beta * mu / N
    dlogvar = dz * 0.5 * std + beta * 0.5 * (np.exp(logvar) - 1) / N
    dWmu = h.T @ dmu
    dbmu = dmu.sum(axis=0)
    dWlv = h.T @ dlogvar
    dblv = dlogvar.sum(axis=0)
    dh = dmu @ Wmu.T + dlogvar @ Wlv.T
    da = dh * (1 - h**2)
    dW1 = x.T @ da
    db1 = da.sum(axis=0)
    return loss, dict(W1=dW1, b1=db1, Wmu=dWmu, bmu=dbmu, Wlv=dWlv, blv=dblv, W2=dW2, b2=db2, W3=dW3, b3=db3)
