"""The functions of second opinions: one number at a time, with Python's math module.

Nothing here calls a formula of the sheet, so a wrong formula, or an exercise's replacement, is never compared with
itself. A slope is the limit of difference quotients, and an expectation is computed by quadrature.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch.backend import Array

Scalar = Callable[[float], float]


def each(formula: Callable[..., float], *arrays: Any) -> Array:
    """Return formula of every entry of arrays of one shape.

    Examples
    --------
    >>> each(max, np.array([[1.0, 2.0]]), np.array([[3.0, 0.0]]))
    array([[3., 2.]])
    """
    values = [formula(*(float(v) for v in entries)) for entries in zip(*(a.ravel() for a in arrays), strict=True)]
    return np.array(values).reshape(arrays[0].shape)


def logistic(a: float) -> float:
    """Return 1 / (1 + e^−a).

    Examples
    --------
    >>> logistic(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-a)) if a > -700 else 0.0


def slope_of(formula: Scalar) -> Scalar:
    """Return the slope of a formula, extrapolated from two difference quotients.

    Examples
    --------
    >>> round(slope_of(math.exp)(0.0), 9)
    1.0
    """

    def slope(a: float) -> float:
        def quotient(h: float) -> float:
            return (formula(a + h) - formula(a - h)) / (2 * h)

        return (4 * quotient(5e-4) - quotient(1e-3)) / 3

    return slope


def gaussian_mean(formula: Scalar, mu: float, sigma: float) -> float:
    """Return the expectation of formula(z) for z from N(mu, sigma²), by Gauss–Hermite quadrature with 20 nodes.

    Examples
    --------
    >>> round(gaussian_mean(lambda z: z * z, 1.0, 2.0), 9)
    5.0
    """
    nodes, weights = _gauss_hermite()
    values = [weight * formula(mu + sigma * node) for node, weight in zip(nodes, weights, strict=True)]
    return math.fsum(values) / math.fsum(weights)


@functools.cache
def _gauss_hermite() -> tuple[list[float], list[float]]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)  # exact for polynomials up to degree 39
    return nodes.tolist(), weights.tolist()


def gaussian_log_density(x: float, mu: float, variance: float) -> float:
    """Return log N(x; mu, variance).

    Examples
    --------
    >>> round(gaussian_log_density(0.0, 0.0, 1.0), 6)  # −½ log 2π
    -0.918939
    """
    return -((x - mu) ** 2 / variance + math.log(2 * math.pi) + math.log(variance)) / 2


def bernoulli_divergence(rho: float, rho_hat: float) -> float:
    """Return KL(rho ‖ rho_hat): the expectation of a difference of log probabilities.

    Examples
    --------
    >>> bernoulli_divergence(0.2, 0.2)
    0.0
    """
    outcomes = ((rho, rho_hat), (1 - rho, 1 - rho_hat))
    return math.fsum(p * (math.log(p) - math.log(q)) for p, q in outcomes)


def affine(x: Array, W: Array, b: Array) -> Array:
    """Return x W + b (N, n_out): each row's products with W, summed column by column.

    Examples
    --------
    >>> affine(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0]))
    array([[16.]])
    """
    return np.array([(row[:, None] * W).sum(axis=0) + b for row in x])


def rows_of_length_one(V: Array) -> Array:
    """Return V with every row divided by its length.

    Examples
    --------
    >>> rows_of_length_one(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    return np.array([[v / math.hypot(*row) for v in row] for row in V])


def largest(a: Array, k: int, key: Scalar = float) -> Array:
    """Return a with all but the k first entries of each row, by the value of key and then by position, set to 0.

    Examples
    --------
    >>> largest(np.array([[1.0, -3.0, 2.0]]), 2)
    array([[1., 0., 2.]])
    """
    kept = np.zeros_like(a)
    for row, out in zip(a, kept, strict=True):
        for j in sorted(range(len(row)), key=lambda j: (-key(row[j]), j))[:k]:
            out[j] = row[j]
    return kept
