import numpy as np


def kl_divergence(mu, logvar):
    N = mu.shape[0]
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) / N


def kl_divergence_backward(dout, mu, logvar):
    N = mu.shape[0]
    dmu = dout * mu / N
    dlogvar = dout * 0.5 * (1 - np.exp(logvar)) / N
    return dmu, dlogvar
