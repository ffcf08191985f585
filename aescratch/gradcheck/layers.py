"""Checking a layer: the gradients for its input and for every parameter that it holds.

    layer --> forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b --> check_function

The layer is one of ours, or any object with `forward(x)` and `backward(grad)`. Its parameters are found where they
usually are: `Parameter` objects, dictionaries `params` and `grads`, or arrays such as `W` beside `dW` or `grad_W`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.gradcheck.binding import as_differentiable, is_float_array, signature_of
from aescratch.gradcheck.deadline import OutOfTime, limited
from aescratch.gradcheck.functions import check_function
from aescratch.gradcheck.keeping import kept, reachable
from aescratch.gradcheck.report import Finding, Report
from aescratch.gradcheck.surroundings import kept_random_state
from aescratch.layers import Layer, Parameter, ParameterBuffer, Sequential
from aescratch.models.base import Model
from aescratch.parts import Part
from aescratch.validation import require_count

TIME_LIMIT = 60.0  # seconds for a call of backward, as check_function's
GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad", "d_{}")  # of an array attribute's gradient, as others call it


def check_layer(layer: Any, x: Any, *, rng: int = 0, tolerance: float = 1e-6, **options: Any) -> Report:
    """Check the gradients of a layer, for its input and for every parameter.

    Parameters
    ----------
    layer : object
        One of our layers, losses or penalties, or any object with ``forward(x)`` and ``backward(grad)``. It is as
        before afterwards, to the last bit.
    x : array of floats, or dict
        A small batch, or forward's arguments by name where it takes several. An argument called rng needs none.
    rng : int
        The seed of the upstream gradient, and of the noise of a layer that draws any.
    tolerance : float
        The relative difference that is allowed, beside the numeric estimate's own error.
    **options
        Further ones of `check_function`.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are of no use; what the layer's backward does wrong is a finding instead.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = np.random.default_rng(0).normal(size=(7, 5))
    >>> check_layer(ae.Dense(5, 3, rng=0), x).verdict
    'pass'
    >>> [tensor.name for tensor in check_layer(ae.Dense(5, 3, rng=0), x).tensors]
    ['grad_x', 'grad_W', 'grad_b']
    """
    require_count("rng", rng, least=0)
    _require_layer(layer)
    with kept(layer), kept_random_state():
        held = Held(layer, x, rng, options.get("time_limit", TIME_LIMIT))
        if not held.names:
            raise TypeError(f"expected a layer with something to check, got {layer!r}, which gives no gradient")
        report = check_function(
            held.forward, held.backward, held.inputs, wrt=held.names, rng=rng, tolerance=tolerance, **options
        )
        findings = held.laws() if report.tensors else []
    report.title = f"gradient check of {_shown(layer)}, {held.shape} in, rng={rng}"
    report.findings[:0] = findings
    return report


def _require_layer(layer: Any) -> None:
    if isinstance(layer, Model):
        raise TypeError(f"expected a layer, got the model {type(layer).__name__}; use ae.check_gradients(model, x)")
    missing = [name for name in ("forward", "backward") if not callable(getattr(layer, name, None))]
    if missing or isinstance(layer, type):
        what = f"the class {layer.__name__}; make one first" if isinstance(layer, type) else type(layer).__name__
        lacks = f", which has no {' and no '.join(missing)}" if missing else ""
        raise TypeError(f"expected an object with forward(x) and backward(grad), got {what}{lacks}")
    if any(array_module(parameter.value) is not np for _, parameter in held_parameters(layer)):
        raise TypeError('expected a layer on numpy, got one on cupy; move its model with model.to("numpy")')


def _shown(layer: Any) -> str:
    name, text = type(layer).__name__, repr(layer)
    return text if isinstance(layer, Part) and text.startswith(name) and len(text) <= 60 else name


@dataclass
class Place:
    """Where a layer keeps a parameter and its gradient."""

    name: str
    get: Callable[[], Array]
    put: Callable[[Array], None]
    gradient: Callable[[], Any]
    clear: Callable[[], None]


class Held:
    """A layer as a pair of functions of its inputs and parameters by name.

    Attributes
    ----------
    inputs : dict
        The arguments of its forward, and the values of its parameters.
    names : list of str
        Those that its backward gives gradients for, in order.
    """

    def __init__(self, layer: Any, x: Any, seed: int, time_limit: float | None) -> None:
        self.layer, self.seed, self.time_limit = layer, seed, time_limit
        self.arguments = self._arguments(x)
        self.shape = next((np.shape(v) for v in self.arguments.values() if isinstance(v, np.ndarray)), ())
        self.generators = [value for value in reachable(layer) if isinstance(value, np.random.Generator)]
        self.states = [generator.bit_generator.state for generator in self.generators]
        self.places: list[Place] = list(_parameters_of(layer))
        output = self._call_forward(self.arguments)
        self.is_term = np.ndim(output) == 0
        returned = self._try_backward(output)
        self.places = self.places or list(_arrays_of(layer))
        arrays = [name for name, value in self.arguments.items() if is_float_array(value)]
        gives = returned if isinstance(returned, (tuple, list)) else [returned]
        # None is a wrong gradient, unless nobody needs it: a first layer's, or that of a penalty on the parameters.
        skipped = returned is None and (getattr(layer, "is_first", False) or (self.is_term and self.places))
        self.leading = [] if skipped else arrays[: max(1, len(gives))]
        self.names = [*self.leading, *(place.name for place in self.places)]
        values = {place.name: np.array(place.get(), dtype=np.float64) for place in self.places}
        self.inputs = {**self.arguments, **values}
        self.forward = self._named(self._forward, [], "forward")
        self.backward = self._named(self._backward, [] if self.is_term else ["grad_y"], "backward")

    def _arguments(self, x: Any) -> dict[str, Any]:
        parameters = signature_of(self.layer.forward, "forward").parameters
        given = dict(x) if isinstance(x, Mapping) else {next(iter(parameters), "x"): x}
        if unknown := sorted(set(given) - set(parameters)):
            raise TypeError(f"expected arguments of forward, {', '.join(parameters)}, got {', '.join(unknown)} too")
        needed = [n for n, p in parameters.items() if p.default is p.empty and n not in given and n != "rng"]
        if needed:
            raise TypeError(f"expected all of forward's arguments, but missing {', '.join(needed)}; pass a dict")
        return {name: _as_argument(name, given[name]) for name in parameters if name in given}

    def _call_forward(self, inputs: Mapping[str, Any]) -> Any:
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.bit_generator.state = state
        arguments = {name: inputs[name] for name in self.arguments}
        if "rng" in inspect.signature(self.layer.forward).parameters and "rng" not in arguments:
            arguments["rng"] = np.random.default_rng(self.seed)
        return self.layer.forward(**arguments)

    def _try_backward(self, output: Any) -> Any:
        """Return what backward returns at all; what it raises is reported by the check itself."""
        arguments = [] if np.ndim(output) == 0 else [np.ones(np.shape(output))]
        try:
            return limited(lambda: self.layer.backward(*arguments), self.time_limit)
        except (Exception, OutOfTime):
            return None

    def _put(self, inputs: Mapping[str, Any]) -> None:
        for place in self.places:
            place.put(np.array(inputs[place.name]))
            place.clear()

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        self._put(inputs)
        output = self._call_forward(inputs)
        return np.array(output) if isinstance(output, np.ndarray) else output

    def _backward(self, inputs: Mapping[str, Any]) -> Any:
        self._put(inputs)
        self._call_forward(inputs)
        returned = self.layer.backward() if self.is_term else self.layer.backward(inputs["grad_y"])
        gives = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        if self.places or not self.leading:
            gives = gives[: len(self.leading)]  # some return the parameters' gradients too
        return (*gives, *(_own(place.gradient()) for place in self.places))

    def _named(self, function: Callable[[Mapping[str, Any]], Any], leading: list[str], which: str) -> Any:
        def named(**inputs: Any) -> Any:
            return function(inputs)

        parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in [*leading, *self.inputs]]
        setattr(named, "__signature__", inspect.Signature(parameters))  # noqa: B010 - mypy knows no such attribute
        named.__name__ = f"{type(self.layer).__name__}.{which}"
        return named

    def laws(self) -> list[Finding]:
        """Return what backward does to the parameters beside giving their gradients."""
        try:
            self._put(self.inputs)
            output = self._call_forward(self.inputs)
            self._try_backward(output)
            first = [_own(place.gradient()) for place in self.places]
            values = [np.array(place.get()) for place in self.places]
            self._try_backward(output)
        except Exception:
            return []
        findings = []
        for place, gradient, value in zip(self.places, first, values, strict=True):
            if not np.array_equal(value, self.inputs[place.name]):
                message = f"backward changed the value of {place.name}; only an optimiser may"
                findings.append(Finding("changed-parameter", place.name, "error", message))
            adds = isinstance(gradient, np.ndarray) and gradient.any()
            if adds and np.allclose(place.gradient(), 2 * gradient, rtol=1e-12):
                message = (
                    f"backward adds to the gradient of {place.name} instead of writing it: a second one gives twice as "
                    "much; set it to 0 before each pass, or write it"
                )
                ours = isinstance(self.layer, Layer) and not getattr(self.layer, "adds", False)
                findings.append(Finding("adds-gradient", place.name, "error" if ours else "note", message))
        return findings


def _as_argument(name: str, value: Any) -> Any:
    """Return a float64 copy of an array of floats, refuse what can't be one, and leave labels and numbers."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub" and name in ("labels", "target", "y"):
        return value
    return value if isinstance(value, (bool, int, float, str)) else as_differentiable(name, value)


