"""Trying a text out as a student's file, in this process, and saying what should have come.

    text -> look -> Outcome -> nothing, or a sentence for the teacher
"""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.looking import look
from aescratch.classroom.outcome import NOT_BEGUN, RAISED, Outcome, stopped


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Run without what is printed, and without warnings: a mistake's overflow is a warning, no error."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def tried(exercise: Exercise, text: str, seed: int = 0, explaining: bool = True) -> Outcome:
    """Return the outcome of a text as the student's file, in this process, without what it prints."""
    with seeking_causes(explaining), tempfile.TemporaryDirectory() as folder, quietly():
        path = Path(folder) / exercise.file_name
        path.write_text(text, encoding="utf-8")
        try:
            return look(exercise, path, seed)
        except Exception as error:  # not the text's, which an outcome tells of
            return stopped(RAISED, f"checks.py raised {type(error).__name__}: {error}")


def arguments_given(exercise: Exercise, seed: int) -> list[str]:
    """Return the arrays, generators and numbers that the checks call the solution with, one text for each."""
    given: list[str] = []

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*values: Any, **named: Any) -> Any:
            own = [value for name, value in named.items() if not name.startswith("grad_")]  # not the upstream
            given.extend(_as_text(value) for value in (*values, *own))
            return function(*values, **named)

        return noted

    with quietly():
        try:
            list(exercise.reports_on(exercise.shown_solution, seed, noting))
        except Exception as error:  # said where the outcome at this seed is
            given.append(str(error))
    return given


def _as_text(value: Any) -> str:
    """Return an argument as a text that tells it from others; of functions, nothing but their type."""
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    return repr(value.tolist() if isinstance(value, np.ndarray) else type(value) if callable(value) else value)


def prove_released(exercise: Exercise, handed_out: Exercise) -> list[str]:
    """Return a sentence for whatever a student would meet that isn't as it should be."""
    stub = tried(handed_out, handed_out.stub)
    right = tried(handed_out, exercise.shown_solution)
    name = exercise.name
    return [
        *unless(stub.kind == NOT_BEGUN, f"{name}: as it is released, its stub should be met as not begun", stub),
        *unless(right.passed, f"{name}: its solution should pass the checks as they are released", right),
    ]


def unless(fine: bool, should: str, outcome: Outcome) -> list[str]:
    """Return nothing if it is fine, and else a sentence about what should be, and what came."""
    if fine:
        return []
    said = outcome.message or ", ".join(outcome.codes) or "no more is known"
    where = f", line {outcome.line}" if outcome.line else ""
    return [f"{should}, but it is {outcome.kind}{where}: {said}"]
