"""The normal distribution, which neither NumPy nor a kernel's C has completely: erf, Φ and the density."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, cast

import numpy as np

from aescratch.backend.arrays import Array, array_module

INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
# erfc(z) exp(z²) / t as a polynomial in t - 3/4, lowest power first, with t = 2 / (2 + z) and 0 <= z <= 6.
ERFC_POLYNOMIAL = (
    0.7190458772408004, 0.9818151674346083, 0.5938770257397837, -0.057265189906756504, -0.2010247171751739,
    0.04964878201928126, 0.07327839149996405, -0.05432475651522891, -0.008865577595769824, 0.034755821383680684,
    -0.01906538977367513, -0.005969926627335116, 0.016791012183213435, -0.01100251373790451, -0.0028286862122010987,
    0.009451738576612516,
)  # fmt: skip


def erf(x: Array) -> Array:
    """Return the error function, element by element.

    In float64 the absolute error is below 1e-15, in float32 below 4e-7.

    Parameters
    ----------
    x : array of floats
        Any shape; NaN stays NaN.

    Notes
    -----
    erf(x) = 2/√π ∫₀ˣ exp(−t²) dt. float64: erfc(z) = t exp(−z²) P(t) with t = 2/(2 + z) and P a polynomial, fitted so
    that the largest error of erfc itself is least, 5e-17 before rounding; the form is that of Hastings 1955.
    float32: erf(a/√2) = tanh(a R(a²)) with R a rational function.

    Examples
    --------
    >>> bool(abs(erf(np.array(0.5)) - 0.5204998778130465) < 1e-15)
    True
    """
    xp = array_module(x)
    return cast(Array, _erf_single(xp, x) if x.dtype == np.float32 else _erf_double(xp, x))


def _erf_double(xp: ModuleType, x: Array) -> Any:
    z = xp.minimum(xp.abs(x), 6.0)  # beyond 6, erf is exactly 1 in float64
    t = 2 / (2 + z)
    v = t - 0.75
    polynomial = ERFC_POLYNOMIAL[-1] * v
    polynomial += ERFC_POLYNOMIAL[-2]
    for coefficient in ERFC_POLYNOMIAL[-3::-1]:
        polynomial *= v
        polynomial += coefficient
    return xp.copysign(1 - t * xp.exp(-z * z) * polynomial, x)


def _erf_single(xp: ModuleType, x: Array) -> Any:
    # Beyond 4.5, erf is exactly 1 in float32, and so is this.
    return _erf_of_scaled(xp, 1.4142135 * xp.clip(x, -4.5, 4.5))


def _erf_of_scaled(xp: ModuleType, a: Array) -> Any:
    """Return erf(a/√2) to the accuracy of float32; in place where possible, which is a sixth faster."""
    z = a * a
    q = 1382.3488464 / (z + 45.3085963809)
    q += z
    q -= 23.5900528005
    z *= 0.018137920976
    z += 1.18332040765
    z -= 2.66705130511 / q
    z *= a
    return xp.tanh(z)


def normal_cdf(a: Array) -> Array:
    """Return Φ(a) = ½ (1 + erf(a/√2)), the distribution function of the standard normal, element by element.

    The absolute error is below 1e-15 in float64 and 3e-7 in float32; NaN stays NaN.

    Examples
    --------
    >>> normal_cdf(np.array([0.0, 1.96])).round(3)
    array([0.5  , 0.975])
    """
    xp = array_module(a)
    half = 0.5 * (_erf_of_scaled(xp, a) if a.dtype == np.float32 else erf(math.sqrt(0.5) * a))
    half += 0.5
    return cast(Array, half)


def normal_density(a: Array) -> Array:
    """Return p(a) = exp(−a²/2) / √(2π), the density of the standard normal, element by element.

    Examples
    --------
    >>> normal_density(np.array([0.0, 1.0])).round(3)
    array([0.399, 0.242])
    """
    xp = array_module(a)
    exponent = -0.5 * a
    exponent *= a
    density = xp.exp(exponent)
    density *= INVERSE_SQRT_2PI
    return cast(Array, density)
