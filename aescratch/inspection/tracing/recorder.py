"""Recording a pass: arrays that know where they come from, and the sheet's functions watched while it runs.

    model.loss(Traced x) -> functions.dense(...) --watched--> Quantity a1 = Σ x W + b, as a Traced array -> ...
                         -> grad_h += ...        --seen by the array itself--> Quantity grad_h1 = ... + ...

Nothing in a model knows of it. A layer calls its formulas through the module `aescratch.functions`, where they are
wrapped as long as the recording lasts, in this thread; what is computed between two such calls is an operation on
arrays, and a `Traced` array sees each of its own. Parts are told apart by `aescratch.inspection.recording`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array
from aescratch.inspection.recording import Call, observed
from aescratch.inspection.tracing.arrays import Quantity, Traced, plain
from aescratch.inspection.tracing.code import calling_line, lines_of
from aescratch.inspection.tracing.formulas import ELEMENTWISE, FORMULAS
from aescratch.inspection.tracing.language import Equation, Tree, evaluate, names_in, read, replace
from aescratch.training.contract import parts_of

WATCHING = threading.RLock()  # one recording at a time: the sheet's functions are everybody's
ROWS, MATRIX = ("n", "j"), ("i", "j")


@dataclass
class Recorder:
    """Everything that was computed, in order; `push` moves one entry of one of them, for a difference quotient."""

    model: Any
    push: tuple[int, int, float] | None = None
    quantities: list[Quantity] = field(default_factory=list)
    given: list[Quantity] = field(default_factory=list)
    sources: list[Any] = field(default_factory=list)  # the arrays that these were, held so that none takes their place
    computed: list[Quantity] = field(default_factory=list)  # by the code, and not by a formula on the way
    results: dict[str, Quantity] = field(default_factory=dict)
    taken: dict[str, list[Quantity | None]] = field(default_factory=dict)  # by the last forward of each part
    which: str = "forward"
    part: str = ""
    asleep: bool = False

    def __post_init__(self) -> None:
        self.thread = threading.get_ident()
        self.calls: dict[tuple[str, str], list[dict[str, Any]]] = {}  # the forwards of each part: argument -> quantity

    def restart(self, push: tuple[int, int, float]) -> None:
        """Forget what was recorded, and push something in the pass that comes."""
        self.push = push
        for kept in (self.quantities, self.computed, self.given, self.sources, self.results, self.taken, self.calls):
            kept.clear()

    def traced(self, value: Array, quantity: Quantity | None) -> Traced:
        """Return the array as one that holds this quantity."""
        array = value.view(Traced)
        array.quantity, array.recorder = quantity, self
        return array

    def give(self, value: Any, kind: str, wish: str) -> Quantity:
        """Return a quantity that is given; numbers of the same name and value are one, and so is the same memory."""
        own = plain(value)
        array = np.array(own)
        for known, source in zip(self.given, self.sources, strict=True):
            same = known.wish == wish if kind == "setting" else _same_memory(source, own)
            if same and known.kind == kind and np.array_equal(known.value, array):
                return known
        quantity = Quantity(array, kind, wish)
        self.given.append(quantity)
        self.sources.append(own)
        return quantity

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Wrap the sheet's functions and the model's parts, as long as the block lasts."""
        with WATCHING:
            originals = {name: getattr(functions, name) for name in FORMULAS}
            try:
                for name, function in originals.items():
                    setattr(functions, name, self._watched(name, function))
                with observed(self.model, self._after_part, self._before_part):
                    yield
            finally:
                for name, function in originals.items():
                    setattr(functions, name, function)

    def _before_part(self, call: Call) -> None:
        self.part = call.name

    def _after_part(self, call: Call) -> None:
        self.part = ""
        if call.which == "backward":
            self._aim(call)
            return
        self.taken[call.name] = [given.quantity for given in call.arguments.values() if isinstance(given, Traced)]
        quantity = getattr(call.result, "quantity", None)
        if quantity is not None:
            self.results.setdefault(call.name, quantity)

    def _aim(self, call: Call) -> None:
        """Say of what a part's backward returned that it is the gradient of what its forward was given.

        The sheet's functions say so by themselves. What a part of the user's own computes with the gradient that it
        is given would pass for a gradient of the same quantity.
        """
        returned = call.result if isinstance(call.result, tuple) else (call.result,)
        upstream = [given.quantity for given in call.arguments.values() if isinstance(given, Traced) and given.quantity]
        sources = self.taken.get(call.name, [])
        for array, source in zip(returned, sources, strict=True) if len(returned) == len(sources) else ():
            quantity = getattr(array, "quantity", None)
            if source is None or quantity is None or any(quantity is given for given in upstream):
                continue
            if any(quantity.target is given.target for given in upstream):
                quantity.target = source

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(functions.AS_WRITTEN[name])  # an exercise may have put another function there

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self.asleep or threading.get_ident() != self.thread:
                return function(*arguments, **named)
            bound = dict(signature.bind(*arguments, **named).arguments)
            self.asleep = True  # one formula that calls another is one operation
            try:
                result = function(*map(plain, arguments), **{key: plain(value) for key, value in named.items()})
            finally:
                self.asleep = False
            return self._record(name, function, bound, result)

        return call

    def _record(self, name: str, function: Callable[..., Any], bound: Mapping[str, Any], result: Any) -> Any:
        """Record a call of one of the sheet's functions, and return its results as traced arrays."""
        if self.push is not None:
            return self._pushed(result)
        part = self.part
        references = {argument: self._reference(value, argument) for argument, value in bound.items()}
        forward = name.removesuffix("_backward")
        if name == forward:
            self.calls.setdefault((part, name), []).append(references)
        else:  # grad_b belongs to a b that only the forward was given
            references = {**self._forward_of(self.calls.get((part, forward), []), references), **references}
        results = list(result) if isinstance(result, tuple) else [result]
        *on_the_way, last = [read(line) for line in FORMULAS[name]]
        returned = [*on_the_way[len(on_the_way) - len(results) + 1 :], last]
        for equation in on_the_way[: len(on_the_way) - len(results) + 1]:
            bound_equation, _ = self._bind(equation, references)
            value = evaluate(bound_equation, _values(bound_equation))
            references[equation.name] = self._known_or_new(name, function, equation, bound_equation, value, part), False
        traced = []
        for equation, value in zip(returned, results, strict=True):
            target, flipped = references.get(equation.name.removeprefix("grad_"), (None, False))
            bound_equation, _ = self._bind(equation, references, flipped)
            value = np.array(value.T if flipped else value, np.float64)
            new = self._new(name, function, equation.name, bound_equation, value, part, result=True)
            quantity = self._computed(new)
            quantity.target = target if equation.name.startswith("grad_") else None
            array = self.traced(quantity.value.copy(), quantity)
            traced.append(array.T if flipped else array)
        return tuple(traced) if isinstance(result, tuple) else traced[0]

    def _forward_of(self, calls: Sequence[dict[str, Any]], references: Mapping[str, Any]) -> dict[str, Any]:
        """Return the last of these calls that shares what a backward was given; else, the last of all."""
        shared = ({argument for argument in references if argument in call} for call in calls)
        matching = [
            call for call, names in zip(calls, shared, strict=True)
            if all(call[name][0] is references[name][0] for name in names)
        ]  # fmt: skip
        return [{}, *calls, *matching][-1]

    def _known_or_new(
        self, name: str, function: Callable[..., Any], equation: Equation, bound: Equation, value: Array, part: str
    ) -> Quantity:
        """Return the quantity on the way that this equation gives, which another formula may have met already."""
        for known in self.quantities:
            if known.equation == bound and known not in self.computed:
                return known
        return self._new(name, function, equation.name, bound, value, part)

    def _new(
        self, name: str, function: Callable[..., Any], wish: str, equation: Equation, value: Array, part: str,
        result: bool = False,
    ) -> Quantity:  # fmt: skip
        where, code = lines_of(function, wish, result)
        agrees = _agrees(equation, value)
        self.quantities.append(Quantity(value, self.which, wish, equation, None, part, name, where, code, agrees))
        return self.quantities[-1]

    def _computed(self, quantity: Quantity) -> Quantity:
        if self.push is not None and self.push[0] == len(self.computed):
            quantity.value.reshape(-1)[self.push[1]] += self.push[2]
        self.computed.append(quantity)
        return quantity

    def _pushed(self, result: Any) -> Any:
        """Return the results of a function as traced arrays, one of them pushed; nothing else is of interest then."""
        results = result if isinstance(result, tuple) else (result,)
        quantities = [self._computed(Quantity(np.array(value, np.float64), self.which, "")) for value in results]
        traced = tuple(self.traced(quantity.value, quantity) for quantity in quantities)
        return traced if isinstance(result, tuple) else traced[0]

    def operation(self, name: str, inputs: Sequence[Any], before: Sequence[Array], result: Array) -> Quantity | None:
        """Record what an array did outside of the sheet, and return the quantity that it gave."""
        if any(isinstance(i, (int, float)) and i == 0 for i in inputs) and name == "add":
            return next((i.quantity for i in inputs if isinstance(i, Traced)), None)  # sum() begins with 0
        if name not in ELEMENTWISE:  # something of the user's own, which stands here as if it were given
            return self.give(result, "noise", "given")
        value = np.array(result, np.float64)
        if self.push is not None:
            return self._computed(Quantity(value, self.which, ""))
        part, (where, code) = self.part, calling_line()
        operands = []
        for number, given in enumerate(inputs):
            if isinstance(given, Traced) and given.quantity is not None:
                operands.append((given.quantity, given.flipped))
            elif np.ndim(given):
                operands.append((self.give(before[number] if before else given, "noise", "given"), False))
            else:
                operands.append((self.give(given, "setting", self._name_of(part, given)), False))
        target = next((quantity.target for quantity, _ in operands if quantity.target is not None), None)
        letters = _letters(result.ndim, (target or operands[0][0]).kind)
        entries = {f"u{i}": _entry(*operand, letters, result.shape) for i, operand in enumerate(operands)}
        pattern = read("y[_] = " + ELEMENTWISE[name].format("u0[_]", "u1[_]"))
        equation = Equation("", letters, replace(pattern.tree, lambda key, _: entries[key]))
        self.quantities.append(Quantity(value, self.which, "", equation, target, part, name, where, code))
        return self._computed(self.quantities[-1])

    def _name_of(self, part: str, value: Any) -> str:
        """Return what a part, or the model, calls this number."""
        for owner in (parts_of(self.model).get(part), self.model):
            for name, own in vars(owner).items() if owner is not None else ():
                if isinstance(own, float) and own == value:
                    return name
        return "factor"

    def _reference(self, value: Any, argument: str) -> tuple[Quantity, bool]:
        if isinstance(value, Traced) and value.quantity is not None:
            return value.quantity, value.flipped
        return self.give(value, "noise" if np.ndim(value) else "setting", argument), False

    def _bind(
        self, equation: Equation, references: Mapping[str, tuple[Quantity, bool]], flipped: bool = False
    ) -> tuple[Equation, list[Quantity]]:
        """Return the equation with quantities in the place of names, transposed where they are."""

        def entry(name: str, indices: list[Any]) -> Tree:
            quantity, turned = references[name]
            return ["at", quantity, indices[::-1] if turned else indices]

        indices = equation.indices[::-1] if flipped else equation.indices
        bound = Equation("", indices, replace(equation.tree, entry))
        return bound, names_in(bound.tree)


