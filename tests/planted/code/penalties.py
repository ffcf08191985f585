"""Penalties on codes and weights, and the two formulas of a variational autoencoder."""

import numpy as np


def kl_sparsity(h, rho):
    rho_hat = h.mean(axis=0)
    return (rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat))).sum()


def kl_sparsity_backward(h, rho):
    N = h.shape[0]
    rho_hat = np.sum(h, axis=0) / N
    slope = -rho / rho_hat + (1 - rho) / (1 - rho_hat)
    return np.ones_like(h) * slope / N


def kl_sparsity_backward_by_rows(h, rho):
    rho_hat = h.mean(axis=0)
    off = (1 - rho) / (1 - rho_hat)
    on = rho / rho_hat
    grad_h = np.zeros_like(h)
    for n in range(len(h)):
        grad_h[n] += (off - on) / len(h)
    return grad_h


def l1_sparsity(h):
    return np.abs(h).sum() / len(h)


def l1_sparsity_backward(h):
    return np.sign(h) / len(h)


def decay(W, lam):
    return 0.5 * lam * np.sum(W * W)


def decay_backward(W, lam):
    return lam * W


def contraction(x, W, b):
    h = 1 / (1 + np.exp(-(x @ W + b)))
    return (((h * (1 - h)) ** 2) @ (W**2).sum(axis=0)).sum() / len(x)


def contraction_backward(x, W, b):
    h = 1 / (1 + np.exp(-(x @ W + b)))
    slope = h * (1 - h)
    squares = (W**2).sum(axis=0)
    grad_slope = 2 * slope * squares / len(x)
    grad_h = grad_slope * (1 - 2 * h)
    grad_a = grad_h * slope
    grad_W = x.T @ grad_a
    grad_W += 2 * W * (slope**2).sum(axis=0) / len(x)
    grad_x = grad_a @ W.T
    grad_b = grad_a.sum(axis=0)
    return grad_x, grad_W, grad_b


def gaussian_kl(mu, log_var):
    return -0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum() / len(mu)


def gaussian_kl_backward(mu, log_var):
    N = len(mu)
    grad_mu = mu / N
    grad_log_var = -0.5 * (1 - np.exp(log_var)) / N
    return grad_mu, grad_log_var


def gaussian_kl_of_sigma(mu, sigma):
    return (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum(axis=1).mean()


def gaussian_kl_of_sigma_backward(mu, sigma):
    N = mu.shape[0]
    return mu / N, (sigma - 1 / sigma) / N


def sample(mu, log_var, eps):
    return mu + np.exp(0.5 * log_var) * eps


def sample_backward(grad_z, log_var, eps):
    sigma = np.exp(0.5 * log_var)
    grad_sigma = grad_z * eps
    grad_log_var = 0.5 * grad_sigma * sigma
    return grad_z.copy(), grad_log_var


def sample_backward_from_z(grad_z, mu, z):
    spread = z - mu
    return 1 * grad_z, 0.5 * grad_z * spread
