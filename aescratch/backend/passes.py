"""Passes of layers with fewer copies, products and kernels than their own code.

    @faster(dense_backward)          tried first, unless shortcuts are switched off
    def backward(self, grad_y): ...  the computation as a lecture shows it

A stand-in computes the same numbers as its method, with NumPy exactly. It returns NotImplemented if it gains nothing,
if shortcuts are switched off, if the method will raise for its arguments, and if an exercise or an instrument has
replaced a function of the sheet, which the method then calls.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from aescratch.backend import switch
from aescratch.backend.arrays import Array, array_module
from aescratch.backend.evaluation import biased

Method = TypeVar("Method", bound=Callable[..., Any])


def faster(stand_in: Callable[..., Any], *, on_cpu: bool = True) -> Callable[[Method], Method]:
    """Return a decorator for a method of a layer that tries the stand-in first, or only on a GPU."""

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def take(layer: Any, *given: Any, **named: Any) -> Any:
            if len(given) == 1 and not named and (on_cpu or not isinstance(given[0], np.ndarray)):
                result = stand_in(layer, *given)
                if result is not NotImplemented:
                    return result
            return method(layer, *given, **named)

        return cast(Method, take)

    return decorate


def join(layers: Sequence[Any]) -> None:
    """Set the activation that each dense layer's output goes into, if one kernel can add the bias and activate."""
    for layer, following in itertools.pairwise(layers):
        if hasattr(layer, "followed_by") and getattr(following, "takes_bias", False):
            layer.followed_by = following


def dense_forward(layer: Any, x: Array) -> Any:
    """Let the next activation's kernel add the bias on a GPU, which saves one pass over memory."""
    following = layer.followed_by
    if following is None or getattr(x, "shape", ())[1:] != layer.W.shape[:1]:
        return NotImplemented
    if not (switch.is_fast() and layer.calls_as_written() and following.calls_as_written()):
        return NotImplemented
    layer.x = x
    y = x @ layer.W.value
    following.ready = y, biased(following.whole)(y, layer.b.value)
    return y


def dense_backward(layer: Any, grad_y: Array) -> Any:
    """Write the products straight into the gradients, and leave out grad_x if it isn't needed."""
    W = layer.W
    if getattr(grad_y, "shape", None) != (len(layer.x), W.shape[1]):
        return NotImplemented
    if layer.adds or not grad_y.dtype == W.value.dtype == layer.x.dtype:
        return NotImplemented
    if not (switch.is_fast() and layer.calls_as_written()):
        return NotImplemented
    array_module(grad_y).matmul(layer.x.T, grad_y, out=W.grad)
    grad_y.sum(axis=0, out=layer.b.grad)
    return None if layer.is_first else grad_y @ W.value.T


def activation_forward(layer: Any, a: Array) -> Any:
    """Use the previous dense layer's result for this a, and keep the slope if one formula gives both."""
    if getattr(a, "ndim", 0) != 2 or not a.size:
        return NotImplemented
    ready = layer.__dict__.pop("ready", None)
    is_ready = ready is not None and ready[0] is a
    if not ((is_ready or layer.keeps_slope) and switch.is_fast() and layer.calls_as_written()):
        return NotImplemented
    results = ready[1] if is_ready else layer.whole(a, *layer.numbers)
    y, slope = results if layer.keeps_slope else (results, None)
    layer.remember(a, y)
    if layer.keeps_slope:
        layer.kept_slope = slope
    return y


def activation_backward(layer: Any, grad_y: Array) -> Any:
    """Multiply by the slope that forward kept, as the sheet's backward does."""
    slope = layer.__dict__.get("kept_slope")
    if slope is None or getattr(grad_y, "shape", None) != slope.shape:
        return NotImplemented
    return grad_y * slope if switch.is_fast() and layer.calls_as_written() else NotImplemented