def _same_memory(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return one.__array_interface__ == other.__array_interface__


def _values(equation: Equation) -> dict[Any, Array]:
    return {quantity: quantity.value for quantity in names_in(equation.tree)}


def _agrees(equation: Equation, value: Array) -> bool:
    """Whether the formula gives what the code gave."""
    try:
        expected = evaluate(equation, _values(equation), value.shape)
    except (ValueError, IndexError):  # something of another shape
        return False
    return bool(np.allclose(value, expected, rtol=1e-9, atol=1e-12, equal_nan=True))


def _letters(ndim: int, kind: str) -> tuple[str, ...]:
    return {0: (), 1: ("j",), 2: MATRIX if kind == "parameter" else ROWS}.get(ndim, ("n", "i", "j", "k")[:ndim])


def _entry(quantity: Quantity, flipped: bool, letters: tuple[str, ...], shape: tuple[int, ...]) -> Tree:
    """Return the entry of an operand that belongs to an entry of the result, as NumPy's broadcasting has it."""
    own = quantity.value.shape[::-1] if flipped else quantity.value.shape
    skipped = len(letters) - len(own)
    indices: list[Any] = [i if n == m else 0 for i, n, m in zip(letters[skipped:], own, shape[skipped:], strict=True)]
    return ["at", quantity, indices[::-1] if flipped else indices]
