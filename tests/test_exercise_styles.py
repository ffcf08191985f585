"""Right solutions in other styles pass, predictions come first, planted bugs and calls of this package are recognised."""

import numpy as np
import pytest
from test_exercises import EXERCISES, NOT_PREDICTED, by_name, looked_at, prediction_of

from aescratch.classroom.comparing import check_forward, check_prediction
from aescratch.classroom.outcome import outcome_of
from aescratch.classroom.recognising import borrowed
from aescratch.classroom.stubs import HOLE

STYLES = {
    ("dense_forward", "einsum"): "import numpy as np\ndef dense(x, W, b):\n    return np.einsum('nd,dh->nh', x, W) + b[None]\n",
    ("dense_forward", "loops"): """
import numpy
def dense(x, W, b):
    rows = []
    for row in x:
        rows.append([sum(row[d] * W[d, h] for d in range(len(row))) + b[h] for h in range(len(b))])
    return numpy.array(rows)
""",
    ("dense_backward", "einsum"): """
import numpy as np
def dense_backward(grad_y, x, W):
    return np.einsum('nh,dh->nd', grad_y, W), np.einsum('nd,nh->dh', x, grad_y), np.ones(len(x)) @ grad_y
""",
    ("dense_backward", "one example after the other"): """
import numpy as np
def dense_backward(grad_y, x, W):
    grad_x, grad_W, grad_b = np.empty_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(x)):
        grad_x[n] = W.dot(grad_y[n])
        grad_W += np.outer(x[n], grad_y[n])
        grad_b += grad_y[n]
    return [grad_x, grad_W, grad_b]
""",
    ("relu_backward", "where"): "import numpy as np\ndef relu_backward(grad_y, a):\n    return np.where(a > 0, grad_y, 0.0)\n",
    ("relu_backward", "by index"): "def relu_backward(grad_y, a):\n    g = grad_y.copy()\n    g[a <= 0] = 0\n    return g\n",
    ("sigmoid_backward", "expanded"): "def sigmoid_backward(grad_y, y):\n    return (y - y**2) * grad_y\n",
    ("sigmoid_backward", "through the input"): "import numpy as np\ndef sigmoid_backward(grad_y, y):\n    a = np.log(y / (1 - y))\n    return grad_y * np.exp(-a) / (1 + np.exp(-a)) ** 2\n",
    ("gelu_backward", "math, entry by entry"): """
import math
import numpy as np
def gelu_backward(grad_y, a):
    slope = np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi))
    return slope(a) * grad_y
""",
    ("gelu_backward", "Φ out of the forward"): """
import numpy as np
from aescratch.backend import erf
def gelu_backward(grad_y, a):
    Phi = (1 + erf(a * 0.5**0.5)) / 2
    return Phi * grad_y + grad_y * a * (2 * np.pi) ** -0.5 * np.e ** (-(a**2) / 2)
""",
    ("squared_error_backward", "mean of ones"): "import numpy as np\ndef squared_error_backward(x_hat, x):\n    n, _ = x.shape\n    return np.subtract(x_hat, x) * (1.0 / n)\n",
    ("squared_error_backward", "step by step"): "def squared_error_backward(x_hat, x):\n    g = x_hat.copy()\n    g -= x\n    g /= x_hat.shape[0]\n    return g\n",
    ("softmax_backward", "one-hot matrix"): """
import numpy as np
def softmax_cross_entropy_backward(logits, labels):
    z = logits - logits.max(1)[:, None]
    p = np.exp(z - np.log(np.exp(z).sum(1))[:, None])
    return (p - np.eye(logits.shape[1])[labels]) / logits.shape[0]
""",
    ("softmax_backward", "one example after the other"): """
import numpy as np
def softmax_cross_entropy_backward(logits, labels):
    out = np.zeros(logits.shape)
    for n, (row, label) in enumerate(zip(logits, labels)):
        e = np.exp(row - max(row))
        out[n] = e / sum(e)
        out[n, label] -= 1
    return out / len(out)
""",
    ("gelu_tanh_backward", "logarithmic derivative"): """
import numpy as np
def gelu_tanh_backward(grad_y, a):
    c, k = (2 / np.pi) ** 0.5, 0.044715
    s = 1 / (1 + np.exp(-2 * c * (a + k * a**3)))
    return grad_y * (s + a * 2 * s * (1 - s) * c * (1 + 3 * k * a * a))
""",
    ("gelu_tanh_backward", "cosh"): """
import numpy as np
def gelu_tanh_backward(grad_y, a):
    u = np.sqrt(2 / np.pi) * a + np.sqrt(2 / np.pi) * 0.044715 * np.power(a, 3)
    du = np.sqrt(2 / np.pi) + np.sqrt(2 / np.pi) * 0.134145 * np.square(a)
    first = (1 + np.tanh(u)) / 2 * grad_y
    return first + grad_y * a * du / (2 * np.cosh(u) ** 2)
""",
    ("weight_decay", "in two halves"): "def weight_decay_backward(W, lam):\n    half = 0.5 * lam * W\n    return half + half\n",
    ("weight_decay", "loop"): "import numpy as np\ndef weight_decay_backward(W, lam):\n    return np.array([[lam * w for w in row] for row in W])\n",
    ("denoising", "transposed throughout"): """
import numpy as np
def denoising_backward(x_tilde, x, W1, W2):
    h = np.tanh(W1.T @ x_tilde.T)
    e = (W2.T @ h - x.T) / x.shape[0]
    d = (W2 @ e) * (1 - h) * (1 + h)
    return (d @ x_tilde).T, h @ e.T
""",
    ("denoising", "example by example"): """
import numpy as np
def denoising_backward(x_tilde, x, W1, W2):
    a, b = np.zeros_like(W1), np.zeros_like(W2)
    for dirty, clean in zip(x_tilde, x):
        h = np.tanh(dirty @ W1)
        e = h @ W2 - clean
        b += np.outer(h, e) / len(x)
        a += np.outer(dirty, (W2 @ e) / np.cosh(dirty @ W1) ** 2) / len(x)
    return a, b
""",
    ("l1_sparsity_backward", "comparisons"): "def l1_sparsity_backward(h):\n    return ((h > 0) * 1.0 - (h < 0)) / len(h)\n",
    ("l1_sparsity_backward", "copysign"): "import numpy as np\ndef l1_sparsity_backward(h):\n    g = np.copysign(1 / h.shape[0], h)\n    g[h == 0] = 0\n    return g\n",
    ("top_k_backward", "scatter"): """
import numpy as np
def top_k_backward(grad_y, a, k):
    out = np.zeros_like(grad_y)
    for n in range(len(a)):
        for j in sorted(range(a.shape[1]), key=lambda j: -a[n, j])[:k]:
            out[n, j] = grad_y[n, j]
    return out
""",
    ("top_k_backward", "threshold"): "import numpy as np\ndef top_k_backward(grad_y, a, k):\n    return np.where(a >= np.sort(a, axis=1)[:, [-k]], grad_y, 0)\n",
    ("contraction_backward", "einsum"): """
import numpy as np
def contraction_backward(slope, W):
    n = slope.shape[0]
    return np.einsum('nj,dj,dj->nj', slope, W, W) * 2 / n, np.einsum('nj,nj,dj->dj', slope, slope, W) * 2 / n
""",
    ("contraction_backward", "norms"): """
import numpy as np
def contraction_backward(slope, W):
    norms = np.linalg.norm(W, axis=0) ** 2
    return slope * norms * 2 / len(slope), 2 * W * (np.linalg.norm(slope, axis=0) ** 2 / len(slope))
""",
    ("vae_backward", "calls the sheet"): """
from aescratch import functions as F
def vae_backward(x, eps, W1, W_mu, W_log_var, W2, beta):
    h = F.tanh(x @ W1)
    mu, log_var = h @ W_mu, h @ W_log_var
    z = F.reparameterize(mu, log_var, eps)
    e = F.squared_error_backward(z @ W2, x)
    mu_z, log_var_z = F.reparameterize_backward(e @ W2.T, log_var, eps)
    mu_kl, log_var_kl = F.gaussian_kl_backward(mu, log_var)
    d_mu, d_log_var = mu_z + beta * mu_kl, log_var_z + beta * log_var_kl
    d_h = F.tanh_backward(d_mu @ W_mu.T + d_log_var @ W_log_var.T, h)
    return x.T @ d_h, h.T @ d_mu, h.T @ d_log_var, z.T @ e
""",
    ("vae_backward", "both outputs at once"): """
import numpy as np
def vae_backward(x, eps, W1, W_mu, W_log_var, W2, beta):
    h = np.tanh(x @ W1)
    W = np.hstack([W_mu, W_log_var])
    mu, log_var = np.hsplit(h @ W, 2)
    s = np.exp(log_var / 2)
    e = (mu + s * eps) @ W2 - x
    g = e @ W2.T
    both = np.hstack([g + beta * mu, (g * eps * s + beta * (s * s - 1)) / 2]) / len(x)
    grad = h.T @ both
    return x.T @ ((both @ W.T) * (1 - h * h)), grad[:, : mu.shape[1]], grad[:, mu.shape[1] :], (mu + s * eps).T @ e / len(x)
""",
    ("adam_step", "one line"): """
def adam_step(value, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = m + (1 - beta1) * (grad - m), v + (1 - beta2) * (grad * grad - v)
    return value - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)) ** 0.5 + eps)
""",
    ("adam_step", "corrected step size"): """
import numpy as np
def adam_step(value, grad, m, v, t, lr, beta1, beta2, eps):
    m = np.average([m, grad], axis=0, weights=[beta1, 1 - beta1])
    v = np.average([v, grad**2], axis=0, weights=[beta2, 1 - beta2])
    root = np.sqrt(1 - beta2**t)
    return value - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root)
""",
    ("autoencoder_backward", "calls the sheet"): """
from aescratch import functions as F
def autoencoder_backward(x, W1, b1, W2, b2):
    h = F.sigmoid(x @ W1 + b1)
    d2 = F.squared_error_backward(F.dense(h, W2, b2), x)
    dh, dW2, db2 = F.dense_backward(d2, h, W2)
    _, dW1, db1 = F.dense_backward(F.sigmoid_backward(dh, h), x, W1)
    return dW1, db1, dW2, db2
""",
    ("autoencoder_backward", "errors for each example"): """
import numpy as np
def autoencoder_backward(x, W1, b1, W2, b2):
    grads = [np.zeros_like(p) for p in (W1, b1, W2, b2)]
    for row in x:
        h = 1 / (1 + np.exp(-(row @ W1 + b1)))
        e = h @ W2 + b2 - row
        d = (W2 @ e) * h * (1 - h)
        for total, part in zip(grads, (np.outer(row, d), d, np.outer(h, e), e)):
            total += part / len(x)
    return tuple(grads)
""",
    ("tied_weights", "two weights, then one"): """
import numpy as np
def tied_backward(x, W, b, c):
    V = W.T
    h = np.tanh(x @ W + b)
    e = (h @ V + c - x) / len(x)
    grad_V = h.T @ e
    grad_a = e @ V.T
    grad_a -= grad_a * h * h
    return x.T @ grad_a + grad_V.T, np.ones(len(x)) @ grad_a, e.sum(0)
""",
    ("tied_weights", "einsum"): """
import numpy as np
def tied_backward(x, W, b, c):
    h = np.tanh(np.einsum('nd,dh->nh', x, W) + b)
    e = (np.einsum('nh,dh->nd', h, W) + c - x) / x.shape[0]
    a = np.einsum('nd,dh,nh->nh', e, W, 1 / np.cosh(x @ W + b) ** 2)
    return np.einsum('nd,nh->dh', x, a) + np.einsum('nd,nh->dh', e, h), a.sum(0), e.sum(0)
""",
    ("kl_sparsity_backward", "one fraction"): """
import numpy as np
def kl_sparsity_backward(h, rho):
    r = np.mean(h, axis=0, keepdims=True)
    return np.ones_like(h) * (r - rho) / (r * (1 - r)) / h.shape[0]
""",
    ("kl_sparsity_backward", "unit by unit"): """
import numpy as np
def kl_sparsity_backward(h, rho):
    grad = np.empty(h.shape)
    for j in range(h.shape[1]):
        r = sum(h[:, j]) / len(h)
        grad[:, j] = ((1 - rho) / (1 - r) - rho / r) / len(h)
    return grad
""",
    ("reparameterize_backward", "sigma by the root"): """
import numpy as np
def reparameterize_backward(grad_z, log_var, eps):
    sigma = np.sqrt(np.exp(log_var))
    return 1 * grad_z, grad_z * eps * sigma / 2
""",
    ("reparameterize_backward", "a list"): """
import numpy as np
def reparameterize_backward(grad_z, log_var, eps):
    return [grad_z + 0, np.multiply(grad_z, eps) * np.exp(log_var / 2) * 0.5]
""",
    ("gaussian_kl_backward", "expm1"): "import numpy as np\ndef gaussian_kl_backward(mu, log_var):\n    n = mu.shape[0]\n    return mu / n, np.expm1(log_var) / (2 * n)\n",
    ("gaussian_kl_backward", "sigma"): "import numpy as np\ndef gaussian_kl_backward(mu, log_var):\n    s = np.exp(log_var / 2)\n    return mu * (1 / len(mu)), (s * s - 1) * 0.5 / len(s)\n",
    ("cross_entropy_backward", "stable by cases"): """
import numpy as np
def binary_cross_entropy_backward(logits, x):
    e = np.exp(-np.abs(logits))
    return np.where(logits > 0, 1 / (1 + e), e / (1 + e)) / len(x) - x / x.shape[0]
""",
    ("cross_entropy_backward", "pixel by pixel"): """
import math
import numpy as np
def binary_cross_entropy_backward(logits, x):
    out = np.zeros(logits.shape)
    for place, logit in np.ndenumerate(logits):
        p = 1 / (1 + math.exp(-logit)) if logit > 0 else 1 - 1 / (1 + math.exp(logit))
        out[place] = (p - x[place]) / logits.shape[0]
    return out
""",
    ("pretraining", "a class"): """
import numpy as np
class Layer:
    def __init__(self, W):
        self.W = W
    def forward(self, x):
        self.x, self.y = x, np.tanh(x.dot(self.W))
        return self.y
    def backward(self, grad):
        return self.x.T.dot(grad * (1 - self.y) * (1 + self.y))
def pretraining_backward(x, keep, W1, W2, V2):
    below = Layer(W1).forward(x)
    layer = Layer(W2)
    error = layer.forward(np.where(keep == 1, below, 0)) @ V2 - below
    return layer.backward(error @ V2.T / len(x)), layer.y.T @ error / len(x)
def goes_up(x, keep, W1, W2):
    for W in (W1, W2):
        x = Layer(W).forward(x)
    return x
""",
    ("pretraining", "example by example"): """
import numpy as np
def pretraining_backward(x, keep, W1, W2, V2):
    grads = [np.zeros(W2.shape), np.zeros(V2.shape)]
    for row, kept in zip(x, keep):
        clean = np.tanh(row @ W1)
        code = np.tanh((clean * kept) @ W2)
        wrong = (code @ V2 - clean) / len(x)
        grads[0] += np.outer(clean * kept, (V2 @ wrong) / np.cosh((clean * kept) @ W2) ** 2)
        grads[1] += np.outer(code, wrong)
    return grads
def goes_up(x, keep, W1, W2):
    return np.array([np.tanh(W2.T @ np.tanh(W1.T @ row)) for row in x])
""",
    ("fine_tuning", "a loop over the layers"): """
import numpy as np
def fine_tuning_backward(x, labels, W1, W2, W3, b3):
    ins = [x]
    for W in (W1, W2):
        ins.append(np.tanh(ins[-1] @ W))
    z = ins[-1] @ W3 + b3
    g = (np.exp(z) / np.exp(z).sum(1, keepdims=True) - np.eye(len(b3))[labels]) / len(x)
    grads = [g.sum(0), ins[-1].T @ g]
    for h, below, above in ((ins[2], ins[1], W3), (ins[1], ins[0], W2)):
        g = (g @ above.T) * (1 - h * h)
        grads.append(below.T @ g)
    return grads[3], grads[2], grads[1], grads[0]
""",
    ("fine_tuning", "einsum"): """
import numpy as np
def fine_tuning_backward(x, labels, W1, W2, W3, b3):
    a1 = np.einsum('nd,dh->nh', x, W1)
    a2 = np.einsum('nh,hk->nk', np.tanh(a1), W2)
    e = np.exp(np.tanh(a2) @ W3 + b3)
    p = e / e.sum(axis=1)[:, None]
    for n, label in enumerate(labels):
        p[n, label] -= 1
    p = p / len(labels)
    s1, s2 = 1 / np.cosh(a1) ** 2, 1 / np.cosh(a2) ** 2
    d2 = np.einsum('nc,kc,nk->nk', p, W3, s2)
    d1 = np.einsum('nk,hk,nh->nh', d2, W2, s1)
    return np.einsum('nd,nh->dh', x, d1), np.tanh(a1).T @ d2, np.tanh(a2).T @ p, np.ones(len(x)) @ p
""",
    ("momentum_descent", "all at once"): """
import numpy as np
def momentum_descent(value, grads, lr, mu):
    T = len(grads)
    weights = np.array([sum(mu**k for k in range(T - t)) for t in range(T)])
    return value - lr * np.tensordot(weights, grads, axes=1)
""",
    ("momentum_descent", "the rate inside, recursive"): """
def momentum_descent(value, grads, lr, mu, moved=0.0):
    if not len(grads):
        return value + 0
    moved = mu * moved - lr * grads[0]
    return momentum_descent(value + moved, grads[1:], lr, mu, moved)
""",
    ("xavier_uniform", "interpolated"): """
import numpy as np
def xavier_uniform(n_in, n_out, uniform):
    deviation = (2 / (n_in + n_out)) ** 0.5
    return np.interp(uniform, [0, 1], [-deviation * 3**0.5, deviation * 3**0.5])
""",
    ("xavier_uniform", "number by number"): """
import math
import numpy
def xavier_uniform(n_in, n_out, uniform):
    b = math.sqrt(6) / math.sqrt(n_in + n_out)
    return numpy.array([[-b + 2 * b * float(u) for u in row] for row in uniform])
""",
    ("straight_through_backward", "where"): "import numpy as np\ndef straight_through_backward(grad_z, a):\n    return np.where((a >= -1) & (a <= 1), grad_z, 0)\n",
    ("vq_backward", "one-hot"): """
import numpy as np
def vq_backward(x, W1, E, W2, beta):
    h = x @ W1
    chosen = np.eye(len(E))[((h[:, None] - E) ** 2).sum(2).argmin(1)]
    q = chosen @ E
    g = (q @ W2 - x) / len(x)
    away = 2 / len(x) * (h - q)
    return x.T @ (g @ W2.T) + beta * x.T @ away, -chosen.T @ away, q.T @ g
""",
    ("vq_backward", "entry by entry"): """
import numpy as np
def vq_backward(x, W1, E, W2, beta):
    grads = np.zeros_like(W1), np.zeros_like(E), np.zeros_like(W2)
    for row in x:
        h = row @ W1
        k = min(range(len(E)), key=lambda i: np.linalg.norm(h - E[i]))
        error = (E[k] @ W2 - row) / len(x)
        grads[0][:] += np.outer(row, W2 @ error + beta * 2 * (h - E[k]) / len(x))
        grads[1][k] += 2 * (E[k] - h) / len(x)
        grads[2][:] += np.outer(E[k], error)
    return grads
""",
    ("jump_relu_backward", "unit by unit"): """
import numpy as np
def jump_relu_backward(grad_h, a, theta, bandwidth):
    grad_theta = np.zeros(len(theta))
    for j, t in enumerate(theta):
        inside = (a[:, j] > t - bandwidth / 2) & (a[:, j] < t + bandwidth / 2)
        grad_theta[j] = -t * grad_h[inside, j].sum() / bandwidth
    return np.where(a > theta, grad_h, 0), grad_theta
""",
    ("gated_backward", "calls the sheet"): """
import numpy as np
from aescratch import functions as f
def gated_backward(x, W, b, r, W2, weight):
    p = x @ W
    gate, size = p + b, np.exp(r) * p
    h, g = f.gated(gate, size), np.maximum(gate, 0)
    first, second = f.squared_error_backward(h @ W2, x), f.squared_error_backward(g @ W2, x)
    to_gate = np.where(gate > 0, second @ W2.T + weight / len(x), 0)
    to_size = np.where(h > 0, first @ W2.T, 0)
    return x.T @ (to_gate + to_size * np.exp(r)), to_gate.sum(0), np.einsum("nj,nj->j", to_size, size), h.T @ first
""",
    ("batch_top_k_backward", "scatter"): """
import numpy as np
def batch_top_k_backward(grad_y, a, k):
    grad_a = np.zeros_like(a)
    kept = np.unravel_index(np.argpartition(a, -k * len(a), axis=None)[-k * len(a):], a.shape)
    grad_a[kept] = grad_y[kept]
    return grad_a
""",
    ("auxiliary_backward", "by the codes"): """
import numpy as np
def auxiliary_backward(x, W1, W2, silent, k, weight):
    a = x @ W1
    h, z = np.zeros_like(a), np.zeros_like(a)
    for n, row in enumerate(a):
        kept = np.argsort(-row)[:k]
        h[n, kept] = row[kept]
        quiet = sorted(np.flatnonzero(silent), key=lambda j: -row[j])[:k]
        z[n, quiet] = row[quiet]
    left = x - h @ W2
    g, g_hat = -left / len(x), weight * (z @ W2 - left) / len(x)
    return x.T @ np.where(h != 0, g @ W2.T, 0) + x.T @ np.where(z != 0, g_hat @ W2.T, 0), h.T @ g + z.T @ g_hat
""",
    ("log_mean_exp_backward", "through the output"): """
import numpy as np
def log_mean_exp_backward(grad_y, log_w):
    top = log_w.max(1, keepdims=True)
    y = top + np.log(np.exp(log_w - top).mean(1, keepdims=True))
    return grad_y.reshape(-1, 1) * np.exp(log_w - y) / log_w.shape[1]
""",
    ("mmd_backward", "pair by pair"): """
import numpy as np
def mmd_backward(h, z, C):
    n = len(h)
    out = np.zeros_like(h)
    def slope(u, v):
        return -2 * C * (u - v) / (C + np.sum((u - v) ** 2)) ** 2
    for i in range(n):
        for j in range(n):
            if i != j:
                out[i] += 2 * slope(h[i], h[j]) / (n * (n - 1))
            out[i] -= 2 * slope(h[i], z[j]) / n**2
    return out
""",
    ("reversal_backward", "one array of logits"): """
import numpy as np
def reversal_backward(x, z, W1, W2, v, weight):
    h = x @ W1
    rows, labels = np.concatenate([z, h]), np.repeat([1.0, 0.0], len(x))
    grad = (1 / (1 + np.exp(-rows @ v)) - labels) / len(rows)
    g = (h @ W2 - x) / len(x)
    grad_h = g @ W2.T - weight * (grad[:, None] * v)[len(x):]
    return x.T @ grad_h, h.T @ g, rows.T @ grad
""",
    ("straight_through_backward", "by index"): "def straight_through_backward(grad_z, a):\n    g = grad_z.copy()\n    g[abs(a) > 1] = 0\n    return g\n",
    ("jump_relu_backward", "a rectangle by its sides"): """
import numpy as np
def jump_relu_backward(grad_h, a, theta, bandwidth):
    t = (a - theta) / bandwidth
    rectangle = 1.0 * (t < 0.5) * (t > -0.5)
    return grad_h * np.heaviside(a - theta, 0), -np.einsum("j,nj,nj->j", theta, rectangle, grad_h) / bandwidth
""",
    ("gated_backward", "example by example"): """
import numpy as np
def gated_backward(x, W, b, r, W2, weight):
    grad_W, grad_b, grad_r, grad_W2 = np.zeros_like(W), np.zeros_like(b), np.zeros_like(r), np.zeros_like(W2)
    for row in x:
        p = row @ W
        on, size = p + b > 0, np.exp(r) * p
        h, g = on * np.maximum(size, 0), on * (p + b)
        error, gate_error = (h @ W2 - row) / len(x), (g @ W2 - row) / len(x)
        to_size = np.where(h > 0, W2 @ error, 0)
        to_gate = on * (W2 @ gate_error + weight / len(x))
        grad_W += np.outer(row, to_gate + to_size * np.exp(r))
        grad_b += to_gate
        grad_r += to_size * size
        grad_W2 += np.outer(h, error)
    return grad_W, grad_b, grad_r, grad_W2
""",
    ("batch_top_k_backward", "rank by rank"): """
import numpy as np
def batch_top_k_backward(grad_y, a, k):
    larger = (a.reshape(-1, 1) < a.reshape(1, -1)).sum(1).reshape(a.shape)
    return np.where(larger < k * a.shape[0], grad_y, 0.0)
""",
    ("auxiliary_backward", "two networks"): """
import numpy as np
def one(x, target, a, mask, W2, share):
    code = np.where(mask, a, 0)
    error = share * (code @ W2 - target) / len(x)
    return x.T @ np.where(mask, error @ W2.T, 0), code.T @ error, target - code @ W2
def auxiliary_backward(x, W1, W2, silent, k, weight):
    a = x @ W1
    among = np.where(silent > 0, a, a.min() - 1)
    first = one(x, x, a, a >= np.sort(a, 1)[:, [-k]], W2, 1)
    second = one(x, first[2], a, among >= np.sort(among, 1)[:, [-k]], W2, weight)
    return first[0] + second[0], first[1] + second[1]
""",
    ("log_mean_exp_backward", "example by example"): """
import math
import numpy as np
def log_mean_exp_backward(grad_y, log_w):
    out = []
    for g, row in zip(grad_y, log_w):
        w = [math.exp(v - max(row)) for v in row]
        out.append([g * each / sum(w) for each in w])
    return np.array(out)
""",
    ("mmd_backward", "einsum"): """
import numpy as np
def mmd_backward(h, z, C):
    n = h.shape[0]
    def pull(y):
        d = h[:, None, :] - y[None, :, :]
        k = C / (C + np.einsum("nmj,nmj->nm", d, d))
        return np.einsum("nm,nmj->nj", k * k, d) * 4 / C
    return pull(z) / n / n - pull(h) / n / (n - 1)
""",
    ("reversal_backward", "example by example"): """
import numpy as np
def reversal_backward(x, z, W1, W2, v, weight):
    n = len(x)
    grad_W1, grad_W2, grad_v = 0 * W1, 0 * W2, 0 * v
    for row, sample in zip(x, z):
        h = row @ W1
        error = (h @ W2 - row) / n
        to_sample, to_code = -0.5 / n / (1 + np.exp(sample @ v)), 0.5 / n / (1 + np.exp(-h @ v))
        grad_v += to_sample * sample + to_code * h
        grad_W2 += np.outer(h, error)
        grad_W1 += np.outer(row, W2 @ error - weight * to_code * v)
    return grad_W1, grad_W2, grad_v
""",
    ("own_checker", "norms of the difference, in random directions too"): """
import numpy as np
def is_right(loss, grad, x):
    x = np.asarray(x) * 1.0
    g = np.asarray(grad(x), float)
    if np.shape(g) != np.shape(x) or np.isnan(g).any():
        return False
    rng = np.random.default_rng(0)
    directions = [*np.eye(x.size), *rng.normal(size=(3, x.size))]
    n = np.array([(loss(x + 1e-6 * d.reshape(x.shape)) - loss(x - 1e-6 * d.reshape(x.shape))) / 2e-6 for d in directions])
    a = np.array([(g.ravel() * d).sum() for d in directions])
    return np.linalg.norm(a - n) <= 1e-6 * (np.linalg.norm(a) + np.linalg.norm(n))
""",
    ("own_checker", "relative, entry by entry, four points"): """
def is_right(loss, grad, x):
    x = x.astype(float)
    claimed = grad(x)
    if getattr(claimed, "shape", None) != x.shape:
        return False
    fine = True
    largest = abs(claimed).max()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            f = []
            for step in (-2e-4, -1e-4, 1e-4, 2e-4):
                moved = x.copy()
                moved[i, j] += step
                f.append(loss(moved))
            slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / 12e-4
            fine = fine and abs(slope - claimed[i, j]) <= 1e-5 * max(abs(slope), abs(claimed[i, j]), 1e-3 * largest)
    return bool(fine)
""",
}


