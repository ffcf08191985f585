"""nanoGPT-like causal attention, one head, batch first."""
import numpy as np


class CausalSelfAttention:
    def __init__(self, n_embd, head_size, seed=1337):
        rng = np.random.default_rng(seed)
        self.params = {
            "Wq": rng.normal(0, 0.5, (n_embd, head_size)),
            "Wk": rng.normal(0, 0.5, (n_embd, head_size)),
            "Wv": rng.normal(0, 0.5, (n_embd, head_size)),
            "Wo": rng.normal(0, 0.5, (head_size, n_embd)),
        }
        self.grads = {}

    def forward(self, x):
        B, T, C = x.shape
        p = self.params
        q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
        scale = 1.0 / np.sqrt(q.shape[-1])
        wei = q @ k.transpose(0, 2, 1) * scale
        tril = np.tril(np.ones((T, T), dtype=bool))
        wei = np.where(tril, wei, -np.inf)
        wei = np.exp(wei - wei.max(axis=-1, keepdims=True))
        att = wei / wei.sum(axis=-1, keepdims=True)
        y = att @ v
        self.cache = (x, q, k, v, att, y, scale)
        return x + y @ p["Wo"]

    def backward(self, dout):
        x, q, k, v, att, y, scale = self.cache
        p = self.params
        self.grads["Wo"] = np.einsum("bth,btc->hc", y, dout)
        dy = dout @ p["Wo"].T
        datt = dy @ v.transpose(0, 2, 1)
        dv = att.transpose(0, 2, 1) @ dy
        dwei = att * (datt - np.sum(datt * att, axis=-1, keepdims=True))
        dwei = dwei * scale
        dq = dwei @ k
        dk = dwei.transpose(0, 2, 1) @ q
        self.grads["Wq"] = np.einsum("btc,bth->ch", x, dq)
        self.grads["Wk"] = np.einsum("btc,bth->ch", x, dk)
        self.grads["Wv"] = np.einsum("btc,bth->ch", x, dv)
        dx = dout.copy()
        dx += dq @ p["Wq"].T
        dx += dk @ p["Wk"].T
        dx += dv @ p["Wv"].T
        return dx
