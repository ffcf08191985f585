"""Dropout: in training, units are silenced at random; in use, all of them are there (Srivastava et al. 2014).

    training: x, rng -> mask, 1 where a unit stays -> y = mask ⊙ x / (1 - p)        use: y = x

What stays is scaled up, so that a unit has the same mean in both modes. The mask is drawn on the host, in float64
whatever the model's dtype, so that the same seed silences the same units everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_floats, require_number, require_same_shape
from aescratch.layers import Layer


class Dropout(Layer, Recipe):
    """In training, set units to 0, each with probability p, and scale the others by 1/(1 − p); in use, change nothing.

    Parameters
    ----------
    p : float
        The share of units that is silenced, in [0, 1).

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
        """Return y (N, H) for x (N, H), and remember which units stay; rng draws them, in training only.

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
            raise TypeError(
                "expected the rng of loss for Dropout in training, got None; hand it on: "
                "self.encoder.forward(x, rng) with rng = self.noise(rng)"
            )
        self.mask = array_module(x).asarray((rng.random(x.shape) >= self.p).astype(x.dtype))
        return functions.dropout(x, self.mask, self.p)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x (N, H)."""
        if self.mask is None:
            return functions.identity_backward(grad_y)
        require_same_shape(grad_y, "grad_y", self.mask, "x")
        return functions.dropout_backward(grad_y, self.mask, self.p)
