"""VAE for binarised digits in plain numpy: loss and gradients as a dictionary. Rows are examples."""
import numpy as np


def relu(a):
    return np.maximum(a, 0)


def vae_step(x, eps, W_enc, b_enc, W_mu, b_mu, W_logvar, b_logvar, W_dec, b_dec, W_out, b_out, beta=2.0):
    batch_size = x.shape[0]
    # encoder
    enc = x @ W_enc + b_enc
    h = relu(enc)
    mu = h @ W_mu + b_mu
    logvar = h @ W_logvar + b_logvar
    # sample
    std = np.exp(0.5 * logvar)
    z = mu + std * eps
    # decoder
    dec = z @ W_dec + b_dec
    d = relu(dec)
    logits = d @ W_out + b_out
    # loss
    bce = np.sum(np.maximum(logits, 0) - logits * x + np.log1p(np.exp(-np.abs(logits))))
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar))
    loss = (bce + beta * kl) / batch_size

    grads = {}
    dlogits = (1 / (1 + np.exp(-logits)) - x) / batch_size
    grads["W_out"] = d.T @ dlogits
    grads["b_out"] = np.sum(dlogits, axis=0)
    ddec = (dlogits @ W_out.T) * (dec > 0)
    grads["W_dec"] = z.T @ ddec
    grads["b_dec"] = np.sum(ddec, axis=0)
    dz = ddec @ W_dec.T
    dmu = dz + beta * mu / batch_size
    dlogvar = 0.5 * dz * eps * std + 0.5 * beta * (np.exp(logvar) - 1) / batch_size
    grads["W_mu"] = h.T @ dmu
    grads["b_mu"] = np.sum(dmu, axis=0)
    grads["W_logvar"] = h.T @ dlogvar
    grads["b_logvar"] = np.sum(dlogvar, axis=0)
    dh = dmu @ W_mu.T + dlogvar @ W_logvar.T
    denc = dh * (enc > 0)
    grads["W_enc"] = x.T @ denc
    grads["b_enc"] = np.sum(denc, axis=0)
    return loss, grads
