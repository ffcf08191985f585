"""Wrong backward passes, each with its true causes: the catalogue against which the checker's causes are tested.

PAIRS holds forwards, what makes their inputs from a generator, and how many of them get a gradient. A mistake is a backward, and for each gradient that it gets wrong the
codes that name its cause truly: "scale[N]" is the code "scale" with the factor N. Several codes say the same thing.
"""

import inspect
import linecache
import types
from typing import NamedTuple

import numpy as np
from numeric import D, H, N
from numpy import exp, ones_like, sqrt, tanh, zeros_like

from aescratch import backend
from aescratch import functions as sheet
from aescratch.inspection.gradcheck.binding import bind
from aescratch.inspection.gradcheck.causes import explain
from aescratch.inspection.gradcheck.printing import Finding

MOST_WORDS = 80  # of a finding as it is printed

K = 2
LINE = "line"


def too_long(finding: Finding):
    """Whether a printed finding, with its cause and its question, has too many words.

    The line of code beside it doesn't count, and is shortened if it is long.
    """
    cause = "" if finding.message.startswith(finding.cause) else finding.cause
    return len(f"{finding.message} {cause} {finding.question}".split()) > MOST_WORDS


class Mistake(NamedTuple):
    name: str
    pair: str
    backward: object
    right: dict  # gradient -> the codes that are true


def sigmoid(v):
    return 1 / (1 + exp(-v))


def signed(rng, *shape):
    return rng.normal(0, 1.3, shape)


# Forwards that aren't of the sheet, as people write them.


def affine(X, weights, bias):
    return X.dot(weights) + bias


def affine_relu(x, w, b):
    return np.maximum(0, x @ w + b)


def dense_tanh(x, W, b):
    return tanh(x @ W + b)


def dense_sigmoid(x, W, b):
    return sigmoid(x @ W + b)


def two_layers(x, W1, b1, W2, b2):
    return sheet.gelu(x @ W1 + b1) @ W2 + b2


def autoencoder_loss(x, W1, b1, W2, b2):
    h = sigmoid(x @ W1 + b1)
    x_hat = h @ W2 + b2
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def tied_loss(x, W, b, c):
    h = tanh(x @ W + b)
    x_hat = h @ W.T + c
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def centred(x):
    return x - x.mean(axis=0)


def batch_norm(x):
    return (x - x.mean(axis=0)) / sqrt(x.var(axis=0) + 1e-5)


def layer_scale(x, gamma, beta):
    return x * gamma + beta


def softmax_rows(s):
    e = exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mean_pool(x):
    return x.mean(axis=0)


def product(p, q):
    return p * q


def quotient(p, q):
    return p / q


def square(a):
    return a**2


def summed_error(x_hat, x):
    return ((x_hat - x) ** 2).sum()


def mean_error(x_hat, x):
    return ((x_hat - x) ** 2).mean()


def ridge(x, W, t, lam):
    return 0.5 * ((x @ W - t) ** 2).sum() / len(x) + 0.5 * lam * (W * W).sum()


PAIRS = {
    "dense": (sheet.dense, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H), "b": signed(r, H)}, 3),
    "unit_rows": (sheet.unit_rows, lambda r: {"V": signed(r, H, D)}, 1),
    "identity": (sheet.identity, lambda r: {"a": signed(r, N, H)}, 1),
    "relu": (sheet.relu, lambda r: {"a": signed(r, N, H)}, 1),
    "leaky_relu": (sheet.leaky_relu, lambda r: {"a": signed(r, N, H), "alpha": 0.3}, 1),
    "sigmoid": (sheet.sigmoid, lambda r: {"a": signed(r, N, H)}, 1),
    "sigmoid_slope": (sheet.sigmoid_slope, lambda r: {"a": signed(r, N, H)}, 1),
    "tanh": (sheet.tanh, lambda r: {"a": signed(r, N, H)}, 1),
    "tanh_slope": (sheet.tanh_slope, lambda r: {"a": signed(r, N, H)}, 1),
    "gelu": (sheet.gelu, lambda r: {"a": signed(r, N, H)}, 1),
    "gelu_slope": (sheet.gelu_slope, lambda r: {"a": signed(r, N, H)}, 1),
    "gelu_tanh": (sheet.gelu_tanh, lambda r: {"a": signed(r, N, H)}, 1),
    "gelu_tanh_slope": (sheet.gelu_tanh_slope, lambda r: {"a": signed(r, N, H)}, 1),
    "top_k": (sheet.top_k, lambda r: {"a": signed(r, N, D), "k": K}, 1),
    "corrupt": (sheet.corrupt, lambda r: {"x": signed(r, N, D), "keep": (r.random((N, D)) > 0.3).astype(float), "noise": signed(r, N, D)}, 1),
    "reparameterize": (sheet.reparameterize, lambda r: {"mu": signed(r, N, H), "log_var": signed(r, N, H), "eps": signed(r, N, H)}, 2),
    "squared_error": (sheet.squared_error, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D)}, 1),
    "binary_cross_entropy": (sheet.binary_cross_entropy, lambda r: {"logits": signed(r, N, D), "x": r.random((N, D))}, 1),
    "softmax_cross_entropy": (sheet.softmax_cross_entropy, lambda r: {"logits": signed(r, N, D), "labels": r.integers(0, D, N)}, 1),
    "kl_sparsity": (sheet.kl_sparsity, lambda r: {"h": r.uniform(0.1, 0.9, (N, H)), "rho": 0.2}, 1),
    "l1_sparsity": (sheet.l1_sparsity, lambda r: {"h": signed(r, N, H)}, 1),
    "contraction": (sheet.contraction, lambda r: {"slope": signed(r, N, H), "W": signed(r, D, H)}, 2),
    "gaussian_kl": (sheet.gaussian_kl, lambda r: {"mu": signed(r, N, H), "log_var": signed(r, N, H)}, 2),
    "weight_decay": (sheet.weight_decay, lambda r: {"W": signed(r, D, H)}, 1),
    "affine": (affine, lambda r: {"X": signed(r, N, D), "weights": signed(r, D, H), "bias": signed(r, H)}, 3),
    "square_dense": (sheet.dense, lambda r: {"x": signed(r, N, D), "W": signed(r, D, D), "b": signed(r, D)}, 3),
    "affine_relu": (affine_relu, lambda r: {"x": signed(r, N, D), "w": signed(r, D, H), "b": signed(r, H)}, 3),
    "dense_tanh": (dense_tanh, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H) / 2, "b": signed(r, H)}, 3),
    "dense_sigmoid": (dense_sigmoid, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H) / 2, "b": signed(r, H)}, 3),
    "two_layers": (two_layers, lambda r: {"x": signed(r, N, D), "W1": signed(r, D, H) / 2, "b1": signed(r, H), "W2": signed(r, H, K), "b2": signed(r, K)}, 5),
    "autoencoder_loss": (autoencoder_loss, lambda r: {"x": signed(r, N, D), "W1": signed(r, D, H) / 2, "b1": signed(r, H), "W2": signed(r, H, D), "b2": signed(r, D)}, None),
    "tied_loss": (tied_loss, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H) / 2, "b": signed(r, H), "c": signed(r, D)}, None),
    "centred": (centred, lambda r: {"x": signed(r, N, D)}, 1),
    "batch_norm": (batch_norm, lambda r: {"x": signed(r, N, D)}, 1),
    "layer_scale": (layer_scale, lambda r: {"x": signed(r, N, D), "gamma": signed(r, D), "beta": signed(r, D)}, 3),
    "softmax_rows": (softmax_rows, lambda r: {"s": signed(r, N, D)}, 1),
    "mean_pool": (mean_pool, lambda r: {"x": signed(r, N, D)}, 1),
    "product": (product, lambda r: {"p": signed(r, N, D), "q": signed(r, N, D)}, 2),
    "quotient": (quotient, lambda r: {"p": signed(r, N, D), "q": r.uniform(0.5, 2, (N, D))}, 2),
    "square": (square, lambda r: {"a": signed(r, N, D)}, 1),
    "summed_error": (summed_error, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D)}, 1),
    "mean_error": (mean_error, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D)}, 1),
    "ridge": (ridge, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H), "t": signed(r, N, H), "lam": 0.1}, None),
}  # fmt: skip
WRT = {"autoencoder_loss": ["W1", "b1", "W2", "b2"], "tied_loss": ["W", "b", "c"], "ridge": ["W"]}


