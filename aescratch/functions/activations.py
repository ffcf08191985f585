"""Activations y = φ(a), element by element, and their slopes φ'(a).

A slope is a function of its own, since the contractive penalty is made of slopes; the slope's derivative is φ''(a).
"""

from __future__ import annotations

import math

from aescratch.backend import Array, array_module, elementwise, fused, normal_cdf, normal_density

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
    """`gelu` and `gelu_slope` together, which share Φ(a): y = a Φ and φ' = Φ + a p."""
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
    to 4.7e-4 and is a function of its own, with a derivative of its own.
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
