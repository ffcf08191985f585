"""Mistakes that the hypotheses weren't written for: other forwards, and errors as a student types them.

They were written down after the design of the causes was frozen. Naming them isn't asked for; naming one falsely is
forbidden. `right` holds the codes that would be true; with none, only a description is.
"""

import numpy as np
from mistakes import Mistake, each, network, sigmoid, signed
from numeric import D, H, N
from numpy import exp, log, sqrt, tanh, zeros_like

K = 2


def layer_norm(x, gamma, beta):
    z = (x - x.mean(1, keepdims=True)) / sqrt(x.var(1, keepdims=True) + 1e-5)
    return z * gamma + beta


def log_softmax(s):
    return s - s.max(1, keepdims=True) - log(exp(s - s.max(1, keepdims=True)).sum(1, keepdims=True))


def scores(Q, K):
    return Q @ K.T / sqrt(Q.shape[1])


def gated(a, g):
    return a * sigmoid(g)


def residual(x, W, b):
    return x + tanh(x @ W + b)


def huber(x_hat, x):
    d = np.abs(x_hat - x)
    return np.where(d < 1, 0.5 * d * d, d - 0.5).sum() / len(x)


def hinge(s, t):
    return np.maximum(0, 1 - s * t).mean()


def parametric_relu(a, alpha):
    return np.where(a > 0, a, a * alpha)


def softplus(a):
    return np.logaddexp(0, a)


def swish(a):
    return a * sigmoid(a)


def elu(a):
    return np.where(a > 0, a, np.expm1(np.minimum(a, 0)))


def cosine(p, q):
    return (p * q).sum(1) / (sqrt((p * p).sum(1)) * sqrt((q * q).sum(1)))


def factorised(U, V):
    return U @ V.T


def bilinear(x, A, y):
    return ((x @ A) * y).sum(1)


def distances(x, c):
    return ((x[:, None, :] - c[None, :, :]) ** 2).sum(2)


def gaussian_units(x, c):
    return exp(-0.5 * distances(x, c))


def max_pool(x):
    return x.max(axis=1)


def running_sum(x):
    return x.cumsum(axis=1)


def dropped(x, mask, p):
    return x * mask / (1 - p)


def log_sum_exp(s):
    return log(exp(s).sum(axis=1))


def bernoulli_loss(p, x):
    return -(x * log(p) + (1 - x) * log(1 - p)).sum() / len(x)


def three_layers(x, W1, W2, W3):
    return tanh(tanh(x @ W1) @ W2) @ W3


def sum_of_two(x, W, V):
    return x @ W + tanh(x) @ V


def weighted_error(x_hat, x, w):
    return 0.5 * (w * (x_hat - x) ** 2).sum() / len(x)


def entropy(p):
    return -(p * log(p)).sum() / len(p)


def standardised(x, gamma):
    return gamma * (x - x.mean(0)) / sqrt(x.var(0) + 1e-5)


def normal_likelihood(mu, log_var, x):
    return 0.5 * (log_var + (x - mu) ** 2 / exp(log_var)).sum() / len(x)


def logistic(s, t):
    return np.logaddexp(0, -t * s).sum() / len(s)


def squared_hinge(s, t):
    return (np.maximum(0, 1 - s * t) ** 2).sum() / len(s)


def masked_error(x_hat, x, m):
    return 0.5 * (m * (x_hat - x) ** 2).sum() / m.sum()


def one_hot_error(p, t):
    return ((p - t) ** 2).sum(1).mean()


def cross_entropy_of(p, t):
    return -(t * log(p)).sum() / len(p)


def symmetric_form(x, S):
    return 0.5 * ((x @ S) * x).sum(1)


def cube(a):
    return a**3


def reciprocal(a):
    return 1 / a


def hard_tanh(a):
    return np.clip(a, -1, 1)


def hard_sigmoid(a):
    return np.clip(0.2 * a + 0.5, 0, 1)


def softsign(a):
    return a / (1 + np.abs(a))


def mish(a):
    return a * tanh(np.logaddexp(0, a))


def square_relu(a):
    return np.maximum(a, 0) ** 2


def scaled_tanh(a):
    return 1.7159 * tanh(2 / 3 * a)


def gaussian(a):
    return exp(-a * a)


def mean_squared(x, W):
    return ((x @ W) ** 2).mean()


def mixture(a, b, w):
    return w * a + (1 - w) * b


def two_sums(x):
    return x / x.sum(1, keepdims=True)


def contrastive(z):
    return (z @ z.T) / 2


def outer(u, v):
    return u[:, None] * v[None, :]


def group_sparsity(W):
    return sqrt((W * W).sum(0)).sum()


def smooth_abs(h):
    return sqrt(h * h + 1e-2).sum() / len(h)


def covariance(x):
    c = x - x.mean(0)
    return c.T @ c / len(x)


def decorrelation(h):
    c = h - h.mean(0)
    return 0.5 * ((c.T @ c / len(h)) ** 2).sum()


def laplace(mu, log_b, x):
    return (log_b + np.abs(x - mu) / exp(log_b)).sum() / len(x)


def shared(x, w):
    return sigmoid(x * w) * w


def polynomial(x, c):
    return c[0] + c[1] * x + c[2] * x**2