def wanted(pair):
    """Return the inputs that backward returns gradients for."""
    _, make, count = PAIRS[pair]
    return WRT.get(pair) or list(make(np.random.default_rng(0)))[:count]


def told(backward, forward, inputs, names, seed=0):
    """Return what the checker says of each gradient: the code of its cause with the factor, or "described".

    LINE is the code of those that one change of a line makes right.
    """
    found = {}
    for finding in explain(bind(forward, backward, inputs), names, seed=seed):
        assert not too_long(finding), finding
        evidence = finding.evidence
        if "hypothesis" in evidence:
            found[finding.tensor.removeprefix("grad_")] = f"{evidence['hypothesis']}[{evidence['factor']}]"
        elif finding.cause:
            found |= dict.fromkeys(evidence["mends"], LINE)
        else:
            found[finding.tensor.removeprefix("grad_")] = "described"
    return found


def is_true(code, right):
    """Whether a code is one of the true ones; that a change of a line mends it was proved by running it."""
    return code in right or code.partition("[")[0] in right or (code == LINE and right != {"nothing"})


def judged(mistake, pairs, names, seed=0):
    """Return (named, described, wrong): of the gradients that a mistake spoils, and what was said wrongly."""
    forward, make, _ = pairs[mistake.pair]
    found = told(mistake.backward, forward, make(np.random.default_rng([seed, 5])), names, seed)
    named, described, wrong = 0, 0, []
    for gradient in {*mistake.right, *found}:
        code = found.get(gradient, "nothing")
        right = mistake.right.get(gradient, {"nothing"})
        if code == "described" and gradient in mistake.right:
            described += 1
        elif is_true(code, right):
            named += 1
        else:
            wrong.append(f"{mistake.name}, {gradient}: {code}")
    return named, described, wrong


MISTAKES = []


def mistake(name, pair, backward, **right):
    codes = {gradient: set(code.split(", ")) for gradient, code in right.items()}
    MISTAKES.append(Mistake(f"{pair}: {name}", pair, backward, codes))


def dense_parts(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)


def dense_with(part, wrong):
    def backward(grad_y, x, W):
        parts = list(dense_parts(grad_y, x, W))
        parts[part] = wrong(grad_y, x, W)
        return tuple(parts)

    return backward


# The dense layer

