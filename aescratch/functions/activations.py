"""Activations y = φ(a), element by element, and their slopes φ'(a).

A slope is a separate function, since the contractive penalty uses slopes; the slope's derivative is φ''(a).
"""

from __future__ import annotations

import math

from aescratch.backend import Array, array_module, elementwise, fused, normal_cdf, normal_density
from aescratch.functions.formula import Activation, Record, Setting
from aescratch.functions.one_by_one import logistic

SQRT_TWO_OVER_PI = math.sqrt(2 / math.pi)


def identity(a: Array) -> Array:
    """Return a itself: y = a."""
    return a


def identity_backward(grad_y: Array) -> Array:
    """Gradient of `identity`: φ' = 1."""
    return array_module(grad_y).copy(grad_y)


def identity_slope(a: Array) -> Array:
    """Slope of `identity`: 1 everywhere."""
    return array_module(a).ones_like(a)


def identity_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `identity_slope`: φ'' = 0."""
    return array_module(grad_slope).zeros_like(grad_slope)


@fused
def relu(a: Array) -> Array:
    """Rectifier: y = max(a, 0)."""
    return array_module(a).maximum(a, 0)


@fused
def relu_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `relu`: φ' = 1 where a > 0, else 0; φ'(0) = 0 by convention."""
    return grad_y * (a > 0)


@fused
def relu_slope(a: Array) -> Array:
    """Slope of `relu`: 1 where a > 0, else 0."""
    return (a > 0).astype(a.dtype)


def relu_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `relu_slope`: φ'' = 0 wherever it exists."""
    return array_module(grad_slope).zeros_like(grad_slope)


@elementwise
def leaky_relu(a: Array, alpha: float) -> Array:
    """Leaky rectifier: y = a where a > 0, else alpha a."""
    return a * leaky_relu_slope(a, alpha)


@elementwise
def leaky_relu_backward(grad_y: Array, a: Array, alpha: float) -> Array:
    """Gradient of `leaky_relu`: φ' = 1 where a > 0, else alpha."""
    return grad_y * leaky_relu_slope(a, alpha)


@fused
def leaky_relu_slope(a: Array, alpha: float) -> Array:
    """Slope of `leaky_relu`: 1 where a > 0, else alpha."""
    positive = (a > 0).astype(a.dtype)
    return positive + alpha * (1 - positive)


def leaky_relu_slope_backward(grad_slope: Array) -> Array:
    """Gradient of `leaky_relu_slope`: φ'' = 0 wherever it exists."""
    return array_module(grad_slope).zeros_like(grad_slope)


@elementwise
def sigmoid(a: Array) -> Array:
    """Logistic function: y = 1 / (1 + exp(−a)), written as exp(min(a, 0)) / (1 + exp(−|a|)).

    The two are equal, and the second can't overflow.
    """
    xp = array_module(a)
    return xp.exp(xp.minimum(a, 0)) / (1 + xp.exp(-xp.abs(a)))


@elementwise
def sigmoid_backward(grad_y: Array, y: Array) -> Array:
    """Gradient of `sigmoid`, through its output: φ' = y (1 − y)."""
    return grad_y * y * (1 - y)


@elementwise
def sigmoid_slope(a: Array) -> Array:
    """Slope of `sigmoid`: φ' = y (1 − y) with y = sigmoid(a)."""
    y = sigmoid(a)
    return y * (1 - y)


@elementwise
def sigmoid_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `sigmoid_slope`: φ'' = y (1 − y) (1 − 2y) with y = sigmoid(a)."""
    y = sigmoid(a)
    return grad_slope * y * (1 - y) * (1 - 2 * y)


@fused
def tanh(a: Array) -> Array:
    """Hyperbolic tangent: y = tanh(a)."""
    return array_module(a).tanh(a)


@elementwise
def tanh_backward(grad_y: Array, y: Array) -> Array:
    """Gradient of `tanh`, through its output: φ' = 1 − y²."""
    return grad_y * (1 - y * y)


@elementwise
def tanh_slope(a: Array) -> Array:
    """Slope of `tanh`: φ' = 1 − y² with y = tanh(a)."""
    y = array_module(a).tanh(a)
    return 1 - y * y


@elementwise
def tanh_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `tanh_slope`: φ'' = −2 y (1 − y²) with y = tanh(a)."""
    y = array_module(a).tanh(a)
    return grad_slope * -2 * y * (1 - y * y)


@elementwise
def gelu(a: Array) -> Array:
    """Gaussian error linear unit, exact.

    y = a Φ(a) with Φ(a) = ½ (1 + erf(a/√2)), the normal distribution function (Hendrycks & Gimpel 2016, section 2).
    """
    return a * normal_cdf(a)


@elementwise
def gelu_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `gelu`: φ' = Φ(a) + a p(a), with p the normal density."""
    return grad_y * gelu_slope(a)


