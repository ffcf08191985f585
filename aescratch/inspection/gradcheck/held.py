"""A layer as a forward and a backward of its inputs and parameters, by name, as `check_function` takes them.

    layer --> forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b

What it draws is the same in every call. Its parameters are ours, or have to be found.
"""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from aescratch.foundations.declared import declaration_of, surrogate_gradient
from aescratch.inspection.gradcheck.binding import (
    as_differentiable,
    as_list,
    copied,
    is_float_array,
    same,
    signature_of,
)
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import changed_parameter
from aescratch.inspection.gradcheck.foreign import pair_of
from aescratch.inspection.gradcheck.keeping import reachable
from aescratch.inspection.gradcheck.parameters import Place, Search, own_places
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding
from aescratch.inspection.gradcheck.slots import Home
from aescratch.inspection.gradcheck.surroundings import kept_random_state, random_state_changed
from aescratch.inspection.gradcheck.written import ADDS, NEVER_QUESTION, NEVER_WRITTEN, SAME
from aescratch.layers import Layer


class Held:
    """A layer as a pair of functions of its inputs and parameters; `names` are those that get a gradient, in order."""

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
        self.pair = pair_of(layer, self._forward, self._backward, self.inputs, is_term=self.is_term)
        if declared:
            rule = functools.partial(self._rule, declared.again)
            smoothed = functools.partial(self._smoothed, declared.smoothed)
            by_rule = pair_of(layer, smoothed, rule, self.inputs, is_term=self.is_term)
            surrogate_gradient(
                declared.rule, declared.formula, declared.source, by_rule.backward,
                smoothed=declared.smoothed and by_rule.forward, in_the_mean=declared.in_the_mean,
            )(self.pair.backward)  # fmt: skip

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

    def _rule(self, again: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what the declared rule of the layer's backward gives, in the order of `names`."""
        self.put(inputs)
        self.call_forward(inputs)
        given = again(self.layer, inputs.get("grad_y", 1.0))
        if not isinstance(given, Mapping):
            given = {self.names[0]: given} if len(self.names) == 1 else {}
        if missing := [name for name in self.names if name not in given]:
            wanted = f"expected a dictionary of gradients for {', '.join(self.names)}"
            raise TypeError(f"{wanted}, but missing {', '.join(missing)}")
        return tuple(given[name] for name in self.names)

    def _smoothed(self, smoothed: Any, inputs: Mapping[str, Any]) -> Any:
        self.put(inputs)
        return smoothed(self.layer, *(inputs[name] for name in self.arguments))

    def laws(self) -> list[Finding]:
        """Return what backward does to the parameters beside giving their gradients, and which couldn't be checked."""
        findings = list(self._notes())
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
            standing = [self._put_numbers(place) for place in self.places]
            self._try_backward(output)
            again = [place.gradient() for place in self.places]
        except Exception:
            return findings
        findings += map(changed_parameter, changed)
        for place, gradient, stood, left in zip(self.places, first, standing, again, strict=True):
            if left is None or (stood is not None and same(left, stood)):
                message = f"the gradient of {place.name} was never written: backward left it as it was"
                findings.append(Finding(NEVER_WRITTEN, place.name, "error", message, {}, "", NEVER_QUESTION))
            elif _is_sum(left, gradient, gradient) or _is_sum(left, stood, gradient):
                message = (
                    f"backward adds to the gradient of {place.name} instead of writing it: a second one gives twice as "
                    "much; set it to 0 before each pass, or write it"
                )
                ours = isinstance(self.layer, Layer) and not getattr(self.layer, "adds", False)
                findings.append(Finding(ADDS, place.name, "error" if ours else "note", message))
        return findings

    def _put_numbers(self, place: Place) -> Any:
        """Put random numbers where a gradient stands, and return a copy of them; None where nothing can be put."""
        gradient = place.gradient()
        if not is_float_array(gradient) or not gradient.flags.writeable:
            return None
        gradient[...] = np.random.default_rng(self.seed).standard_normal(gradient.shape)
        return gradient.copy() if same(place.gradient(), gradient) else None

    def _notes(self) -> Iterator[Finding]:
        """Yield what the search for parameters has shown."""
        if self.draws:
            yield random_state_changed(f"{type(self.layer).__name__}.forward", "note")
        for gradient, name in self.search.by_likeness:
            yield Finding("gradient-name", name, "note", f"{gradient} was taken for the gradient of {name}")
        for home in self.unchecked:
            word = home.slots[0].label
            message = (
                f"{home.name} {home.start.shape} was not checked: no gradient of it was found; call it d{word} or "
                f"grad_{word}; if {word} isn't learnt, make it read-only: {home.name}.flags.writeable = False"
            )
            yield Finding("not-checked", home.name, INCONCLUSIVE, message)
        for slot in self.search.whole:
            holds = f"it holds {slot.read().dtype} numbers; make it {slot.name}.astype(float)"
            yield Finding("not-checked", slot.name, INCONCLUSIVE, f"{slot.name} was not checked: {holds}")


def _as_argument(name: str, value: Any) -> Any:
    """Return a float64 copy of an array of floats, refuse what can't be one, and leave labels and numbers."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub" and name in ("labels", "target", "y"):
        return value
    return value if isinstance(value, (bool, int, float, str)) else as_differentiable(name, value)


def _is_sum(left: Any, before: Any, gradient: Any) -> bool:
    """Whether what backward has left is its gradient, which isn't 0, on top of what was there before."""
    if not isinstance(gradient, np.ndarray) or not gradient.any() or before is None:
        return False
    size = float(np.max(np.abs(before))) + float(np.max(np.abs(gradient)))
    return np.shape(left) == gradient.shape and np.allclose(left, before + gradient, 0, SAME * size)


def _own(gradient: Any) -> Any:
    return np.array(gradient) if isinstance(gradient, np.ndarray) else gradient
