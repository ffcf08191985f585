"""A layer as a forward and a backward of its inputs and parameters, by name, as `check_function` takes them.

    layer --> forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b

Random draws are the same in every call, and state that the layer keeps between calls is restored. Its parameters are
ours, or have to be found; if backward updates a parameter itself, the gradient is read from the change.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.foundations.declared import declaration_of, surrogate_gradient
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck.binding import (
    COMPARED_WITH,
    Pair,
    as_differentiable,
    as_list,
    copied,
    copy_of,
    draw_upstream,
    is_float_array,
    same,
)
from aescratch.inspection.gradcheck.coverage import Coverage
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import changed_parameter
from aescratch.inspection.gradcheck.foreign import call_back, joined, pair_of, parted
from aescratch.inspection.gradcheck.keeping import putting_back
from aescratch.inspection.gradcheck.laws import ADDS, NEVER_QUESTION, NEVER_WRITTEN, SAME
from aescratch.inspection.gradcheck.parameters import Place, Search, own_places
from aescratch.inspection.gradcheck.report import INCONCLUSIVE, Finding
from aescratch.inspection.gradcheck.slots import Home, slots_in
from aescratch.inspection.gradcheck.styles import Rate, methods_of, no_upstream, not_recognised, outputs_among, rate_of
from aescratch.inspection.gradcheck.surroundings import Frozen
from aescratch.layers import Layer


class Held:
    """A layer as a pair of functions of its inputs and parameters; `names` are those that get a gradient, in order."""

    layer: Any
    seed: int
    time_limit: float | None
    forward: Any
    backward: Any
    frozen: Frozen
    put_back: Callable[[], None]
    arguments: dict[str, Any]
    shape: tuple[int, ...]
    others: list[str]

    def __init__(self, layer: Any, x: Any, seed: int, time_limit: float | None, learning_rate: float | None) -> None:
        self.layer, self.seed, self.time_limit = layer, seed, time_limit
        self.forward, self.backward = methods_of(layer)
        self.frozen, self.put_back = Frozen(seed), putting_back(layer)
        self.arguments = self._arguments(x)
        self.shape = next((np.shape(v) for v in self.arguments.values() if isinstance(v, np.ndarray)), ())
        self.rate: Rate = rate_of(layer, self.backward, learning_rate)
        self.places: list[Place] = list(own_places(layer))
        self.current: Mapping[str, Any] = {}
        self.returned: list[Any] = []  # by the last backward
        self.made: list[Any] = []  # by forward, in every call
        self.failed: bool = False
        self.is_first_alone: bool = False
        self.keeps_state: bool = self._look()
        taken = [*self.arguments, *(place.name for place in self.places)]
        put_back = self.put_back if self.keeps_state else lambda: None
        self.search: Search = Search(layer, self._again, self._try_backward, put_back, taken, self.made)
        self.places += self.search.places
        arrays = [name for name, value in self.arguments.items() if is_float_array(value)]
        is_nothing = all(gives is None for gives in self.returned)
        # None is a wrong gradient unless it isn't needed: for a first layer's input, or a penalty on the parameters.
        skipped = is_nothing and (getattr(layer, "is_first", False) or (self.is_term and self.places))
        self.leading: list[str] = [] if skipped else arrays[: max(1, len(self.returned))]
        self.unchecked: list[Home] = self._read_from_changes(self._match_returned(self.search.unpaired))
        self.names: list[str] = [*self.leading, *(place.name for place in self.places)]
        values = {place.name: np.array(place.get(), dtype=np.float64) for place in self.places}
        self.inputs: dict[str, Any] = {**self.arguments, **values}
        self.put_back()
        self.put(self.inputs)
        self.put_back = putting_back(layer)
        declared = declaration_of(self.backward)
        if declared and declared.in_the_mean and self.takes_rng:
            self.inputs.setdefault("rng", seed)
        pair = functools.partial(pair_of, layer, inputs=self.inputs, is_term=self.is_term)
        self.pair: Pair = pair(self._forward, self._backward, made_of=(self.forward, self.backward))
        if declared:
            rule, smooth = functools.partial(self._rule, declared.again), declared.smoothed.items()
            smoothed = {name: pair(functools.partial(self._smoothed, forward), rule) for name, forward in smooth}
            surrogate_gradient(
                declared.rule, declared.formula, declared.source, pair(self._forward, rule).backward,
                smoothed={name: each.forward for name, each in smoothed.items()}, in_the_mean=declared.in_the_mean,
            )(self.pair.backward)  # fmt: skip

    def _arguments(self, x: Any) -> dict[str, Any]:
        taken = inspect.signature(self.forward).parameters.values()
        self.takes_any: bool = any(p.kind is p.VAR_POSITIONAL for p in taken)
        self.takes_rng: bool = any(p.name == "rng" for p in taken)
        parameters = {p.name: p for p in taken if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        given = dict(x) if isinstance(x, Mapping) else {next(iter(parameters), "x"): x}
        unknown = [] if self.takes_any else sorted(set(given) - set(parameters))
        if unknown:
            message = gettext("expected only arguments of forward, {parameters}, got also {unknown}")
            raise TypeError(message.format(parameters=", ".join(parameters), unknown=", ".join(unknown)))
        needed = [n for n, p in parameters.items() if p.default is p.empty and n not in given and n != "rng"]
        if needed:
            message = gettext("expected all of forward's arguments, missing {needed}; pass them in a dict")
            raise TypeError(message.format(needed=", ".join(needed)))
        order = sorted(given, key=lambda name: [*parameters, *given].index(name))
        whole = [name for name in order if isinstance(given[name], np.ndarray) and given[name].dtype.kind in "iub"]
        self.arguments = {name: given[name] if name in whole else _as_argument(name, given[name]) for name in order}
        for name in whole:
            if name not in COMPARED_WITH and not self._are_indices(name):
                as_differentiable(name, given[name])  # raises with what is expected
        return self.arguments

    def _are_indices(self, name: str) -> bool:
        """Whether forward needs whole numbers in an argument: with floats it fails, or returns another result."""
        if isinstance(self.layer, Part):
            return False
        arguments = copied(self.arguments)
        try:
            whole = self._call(arguments)
            return not same(whole, self._call({**arguments, name: arguments[name].astype(np.float64)}))
        except Exception:
            return True
        finally:
            self.put_back()

    def _look(self) -> bool:
        """Find out what backward takes, and return whether state that is kept between calls changes the output."""
        taken = inspect.signature(self.backward).parameters
        free = [p for n, p in taken.items() if n not in {**self.arguments, **self.rate.passed}]
        self.others = [p.name for p in free if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        first = self._again()
        if self.frozen.draws:
            self.frozen.draws, before = None, [slot.read() for slot in slots_in(self.layer)]
            self._again()
            if not self.frozen.draws:  # its parameters have been drawn by now
                self.put_back, known = putting_back(self.layer), set(map(id, before))
                self.made = [value for slot in slots_in(self.layer) if id(value := slot.read()) not in known]
            first = self._again()
        can_take = any(p.kind is not p.VAR_KEYWORD for p in free)
        self.is_term: bool = not np.ndim(first) or not can_take
        self.is_summed: bool = self.is_term and np.ndim(first) > 0
        keeps_state = not same(first, self._again())
        if keeps_state:
            self.put_back()
        return keeps_state

    def _call(self, inputs: Mapping[str, Any]) -> Any:
        """Return the result of the layer's forward."""
        arguments = {name: inputs[name] for name in self.arguments}
        if self.takes_any:
            return self.frozen(lambda: self.forward(*arguments.values()))
        if self.takes_rng and "rng" not in arguments:
            arguments["rng"] = np.random.default_rng(inputs.get("rng", self.seed))
        return self.frozen(lambda: self.forward(**arguments))

    def _run(self, inputs: Mapping[str, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return the outputs of the layer's forward, and what else it returns for backward."""
        returned = self._call(inputs)
        if not isinstance(returned, (tuple, list)):
            return [returned], []
        outputs = outputs_among(returned, self.others)
        if not outputs and len(self.others) == 1 and is_float_array(returned[0]):
            self.is_first_alone = True
            return returned[:1], []
        if not outputs:
            raise TypeError(not_recognised(self.forward, self.backward, returned, self.others))
        return returned[:outputs], returned[outputs:]

    def _pull(self, upstreams: Sequence[Any], kept: Sequence[Any], inputs: Mapping[str, Any]) -> list[Any]:
        known = {**{name: inputs[name] for name in self.arguments}, **self.rate.passed}
        given = [1.0] * len(self.others) if self.is_term else [*upstreams, *kept]
        return as_list(call_back(self.backward, known, given))

    def _again(self) -> Any:
        self.last: tuple[Sequence[Any], Sequence[Any]] = self._run(copied(self.arguments))
        return joined(self.last[0])

    def _try_backward(self, output: Any) -> None:
        """Call backward; an error, or a call that takes too long, is reported by the check itself."""
        rng, (outputs, kept) = np.random.default_rng(self.seed), self.last
        upstreams = [rng.uniform(0.5, 1.5, np.shape(each)) for each in outputs]
        try:
            returned = limited(lambda: self._pull(upstreams, kept, copied(self.arguments)), self.time_limit)
        except (Exception, OutOfTime):
            self.returned, self.failed = [None], True
        else:
            self.returned = [copy_of(value) for value in returned]

    def _match_returned(self, homes: list[Home]) -> list[Home]:
        """Assign what backward returns beside its input's gradients to the parameters; return the other parameters."""
        more = dict(enumerate(self.returned[len(self.leading) :], start=len(self.leading)))
        shapes, left = [home.start.shape for home in homes], []
        for home in homes:
            fitting = [number for number, value in more.items() if np.shape(value) == home.start.shape]
            if len(fitting) == shapes.count(home.start.shape):
                del more[fitting[0]]
                shapes.remove(home.start.shape)
                self._add(home, functools.partial(self._nth_returned, fitting[0]))
            else:
                left.append(home)
        return left

    def _add(self, home: Home, gradient: Callable[[], Any]) -> None:
        self.places.append(Place(home.name, home.get, home.put, gradient, lambda: None))

    def _nth_returned(self, number: int) -> Any:
        return self.returned[number] if number < len(self.returned) else None

    def _read_from_changes(self, homes: list[Home]) -> list[Home]:
        """Take the arrays that backward updates as parameters, with the gradient of the update; return the others."""
        updated = [home for home in homes if id(home) in self.search.changed and self.rate.value is not None]
        for home in updated:
            self._add(home, functools.partial(self._change, home))
        self.updated: list[str] = [home.name for home in updated]
        return [home for home in homes if home not in updated]

    def _change(self, home: Home) -> Any:
        return (np.asarray(self.current[home.name]) - home.get()) / (self.rate.value or 1.0)

    def put(self, inputs: Mapping[str, Any]) -> None:
        """Put the values among the inputs into the layer's parameters."""
        self.current = inputs
        for place in self.places:
            place.clear()
        for place in self.places:
            place.put(np.array(inputs[place.name]))
        for home in self.unchecked:
            home.put(home.start)

    def _at(self, inputs: Mapping[str, Any], anew: bool = False) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return the result of `_run` with these values in the parameters and the layer's original state."""
        if self.keeps_state or anew:
            self.put_back()
        self.put(inputs)
        return self._run(inputs)

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        output = joined(self._at(inputs)[0])
        return np.sum(output) if self.is_summed else np.array(output) if isinstance(output, np.ndarray) else output

    def _backward(self, inputs: Mapping[str, Any]) -> Any:
        outputs, kept = self._at(inputs, anew=bool(self.search.changed))
        upstreams = [] if self.is_term else parted(inputs["grad_y"], outputs)
        gives = self.returned = self._pull(upstreams, kept, inputs)
        if self.places or not self.leading:
            gives = gives[: len(self.leading)]  # a backward may return the parameters' gradients too
        return (*gives, *(copy_of(place.gradient()) for place in self.places))

    def _rule(self, again: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the gradients of the declared rule of the layer's backward, in the order of `names`."""
        self._at(inputs)
        given = again(self.layer, inputs.get("grad_y", 1.0))
        if not isinstance(given, Mapping):
            given = {self.names[0]: given} if len(self.names) == 1 else {}
        if missing := [name for name in self.names if name not in given]:
            message = gettext("expected a dictionary of gradients for {names}, missing {missing}")
            raise TypeError(message.format(names=", ".join(self.names), missing=", ".join(missing)))
        return tuple(given[name] for name in self.names)

    def _smoothed(self, smoothed: Any, inputs: Mapping[str, Any]) -> Any:
        self.put(inputs)
        return smoothed(self.layer, *(inputs[name] for name in self.arguments))

    def laws(self) -> list[Finding]:
        """Return findings on what backward does to the parameters beside their gradients, and on unchecked ones."""
        findings = list(self._notes())
        if self.failed:
            return findings
        before = [(place.name, place.get, self.inputs[place.name]) for place in self.places]
        before += [(home.name, home.get, home.start) for home in self.unchecked]
        places = [place for place in self.places if place.name not in self.updated]
        is_ours = isinstance(self.layer, Layer)
        try:
            self.put(self.inputs)
            self._try_backward(self._again())
            first = [copy_of(place.gradient()) for place in places]
            changed = [name for name, get, value in before if not same(get(), value)]
            standing = [self._put_numbers(place) for place in places]
            self._try_backward(None)
            again = [place.gradient() for place in places]
        except Exception:
            return findings
        severity = "error" if is_ours else "note"
        findings += [changed_parameter(name, severity) for name in changed if name not in self.updated]
        for place, gradient, stood, left in zip(places, first, standing, again, strict=True):
            if left is None or (stood is not None and same(left, stood)):
                message = gettext("the gradient of {name} was never written: backward left it unchanged")
                message, question = message.format(name=place.name), gettext(NEVER_QUESTION)
                findings.append(Finding(NEVER_WRITTEN, place.name, "error", message, {}, "", question))
            elif _is_sum(left, gradient, gradient) or _is_sum(left, stood, gradient):
                message = gettext(
                    "backward adds to the gradient of {name} instead of writing it, so that a second call doubles it; "
                    "set it to 0 before each pass, or write it"
                ).format(name=place.name)
                is_error = is_ours and not getattr(self.layer, "adds", False)
                findings.append(Finding(ADDS, place.name, "error" if is_error else "note", message))
        return findings

    def _put_numbers(self, place: Place) -> Any:
        """Put random numbers into a parameter's gradient, and return a copy of them, or None if it can't be written."""
        gradient = place.gradient()
        if not is_float_array(gradient) or not gradient.flags.writeable:
            return None
        gradient[...] = np.random.default_rng(self.seed).standard_normal(gradient.shape)
        return gradient.copy() if same(place.gradient(), gradient) else None

    def of_new_values(self, failing: Sequence[str], tolerance: float) -> Iterator[Finding]:
        """Yield a finding for each gradient of an input that is right only for the parameters after the update."""
        wrong = [name for name in self.leading if f"grad_{name}" in failing]
        if not (wrong and self.search.changed):
            return
        upstream = draw_upstream(np.shape(self._forward(self.inputs)), self.seed)
        returned = dict(zip(self.names, self._backward({**self.inputs, "grad_y": upstream}), strict=True))
        after = self.pair.at({**self.inputs, **{place.name: np.array(place.get()) for place in self.places}})
        for name in wrong:
            coverage = Coverage("directional", [np.size(returned[name])], self.seed)
            if coverage.agrees(after, name, returned[name], upstream, tolerance):
                cause = gettext("{tensor} is computed with the parameters that backward has already updated")
                cause = cause.format(tensor=f"grad_{name}")
                message = cause + gettext(
                    ": it is right for the updated values, but wrong for those of the forward pass"
                )
                question = gettext("Which weights did the forward pass use, and which weights does that line use?")
                yield Finding("updated-too-early", f"grad_{name}", "error", message, {}, cause, question)

    def _notes(self) -> Iterator[Finding]:
        """Yield notes on the results of the search for parameters."""
        kind = type(self.layer).__name__
        if self.frozen.draws:
            yield self.frozen.remark(f"{kind}.forward")
        if self.is_summed:
            yield no_upstream(f"{kind}.backward", f"{kind}.forward")
        if self.is_first_alone:
            message = gettext(
                "{kind}.backward takes one upstream gradient: of the values that {kind}.forward returns, only the "
                "first is checked"
            )
            yield Finding("first-output", None, "note", message.format(kind=kind))
        for updated in self.updated:
            message = gettext(
                "backward updates {name}: its gradient was read from the change, (before − after) / {rate}"
            ).format(name=updated, rate=f"{self.rate.value:g}")
            yield Finding("updated-parameter", updated, "note", message)
        for gradient, name in self.search.by_likeness:
            message = gettext("{gradient} was taken for the gradient of {name}").format(gradient=gradient, name=name)
            yield Finding("gradient-name", name, "note", message)
        for home in self.unchecked:
            word = home.slots[0].label
            message = gettext(
                "{name} {shape} was not checked: its gradient was not found; name the gradient d{word} or grad_{word}; "
                "if {word} isn't trained, make it read-only: {name}.flags.writeable = False"
            )
            if id(home) in self.search.changed:
                message = gettext(
                    "{name} {shape} was not checked: backward updates it with an unknown learning rate; pass "
                    "learning_rate="
                )
            message = message.format(name=home.name, shape=home.start.shape, word=word)
            yield Finding("not-checked", home.name, INCONCLUSIVE, message)
        for slot in self.search.whole:
            message = gettext("{name} was not checked: it holds {dtype} numbers; make it {name}.astype(float)")
            message = message.format(name=slot.name, dtype=slot.read().dtype)
            yield Finding("not-checked", slot.name, INCONCLUSIVE, message)


def _as_argument(name: str, value: Any) -> Any:
    """Return a float64 copy of an array of floats, or a number as it is; raise for other values."""
    return value if isinstance(value, (bool, int, float, str)) else as_differentiable(name, value)


def _is_sum(left: Any, before: Any, gradient: Any) -> bool:
    """Whether backward has added its gradient, which isn't 0, to the value that was there before."""
    if not isinstance(gradient, np.ndarray) or not gradient.any() or before is None:
        return False
    size = float(np.max(np.abs(before))) + float(np.max(np.abs(gradient)))
    return np.shape(left) == gradient.shape and np.allclose(left, before + gradient, 0, SAME * size)
