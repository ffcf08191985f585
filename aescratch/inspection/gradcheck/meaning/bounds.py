"""What bounds and discrepancies may compute by mistake; `terms.py` has the other terms."""

from __future__ import annotations

import math

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.meaning.comparing import Entries, Mistakes


def free_bits_kl(entries: Entries, free_bits: float) -> Mistakes:
    """Divergence, of which each unit has an amount for free."""

    def of_each(mu: Array, log_var: Array) -> Array:
        return np.maximum(-0.5 * (1 + log_var - mu**2 - np.exp(log_var)), free_bits)

    return {"each example has free bits, where each unit should have them on average over the batch": of_each}


def importance_bound(entries: Entries) -> Mistakes:
    """Logarithm of the mean weight."""

    def log_weights(log_p: Array, z: Array, mu: Array, log_var: Array) -> Array:
        distance = (z - mu[:, None]) ** 2 / np.exp(log_var)[:, None]
        log_q = -0.5 * (log_var[:, None] + distance + math.log(2 * math.pi)).sum(axis=2)
        return np.asarray(log_p - 0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=2) - log_q)

    return {
        "it averages the logarithms, where it should take the logarithm of the average": lambda *given: -log_weights(
            *given
        ).mean(axis=1)[:, None],
        "it takes the first sample only": lambda *given: -log_weights(*given)[:, :1],
    }


def mmd(entries: Entries, C: float) -> Mistakes:
    """Squared maximum mean discrepancy, unbiased."""

    def kernel(a: Array, b: Array) -> Array:
        return C / (C + ((a[:, None] - b) ** 2).sum(axis=2))

    return {
        "it is biased: a point's kernel with itself counts": lambda h, z: (
            kernel(h, h).mean(axis=1) + kernel(z, z).mean(axis=1) - 2 * kernel(h, z).mean(axis=1)
        )[:, None],
    }


MISTAKEN = (free_bits_kl, importance_bound, mmd)
