"""What was handed in: a folder with one folder a student, read with patience, and never through a link.

    folder -> Submission(student, files, remarks) each;   whatever is odd becomes a remark, in one sentence
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.workspace import BACKUPS, COURSE
from aescratch.foundations.sources import text_of_plain_file

LARGEST = 1_000_000  # bytes of a file: an exercise's has a few thousand
DEEPEST = 3  # folders below a student's own
MOST_FILES = 2000  # of one student's that are looked at
TOO_DEEP = f"some folders lie more than {DEEPEST} deep in others, and weren't looked into"
MOST_SHOWN = 5
LIKELY = {".py", ".ipynb", ".txt", ".docx", ".pdf", ".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"}
JUNK = ("__macosx", "__pycache__", "desktop.ini", "thumbs.db")


class SubmissionsError(ValueError):
    """A folder isn't one of submissions; the message is one sentence."""


@dataclass
class Submission:
    """What one student handed in."""

    student: str  # the name of the folder
    files: dict[str, bytes] = field(default_factory=dict)  # by the exercise's name
    reasons: dict[str, str] = field(default_factory=dict)  # why there is none, for each of the others
    remarks: list[str] = field(default_factory=list)  # what was odd
    handed_in: datetime | None = None  # aware
    late: bool | None = None  # by the platform's flag


def read_submissions(folder: Path, exercises: Sequence[Exercise]) -> tuple[list[Submission], list[str]]:
    """Return the submissions in a folder by name, and remarks on what else is in it."""
    entries = _entries(folder)
    remarks = []
    students: dict[str, Submission] = {}
    for entry in entries:
        name = shown(entry.name)
        if _is_junk(entry.name):
            continue
        if entry.is_symlink():
            remarks.append(f"{name} is a link, and isn't followed")
        elif not entry.is_dir(follow_symlinks=False):
            advice = "; unpack it into a folder" if entry.name.lower().endswith((".zip", ".tar", ".gz", ".7z")) else ""
            remarks.append(f"{name} is a file beside the students' folders, and isn't graded{advice}")
        else:
            more = (f"{name} ({number})" for number in itertools.count(2))  # two may look the same when printed
            student = next(each for each in itertools.chain([name], more) if each not in students)
            students[student] = read_submission(Path(entry.path), exercises, student)
    if not students:
        lone = any(_matches(entry.name, exercise) for entry in entries for exercise in exercises)
        advice = (
            "; it holds exercises itself, as one submission: give the folder above it, or --format gradescope"
            if lone else "; make a folder for each student, with the exercises' files in it"
        )  # fmt: skip
        raise SubmissionsError(f"expected {folder} to hold one folder a student, but it holds none{advice}")
    return [students[name] for name in sorted(students)], remarks


def read_submission(folder: Path, exercises: Sequence[Exercise], student: str) -> Submission:
    """Return the submission that a folder holds: its files, directly or in folders in it, the nearest first."""
    submission = Submission(student)
    try:
        files, odd = _files(folder)
    except OSError as error:
        files, odd = [], [f"the folder can't be read: {error.strerror}"]
    submission.remarks += odd
    for exercise in exercises:
        candidates = sorted((path for path in files if _matches(path.name, exercise)),
                            key=lambda path: (path.parent.name == BACKUPS, len(path.parts),
                                              path.name != exercise.file_name, str(path)))  # fmt: skip
        if not candidates:
            submission.reasons[exercise.name] = f"there is no file {exercise.file_name}"
            continue
        chosen = candidates[0]
        if others := [path for path in candidates[1:] if path.parent.name != BACKUPS]:  # those are our own doing
            names = ", ".join(shown(str(path.relative_to(folder))) for path in others[:3])
            what = shown(str(chosen.relative_to(folder)))
            submission.remarks.append(f"of several files {what} was graded, not {names}")
        elif chosen.name != exercise.file_name:
            submission.remarks.append(f"{shown(chosen.name)} was taken for {exercise.file_name}")
        try:
            submission.files[exercise.name] = _read(chosen)
        except SubmissionsError as problem:
            submission.reasons[exercise.name] = f"{exercise.file_name} {problem}"
    if submission.reasons and (unused := _unused_files(files, folder, exercises)):
        more = f" and {len(unused) - MOST_SHOWN} more" if len(unused) > MOST_SHOWN else ""
        names = ", ".join(unused[:MOST_SHOWN])
        submission.remarks.append(f"of no name that was asked for, and not graded: {names}{more}")
    if not files and not odd:
        submission.remarks.append("the folder is empty")
    return submission


def _unused_files(files: Sequence[Path], folder: Path, exercises: Sequence[Exercise]) -> list[str]:
    """Return the files that may be an answer under another name, in another format, or packed."""
    names = []
    for path in files:
        inside = path.relative_to(folder)
        handed_out = {COURSE, BACKUPS} & set(inside.parts[:-1])
        if path.suffix.lower() in LIKELY and not handed_out and not any(_matches(path.name, e) for e in exercises):
            names.append(shown(str(inside)))
    return names


def shown(name: str) -> str:
    """Return a file's name as text that can be printed and written anywhere.

    Examples
    --------
    >>> shown("Zoë\\n"), shown("a" * 200)[-8:]
    ('Zoë?', 'aaaaa...')
    """
    text = os.fsencode(name).decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 120 else text[:117] + "..."


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in JUNK


def _files(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files in a folder and in those in it, and remarks on links and on what wasn't looked at."""
    found: list[Path] = []
    links: list[str] = []
    odd: list[str] = []
    waiting = [(folder, 0)]
    looked = 0
    while waiting and looked < MOST_FILES:
        here, depth = waiting.pop(0)
        for entry in [entry for entry in _entries(here) if not _is_junk(entry.name)][: MOST_FILES - looked]:
            looked += 1
            if entry.is_symlink():
                links.append(shown(entry.name))
            elif entry.is_dir(follow_symlinks=False):
                if depth < DEEPEST:
                    waiting.append((Path(entry.path), depth + 1))
                elif TOO_DEEP not in odd:
                    odd.append(TOO_DEEP)
            else:
                found.append(Path(entry.path))
    if looked == MOST_FILES:
        odd.append(f"it holds {MOST_FILES} files and folders or more; the others weren't looked at")
    odd += [f"{name} is a link, and isn't followed" for name in links[:MOST_SHOWN]]
    if len(links) > MOST_SHOWN:
        odd.append(f"{len(links) - MOST_SHOWN} more are links")
    return found, odd


def _matches(name: str, exercise: Exercise) -> bool:
    """Whether a file's name is an exercise's, as browsers and people change it, with any number: ``2_relu (1).PY``."""
    base = re.sub(r"\s*(\(\d+\)|- ?copy)(?=\.py$)", "", name.lower().strip())
    return re.sub(r"^\d+_", "", base) == f"{exercise.name}.py".lower()


def _read(path: Path) -> bytes:
    """Return what is in a file; the message of a `SubmissionsError` goes on from the file's name."""
    try:
        text = text_of_plain_file(path, LARGEST)
    except OSError as error:
        raise SubmissionsError(f"can't be read: {error.strerror}") from error
    if text is None:
        raise SubmissionsError("is no ordinary file")
    if len(text) > LARGEST:
        raise SubmissionsError(f"has more than {LARGEST} bytes")
    return text
