"""What code under check does to the process around it: it may draw from the global random state, and print.

    with watched("backward", findings): ...      a finding for each, and the random states put back
    with quiet():                                a check calls it many times: what this thread prints is dropped
        with aloud(): first call                 but not in here, where it is worth reading
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.report import Finding

dropping: ContextVar[bool] = ContextVar("dropping", default=False)  # of a thread, and of those that it starts


class Counting:
    """A stream that passes everything on, unless there is none, and counts the characters."""

    stream: Any
    written: int

    def __init__(self, stream: Any) -> None:
        self.stream, self.written = stream, 0

    def write(self, text: str) -> Any:
        """Write the text, and count it."""
        self.written += len(text)
        return len(text) if self.stream is None else self.stream.write(text)

    def flush(self) -> None:
        """Pass on what is still waiting."""
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Quiet(Counting):
    """A stream that drops what is written where it is to, unless a debugger is at work, whose prompt has to be seen."""

    def write(self, text: str) -> Any:
        """Write the text, or drop it."""
        return len(text) if dropping.get() and sys.gettrace() is None else super().write(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what the block prints; where checks in several threads leave the stream behind, it drops nothing more."""
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
    """Add a finding if the block changes a global random state, which is put back, and a note if it prints."""
    out = Counting(sys.stdout)
    with kept_random_state(), _drawn_from() as changed, contextlib.redirect_stdout(out):
        try:
            yield
        finally:
            if changed():
                findings.append(random_state_changed(who, severity))
            if out.written:
                message = f"{who} prints; take it out when you are done looking, a check calls it many times"
                findings.append(Finding("prints", None, "note", message, {"by": who}))


@contextlib.contextmanager
def _drawn_from() -> Iterator[Any]:
    """Draw a number first: where somebody seeded before, seeding alike again would change nothing."""
    random.random()
    np.random.random()  # noqa: NPY002 - the global state is what this is about
    with kept_random_state() as changed:
        yield changed


def random_state_changed(who: str, severity: str) -> Finding:
    """Return the finding for a function that changed a global random state."""
    message = (
        f"{who} changed the global random state, which was put back; everybody's random numbers follow from it: draw "
        "from a numpy.random.default_rng of your own"
    )
    return Finding("changed-random-state", None, severity, message, {"by": who})


class Frozen:
    """Calls a function that draws from the global random states, as its first call shows, the same in every other.

    `draws` is whether it does, None before the first call; the states are as before after each.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.draws: bool | None = None

    def __call__(self, function: Callable[[], Any]) -> Any:
        """Return what the function returns."""
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
        """Return the note on a function that draws so."""
        message = (
            f"{who} changed the global random state, from which it draws: it was given the same numbers in every call, "
            "and the state was put back; better draw from a numpy.random.default_rng of your own"
        )
        return Finding("changed-random-state", None, "note", message, {"by": who})


@contextlib.contextmanager
def kept_random_state() -> Iterator[Any]:
    """Put the global random states of Python and NumPy back afterwards; inside, the given call says if they changed."""
    ours, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global state is what this is about

    def changed() -> bool:
        now = np.random.get_state()  # noqa: NPY002
        return random.getstate() != ours or any(not np.array_equal(a, b) for a, b in zip(now, numpys, strict=True))

    try:
        yield changed
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)  # noqa: NPY002
