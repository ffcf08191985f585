"""Letting code under check print once: a check calls it many times, and its output is worth reading in the first call.

    with quiet():                  what this thread prints is dropped, from here on
        with aloud(): first call   but not in here
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

dropping: ContextVar[bool] = ContextVar("dropping", default=False)  # of a thread, and of those that it starts


class Quiet:
    """A stream that drops what is written where it is to, unless a debugger is at work, whose prompt has to be seen."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> Any:
        """Write the text, or drop it."""
        if self.stream is None or (dropping.get() and sys.gettrace() is None):
            return len(text)
        return self.stream.write(text)

    def flush(self) -> None:
        """Pass on what is still waiting."""
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what the block prints; where checks in several threads leave the stream behind, it drops nothing more."""
    stream = sys.stdout.stream if isinstance(sys.stdout, Quiet) else sys.stdout
    with _dropping(True), contextlib.redirect_stdout(Quiet(stream)):
        yield


@contextlib.contextmanager
def aloud() -> Iterator[None]:
    """Let the block print, inside a quiet one."""
    with _dropping(False):
        yield


@contextlib.contextmanager
def _dropping(wanted: bool) -> Iterator[None]:
    token = dropping.set(wanted)
    try:
        yield
    finally:
        dropping.reset(token)
