"""Confinement: a process that may compute and answer, and nothing else.

    Confined(limits) -> pipes: questions in, answers out, printed output, and the line that was running at a timeout

The judge never waits without a limit: every read and write has one, and printed output is read in the meantime.
"""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aescratch.classroom.grading import calls, sandbox
from aescratch.classroom.grading.allowed import places_of
from aescratch.classroom.outcome import DIED, KEPT, TIMED_OUT, Ended
from aescratch.classroom.running import end_process
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.platforms import require_processes

ELSEWHERE = gettext_noop("zip the folder, and grade it on Linux, where aescratch exercises grade takes it")
MOST_PRINTED = 2**25
GRACE = 0.3  # further seconds, in which the child reports the running line
CHUNK = 2**16
LOOK_AFTER = 0.05  # seconds between two measurements of the files of a process without a disk of its own
MOST_FILES = 1000


class ConfinementError(RuntimeError):
    """No confined process can be started here, for any submission."""


class Limits(NamedTuple):
    """The resources of a submission, in one exercise."""

    seconds: float = 10.0  # of waiting for all its answers together, without the checks' own work and Python's start
    memory: int = 2**30  # bytes of address space
    file_size: int = 2**20  # bytes of one file that it may write
    files: int = 32  # open at once
    source: int = 2**20  # bytes of the submission's file
    start: float = 60.0  # seconds for Python to start


