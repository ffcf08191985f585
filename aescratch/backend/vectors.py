"""exp, tanh and log1p as formulas for the CPU, out of operations that a processor does to several numbers at once.

A C library's functions are called for one number at a time. These are written in symbols, as the kernels are, so that
each becomes a few lines inside the loop that asks for it. The errors are below 2 units in the last place in float32 and
4 in float64; infinities, NaN and subnormal numbers come out as NumPy has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aescratch.backend.kernels import FUNCTIONS, Symbol, function_named

LOG2_E = 1 / math.log(2)
# By type: log 2 in two parts, the first with so few digits that whole multiples of it are exact; what rounds to a whole
# number when it is added; below and above which exp is 0 and infinite; from where on tanh is 1.
LOG2 = {"float32": (0.693145751953125, 1.4286068203094173e-06), "float64": (0.6931471805598903, 5.497923018708371e-14)}
ROUNDER = {"float32": 1.5 * 2**23, "float64": 1.5 * 2**52}
LIMITS = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
TANH_IS_1 = {"float32": 10.0, "float64": 20.0}
# (exp(r) − 1 − r) / r² for |r| <= log(2)/2, and (log(1 + f) − 2s) / s³ in s² with s = f / (2 + f) for 1 + f from √½ to
# √2, as polynomials, lowest power first; fitted by Chebyshev's points to 8e-9 and 3e-9, to 1.4e-17 and 5e-18.
EXP = {
    "float32": (0.5, 0.16666573381900845, 0.04166655011030512, 0.008363773874405574, 0.0013926926614021907),
    "float64": (
        0.5, 0.16666666666666669, 0.04166666666662064, 0.008333333333329793, 0.0013888888918939168,
        0.00019841269864380513, 2.4801518641395993e-05, 2.75572664186123e-06, 2.7621338669142925e-07,
        2.510134692835034e-08,
    ),
}  # fmt: skip
LOG = {
    "float32": (0.6666668560327356, 0.39988550988935756, 0.29590317357160395),
    "float64": (
        0.666666666666667, 0.3999999999989322, 0.28571428628810996, 0.22222210674238516, 0.18182922513515942,
        0.15330617306743305, 0.1463003136412286,
    ),
}  # fmt: skip

# x 2ᵏ; the k for which x / 2ᵏ lies from √½ to √2; x or y. They are written in `aescratch.backend.compiled`.
scaled, exponent, choose = function_named("scaled"), function_named("exponent"), function_named("choose")


def exp(x: Symbol) -> Symbol:
    """Return exp(x) = 2ᵏ exp(r), with x = k log 2 + r."""
    low, high = LIMITS[x.dtype.name]
    power, k = _reduced(FUNCTIONS.clip(x, low, high))
    return scaled(1 + power, k)


def tanh(x: Symbol) -> Symbol:
    """Return tanh(x) = t / (t + 2), with t = exp(2|x|) − 1, and the sign of x."""
    power, k = _reduced(2 * FUNCTIONS.minimum(FUNCTIONS.abs(x), TANH_IS_1[x.dtype.name]))
    two_to_the_k = scaled(1, k)
    t = two_to_the_k * power + (two_to_the_k - 1)
    return FUNCTIONS.copysign(t / (t + 2), x)


def log1p(x: Symbol) -> Symbol:
    """Return log(1 + x) = k log 2 + log(1 + f), with 1 + x = 2ᵏ (1 + f), and what 1 + x lost by rounding, added."""
    high, low = LOG2[x.dtype.name]
    u = 1 + x
    lost = (x - (u - 1)) / u
    k = exponent(u)
    f = scaled(u, -k) - 1
    s = f / (2 + f)
    z = s * s
    half_square = 0.5 * f * f
    tail = s * (half_square + z * _polynomial(LOG[x.dtype.name], z))
    y = k * high - ((half_square - (tail + (k * low + lost))) - f)
    at_minus_1 = x - math.inf  # −∞ there, and NaN for NaN
    within = choose(x > -1, choose(x < math.inf, y, x), at_minus_1)
    return choose(x < -1, math.nan, within)


def _reduced(x: Symbol) -> tuple[Symbol, Symbol]:
    """Return exp(r) − 1 and k, where x = k log 2 + r with a whole k and |r| <= log(2)/2."""
    high, low = LOG2[x.dtype.name]
    rounder = ROUNDER[x.dtype.name]
    k = (LOG2_E * x + rounder) - rounder
    r = (x - k * high) - k * low
    return r + r * r * _polynomial(EXP[x.dtype.name], r), k


def _polynomial(coefficients: Sequence[float], x: Symbol) -> Any:
    value: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value
