"""Corruptions: damage the input of a denoising autoencoder; the loss still compares with the clean x.

    x, rng --forward--> x_tilde = keep ⊙ x + noise;   grad_x_tilde --backward--> keep ⊙ grad_x_tilde

Noise is drawn on the CPU in float64, then moved to x's device and rounded to its dtype. So the same seed damages the
same entries in the same way on both backends and in both dtypes. Nothing is rescaled by 1/(1 − p).
"""

from __future__ import annotations

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_batch, require_floats, require_number, require_same_shape


class Corruption(Part, Recipe):
    """Base of the corruptions; each draws the mask of kept entries and the added noise.

    Attributes
    ----------
    hides : bool
        Whether it replaces whole entries, so that these are hidden and the others unchanged.
    """

    draws = True
    remembers: tuple[str, ...] = ("keep",)
    hides = False

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Array]:
        """Return keep and noise, NumPy arrays of the shape, drawn in float64."""
        raise NotImplementedError

    def forward(self, x: Array, rng: np.random.Generator) -> Array:
        """Return x_tilde (N, D), with new damage at every call.

        Parameters
        ----------
        x : (N, D) array
            The clean input.
        rng : numpy.random.Generator
            Draws the damage.
        """
        require_batch(x, "x")
        require_floats(x, "x")
        asarray = array_module(x).asarray
        keep, noise = (asarray(np.asarray(drawn, x.dtype)) for drawn in self.draw(x.shape, rng))
        self.keep = keep
        return functions.corrupt(x, keep, noise)

    def backward(self, grad_x_tilde: Array) -> Array:
        """Return grad_x (N, D)."""
        require_same_shape(grad_x_tilde, "grad_x_tilde", self.keep, "keep")
        return functions.corrupt_backward(grad_x_tilde, self.keep)


class GaussianNoise(Corruption):
    """Add normal noise: x_tilde = x + sigma eps.

    Parameters
    ----------
    sigma : float
        The noise's standard deviation, in units of the data, 0 or more.

    Examples
    --------
    >>> GaussianNoise(0.5).forward(np.ones((1, 2)), np.random.default_rng(0)).round(3)
    array([[1.063, 0.934]])
    """

    def __init__(self, sigma: float) -> None:
        self.sigma: float = require_number("sigma", sigma, least=0)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Array]:
        """Return True everywhere, and normal noise."""
        return np.ones(shape, bool), self.sigma * rng.standard_normal(shape)


class MaskingNoise(Corruption):
    """Set entries to zero, each with probability p, independently.

    Parameters
    ----------
    p : float
        The probability that an entry is hit, in [0, 1].

    Examples
    --------
    >>> MaskingNoise(0.5).forward(np.ones((1, 4)), np.random.default_rng(0))
    array([[1., 0., 0., 0.]])
    """

    hides = True

    def __init__(self, p: float) -> None:
        self.p: float = require_number("p", p, least=0, most=1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Array]:
        """Return False where an entry is hit, and no noise."""
        return rng.random(shape) >= self.p, np.zeros(shape, bool)


class SaltAndPepperNoise(Corruption):
    """Set entries to 0 or 1, half each way, each with probability p, independently.

    Parameters
    ----------
    p : float
        The probability that an entry is hit, in [0, 1].

    Examples
    --------
    >>> SaltAndPepperNoise(0.8).forward(np.full((1, 4), 0.5), np.random.default_rng(0))
    array([[1., 0., 0., 0.]])
    """

    hides = True

    def __init__(self, p: float) -> None:
        self.p: float = require_number("p", p, least=0, most=1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Array, Array]:
        """Return False where an entry is hit, and the salt."""
        u = rng.random(shape)
        return u >= self.p, (u >= 0.5 * self.p) & (u < self.p)


class HiddenEntries(Part):
    """Keep the entries of the decoder's output that a corruption has hidden from the encoder; set the others to 0."""

    remembers: tuple[str, ...] = ("keep",)

    def forward(self, x_hat: Array, keep: Array) -> Array:
        """Return (1 − keep) ⊙ x_hat (N, D), with the corruption's keep (N, D)."""
        require_same_shape(x_hat, "x_hat", keep, "keep")
        self.keep = keep
        return functions.hidden_entries(x_hat, keep)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x_hat (N, D)."""
        require_same_shape(grad_y, "grad_y", self.keep, "keep")
        return functions.hidden_entries_backward(grad_y, self.keep)

    def __repr__(self) -> str:
        return "HiddenEntries()"
