"""The functions that a notebook's cells call: they judge the source of the cell that defines a function.

    namespace -> function -> the cell that it was written in -> check_file, or judge and marks -> an answer, points

The student's code could change anything in the notebook's own process. So only the cell's text is judged, in another
process: an endless loop ends there, and the package, which contains the answers, can't be imported. Therefore a cell
must contain everything that its function needs. In a browser, as in JupyterLite, there are no other processes:
`check_here` then checks the text in this one, for practice, and points are refused.
"""

import contextlib
import functools
import inspect
import io
import linecache
import re
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aescratch.classroom.answering import answer
from aescratch.classroom.exercise import Exercise, read_course
from aescratch.classroom.grading.confinement import ELSEWHERE
from aescratch.classroom.grading.judging import judge_text
from aescratch.classroom.grading.marks import Entry, entries
from aescratch.classroom.grading.seeds import nearest_seed, seed_for
from aescratch.classroom.outcome import MISSING, Judgement, Outcome, stopped
from aescratch.classroom.running import check_file
from aescratch.classroom.workspace import COURSE, NEW
from aescratch.foundations.language import gettext, gettext_noop, in_language, with_sentences
from aescratch.foundations.platforms import require_processes

COMMAND = re.compile(r"^(\s*)get_ipython\(\)\..*$", re.MULTILINE)  # such as %timeit: for the notebook, not the cell
FILE = "cell.py"  # the cell's name in an answer


class NotRight(AssertionError):
    """Something isn't right yet; a notebook shows only the message."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows: without a traceback into this file, which doesn't help a student."""
        return str(self).splitlines()


def check_here(name: str, namespace: Mapping[str, Any]) -> None:
    """Check an exercise in the notebook that it is written in, and print the answer of ``aescratch exercises check``.

    The namespace is ``globals()``. Raises `ValueError` if there is no exercise with this name.
    """
    print(_looked_at(name, namespace)[1])


def score_here(name: str, namespace: Mapping[str, Any], points: float, course: str | None = None) -> float:
    """Return the points for an exercise in a notebook, of `points` for a right answer, and print the reasons.

    Nothing is written to the error stream. Raises `ValueError` if there is no such exercise, or no seed here or above.
    """
    marks = _marks(exercise_named(name, course), namespace)
    line = gettext("{part}: {points:g} of {of:g}; {reason}")
    for entry in marks:
        earned, of = float(entry.points), float(entry.of)
        print(line.format(part=entry.called, points=earned, of=of, reason=entry.reason))
    share = sum(entry.points for entry in marks) / sum(entry.of for entry in marks)
    # nbgrader reads the number from its text, refuses more than the maximum, and treats any other text as all points.
    return min(float(points), round(float(points * share), 6))


def require_here(
    name: str, namespace: Mapping[str, Any], part: str | None = None, least: float | None = None
) -> None:  # fmt: skip
    """Raise `NotRight`, with the reason, unless a part of an exercise, or all of it, is right in this notebook.

    `part` is its name in the marks; it is right with all its points, or with at least `least`. Without a part, the
    whole exercise is checked as by the command, and its answer is the message. Raises `ValueError` if there is no such
    exercise or part, or no seed here or above.
    """
    if part is None:
        outcome, text = _looked_at(name, namespace)
        if not outcome.passed:
            raise NotRight(text)
        return
    found = {entry.part: entry for entry in _marks(exercise_named(name), namespace)}
    if part not in found:
        message = gettext("expected a part of {name}, one of {found}, got {part!r}")
        raise ValueError(message.format(name=name, found=", ".join(found), part=part))
    if float(found[part].points) < (float(found[part].of) if least is None else least):
        raise NotRight(found[part].reason)


def exercise_named(name: str, course: str | None = None) -> Exercise:
    """Return the exercise of this name from a folder of exercises, or from the built-in ones."""
    found = {exercise.name: exercise for exercise in read_course(None if course is None else Path(course))}
    if name not in found:
        message = gettext("expected the name of an exercise, got {name!r}; there are {found}")
        raise ValueError(message.format(name=name, found=", ".join(found)))
    return found[name]


def source_of(exercise: Exercise, namespace: Mapping[str, Any]) -> str | None:
    """Return the text of the cells that define the functions of an exercise, or None if a function has no cell."""
    texts: dict[str, str] = {}
    for name in exercise.checks.FUNCTIONS:
        function = namespace.get(name)
        code = getattr(function, "__code__", None)
        if not inspect.iscode(code) or getattr(function, "__globals__", None) is not namespace:  # it was imported
            return None
        text = "".join(linecache.getlines(code.co_filename))
        texts[code.co_filename] = COMMAND.sub(r"\1pass", text)
    return "\n\n".join(texts.values()) if all(texts.values()) else None


def _missing(exercise: Exercise) -> Outcome:
    message = gettext(
        "there is no {functions} defined in this notebook with def; write it in a cell, and run that cell"
    )
    return stopped(MISSING, message.format(functions=gettext(" and ").join(exercise.checks.FUNCTIONS)))


def _looked_at(name: str, namespace: Mapping[str, Any]) -> tuple[Outcome, str]:
    """Return the outcome of the same check as the command's, and its answer."""
    handed_out = any(Path(COURSE).glob("*_*/stub.py"))  # beside the notebook; other folders may have this name
    exercise = exercise_named(name, COURSE if handed_out else None)
    source = source_of(exercise, namespace)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_text(source or "", encoding="utf-8")
        outcome = _missing(exercise) if source is None else check_file(exercise, path)
        return outcome, answer(exercise, path, outcome, NEW)


def _marks(exercise: Exercise, namespace: Mapping[str, Any]) -> list[Entry]:
    """Return the marks, without output to the error stream, for which nbgrader would give the cell no points."""
    require_processes(gettext_noop("judging a submission"), ELSEWHERE)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()), with_sentences(exercise.sentences):
        warnings.simplefilter("ignore")
        return entries(exercise, _judged(exercise, source_of(exercise, namespace), nearest_seed()))


@functools.lru_cache
@in_language("en")
def _judged(exercise: Exercise, source: str | None, seed: str) -> Judgement:
    """Return the judgement on a source, with the teacher's inputs, in English; `entries` translates it.

    It is cached, since Otter asks once for each part.
    """
    if source is None:
        return Judgement(_missing(exercise))
    text = source.encode()
    return judge_text(exercise, text, FILE, seed=seed_for(exercise, text, seed))
