"""Recording a pass: arrays that know their origin, and the sheet's functions, which are wrapped meanwhile.

    model.loss(Traced x) -> functions.dense(...) --watched--> Quantity a1 = Σ x W + b, as a Traced array -> ...
                         -> grad_h += ...        --seen by the array itself--> Quantity grad_h1 = ... + ...

The model knows nothing about it. A layer calls its formulas through the module `aescratch.functions`, where they are
wrapped during the recording, in this thread. Computations between two such calls are operations on arrays, and a
`Traced` array records its own. `aescratch.inspection.recording` distinguishes the parts.
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
from aescratch.inspection.recording import Call, instead, observed
from aescratch.inspection.tracing.arrays import Quantity, Traced, outcome, plain
from aescratch.inspection.tracing.code import calling_line, lines_of
from aescratch.inspection.tracing.formulas import ELEMENTWISE, FORMULAS
from aescratch.inspection.tracing.language import Equation, Tree, read, replace
from aescratch.training.contract import parts_of

WATCHING = threading.RLock()  # one recording at a time: all threads share the sheet's functions
ROWS, MATRIX = ("n", "j"), ("i", "j")
References = dict[str, tuple[Quantity, bool]]  # by their names in a formula, with a flag for transposed arrays


@dataclass
class Recorder:
    """All computed quantities, in order; `push` moves one entry of one of them, for a difference quotient."""

    model: Any
    push: tuple[int, int, float] | None = None
    quantities: list[Quantity] = field(default_factory=list)
    given: list[Quantity] = field(default_factory=list)
    sources: list[Any] = field(default_factory=list)  # their arrays, kept alive so that their ids stay unique
    computed: list[Quantity] = field(default_factory=list)  # results of the code, not of an intermediate formula
    results: dict[str, Quantity] = field(default_factory=dict)
    taken: dict[str, list[Quantity | None]] = field(default_factory=dict)  # of the last forward of each part
    calls: dict[tuple[str, str], list[References]] = field(default_factory=dict)  # all forwards of each part
    thread: int = field(default_factory=threading.get_ident)
    which: str = "forward"
    part: str = ""
    asleep: bool = False

    def restart(self, push: tuple[int, int, float]) -> None:
        """Clear the record, and set the push of the next pass."""
        self.push = push
        for kept in (self.quantities, self.computed, self.given, self.sources, self.results, self.taken, self.calls):
            kept.clear()

    def traced(self, value: Array, quantity: Quantity | None) -> Traced:
        """Return the array as a traced array that holds this quantity."""
        array = value.view(Traced)
        array.quantity, array.record = quantity, self.operation
        return array

    def give(self, value: Any, kind: str, wish: str) -> Quantity:
        """Return a given quantity; numbers of the same name and value are one quantity, and so is the same memory."""
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
        """Wrap the sheet's functions and the model's parts within the block."""
        with WATCHING:
            watched = {name: self._watched(name, getattr(functions, name)) for name in FORMULAS}
            with instead(functions, **watched), observed(self.model, self._after_part, self._before_part):
                yield

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
        """Mark the result of a part's backward as the gradient of its forward's input.

        The sheet's functions state their targets. Without this, the result of a user's part would count as a gradient
        of the same quantity as its upstream gradient.
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
        signature = inspect.signature(functions.AS_WRITTEN[name])  # an exercise may have replaced the function

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self.asleep or threading.get_ident() != self.thread:
                return function(*arguments, **named)
            bound = dict(signature.bind(*arguments, **named).arguments)
            self.asleep = True  # a formula that calls another is one operation
            try:
                result = function(*map(plain, arguments), **{key: plain(value) for key, value in named.items()})
            finally:
                self.asleep = False
            return self._record(name, function, bound, result)

        return call

    def _record(self, name: str, function: Callable[..., Any], bound: Mapping[str, Any], result: Any) -> Any:
        """Record a call of one of the sheet's functions, and return its results as traced arrays."""
        results = result if isinstance(result, tuple) else (result,)
        if self.push is None:
            traced = self._explained(name, function, bound, results)
        else:
            quantities = [self._pushed(value) for value in results]
            traced = [
                self.traced(quantity.value.astype(np.asarray(value).dtype), quantity)
                for quantity, value in zip(quantities, results, strict=True)
            ]
        return tuple(traced) if isinstance(result, tuple) else traced[0]

    def _explained(
        self, name: str, function: Callable[..., Any], bound: Mapping[str, Any], results: Sequence[Any]
    ) -> list[Traced]:
        """Return the results of a function as quantities, each with its formula."""
        references = {argument: self._reference(value, argument) for argument, value in bound.items()}
        forward = name.removesuffix("_backward")
        if name == forward:
            self.calls.setdefault((self.part, name), []).append(references)
        else:  # grad_b belongs to a b that only the forward gets
            references = {**self._forward_of(forward, references), **references}
        lines = [read(line) for line in FORMULAS[name]]
        for line in lines[: -len(results)]:
            references[line.name] = self._on_the_way(name, function, line, references), False
        traced = []
        for line, value in zip(lines[-len(results) :], results, strict=True):
            target, flipped = references.get(line.name.removeprefix("grad_"), (None, False))
            own = np.array(value.T if flipped else value, np.float64)
            quantity = self._new(name, function, line.name, _bound(line, references, flipped), own, result=True)
            quantity.target = target if line.name.startswith("grad_") else None
            quantity.references = references
            self.computed.append(quantity)
            whole_numbers = np.asarray(value).dtype.kind in "biu"  # the values that choose the entries
            array = self.traced(own.astype(np.asarray(value).dtype) if whole_numbers else own.copy(), quantity)
            traced.append(array.T if flipped else array)
        return traced

    def _forward_of(self, function: str, references: References) -> References:
        """Return the part's last forward call that shares arguments with a backward, or else the last of all."""
        calls = self.calls.get((self.part, function), [])
        matching = [
            call for call in calls
            if all(call[name][0] is quantity for name, (quantity, _) in references.items() if name in call)
        ]  # fmt: skip
        return [{}, *calls, *matching][-1]

    def _on_the_way(self, name: str, function: Callable[..., Any], line: Equation, references: References) -> Quantity:
        """Return the quantity of a line before the last ones, which another formula may have computed already."""
        equation = _bound(line, references)
        for known in self.quantities:
            if known.equation == equation and known not in self.computed:
                return known
        return self._new(name, function, line.name, equation, outcome(equation))

    def _new(
        self, name: str, function: Callable[..., Any], wish: str, equation: Equation, value: Array,
        result: bool = False,
    ) -> Quantity:  # fmt: skip
        where, code = lines_of(function, wish, result)
        agrees = _agrees(equation, value)
        self.quantities.append(Quantity(value, self.which, wish, equation, None, self.part, name, where, code, agrees))
        return self.quantities[-1]

    def _pushed(self, value: Any) -> Quantity:
        """Return a computed quantity, with an entry moved if it is the pushed one; the rest is left out."""
        quantity = Quantity(np.array(value, np.float64), self.which, "")
        if self.push is not None and self.push[0] == len(self.computed):
            quantity.value.reshape(-1)[self.push[1]] += self.push[2]
        self.computed.append(quantity)
        return quantity

    def operation(self, name: str, inputs: Sequence[Any], before: Sequence[Array], result: Array) -> Quantity | None:
        """Record an operation of an array outside of the sheet, and return its quantity."""
        if name == "add" and any(isinstance(given, (int, float)) and given == 0 for given in inputs):  # sum() starts so
            return next((given.quantity for given in inputs if isinstance(given, Traced)), None)
        if name not in ELEMENTWISE:  # an operation of the user's code, whose result counts as given
            return self.give(result.copy(), "noise", "given")
        if self.push is not None:
            quantity = self._pushed(result)
            np.copyto(result, quantity.value, casting="unsafe")
            return quantity
        where, code = calling_line()
        operands = []
        for given, was in zip(inputs, before or inputs, strict=True):
            wish = "given" if np.ndim(given) or isinstance(given, Traced) else self._name_of(given)
            operands.append(self._reference(given, wish, was))
        target = next((quantity.target for quantity, _ in operands if quantity.target is not None), None)
        letters = _letters(result.ndim, (target or operands[0][0]).kind)
        entries = {f"u{i}": _entry(*operand, letters, result.shape) for i, operand in enumerate(operands)}
        pattern = read("y[_] = " + ELEMENTWISE[name].format("u0[_]", "u1[_]"))
        equation = Equation("", letters, replace(pattern.tree, lambda key, _: entries[key]))
        value = np.array(result, np.float64)
        self.quantities.append(Quantity(value, self.which, "", equation, target, self.part, name, where, code))
        self.computed.append(self.quantities[-1])
        return self.quantities[-1]

    def _name_of(self, value: Any) -> str:
        """Return the name of this number in the running part or the model."""
        for owner in (parts_of(self.model).get(self.part), self.model):
            for name, own in vars(owner).items() if owner is not None else ():
                if isinstance(own, float) and own == value:
                    return name
        return "factor"

    def _reference(self, value: Any, wish: str, before: Any = None) -> tuple[Quantity, bool]:
        if isinstance(value, Traced) and value.quantity is not None:
            return value.quantity, value.flipped
        return self.give(value if before is None else before, "noise" if np.ndim(value) else "setting", wish), False


