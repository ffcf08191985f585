"""The judgements made so far, one per line, so that grading continues after any interruption.

    results.jsonl: {"key": ..., "kind": ..., "entries": ..., "sum": ...}    appended and flushed after each judgement
    words: what people read, in every other language, so that the language is chosen when grades are written
    key: a digest of everything that matters: file, exercise, seed, limits, confinement, version; judged once
    sum: a digest of the rest of its line, so that a damaged line is detected, and judged again
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.foundations.sources import is_bytecode

try:
    import fcntl
except ImportError:  # there is none on Windows
    fcntl = None  # type: ignore[assignment]

FORMAT = 3
RECORDS = "results.jsonl"
BROKEN = "broken"  # the kind of a record for a failure outside the submission
Record = dict[str, Any]


def said_in(record: Record, language: str) -> Record:
    """Return the texts of a record in a language: the names of its parts, their reasons, the cause and the answer."""
    if language in record.get("words", {}):
        return record["words"][language]
    parts = {"parts": [part for part, *_ in record["entries"]], "reasons": [row[3] for row in record["entries"]]}
    return {**parts, "cause": record["cause"], "answer": record["answer"], "quotients": record.get("quotients", "")}


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
    """Return a digest of all files in an exercise's folder, except bytecode."""
    files = sorted(path for path in exercise.folder.rglob("*") if path.is_file() and not is_bytecode(path))
    names = [path.relative_to(exercise.folder).as_posix().encode() for path in files]
    packages = (name.encode() for name in exercise.packages)
    return digest(*names, *(path.read_bytes() for path in files), *packages)


def key_of(
    exercise: Exercise, exercise_digest: str, text: bytes, seed: str, limits: dict[str, Any], missing: Sequence[str]
) -> str:  # fmt: skip
    """Return the key of a judgement on a machine where these protections are missing."""
    settings = json.dumps([FORMAT, ae.__version__, exercise.name, seed, limits, list(missing)], sort_keys=True)
    return digest(settings.encode(), exercise_digest.encode(), text)


def _sum_of(record: Record) -> str:
    return digest(json.dumps(record, sort_keys=True).encode())


def _record_of(line: bytes) -> Record | None:
    """Return the record in a line, or None if the line is incomplete or damaged."""
    try:
        record: Record = json.loads(line)
        is_whole = line.endswith(b"\n") and record.pop("sum") == _sum_of(record) and isinstance(record["key"], str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if is_whole else None


class Ledger:
    """The judgements of a folder, read on opening; raises `BlockingIOError` if another process has it open.

    An incomplete last line is dropped, and so are damaged lines, whose numbers are in `lost`.
    """

    def __init__(self, path: Path) -> None:
        self.records: dict[str, Record] = {}
        self.lost: list[int] = []
        self._lock = threading.Lock()
        self._stream = open(path, "a+b")  # noqa: SIM115, closed by __exit__
        try:
            if fcntl is not None:  # prevents a second grading at the same time
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def _read(self) -> None:
        self._stream.seek(0)
        whole = b""
        for number, line in enumerate(self._stream, 1):
            record = _record_of(line)
            if record is not None:
                whole += line
                self.records[record["key"]] = record  # regraded files have a later line
            elif line.endswith(b"\n"):
                self.lost.append(number)
        if self.lost:
            self._stream.truncate(0)
            self._stream.write(whole)
            self._stream.flush()
        self._stream.truncate(len(whole))

    def add(self, record: Record) -> None:
        """Write a judgement at once."""
        line = json.dumps({**record, "sum": _sum_of(record)}, sort_keys=True).encode() + b"\n"
        with self._lock:
            self.records[record["key"]] = record
            self._stream.write(line)
            self._stream.flush()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()
