"""Watch the files: an exercise is checked again when its file is saved, until Control-C.

    read all files every half second, which works on network drives too -> one has changed -> check, answer
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.workspace import Workspace

PAUSE = 0.5  # seconds between two readings


def ticks() -> Iterator[None]:
    """Yield once for each reading, for ever."""
    while True:
        yield
        time.sleep(PAUSE)


def watch(
    workspace: Workspace, first: Exercise, check: Callable[[Exercise], None], looks: Iterable[None] | None = None
) -> None:
    """Check an exercise now, and then each one that is saved; `looks` limits how often the files are read."""
    seen = _texts(workspace)
    check(first)
    for _ in ticks() if looks is None else looks:
        before, seen = seen, _texts(workspace)
        for exercise in workspace.exercises:
            if seen.get(exercise.name) not in (None, before.get(exercise.name)):
                check(exercise)


def _texts(workspace: Workspace) -> dict[str, bytes]:
    """Return the content of every file that exists."""
    texts = {}
    for exercise in workspace.exercises:
        with contextlib.suppress(OSError):  # not started, or being written at this moment
            texts[exercise.name] = workspace.path(exercise).read_bytes()
    return texts
