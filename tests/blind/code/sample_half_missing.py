import numpy as np


def sample(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps


def sample_backward(grad_z, mu, logvar, eps):
    std = np.exp(logvar / 2)
    return grad_z.copy(), grad_z * eps * std
