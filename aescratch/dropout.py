"""Dropout: in training, units are set to 0 at random; in use, all units are kept (Srivastava et al. 2014).

    training: x, rng -> mask, 1 where a unit stays -> y = mask ⊙ x / (1 - p)        use: y = x

Kept units are scaled up, so that a unit has the same mean in both modes. The mask is drawn on the CPU in float64 for
any dtype of the model, so that the same seed drops the same units everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_floats, require_number, require_same_shape
from aescratch.layers import Layer


class Dropout(Layer, Recipe):
    """In training, set units to 0, each with probability p, and scale the others by 1/(1 − p); in use, change nothing.

    Parameters
    ----------
    p : float
        The probability that a unit is set to 0, in [0, 1).

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> layer.apply(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
    >>> layer.in_training = True
    >>> layer.forward(np.ones((1, 4)), np.random.default_rng(0))
    array([[2., 0., 0., 0.]])
    """

    remembers: tuple[str, ...] = ("mask",)
    draws = True

    def __init__(self, p: float) -> None:
        self.p: float = require_number("p", p, least=0, below=1)

    def apply(self, x: Array) -> Array:
        """Return x."""
        return functions.identity(x)

    def forward(self, x: Array, rng: np.random.Generator | None = None) -> Array:
        """Return y (N, H) for x (N, H), and remember which units are kept; in training, rng draws them.

        Raises
        ------
        TypeError
            If there is no rng in training mode.
        """
        require_batch(x, "x")
        require_floats(x, "x")
        self.mask: Any = None
        if not self.in_training:
            return functions.identity(x)
        if rng is None:
            message = gettext(
                "expected an rng for Dropout in training, got None; pass on that of loss: self.encoder.forward(x, "
                "rng) with rng = self.noise(rng)"
            )
            raise TypeError(message)
        self.mask = array_module(x).asarray((rng.random(x.shape) >= self.p).astype(x.dtype))
        return functions.dropout(x, self.mask, self.p)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, H)."""
        if self.mask is None:
            return functions.identity_backward(grad_y)
        require_same_shape(grad_y, "grad_y", self.mask, "x")
        return functions.dropout_backward(grad_y, self.mask, self.p)
