"""A clock for a student's code in this interpreter: when the time is up, the running line ends, and is named.

    with clock(path, seconds): run the student's file    -> Ended, with the line, at the next line or jump of the file

Python 3.12 calls us back at the lines and jumps of the student's files alone (`sys.monitoring`), so all else runs at
its usual speed. Code that stays in one call of NumPy isn't interrupted: what started this interpreter ends it then,
and names the line that it was told last.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from aescratch.classroom.outcome import TIMED_OUT, Ended, still_running

Tell = Callable[[str, int | str], object]  # is told "line" and the line that runs, or "printed" and a text
TOOL = 4  # of the numbers for tools one that no kind of tool has
BETWEEN = 0.05  # seconds between two lines that are told
monitoring: Any = getattr(sys, "monitoring", None)  # None before Python 3.12, which no browser's interpreter is


@contextmanager
def clock(path: Path, seconds: float, tell: Tell | None = None) -> Iterator[None]:
    """Raise `Ended` in code of a file's folder when so many seconds are over; `tell` is called with running lines."""
    if monitoring is None:
        yield
        return
    file, folder = str(path), str(path.parent)
    end, next_to_tell = time.monotonic() + seconds, 0.0
    told: set[int] = set()

    def stop(frame: FrameType) -> None:
        raise Ended(TIMED_OUT, still_running(seconds), line_in(file, frame))

    def at_start(code: CodeType, offset: int) -> Any:
        if code.co_filename != file and os.path.dirname(code.co_filename) != folder:
            return monitoring.DISABLE
        monitoring.set_local_events(TOOL, code, events.LINE | events.JUMP | events.BRANCH)
        return None

    def at_line(code: CodeType, line: int) -> None:
        nonlocal next_to_tell
        now = time.monotonic()
        if now > end:
            stop(sys._getframe(1))
        if tell is not None and code.co_filename == file and (line not in told or now > next_to_tell):
            told.add(line)
            next_to_tell = now + BETWEEN
            tell("line", line)

    def at_jump(code: CodeType, here: int, there: int) -> None:  # a loop on one line begins no line
        if time.monotonic() > end:
            stop(sys._getframe(1))

    def sleep(duration: Any) -> None:
        left = end - time.monotonic()
        fall_asleep(min(duration, max(left, 0.0)))
        if duration > left:
            stop(sys._getframe(1))

    events, fall_asleep = monitoring.events, time.sleep
    calls = {events.PY_START: at_start, events.LINE: at_line, events.JUMP: at_jump, events.BRANCH: at_jump}
    monitoring.use_tool_id(TOOL, "aescratch")
    try:
        for event, call in calls.items():
            monitoring.register_callback(TOOL, event, call)
        monitoring.set_events(TOOL, events.PY_START)
        time.sleep = sleep
        yield
    finally:
        time.sleep = fall_asleep
        monitoring.set_events(TOOL, 0)
        for event in calls:
            monitoring.register_callback(TOOL, event, None)
        monitoring.free_tool_id(TOOL)


def line_in(file: str, frame: Any) -> int:
    """Return the line of a file that is running, or that called what is; 0 if none is."""
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return int(frame.f_lineno) if frame is not None else 0
