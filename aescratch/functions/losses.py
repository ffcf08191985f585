"""Losses: a sum over features, a mean over the batch."""

from __future__ import annotations

from typing import Any

from aescratch.backend import Array, array_module, batch_mean, batch_size, elementwise, fused
from aescratch.functions.activations import sigmoid


@fused
def squared_error(x_hat: Array, x: Array) -> Any:
    """Half the squared error: 1/N Σ_n ½ Σ_d (x_hat_nd − x_nd)².

    The negative log-likelihood of a Gaussian of variance one around x_hat, up to a constant.
    """
    difference = x_hat - x
    return batch_mean(0.5 * (difference * difference).sum(axis=1))


@fused
def squared_error_backward(x_hat: Array, x: Array) -> Array:
    """Gradient of `squared_error`: the ½ cancels the exponent, (x_hat − x) / N."""
    return (x_hat - x) / batch_size(x)


@fused
def binary_cross_entropy(logits: Array, x: Array) -> Any:
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


def softmax_cross_entropy(logits: Array, labels: Array) -> Any:
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