def _bound(line: Equation, references: References, flipped: bool = False) -> Equation:
    """Return the equation with quantities in place of names, transposed where necessary."""

    def entry(name: str, indices: list[Any]) -> Tree:
        quantity, turned = references[name]
        return ["at", quantity, indices[::-1] if turned else indices]

    return Equation("", line.indices[::-1] if flipped else line.indices, replace(line.tree, entry))


def _same_memory(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return one.__array_interface__ == other.__array_interface__


def _agrees(equation: Equation, value: Array) -> bool:
    """Whether the formula agrees with the code's result."""
    try:
        expected = outcome(equation, value.shape)
    except (ValueError, IndexError):  # an array of another shape
        return False
    return bool(np.allclose(value, expected, rtol=1e-9, atol=1e-12, equal_nan=True))


def _letters(ndim: int, kind: str) -> tuple[str, ...]:
    return {0: (), 1: ("j",), 2: MATRIX if kind == "parameter" else ROWS}.get(ndim, ("n", "i", "j", "k")[:ndim])


def _entry(quantity: Quantity, flipped: bool, letters: tuple[str, ...], shape: tuple[int, ...]) -> Tree:
    """Return the entry of an operand that belongs to an entry of the result, by NumPy's broadcasting."""
    own = quantity.value.shape[::-1] if flipped else quantity.value.shape
    skipped = len(letters) - len(own)
    indices: list[Any] = [i if n == m else 0 for i, n, m in zip(letters[skipped:], own, shape[skipped:], strict=True)]
    return ["at", quantity, indices[::-1] if flipped else indices]