def sine_layer(x, W, b):
    return np.sin(x @ W + b)


def skip_twice(x, W):
    return x + np.maximum(0, x @ W) + x**2


def standard(rng):
    return {"a": signed(rng, N, D)}


def spd(r, n):
    A = r.normal(size=(n, n))
    return A @ A.T


PAIRS = {
    "layer_norm": (layer_norm, lambda r: {"x": signed(r, N, D), "gamma": signed(r, D), "beta": signed(r, D)}, 3),
    "log_softmax": (log_softmax, lambda r: {"s": signed(r, N, D)}, 1),
    "scores": (scores, lambda r: {"Q": signed(r, N, D), "K": signed(r, H, D)}, 2),
    "gated": (gated, lambda r: {"a": signed(r, N, D), "g": signed(r, N, D)}, 2),
    "residual": (residual, lambda r: {"x": signed(r, N, D), "W": signed(r, D, D) / 2, "b": signed(r, D)}, 3),
    "huber": (huber, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D)}, 1),
    "hinge": (hinge, lambda r: {"s": signed(r, N, D), "t": r.choice([-1.0, 1.0], (N, D))}, 1),
    "parametric_relu": (parametric_relu, lambda r: {"a": signed(r, N, D), "alpha": r.uniform(0.1, 0.9, D)}, 2),
    "softplus": (softplus, lambda r: {"a": signed(r, N, D)}, 1),
    "swish": (swish, lambda r: {"a": signed(r, N, D)}, 1),
    "elu": (elu, lambda r: {"a": signed(r, N, D)}, 1),
    "cosine": (cosine, lambda r: {"p": signed(r, N, D), "q": signed(r, N, D)}, 2),
    "factorised": (factorised, lambda r: {"U": signed(r, N, D), "V": signed(r, H, D)}, 2),
    "bilinear": (bilinear, lambda r: {"x": signed(r, N, D), "A": signed(r, D, H), "y": signed(r, N, H)}, 3),
    "distances": (distances, lambda r: {"x": signed(r, N, D), "c": signed(r, H, D)}, 2),
    "gaussian_units": (gaussian_units, lambda r: {"x": signed(r, N, D) / 2, "c": signed(r, H, D) / 2}, 2),
    "max_pool": (max_pool, lambda r: {"x": signed(r, N, D)}, 1),
    "running_sum": (running_sum, lambda r: {"x": signed(r, N, D)}, 1),
    "dropped": (dropped, lambda r: {"x": signed(r, N, D), "mask": (r.random((N, D)) > 0.4) * 1.0, "p": 0.4}, 1),
    "log_sum_exp": (log_sum_exp, lambda r: {"s": signed(r, N, D)}, 1),
    "bernoulli_loss": (bernoulli_loss, lambda r: {"p": r.uniform(0.1, 0.9, (N, D)), "x": r.uniform(0.1, 0.9, (N, D))}, 1),
    "three_layers": (three_layers, lambda r: {"x": signed(r, N, D), "W1": signed(r, D, H), "W2": signed(r, H, H), "W3": signed(r, H, K)}, 4),
    "sum_of_two": (sum_of_two, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H), "V": signed(r, D, H)}, 3),
    "weighted_error": (weighted_error, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D), "w": r.uniform(0.2, 2, D)}, 1),
    "entropy": (entropy, lambda r: {"p": r.uniform(0.1, 0.9, (N, D))}, 1),
    "standardised": (standardised, lambda r: {"x": signed(r, N, D), "gamma": signed(r, D)}, 2),
    "normal_likelihood": (normal_likelihood, lambda r: {"mu": signed(r, N, D), "log_var": signed(r, N, D), "x": signed(r, N, D)}, 2),
    "logistic": (logistic, lambda r: {"s": signed(r, N, D), "t": r.choice([-1.0, 1.0], (N, D))}, 1),
    "squared_hinge": (squared_hinge, lambda r: {"s": signed(r, N, D), "t": r.choice([-1.0, 1.0], (N, D))}, 1),
    "masked_error": (masked_error, lambda r: {"x_hat": signed(r, N, D), "x": signed(r, N, D), "m": r.choice([0.0, 1.0], (N, D))}, 1),
    "one_hot_error": (one_hot_error, lambda r: {"p": r.random((N, D)), "t": np.eye(D)[r.integers(0, D, N)]}, 1),
    "cross_entropy_of": (cross_entropy_of, lambda r: {"p": r.uniform(0.1, 0.9, (N, D)), "t": np.eye(D)[r.integers(0, D, N)]}, 1),
    "symmetric_form": (symmetric_form, lambda r: {"x": signed(r, N, D), "S": spd(r, D)}, 1),
    **{f.__name__: (f, standard, 1) for f in (cube, hard_tanh, hard_sigmoid, softsign, mish, square_relu, scaled_tanh, gaussian)},
    "reciprocal": (reciprocal, lambda r: {"a": r.uniform(0.5, 2, (N, D))}, 1),
    "mean_squared": (mean_squared, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H)}, 2),
    "mixture": (mixture, lambda r: {"a": signed(r, N, D), "b": signed(r, N, D), "w": r.random((N, D))}, 3),
    "two_sums": (two_sums, lambda r: {"x": r.uniform(0.5, 2, (N, D))}, 1),
    "contrastive": (contrastive, lambda r: {"z": signed(r, N, D)}, 1),
    "outer": (outer, lambda r: {"u": signed(r, N), "v": signed(r, D)}, 2),
    "group_sparsity": (group_sparsity, lambda r: {"W": signed(r, D, H)}, 1),
    "smooth_abs": (smooth_abs, lambda r: {"h": signed(r, N, D)}, 1),
    "covariance": (covariance, lambda r: {"x": signed(r, N, D)}, 1),
    "decorrelation": (decorrelation, lambda r: {"h": signed(r, N, D)}, 1),
    "laplace": (laplace, lambda r: {"mu": signed(r, N, D), "log_b": signed(r, N, D), "x": signed(r, N, D)}, 2),
    "shared": (shared, lambda r: {"x": signed(r, N, D), "w": signed(r, D)}, 2),
    "polynomial": (polynomial, lambda r: {"x": signed(r, N, D), "c": signed(r, 3)}, 2),
    "sine_layer": (sine_layer, lambda r: {"x": signed(r, N, D), "W": signed(r, D, H), "b": signed(r, H)}, 3),
    "skip_twice": (skip_twice, lambda r: {"x": signed(r, N, D), "W": signed(r, D, D)}, 2),
}  # fmt: skip
MISTAKES = []


