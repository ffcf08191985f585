import numpy as np


def kl_sparse(h, rho=0.1):
    rho_hat = h.mean(axis=0)
    return np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))


def kl_sparse_backward(h, rho=0.1):
    m = h.shape[0]
    rho_hat = h.mean(axis=0)
    g = rho / rho_hat - (1 - rho) / (1 - rho_hat)
    return np.ones_like(h) * g / m
