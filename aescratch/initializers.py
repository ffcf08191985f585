"""Initial weights: a rule draws W (n_in, n_out) before training.

The scale matters. If W is too small, the signal vanishes in a deep network; if W is too large, the units saturate. The
rules below compute the scale from the widths. Numbers are drawn on the CPU in float64 for every backend and dtype, so
that the same seed gives the same model everywhere. Widths that aren't integers of at least 1 raise TypeError or
ValueError.
"""

from __future__ import annotations

import math

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.recipes import known
from aescratch.foundations.validation import require_count


@known
def xavier_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Draw uniformly from ±√(6 / (n_in + n_out)), variance 2 / (n_in + n_out) (Glorot & Bengio 2010, eq. 16).

    Examples
    --------
    >>> W = xavier_uniform(5, 3, np.random.default_rng(0))
    >>> W.shape, bool(abs(W).max() <= (6 / 8) ** 0.5)
    ((5, 3), True)
    """
    _require_widths(n_in, n_out)
    limit = math.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


@known
def xavier_normal(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Draw from a normal distribution of variance 2 / (n_in + n_out) (Glorot & Bengio 2010, eq. 12)."""
    _require_widths(n_in, n_out)
    return rng.normal(0, math.sqrt(2 / (n_in + n_out)), (n_in, n_out))


@known
def he_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Draw uniformly from ±√(6 / n_in), variance 2 / n_in: keeps the scale through ReLU (He et al. 2015, eq. 10)."""
    _require_widths(n_in, n_out)
    limit = math.sqrt(6 / n_in)
    return rng.uniform(-limit, limit, (n_in, n_out))


@known
def he_normal(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Draw from a normal distribution of variance 2 / n_in (He et al. 2015, eq. 10)."""
    _require_widths(n_in, n_out)
    return rng.normal(0, math.sqrt(2 / n_in), (n_in, n_out))


@known
def old_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Draw uniformly from ±1/√n_in, variance 1 / (3 n_in): the common rule before Xavier (Glorot & Bengio 2010, eq. 1).

    It shrinks the signal from layer to layer, which is why deep networks were pre-trained layer by layer.
    """
    _require_widths(n_in, n_out)
    limit = 1 / math.sqrt(n_in)
    return rng.uniform(-limit, limit, (n_in, n_out))


def _require_widths(n_in: int, n_out: int) -> None:
    """Raise TypeError or ValueError unless both are integers of at least 1."""
    require_count("n_in", n_in)
    require_count("n_out", n_out)
