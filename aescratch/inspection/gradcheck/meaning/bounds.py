"""What bounds and discrepancies may compute by mistake; `terms.py` has the other terms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.meaning.comparing import Entries, Mistakes


def free_bits_kl(entries: Entries, free_bits: float) -> Mistakes:
    """Divergence, of which each unit has an amount for free."""

    def of_each(mu: Array, log_var: Array) -> Array:
        return -0.5 * (1 + log_var - mu**2 - np.exp(log_var))

    def of_units(mu: Array, log_var: Array) -> Array:
        return of_each(mu, log_var).mean(axis=0, keepdims=True)

    return {
        "each example has free bits, where each unit should have them on average over the batch": lambda mu, log_var: (
            np.maximum(of_each(mu, log_var), free_bits)
        ),
        "all units together share the free amount that each should have": lambda mu, log_var: np.maximum(
            of_units(mu, log_var).sum(axis=1, keepdims=True), free_bits),
        "it subtracts the free amount": lambda mu, log_var: np.maximum(of_units(mu, log_var) - free_bits, 0),
        "it takes the smaller of the two": lambda mu, log_var: np.minimum(of_units(mu, log_var), free_bits),
        "nothing is free": of_units,
    }  # fmt: skip


def gaussian_cost(entries: Entries, variance: float) -> Mistakes:
    """Negative log-density of x, constants included."""
    def square(a: Array, x: Array) -> Array:
        return (a - x) ** 2 / 2

    return {
        "the constant ½ log 2π is missing": lambda a, x: entries(a, x) - math.log(2 * math.pi) / 2,
        "½ log variance is missing, so no variance is too large": lambda a, x: square(a, x) / variance
        + math.log(2 * math.pi) / 2,
        "all constants are missing": lambda a, x: square(a, x) / variance,
        "it divides by the standard deviation instead of the variance": lambda a, x: entries(a, x)
        + square(a, x) * (variance**-0.5 - 1 / variance),
        "it multiplies by the variance": lambda a, x: entries(a, x) + square(a, x) * (variance - 1 / variance),
    }


def importance_bound(entries: Entries) -> Mistakes:
    """Logarithm of the mean weight."""

    def of(log_w: Callable[..., Array], mean: Callable[[Array], Array]) -> Entries:
        return lambda *given: -mean(log_w(*given))[:, None]

    def parts(log_p: Array, z: Array, mu: Array, log_var: Array) -> tuple[Array, Array, Array]:
        distance = (z - mu[:, None]) ** 2 / np.exp(log_var)[:, None]
        log_q = -0.5 * (log_var[:, None] + distance + math.log(2 * math.pi)).sum(axis=2)
        return log_p, -0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=2), log_q

    def right(*given: Array) -> Array:
        log_p, log_prior, log_q = parts(*given)
        return log_p + log_prior - log_q

    def log_mean(log_w: Array) -> Array:
        return np.log(np.exp(log_w).mean(axis=1))

    return {
        "it averages the logarithms, where it should take the logarithm of the average": of(
            right, lambda w: w.mean(axis=1)
        ),
        "it sums over the samples, where it should average": of(right, lambda w: np.log(np.exp(w).sum(axis=1))),
        "it takes the first sample only": of(right, lambda w: w[:, 0]),
        "it takes the best sample only": of(right, lambda w: w.max(axis=1)),
        "log q(z|x) is left out": of(lambda *given: parts(*given)[0] + parts(*given)[1], log_mean),
        "log p(z) is left out": of(lambda *given: parts(*given)[0] - parts(*given)[2], log_mean),
        "log p(x|z) is left out": of(lambda *given: parts(*given)[1] - parts(*given)[2], log_mean),
        "log q(z|x) is added, where it should be subtracted": of(
            lambda *given: right(*given) + 2 * parts(*given)[2], log_mean
        ),
        "it takes log_var for log σ": of(lambda p, z, mu, log_var: right(p, z, mu, 2 * log_var), log_mean),
    }


def mmd(entries: Entries, C: float) -> Mistakes:
    """Squared maximum mean discrepancy, unbiased."""

    def kernel(a: Array, b: Array) -> Array:
        return C / (C + ((a[:, None] - b) ** 2).sum(axis=2))

    def gaussian(a: Array, b: Array) -> Array:
        return np.exp(-((a[:, None] - b) ** 2).sum(axis=2) / (2 * C))

    def of(k: Callable[[Array, Array], Array], biased: bool = False, cross: float = 2.0) -> Entries:
        def among(a: Array) -> Array:
            return k(a, a).mean(axis=1) if biased else (k(a, a).sum(axis=1) - 1) / (len(a) - 1)

        return lambda h, z: (among(h) + among(z) - cross * k(h, z).mean(axis=1))[:, None]

    return {
        "it is biased: a point's kernel with itself counts": of(kernel, biased=True),
        "the term of codes and prior counts once instead of twice": of(kernel, cross=1.0),
        "the term of codes and prior is left out": of(kernel, cross=0.0),
        "the term of codes and prior is added": of(kernel, cross=-2.0),
        "its kernel is the Gaussian one": of(gaussian),
        "it compares only the means": lambda h, z: np.full(
            (len(h), 1), ((h.mean(axis=0) - z.mean(axis=0)) ** 2).sum()
        ),
    }


MISTAKEN = (free_bits_kl, gaussian_cost, importance_bound, mmd)
