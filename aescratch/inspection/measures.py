"""Measures of a trained model: numbers from arrays, in float64, with NumPy alone.

    x, x_hat -> squared error;   x -> PCA;   codes, labels -> accuracy of a linear probe;   codes -> active units
    two bases -> the angle between them;   samples, digits -> shares of samples near digits, and back
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array

ACTIVE = 0.01  # a code unit is active where |h| is larger
RIDGE = 0.01  # of the linear probe, per example, on codes of variance 1
NEIGHBOUR = 3  # the neighbour whose distance is the radius of a digit's neighbourhood


@dataclass(frozen=True)
class PCA:
    """Principal component analysis: the best linear code of any width.

    Attributes
    ----------
    mean : (D,) array
        The mean of the data that it was fitted to.
    directions : (D, D) array
        The principal directions as rows, the one of largest variance first.
    """

    mean: Array
    directions: Array

    @classmethod
    def fit(cls, x: Array) -> PCA:
        """Return the analysis of x (N, D), by the singular value decomposition of the centred data.

        Of X = Q R only R, at most (D, D), is decomposed: its right singular vectors are those of X.

        Examples
        --------
        >>> line = np.outer([-1.0, 0.0, 1.0], [3.0, 4.0])
        >>> np.abs(PCA.fit(line).directions[0]).round(6)
        array([0.6, 0.8])
        """
        x = np.asarray(x, np.float64)
        mean = x.mean(axis=0)
        directions = np.linalg.svd(np.linalg.qr(x - mean, mode="r"))[2]
        return cls(mean, directions)

    def reconstruct(self, x: Array, n_components: int) -> Array:
        """Return x (N, D) projected onto the leading principal directions, all of them if n_components is larger."""
        leading = self.directions[:n_components]
        return (x - self.mean) @ leading.T @ leading + self.mean


def sse_per_image(x_hat: Array, x: Array) -> float:
    """Return Σ (x_hat − x)² over the pixels, mean over the images, without the ½ of the loss.

    Examples
    --------
    >>> sse_per_image(np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([[0.0, 3.0], [0.0, 1.0]]))
    3.0
    """
    return float(np.square(np.subtract(x_hat, x, dtype=np.float64)).sum(axis=1).mean())


def active_share(code: Array) -> float:
    """Return the share of code units with |h| > 0.01, over all units and examples.

    Examples
    --------
    >>> active_share(np.array([[0.0, 0.5], [-0.5, 0.01]]))
    0.5
    """
    return float(np.mean(np.abs(code) > ACTIVE))


def probe_accuracy(code: Array, labels: Array, unseen_code: Array, unseen_labels: Array) -> float:
    """Return the share of unseen examples whose class a linear probe predicts from their codes.

    The probe is ridge regression onto the classes' indicators; the largest output is the answer. Codes are scaled to
    mean 0 and variance 1, W = (AᵀA + RIDGE · N I)⁻¹ AᵀY, with the constant kept out of the ridge by centring Y.

    Examples
    --------
    >>> code, labels = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    >>> probe_accuracy(code, labels, np.array([[-3.0], [3.0]]), np.array([0, 1]))
    1.0
    """
    mean, spread = code.mean(axis=0, dtype=np.float64), code.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0  # a constant unit carries no information, and must not be divided by 0
    A = (code - mean) / spread
    Y = np.equal.outer(labels, np.arange(labels.max() + 1)).astype(np.float64)
    W = np.linalg.solve(A.T @ A + RIDGE * len(A) * np.eye(A.shape[1]), A.T @ (Y - Y.mean(axis=0)))
    scores = (unseen_code - mean) / spread @ W + Y.mean(axis=0)
    return float(np.mean(scores.argmax(axis=1) == unseen_labels))


def largest_principal_angle(A: Array, B: Array) -> float:
    """Return the largest angle, in degrees, between the spaces that the rows of A and of B (H, D) span.

    It is computed from the sine, the part of one basis outside of the other space, since the cosine of a small angle is
    1 to rounding.

    Examples
    --------
    >>> largest_principal_angle(np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 1.0]])).__round__(6)
    45.0
    """
    basis, other = (np.linalg.qr(np.asarray(rows, np.float64).T)[0] for rows in (A, B))
    outside = basis - other @ (other.T @ basis)
    sine = float(np.linalg.norm(outside, ord=2))
    return float(np.degrees(np.arcsin(min(sine, 1.0))))


def distances(a: Array, b: Array) -> Array:
    """Return the distances (N, M) between the rows of a (N, D) and of b (M, D)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


class Neighbourhoods:
    """Around each training digit, the ball out to its third-nearest other training digit.

    The share of samples inside a ball is the precision of Kynkäänniemi et al. 2019, in pixels. It measures quality
    alone: a model that always returns the same good digit has all samples inside. The share of balls that contain a
    sample measures variety: the coverage of Naeem et al. 2020.
    """

    radii: Array

    def __init__(self, x: Array) -> None:
        self.x = x
        self.radii = np.partition(distances(x, x), NEIGHBOUR, axis=1)[:, NEIGHBOUR]  # position 0 is the digit itself

    def share_inside(self, samples: Array) -> float:
        """Return the share of samples (M, D) that lie in at least one ball."""
        return float(np.mean((distances(samples, self.x) <= self.radii).any(axis=1)))

    def share_reached(self, samples: Array) -> float:
        """Return the share of balls in which at least one of the samples (M, D) lies."""
        return float(np.mean((distances(samples, self.x) <= self.radii).any(axis=0)))


def noise_left(model: Any, x: Array, noise: Array) -> float:
    """Return the squared error of the model's output for x + noise, against the clean x, as a share of the noise's."""
    restored = model.reconstruct(x + noise)
    return sse_per_image(restored, x) / sse_per_image(x + noise, x)
