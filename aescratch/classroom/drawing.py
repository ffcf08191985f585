"""What the checks of an exercise draw: enough for nobody to know it, and for every mistake to show.

    checks run on the solution, at a seed -> the calls of its functions, the forwards differentiated -> sentences
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import Ended
from aescratch.classroom.trying import in_time
from aescratch.inspection.gradcheck.binding import copied

SHAPES = re.compile(r"^([\w, ]+) : array(?: of \w+)? \(([\w, ]+)\)", re.MULTILINE)


@dataclass
class Draw:
    """What the checks did with the solution at one seed."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # function, arguments by name
    forwards: list[tuple[Callable[..., Any], dict[str, Any]]] = field(default_factory=list)  # and their inputs
    is_global: bool = False  # whether Python's or NumPy's global random numbers were drawn from

    def as_texts(self) -> list[str]:
        """Return each argument, but for upstream gradients, as a text that tells it from others."""
        return [_as_text(value) for _, named in self.calls for name, value in named.items() if name[:5] != "grad_"]


def draw(exercise: Exercise, seed: int) -> Draw:
    """Run the checks on the solution, as far as they go, and note what they draw."""
    drawn, checks = Draw(), exercise.checks

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*values: Any, **named: Any) -> Any:
            names = [*inspect.signature(function).parameters]
            drawn.calls.append((name, copied({**dict(zip(names, values, strict=False)), **named})))
            return function(*values, **named)

        return noted

    def differentiating(backward: Any, forward: Any, inputs: Any, *rest: Any, **options: Any) -> Any:
        drawn.forwards.append((forward, copied(inputs)))
        return check_backward(backward, forward, inputs, *rest, **options)

    check_backward: Any = getattr(checks, "check_backward", None)
    if check_backward is not None:
        checks.check_backward = differentiating  # type: ignore[attr-defined]
    before = _global_state()
    try:
        in_time(lambda: list(exercise.reports_on(exercise.shown_solution, seed, noting, checks)))
    except (Exception, Ended) as error:  # said where the outcome at this seed is
        drawn.calls.append(("", {"error": str(error)}))
    drawn.is_global = _global_state() != before
    return drawn


def drawing_problems(exercise: Exercise, seed: int, other: int) -> list[str]:
    """Return a sentence if the inputs don't follow from the seed, or follow from nothing else."""
    first, name = draw(exercise, seed), exercise.name
    if first.is_global or first.as_texts() != draw(exercise, seed).as_texts():
        what = "its checks draw from global random numbers, or otherwise not from the seed alone"
        return [f"{name}: {what}; draw everything from np.random.default_rng(seed)"]
    if first.as_texts() == draw(exercise, other).as_texts():
        what = "its checks draw the same inputs at every seed, and so the expected numbers can be written down"
        return [f"{name}: {what}; draw them from check's seed"]
    return []


def size_problems(exercise: Exercise, drawn: Draw) -> list[str]:
    """Return a sentence for axes with different letters in the docstring that have the same size in every call."""
    problems = []
    for name, letters in _letters(exercise).items():
        equal: dict[tuple[str, str], bool] = {}
        for named in (named for function, named in drawn.calls if function == name):
            sizes = {
                letter: size for argument, axes in letters.items()
                if len(shape := getattr(named.get(argument), "shape", ())) == len(axes)
                for letter, size in zip(axes, shape, strict=True) if not letter.isdecimal()
            }  # fmt: skip
            for pair in itertools.combinations(sorted(sizes), 2):
                equal[pair] = equal.get(pair, True) and sizes[pair[0]] == sizes[pair[1]]
        problems += [
            f"{exercise.name}: its checks draw {a} and {b} of {name} equal, so that nobody notices when they are "
            "exchanged; take sizes that are distinct primes"
            for (a, b), same in equal.items() if same
        ]  # fmt: skip
    return problems


def forward_problems(exercise: Exercise, drawn: Draw) -> list[str]:
    """Return a sentence for a function of the stub that gives other values than the checks' own of this name."""
    shown = vars(exercise.module_of(exercise.stub))
    wrong = {}
    for forward, inputs in drawn.forwards:
        name = getattr(forward, "__name__", "")
        if inspect.isfunction(shown.get(name)) and name not in exercise.checks.FUNCTIONS:
            try:
                theirs, ours = (in_time(functools.partial(each, **copied(inputs))) for each in (shown[name], forward))
            except (Exception, Ended):  # it has a hole, or takes other arguments, and so is another function
                continue
            if not _agree(theirs, ours):
                wrong[name] = "that students are shown gives other values than the checks' own; make them the same"
    return [f"{exercise.name}: the {name} {sentence}" for name, sentence in wrong.items()]


def _letters(exercise: Exercise) -> dict[str, dict[str, list[str]]]:
    """Return the letters of each axis, by function and argument, as the docstrings give them."""
    found = {}
    for node in ast.parse(exercise.stub).body:
        if isinstance(node, ast.FunctionDef):
            parts = SHAPES.findall(ast.get_docstring(node) or "")
            words = [(re.findall(r"\w+", names), re.findall(r"\w+", shape)) for names, shape in parts]
            found[node.name] = {name: shape for names, shape in words for name in names}
    return found


def _agree(one: Any, other: Any) -> bool:
    """Whether two results, arrays or tuples of them, have the same shapes and, to rounding, the same values."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(_agree, one, other))
    return np.shape(one) == np.shape(other) and np.allclose(one, other, 1e-9, 1e-12)


def _global_state() -> tuple[Any, ...]:
    _, keys, *place = np.random.get_state()  # noqa: NPY002
    return random.getstate(), np.asarray(keys).tobytes(), place


def _as_text(value: Any) -> str:
    """Return an argument as a text that tells it from others; of functions, nothing but their type."""
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    return repr(value.tolist() if isinstance(value, np.ndarray) else type(value) if callable(value) else value)
