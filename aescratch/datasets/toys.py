"""Toy data from a formula: small enough to draw, and with a known answer.

a seed -> the factors of variation (an angle, a set of bars) -> the formula -> Dataset
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.checks import check_whole
from aescratch.datasets.dataset import Dataset
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import Rng, as_generator

STRETCHES = 10  # labels of the curves: tenths of the way along


def swiss_roll(n: int = 1000, noise: float = 0.0, rng: Rng = 0) -> Dataset:
    """Draw points on a sheet rolled up in space: two true dimensions in three.

    t ~ U(1.5 pi, 4.5 pi), height ~ U(-1, 1), x = (t cos t / 4.5 pi, height, t sin t / 4.5 pi) + noise * N(0,
    1), so that without noise every coordinate is in [-1, 1].

    Parameters
    ----------
    n : int
        The number of points.
    noise : float
        Standard deviation of the Gaussian noise on every coordinate, 0 or more.
    rng : int or numpy.random.Generator
        The same seed gives the same points.

    Returns
    -------
    Dataset
        `x` (n, 3) float32; `labels` 0 to 9, the tenth of the way along the roll, to colour by.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a whole number of 1 or more, or `noise` is negative or not finite.

    Examples
    --------
    >>> from aescratch.datasets import swiss_roll
    >>> swiss_roll(200)
    Dataset 'swiss roll': x (200, 3) float32, 10 classes
    """
    rng = _checked(n, noise, rng)
    along = rng.random(n)
    t = np.pi * (1.5 + 3 * along)
    height = rng.uniform(-1, 1, n)
    clean = np.stack([t * np.cos(t) / (4.5 * np.pi), height, t * np.sin(t) / (4.5 * np.pi)], axis=1)
    return _curve(clean, along, noise, rng, "swiss roll")


def ring(n: int = 1000, noise: float = 0.0, rng: Rng = 0) -> Dataset:
    """Draw points on the unit circle: one true dimension in two, and no straight line that fits.

    angle ~ U(0, 2 pi), x = (cos angle, sin angle) + noise * N(0, 1).

    Parameters
    ----------
    n, noise, rng
        As for `swiss_roll`.

    Returns
    -------
    Dataset
        `x` (n, 2) float32; `labels` 0 to 9, the tenth of the circle, to colour by.

    Raises
    ------
    TypeError, ValueError
        As for `swiss_roll`.

    Examples
    --------
    >>> from aescratch.datasets import ring
    >>> points = ring(100)
    >>> bool(abs((points.x**2).sum(axis=1) - 1).max() < 1e-6)
    True
    """
    rng = _checked(n, noise, rng)
    along = rng.random(n)
    angle = 2 * np.pi * along
    return _curve(np.stack([np.cos(angle), np.sin(angle)], axis=1), along, noise, rng, "ring")


def bars(n: int = 1000, size: int = 4, rng: Rng = 0) -> Dataset:
    """Draw bars and stripes: images whose rows, or whose columns, are each all 0 or all 1.

    A coin decides rows or columns. b ~ U{1, ..., 2^size - 2}, and its binary digits say which of them are 1;
    all 0 and all 1 are left out, since rows and columns are the same there. 2 (2^size - 2) images are
    possible.

    Parameters
    ----------
    n : int
        The number of images.
    size : int
        Side of an image in pixels, 2 to 30.
    rng : int or numpy.random.Generator
        The same seed gives the same images.

    Returns
    -------
    Dataset
        `x` (n, size * size) float32 of 0 and 1; `labels` 0 for rows, 1 for columns; `image_shape` (size,
        size).

    Raises
    ------
    TypeError, ValueError
        If `n` or `size` is not a whole number in its range.

    Examples
    --------
    >>> from aescratch.datasets import bars
    >>> bars(n=1, size=3, rng=2).images[0]
    array([[0., 1., 0.],
           [0., 1., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    check_whole("n", n, 1, 10_000_000)
    check_whole("size", size, 2, 30)
    rng = as_generator(rng)
    labels = rng.integers(2, size=n)
    b = rng.integers(1, 2**size - 1, size=n)
    lit = (b[:, None] >> np.arange(size)) & 1  # (n, size)
    rows = np.repeat(lit, size, axis=1)  # (n, size * size): each digit fills a row
    columns = np.tile(lit, (1, size))  # each digit fills a column
    x = np.where(labels[:, None] == 0, rows, columns).astype(np.float32)
    return _generated(x, labels, "bars and stripes", "bars", (size, size))


def identity_patterns(n_bits: int = 4) -> Dataset:
    """Make the n patterns of n bits with a single 1: x = I, the data of the 4-2-4 encoder.

    An autoencoder with log2(n) code units has to invent binary counting.

    Parameters
    ----------
    n_bits : int
        The number of patterns and bits, 2 to 4096.

    Returns
    -------
    Dataset
        `x` (n_bits, n_bits) float32, the identity; `labels` the position of the 1.

    Raises
    ------
    TypeError, ValueError
        If `n_bits` is not a whole number in its range.

    Examples
    --------
    >>> from aescratch.datasets import identity_patterns
    >>> identity_patterns(2).x
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    check_whole("n_bits", n_bits, 2, 4096)
    x, labels = np.eye(n_bits, dtype=np.float32), np.arange(n_bits, dtype=np.int64)
    return _generated(x, labels, "identity patterns", "identity_patterns")


def _checked(n: int, noise: float, rng: Rng) -> np.random.Generator:
    check_whole("n", n, 1, 10_000_000)
    if not (np.isfinite(noise) and noise >= 0):
        message = gettext("noise must be a standard deviation, 0 or more, not {noise}; try noise=0.1")
        raise ValueError(message.format(noise=noise))
    return as_generator(rng)


def _curve(
    clean: NDArray[np.float64], along: NDArray[np.float64], noise: float, rng: np.random.Generator, name: str
) -> Dataset:
    x = (clean + noise * rng.standard_normal(clean.shape)).astype(np.float32)
    return _generated(x, (STRETCHES * along).astype(np.int64), name, name.replace(" ", "_"))


def _generated(
    x: NDArray[np.float32], labels: NDArray[np.int64], name: str, by: str, image_shape: tuple[int, int] | None = None
) -> Dataset:
    return Dataset(x, labels, image_shape, name, "none needed: generated", f"generated by {by}()")