mistake("b averaged", "dense", dense_with(2, lambda g, x, W: g.mean(0)), b="scale[1/N]")
mistake("b times 4", "dense", dense_with(2, lambda g, x, W: 4 * g.sum(0)), b="scale[4]")
mistake("W averaged", "dense", dense_with(1, lambda g, x, W: x.T @ g / len(x)), W="scale[1/N]")
mistake("W divided by N D", "dense", dense_with(1, lambda g, x, W: x.T @ g / x.size), W="scale[1/(N·D)]")
mistake("W divided by N − 1", "dense", dense_with(1, lambda g, x, W: x.T @ g / (len(x) - 1)), W="scale[1/(N − 1)]")
mistake("W from the last row", "dense", dense_with(1, lambda g, x, W: x[-1:].T @ g[-1:]), W="some-examples")
mistake("W from the first row", "dense", dense_with(1, lambda g, x, W: np.outer(x[0], g[0])), W="some-examples")
mistake("W without the last row", "dense", dense_with(1, lambda g, x, W: x[:-1].T @ g[:-1]), W="some-examples")
mistake("b without the last row", "dense", dense_with(2, lambda g, x, W: g[:-1].sum(0)), b="some-examples")
mistake("b the last row", "dense", dense_with(2, lambda g, x, W: g[-1]), b="some-examples")
mistake("b not summed", "dense", dense_with(2, lambda g, x, W: g), b="not-summed, slope-missing")
mistake("b summed over the columns", "dense", dense_with(2, lambda g, x, W: g.sum(1)), b="not-summed")
mistake("b with an axis kept", "dense", dense_with(2, lambda g, x, W: g.sum(0, keepdims=True)), b="extra-axis")
mistake("b summed over everything", "dense", dense_with(2, lambda g, x, W: np.full(len(W.T), g.sum())), b="collapsed")
mistake("W transposed", "dense", dense_with(1, lambda g, x, W: g.T @ x), W="transposed")
mistake("W reshaped", "dense", dense_with(1, lambda g, x, W: (g.T @ x).reshape(W.shape)), W="transposed")
mistake("W with decay", "dense", dense_with(1, lambda g, x, W: x.T @ g + 0.01 * W), W="term")
mistake("W with decay of the wrong sign", "dense", dense_with(1, lambda g, x, W: x.T @ g - 0.5 * W), W="term")
mistake("W with decay averaged", "dense", dense_with(1, lambda g, x, W: x.T @ g + W / len(x)), W="term")
mistake("W of ones", "dense", dense_with(1, lambda g, x, W: x.T @ ones_like(g)), W="other-upstream")
mistake("W of signs", "dense", dense_with(1, lambda g, x, W: x.T @ np.sign(g)), W="other-upstream")
mistake("x of ones", "dense", dense_with(0, lambda g, x, W: ones_like(g) @ W.T), x="other-upstream")
mistake("x negative", "dense", dense_with(0, lambda g, x, W: -g @ W.T), x="sign")
mistake("x averaged", "dense", dense_with(0, lambda g, x, W: g @ W.T / len(x)), x="scale[1/N]")
mistake("x divided by H", "dense", dense_with(0, lambda g, x, W: g @ W.T / W.shape[1]), x="scale[1/H]")
mistake("x reversed", "dense", dense_with(0, lambda g, x, W: (g @ W.T)[::-1]), x="rearranged")
mistake("x shifted", "dense", dense_with(0, lambda g, x, W: np.roll(g @ W.T, 1, 0)), x="rearranged")
mistake("x zero", "dense", dense_with(0, lambda g, x, W: zeros_like(x)), x="zeros")
mistake("x times the input", "dense", dense_with(0, lambda g, x, W: g @ W.T * x), x="factor-extra")
mistake("x plus the input", "dense", dense_with(0, lambda g, x, W: g @ W.T + x), x="term")
mistake("W of x squared", "dense", dense_with(1, lambda g, x, W: (x * x).T @ g), W="other-inputs")
mistake("W of |x|", "dense", dense_with(1, lambda g, x, W: np.abs(x).T @ g), W="other-inputs")
mistake("W of the mean x", "dense", dense_with(1, lambda g, x, W: np.outer(x.mean(0), g.sum(0))), W="other-inputs, other-upstream")
mistake("W of the mean upstream", "dense", dense_with(1, lambda g, x, W: np.outer(x.sum(0), g.mean(0))), W="other-upstream")
mistake("W in float16", "dense", dense_with(1, lambda g, x, W: (x.T @ g).astype(np.float16).astype(float)), W=LINE)
mistake("W clipped", "dense", dense_with(1, lambda g, x, W: np.clip(x.T @ g, -0.4, 0.4)), W="clipped")
mistake("W of unit norm", "dense", dense_with(1, lambda g, x, W: x.T @ g / np.linalg.norm(x.T @ g)), W=LINE)
mistake("x exchanged with itself turned", "square_dense", dense_with(0, lambda g, x, W: g @ W), x="layer-untransposed")
mistake("W transposed", "square_dense", dense_with(1, lambda g, x, W: g.T @ x), W="transposed")
mistake("x the upstream", "square_dense", dense_with(0, lambda g, x, W: g), x="slope-missing")
mistake("b over columns", "square_dense", dense_with(2, lambda g, x, W: g.sum(0)[::-1]), b="rearranged")
mistake("W halved", "affine", lambda grad_y, X, weights: (grad_y @ weights.T, X.T @ grad_y / 2, grad_y.sum(0)), weights="scale[1/2]")
mistake("all by N", "affine", lambda grad_y, X, weights: (grad_y @ weights.T * N, X.T @ grad_y * len(X), grad_y.sum(0) * len(X)),
        X="scale[7]", weights="scale[N]", bias="scale[N]")

# Activations

for own in ("sigmoid", "tanh", "gelu", "gelu_tanh", "relu"):
    if own == "leaky_relu":
        continue
    right = getattr(sheet, f"{own}_slope")
    mistake("derivative missing", own, lambda grad_y, a: grad_y.copy(), a="slope-missing")
    if own != "relu":
        mistake("derivative twice", own, lambda grad_y, a, right=right: grad_y * right(a) ** 2, a="slope-misused")
    mistake("upstream missing", own, lambda grad_y, a, right=right: right(a), a="other-upstream")
    mistake("upstream squared", own, lambda grad_y, a, right=right: grad_y**2 * right(a), a="other-upstream, factor-extra")
    mistake("sign", own, lambda grad_y, a, right=right: -grad_y * right(a), a="sign")
    mistake("averaged", own, lambda grad_y, a, right=right: grad_y * right(a) / len(a), a="scale[1/N]")
    for other in ("sigmoid", "tanh", "gelu", "gelu_tanh", "relu"):
        if other != own:
            slope = getattr(sheet, f"{other}_slope")
            mistake(f"derivative of {other}", own, lambda grad_y, a, slope=slope: grad_y * slope(a), a="other-derivative")