def wanted(pair):
    _, make, count = PAIRS[pair]
    return list(make(np.random.default_rng(0)))[:count]


def mistake(name, pair, backward, **right):
    codes = {gradient: set(code.split(", ")) if code else set() for gradient, code in right.items()}
    MISTAKES.append(Mistake(f"{pair}: {name}", pair, backward, codes))


def normalised(x, axis):
    return (x - x.mean(axis, keepdims=True)) / sqrt(x.var(axis, keepdims=True) + 1e-5)


def layer_norm_x(g, x):
    """The right gradient of the normalisation of each row."""
    z, sd = normalised(x, 1), sqrt(x.var(1, keepdims=True) + 1e-5)
    return (g - g.mean(1, keepdims=True) - z * (g * z).mean(1, keepdims=True)) / sd


def right_norm(grad_y, x, gamma):
    return layer_norm_x(grad_y * gamma, x), (grad_y * normalised(x, 1)).sum(0), grad_y.sum(0)


mistake("gamma in the wrong place", "layer_norm", lambda grad_y, x, gamma: (layer_norm_x(grad_y, x) * gamma, *right_norm(grad_y, x, gamma)[1:]), x="")
mistake("statistics constant", "layer_norm", lambda grad_y, x, gamma: (grad_y * gamma / sqrt(x.var(1, keepdims=True) + 1e-5), *right_norm(grad_y, x, gamma)[1:]), x="")
mistake("mean path alone", "layer_norm", lambda grad_y, x, gamma: ((grad_y * gamma - (grad_y * gamma).mean(1, keepdims=True)) / sqrt(x.var(1, keepdims=True) + 1e-5), *right_norm(grad_y, x, gamma)[1:]), x="")
mistake("x for z", "layer_norm", lambda grad_y, x, gamma: (right_norm(grad_y, x, gamma)[0], (grad_y * x).sum(0), grad_y.sum(0)), gamma="")
mistake("epsilon forgotten", "layer_norm", lambda grad_y, x, gamma: (right_norm(grad_y, x, gamma)[0], (grad_y * (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)).sum(0), grad_y.sum(0)), gamma="")
mistake("sum over the batch", "log_softmax", lambda grad_y, y: grad_y - exp(y) * grad_y.sum(), s="")
mistake("sum missing", "log_softmax", lambda grad_y, y: grad_y - exp(y) * grad_y, s="path-missing, derivative-replaced, term, upstream-term")
mistake("as if for one-hot", "log_softmax", lambda grad_y, y: grad_y - exp(y), s="term")
mistake("root missing", "scores", lambda grad_y, Q, K: (grad_y @ K, grad_y.T @ Q), Q="scale[√D]", K="scale[√D]")
mistake("root of the wrong size", "scores", lambda grad_y, Q, K: (grad_y @ K / sqrt(len(K)), grad_y.T @ Q / sqrt(len(K))), Q="scale[√D/√H]", K="scale[√D/√H]")
mistake("D for its root", "scores", lambda grad_y, Q, K: (grad_y @ K / Q.shape[1], grad_y.T @ Q / Q.shape[1]), Q="scale[1/√D]", K="scale[1/√D]")
mistake("gate's input for its value", "gated", lambda grad_y, a, g: (grad_y * g, grad_y * a * sigmoid(g) * (1 - sigmoid(g))), a="factor-replaced, derivative-replaced, other-inputs")
mistake("1 − σ missing", "gated", lambda grad_y, a, g: (grad_y * sigmoid(g), grad_y * a * sigmoid(g)), g="derivative-replaced, factor-missing, factor-extra, factor-replaced, other-upstream")
mistake("a missing", "gated", lambda grad_y, a, g: (grad_y * sigmoid(g), grad_y * sigmoid(g) * (1 - sigmoid(g))), g="factor-missing, derivative-replaced, other-inputs, other-derivative")
mistake("skip forgotten", "residual", lambda grad_y, x, W, b: ((grad_y * (1 - tanh(x @ W + b) ** 2)) @ W.T, x.T @ (grad_y * (1 - tanh(x @ W + b) ** 2)), (grad_y * (1 - tanh(x @ W + b) ** 2)).sum(0)), x="term, upstream-term")
mistake("branch forgotten", "residual", lambda grad_y, x, W, b: (grad_y.copy(), x.T @ (grad_y * (1 - tanh(x @ W + b) ** 2)), (grad_y * (1 - tanh(x @ W + b) ** 2)).sum(0)), x="slope-missing")
mistake("y for tanh", "residual", lambda grad_y, x, W, b, y: (grad_y + (grad_y * (1 - y**2)) @ W.T, x.T @ (grad_y * (1 - y**2)), (grad_y * (1 - y**2)).sum(0)), x="", W="", b="")
mistake("never clipped", "huber", lambda x_hat, x: (x_hat - x) / len(x), x_hat="formula-replaced, term-replaced")
mistake("always clipped", "huber", lambda x_hat, x: np.sign(x_hat - x) / len(x), x_hat="formula-replaced, term-replaced")
mistake("turned inside out", "huber", lambda x_hat, x: np.where(np.abs(x_hat - x) >= 1, x_hat - x, np.sign(x_hat - x)) / len(x), x_hat="")
mistake("margin forgotten", "hinge", lambda s, t: -t * (s * t < 0) / s.size, s="")
mistake("no mask", "hinge", lambda s, t: -t / s.size, s="formula-replaced, other-inputs")
mistake("target forgotten", "hinge", lambda s, t: -1.0 * (s * t < 1) / s.size, s="factor-extra, factor-missing, factor-replaced, some-entries")
mistake("alpha's mask turned round", "parametric_relu", lambda grad_y, a, alpha: (grad_y * np.where(a > 0, 1, alpha), (grad_y * a * (a > 0)).sum(0)), alpha="")
mistake("alpha without a mask", "parametric_relu", lambda grad_y, a, alpha: (grad_y * np.where(a > 0, 1, alpha), (grad_y * a).sum(0)), alpha="")
mistake("a missing for alpha", "parametric_relu", lambda grad_y, a, alpha: (grad_y * np.where(a > 0, 1, alpha), (grad_y * (a <= 0)).sum(0)), alpha="")
mistake("1 − σ", "softplus", lambda grad_y, a: grad_y * (1 - sigmoid(a)), a="slope-misused, other-inputs")
mistake("σ twice", "softplus", lambda grad_y, a: grad_y * sigmoid(a) * (1 - sigmoid(a)), a="other-derivative")
mistake("σ alone", "swish", lambda grad_y, a: grad_y * sigmoid(a), a="derivative-replaced")
mistake("product rule's second half alone", "swish", lambda grad_y, a: grad_y * a * sigmoid(a) * (1 - sigmoid(a)), a="upstream-term")
mistake("sign in the product rule", "swish", lambda grad_y, a: grad_y * (sigmoid(a) - a * sigmoid(a) * (1 - sigmoid(a))), a="other-inputs")
mistake("y for y + 1", "elu", lambda grad_y, a, y: grad_y * np.where(a > 0, 1, y), a="upstream-term")
mistake("mask alone", "elu", lambda grad_y, a: grad_y * (a > 0), a="other-derivative")
mistake("norms constant", "cosine", lambda grad_y, p, q: (grad_y[:, None] * q / (np.linalg.norm(p, axis=1) * np.linalg.norm(q, axis=1))[:, None], grad_y[:, None] * p / (np.linalg.norm(p, axis=1) * np.linalg.norm(q, axis=1))[:, None]), p="", q="")
mistake("U for V", "factorised", lambda grad_y, U, V: (grad_y @ V, grad_y.T @ U[::-1]), V="other-upstream")
mistake("half of the product rule, doubled", "factorised", lambda grad_y, U, V: (2 * grad_y @ V, grad_y.T @ U), U="scale[2]")
mistake("A the wrong way", "bilinear", lambda grad_y, x, A, y: (grad_y[:, None] * (y @ A.T), x.T @ y, grad_y[:, None] * (x @ A)), A="other-upstream")
mistake("upstream forgotten for x", "bilinear", lambda grad_y, x, A, y: (y @ A.T, (grad_y[:, None] * x).T @ y, grad_y[:, None] * (x @ A)), x="other-upstream")
mistake("mean upstream", "bilinear", lambda grad_y, x, A, y: (grad_y.mean() * (y @ A.T), (grad_y[:, None] * x).T @ y, grad_y[:, None] * (x @ A)), x="other-upstream")
mistake("sign for the centres", "distances", lambda grad_y, x, c: (2 * (grad_y[:, :, None] * (x[:, None] - c)).sum(1), 2 * (grad_y[:, :, None] * (x[:, None] - c)).sum(0)), c="sign")
mistake("2 forgotten for the centres", "distances", lambda grad_y, x, c: (2 * (grad_y[:, :, None] * (x[:, None] - c)).sum(1), -(grad_y[:, :, None] * (x[:, None] - c)).sum(0)), c="scale[1/2]")
mistake("centre forgotten", "distances", lambda grad_y, x, c: (2 * x * grad_y.sum(1, keepdims=True), -2 * (grad_y[:, :, None] * (x[:, None] - c)).sum(0)), x="other-inputs")
mistake("exponential forgotten", "gaussian_units", lambda grad_y, x, c: (-(grad_y[:, :, None] * (x[:, None] - c)).sum(1), (grad_y[:, :, None] * gaussian_units(x, c)[:, :, None] * (x[:, None] - c)).sum(0)), x="")
mistake("spread over all", "max_pool", lambda grad_y, x: np.repeat(grad_y[:, None], x.shape[1], 1) / x.shape[1], x="collapsed")
mistake("column of the batch", "max_pool", lambda grad_y, x: grad_y[:, None] * (x == x.max()), x="")
mistake("not turned round", "running_sum", lambda grad_y, x: grad_y.cumsum(1), x="")
mistake("upstream passed through", "running_sum", lambda grad_y, x: grad_y.copy(), x="slope-missing, path-missing")
mistake("rescaling forgotten", "dropped", lambda grad_y, x, mask, p: grad_y * mask, x="scale[(1 − p)]")
mistake("divided by p", "dropped", lambda grad_y, x, mask, p: grad_y * mask / p, x="scale[(1 − p)/p]")
mistake("mask forgotten", "dropped", lambda grad_y, x, mask, p: grad_y / (1 - p), x="slope-missing[1/(1 − p)], derivative-replaced, factor-missing, other-inputs")
mistake("softmax over the batch", "log_sum_exp", lambda grad_y, s: grad_y[:, None] * exp(s) / exp(s).sum(0), s="factor-replaced")
mistake("not normalised", "log_sum_exp", lambda grad_y, s: grad_y[:, None] * exp(s), s="factor-replaced")
mistake("denominator forgotten", "bernoulli_loss", lambda p, x: (p - x) / len(x), p="factor-extra, factor-missing, formula-replaced")
mistake("one term", "bernoulli_loss", lambda p, x: -x / p / len(x), p="term, term-replaced")
mistake("sign of one term", "bernoulli_loss", lambda p, x: (-x / p - (1 - x) / (1 - p)) / len(x), p="")
THREE_LAYERS = """def backward(grad_y, x, W1, W2, W3):
    h = tanh(x @ W1)
    k = tanh(h @ W2)
    grad_b = grad_y @ W3.T * (1 - k * k)
    grad_a = grad_b @ W2.T * (1 - h * h)
    return grad_a @ W1.T, x.T @ grad_a, h.T @ grad_b, k.T @ grad_y
"""
network(
    mistake, "three_layers", THREE_LAYERS,
    ("first derivative missing", " * (1 - h * h)", "", each("x W1", "layer-slope-missing")),
    ("both derivatives missing", " * (1 - k * k)\n    grad_a = grad_b @ W2.T * (1 - h * h)", "\n    grad_a = grad_b @ W2.T", each("x W1 W2", "layer-slope-missing")),
    ("W2 untransposed", "grad_b @ W2.T", "grad_b @ W2", each("x W1", "layer-untransposed")),
)  # fmt: skip
mistake("first path alone", "sum_of_two", lambda grad_y, x, W, V: (grad_y @ W.T, x.T @ grad_y, tanh(x).T @ grad_y), x="other-inputs")
mistake("tanh' forgotten", "sum_of_two", lambda grad_y, x, W, V: (grad_y @ W.T + grad_y @ V.T, x.T @ grad_y, tanh(x).T @ grad_y), x="")
mistake("x for tanh x", "sum_of_two", lambda grad_y, x, W, V: (grad_y @ W.T + grad_y @ V.T * (1 - tanh(x) ** 2), x.T @ grad_y, x.T @ grad_y), V="other-gradient")
mistake("weights forgotten", "weighted_error", lambda x_hat, x, w: (x_hat - x) / len(x), x_hat="factor-missing, formula-replaced, other-inputs")
mistake("weights squared", "weighted_error", lambda x_hat, x, w: w**2 * (x_hat - x) / len(x), x_hat="factor-extra, other-inputs")
mistake("weights rooted", "weighted_error", lambda x_hat, x, w: sqrt(w) * (x_hat - x) / len(x), x_hat="factor-replaced, factor-missing")
mistake("1 forgotten", "entropy", lambda p: -log(p) / len(p), p="term")
mistake("sign of 1", "entropy", lambda p: (1 - log(p)) / len(p), p="term")
mistake("p kept", "entropy", lambda p: -p * (log(p) + 1) / len(p), p="factor-extra")
mistake("gamma kept constant in the wrong place", "standardised", lambda grad_y, x, gamma: (grad_y * gamma, (grad_y * normalised(x, 0)).sum(0)), x="derivative-replaced")
mistake("x for z", "standardised", lambda grad_y, x, gamma: (batch_x(grad_y * gamma, x), (grad_y * x).sum(0)), gamma="")
mistake("variance path missing", "standardised", lambda grad_y, x, gamma: (gamma * (grad_y - grad_y.mean(0)) / sqrt(x.var(0) + 1e-5), (grad_y * normalised(x, 0)).sum(0)), x="")
mistake("N − 1 in the variance", "standardised", lambda grad_y, x, gamma: (batch_x(grad_y * gamma, x), (grad_y * (x - x.mean(0)) / sqrt(x.var(0, ddof=1) + 1e-5)).sum(0)), gamma="")
mistake("variance for its inverse", "normal_likelihood", lambda mu, log_var, x: ((mu - x) * exp(log_var) / len(x), 0.5 * (1 - (x - mu) ** 2 / exp(log_var)) / len(x)), mu="factor-extra, other-inputs")
mistake("first term forgotten", "normal_likelihood", lambda mu, log_var, x: ((mu - x) / exp(log_var) / len(x), -0.5 * (x - mu) ** 2 / exp(log_var) / len(x)), log_var="term")
mistake("square forgotten", "normal_likelihood", lambda mu, log_var, x: ((mu - x) / exp(log_var) / len(x), 0.5 * (1 - (x - mu) / exp(log_var)) / len(x)), log_var="")
mistake("zero where small", "softplus", lambda grad_y, a: np.where(np.abs(a) < 0.2, 0, grad_y * sigmoid(a)), a="")
mistake("absolute difference as a slope", "swish", lambda grad_y, a: grad_y * (swish(a + 1e-3) - swish(a)) / 1e-3, a="")
mistake("last row forgotten in a loop", "gated", lambda grad_y, a, g: (np.vstack([(grad_y * sigmoid(g))[:-1], zeros_like(a[:1])]), grad_y * a * sigmoid(g) * (1 - sigmoid(g))), a="some-entries, some-examples")
mistake("noise", "softplus", lambda grad_y, a: grad_y * sigmoid(a) * (1 + 1e-3 * np.sin(1000 * a)), a="")
mistake("t forgotten", "logistic", lambda s, t: -sigmoid(-t * s) / len(s), s="factor-missing")
mistake("sign inside", "logistic", lambda s, t: -t * sigmoid(t * s) / len(s), s="other-inputs")
mistake("as for 0 and 1", "logistic", lambda s, t: (sigmoid(s) - t) / len(s), s="term")
mistake("t squared", "logistic", lambda s, t: -t * t * sigmoid(-t * s) / len(s), s="factor-extra")
mistake("2 forgotten", "squared_hinge", lambda s, t: -t * np.maximum(0, 1 - s * t) / len(s), s="scale[1/2]")
mistake("mask forgotten", "squared_hinge", lambda s, t: -2 * t * (1 - s * t) / len(s), s="formula-replaced")
mistake("as for the hinge", "squared_hinge", lambda s, t: -2 * t * (s * t < 1) / len(s), s="factor-missing")
mistake("t in the wrong place", "squared_hinge", lambda s, t: -2 * np.maximum(0, t - s) / len(s), s="")
mistake("count of all", "masked_error", lambda x_hat, x, m: m * (x_hat - x) / m.size, x_hat="")
mistake("rows, not hits", "masked_error", lambda x_hat, x, m: m * (x_hat - x) / len(m), x_hat="")
mistake("mask forgotten", "masked_error", lambda x_hat, x, m: (x_hat - x) / m.sum(), x_hat="")
mistake("other half", "masked_error", lambda x_hat, x, m: (1 - m) * (x_hat - x) / m.sum(), x_hat="")
mistake("target's class alone", "one_hot_error", lambda p, t: 2 * t * (p - t) / len(p), p="factor-extra")
mistake("as cross-entropy", "one_hot_error", lambda p, t: -t / p / len(p), p="")
mistake("p − t", "cross_entropy_of", lambda p, t: (p - t) / len(p), p="formula-replaced")
mistake("logarithm kept", "cross_entropy_of", lambda p, t: -t * log(p) / len(p), p="factor-replaced")
mistake("1 − p too", "cross_entropy_of", lambda p, t: (-t / p + (1 - t) / (1 - p)) / len(p), p="")
mistake("x S, half", "symmetric_form", lambda grad_y, x, S: 0.5 * grad_y[:, None] * (x @ S), x="")
mistake("diagonal alone", "symmetric_form", lambda grad_y, x, S: grad_y[:, None] * x * np.diag(S), x="")
mistake("row sums", "symmetric_form", lambda grad_y, x, S: grad_y[:, None] * x * S.sum(1), x="")
mistake("a² for 3 a²", "cube", lambda grad_y, a: grad_y * a**2, a="scale[1/3]")
mistake("2 a²", "cube", lambda grad_y, a: 2 * grad_y * a**2, a="scale[2/3]")
mistake("3 a", "cube", lambda grad_y, a: 3 * grad_y * a, a="factor-missing")
mistake("abs", "cube", lambda grad_y, a: 3 * grad_y * a * abs(a), a="factor-missing")
mistake("sign", "reciprocal", lambda grad_y, a: grad_y / a**2, a="sign")
mistake("log", "reciprocal", lambda grad_y, a: -grad_y / a, a="factor-missing")
mistake("y for y²", "reciprocal", lambda grad_y, y: -grad_y * y, a="factor-missing")
mistake("a³", "reciprocal", lambda grad_y, a: -grad_y / a**3, a="upstream-times")
mistake("no clip", "hard_tanh", lambda grad_y, a: grad_y.copy(), a="slope-missing")
mistake("ReLU's", "hard_tanh", lambda grad_y, a: grad_y * (a > 0), a="other-derivative")
mistake("one side", "hard_tanh", lambda grad_y, a: grad_y * (a < 1), a="")
mistake("tanh's", "hard_tanh", lambda grad_y, a: grad_y * (1 - tanh(a) ** 2), a="other-derivative")
mistake("y for the mask", "hard_tanh", lambda grad_y, y: grad_y * (1 - y * y), a="factor-extra")
mistake("0.2 forgotten", "hard_sigmoid", lambda grad_y, a: grad_y * (np.abs(a) < 2.5), a="scale[5]")
mistake("wrong edge", "hard_sigmoid", lambda grad_y, a: 0.2 * grad_y * (np.abs(a) < 1), a="")
mistake("not squared", "softsign", lambda grad_y, a: grad_y / (1 + np.abs(a)), a="")
mistake("product rule's first half", "softsign", lambda grad_y, a: grad_y * (1 / (1 + np.abs(a)) - a / (1 + np.abs(a)) ** 2), a="")
mistake("tanh of softplus alone", "mish", lambda grad_y, a: grad_y * tanh(np.logaddexp(0, a)), a="")
mistake("sech² without sigmoid", "mish", lambda grad_y, a: grad_y * (tanh(np.logaddexp(0, a)) + a * (1 - tanh(np.logaddexp(0, a)) ** 2)), a="")
mistake("2 forgotten", "square_relu", lambda grad_y, a: grad_y * np.maximum(a, 0), a="scale[1/2]")
mistake("ReLU's", "square_relu", lambda grad_y, a: grad_y * (a > 0), a="other-derivative")
mistake("2 a without a mask", "square_relu", lambda grad_y, a: 2 * grad_y * a, a="derivative-replaced")
mistake("2 y", "square_relu", lambda grad_y, y: 2 * grad_y * y, a="factor-extra")
mistake("inner factor forgotten", "scaled_tanh", lambda grad_y, a: 1.7159 * grad_y * (1 - tanh(2 / 3 * a) ** 2), a="scale[3/2]")
mistake("outer factor forgotten", "scaled_tanh", lambda grad_y, a: 2 / 3 * grad_y * (1 - tanh(2 / 3 * a) ** 2), a="scale[0.5827845]")
mistake("through y", "scaled_tanh", lambda grad_y, y: 1.7159 * 2 / 3 * grad_y * (1 - y * y), a="derivative-replaced")
mistake("inner argument forgotten", "scaled_tanh", lambda grad_y, a: 1.7159 * 2 / 3 * grad_y * (1 - tanh(a) ** 2), a="other-derivative")
mistake("a forgotten", "gaussian", lambda grad_y, a: -2 * grad_y * exp(-a * a), a="factor-missing")
mistake("sign", "gaussian", lambda grad_y, a: 2 * a * grad_y * exp(-a * a), a="sign")
mistake("½", "gaussian", lambda grad_y, a: -a * grad_y * exp(-a * a / 2), a="factor-missing")
mistake("mean over rows", "mean_squared", lambda x, W: (2 * x @ W @ W.T / len(x), 2 * x.T @ x @ W / len(x)), x="scale[H]", W="scale[H]")
mistake("W forgotten", "mean_squared", lambda x, W: (2 * x / x.size, 2 * x.T @ (x @ W) / (len(x) * W.shape[1])), x="formula-replaced")
mistake("exchanged", "mixture", lambda grad_y, a, b, w: (grad_y * (1 - w), grad_y * w, grad_y * (a - b)), a="other-gradient", b="other-gradient")
mistake("sign", "mixture", lambda grad_y, a, b, w: (grad_y * w, grad_y * (1 - w), grad_y * (b - a)), w="sign")
mistake("b forgotten", "mixture", lambda grad_y, a, b, w: (grad_y * w, grad_y * (1 - w), grad_y * a), w="derivative-replaced")
mistake("sum for difference", "mixture", lambda grad_y, a, b, w: (grad_y * w, grad_y * (1 - w), grad_y * (a + b)), w="upstream-term")
mistake("quotient rule's first half", "two_sums", lambda grad_y, x: grad_y / x.sum(1, keepdims=True), x="derivative-replaced")
mistake("sum over rows", "two_sums", lambda grad_y, x: grad_y / x.sum(0), x="derivative-replaced")
mistake("as softmax", "two_sums", lambda grad_y, y: y * (grad_y - (grad_y * y).sum(1, keepdims=True)), x="factor-extra")
mistake("one side", "contrastive", lambda grad_y, z: 0.5 * grad_y @ z, z="")
mistake("symmetric upstream assumed", "contrastive", lambda grad_y, z: grad_y @ z, z="")
mistake("other side", "contrastive", lambda grad_y, z: 0.5 * grad_y.T @ z, z="")
mistake("u for v", "outer", lambda grad_y, u, v: (grad_y @ v, grad_y.sum(0)), v="formula-replaced")
mistake("sum", "outer", lambda grad_y, u, v: (grad_y.sum(1), u @ grad_y), u="")
mistake("sum of v", "outer", lambda grad_y, u, v: (grad_y.sum(1) * v.sum(), u @ grad_y), u="other-upstream")
mistake("norm over rows", "group_sparsity", lambda W: W / sqrt((W * W).sum(1, keepdims=True)), W="factor-replaced")
mistake("root forgotten", "group_sparsity", lambda W: W / (W * W).sum(0), W="factor-missing")
mistake("no norm", "group_sparsity", lambda W: W.copy(), W="factor-extra")
mistake("sign", "smooth_abs", lambda h: np.sign(h) / len(h), h="formula-replaced")
mistake("½", "smooth_abs", lambda h: 0.5 * h / sqrt(h * h + 1e-2) / len(h), h="scale[1/2]")
mistake("ε forgotten", "smooth_abs", lambda h: h / np.abs(h) / len(h), h="formula-replaced")
mistake("one side", "covariance", lambda grad_y, x: (x - x.mean(0)) @ grad_y / len(x), x="")
mistake("not centred", "covariance", lambda grad_y, x: x @ (grad_y + grad_y.T) / len(x), x="")
mistake("N − 1", "covariance", lambda grad_y, x: (x - x.mean(0)) @ (grad_y + grad_y.T) / (len(x) - 1), x="scale[N/(N − 1)]")
mistake("2 forgotten", "decorrelation", lambda h: (h - h.mean(0)) @ np.cov(h.T, ddof=0) / len(h), h="scale[1/2]")
mistake("not centred", "decorrelation", lambda h: 2 * h @ np.cov(h.T, ddof=0) / len(h), h="")
mistake("N forgotten", "decorrelation", lambda h: 2 * (h - h.mean(0)) @ np.cov(h.T, ddof=0), h="scale[N]")
mistake("1 forgotten", "laplace", lambda mu, log_b, x: (np.sign(mu - x) / exp(log_b) / len(x), -np.abs(x - mu) / exp(log_b) / len(x)), log_b="term")
mistake("size for sign", "laplace", lambda mu, log_b, x: ((mu - x) / exp(log_b) / len(x), (1 - np.abs(x - mu) / exp(log_b)) / len(x)), mu="factor-extra")
mistake("scale forgotten", "laplace", lambda mu, log_b, x: (np.sign(mu - x) / len(x), (1 - np.abs(x - mu) / exp(log_b)) / len(x)), mu="factor-extra")
mistake("w once", "shared", lambda grad_y, x, w: (grad_y * sigmoid(x * w) * (1 - sigmoid(x * w)) * w, (grad_y * (sigmoid(x * w) + w * x * sigmoid(x * w) * (1 - sigmoid(x * w)))).sum(0)), x="factor-missing")
mistake("first use of w", "shared", lambda grad_y, x, w: (grad_y * sigmoid(x * w) * (1 - sigmoid(x * w)) * w**2, (grad_y * sigmoid(x * w)).sum(0)), w="")
mistake("second use of w", "shared", lambda grad_y, x, w: (grad_y * sigmoid(x * w) * (1 - sigmoid(x * w)) * w**2, (grad_y * w * x * sigmoid(x * w) * (1 - sigmoid(x * w))).sum(0)), w="")
mistake("2 forgotten", "polynomial", lambda grad_y, x, c: (grad_y * (c[1] + c[2] * x), np.array([grad_y.sum(), (grad_y * x).sum(), (grad_y * x * x).sum()])), x="")
mistake("orders", "polynomial", lambda grad_y, x, c: (grad_y * (c[1] + 2 * c[2] * x), np.array([(grad_y * x * x).sum(), (grad_y * x).sum(), grad_y.sum()])), c="")
mistake("derivatives of x", "polynomial", lambda grad_y, x, c: (grad_y * (c[1] + 2 * c[2] * x), np.array([grad_y.sum(), (grad_y * x).sum(), (2 * grad_y * x).sum()])), c="")
mistake("sine for cosine", "sine_layer", lambda grad_y, x, W, y: ((grad_y * y) @ W.T, x.T @ (grad_y * y), (grad_y * y).sum(0)), x="", W="", b="")
mistake("sign of the cosine", "sine_layer", lambda grad_y, x, W, b: ((grad_y * -np.cos(x @ W + b)) @ W.T, x.T @ (grad_y * np.cos(x @ W + b)), (grad_y * np.cos(x @ W + b)).sum(0)), x="sign")
mistake("root of 1 − y²", "sine_layer", lambda grad_y, x, W, y: ((grad_y * sqrt(1 - y * y)) @ W.T, x.T @ (grad_y * sqrt(1 - y * y)), (grad_y * sqrt(1 - y * y)).sum(0)), x="", W="", b="")
mistake("square forgotten", "skip_twice", lambda grad_y, x, W: (grad_y + (grad_y * (x @ W > 0)) @ W.T, x.T @ (grad_y * (x @ W > 0))), x="upstream-term")
mistake("skip forgotten", "skip_twice", lambda grad_y, x, W: (2 * grad_y * x + (grad_y * (x @ W > 0)) @ W.T, x.T @ (grad_y * (x @ W > 0))), x="term")
mistake("mask from y", "skip_twice", lambda grad_y, x, W, y: (grad_y + 2 * grad_y * x + (grad_y * (y > 0)) @ W.T, x.T @ (grad_y * (y > 0))), x="", W="")


def batch_x(g, x):
    z, sd = normalised(x, 0), sqrt(x.var(0, keepdims=True) + 1e-5)
    return (g - g.mean(0) - z * (g * z).mean(0)) / sd
