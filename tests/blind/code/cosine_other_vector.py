import numpy as np


def cosine(u, v):
    nu = np.linalg.norm(u, axis=1, keepdims=True)
    nv = np.linalg.norm(v, axis=1, keepdims=True)
    return np.sum(1 - np.sum(u * v, axis=1, keepdims=True) / (nu * nv))


def cosine_backward(dout, u, v):
    nu = np.linalg.norm(u, axis=1, keepdims=True)
    nv = np.linalg.norm(v, axis=1, keepdims=True)
    c = np.sum(u * v, axis=1, keepdims=True) / (nu * nv)
    du = v / (nu * nv) - c * u / nu**2
    dv = u / (nu * nv) - c * u / nv**2
    return -dout * du, -dout * dv
