"""Code in other styles, made into a forward and a backward that `check_function` takes.

    out, cache = forward(x, w);  dx, dw = backward(dout, cache)     cached_pair(forward, backward)
    loss, gradient = function(x, labels)                            loss_pair(function)
    class Mine(torch.autograd.Function)                             torch_pair(Mine)

Each returns the two functions, to be unpacked:  check_function(*cached_pair(forward, backward), {"x": x, "w": w})
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.binding import Pair, call, is_float_array, name_of, signature_of

FromInputs = Callable[[Mapping[str, Any]], Any]
FunctionPair = tuple[Callable[..., Any], Callable[..., Any]]


class CacheChangedError(RuntimeError):
    """A backward changed what its forward had kept for it."""


def cached_pair(forward: Callable[..., Any], backward: Callable[..., Any]) -> FunctionPair:
    """Return a pair for functions that hand a cache from forward to backward.

    Parameters
    ----------
    forward : callable
        Returns ``(output, cache)``.
    backward : callable
        Takes the upstream gradient and the cache, and returns the gradients of forward's arguments, in their order.

    Returns
    -------
    forward, backward : callable
        For `check_function`.

    Raises
    ------
    TypeError
        If the arguments of forward have no names, or it returns something else.

    Examples
    --------
    >>> from aescratch.inspection.gradcheck import check_function
    >>> def scale_forward(x, w):
    ...     return x * w, (x, w)
    >>> def scale_backward(dout, cache):
    ...     x, w = cache
    ...     return dout * w, (dout * x).sum(axis=0)
    >>> rng = np.random.default_rng(0)
    >>> inputs = {"x": rng.normal(size=(7, 5)), "w": rng.normal(size=5)}
    >>> check_function(*cached_pair(scale_forward, scale_backward), inputs).verdict
    'pass'
    """
    taken = signature_of(forward, "forward")
    if not callable(backward):
        raise TypeError(f"expected backward to be a function, got {type(backward).__name__}")

    def both(inputs: Mapping[str, Any]) -> tuple[Any, Any]:
        returned = call(forward, inputs)
        if not isinstance(returned, tuple) or len(returned) != 2:
            got = f"{len(returned)} values" if isinstance(returned, tuple) else type(returned).__name__
            raise TypeError(f"expected {name_of(forward)} to return the pair (output, cache), got {got}")
        return returned

    def gradients(inputs: Mapping[str, Any]) -> Any:
        _, cache = both({name: inputs[name] for name in taken.parameters})
        given = [id(value) for value in inputs.values()]  # a change of these is noticed anyway
        before = [(array, array.copy()) for array in _arrays(cache) if id(array) not in given]
        returned = backward(inputs["grad_y"], cache)
        if not all(np.array_equal(array, old, equal_nan=old.dtype.kind in "fc") for array, old in before):
            raise CacheChangedError(f"{name_of(backward)} changed an array in its cache; work on a copy")
        return returned

    return _pair(lambda inputs: both(inputs)[0], gradients, taken, (forward, backward))


def loss_pair(function: Callable[..., Any]) -> FunctionPair:
    """Return a pair for a function that returns a loss together with its gradient.

    Parameters
    ----------
    function : callable
        Returns ``(loss, gradient)``; of several gradients a tuple, in the order of the arguments, or a dictionary by
        the arguments' names.

    Returns
    -------
    forward, backward : callable
        For `check_function`, which takes the gradients to be those of the leading arguments, or of ``wrt``.

    Raises
    ------
    TypeError
        If the arguments of the function have no names, or it returns something else.

    Examples
    --------
    >>> from aescratch.inspection.gradcheck import check_function
    >>> def half_square(x):
    ...     return 0.5 * (x**2).sum(), x.copy()
    >>> check_function(*loss_pair(half_square), {"x": np.random.default_rng(0).normal(size=(7, 5))}).verdict
    'pass'
    """
    taken = signature_of(function, "function")

    def both(inputs: Mapping[str, Any]) -> tuple[Any, Any]:
        returned = call(function, inputs)
        if not isinstance(returned, tuple) or len(returned) < 2 or np.ndim(returned[0]) != 0:
            got = type(returned[0] if isinstance(returned, tuple) and returned else returned).__name__
            raise TypeError(f"expected {name_of(function)} to return a loss and its gradient, got {got} first")
        loss, *rest = returned
        return loss, rest[0] if len(rest) == 1 else tuple(rest)

    def gradient(inputs: Mapping[str, Any]) -> Any:
        found = both(inputs)[1]
        if not isinstance(found, dict):
            return found
        if unknown := [str(key) for key in found if key not in taken.parameters]:
            raise TypeError(f"expected gradients by the arguments' names, got {', '.join(unknown)} in the dictionary")
        return tuple(found[name] for name in taken.parameters if name in found)

    return _pair(lambda inputs: both(inputs)[0], gradient, taken, (function, function), is_loss=True)


def torch_pair(function_class: Any) -> FunctionPair:
    """Return a pair for a `torch.autograd.Function`, of one output, whose own backward is called.

    Parameters
    ----------
    function_class : class
        Built on `torch.autograd.Function`, its forward with or without ctx.

    Returns
    -------
    forward, backward : callable
        For `check_function`: they take and give NumPy arrays, and PyTorch computes in float64.

    Raises
    ------
    ImportError
        If PyTorch isn't installed.
    TypeError
        If it isn't such a class.
    """
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise ImportError("torch_pair needs PyTorch, which is missing; pip install torch") from error
    Function = torch.autograd.Function
    if not (isinstance(function_class, type) and issubclass(function_class, Function)):
        raise TypeError(f"expected a class built on torch.autograd.Function, got {function_class!r}")
    kind: Any = function_class
    parameters = list(signature_of(kind.forward, "forward").parameters.values())
    takes_ctx = kind.setup_context is Function.setup_context
    taken = inspect.Signature(parameters[1:] if takes_ctx else parameters)

    def applied(inputs: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        tensors = {
            name: torch.tensor(inputs[name], requires_grad=is_float_array(inputs[name]))
            if isinstance(inputs[name], np.ndarray) else inputs[name] for name in taken.parameters
        }  # fmt: skip
        return kind.apply(*tensors.values()), tensors

    def output(inputs: Mapping[str, Any]) -> Any:
        returned, _ = applied(inputs)
        if not isinstance(returned, torch.Tensor):
            raise TypeError(f"expected {function_class.__name__} to return one tensor, got {type(returned).__name__}")
        return returned.detach().numpy().copy()

    def gradients(inputs: Mapping[str, Any]) -> Any:
        returned, tensors = applied(inputs)
        wanted = [tensor for name, tensor in tensors.items() if is_float_array(inputs[name])]
        upstream = torch.tensor(np.broadcast_to(inputs["grad_y"], returned.shape).copy())
        found = torch.autograd.grad(returned, wanted, upstream, allow_unused=True)
        return tuple(None if gradient is None else gradient.numpy().copy() for gradient in found)

    return _pair(output, gradients, taken, (function_class, function_class))


def _pair(
    forward: FromInputs, backward: FromInputs, taken: inspect.Signature, like: tuple[Any, Any], is_loss: bool = False
) -> FunctionPair:
    """Return functions of arguments by name from two of all inputs together, called as those that they are like."""
    with_upstream = taken if is_loss else signature(["grad_y", *taken.parameters])
    return (
        named(forward, taken, name_of(like[0]), like[0].__doc__),
        named(backward, with_upstream, name_of(like[1]), like[1].__doc__),
    )


def pair_of(
    layer: Any, forward: FromInputs, backward: FromInputs, inputs: dict[str, Any], *, is_term: bool
) -> Pair:  # fmt: skip
    """Return what a layer computes as a pair at these inputs, by two functions of all of them together."""
    kind, upstream = type(layer).__name__, [] if is_term else ["grad_y"]
    with_upstream = named(backward, signature([*upstream, *inputs]), f"{kind}.backward")
    return Pair(named(forward, signature(inputs), f"{kind}.forward"), with_upstream, inputs)


def signature(names: Iterable[str]) -> inspect.Signature:
    """Return the signature of a function of these arguments."""
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names])


def named(function: FromInputs, taken: inspect.Signature, name: str, doc: str | None = None) -> Callable[..., Any]:
    """Return a function of all inputs together as one of arguments by name, with this signature and name."""

    def by_name(*arguments: Any, **options: Any) -> Any:
        bound = taken.bind(*arguments, **options)
        bound.apply_defaults()
        return function(bound.arguments)

    setattr(by_name, "__signature__", taken)  # noqa: B010 - mypy knows no such attribute
    by_name.__name__, by_name.__doc__ = name, doc
    return by_name


def _arrays(value: Any) -> list[Any]:
    """Return the arrays in a cache: in tuples, lists and dictionaries, however deep."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [array for inner in value for array in _arrays(inner)] if isinstance(value, (list, tuple)) else []
