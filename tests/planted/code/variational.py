"""Variational autoencoders, written in several ways."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def vae_loss(x, eps, W1, b1, W_mu, W_lv, W2, b2):
    h = np.tanh(x @ W1 + b1)
    mu, log_var = h @ W_mu, h @ W_lv
    z = mu + np.exp(0.5 * log_var) * eps
    x_hat = z @ W2 + b2
    kl = -0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum()
    return (0.5 * ((x_hat - x) ** 2).sum() + kl) / len(x)


def vae_backward(x, eps, W1, b1, W_mu, W_lv, W2, b2):
    N = len(x)
    h = np.tanh(x @ W1 + b1)
    mu, log_var = h @ W_mu, h @ W_lv
    sigma = np.exp(0.5 * log_var)
    z = mu + sigma * eps
    x_hat = z @ W2 + b2
    # backward
    grad_x_hat = (x_hat - x) / N
    grad_W2 = z.T @ grad_x_hat
    grad_b2 = grad_x_hat.sum(axis=0)
    grad_z = grad_x_hat @ W2.T
    grad_mu = grad_z + mu / N
    grad_sigma = grad_z * eps
    grad_lv = 0.5 * grad_sigma * sigma - 0.5 * (1 - np.exp(log_var)) / N
    grad_W_mu = h.T @ grad_mu
    grad_W_lv = h.T @ grad_lv
    grad_h = grad_mu @ W_mu.T + grad_lv @ W_lv.T
    grad_a = grad_h * (1 - h**2)
    grad_W1 = x.T @ grad_a
    grad_b1 = grad_a.sum(axis=0)
    return grad_W1, grad_b1, grad_W_mu, grad_W_lv, grad_W2, grad_b2


def bernoulli_loss(x, eps, W1, W_mu, W_lv, W2, W3, beta):
    h = np.maximum(x @ W1, 0)
    mu, log_var = h @ W_mu, h @ W_lv
    z = mu + np.exp(log_var / 2) * eps
    logits = np.tanh(z @ W2) @ W3
    reconstruction = (np.logaddexp(0, logits) - x * logits).sum(axis=1).mean()
    divergence = 0.5 * (np.exp(log_var) + mu**2 - 1 - log_var).sum(axis=1).mean()
    return reconstruction + beta * divergence


def bernoulli_backward(x, eps, W1, W_mu, W_lv, W2, W3, beta):
    a = x @ W1
    h = np.maximum(a, 0)
    mu, log_var = h @ W_mu, h @ W_lv
    std = np.exp(log_var / 2)
    z = mu + std * eps
    g = np.tanh(z @ W2)
    p = sigmoid(g @ W3)
    # backward
    batch = x.shape[0]
    d_logits = (p - x) / batch
    d_W3 = g.T @ d_logits
    d_g = d_logits @ W3.T * (1 - g * g)
    d_W2 = z.T @ d_g
    d_z = d_g @ W2.T
    d_mu = d_z.copy()
    d_lv = d_z * eps * std / 2
    d_mu += beta * mu / batch
    d_lv += beta * 0.5 * (std**2 - 1) / batch
    d_h = d_mu @ W_mu.T
    d_h += d_lv @ W_lv.T
    d_h[a <= 0] = 0
    return x.T @ d_h, h.T @ d_mu, h.T @ d_lv, d_W2, d_W3


def sigma_loss(x, eps, W_mu, W_s, W2):
    mu = x @ W_mu
    sigma = np.exp(x @ W_s)
    x_hat = (mu + sigma * eps) @ W2
    kl = (0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)).sum()
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x) + kl / len(x)


def sigma_backward(x, eps, W_mu, W_s, W2):
    mu = x @ W_mu
    sigma = np.exp(x @ W_s)
    z = mu + sigma * eps
    # backward
    err = (z @ W2 - x) / len(x)
    grad_z = err @ W2.T
    grad_mu = grad_z + mu / len(x)
    grad_sigma = grad_z * eps + (sigma - 1 / sigma) / len(x)
    return x.T @ grad_mu, x.T @ (grad_sigma * sigma), z.T @ err


def rows_loss(x, eps, W_mu, W_lv, W2):
    mu, log_var = x @ W_mu, x @ W_lv
    x_hat = (mu + np.exp(0.5 * log_var) * eps) @ W2
    return 0.5 * ((x_hat - x) ** 2).sum() - 0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum()


def rows_backward(x, eps, W_mu, W_lv, W2):
    grad_mu_W, grad_lv_W, grad_W2 = np.zeros_like(W_mu), np.zeros_like(W_lv), np.zeros_like(W2)
    # backward
    for n in range(len(x)):
        mu, log_var = x[n] @ W_mu, x[n] @ W_lv
        sigma = np.exp(0.5 * log_var)
        z = mu + sigma * eps[n]
        err = z @ W2 - x[n]
        grad_W2 += np.outer(z, err)
        grad_z = W2 @ err
        grad_mu_W += np.outer(x[n], grad_z + mu)
        grad_lv_W += np.outer(x[n], 0.5 * grad_z * eps[n] * sigma + 0.5 * (sigma**2 - 1))
    return grad_mu_W, grad_lv_W, grad_W2
