"""Checking a layer: the gradients for its input and for every parameter that it holds.

    layer --> forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b --> check_function

The layer is one of ours, or any object with `forward(x)` and `backward(grad)`, whose parameters have to be found.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aescratch.backend import array_module
from aescratch.foundations.buffers import frozen
from aescratch.foundations.declared import declaration_of
from aescratch.foundations.parts import Part, in_mode
from aescratch.foundations.validation import require_count
from aescratch.inspection.gradcheck.binding import (
    as_differentiable,
    as_list,
    copied,
    is_float_array,
    same,
    signature_of,
)
from aescratch.inspection.gradcheck.by_rule import rule_of_layer
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import require_tested
from aescratch.inspection.gradcheck.functions import check_function
from aescratch.inspection.gradcheck.keeping import kept, reachable
from aescratch.inspection.gradcheck.parameters import Place, Search, held_parameters, own_places
from aescratch.inspection.gradcheck.quiet import quiet
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding, Report
from aescratch.inspection.gradcheck.slots import Home
from aescratch.inspection.gradcheck.surroundings import kept_random_state
from aescratch.layers import Layer
from aescratch.models.base import Model

TIME_LIMIT = 60.0  # seconds for a call of backward, as check_function's

__all__ = ["check_layer", "held_parameters"]


def check_layer(
    layer: Any, x: Any, *, rng: int = 0, tolerance: float = 1e-6, training: bool = False, **options: Any
) -> Report:
    """Check the gradients of a layer, for its input and for every parameter.

    Parameters are our `Parameter` objects, and, of a layer that isn't ours, the arrays of floats that its output
    depends on: its attributes, entries of its lists and dictionaries, and those of objects inside it, such as
    ``layers[0].W``. An array that forward itself writes isn't one, nor one that is read-only or a running statistic,
    ``running_mean``. The gradient of ``W`` is in ``dW``, ``grad_W``, ``W_grad`` or ``d_W``, that of ``params[0]`` in
    ``grads[0]``; otherwise it is what backward writes, or returns, that is called alike, ``gradient_w`` say, or that
    alone has its shape. A parameter whose gradient isn't found, or is 0 on both sides, makes the verdict inconclusive.
    A backward that `surrogate_gradient` declares is compared with its rule.

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
    training : bool
        Whether to check a layer of ours in training mode, its buffers held still, and not in use mode.
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
    mode = in_mode([layer], training=training) if isinstance(layer, Part) else contextlib.nullcontext()
    with kept(layer), kept_random_state(), mode, frozen(getattr(layer, "buffers", ()) if training else ()):
        with quiet():
            held = Held(layer, x, rng, options.get("time_limit", TIME_LIMIT))
            if not held.names:
                raise TypeError(f"expected a layer with something to check, got {layer!r}, which gives no gradient")
            findings = held.laws()
        values_change = any(finding.code == "changed-parameter" for finding in findings)
        if values_change:  # then backward works with others than forward, and what that looks like is no cause
            options["explain"] = False
        report = check_function(
            held.forward, held.backward, held.inputs, wrt=held.names, rng=rng, tolerance=tolerance, **options
        )
    findings = findings if report.tensors else []
    if values_change:
        report.findings = [finding for finding in report.findings if finding.code != "not-linear"]
    covered = report.title.partition(f", rng={rng}")[2]  # how much, unless it is every entry
    declared = declaration_of(layer.backward)
    by_rule = f", by the declared rule {declared.rule}" if declared else ""
    report.title = f"gradient check of {_shown(layer)}, {held.shape} in{by_rule}, rng={rng}{covered}"
    require_tested(report, [place.name for place in held.places])
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
        self.draws: bool | None = None  # from the global random state, in forward; None until it has been called
        self.places: list[Place] = list(own_places(layer))
        output = self._again()
        self.is_term = np.ndim(output) == 0
        self.returned: list[Any] = []  # by the last backward
        self.failed = False
        taken = [*self.arguments, *(place.name for place in self.places)]
        self.search = Search(layer, self._again, self._try_backward, taken)
        self.places += self.search.places
        arrays = [name for name, value in self.arguments.items() if is_float_array(value)]
        is_nothing = all(gives is None for gives in self.returned)
        # None is a wrong gradient, unless nobody needs it: a first layer's, or that of a penalty on the parameters.
        skipped = is_nothing and (getattr(layer, "is_first", False) or (self.is_term and self.places))
        self.leading = [] if skipped else arrays[: max(1, len(self.returned))]
        self.unchecked = self._match_returned(self.search.unpaired)
        self.names = [*self.leading, *(place.name for place in self.places)]
        values = {place.name: np.array(place.get(), dtype=np.float64) for place in self.places}
        self.inputs = {**self.arguments, **values}
        declared = declaration_of(layer.backward)
        if declared and declared.in_the_mean and "rng" in signature_of(layer.forward, "forward").parameters:
            self.inputs.setdefault("rng", seed)
        self.forward = self.named(self._forward, [], "forward")
        self.backward = self.named(self._backward, [] if self.is_term else ["grad_y"], "backward")
        if declared:
            self.backward.declared = rule_of_layer(self, declared)

    def _arguments(self, x: Any) -> dict[str, Any]:
        parameters = signature_of(self.layer.forward, "forward").parameters
        given = dict(x) if isinstance(x, Mapping) else {next(iter(parameters), "x"): x}
        if unknown := sorted(set(given) - set(parameters)):
            raise TypeError(f"expected arguments of forward, {', '.join(parameters)}, got {', '.join(unknown)} too")
        needed = [n for n, p in parameters.items() if p.default is p.empty and n not in given and n != "rng"]
        if needed:
            raise TypeError(f"expected all of forward's arguments, but missing {', '.join(needed)}; pass a dict")
        return {name: _as_argument(name, given[name]) for name in parameters if name in given}

    def call_forward(self, inputs: Mapping[str, Any]) -> Any:
        """Call the layer's forward with the arguments among the inputs, its noise that of the seed."""
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.bit_generator.state = state
        arguments = {name: inputs[name] for name in self.arguments}
        if "rng" in inspect.signature(self.layer.forward).parameters and "rng" not in arguments:
            arguments["rng"] = np.random.default_rng(inputs.get("rng", self.seed))
        if self.draws is False:
            return self.layer.forward(**arguments)
        with kept_random_state():
            if self.draws:  # the same in every call
                random.seed(self.seed)
                np.random.seed(self.seed)  # noqa: NPY002 - the global state is what such a layer draws from
            with kept_random_state() as changed:
                output = self.layer.forward(**arguments)
                self.draws = bool(self.draws or changed())
        return output

    def _again(self) -> Any:
        return self.call_forward(copied(self.arguments))

    def _try_backward(self, output: Any) -> None:
        """Call backward, if it comes back; what it raises is reported by the check itself."""
        rng = np.random.default_rng(self.seed)
        arguments = [] if np.ndim(output) == 0 else [rng.uniform(0.5, 1.5, np.shape(output))]
        try:
            returned = limited(lambda: self.layer.backward(*arguments), self.time_limit)
        except (Exception, OutOfTime):
            self.returned, self.failed = [None], True
        else:
            self.returned = [_own(value) for value in as_list(returned)]

    def _match_returned(self, homes: list[Home]) -> list[Home]:
        """Take what backward returns beside its input's gradients for those of the parameters; return the others."""
        more = dict(enumerate(self.returned[len(self.leading) :], start=len(self.leading)))
        shapes, left = [home.start.shape for home in homes], []
        for home in homes:
            fitting = [number for number, value in more.items() if np.shape(value) == home.start.shape]
            if len(fitting) == shapes.count(home.start.shape):
                del more[fitting[0]]
                shapes.remove(home.start.shape)
                gradient = functools.partial(self._nth_returned, fitting[0])
                self.places.append(Place(home.name, home.get, home.put, gradient, lambda: None))
            else:
                left.append(home)
        return left

    def _nth_returned(self, number: int) -> Any:
        return self.returned[number] if number < len(self.returned) else None

    def put(self, inputs: Mapping[str, Any]) -> None:
        """Put the values among the inputs into the layer's parameters."""
        for place in self.places:
            place.clear()
        for place in self.places:
            place.put(np.array(inputs[place.name]))
        for home in self.unchecked:
            home.put(home.start)

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        self.put(inputs)
        output = self.call_forward(inputs)
        return np.array(output) if isinstance(output, np.ndarray) else output

    def _backward(self, inputs: Mapping[str, Any]) -> Any:
        self.put(inputs)
        self.call_forward(inputs)
        returned = self.layer.backward() if self.is_term else self.layer.backward(inputs["grad_y"])
        gives = self.returned = as_list(returned)
        if self.places or not self.leading:
            gives = gives[: len(self.leading)]  # some return the parameters' gradients too
        return (*gives, *(_own(place.gradient()) for place in self.places))

    def named(self, function: Callable[[Mapping[str, Any]], Any], leading: list[str], which: str) -> Any:
        """Return a function of the inputs as one that names them, and what leads them, as its arguments."""

        def named(**inputs: Any) -> Any:
            return function(inputs)

        parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in [*leading, *self.inputs]]
        setattr(named, "__signature__", inspect.Signature(parameters))  # noqa: B010 - mypy knows no such attribute
        named.__name__ = f"{type(self.layer).__name__}.{which}"
        return named

    def laws(self) -> list[Finding]:
        """Return what backward does to the parameters beside giving their gradients, and which couldn't be checked."""
        findings = self._notes()
        if self.failed:
            return findings
        before = [(place.name, place.get, self.inputs[place.name]) for place in self.places]
        before += [(home.name, home.get, home.start) for home in self.unchecked]
        try:
            self.put(self.inputs)
            output = self._again()
            self._try_backward(output)
            first = [_own(place.gradient()) for place in self.places]
            changed = [name for name, get, value in before if not same(get(), value)]
            self._try_backward(output)
        except Exception:
            return findings
        for name in changed:
            message = f"backward changed the value of {name}; only an optimiser may"
            findings.append(Finding("changed-parameter", name, "error", message))
        for place, gradient in zip(self.places, first, strict=True):
            adds = isinstance(gradient, np.ndarray) and gradient.any()
            if adds and np.allclose(place.gradient(), 2 * gradient, rtol=1e-12, atol=0):
                message = (
                    f"backward adds to the gradient of {place.name} instead of writing it: a second one gives twice as "
                    "much; set it to 0 before each pass, or write it"
                )
                ours = isinstance(self.layer, Layer) and not getattr(self.layer, "adds", False)
                findings.append(Finding("adds-gradient", place.name, "error" if ours else "note", message))
        return findings

    def _notes(self) -> list[Finding]:
        """Return what the search for parameters has shown."""
        findings = []
        if self.draws:
            who = f"{type(self.layer).__name__}.forward"
            message = (
                f"{who} changed the global random state, which was put back; everybody's random numbers follow from "
                "it: draw from a numpy.random.default_rng of your own"
            )
            findings.append(Finding("changed-random-state", None, "note", message, {"by": who}))
        for gradient, name in self.search.by_likeness:
            message = f"{gradient} was taken for the gradient of {name}"
            findings.append(Finding("gradient-name", name, "note", message))
        for home in self.unchecked:
            word = home.slots[0].label
            message = (
                f"{home.name} {home.start.shape} was not checked: no gradient of it was found; call it d{word} or "
                f"grad_{word}; if {word} isn't learnt, make it read-only: {home.name}.flags.writeable = False"
            )
            findings.append(Finding("not-checked", home.name, INCONCLUSIVE, message))
        for slot in self.search.whole:
            holds = f"it holds {slot.read().dtype} numbers; make it {slot.name}.astype(float)"
            message = f"{slot.name} was not checked: {holds}"
            findings.append(Finding("not-checked", slot.name, INCONCLUSIVE, message))
        return findings


def _as_argument(name: str, value: Any) -> Any:
    """Return a float64 copy of an array of floats, refuse what can't be one, and leave labels and numbers."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub" and name in ("labels", "target", "y"):
        return value
    return value if isinstance(value, (bool, int, float, str)) else as_differentiable(name, value)


def _own(gradient: Any) -> Any:
    return np.array(gradient) if isinstance(gradient, np.ndarray) else gradient
