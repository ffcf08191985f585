"""A variational autoencoder as a class: parameters in one dictionary, gradients in another."""

import numpy as np


class VAE:
    def __init__(self, input_dim, hidden_dim, latent_dim, beta=0.7):
        def init(n, m):
            return np.random.randn(n, m) / np.sqrt(n)

        self.beta = beta
        self.params = {
            "W_enc": init(input_dim, hidden_dim), "b_enc": np.random.randn(hidden_dim) * 0.1,
            "W_mu": init(hidden_dim, latent_dim), "b_mu": np.random.randn(latent_dim) * 0.1,
            "W_logvar": init(hidden_dim, latent_dim), "b_logvar": np.random.randn(latent_dim) * 0.1,
            "W_dec": init(latent_dim, hidden_dim), "b_dec": np.random.randn(hidden_dim) * 0.1,
            "W_out": init(hidden_dim, input_dim), "b_out": np.random.randn(input_dim) * 0.1,
        }
        self.grads = {}

    def forward(self, x, eps):
        p = self.params
        self.x, self.eps = x, eps
        self.h = np.tanh(x @ p["W_enc"] + p["b_enc"])
        self.mu = self.h @ p["W_mu"] + p["b_mu"]
        self.logvar = self.h @ p["W_logvar"] + p["b_logvar"]
        self.std = np.exp(0.5 * self.logvar)
        self.z = self.mu + self.std * eps
        self.hd = np.tanh(self.z @ p["W_dec"] + p["b_dec"])
        logits = self.hd @ p["W_out"] + p["b_out"]
        self.recon = 1 / (1 + np.exp(-logits))
        batch = x.shape[0]
        bce = np.sum(np.logaddexp(0, logits) - x * logits) / batch
        kl = -0.5 * np.sum(1 + self.logvar - self.mu**2 - np.exp(self.logvar)) / batch
        return bce + self.beta * kl

    def backward(self):
        p, g = self.params, self.grads
        batch = self.x.shape[0]
        d_logits = (self.recon - self.x) / batch
        g["W_out"] = self.hd.T @ d_logits
        g["b_out"] = d_logits.sum(axis=0)
        d_hd = d_logits @ p["W_out"].T
        d_hd = d_hd * (1 - self.hd**2)
        g["W_dec"] = self.z.T @ d_hd
        g["b_dec"] = d_hd.sum(axis=0)
        d_z = d_hd @ p["W_dec"].T
        d_mu = d_z + self.beta * self.mu / batch
        d_logvar = d_z * self.eps * 0.5 * self.std
        d_logvar += self.beta * 0.5 * (np.exp(self.logvar) - 1) / batch
        g["W_mu"] = self.h.T @ d_mu
        g["b_mu"] = d_mu.sum(axis=0)
        g["W_logvar"] = self.h.T @ d_logvar
        g["b_logvar"] = d_logvar.sum(axis=0)
        d_h = d_mu @ p["W_mu"].T + d_logvar @ p["W_logvar"].T
        d_h = d_h * (1 - self.h**2)
        g["W_enc"] = self.x.T @ d_h
        g["b_enc"] = d_h.sum(axis=0)
