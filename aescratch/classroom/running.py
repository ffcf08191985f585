"""Check a student's file in a process of its own, so that nothing in it can block or crash the caller.

    file --looking.py, in a child--> result.json -> Outcome;   all output is read, and its beginning is kept
"""

from __future__ import annotations  # a browser's Python has a Popen that takes no [bytes]

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.outcome import DIED, KEPT, STACK, TIMED_OUT, Outcome, still_running, stopped
from aescratch.foundations.language import gettext
from aescratch.foundations.platforms import has_processes

TIME_LIMIT = 10.0  # seconds, for a whole check
START = 60.0  # seconds for Python to start, which takes long on a busy machine
GLANCE = 0.2  # seconds between two tests of whether the checks have begun, and whether the time is up
GRACE = 2.0  # further seconds, in which the child reports its line and ends
HAS_GROUPS = hasattr(os, "killpg")  # Windows has none


def check_file(exercise: Exercise, path: Path, time_limit: float = TIME_LIMIT) -> Outcome:
    """Return the outcome of an exercise's checks on a student's file; Python's start doesn't count in the limit.

    Where there are no processes, as in a browser, the file is checked in this one.
    """
    if not has_processes():
        # Imported above, it would import what the child runs as its program, and Python warns of that.
        from aescratch.classroom.tab.in_place import check_in_place

        return check_in_place(exercise, path, time_limit)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        stack = Path(f"{result}{STACK}")
        printed, ended = _run(
            [sys.executable, "-m", "aescratch.classroom.looking", str(exercise.folder.resolve()), str(path.resolve()),
             str(result), str(time_limit)], path.resolve().parent, time_limit + GRACE, stack,
        )  # fmt: skip
        begun = stack.is_file()
        where = stack.read_text(encoding="utf-8") if begun else ""
        if where or (begun and ended is None):
            lines = re.findall(r'File "(.*)", line (\d+)', where)
            line = next((int(number) for file, number in lines if Path(file).name == path.name), 0)
            outcome = stopped(TIMED_OUT, still_running(time_limit), line)
        elif ended is None:
            message = gettext("Python took longer than {seconds:g} s to start, and was stopped; close other programs")
            outcome = stopped(DIED, message.format(seconds=START))
        else:
            try:
                outcome = Outcome(**json.loads(result.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                said = printed.strip().splitlines()
                message = gettext("Python ended with status {status} before the checks finished").format(status=ended)
                outcome = stopped(DIED, f"{message}: {said[-1]}" if said else message)
    outcome.printed = printed
    return outcome


def _run(command: list[str], folder: Path, seconds: float, begun: Path) -> tuple[str, int | None]:
    """Return the beginning of a command's output, and its exit status, or None if it had to be stopped."""
    path = [str(Path(ae.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",  # so that output and warnings come in their order
    }  # fmt: skip
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
        env=environment, start_new_session=HAS_GROUPS,
    )  # fmt: skip
    assert process.stdout is not None
    kept: list[bytes] = []
    reader = threading.Thread(target=_read_on, args=(process.stdout, kept), daemon=True)
    reader.start()
    ended: int | None = None
    end, counts = time.monotonic() + START, False
    try:
        while ended is None and time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended = process.wait(GLANCE)
            if not counts and begun.is_file():  # the time limit counts from here on
                end, counts = time.monotonic() + seconds, True
    finally:
        end_process(process)
    reader.join(1.0)
    return b"".join(kept).decode(errors="replace"), ended


def _read_on(stream: IO[bytes], kept: list[bytes]) -> None:
    """Read a stream to its end, so that the writer never blocks, and keep its beginning."""
    left = KEPT
    with stream:
        while chunk := stream.read(4096):
            kept.append(chunk[:left])
            left -= len(kept[-1])


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process, and, where the system has process groups, everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if HAS_GROUPS:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