mistake("derivative at the output", "sigmoid", lambda grad_y, y: grad_y * sheet.sigmoid_slope(y), a="wrong-argument")
mistake("output form at the input", "sigmoid", lambda grad_y, a: grad_y * a * (1 - a), a="wrong-argument")
mistake("derivative at the output", "tanh", lambda grad_y, y: grad_y * (1 - tanh(y) ** 2), a="wrong-argument")
mistake("output form at the input", "tanh", lambda grad_y, a: grad_y * (1 - a**2), a="wrong-argument")
mistake("1 − y", "tanh", lambda grad_y, y: grad_y * (1 - y), a="factor-missing, derivative-replaced")
mistake("1 − y missing", "sigmoid", lambda grad_y, y: grad_y * y, a="factor-missing, derivative-replaced")
mistake("y missing", "sigmoid", lambda grad_y, y: grad_y * (1 - y), a="factor-missing, derivative-replaced")
mistake("derivative at the output", "gelu", lambda grad_y, y: grad_y * sheet.gelu_slope(y), a="wrong-argument")
mistake("density missing", "gelu", lambda grad_y, a: grad_y * backend.normal_cdf(a), a="derivative-replaced")
mistake("mask from the upstream", "relu", lambda grad_y, a: grad_y * (grad_y > 0), a="wrong-argument")
mistake("mask from both", "relu", lambda grad_y, a: grad_y * (grad_y > 0) * (a > 0), a="factor-extra, other-upstream")
mistake("mask turned round", "relu", lambda grad_y, a: grad_y * (a <= 0), a="derivative-replaced, slope-misused")
mistake("value for the mask", "relu", lambda grad_y, y: grad_y * y, a="derivative-replaced, factor-extra, upstream-times")
mistake("ReLU's derivative", "leaky_relu", lambda grad_y, a, alpha: grad_y * (a > 0), a="other-derivative")
mistake("derivative twice", "leaky_relu", lambda grad_y, a, alpha: grad_y * np.where(a > 0, 1, alpha**2), a="slope-misused")
mistake("derivative missing", "leaky_relu", lambda grad_y, a, alpha: grad_y.copy(), a="slope-missing")
mistake("alpha everywhere", "leaky_relu", lambda grad_y, a, alpha: grad_y * alpha, a="slope-missing[alpha]")
mistake("alpha without the upstream", "leaky_relu", lambda grad_y, a, alpha: np.where(a > 0, 1.0, alpha), a="other-upstream")
mistake("alpha's sign", "leaky_relu", lambda grad_y, a, alpha: grad_y * np.where(a > 0, 1, -alpha), a="derivative-replaced, factor-missing")
mistake("alpha on the wrong side", "leaky_relu", lambda grad_y, a, alpha: grad_y * np.where(a > 0, alpha, 1.0), a="derivative-replaced")
mistake("1 − 2y missing", "sigmoid_slope", lambda grad_slope, a: grad_slope * sheet.sigmoid_slope(a), a="factor-missing, derivative-replaced, other-derivative")
mistake("2 missing", "tanh_slope", lambda grad_slope, a: -grad_slope * tanh(a) * (1 - tanh(a) ** 2), a="scale[1/2]")
mistake("sign missing", "tanh_slope", lambda grad_slope, a: 2 * grad_slope * tanh(a) * (1 - tanh(a) ** 2), a="sign")
mistake("2 − a² missing", "gelu_slope", lambda grad_slope, a: grad_slope * exp(-a * a / 2) / sqrt(2 * np.pi), a="factor-missing, derivative-replaced")
mistake("the other GELU", "gelu_slope", lambda grad_slope, a: sheet.gelu_tanh_slope_backward(grad_slope, a), a="derivative-replaced, other-derivative")

# k-sparse, corruption, sampling, unit rows

