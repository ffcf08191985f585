"""The layers between a code and the discriminator that is trained against it.

    h -> GradientReversal -> BesidePrior: samples of N(0, 1), and the codes below them -> logits -> Discrimination
"""

from __future__ import annotations

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number, array_module
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_floats, require_number
from aescratch.layers import Layer


class GradientReversal(Layer, Recipe):
    """Pass the code on unchanged, and the gradient back with the opposite sign.

    Parameters
    ----------
    weight : float
        The factor of the gradient, beside its sign, 0 or more; the paper's λ.

    Examples
    --------
    >>> layer = GradientReversal(0.5)
    >>> layer.forward(np.array([[2.0]])), layer.backward(np.array([[1.0]]))
    (array([[2.]]), array([[-0.5]]))
    """

    def __init__(self, weight: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)

    def apply(self, x: Array) -> Array:
        """Return x."""
        return functions.gradient_reversal(x, self.weight)

    def forward(self, x: Array) -> Array:
        """Return x (N, H)."""
        require_batch(x, "x")
        return functions.gradient_reversal(x, self.weight)

    @surrogate_gradient(
        "gradient reversal", "grad_x = −weight grad_y", "Ganin & Lempitsky 2015, equation 8",
        lambda part, grad_y: 0 - grad_y * part.weight,
    )  # fmt: skip
    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, H)."""
        return functions.gradient_reversal_backward(grad_y, self.weight)


class BesidePrior(Part):
    """Put codes below equally many samples of N(0, 1), so that a discriminator gets both."""

    draws = True
    remembers: tuple[str, ...] = ("z",)

    def forward(self, h: Array, rng: np.random.Generator) -> Array:
        """Return both (2N, H) for h (N, H): samples first; rng draws them on the CPU in float64."""
        require_batch(h, "h")
        require_floats(h, "h")
        self.z: Array = array_module(h).asarray(rng.standard_normal(h.shape).astype(h.dtype, copy=False))
        return functions.join_rows(self.z, h)

    def backward(self, grad_both: Array) -> Array:
        """Return grad_h (N, H); the samples need no gradient."""
        _, grad_h = functions.join_rows_backward(grad_both, self.z)
        return grad_h

    def __repr__(self) -> str:
        return "BesidePrior()"


class Discrimination(Part, Recipe):
    """How well samples and codes are distinguished: the cross-entropy of logits, the upper half for samples."""

    is_term = True
    remembers: tuple[str, ...] = ("logits",)

    def forward(self, logits: Array) -> Number:
        """Return the term for logits (2N, 1), a number; log 2 if nothing is distinguished."""
        require_batch(logits, "logits")
        self.logits = logits
        return functions.discrimination(logits)

    def backward(self) -> Array:
        """Return grad_logits (2N, 1)."""
        return functions.discrimination_backward(self.logits)
