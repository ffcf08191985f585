"""Try a text as a student's file, in this process, and report an unexpected outcome.

    text -> look -> Outcome -> nothing, or a sentence for the teacher
    the checks run on the solution, at a seed -> Draw: the calls of its functions, and the forwards differentiated
"""

import contextlib
import functools
import inspect
import io
import random
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.looking import look
from aescratch.classroom.outcome import NOT_BEGUN, RAISED, TIMED_OUT, Ended, Outcome, still_running, stopped
from aescratch.foundations.language import gettext
from aescratch.foundations.sources import OF_COURSES, innermost, is_users
from aescratch.inspection.gradcheck.binding import copied
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited

Result = TypeVar("Result")
LONGEST = 60.0  # seconds of a trial in this process: checks take less than 10, but machines may be busy


def in_time(call: Callable[[], Result]) -> Result:
    """Return the result of a call of ours, without its output; raise `Ended` with the line if time runs out."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mistake's overflow is only a warning
            return limited(call, LONGEST)
    except OutOfTime as error:
        frame = innermost(error, lambda filename: filename in OF_COURSES or is_users(filename))
        where = gettext(" (in {file})").format(file=Path(frame.filename).name) if frame else ""
        raise Ended(TIMED_OUT, still_running(LONGEST) + where, (frame.lineno or 0) if frame else 0) from None


def tried(exercise: Exercise, text: str, seed: int = 0, explaining: bool = True) -> Outcome:
    """Return the outcome of a text as the student's file, in this process, without its output."""
    with seeking_causes(explaining), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / exercise.file_name
        path.write_text(text, encoding="utf-8")
        try:
            return in_time(lambda: look(exercise, path, seed))
        except Ended as ended:
            return stopped(ended.kind, ended.message, ended.line)
        except Exception as error:  # raised by the checks: exceptions of the text become an outcome
            message = gettext("checks.py raised {kind}: {error}").format(kind=type(error).__name__, error=error)
            return stopped(RAISED, message)


def prove_released(exercise: Exercise, handed_out: Exercise) -> list[str]:
    """Return a sentence for each thing that would go wrong for students in a released exercise."""
    stub = tried(handed_out, handed_out.stub)
    right = tried(handed_out, exercise.shown_solution)
    begins = gettext("{name}: its released stub should be reported as {kind}")
    passes = gettext("{name}: its solution should pass the released checks")
    return [
        *unless(stub.kind == NOT_BEGUN, begins.format(name=exercise.name, kind=NOT_BEGUN), stub),
        *unless(right.passed, passes.format(name=exercise.name), right),
    ]


def unless(fine: bool, should: str, outcome: Outcome) -> list[str]:
    """Return a sentence with the expected and the actual outcome, unless it is fine."""
    if fine:
        return []
    said = outcome.message or ", ".join(outcome.codes) or gettext("no details")
    where = gettext(", line {line}").format(line=outcome.line) if outcome.line else ""
    sentence = gettext("{should}, but it is {kind}{where}: {said}")
    return [sentence.format(should=should, kind=outcome.kind, where=where, said=said)]


@dataclass
class Draw:
    """What the checks did with the solution at one seed."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # function, arguments by name
    forwards: list[tuple[Callable[..., Any], dict[str, Any]]] = field(default_factory=list)  # and their inputs
    is_global: bool = False  # whether Python's or NumPy's global random numbers were used

    def as_texts(self) -> list[str]:
        """Return each argument, except upstream gradients, as a text that identifies its value."""
        return [_as_text(value) for _, named in self.calls for name, value in named.items() if name[:5] != "grad_"]


def draw(exercise: Exercise, seed: int) -> Draw:
    """Run the checks on the solution, as far as they go, and record what they draw."""
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
    except (Exception, Ended) as error:  # reported with the outcome at this seed
        drawn.calls.append(("", {"error": str(error)}))
    drawn.is_global = _global_state() != before
    return drawn


def _global_state() -> tuple[Any, ...]:
    _, keys, *place = np.random.get_state()  # noqa: NPY002
    return random.getstate(), np.asarray(keys).tobytes(), place


def _as_text(value: Any) -> str:
    """Return an argument as a text that identifies its value; for functions, only their type."""
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    return repr(value.tolist() if isinstance(value, np.ndarray) else type(value) if callable(value) else value)
