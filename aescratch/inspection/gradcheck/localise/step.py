"""One training step of a model, part by part: the arguments and results of each, and the truth about them.

    loss, backward --observed--> Seen: a part's forward call, with its backward call, all arrays copied
    Step.slopes_of_...           how the loss really depends on the output of a part's forward, or on a parameter
"""

from __future__ import annotations

import copy
import inspect
import itertools
import pathlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck.deadline import limited
from aescratch.inspection.gradcheck.findings import is_ours
from aescratch.inspection.gradcheck.lines.scene import Slopes, directions_in, gradient_of, moving, size_of, slopes_along
from aescratch.inspection.recording import Call, observed

TIME_LIMIT = 60.0  # seconds; the first call stayed within its limit, but a later one may take longer
FEW, MANY = 3, 24  # directions that show whether a gradient is wrong, and that show what it is made of
MOST_ENTRIES = 130  # looked at one by one if those directions cross kinks, as at a code with zeros


@dataclass(eq=False)
class Seen:
    """A call of a part's forward or backward: the place of its caller, and copies of arguments and results."""

    name: str
    part: Part
    which: str
    in_backward: bool  # whether the model's backward made the call
    place: tuple[str, int] | None
    arguments: dict[str, Any]  # copies of arrays, and generators in their state then
    originals: dict[str, Array]  # the argument arrays themselves
    original_result: Any = None  # and the result itself
    result: Any = None
    backward: Seen | None = None  # the backward call that belongs to a forward call
    order: int = -1  # the number of this backward call in the step, from 0; -1 if there was none

    @property
    def given(self) -> Any:
        """The first argument."""
        return next(iter(self.arguments.values()), None)

    @property
    def upstream(self) -> Any:
        """The argument of backward; None for a term of the objective."""
        return self.backward.given if self.backward else None

    @property
    def returned(self) -> Any:
        """The result of backward."""
        return self.backward.result if self.backward else None

    @property
    def called_back_at(self) -> tuple[str, int] | None:
        """File and line of the code that called backward."""
        return self.backward.place if self.backward else None

    @property
    def is_term(self) -> bool:
        """Whether forward returns a number."""
        return np.ndim(self.result) == 0


class Step:
    """A step of a model with a batch, its noise frozen by a seed; gradients by name, each 0 before backward."""

    model: Any
    batch: Sequence[Array]
    seed: int

    def __init__(self, model: Any, batch: Sequence[Array], seed: int) -> None:
        self.model, self.batch, self.seed = model, batch, seed
        self.passes: list[Seen] = []  # the parts' forward calls in the loss, each with its backward call
        self.backward_order: list[Seen] = []  # those with one, in the order of these calls
        self.again: list[Seen] = []  # calls of a part's backward beyond the one for each forward
        for parameter in model.parameters:
            parameter.grad[...] = 0
        self._pair_up(self._calls())
        self.gradients: dict[Any, Any] = {parameter.name: parameter.grad.copy() for parameter in model.parameters}

    def _calls(self) -> list[Seen]:
        """Run loss and backward, and return the calls of all parts in the order in which they began."""
        calls: list[Seen] = []
        unfinished: list[Seen] = []
        self.in_backward: bool = False

        def before(call: Call) -> None:
            originals = {name: value for name, value in call.arguments.items() if isinstance(value, np.ndarray)}
            given = copy.deepcopy(call.arguments)
            calls.append(Seen(call.name, call.part, call.which, self.in_backward, _caller(), given, originals))
            unfinished.append(calls[-1])

        def after(call: Call) -> None:
            seen = unfinished.pop()
            seen.original_result, seen.result = call.result, copy.deepcopy(call.result)

        with observed(self.model, after, before):
            self.model.loss(*self.batch, rng=self.seed)
            self.in_backward = True
            limited(self.model.backward, TIME_LIMIT)
        return calls

    def _pair_up(self, calls: Sequence[Seen]) -> None:
        """Find the forward call that each backward call belongs to.

        Several forward calls are matched from the last one backward; a second backward of one call is ignored.
        """
        for call in calls:
            same = [passes for passes in self.passes if passes.name == call.name]
            if call.which == "forward" and not call.in_backward:
                self.passes.append(call)
            elif call.which == "backward" and same:
                passes = next((each for each in reversed(same) if each.backward is None), None)
                if passes is None:
                    self.again.append(call)
                else:
                    passes.backward, passes.order = call, len(self.backward_order)
                    self.backward_order.append(passes)

    def slopes_of_result(self, passes: Seen, count: int = FEW) -> Slopes:
        """Return the slopes of the loss along directions in the output of a part's forward."""
        return self._slopes(self._moving(passes), np.asarray(passes.result), count)

    def gradient_of_result(self, passes: Seen) -> Array:
        """Return the gradient of the loss with respect to the output of a part's forward, entry by entry."""
        return gradient_of(self._moving(passes), np.asarray(passes.result))

    def _moving(self, passes: Seen) -> Callable[[Array], float]:
        """Return the loss as a function of a change of the output of a part's forward."""
        number = [each for each in self.passes if each.name == passes.name].index(passes)

        def at(change: Array) -> float:
            counted = itertools.count()

            def add_change(call: Call) -> Any:
                is_it = call.which == "forward" and call.name == passes.name and next(counted) == number
                return call.result + change if is_it else None

            with observed(self.model, add_change):
                return self._loss()

        return at

    def slopes_of_parameter(self, parameter: Parameter, count: int = FEW) -> Slopes:
        """Return the slopes of the loss along directions in a parameter."""
        with moving(parameter.value, self._loss) as at:
            return self._slopes(at, parameter.value, count)

    def _slopes(self, at: Callable[[Array], float], array: Array, count: int) -> Slopes:
        return slopes_in(at, array, count, self._loss())

    def _loss(self) -> float:
        return float(self.model.loss(*self.batch, rng=self.seed))


def slopes_in(at: Callable[[Array], float], array: Array, count: int, value: float) -> Slopes:
    """Return the slopes along random directions in an array, or, if these cross kinks, along some of its entries."""
    directions, unit = directions_in(array.shape, count), size_of(array)
    slopes = slopes_along(at, directions, unit, value)
    if np.isfinite(slopes.values).all():
        return slopes
    entries = np.random.default_rng(0).permutation(array.size)[:MOST_ENTRIES]
    directions = np.zeros((len(entries), *array.shape))
    directions.reshape(len(entries), -1)[np.arange(len(entries)), entries] = 1.0
    return slopes_along(at, directions, unit, value)


def _caller() -> tuple[str, int] | None:
    """Return file and line of the code, in the model or below, that is calling a part's backward."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        inside = isinstance(frame.f_locals.get("self"), (Part, Step))
        file = frame.f_code.co_filename
        if not inside and not (pathlib.Path(file).name == "recording.py" and is_ours(file)):
            return file, frame.f_lineno
        frame = frame.f_back
    return None


def place_of(function: Any) -> tuple[str, int] | None:
    """Return file and first line of a function, a method or a callable object, or None if unknown."""
    function = inspect.unwrap(function)
    function = getattr(function, "func", function)  # a functools.partial
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None and callable(function):
        code = getattr(type(function).__call__, "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)
