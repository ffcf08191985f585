"""Right backward passes in unusual styles: a checker that rejects one of them, or finds a cause in it, is wrong."""

import numpy as np
from mistakes import PAIRS, sigmoid

from aescratch import backend

STYLES = []  # name, pair, backward


def style(name, pair):
    def register(backward):
        STYLES.append((f"{pair}: {name}", pair, backward))
        return backward

    return register


@style("einsum", "dense")
def _(grad_y, x, W):
    return np.einsum("nj,ij->ni", grad_y, W), np.einsum("ni,nj->ij", x, grad_y), np.einsum("nj->j", grad_y)


@style("loops", "dense")
def _(grad_y, x, W):
    grad_x, grad_W, grad_b = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(x)):
        for j in range(W.shape[1]):
            grad_b[j] += grad_y[n, j]
            for i in range(W.shape[0]):
                grad_x[n, i] += grad_y[n, j] * W[i, j]
                grad_W[i, j] += grad_y[n, j] * x[n, i]
    return grad_x, grad_W, grad_b


@style("Fortran order", "dense")
def _(grad_y, x, W):
    return np.asfortranarray(grad_y @ W.T), np.asfortranarray(x.T @ grad_y), grad_y.sum(0)


@style("outer products row by row", "dense")
def _(grad_y, x, W):
    grad_W = sum(np.outer(row, grad) for row, grad in zip(x, grad_y, strict=True))
    return np.stack([W @ grad for grad in grad_y]), grad_W, np.ones(len(x)) @ grad_y


@style("transposed twice", "dense")
def _(grad_y, x, W):
    return (W @ grad_y.T).T.copy(), (grad_y.T @ x).T.copy(), grad_y.T.sum(1)


@style("tensordot", "affine")
def _(grad_y, X, weights):
    return np.tensordot(grad_y, weights, (1, 1)), np.tensordot(X, grad_y, (0, 0)), np.add.reduce(grad_y)


@style("where", "relu")
def _(grad_y, a):
    return np.where(a > 0, grad_y, 0.0)


@style("heaviside", "relu")
def _(grad_y, a):
    return grad_y * np.heaviside(a, 0.0)


@style("mask assigned on a copy", "relu")
def _(grad_y, y):
    grad = grad_y.copy()
    grad[y <= 0] = 0
    return grad


@style("greater or equal", "relu")
def _(grad_y, a):
    return grad_y * (a >= 0)


@style("half of sign plus one", "relu")
def _(grad_y, a):
    return grad_y * 0.5 * (1 + np.sign(a))


@style("select", "leaky_relu")
def _(grad_y, a, alpha):
    return np.select([a > 0, a <= 0], [grad_y, alpha * grad_y])


@style("through the input", "sigmoid")
def _(grad_y, a):
    return grad_y * np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))) ** 2


@style("through tanh", "sigmoid")
def _(grad_y, a):
    return grad_y * 0.25 * (1 - np.tanh(a / 2) ** 2)


@style("through cosh", "tanh")
def _(grad_y, a):
    return grad_y / np.cosh(np.clip(a, -300, 300)) ** 2


@style("difference of squares", "tanh")
def _(grad_y, y):
    return grad_y * (1 - y) * (1 + y)


@style("in place on a copy", "tanh")
def _(grad_y, y):
    grad = np.square(y)
    np.subtract(1, grad, out=grad)
    grad *= grad_y
    return grad


@style("distribution and density", "gelu")
def _(grad_y, a):
    return grad_y * (backend.normal_cdf(a) + a * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi))


@style("product rule in full", "gelu_tanh")
def _(grad_y, a):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (a + 0.044715 * a**3))
    return grad_y * (0.5 + 0.5 * t + 0.5 * a * (1 - t) * (1 + t) * c * (1 + 0.134145 * a**2))


@style("sorted", "top_k")
def _(grad_y, a, k):
    kept = np.argsort(-a, axis=1)[:, :k]
    grad = np.zeros_like(a)
    np.put_along_axis(grad, kept, np.take_along_axis(grad_y, kept, 1), 1)
    return grad