@pytest.mark.parametrize(("name", "style"), STYLES, ids=lambda text: text)
def test_a_right_solution_in_another_style_passes(name, style, tmp_path):
    exercise = by_name(name)
    outcome = looked_at(exercise, f"{prediction_of(exercise)}\n{STYLES[name, style]}", tmp_path)
    assert outcome.kind == "passed", outcome.reports


@pytest.mark.in_turn(3)
def test_an_exercise_knows_its_own_mistakes_where_no_cause_can_be_claimed(tmp_path):
    exercise = by_name("vae_backward")
    outcome = looked_at(exercise, STYLES["vae_backward", "calls the sheet"].replace("mu_z + beta * mu_kl", "mu_z"), tmp_path)
    assert outcome.codes[0] == "divergence-missing@grad_W_mu"
    assert "likely cause: what the divergence sends to mu is missing\n" in outcome.reports[0]
    assert "ask yourself: Along how many paths does mu reach the loss?" in outcome.reports[0]
    outcome = looked_at(exercise, STYLES["vae_backward", "calls the sheet"].replace("mu_z + beta * mu_kl", "mu_z + 1e-6 * mu_kl"), tmp_path)
    assert outcome.codes[0] == "wrong-values@grad_W_mu"


def test_every_exercise_without_a_planted_bug_has_two_other_styles():
    counted = {exercise.name: sum(name == exercise.name for name, _ in STYLES) for exercise in EXERCISES}
    assert [name for name, count in counted.items() if count < 2 and HOLE in by_name(name).stub] == []