class Confined:
    """A confined process that waits for questions; raises `ConfinementError` if none can be started here."""

    asked: int
    answered: int
    stack: int
    output: int

    def __init__(self, limits: Limits, packages: tuple[str, ...] = ()) -> None:
        require_processes(gettext_noop("judging a submission"), ELSEWHERE)
        if os.name != "posix":
            raise ConfinementError(sandbox.missing_protections()[0])
        outside, _ = sandbox.bubblewrap()
        places = places_of(packages)
        if outside:
            outside = sandbox.with_packages(outside, places)
            places = {name: Path(sandbox.INSIDE, "packages", name) for name in places}
        self.folder: str = "" if outside else tempfile.mkdtemp()
        self.is_watched: bool = bool(self.folder) and sandbox.landlocked()
        self.kept: bytes = b""
        self.printed: int = 0
        theirs_asked, self.asked = os.pipe()
        self.answered, theirs_answered = os.pipe()
        self.stack, theirs_stack = os.pipe()
        self.output, theirs_output = os.pipe()
        theirs = [theirs_asked, theirs_answered, theirs_stack]
        user = sandbox.nobody() if os.getuid() == 0 and (outside or sandbox.can_become_nobody()) else None
        if user and self.folder:
            os.chown(self.folder, user, user)
        opened = sandbox.open_to_landlock(places.values()) if self.is_watched else {}
        settings = {
            "landlock": {**opened, "folder": self.folder} if self.is_watched else None,
            "filtered": bool(calls.program()) and bool(outside or self.is_watched),
            "descriptors": theirs, "user": user, "early": () if outside else sandbox.EARLY,
            "whole": () if outside else packages,
            "packages": f"{sandbox.INSIDE}/packages" if outside else str(Path(np.__file__).parent.parent),
            "allowed": {name.partition(".")[0]: str(place.parent) for name, place in places.items()},
            "limits": {
                "RLIMIT_AS": limits.memory, "RLIMIT_CPU": int(limits.seconds) + int(limits.start), "RLIMIT_CORE": 0,
                "RLIMIT_FSIZE": limits.file_size, "RLIMIT_NOFILE": limits.files, "RLIMIT_NPROC": 1,
            },
        }  # fmt: skip
        child = f"{sandbox.INSIDE if outside else Path(__file__).parent}/child.py"
        command = [*outside, sandbox.python(), "-s", "-S", "-u", child, json.dumps(settings)]
        environment = {"HOME": self.folder, "TMPDIR": self.folder, **sandbox.ENVIRONMENT}
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=theirs_output, stderr=theirs_output, env=environment,
                pass_fds=theirs, cwd=self.folder or "/", start_new_session=True,
            )  # fmt: skip
        finally:
            for descriptor in (*theirs, theirs_output):
                os.close(descriptor)
        for descriptor in (self.asked, self.answered, self.stack, self.output):
            os.set_blocking(descriptor, False)

    def write(self, data: bytes, end: float) -> None:
        """Write a question."""
        left = memoryview(data)
        while left:
            self._wait(self.asked, select.POLLOUT, end)
            try:
                left = left[os.write(self.asked, left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._over() from None

    def read(self, size: int, end: float) -> bytes:
        """Read this number of bytes of an answer."""
        data = bytearray()
        while len(data) < size:
            self._wait(self.answered, select.POLLIN, end)
            chunk = os.read(self.answered, min(size - len(data), CHUNK))
            if not chunk:
                raise self._over()
            data += chunk
        return bytes(data)

    def has_spoken(self) -> bool:
        """Whether there is something to read before a question."""
        poll = select.poll()
        poll.register(self.answered, select.POLLIN)
        return any(event & select.POLLIN for _, event in poll.poll(0))

    def close(self) -> str:
        """End the process and all that it started, remove its folder, and return the beginning of its output."""
        end_process(self.process)
        end = time.monotonic() + 5.0
        with contextlib.suppress(Ended):
            while self._drain():  # until the other end is closed
                self._wait(self.output, select.POLLIN, end)
        for descriptor in (self.asked, self.answered, self.stack, self.output):
            os.close(descriptor)
        if self.folder:
            subprocess.run(["rm", "-rf", self.folder], stderr=subprocess.DEVNULL)  # may be too deep for Python
        return self.kept.decode(errors="replace")

    def where(self, file: str) -> int:
        """Return the line of a file that was running when the time was up, or 0 if it is unknown."""
        try:
            stack = os.read(self.stack, CHUNK).decode(errors="replace")
        except BlockingIOError:
            return 0
        found = re.search(rf'^  File "{re.escape(file)}", line (\d{{1,6}}) in', stack, re.MULTILINE)
        return int(found.group(1)) if found else 0

    def _wait(self, descriptor: int, event: int, end: float) -> None:
        """Wait until a pipe is ready, and read printed output in the meantime."""
        poll = select.poll()
        poll.register(descriptor, event)
        if descriptor != self.output and self.printed >= 0:
            poll.register(self.output, select.POLLIN)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise Ended(TIMED_OUT, "")
            if self.is_watched:
                self._require_little_written()
            ready = [found for found, _ in poll.poll(1000 * (min(left, LOOK_AFTER) if self.is_watched else left))]
            if self.output in ready and descriptor != self.output and not self._drain():
                poll.unregister(self.output)
            if descriptor in ready:
                return

    def _require_little_written(self) -> None:
        """Raise `Ended` if the process has filled its folder, which has no subfolders; Landlock counts no bytes."""
        written = 0
        with os.scandir(self.folder) as entries:
            for number, entry in enumerate(entries):
                with contextlib.suppress(FileNotFoundError):
                    written += entry.stat(follow_symlinks=False).st_size
                if written > sandbox.HOME_SIZE or number >= MOST_FILES:
                    words = gettext("it wrote more than {size} MiB, or {files} files, so it was stopped")
                    raise Ended(DIED, words.format(size=sandbox.HOME_SIZE >> 20, files=MOST_FILES))

    def _drain(self) -> bool:
        """Read printed output, and return whether there may be more."""
        try:
            chunk = os.read(self.output, CHUNK)
        except BlockingIOError:
            return True
        self.kept += chunk[: KEPT - len(self.kept)]
        self.printed += len(chunk)
        if self.printed > MOST_PRINTED:
            words = gettext("it printed more than {size} MiB, so it was stopped")
            raise Ended(DIED, words.format(size=MOST_PRINTED >> 20))
        if not chunk:
            self.printed = -1
        return bool(chunk)

    def _over(self) -> Ended:
        """Return the reason why there is nothing more to read."""
        try:
            status = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return Ended(DIED, gettext("it closed the connection to the judge"))
        number = -status if status < 0 else status - 128  # bubblewrap reports a signal this way
        with contextlib.suppress(ValueError):
            words = gettext("Python was ended by {signal} before the checks finished")
            return Ended(DIED, words.format(signal=signal.Signals(number).name))
        words = gettext("Python ended with status {status} before the checks finished")
        return Ended(DIED, words.format(status=status))
