"""Assertions for tests of hand-written gradients: a test is one line, and a failure shows the whole report.

    def test_my_model():
        assert_gradients(MyAutoencoder([5, 3]), x)

    check --> report --> nothing, if the verdict is pass;   AssertionError, whose message is the report, otherwise

They are plain functions: pytest and unittest both show the message, and pytest hides this file's lines in the
traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aescratch.foundations.validation import Data
from aescratch.inspection.gradcheck import (
    GradientCheckError,
    check_function,
    check_gradients,
    check_layer,
    check_meaning,
)
from aescratch.inspection.gradcheck.printing import Printable
from aescratch.training.contract import Trainable

__all__ = ["assert_function", "assert_gradients", "assert_layer", "assert_meaning"]


def assert_gradients(model: Trainable, x: Data, labels: Data | None = None, **options: Any) -> None:
    """Assert that every gradient of a model agrees with finite differences of its loss.

    Parameters
    ----------
    model : object
        Ours, or your own with ``loss``, ``backward`` and ``parameters``.
    x : (N, D) array of floats
        A small batch.
    labels : (N,) array of integers, optional
        For a classifier.
    **options
        Options of `aescratch.check_gradients`.

    Raises
    ------
    GradientCheckError
        An AssertionError: if the verdict isn't pass; its message is the report.
    TypeError, ValueError
        If the arguments are invalid.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((7, 5))
    >>> assert_gradients(ae.SparseAutoencoder([5, 3], rng=0), x)
    """
    __tracebackhide__ = True
    _require_pass(check_gradients(model, x, labels, **options))


def assert_function(
    forward: Callable[..., Any], backward: Callable[..., Any] | None, inputs: Mapping[str, Any], **options: Any
) -> None:
    """Assert that a backward function returns the gradients of its forward.

    Parameters
    ----------
    forward, backward : callable
        The pair; arguments are bound by name. backward is None for a forward that returns its gradients itself.
    inputs : dict
        The forward's arguments by name.
    **options
        Options of `aescratch.check_function`.

    Raises
    ------
    GradientCheckError
        An AssertionError: if the verdict isn't pass; its message is the report.
    TypeError, ValueError
        If the arguments are invalid.

    Examples
    --------
    >>> a = np.random.default_rng(0).normal(size=(7, 3))
    >>> assert_function(ae.functions.tanh, lambda grad_y, y: grad_y * (1 - y**2), {"a": a})
    >>> assert_function(ae.functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": a})
    Traceback (most recent call last):
    aescratch.GradientCheckError: gradient check of <lambda> for tanh, rng=0
    ...
    """
    __tracebackhide__ = True
    _require_pass(check_function(forward, backward, inputs, **options))


def assert_layer(layer: Any, x: Any, **options: Any) -> None:
    """Assert that a layer's backward returns the right gradients for its input and its parameters.

    Parameters
    ----------
    layer : object
        Any object with ``forward(x)`` and ``backward(grad_y)``.
    x : array of floats, or dict
        A small batch, or forward's arguments by name if it takes several.
    **options
        Options of `aescratch.check_layer`.

    Raises
    ------
    GradientCheckError
        An AssertionError: if the verdict isn't pass; its message is the report.
    TypeError, ValueError
        If the arguments are invalid.

    Examples
    --------
    >>> assert_layer(ae.Dense(5, 3, rng=0), np.random.default_rng(0).normal(size=(7, 5)))
    """
    __tracebackhide__ = True
    _require_pass(check_layer(layer, x, **options))


def assert_meaning(model: Trainable, x: Data | None = None, labels: Data | None = None, **options: Any) -> None:
    """Assert that a model's losses, penalties, layers and noise compute what their names say.

    Parameters
    ----------
    model : Model
        Ours, or of a class built on ours.
    x : (N, D) array of floats, optional
        A small batch; by default random numbers.
    labels : (N,) array of integers, optional
        For a classifier; by default random ones.
    **options
        Options of `aescratch.check_meaning`.

    Raises
    ------
    GradientCheckError
        An AssertionError: if the verdict isn't pass; its message is the report.
    TypeError, ValueError
        If the arguments are invalid.

    Examples
    --------
    >>> assert_meaning(ae.VariationalAutoencoder([5, 4, 2], rng=0))
    """
    __tracebackhide__ = True
    _require_pass(check_meaning(model, x, labels, **options))


def _require_pass(report: Printable) -> None:
    __tracebackhide__ = True
    if report.verdict != "pass":
        raise GradientCheckError(str(report))