# Predictions

PREDICTED = [exercise for exercise in EXERCISES if "PREDICTION" in exercise.stub]


def answered(exercise, line, folder, text=None):
    """Return the outcome of the right code, or another, under a prediction."""
    return looked_at(exercise, (text or exercise.shown_solution).replace(prediction_of(exercise), line), folder)


def test_some_exercises_begin_with_a_prediction():
    assert len(PREDICTED) >= 5


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
def test_a_prediction_comes_before_the_code(exercise, tmp_path):
    outcome = answered(exercise, NOT_PREDICTED, tmp_path)
    assert (outcome.kind, outcome.codes) == ("not-begun", ["no-prediction"])
    assert "PREDICTION, at the top of the file, is still None; read the question there" in outcome.reports[0]
    for other in ("3", "'e'"):
        outcome = answered(exercise, f"PREDICTION = {other}", tmp_path)
        assert (outcome.kind, outcome.codes) == ("wrong", ["no-such-letter"])
    assert exercise.hints.choose(["no-such-letter"]) == ("no-such-letter", exercise.hints.choose(["no-prediction"])[1])
    unquoted = answered(exercise, "PREDICTION = c", tmp_path)
    assert unquoted.message == 'NameError: name \'c\' is not defined; write the letter in quotation marks: PREDICTION = "c"'
    right = prediction_of(exercise)[-2]
    assert answered(exercise, f"PREDICTION = '{right.upper()} '", tmp_path).passed
    hole = exercise.stub.replace(NOT_PREDICTED, prediction_of(exercise))
    assert looked_at(exercise, hole, tmp_path).codes == ["not-implemented"]
    assert exercise.hints.choose(["no-prediction"])[1] != exercise.hints.own["*"]


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
def test_a_wrong_prediction_gets_a_question_and_never_the_right_letter(exercise, tmp_path):
    right = prediction_of(exercise)[-2]
    asked = []
    for letter in set("abcd") - {right}:
        outcome = answered(exercise, f'PREDICTION = "{letter}"', tmp_path)
        assert (outcome.kind, outcome.codes) == ("wrong", ["wrong-prediction"])
        (report,) = outcome.reports
        assert f'"{right}"' not in report
        asked.append(report.partition("ask yourself: ")[2].partition("\n")[0])
        assert "?" in asked[-1]
    assert len(set(asked)) == len(asked) == 3
    assert f'"{right}"' not in " ".join(exercise.hints.own["wrong-prediction"])
    assert all(f'"{letter}"  ' in exercise.stub for letter in "abcd"), "every letter is explained"


