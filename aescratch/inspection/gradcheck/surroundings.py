"""Side effects of code under check: it may draw from the global random state, and print.

    with watched("backward", findings): ...      a finding for each, and the random states restored
    with quiet():                                a check calls it many times: output of this thread is dropped
    with aloud(): first call                 except for this block, whose output is useful
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.report import Finding

CHANGED = gettext_noop(
    "{who} changed the global random state, which all code shares (it was restored); draw from your own "
    "numpy.random.default_rng instead"
)
DRAWS = gettext_noop(
    "{who} draws from the global random state: it got the same numbers in every call, and the state was restored; "
    "draw from your own numpy.random.default_rng instead"
)
PRINTS = gettext_noop("{who} prints; remove that when you no longer need it: a check calls it many times")
dropping: ContextVar[bool] = ContextVar("dropping", default=False)  # of a thread, and of the threads that it starts


class Counting:
    """A stream that passes everything on to another stream, if there is one, and counts the characters."""

    stream: Any
    written: int

    def __init__(self, stream: Any) -> None:
        self.stream, self.written = stream, 0

    def write(self, text: str) -> Any:
        """Write the text, and count its characters."""
        self.written += len(text)
        return len(text) if self.stream is None else self.stream.write(text)

    def flush(self) -> None:
        """Flush the other stream."""
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Quiet(Counting):
    """A stream that drops the output of quiet blocks, unless a debugger is running, whose prompt must be visible."""

    def write(self, text: str) -> Any:
        """Write the text, or drop it."""
        return len(text) if dropping.get() and sys.gettrace() is None else super().write(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what the block prints; a stream that checks in several threads leave behind drops nothing more."""
    stream = sys.stdout.stream if isinstance(sys.stdout, Quiet) else sys.stdout
    with _dropping(True), contextlib.redirect_stdout(Quiet(stream)):
        yield


def aloud() -> contextlib.AbstractContextManager[None]:
    """Let the block print, inside a quiet one."""
    return _dropping(False)


@contextlib.contextmanager
def _dropping(wanted: bool) -> Iterator[None]:
    token = dropping.set(wanted)
    try:
        yield
    finally:
        dropping.reset(token)


@contextlib.contextmanager
def watched(who: str, findings: list[Finding], severity: str = "error") -> Iterator[None]:
    """Add a finding if the block changes a global random state, which is restored, and a note if it prints."""
    out = Counting(sys.stdout)
    with kept_random_state(), contextlib.redirect_stdout(out):
        random.random()  # otherwise seeding with the same seed as before would go unnoticed
        np.random.random()  # noqa: NPY002 - the global state is what this is about
        with kept_random_state() as changed:
            try:
                yield
            finally:
                if changed():
                    findings.append(_random_state_changed(who, gettext(CHANGED), severity))
                if out.written:
                    message = gettext(PRINTS).format(who=who)
                    findings.append(Finding("prints", None, "note", message, {"by": who}))


def _random_state_changed(who: str, message: str, severity: str = "note") -> Finding:
    return Finding("changed-random-state", None, severity, message.format(who=who), {"by": who})


class Frozen:
    """Calls a function with the same global random states every time, if its first call shows that it draws from them.

    `draws` says whether it draws, None before the first call; the states are restored after each call.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.draws: bool | None = None

    def __call__(self, function: Callable[[], Any]) -> Any:
        """Return the function's result."""
        if self.draws is False:
            return function()
        with kept_random_state():
            if self.draws:
                random.seed(self.seed)
                np.random.seed(self.seed)  # noqa: NPY002 - the global state is what such a function draws from
            with kept_random_state() as changed:
                result = function()
                self.draws = bool(self.draws or changed())
        return result

    def remark(self, who: str) -> Finding:
        """Return the note on a function that draws from the global states."""
        return _random_state_changed(who, gettext(DRAWS))


@contextlib.contextmanager
def kept_random_state() -> Iterator[Any]:
    """Restore the global random states of Python and NumPy afterwards; the yielded function says if they changed."""
    ours, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global state is what this is about

    def changed() -> bool:
        now = np.random.get_state()  # noqa: NPY002
        return random.getstate() != ours or any(not np.array_equal(a, b) for a, b in zip(now, numpys, strict=True))

    try:
        yield changed
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)  # noqa: NPY002