mistake("mask missing", "top_k", lambda grad_y, a: grad_y.copy(), a="slope-missing")
mistake("mask of sizes", "top_k", lambda grad_y, a, k: grad_y * sheet.top_k_mask(abs(a), k), a="derivative-replaced")
mistake("mask of the smallest", "top_k", lambda grad_y, a, k: grad_y * sheet.top_k_mask(-a, k), a="derivative-replaced")
mistake("mask by column", "top_k", lambda grad_y, a, k: grad_y * sheet.top_k_mask(a.T, k).T, a="derivative-replaced")
mistake("mask of the upstream", "top_k", lambda grad_y, a, k: grad_y * sheet.top_k_mask(grad_y, k), a="derivative-replaced, wrong-argument, other-inputs")
mistake("mask not applied", "corrupt", lambda grad_x_tilde, keep: grad_x_tilde.copy(), x="slope-missing")
mistake("mask turned round", "corrupt", lambda grad_x_tilde, keep: (1 - keep) * grad_x_tilde, x="derivative-replaced, slope-misused")
mistake("scaled by 1/(1 − p)", "corrupt", lambda grad_x_tilde, keep: keep * grad_x_tilde / 0.7, x="scale[10/7]")
LOG_VAR = {"log_var": "log_var"}
mistake("½ missing", "reparameterize", lambda grad_z, log_var, eps: (grad_z.copy(), grad_z * exp(0.5 * log_var) * eps), log_var="scale[2]")
mistake("eps missing", "reparameterize", lambda grad_z, log_var, eps: (grad_z.copy(), grad_z * 0.5 * exp(0.5 * log_var)), log_var="factor-missing, derivative-replaced")
mistake("σ missing", "reparameterize", lambda grad_z, log_var, eps: (grad_z.copy(), grad_z * 0.5 * eps), log_var="factor-missing, derivative-replaced, other-inputs")
mistake("σ² for σ", "reparameterize", lambda grad_z, log_var, eps: (grad_z.copy(), grad_z * 0.5 * exp(log_var) * eps), log_var="factor-extra, factor-replaced, other-inputs")
mistake("path missing", "reparameterize", lambda grad_z, log_var, eps: (grad_z.copy(), zeros_like(log_var)), log_var="zeros")
mistake("path missing for mu", "reparameterize", lambda grad_z, log_var, eps: (zeros_like(eps), grad_z * 0.5 * exp(0.5 * log_var) * eps), mu="zeros")
mistake("exchanged", "reparameterize", lambda grad_z, log_var, eps: (grad_z * 0.5 * exp(0.5 * log_var) * eps, grad_z.copy()), mu="other-gradient", log_var="other-gradient, slope-missing")
mistake("mu by σ", "reparameterize", lambda grad_z, log_var, eps: (grad_z * exp(0.5 * log_var), grad_z * 0.5 * exp(0.5 * log_var) * eps), mu="factor-extra")
mistake("upstream missing", "reparameterize", lambda grad_z, log_var, eps: (ones_like(grad_z), 0.5 * exp(0.5 * log_var) * eps), mu="other-upstream", log_var="other-upstream")
NORM = "derivative-replaced, factor-replaced"
mistake("projection missing", "unit_rows", lambda grad_W, V: grad_W / np.linalg.norm(V, axis=1, keepdims=True), V=NORM)
mistake("norm missing", "unit_rows", lambda grad_W, V: sheet.unit_rows_backward(grad_W, V) * np.linalg.norm(V, axis=1, keepdims=True), V="factor-extra, factor-missing")
mistake("norm squared", "unit_rows", lambda grad_W, V: sheet.unit_rows_backward(grad_W, V) / np.linalg.norm(V, axis=1, keepdims=True), V="factor-extra, factor-missing")

# Losses

mistake("mean missing", "squared_error", lambda x_hat, x: x_hat - x, x_hat="scale[N]")
mistake("mean over everything", "squared_error", lambda x_hat, x: (x_hat - x) / x.size, x_hat="scale[1/D]")
mistake("½ forgotten", "squared_error", lambda x_hat, x: 2 * (x_hat - x) / len(x), x_hat="scale[2]")
mistake("turned round", "squared_error", lambda x_hat, x: (x - x_hat) / len(x), x_hat="sign")
mistake("target missing", "squared_error", lambda x_hat, x: x_hat / len(x), x_hat="term, formula-replaced, other-inputs")
mistake("sign of the difference", "squared_error", lambda x_hat, x: np.sign(x_hat - x) / len(x), x_hat="formula-replaced, factor-missing, factor-replaced, term-replaced")
mistake("sum for difference", "squared_error", lambda x_hat, x: (x_hat + x) / len(x), x_hat="term, other-inputs")
mistake("squared", "squared_error", lambda x_hat, x: (x_hat - x) ** 2 / len(x), x_hat="factor-extra")
mistake("D and N exchanged", "squared_error", lambda x_hat, x: (x_hat - x) / x.shape[1], x_hat="scale[N/D]")
mistake("N − 1", "squared_error", lambda x_hat, x: (x_hat - x) / (len(x) - 1), x_hat="scale[N/(N − 1)]")
mistake("sigmoid missing", "binary_cross_entropy", lambda logits, x: (logits - x) / len(x), logits="term-replaced")
mistake("tanh for sigmoid", "binary_cross_entropy", lambda logits, x: (tanh(logits) - x) / len(x), logits="term-replaced")
mistake("derivative again", "binary_cross_entropy", lambda logits, x: (sigmoid(logits) - x) / len(x) * sigmoid(logits) * (1 - sigmoid(logits)), logits="factor-extra")
mistake("mean missing", "binary_cross_entropy", lambda logits, x: sigmoid(logits) - x, logits="scale[N]")
mistake("target missing", "binary_cross_entropy", lambda logits, x: sigmoid(logits) / len(x), logits="term, other-inputs")
mistake("one-hot missing", "softmax_cross_entropy", lambda logits, labels: sheet.softmax(logits) / len(logits), logits="term")
mistake("mean missing", "softmax_cross_entropy", lambda logits, labels: sheet.softmax(logits) - np.eye(D + 9)[labels, : logits.shape[1]], logits="scale[N]")
mistake("softmax over columns", "softmax_cross_entropy", lambda logits, labels: (sheet.softmax(logits.T).T - np.eye(99)[labels, : logits.shape[1]]) / len(logits), logits="term-replaced")
mistake("sigmoid for softmax", "softmax_cross_entropy", lambda logits, labels: (sigmoid(logits) - np.eye(99)[labels, : logits.shape[1]]) / len(logits), logits="term-replaced")
mistake("turned round", "softmax_cross_entropy", lambda logits, labels: -sheet.softmax_cross_entropy_backward(logits, labels), logits="sign")
mistake("one-hot twice", "softmax_cross_entropy", lambda logits, labels: (sheet.softmax(logits) - 2 * np.eye(99)[labels, : logits.shape[1]]) / len(logits), logits="term")
mistake("2 missing", "summed_error", lambda x_hat, x: x_hat - x, x_hat="scale[1/2]")
mistake("averaged", "summed_error", lambda x_hat, x: 2 * (x_hat - x) / len(x), x_hat="scale[1/N]")
mistake("summed", "mean_error", lambda x_hat, x: 2 * (x_hat - x), x_hat="scale[N·D]")
mistake("rows alone", "mean_error", lambda x_hat, x: 2 * (x_hat - x) / len(x), x_hat="scale[D]")
mistake("2 missing", "mean_error", lambda x_hat, x: (x_hat - x) / x.size, x_hat="scale[1/2]")

