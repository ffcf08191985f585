"""One training step of a model, as its parts saw it: what each was given and returned, and the truth about it.

    loss, backward --observed--> Passes: a part's forward call beside its backward call, all arrays copied
    Step.truth(...)              how the loss really depends on what a part's forward returned, or on a parameter
"""

from __future__ import annotations

import copy
import inspect
import pathlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck.deadline import limited
from aescratch.inspection.gradcheck.findings import PACKAGE
from aescratch.inspection.gradcheck.localise.oracle import Comparison, Evaluation, compare
from aescratch.inspection.gradcheck.surrogates import patterns
from aescratch.inspection.recording import Call, observed
from aescratch.training.contract import parts_of

TIME_LIMIT = 60.0  # seconds; it has run within its own limit before, but may run longer in its nth call
LEFT_OVER_SEED = 12345  # of the numbers that stand in parameter.grad before the pass: backward is to overwrite them


@dataclass(eq=False)
class Passes:
    """A part's forward call, and its backward call if there was one.

    Attributes
    ----------
    name : str
        The part's, as in `model.parts`.
    part : Part
        The part itself.
    arguments : dict
        What forward was given: copies of arrays, generators in the state that they had.
    originals : list
        The arrays of the pass themselves that forward was given, and last the one that it returned.
    result : Any
        What it returned, a copy.
    upstream : Any
        What backward was given; None for a term of the objective.
    returned : Any
        What backward returned, a copy.
    order : int
        Which backward call of the step it was, from 0; -1 if there was none.
    place : tuple
        File and line of the code that called backward.
    """

    name: str
    part: Part
    arguments: dict[str, Any]
    originals: list[Any]
    result: Any = None
    upstream: Any = None
    returned: Any = None
    order: int = -1
    place: tuple[str, int] | None = None

    @property
    def is_term(self) -> bool:
        """Whether forward returns a number."""
        return np.ndim(self.result) == 0


@dataclass(eq=False)
class Again:
    """A call too many: a part's forward within the model's backward, or one of its backward more often than forward's.

    Attributes
    ----------
    name : str
        The part's.
    given : Any
        What it was given first, a copy.
    returned : Any
        What it returned, a copy.
    place : tuple
        File and line of the code that called it.
    """

    name: str
    given: Any
    place: tuple[str, int] | None
    returned: Any = None


@dataclass
class Step:
    """A step of a model with a batch, its noise frozen by a seed.

    Attributes
    ----------
    passes : list of Passes
        A part's forward calls in the loss, each beside its backward call.
    again : list of Again
        Calls of a part's backward beyond one for each forward.
    stale : dict
        By the part's name the forward call, within the model's backward, that gave another result than those of the
        loss, and which the next backward of this part then works with.
    """

    model: Any
    batch: Sequence[Array]
    seed: int
    passes: list[Passes] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    stale: dict[str, Again] = field(default_factory=dict)
    left_over: dict[str, Array] = field(default_factory=dict)
    gradients: dict[str, Array] = field(default_factory=dict)
    in_backward: bool = False
    _late: dict[str, Again] = field(default_factory=dict)

    def take(self) -> None:
        """Carry it out, and keep what was seen."""
        rng = np.random.default_rng(LEFT_OVER_SEED)
        for parameter in self.model.parameters:
            self.left_over[parameter.name] = rng.standard_normal(parameter.shape)
            parameter.grad[...] = self.left_over[parameter.name]
        with observed(self.model, self._after, self._before):
            self.model.loss(*self.batch, rng=self.seed)
            self.in_backward = True
            limited(self.model.backward, TIME_LIMIT)
        self.gradients = {parameter.name: parameter.grad.copy() for parameter in self.model.parameters}

    def _before(self, call: Call) -> None:
        given = copy.deepcopy(next(iter(call.arguments.values()), None))
        if call.which == "forward" and self.in_backward:
            self._late[call.name] = Again(call.name, given, _caller())
            return
        if call.which == "forward":
            originals = [value for value in call.arguments.values() if isinstance(value, np.ndarray)]
            self.passes.append(Passes(call.name, call.part, copy.deepcopy(call.arguments), originals))
            return
        # What was called several times goes back from its last call; a second backward of one call isn't looked at.
        late = self._late.get(call.name)
        if late is not None and call.name not in self.stale and self._differs(late):
            self.stale[call.name] = late
        seen = next((each for each in reversed(self.passes) if each.name == call.name and each.order < 0), None)
        if seen is not None:
            seen.order = 1 + max(each.order for each in self.passes)
            seen.upstream = given
            seen.place = _caller()
        elif any(each.name == call.name for each in self.passes):
            self.again.append(Again(call.name, given, _caller()))

    def _differs(self, late: Again) -> bool:
        """Whether a forward call gave another result than every one of this part in the loss."""
        results = [each.result for each in self.passes if each.name == late.name and each.part.remembers]
        return bool(results) and not any(np.array_equal(result, late.returned) for result in results)

    def _after(self, call: Call) -> None:
        if call.which == "forward" and self.in_backward:
            self._late[call.name].returned = copy.deepcopy(call.result)
            return
        if call.which == "forward":
            seen = next(each for each in reversed(self.passes) if each.name == call.name)
            seen.originals.append(call.result)
            seen.result = copy.deepcopy(call.result)
            return
        done = max((each for each in self.passes if each.name == call.name), key=lambda each: each.order, default=None)
        if self.again and self.again[-1].name == call.name and self.again[-1].returned is None:
            self.again[-1].returned = copy.deepcopy(call.result)
        elif done is not None and done.returned is None:
            done.returned = copy.deepcopy(call.result)

    @property
    def backward_order(self) -> list[Passes]:
        """The passes whose backward was called, in that order."""
        return sorted((each for each in self.passes if each.order >= 0), key=lambda each: each.order)

    def truth_of_result(self, passes: Passes, given: Any) -> Comparison:
        """Compare what is given with how the loss depends on what a part's forward returned."""
        number = [each for each in self.passes if each.name == passes.name].index(passes)
        change = np.zeros(np.shape(passes.result))
        calls = 0

        def add_change(call: Call) -> Any:
            nonlocal calls
            if call.which != "forward" or call.name != passes.name:
                return None
            calls += 1
            return call.result + change if calls - 1 == number else None

        def evaluate() -> Evaluation:
            nonlocal calls
            calls = 0
            with observed(self.model, add_change):
                return self._loss()

        return compare(evaluate, change, [given], np.random.default_rng(self.seed))

    def truth_of_parameter(self, parameter: Parameter) -> Comparison:
        """Compare the gradient that the step left with how the loss depends on a parameter."""
        given = [self.gradients[parameter.name]]
        return compare(self._loss, parameter.value, given, np.random.default_rng(self.seed))

    def _loss(self) -> Evaluation:
        value = float(self.model.loss(*self.batch, rng=self.seed))
        return np.array([value]), patterns(parts_of(self.model).values())


def _caller() -> tuple[str, int] | None:
    """Return file and line of the code, of the model or of what it calls, that is calling a part's backward."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        inside = isinstance(frame.f_locals.get("self"), (Part, Step))
        file = pathlib.Path(frame.f_code.co_filename)
        if not inside and not (file.name == "recording.py" and PACKAGE in file.parents):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def place_of(function: Any) -> tuple[str, int] | None:
    """Return file and first line of a function, a method or a callable object, where they can be known."""
    function = inspect.unwrap(function)
    function = getattr(function, "func", function)  # a functools.partial
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None and callable(function):
        code = getattr(type(function).__call__, "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)