@elementwise
def gelu_and_slope(a: Array) -> tuple[Array, Array]:
    """`gelu` and `gelu_slope` together, since they share Φ(a): y = a Φ and φ' = Φ + a p."""
    Phi, p = normal_cdf(a), normal_density(a)
    return a * Phi, Phi + a * p


@elementwise
def gelu_slope(a: Array) -> Array:
    """Slope of `gelu`: φ' = Φ(a) + a p(a), with p(a) = exp(−a²/2) / √(2π)."""
    return normal_cdf(a) + a * normal_density(a)


@elementwise
def gelu_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `gelu_slope`: φ'' = p(a) (2 − a²), since p' = −a p."""
    return grad_slope * normal_density(a) * (2 - a * a)


@elementwise
def gelu_tanh(a: Array) -> Array:
    """Gaussian error linear unit, the tanh form.

    y = ½ a (1 + tanh u) with u = √(2/π) (a + 0.044715 a³) (Hendrycks & Gimpel 2016). It differs from `gelu` by up
    to 4.7e-4 and is a separate function, with its own derivative.
    """
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    return 0.5 * a * (1 + t)


@elementwise
def gelu_tanh_backward(grad_y: Array, a: Array) -> Array:
    """Gradient of `gelu_tanh`: φ' = ½ (1 + t) + ½ a (1 − t²) u', with t = tanh u."""
    return grad_y * gelu_tanh_slope(a)


@elementwise
def gelu_tanh_slope(a: Array) -> Array:
    """Slope of `gelu_tanh`: φ' = ½ (1 + t) + ½ a (1 − t²) u', with u' = √(2/π) (1 + 3 · 0.044715 a²)."""
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    slope_u = SQRT_TWO_OVER_PI * (1 + 3 * 0.044715 * a * a)
    return 0.5 * (1 + t) + 0.5 * a * (1 - t * t) * slope_u


@elementwise
def gelu_tanh_slope_backward(grad_slope: Array, a: Array) -> Array:
    """Gradient of `gelu_tanh_slope`: φ'' = (1 − t²) (u' + ½ a (u'' − 2 t u'²)), with u'' = √(2/π) 6 · 0.044715 a."""
    t = array_module(a).tanh(SQRT_TWO_OVER_PI * (a + 0.044715 * a * a * a))
    slope_u = SQRT_TWO_OVER_PI * (1 + 3 * 0.044715 * a * a)
    curvature_u = SQRT_TWO_OVER_PI * 6 * 0.044715 * a
    return grad_slope * (1 - t * t) * (slope_u + 0.5 * a * (curvature_u - 2 * t * slope_u * slope_u))


# Everything else about these formulas

ALPHA = {"alpha": Setting("The slope on the negative side.", 0.01)}
Y_OF_A = "y[n,j] = 1 / (1 + exp(-a[n,j]))"
GELU = "y[n,j] = a[n,j] * 0.5 * (1 + erf(a[n,j] / sqrt(2)))"
GELU_SLOPE = "0.5 * (1 + erf(a[n,j] / sqrt(2))) + a[n,j] * exp(-a[n,j]**2 / 2) / sqrt(2 * pi)"
U = "u[n,j] = sqrt(2 / pi) * (a[n,j] + 0.044715 * a[n,j]**3)"
T = "t[n,j] = tanh(u[n,j])"
U_SLOPE = "u_slope[n,j] = sqrt(2 / pi) * (1 + 3 * 0.044715 * a[n,j]**2)"
GELU_TANH_SLOPE = "(0.5 * (1 + t[n,j]) + 0.5 * a[n,j] * (1 - t[n,j]**2) * u_slope[n,j])"