# Penalties

mistake("1/N missing", "kl_sparsity", lambda h, rho: zeros_like(h) - rho / h.mean(0) + (1 - rho) / (1 - h.mean(0)), h="scale[N]")
mistake("per example", "kl_sparsity", lambda h, rho: (-rho / h + (1 - rho) / (1 - h)) / len(h), h="per-example")
mistake("per example, 1/N missing", "kl_sparsity", lambda h, rho: -rho / h + (1 - rho) / (1 - h), h="per-example")
mistake("turned round", "kl_sparsity", lambda h, rho: -sheet.kl_sparsity_backward(h, rho), h="sign")
mistake("first term alone", "kl_sparsity", lambda h, rho: zeros_like(h) - rho / h.mean(0) / len(h), h="term, formula-replaced")
mistake("second term alone", "kl_sparsity", lambda h, rho: zeros_like(h) + (1 - rho) / (1 - h.mean(0)) / len(h), h="term, formula-replaced")
mistake("sign of the first term", "kl_sparsity", lambda h, rho: zeros_like(h) + (rho / h.mean(0) + (1 - rho) / (1 - h.mean(0))) / len(h), h="term")
mistake("h times", "kl_sparsity", lambda h, rho: sheet.kl_sparsity_backward(h, rho) * h * (1 - h), h="factor-extra")
mistake("1/N missing", "l1_sparsity", lambda h: np.sign(h), h="scale[N]")
mistake("values, not signs", "l1_sparsity", lambda h: h / len(h), h="formula-replaced, factor-extra")
mistake("ones, not signs", "l1_sparsity", lambda h: np.ones_like(h) / len(h), h="factor-missing")
mistake("over everything", "l1_sparsity", lambda h: np.sign(h) / h.size, h="scale[1/H], scale[1/D]")


def contraction_with(part, wrong):
    def backward(slope, W):
        parts = list(sheet.contraction_backward(slope, W))
        parts[part] = wrong(slope, W)
        return tuple(parts)

    return backward


mistake("2 missing", "contraction", contraction_with(0, lambda s, W: s * (W * W).sum(0) / len(s)), slope="scale[1/2]")
mistake("W not squared", "contraction", contraction_with(0, lambda s, W: 2 * s * W.sum(0) / len(s)), slope="factor-replaced")
mistake("mean missing", "contraction", contraction_with(1, lambda s, W: 2 * W * (s * s).sum(0)), W="scale[N]")
mistake("mean, then squared", "contraction", contraction_with(1, lambda s, W: 2 * W * s.mean(0) ** 2), W="factor-replaced, other-inputs")
mistake("slope not squared", "contraction", contraction_with(1, lambda s, W: 2 * W * s.mean(0)), W="factor-replaced")
mistake("slope missing", "contraction", contraction_with(1, lambda s, W: 2 * W), W="factor-missing, other-inputs")
mistake("2W missing", "contraction", contraction_with(1, lambda s, W: ones_like(W) * (s * s).mean(0)), W="factor-missing, other-inputs, formula-replaced")
mistake("½ missing", "gaussian_kl", lambda mu, log_var: (mu / len(mu), (exp(log_var) - 1) / len(mu)), log_var="scale[2]")
mistake("−1 missing", "gaussian_kl", lambda mu, log_var: (mu / len(mu), 0.5 * exp(log_var) / len(mu)), log_var="term")
mistake("+1 for −1", "gaussian_kl", lambda mu, log_var: (mu / len(mu), 0.5 * (exp(log_var) + 1) / len(mu)), log_var="term")
mistake("σ for σ²", "gaussian_kl", lambda mu, log_var: (mu / len(mu), 0.5 * (exp(0.5 * log_var) - 1) / len(mu)), log_var="term-replaced, other-inputs")
mistake("turned round", "gaussian_kl", lambda mu, log_var: (-mu / len(mu), 0.5 * (1 - exp(log_var)) / len(mu)), mu="sign", log_var="sign")
mistake("2 mu", "gaussian_kl", lambda mu, log_var: (2 * mu / len(mu), 0.5 * (exp(log_var) - 1) / len(mu)), mu="scale[2]")
mistake("exchanged", "gaussian_kl", lambda mu, log_var: (0.5 * (exp(log_var) - 1) / len(mu), mu / len(mu)), mu="other-gradient", log_var="other-gradient")
mistake("offset", "gaussian_kl", lambda mu, log_var: (mu / len(mu), 0.5 * (exp(log_var) - 1) / len(mu) + 0.25 / len(mu)), log_var="term")
mistake("2 W", "weight_decay", lambda W: 2 * W, W="scale[2]")
mistake("W²", "weight_decay", lambda W: W**2, W="factor-extra")
mistake("sign of W", "weight_decay", lambda W: np.sign(W), W="factor-missing, formula-replaced, factor-replaced")
mistake("averaged", "weight_decay", lambda W: W / len(W), W="scale[1/N], scale[1/D]")
mistake("decay missing", "ridge", lambda x, W, t, lam: x.T @ (x @ W - t) / len(x), W="term")
mistake("decay doubled", "ridge", lambda x, W, t, lam: x.T @ (x @ W - t) / len(x) + 2 * lam * W, W="term")
mistake("decay turned round", "ridge", lambda x, W, t, lam: x.T @ (x @ W - t) / len(x) - lam * W, W="term")
mistake("decay averaged", "ridge", lambda x, W, t, lam: (x.T @ (x @ W - t) + lam * W) / len(x), W="term")

# Functions of the batch, products, quotients