def _own(gradient: Any) -> Any:
    return np.array(gradient) if isinstance(gradient, np.ndarray) else gradient


def _parameters_of(holder: Any) -> Iterator[Place]:
    """Yield the places of our Parameters, and of the entries of dictionaries, or lists, called params and grads."""
    for name, parameter in held_parameters(holder):
        yield _place_of_parameter(name, parameter)
    params, grads = getattr(holder, "params", None), getattr(holder, "grads", None)
    if isinstance(params, dict) and isinstance(grads, dict):
        names = {str(key): key for key in params}
    elif isinstance(params, list) and isinstance(grads, list) and len(params) == len(grads):
        names = {f"params{number}": number for number in range(len(params))}
    else:
        return
    for name, key in names.items():
        if name.isidentifier() and is_float_array(params[key]):
            yield _place_of_key(name, params, grads, key)


def held_parameters(holder: Any) -> Iterator[tuple[str, Parameter]]:
    """Yield our Parameters among an object's attributes, in its lists, and of the parts in it, each once, by name."""
    seen: set[int] = set()
    for name, parameter in _walk(holder):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            yield name, parameter


def _walk(holder: Any) -> Iterator[tuple[str, Parameter]]:
    if isinstance(holder, Sequential):
        for place, layer in holder.named(""):
            yield from ((f"{place.strip('.')}_{name}", parameter) for name, parameter in _walk(layer))
        return
    for attribute, value in getattr(holder, "__dict__", {}).items():
        several = isinstance(value, (list, tuple))
        for number, inner in enumerate(value if several else [value], start=1):
            name = f"{attribute}{number}" if several else attribute
            if isinstance(inner, Parameter):
                yield name, inner
            elif isinstance(inner, Part):
                yield from ((f"{name}_{below}", parameter) for below, parameter in _walk(inner))


