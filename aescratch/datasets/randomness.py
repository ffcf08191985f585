"""How randomness enters: as an integer seed or a NumPy generator, never from a hidden global state.

rng (0, 7, numpy.random.default_rng(7)) -> as_generator -> numpy.random.Generator
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Rng: TypeAlias = int | np.integer | np.random.Generator


def as_generator(rng: Rng) -> np.random.Generator:
    """Turn a seed into a fresh generator; a generator is used as it is, and moves on.

    Parameters
    ----------
    rng : int or numpy.random.Generator
        A seed (0 or more) or a generator.

    Raises
    ------
    TypeError
        If `rng` is anything else, None included: unseeded data cannot be drawn again.
    ValueError
        If the seed is negative.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)):
        raise TypeError(
            f"rng must be an integer seed or a numpy.random.Generator, not {type(rng).__name__}; pass rng=0"
        )
    if rng < 0:
        raise ValueError(f"rng must be a seed of 0 or more, not {rng}; pass rng=0")
    return np.random.default_rng(int(rng))
