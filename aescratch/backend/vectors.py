"""exp, tanh and log1p as formulas for the CPU, from operations that a processor applies to several numbers at once.

A C library's functions take one number at a time. These are written in symbols, like the kernels, so that each becomes
a few lines inside the loop that uses it. The errors are below 1.5 units in the last place, like NumPy's or smaller in
float32; infinities, NaN and subnormal numbers give the same results as in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from aescratch.backend.kernels import FUNCTIONS, function_named

LOG2_E = 1 / math.log(2)
# By type: log 2 in two parts, the first with so few digits that whole multiples of it are exact; what rounds to a whole
# number when it is added; below and above which exp is 0 and infinite.
LOG2 = {"float32": (0.693145751953125, 1.4286068203094173e-06), "float64": (0.6931471805598903, 5.497923018708371e-14)}
ROUNDER = {"float32": 1.5 * 2**23, "float64": 1.5 * 2**52}
LIMITS = {"float32": (-104.0, 89.0), "float64": (-746.0, 710.0)}
# Polynomials, lowest power first, interpolated at Chebyshev's points: (exp(r) − 1 − r) / r² for |r| <= log(2)/2;
# (tanh(x)/x − 1) / x² in x² for |x| <= 0.6; and (log(1 + f) − 2s) / s³ in s² with s = f / (2 + f), for 1 + f from √½
# to √2. What they add to the relative error of the function is below 1.1e-8 in float32 and 1.7e-17 in float64.
EXP: dict[str, tuple[float, ...]] = {
    "float32": (0.5, 0.16666573381900845, 0.04166655011030512, 0.008363773874405574, 0.0013926926614021907),
    "float64": (
        0.5, 0.16666666666666669, 0.04166666666662064, 0.008333333333329793, 0.0013888888918939168,
        0.00019841269864380513, 2.4801518641395993e-05, 2.75572664186123e-06, 2.7621338669142925e-07,
        2.510134692835034e-08,
    ),
}  # fmt: skip
TANH: dict[str, tuple[float, ...]] = {
    "float32": (
        -0.3333333031869088, 0.13332913829486218, -0.0538736950737043, 0.021109652371575666, -0.00626705669951368,
    ),
    "float64": (
        -0.33333333333333326, 0.13333333333330166, -0.053968253964728576, 0.021869488382667404, -0.008863232091982576,
        0.0035920829277044345, -0.0014554632011977559, 0.0005880475259769304, -0.00023223451374047282,
        8.152463079400464e-05, -1.8322690044802516e-05,
    ),
}  # fmt: skip
LOG: dict[str, tuple[float, ...]] = {
    "float32": (0.6666668560327356, 0.39988550988935756, 0.29590317357160395),
    "float64": (
        0.666666666666667, 0.3999999999989322, 0.28571428628810996, 0.22222210674238516, 0.18182922513515942,
        0.15330617306743305, 0.1463003136412286,
    ),
}  # fmt: skip

# x 2ᵏ; the k for which x / 2ᵏ lies from √½ to √2; x or y. They are defined in `loops`.
scaled: Callable[..., Any] = function_named("scaled")
exponent: Callable[..., Any] = function_named("exponent")
choose: Callable[..., Any] = function_named("choose")


def exp(x: Any) -> Any:
    """Return exp(x) = 2ᵏ exp(r), where x = k log 2 + r with a whole k and |r| <= log(2)/2."""
    name = x.dtype.name
    rounder, (high, low) = ROUNDER[name], LOG2[name]
    x = FUNCTIONS.clip(x, *LIMITS[name])
    k = (LOG2_E * x + rounder) - rounder
    r = (x - k * high) - k * low
    return scaled(1 + (r + r * r * _polynomial(EXP[name], r)), k)


def tanh(x: Any) -> Any:
    """Return tanh(x) = x + x³ P(x²) near 0, and elsewhere 1 − 2 / (exp(2|x|) + 1) with the sign of x."""
    size, z = FUNCTIONS.abs(x), x * x
    near_0 = x + x * z * _polynomial(TANH[x.dtype.name], z)
    return choose(size < 0.6, near_0, FUNCTIONS.copysign(1 - 2 / (FUNCTIONS.exp(2 * size) + 1), x))


def log1p(x: Any) -> Any:
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


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value
