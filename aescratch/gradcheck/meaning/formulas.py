"""Every formula once more, written another way: one number at a time, with the mathematics of Python's own library.

Nothing here calls `aescratch.functions`, so that a wrong formula there, or one that an exercise has put there, is not
compared with itself. A divergence is taken as the expectation that defines it, by quadrature, a slope as the limit of
difference quotients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch.backend import Array

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)  # exact for the polynomials that a Gaussian's log density is


def each(formula: Callable[..., float], *arrays: Any) -> Array:
    """Return formula of every entry of arrays of one shape."""
    values = [formula(*(float(v) for v in entries)) for entries in zip(*(a.ravel() for a in arrays), strict=True)]
    return np.array(values).reshape(arrays[0].shape)


def squared(x_hat: float, x: float) -> float:
    """Half the square of a difference: the logarithm of how much likelier a unit Gaussian finds its centre."""
    return (x_hat - x) ** 2 / 2


def bernoulli(logit: float, x: float) -> float:
    """Cross-entropy of a pixel, by way of the probability."""
    p = logistic(logit)
    return -(x * math.log(p) + (1 - x) * math.log(1 - p))


def class_cross_entropy(logits: Array, labels: Array) -> Array:
    """Cross-entropy of each example, (N, 1), as the logarithm of a normalised exponential in extended precision."""
    e = np.exp(logits.astype(np.longdouble))
    return np.array([[-np.log(row[label] / row.sum())] for row, label in zip(e, labels, strict=True)], float)


def bernoulli_divergence(rho: float, rho_hat: float) -> float:
    """KL(rho ‖ rho_hat): the expectation of a difference of log probabilities."""
    outcomes = ((rho, rho_hat), (1 - rho, 1 - rho_hat))
    return math.fsum(p * (math.log(p) - math.log(q)) for p, q in outcomes)


def gaussian_divergence(mu: float, log_var: float) -> float:
    """KL(N(mu, σ²) ‖ N(0, 1)): the expectation of log N(z; mu, σ²) − log N(z; 0, 1), by Gauss–Hermite quadrature."""
    sigma = math.sqrt(math.exp(log_var))
    z = mu + sigma * NODES
    log_ratio = -((z - mu) ** 2) / (2 * sigma**2) - math.log(sigma) + z**2 / 2
    return float((WEIGHTS * log_ratio).sum() / WEIGHTS.sum())


def jacobian_norms(slope: Array, W: Array) -> Array:
    """Each unit's share in the squared norm of each example's Jacobian (N, H), the Jacobian written out."""
    return np.array([[math.fsum((s * w) ** 2 for w in W[:, j]) for j, s in enumerate(row)] for row in slope])


def affine(x: Array, W: Array, b: Array) -> Array:
    """Return x W + b (N, n_out): each row's products with W, summed column by column."""
    return np.array([(row[:, None] * W).sum(axis=0) + b for row in x])


def rows_of_length_one(V: Array) -> Array:
    """Return V with every row divided by its length."""
    return np.array([[v / math.hypot(*row) for v in row] for row in V])


def largest(a: Array, k: int, key: Callable[[float], float] = float) -> Array:
    """Return a with all but the k first entries of each row, by size of key and then by place, set to 0."""
    kept = np.zeros_like(a)
    for row, out in zip(a, kept, strict=True):
        for j in sorted(range(len(row)), key=lambda j: (-key(row[j]), j))[:k]:
            out[j] = row[j]
    return kept


def logistic(a: float) -> float:
    """1 / (1 + e^−a)."""
    return 1 / (1 + math.exp(-a)) if a > -700 else 0.0


def gelu(a: float) -> float:
    """Return a times the probability that a standard normal number is smaller."""
    return a * 0.5 * math.erfc(-a / math.sqrt(2))


def gelu_tanh(a: float) -> float:
    """Return GELU's tanh form, by way of the logistic function: ½ (1 + tanh u) = 1 / (1 + e^−2u)."""
    return a * logistic(2 * math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))


def slope_of(formula: Callable[[float], float]) -> Callable[[float], float]:
    """Return the slope of a formula, extrapolated from two difference quotients."""

    def slope(a: float) -> float:
        def quotient(h: float) -> float:
            return (formula(a + h) - formula(a - h)) / (2 * h)

        return (4 * quotient(5e-4) - quotient(1e-3)) / 3

    return slope