mistake("mean path missing", "centred", lambda grad_y, x: grad_y.copy(), x="path-missing, slope-missing")
mistake("own path alone", "centred", lambda grad_y, x: grad_y * (1 - 1 / len(x)), x="path-missing, slope-missing")
mistake("mean over columns", "centred", lambda grad_y, x: grad_y - grad_y.mean(1, keepdims=True), x="term-replaced")
mistake("sum for the mean", "centred", lambda grad_y, x: grad_y - grad_y.sum(0), x="term")
mistake("mean added", "centred", lambda grad_y, x: grad_y + grad_y.mean(0), x="term")
mistake("statistics held constant", "batch_norm", lambda grad_y, x: grad_y / sqrt(x.var(0) + 1e-5), x="path-missing")
mistake("jacobian's diagonal", "softmax_rows", lambda grad_y, y: grad_y * y * (1 - y), s="path-missing")
mistake("sum missing", "softmax_rows", lambda grad_y, y: grad_y * y, s="derivative-replaced")
mistake("1/N missing", "mean_pool", lambda grad_y, x: ones_like(x) * grad_y, x="scale[N]")
mistake("1/D for 1/N", "mean_pool", lambda grad_y, x: ones_like(x) * grad_y / x.shape[1], x="scale[N/D]")
mistake("own factor", "product", lambda grad_y, p, q: (grad_y * p, grad_y * p), p="other-gradient")
mistake("exchanged", "product", lambda grad_y, p, q: (grad_y * p, grad_y * q), p="other-gradient", q="other-gradient")
mistake("output for factor", "product", lambda grad_y, p, q, y: (grad_y * y, grad_y * p), p="factor-extra, derivative-replaced, other-upstream")
mistake("sign", "quotient", lambda grad_y, p, q: (grad_y / q, grad_y * p / q**2), q="sign")
mistake("square missing", "quotient", lambda grad_y, p, q: (grad_y / q, -grad_y * p / q), q="factor-extra")
mistake("numerator missing", "quotient", lambda grad_y, p, q: (grad_y / q, -grad_y / q**2), q="factor-missing, derivative-replaced")
mistake("1/q missing", "quotient", lambda grad_y, p, q: (grad_y.copy(), -grad_y * p / q**2), p="slope-missing")
mistake("2 missing", "square", lambda grad_y, a: grad_y * a, a="scale[1/2]")
mistake("not lowered", "square", lambda grad_y, a: 2 * grad_y * a**2, a="factor-extra, derivative-replaced, other-upstream")
mistake("gamma missing", "layer_scale", lambda grad_y, x, gamma: (grad_y.copy(), (grad_y * x).sum(0), grad_y.sum(0)), x="slope-missing")
mistake("gamma averaged", "layer_scale", lambda grad_y, x, gamma: (grad_y * gamma, (grad_y * x).mean(0), grad_y.sum(0)), gamma="scale[1/N]")
mistake("x missing", "layer_scale", lambda grad_y, x, gamma: (grad_y * gamma, grad_y.sum(0), grad_y.sum(0)), gamma="other-gradient")
mistake("exchanged", "layer_scale", lambda grad_y, x, gamma: (grad_y * gamma, grad_y.sum(0), (grad_y * x).sum(0)), gamma="other-gradient", beta="other-gradient")

# Layers of two operations, and networks of two layers

def without_source(function):
    """Return the function as if it had been typed in, where its text can't be read."""
    code = function.__code__.replace(co_filename="<typed in>")
    return types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def written(text):
    """Return the function that a text defines; its source is found as that of a file is."""
    file = f"<mistake {len(linecache.cache)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    found = dict(globals())
    exec(compile(text, file, "exec"), found)
    return found["backward"]


def network(add, pair, right, *mistakes):
    """Add mistakes in a right backward, each as what stands there, what is put in its place, and the codes."""
    for name, old, new, codes in mistakes:
        assert right.count(old) == 1, name
        add(name, pair, written(right.replace(old, new)), **codes)


def each(names, code):
    return dict.fromkeys(names.split(), code)


LAYER = """def backward(grad_y, x, W, b):
    a = x @ W + b
    y = {forward}
    grad_a = grad_y * {slope}
    return grad_a @ W.T, x.T @ grad_a, grad_a.sum(0)
"""


def layer(pair, forward, mistakes, weights="W"):
    """Add mistakes with the slope of a dense layer with an activation."""
    for name, code, slope in mistakes:
        text = LAYER.format(forward=forward, slope=slope)
        mistake(name, pair, written(text.replace("W", weights)), **each(f"x {weights} b", code))


layer("affine_relu", "np.maximum(0, a)", [
    ("mask missing", "layer-slope-missing", "1.0"),
    ("mask of the upstream", "layer-wrong-argument", "(grad_y > 0)"),
], "w")  # fmt: skip
layer("dense_tanh", "tanh(a)", [
    ("derivative missing", "layer-slope-missing", "1.0"),
    ("output form at a", "layer-wrong-argument", "(1 - a * a)"),
    ("slope at the output", "layer-wrong-argument", "(1 - tanh(y) ** 2)"),
    ("sigmoid's", "layer-other-derivative", "sheet.sigmoid_slope(a)"),
])  # fmt: skip
layer("dense_sigmoid", "sigmoid(a)", [
    ("derivative missing", "layer-slope-missing", "1.0"),
    ("derivative twice", "layer-slope-twice", "(y * (1 - y)) ** 2"),
    ("slope at the output", "layer-wrong-argument", "sheet.sigmoid_slope(y)"),
    ("tanh's", "layer-other-derivative", "(1 - tanh(a) ** 2)"),
])  # fmt: skip
mistake("W averaged", "dense_tanh", lambda grad_y, x, W, y: (grad_y * (1 - y * y) @ W.T, x.T @ (grad_y * (1 - y * y)) / len(x), (grad_y * (1 - y * y)).sum(0)), W="scale[1/N]")
mistake("derivative missing for b", "dense_tanh", lambda grad_y, x, W, y: (grad_y * (1 - y * y) @ W.T, x.T @ (grad_y * (1 - y * y)), grad_y.sum(0)), b="layer-slope-missing, formula-replaced")

