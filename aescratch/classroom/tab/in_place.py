"""A check of a student's file in this interpreter, with the answer that one in a process of its own gives.

    file -> what may be changed is kept -> looking.look, under a clock -> Outcome;   what was changed is put back
"""

import builtins
import contextlib
import io
import math
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TextIO

import numpy as np

from aescratch import functions
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.looking import look
from aescratch.classroom.outcome import KEPT, Ended, Outcome, stopped
from aescratch.classroom.tab.clock import Tell, clock
from aescratch.foundations.sources import is_others

# In which students' code may replace a name.
PATCHED: tuple[ModuleType, ...] = (builtins, math, time, np, np.random, np.linalg, functions)
SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # where Python starts anew


def check_in_place(exercise: Exercise, path: Path, seconds: float, tell: Tell | None = None) -> Outcome:
    """Return what the checks of an exercise say of a student's file, in this interpreter.

    From Python 3.12 on a loop without an end is stopped after so many seconds; `tell` gets the lines that run and
    the beginning of what is printed, so that whoever ends this interpreter from outside knows them.
    """
    path, exercise = path.resolve(), replace(exercise, folder=exercise.folder.resolve())  # the code runs elsewhere
    printed = Beginning(KEPT, tell)
    with confined(path.parent, printed):
        try:
            with clock(path, seconds, tell):
                outcome = look(exercise, path)
        except Ended as ended:  # while the checks weren't waiting for the student's code
            outcome = stopped(ended.kind, ended.message, ended.line)
    outcome.printed = printed.text
    return outcome


class Beginning(io.TextIOBase):
    """A stream that keeps the first bytes of what is written, and passes them on as they come."""

    def __init__(self, most: int, tell: Tell | None = None) -> None:
        self.kept, self.most, self.pass_on = b"", most, tell

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep as much of a text as there is room for."""
        if beginning := text[: self.most - len(self.kept)]:
            self.kept = (self.kept + beginning.encode("utf-8", "replace"))[: self.most]
            if self.pass_on is not None:
                self.pass_on("printed", beginning)
        return len(text)

    @property
    def text(self) -> str:
        """What was kept."""
        return self.kept.decode("utf-8", "replace")


@contextlib.contextmanager
def confined(folder: Path, printed: Beginning) -> Iterator[None]:
    """Let code run as in a process of its own that was started in a folder, and put back what it changed.

    It prints into a stream. Nobody answers what asks for input. Modules that it imported from the folder are forgotten.
    """
    modules, names = set(sys.modules), {module: dict(vars(module)) for module in PATCHED}
    where, paths, arguments, limit = os.getcwd(), list(sys.path), list(sys.argv), sys.getrecursionlimit()
    environment, errors, state, before = dict(os.environ), np.geterr(), np.random.get_state(), sys.stdin  # noqa: NPY002, it is theirs
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.resetwarnings()
        for category in SILENT:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = _to_stderr  # wherever a notebook sends them
        sys.stdin = io.StringIO()
        sys.path.insert(0, str(folder))
        os.chdir(folder)
        try:
            yield
        finally:
            sys.stdin = before
            os.chdir(where)
            sys.path[:], sys.argv[:] = paths, arguments
            sys.setrecursionlimit(limit)
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)
            np.seterr(**errors)
            np.random.set_state(state)  # noqa: NPY002
            for module, held in names.items():
                _restore(vars(module), held)
            for name in set(sys.modules) - modules:
                file = getattr(sys.modules[name], "__file__", None)
                if file and is_others(file):
                    del sys.modules[name]


def _to_stderr(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
    line: str | None = None,
) -> None:  # fmt: skip
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def _restore(names: dict[str, object], held: dict[str, object]) -> None:
    """Put back what stood under each name; names that are new are left, as they may have been imported."""
    for name, value in held.items():
        if names.get(name, names) is not value:
            names[name] = value