RECORDS: tuple[Record, ...] = (
    Activation(
        identity, identity_backward, identity_slope, identity_slope_backward,
        layer="Identity",
        lines=("y[n,j] = a[n,j]",),
        backward_lines=("grad_a[n,j] = grad_y[n,j]",),
        slope_lines=("slope[n,j] = 1",),
        slope_backward_lines=("grad_a[n,j] = 0",),
        claim="a",
        second_opinion=float,
    ),
    Activation(
        relu, relu_backward, relu_slope, relu_slope_backward,
        layer="ReLU",
        lines=("y[n,j] = max(a[n,j], 0)",),
        backward_lines=("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else 0",),
        slope_lines=("slope[n,j] = 1 if a[n,j] > 0 else 0",),
        slope_backward_lines=("grad_a[n,j] = 0",),
        claim="max(a, 0)",
        second_opinion=lambda a: a if a > 0 else 0.0,
        kinks=lambda a: a > 0,
        example=">>> ReLU().apply(np.array([-1.0, 2.0]))\narray([0., 2.])",
    ),
    Activation(
        leaky_relu, leaky_relu_backward, leaky_relu_slope, leaky_relu_slope_backward,
        layer="LeakyReLU",
        settings=ALPHA,
        lines=("y[n,j] = a[n,j] if a[n,j] > 0 else alpha * a[n,j]",),
        backward_lines=("grad_a[n,j] = grad_y[n,j] if a[n,j] > 0 else alpha * grad_y[n,j]",),
        slope_lines=("slope[n,j] = 1 if a[n,j] > 0 else alpha",),
        slope_backward_lines=("grad_a[n,j] = 0",),
        claim="a where a > 0, else alpha a",
        second_opinion=lambda a, alpha: a if a > 0 else alpha * a,
        kinks=lambda a: a > 0,
        example=">>> LeakyReLU(0.1).apply(np.array([-1.0, 2.0]))\narray([-0.1,  2. ])",
    ),
    Activation(
        sigmoid, sigmoid_backward, sigmoid_slope, sigmoid_slope_backward,
        layer="Sigmoid",
        lines=(Y_OF_A,),
        backward_lines=("grad_a[n,j] = grad_y[n,j] * y[n,j] * (1 - y[n,j])",),
        slope_lines=(Y_OF_A, "slope[n,j] = y[n,j] * (1 - y[n,j])"),
        slope_backward_lines=(Y_OF_A, "grad_a[n,j] = grad_slope[n,j] * y[n,j] * (1 - y[n,j]) * (1 - 2 * y[n,j])"),
        claim="1 / (1 + exp(−a))",
        second_opinion=logistic,
        example=">>> Sigmoid().apply(np.array([0.0]))\narray([0.5])",
    ),
    Activation(
        tanh, tanh_backward, tanh_slope, tanh_slope_backward,
        layer="Tanh",
        lines=("y[n,j] = tanh(a[n,j])",),
        backward_lines=("grad_a[n,j] = grad_y[n,j] * (1 - y[n,j]**2)",),
        slope_lines=("y[n,j] = tanh(a[n,j])", "slope[n,j] = 1 - y[n,j]**2"),
        slope_backward_lines=(
            "y[n,j] = tanh(a[n,j])", "grad_a[n,j] = -2 * grad_slope[n,j] * y[n,j] * (1 - y[n,j]**2)",
        ),
        claim="tanh a",
        second_opinion=lambda a: 2 * logistic(2 * a) - 1,
    ),
    Activation(
        gelu, gelu_backward, gelu_slope, gelu_slope_backward, gelu_and_slope,
        layer="GELU",
        lines=(GELU,),
        backward_lines=(f"grad_a[n,j] = grad_y[n,j] * ({GELU_SLOPE})",),
        slope_lines=(f"slope[n,j] = {GELU_SLOPE}",),
        slope_backward_lines=(
            "grad_a[n,j] = grad_slope[n,j] * exp(-a[n,j]**2 / 2) / sqrt(2 * pi) * (2 - a[n,j]**2)",
        ),
        claim="a Φ(a), with erf",
        second_opinion=lambda a: a * 0.5 * math.erfc(-a / math.sqrt(2)),
        example=">>> GELU().apply(np.array([-1.0, 2.0])).round(4)\narray([-0.1587,  1.9545])",
    ),
    Activation(
        gelu_tanh, gelu_tanh_backward, gelu_tanh_slope, gelu_tanh_slope_backward,
        layer="GELUTanh",
        lines=(U, T, "y[n,j] = 0.5 * a[n,j] * (1 + t[n,j])"),
        backward_lines=(U, T, U_SLOPE, f"grad_a[n,j] = grad_y[n,j] * {GELU_TANH_SLOPE}"),
        slope_lines=(U, T, U_SLOPE, f"slope[n,j] = {GELU_TANH_SLOPE}"),
        slope_backward_lines=(
            U, T, U_SLOPE,
            "u_curvature[n,j] = sqrt(2 / pi) * 6 * 0.044715 * a[n,j]",
            "grad_a[n,j] = grad_slope[n,j] * (1 - t[n,j]**2)"
            " * (u_slope[n,j] + 0.5 * a[n,j] * (u_curvature[n,j] - 2 * t[n,j] * u_slope[n,j]**2))",
        ),
        claim="GELU's tanh form",
        second_opinion=lambda a: a * logistic(2 * SQRT_TWO_OVER_PI * (a + 0.044715 * a**3)),  # ½ (1 + tanh u)
    ),
)  # fmt: skip