TWO_LAYERS = """def backward(grad_y, x, W1, b1, W2, b2):
    a = x @ W1 + b1
    h = sheet.gelu(a)
    grad_h = grad_y @ W2.T
    grad_a = grad_h * sheet.gelu_slope(a)
    return grad_a @ W1.T, x.T @ grad_a, grad_a.sum(0), h.T @ grad_y, grad_y.sum(0)
"""
network(
    mistake, "two_layers", TWO_LAYERS,
    ("derivative missing", " * sheet.gelu_slope(a)", "", each("x W1 b1", "layer-slope-missing")),
    ("tanh-GELU's derivative", "sheet.gelu_slope", "sheet.gelu_tanh_slope", each("x W1 b1", "layer-other-derivative")),
    ("ReLU's derivative", "sheet.gelu_slope", "sheet.relu_slope", each("x W1 b1", "layer-other-derivative")),
    ("derivative at the output", "gelu_slope(a)", "gelu_slope(h)", each("x W1 b1", "layer-wrong-argument")),
    ("derivative twice", "gelu_slope(a)", "gelu_slope(a) ** 2", each("x W1 b1", "layer-slope-twice")),
    ("a for h", "h.T @ grad_y", "a.T @ grad_y", each("W2", "layer-wrong-activation")),
    ("dW2 for W2", "grad_y @ W2.T", "grad_y @ (h.T @ grad_y).T", each("x W1 b1", "layer-gradient-for-weights")),
)  # fmt: skip

AUTOENCODER = """def backward(x, W1, b1, W2, b2):
    a = x @ W1 + b1
    h = sigmoid(a)
    grad_x_hat = (h @ W2 + b2 - x) / len(x)
    grad_a = grad_x_hat @ W2.T * h * (1 - h)
    return x.T @ grad_a, grad_a.sum(0), h.T @ grad_x_hat, grad_x_hat.sum(0)
"""
network(
    mistake, "autoencoder_loss", AUTOENCODER,
    ("½ forgotten", "(h @ W2", "2 * (h @ W2", each("W1 b1 W2 b2", "scale[2]")),
    ("mean missing", " / len(x)", "", each("W1 b1 W2 b2", "scale[N]")),
    ("turned round", "(h @ W2 + b2 - x)", "(x - h @ W2 - b2)", each("W1 b1 W2 b2", "sign")),
    ("derivative missing", " * h * (1 - h)", "", each("W1 b1", "layer-slope-missing")),
    ("derivative at a", "h * (1 - h)", "a * (1 - a)", each("W1 b1", "layer-wrong-argument")),
    ("tanh's derivative", "h * (1 - h)", "(1 - tanh(a) ** 2)", each("W1 b1", "layer-other-derivative")),
    ("a for h", "h.T @ grad_x_hat", "a.T @ grad_x_hat", each("W2", "layer-wrong-activation")),
)  # fmt: skip

TIED = """def backward(x, W, b, c):
    h = tanh(x @ W + b)
    grad_x_hat = (h @ W.T + c - x) / len(x)
    grad_a = grad_x_hat @ W * (1 - h * h)
    return x.T @ grad_a + grad_x_hat.T @ h, grad_a.sum(0), grad_x_hat.sum(0)
"""
network(
    mistake, "tied_loss", TIED,
    ("encoder's path alone", " + grad_x_hat.T @ h", "", each("W", "layer-path-missing")),
    ("decoder's path alone", "x.T @ grad_a + ", "", each("W", "layer-path-missing")),
    ("averaged", "x.T @ grad_a + grad_x_hat.T @ h", "(x.T @ grad_a + grad_x_hat.T @ h) / 2", each("W", "scale[1/2]")),
    ("derivative missing", " * (1 - h * h)", "", each("W b", "layer-slope-missing")),
)  # fmt: skip

# Two at once: one of the catalogue, and one of these on top of it.

SECOND = {
    "sign[1], scale": lambda g, u: -g,
    "scale": lambda g, u: g / len(u) if np.ndim(u) else g / 3,
    "scale, term": lambda g, u: 2 * g,
    "term, upstream-term, formula-replaced": lambda g, u: g + 0.1,
    "some-examples": lambda g, u: np.concatenate([g[:-1], zeros_like(g[-1:])]) if np.ndim(g) else g,
    "rearranged": lambda g, u: g[::-1].copy() if np.ndim(g) else g,
    "other-upstream, derivative-replaced, factor-missing": lambda g, u: np.abs(g),
    "line": lambda g, u: np.asarray(g, np.float16).astype(float),
}


def combinations(number, rng):
    """Yield mistakes with a second one on top, and the codes that tell at least one of the two truly."""
    for _ in range(number):
        first = MISTAKES[rng.integers(len(MISTAKES))]
        codes = list(SECOND)[rng.integers(len(SECOND))]
        yield Mistake(f"{first.name}, and {codes}", first.pair, on_top(first, SECOND[codes]), {
            gradient: right | set(codes.split(", ")) for gradient, right in first.right.items()
        })  # fmt: skip


def on_top(first, second):
    names = wanted(first.pair)
    places = [names.index(gradient) for gradient in first.right]
    signature = inspect.signature(first.backward)

    def backward(**arguments):
        returned = first.backward(**arguments)
        gradients = list(returned) if isinstance(returned, tuple) else [returned]
        upstream = next((v for name, v in arguments.items() if name.startswith("grad_")), 1.0)
        for place in places:
            gradients[place] = second(gradients[place], upstream)
        return tuple(gradients) if len(gradients) > 1 else gradients[0]

    backward.__signature__ = signature
    return backward