@style("matrices row by row", "unit_rows")
def _(grad_W, V):
    rows = []
    for g, v in zip(grad_W, V, strict=True):
        length = np.sqrt(v @ v)
        rows.append((np.eye(len(v)) - np.outer(v, v) / length**2) @ g / length)
    return np.array(rows)


@style("from z", "reparameterize")
def _(grad_z, mu, log_var, eps, z):
    return np.array(grad_z), 0.5 * grad_z * (z - mu)


@style("sigma first", "reparameterize")
def _(grad_z, log_var, eps):
    grad_sigma = grad_z * eps
    return 1.0 * grad_z, grad_sigma * np.sqrt(np.exp(log_var)) / 2


@style("the ½ and the 2", "squared_error")
def _(x_hat, x):
    return 0.5 * 2 * (x_hat - x) / x_hat.shape[0]


@style("quotients", "binary_cross_entropy")
def _(logits, x):
    p = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    return (1 - x) * p / len(x) - x * (1 - p) / len(x)


@style("one-hot matrix", "softmax_cross_entropy")
def _(logits, labels):
    e = np.exp(logits - logits.max(1)[:, None])
    return (e / e.sum(1)[:, None] - np.eye(logits.shape[1])[labels]) / len(labels)


@style("one fraction", "kl_sparsity")
def _(h, rho):
    m = np.mean(h, 0, keepdims=True)
    return np.repeat((m - rho) / (m * (1 - m)) / len(h), len(h), 0)


@style("h over |h|", "l1_sparsity")
def _(h):
    return np.divide(h, np.abs(h), out=np.zeros_like(h), where=h != 0) / len(h)


@style("einsum", "contraction")
def _(slope, W):
    n = len(slope)
    return 2 / n * np.einsum("nj,ij,ij->nj", slope, W, W), 2 / n * np.einsum("ij,nj,nj->ij", W, slope, slope)


@style("expm1", "gaussian_kl")
def _(mu, log_var):
    return mu / len(mu), np.expm1(log_var) / (2 * len(mu))


@style("Jacobians", "softmax_rows")
def _(grad_y, y):
    return np.stack([(np.diag(p) - np.outer(p, p)) @ g for p, g in zip(y, grad_y, strict=True)])


@style("one formula", "batch_norm")
def _(grad_y, x):
    n, sd = len(x), np.sqrt(x.var(0) + 1e-5)
    z = (x - x.mean(0)) / sd
    return (n * grad_y - grad_y.sum(0) - z * (grad_y * z).sum(0)) / (n * sd)


@style("centring matrix", "centred")
def _(grad_y, x):
    return (np.eye(len(x)) - 1 / len(x)) @ grad_y


@style("logarithmic derivative", "dense_sigmoid")
def _(grad_y, x, W, b):
    y = sigmoid(x @ W + b)
    delta = grad_y * (y - y * y)
    return delta @ W.T, x.T @ delta, delta.sum(0)


# Inputs are also multiplied by these scales, if the pair allows them.
SCALES = (1e-6, 1e-3, 1.0, 1e3, 1e6)
LINEAR = {"dense", "affine", "relu", "leaky_relu", "top_k", "centred", "squared_error", "contraction", "l1_sparsity"}
SMALL_TOO = {"sigmoid", "tanh", "gelu", "gelu_tanh", "softmax_rows", "unit_rows", "dense_sigmoid"}


def scales_of(pair):
    """Return the scales at which a pair's inputs make sense: a saturated unit has no gradient that could be checked."""
    if pair in LINEAR:
        return SCALES
    return [scale for scale in SCALES if scale <= 1] if pair in SMALL_TOO else [1.0]


def scaled_inputs(pair, scale, rng):
    inputs = PAIRS[pair][1](rng)
    return {name: v * scale if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for name, v in inputs.items()}
