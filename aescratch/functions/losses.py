"""Losses: a sum over features, a mean over the batch."""

from __future__ import annotations

import math

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size, elementwise, fused
from aescratch.functions.activations import sigmoid
from aescratch.functions.formula import Formula, Record, Term, lifted
from aescratch.functions.one_by_one import logistic


@fused
def squared_error(x_hat: Array, x: Array) -> Number:
    """Half the squared error: 1/N Σ_n ½ Σ_d (x_hat_nd − x_nd)².

    The negative log-likelihood of a Gaussian of variance 1 around x_hat, up to a constant.
    """
    difference = x_hat - x
    return batch_mean(0.5 * (difference * difference).sum(axis=1))


@fused
def squared_error_backward(x_hat: Array, x: Array) -> Array:
    """Gradient of `squared_error`: the ½ cancels the exponent, (x_hat − x) / N."""
    return (x_hat - x) / batch_size(x)


@fused
def binary_cross_entropy(logits: Array, x: Array) -> Number:
    """Cross-entropy of Bernoulli pixels, from logits: −1/N Σ_n Σ_d [x log p + (1 − x) log(1 − p)], p = sigmoid(logits).

    Computed as max(l, 0) − l x + log(1 + exp(−|l|)), which neither overflows nor takes the logarithm of 0.
    """
    return batch_mean(_pixel_cross_entropy(logits, x).sum(axis=1))


@elementwise
def _pixel_cross_entropy(logits: Array, x: Array) -> Array:
    xp = array_module(logits)
    return xp.maximum(logits, 0) - logits * x + xp.log1p(xp.exp(-xp.abs(logits)))


@fused
def binary_cross_entropy_backward(logits: Array, x: Array) -> Array:
    """Gradient of `binary_cross_entropy`: sigmoid's slope p (1 − p) cancels the denominators, (p − x) / N."""
    return (sigmoid(logits) - x) / batch_size(x)


def softmax_cross_entropy(logits: Array, labels: Array) -> Number:
    """Cross-entropy of classes: −1/N Σ_n log p_n,label(n), p = softmax(logits), with labels (N,) integers."""
    xp = array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_partition = xp.log(xp.exp(shifted).sum(axis=1))
    return batch_mean(log_partition - shifted[xp.arange(batch_size(logits)), labels])


def softmax_cross_entropy_backward(logits: Array, labels: Array) -> Array:
    """Gradient of `softmax_cross_entropy`: (p − one-hot(labels)) / N."""
    grad_logits = softmax(logits)
    grad_logits[array_module(logits).arange(batch_size(logits)), labels] -= 1
    return grad_logits / batch_size(logits)


def softmax(logits: Array) -> Array:
    """Probabilities of classes: p_nc = exp(logits_nc) / Σ_k exp(logits_nk), (N, C); each row sums to 1."""
    e = array_module(logits).exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# Everything else about these formulas


def _pixel_cost(logit: float, x: float) -> float:
    """Cross-entropy of a pixel, from the probability."""
    p = logistic(logit)
    return -(x * math.log(p) + (1 - x) * math.log(1 - p))


def _shares(row: Array) -> list[float]:
    """Return the exponential of every entry, as its share in the sum of all."""
    exponentials = [math.exp(logit) for logit in row]
    return [e / math.fsum(exponentials) for e in exponentials]


TOP = "top[n] = max(c, logits[n,c])"
SOFTMAX = "p[n,c] = exp(logits[n,c] - top[n]) / sum(k, exp(logits[n,k] - top[n]))"

RECORDS: tuple[Record, ...] = (
    Term(
        squared_error, squared_error_backward,
        layer="SquaredError", use="reconstruction",
        lines=("loss = mean(n, 0.5 * sum(i, (x_hat[n,i] - x[n,i])**2))",),
        backward_lines=("grad_x_hat[n,i] = (x_hat[n,i] - x[n,i]) / N",),
        claim="½ Σ (x_hat − x)², mean over the batch",
        inputs=lambda rng, N, D, H: {"x_hat": rng.normal(size=(N, D)), "x": rng.normal(size=(N, D))},
        second_opinion=lifted(lambda x_hat, x: (x_hat - x) ** 2 / 2),
        question="What is the loss of a batch of two equal rows, next to that of one of them? "
        "And when a feature is added?",
    ),
    Term(
        binary_cross_entropy, binary_cross_entropy_backward,
        layer="BinaryCrossEntropy", use="reconstruction", words=("bce", "binary-cross-entropy"),
        lines=(
            "loss = mean(n, sum(i, max(logits[n,i], 0) - logits[n,i] * x[n,i] + log1p(exp(-abs(logits[n,i])))))",
        ),
        backward_lines=("p[n,i] = 1 / (1 + exp(-logits[n,i]))", "grad_logits[n,i] = (p[n,i] - x[n,i]) / N"),
        claim="−Σ [x log p + (1 − x) log(1 − p)], p = sigmoid(logits)",
        inputs=lambda rng, N, D, H: {"logits": 2 * rng.normal(size=(N, D)), "x": rng.random((N, D))},
        second_opinion=lifted(_pixel_cost),
        question="What does one pixel cost at a logit of 0, for any x? And how does the cost grow with the pixels?",
    ),
    Term(
        softmax_cross_entropy, softmax_cross_entropy_backward,
        layer="SoftmaxCrossEntropy",
        lines=(TOP, "loss = mean(n, log(sum(c, exp(logits[n,c] - top[n]))) - (logits[n,labels[n]] - top[n]))"),
        backward_lines=(TOP, SOFTMAX, "grad_logits[n,c] = (p[n,c] - (1 if c == labels[n] else 0)) / N"),
        claim="−log p of the label, p = softmax(logits)",
        inputs=lambda rng, N, D, H: {"logits": 2 * rng.normal(size=(N, D)), "labels": rng.integers(0, D, N)},
        second_opinion=lambda logits, labels: [
            [-math.log(_shares(row)[label])] for row, label in zip(logits, labels, strict=True)
        ],
        question="What does an example cost when all logits are equal? "
        "It should depend only on the number of classes.",
    ),
    Formula(
        softmax,
        lines=(TOP, SOFTMAX),
        claim="exp(logits) / Σ exp(logits)",
        inputs=lambda rng, N, D, H: {"logits": 2 * rng.normal(size=(N, D))},
        second_opinion=lambda logits: [_shares(row) for row in logits],
        question="What do the probabilities of one example sum to?",
    ),
)  # fmt: skip
