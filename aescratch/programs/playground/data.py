"""The data of the playground: points in the plane, curves, digits; each set with its PCA.

    points (N, 2), curves (N, 24), digits (N, 64) -> numbers for the page;   PCA of them -> its loss for every width
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.foundations.principal import principal_variances
from aescratch.inspection.measures import PCA

N_POINTS, N_CURVES, N_DIGITS = 300, 400, 800
SAMPLES = 24  # of a curve
MOST_COMPONENTS = 48  # of PCA that are drawn
LEVELS = 255  # numbers between 0 and 1 become bytes
TENTHS = 10  # labels of points are their position along the line in tenths, as in `ae.datasets.ring`


@dataclass(frozen=True)
class Set:
    """One set of data; ``look`` is how an example is drawn: as a point, a curve or an image."""

    name: str
    look: str
    make: Callable[[], tuple[Array, Any]]
    hidden: int  # units, to begin with
    code: int


def ring() -> tuple[Array, Any]:
    """Return points around a circle, which no straight line fits."""
    points = ae.datasets.ring(N_POINTS, noise=0.06, rng=0)
    return points.x, points.labels


def spiral() -> tuple[Array, Any]:
    """Return the Swiss roll, seen from its end."""
    points = ae.datasets.swiss_roll(N_POINTS, noise=0.015, rng=0)
    return points.x[:, [0, 2]], points.labels


def wave() -> tuple[Array, Any]:
    """Return points along a sine."""
    rng = np.random.default_rng(0)
    along = rng.random(N_POINTS)
    points = np.stack([2 * along - 1, 0.7 * np.sin(2 * np.pi * along)], axis=1)
    return points + 0.05 * rng.standard_normal(points.shape), (TENTHS * along).astype(int)


def cloud() -> tuple[Array, Any]:
    """Return a long normal cloud, for which a straight line is best."""
    rng = np.random.default_rng(0)
    along, across = 0.55 * rng.standard_normal(N_POINTS), 0.12 * rng.standard_normal(N_POINTS)
    points = np.stack([0.8 * along - 0.6 * across, 0.6 * along + 0.8 * across], axis=1)
    return points, np.clip(TENTHS * (0.5 + along / 2.2), 0, TENTHS - 1).astype(int)


def bumps() -> tuple[Array, Any]:
    """Return curves with one bump, at any place and of any width: two numbers determine a curve."""
    rng = np.random.default_rng(0)
    place, width = rng.uniform(0.15, 0.85, N_CURVES), rng.uniform(0.05, 0.16, N_CURVES)
    t = np.linspace(0, 1, SAMPLES)
    curves = np.exp(-(((t - place[:, None]) / width[:, None]) ** 2) / 2)
    return curves, (TENTHS * (place - 0.15) / 0.7).astype(int)


def digits() -> tuple[Array, Any]:
    """Return the first of the built-in digits."""
    data = ae.datasets.load_digits()
    return data.x[:N_DIGITS], np.asarray(data.labels)[:N_DIGITS]


SETS = (
    Set("ring", "point", ring, 12, 1), Set("wave", "point", wave, 12, 1), Set("spiral", "point", spiral, 24, 1),
    Set("cloud", "point", cloud, 12, 1), Set("bumps", "curve", bumps, 24, 2), Set("digits", "image", digits, 32, 2),
)  # fmt: skip


def sets() -> Iterator[dict[str, Any]]:
    """Yield every set as plain values, with the numbers rounded as the page reads them."""
    for each in SETS:
        x, labels = each.make()
        x = np.asarray(x, np.float64)
        least, most = (-1.5, 1.5) if each.look == "point" else (0.0, 1.0)
        levels = 65535 if each.look == "point" else LEVELS
        whole = np.rint((np.clip(x, least, most) - least) / (most - least) * levels)
        x = least + whole / levels * (most - least)
        yield {
            "name": each.name, "look": each.look,
            "shape": list(x.shape), "least": least, "most": most, "levels": levels,
            "x": _text_of(whole.astype("<u2" if levels > LEVELS else "u1")),
            "labels": "".join(map(str, labels)), "hidden": each.hidden, "code": each.code, "pca": pca(x),
        }  # fmt: skip


def pca(x: Array) -> dict[str, Any]:
    """Return PCA as a linear autoencoder: mean, directions as columns, and the squared error for every width from 0.

    The error is ½ Σ (x_hat − x)², mean over the examples, as in `ae.SquaredError`.
    """
    left_out = principal_variances(x)
    errors = [0.5 * float(left_out[width:].sum()) for width in range(len(left_out) + 1)]
    found = PCA.fit(x)
    few = found.directions[:MOST_COMPONENTS].T
    return {
        "mean": found.mean.round(6).tolist(), "directions": few.reshape(-1).round(6).tolist(),
        "components": few.shape[1], "errors": [float(f"{error:.6g}") for error in errors],
    }  # fmt: skip


def _text_of(numbers: Array) -> str:
    return base64.b64encode(numbers.tobytes()).decode("ascii")