def _place_of_parameter(name: str, parameter: Parameter) -> Place:
    def put(value: Array) -> None:
        parameter.shape, parameter.size = value.shape, int(value.size)
        parameter.bind(ParameterBuffer(value.reshape(-1)), 0)

    return Place(name, lambda: parameter.value, put, lambda: parameter.grad, lambda: parameter.grad.fill(0))


def _place_of_key(name: str, params: Any, grads: Any, key: Any) -> Place:
    def gradient() -> Any:
        try:
            return grads[key]
        except (KeyError, IndexError):
            return None

    def clear() -> None:
        if isinstance(gradient(), np.ndarray):
            grads[key] = np.zeros_like(params[key])

    return Place(name, lambda: np.asarray(params[key]), lambda value: params.__setitem__(key, value), gradient, clear)


def _arrays_of(holder: Any) -> Iterator[Place]:
    """Yield the places of arrays that stand beside an array of their shape named as their gradient."""
    attributes = getattr(holder, "__dict__", {})
    for name in list(attributes):
        names = [form.format(name) for form in GRADIENT_NAMES]
        partner = next((other for other in names if other in attributes), None)
        if partner is not None and name.isidentifier() and is_float_array(attributes[name]):
            yield _place_of_attribute(holder, name, partner)


def _place_of_attribute(holder: Any, name: str, partner: str) -> Place:
    def clear() -> None:
        if isinstance(getattr(holder, partner, None), np.ndarray):
            setattr(holder, partner, np.zeros_like(getattr(holder, name)))

    return Place(
        name, lambda: np.asarray(getattr(holder, name)), lambda value: setattr(holder, name, value),
        lambda: getattr(holder, partner, None), clear,
    )  # fmt: skip
