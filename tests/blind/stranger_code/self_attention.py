"""One head of self-attention with a residual connection, in pairs that hand on a dictionary."""

import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(x, Wq, Wk, Wv, Wo):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scale = 1.0 / np.sqrt(q.shape[-1])
    p = softmax(q @ np.swapaxes(k, 1, 2) * scale)
    mixed = p @ v
    out = x + mixed @ Wo
    return out, {"x": x, "q": q, "k": k, "v": v, "p": p, "mixed": mixed, "scale": scale, "W": (Wq, Wk, Wv, Wo)}


def weight_grad(a, da):
    return np.einsum("nti,ntj->ij", a, da)


def attention_backward(dout, cache):
    x, q, k, v, p, scale = (cache[name] for name in ("x", "q", "k", "v", "p", "scale"))
    Wq, Wk, Wv, Wo = cache["W"]
    dmixed = dout @ Wo.T
    dWo = weight_grad(cache["mixed"], dout)
    dp = dmixed @ np.swapaxes(v, 1, 2)
    dv = np.swapaxes(p, 1, 2) @ dmixed
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    dq = ds @ k * scale
    dk = np.swapaxes(ds, 1, 2) @ q * scale
    dWq = weight_grad(x, dq)
    dWk = weight_grad(x, dk)
    dWv = weight_grad(x, dv)
    dx = dout + dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    return dx, dWq, dWk, dWv, dWo
