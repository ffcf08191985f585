"""The SimCLR loss (NT-Xent) without autograd. Rows i of both views are a positive pair."""
import numpy as np


def _similarities(za, zb, t):
    z = np.concatenate([za, zb])
    length = np.sqrt((z ** 2).sum(axis=1, keepdims=True))
    zn = z / length
    sim = zn @ zn.T / t
    np.fill_diagonal(sim, -1e9)      # not with itself
    return zn, length, sim


def nt_xent(za, zb, t=0.5):
    n = za.shape[0]
    zn, length, sim = _similarities(za, zb, t)
    pos = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
    top = sim.max(axis=1)
    logsum = top + np.log(np.exp(sim - top[:, None]).sum(axis=1))
    return np.mean(logsum - sim[np.arange(2 * n), pos])


def nt_xent_backward(za, zb, t=0.5):
    n = za.shape[0]
    zn, length, sim = _similarities(za, zb, t)
    pos = np.concatenate([np.arange(n, 2 * n), np.arange(n)])
    p = np.exp(sim - sim.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(2 * n), pos] -= 1
    dsim = p / (2 * n)
    # every similarity has two ends
    dzn = (dsim + dsim.T) @ zn / t
    inner = (dzn * zn).sum(axis=1, keepdims=True)
    dz = (dzn - inner * zn) / length
    return dz[:n], dz[n:]