def test_a_report_on_a_prediction_reads_as_one():
    class Student:
        PREDICTION = "a"

    report = check_prediction(Student, "b", {"a": "Why?"})
    lines = ["your prediction, before any code", "asked for   verdict", "PREDICTION  fail",
             'error: PREDICTION = "a" isn\'t what happens', "  ask yourself: Why?", "fail: the code is checked once this is right"]  # fmt: skip
    assert str(report).splitlines() == lines
    assert outcome_of([report]).codes == ["wrong-prediction"]
    assert check_prediction(Student, "a", {"b": "Why?"}).verdict == "pass"
    assert report.to_dict()["verdict"] == "fail"


# A planted bug, and what passes by our own code


PLANTED = [exercise for exercise in EXERCISES if HOLE not in exercise.stub]


@pytest.mark.in_turn
@pytest.mark.parametrize("exercise", PLANTED, ids=lambda exercise: exercise.name)
def test_a_planted_bug_that_was_only_rewritten_is_still_there(exercise, tmp_path):
    assert looked_at(exercise, exercise.stub.replace("\n\n", "\n\n\n"), tmp_path).kind == "not-begun"
    rewritten = exercise.stub.replace("import numpy as np\n", "import numpy as np\n\nanother = 'line'\n")
    assert rewritten != exercise.stub
    outcome = looked_at(exercise, rewritten, tmp_path)
    assert outcome.kind == "wrong"
    assert "error: you edited the file, but the bug is still there" in outcome.reports[0]
    for mutant in exercise.mutants.values():
        outcome = looked_at(exercise, exercise.mutated(mutant), tmp_path)
        assert ("as-planted" in outcome.codes) == (outcome.kind == "not-begun")
        assert outcome.kind in ("not-begun", "wrong")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy as np\n", ""),
        ("import numpy\nfrom aescratch.functions import dense_backward\n", "line 2, from aescratch.functions import dense_backward: now"),
        ("def f():\n    import aescratch as ae\n    return ae\n", "line 2, import aescratch as ae: now write this yourself"),
        ("import aescratching\n", ""),
        ("from . import aescratch\n", ""),
    ],
)
def test_what_passes_by_our_own_code_is_told_so(text, said):
    sentence = borrowed(text.encode(), by_name("dense_backward"))
    assert said in sentence
    assert bool(said) == bool(sentence)


def test_a_check_says_what_passes_by_our_own_code(tmp_path):
    outcome = looked_at(by_name("dense_backward"), "from aescratch.functions import dense_backward\n", tmp_path)
    assert outcome.passed
    assert "since aescratch is not available in grading" in outcome.message
    assert looked_at(by_name("dense_backward"), by_name("dense_backward").solution, tmp_path).message == ""


def test_what_a_stub_imports_of_ours_isnt_borrowed():
    assert [exercise.name for exercise in EXERCISES if borrowed(exercise.solution.encode(), exercise)] == []


def test_a_forward_that_spoils_its_argument_and_changes_is_told_so_once():
    calls = []

    def twice(x):
        calls.append(1)
        x *= 2
        return x * len(calls)

    report = check_forward(twice, lambda x: 2 * x, [{"x": np.array([1.0, 2.0])}, {"x": np.array([3.0, 5.0])}])
    assert [(finding.code, finding.tensor) for finding in report.findings] == [
        ("changed-argument", "x"), ("not-repeatable", None), ("wrong-values", "y"),
    ]  # fmt: skip
