"""Inputs by a short text for each: what kind of numbers, and the letters of the shape.

    draws(x="N D", h="unit N H", labels="class N C", rho=0.1)(rng, SIZES[0]) -> arrays by name

Letters stand for sizes that differ from each other. The first two sets choose mistakes. A repair is judged at all: in
the third the sizes have another order, in the last N is larger than any bound that a repair may contain.
"""

import numpy as np

SIZES = (
    {"N": 7, "D": 5, "H": 3, "K": 2, "C": 4, "T": 6},
    {"N": 11, "D": 4, "H": 5, "K": 3, "C": 2, "T": 3},
    {"N": 3, "D": 6, "H": 8, "K": 13, "C": 5, "T": 4},
    {"N": 41, "D": 6, "H": 4, "K": 5, "C": 3, "T": 7},
)
NORMAL, WEIGHTS = 1.2, 0.7  # spreads: weights are smaller, so that no unit is saturated


def draws(**texts):
    """Return a function of a generator and sizes that makes the inputs; what isn't a text is handed on as it is."""

    def make(rng, sizes):
        return {name: drawn(name, text, rng, sizes) if isinstance(text, str) else text for name, text in texts.items()}

    return make


def drawn(name, text, rng, sizes):
    """Return one input."""
    kind, *letters = text.split() if text[0].islower() else ("normal", *text.split())
    if kind == "size":
        return sizes[letters[0]]
    if kind == "theta":  # all parameters in one row
        length = sum(int(np.prod([sizes[letter] for letter in block.split("*")])) for block in letters)
        return rng.normal(0, WEIGHTS, length)
    shape = tuple(sizes[letter] for letter in letters)
    if kind == "class":  # a class for each example
        return rng.permutation(shape[0]) % shape[1]
    if kind == "onehot":
        return np.eye(shape[1])[rng.permutation(shape[0]) % shape[1]]
    if kind == "mask":
        return (rng.random(shape) > 0.3).astype(float)
    low_high = {"unit": (0.1, 0.9), "positive": (0.4, 1.9), "slope": (0.05, 0.25)}
    if kind in low_high:
        return rng.uniform(*low_high[kind], shape)
    return rng.normal(0, WEIGHTS if name[0] in "WUV" else NORMAL, shape)
