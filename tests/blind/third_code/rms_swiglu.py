"""The feed-forward block of LLaMA by hand: RMSNorm, SwiGLU, residual."""
import numpy as np

EPS = 1e-3


def silu(a):
    return a / (1 + np.exp(-a))


def ffn_forward(x, gain, w1, w3, w2):
    ms = np.mean(x ** 2, axis=-1, keepdims=True)
    r = 1 / np.sqrt(ms + EPS)
    xhat = x * r
    n = xhat * gain
    a = n @ w1
    u = n @ w3
    s = silu(a)
    m = s * u
    out = x + m @ w2
    cache = {"x": x, "r": r, "xhat": xhat, "n": n, "a": a, "u": u, "s": s, "m": m,
             "gain": gain, "w1": w1, "w2": w2, "w3": w3}
    return out, cache


def ffn_backward(dout, cache):
    x, r, xhat, n = cache["x"], cache["r"], cache["xhat"], cache["n"]
    a, u, s, m = cache["a"], cache["u"], cache["s"], cache["m"]
    D = x.shape[-1]
    dw2 = m.T @ dout
    dm = dout @ cache["w2"].T
    ds = dm * u
    du = dm * s
    sig = 1 / (1 + np.exp(-a))
    da = ds * sig * (1 + a * (1 - sig))
    dw1 = n.T @ da
    dw3 = n.T @ du
    dn = da @ cache["w1"].T + du @ cache["w3"].T
    dgain = np.sum(dn * xhat, axis=0)
    dxhat = dn * cache["gain"]
    # r depends on every feature of its row
    dr = np.sum(dxhat * x, axis=-1, keepdims=True)
    dms = -0.5 * dr * r ** 3
    dx = dxhat * r + dms * 2 * x / D
    dx = dx + dout
    return dx, dgain, dw1, dw3, dw2
