"""The judgements that were made already, a line each, so that grading goes on where it was ended, whatever ended it.

    results.jsonl: {"key": ..., "kind": ..., "entries": ...}    appended and flushed whenever one is there
    a key is everything that decides: file, exercise, seed, limits, version; identical files are judged once
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.foundations.sources import is_bytecode

try:
    import fcntl
except ImportError:  # there is none on Windows
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
RECORDS = "results.jsonl"
BROKEN = "broken"  # the kind of a record that says that something around the judge broke
Record = dict[str, Any]


class Task(NamedTuple):
    """One text to be judged as one exercise."""

    key: str
    exercise: Exercise
    text: bytes


def digest(*parts: bytes) -> str:
    """Return a short digest of bytes."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:32]


def digest_of_exercise(exercise: Exercise) -> str:
    """Return a digest of everything in an exercise's folder that people wrote."""
    files = sorted(path for path in exercise.folder.rglob("*") if path.is_file() and not is_bytecode(path))
    names = [path.relative_to(exercise.folder).as_posix().encode() for path in files]
    return digest(*names, *(path.read_bytes() for path in files))


def key_of(exercise: Exercise, exercise_digest: str, text: bytes, seed: str, limits: dict[str, Any]) -> str:
    """Return the key of a judgement."""
    settings = json.dumps([FORMAT, ae.__version__, exercise.name, seed, limits], sort_keys=True)
    return digest(settings.encode(), exercise_digest.encode(), text)


class Ledger:
    """The judgements of a folder, read when it is opened; a line that was being written when all ended is dropped.

    Raises a `BlockingIOError` if another process has it open.
    """

    def __init__(self, path: Path) -> None:
        self.records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._stream = open(path, "a+b")  # noqa: SIM115, closed by __exit__
        try:
            if fcntl is not None:  # against a second grading
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def _read(self) -> None:
        self._stream.seek(0)
        whole = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                record = json.loads(line)
                self.records[record["key"]] = record  # what was judged anew comes later
            except (ValueError, KeyError, TypeError):
                continue  # spoilt by something else; what it held is judged again
        self._stream.truncate(whole)

    def add(self, record: Record) -> None:
        """Keep a judgement, at once."""
        line = json.dumps(record, sort_keys=True).encode() + b"\n"
        with self._lock:
            self.records[record["key"]] = record
            self._stream.write(line)
            self._stream.flush()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
