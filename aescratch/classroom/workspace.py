"""A student's folder: one file for each exercise that was started, and progress.json, which is readable text.

    init -> folder;   find, from any folder inside -> Workspace;   start, record, reset -> files and progress.json
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import CourseError, Exercise, read_course
from aescratch.classroom.outcome import Outcome
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext, in_this_language

PROGRESS = "progress.json"
BACKUPS = "backups"
COURSE = "course"  # the folder of a teacher's own exercises, inside the student's
FORMAT = 1


class WorkspaceError(Exception):
    """A student's folder is missing or invalid; the message is one sentence for the student."""


class Workspace:
    """A student's folder with its progress.json, its exercises and their state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.progress: dict[str, Any] = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
            _require_progress(self.progress)
        except (ValueError, TypeError, RecursionError) as error:
            sentence = gettext(
                "expected {file} as aescratch writes it, but it is invalid ({error}); repair it, or delete it and run "
                "aescratch exercises init on the folder, which keeps your files"
            )
            raise WorkspaceError(sentence.format(file=folder / PROGRESS, error=error)) from error
        self.exercises: tuple[Exercise, ...] = _course_in(folder)

    @classmethod
    def create(cls, folder: Path) -> Workspace:
        """Turn a folder into a workspace, and return it; its files are kept."""
        if (folder / PROGRESS).exists():
            sentence = gettext("{folder} already holds exercises; go there and run aescratch exercises list")
            raise WorkspaceError(sentence.format(folder=folder))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "README.md").exists():
            write_text(folder / "README.md", readme())
        started = {each.name: NEW for each in _course_in(folder) if (folder / each.file_name).exists()}
        write_text(folder / PROGRESS, fresh_progress(started))
        return cls(folder)

    @classmethod
    def find(cls, inside: Path) -> Workspace:
        """Return the workspace that contains a folder."""
        for folder in (inside, *inside.parents):
            if (folder / PROGRESS).is_file():
                return cls(folder)
        sentence = gettext(
            "expected to run inside a folder of exercises, but {folder} is outside; make a folder with "
            "aescratch exercises init DIR, and change into it"
        )
        raise WorkspaceError(sentence.format(folder=inside))

    def path(self, exercise: Exercise) -> Path:
        """Return the path of the student's file for an exercise."""
        return self.folder / exercise.file_name

    def entry(self, exercise: Exercise) -> dict[str, Any]:
        """Return the state of an exercise: passed, gave_up, checks, codes, verdicts, hints by mistake."""
        return {**NEW, **self.progress["exercises"].get(exercise.name, {})}

    def started(self, exercise: Exercise) -> bool:
        """Whether the student's file exists."""
        return self.path(exercise).is_file()

    @property
    def current(self) -> str | None:
        """The name of the exercise that was started or checked last."""
        return self.progress["current"]

    def left(self, after: int = 0) -> Exercise | None:
        """Return the next exercise after this number that hasn't passed, or else the first one, or None."""
        left = [exercise for exercise in self.exercises if not self.entry(exercise)["passed"]]
        return next((exercise for exercise in left if exercise.number > after), left[0] if left else None)

    def start(self, exercise: Exercise) -> bool:
        """Make an exercise the current one, write its stub unless its file exists, and return whether it did."""
        new = not self.path(exercise).exists()
        if new:
            write_text(self.path(exercise), exercise.handed_stub)
        self.note(exercise)
        return new

    def record(self, exercise: Exercise, outcome: Outcome) -> dict[str, Any]:
        """Record the outcome of a check, and return the entry before it."""
        before = self.entry(exercise)
        self.note(
            exercise, passed=before["passed"] or outcome.passed, checks=before["checks"] + 1, kind=outcome.kind,
            codes=outcome.codes, verdicts=outcome.verdicts, mistake=outcome.mistake,
        )  # fmt: skip
        return before

    def reset(self, exercise: Exercise) -> Path:
        """Replace the student's file with the stub, and return the path of its backup."""
        kept = self.folder / BACKUPS
        kept.mkdir(exist_ok=True)
        backups = (kept / f"{exercise.folder.name}.{number}.py" for number in itertools.count(1))
        backup = next(path for path in backups if not path.exists())
        self.path(exercise).replace(backup)
        write_text(self.path(exercise), exercise.handed_stub)
        self.note(exercise, kind="", codes=[], verdicts={}, mistake="", hints={})
        return backup

    def note(self, exercise: Exercise, **changes: Any) -> None:
        """Write changes to the state of an exercise, and make it the current one."""
        self.progress["exercises"][exercise.name] = {**self.entry(exercise), **changes}
        self.progress["current"] = exercise.name
        write_text(self.folder / PROGRESS, json.dumps(self.progress, indent=2) + "\n")


NEW: dict[str, Any] = {
    "passed": False, "gave_up": False, "checks": 0, "kind": "", "codes": [], "verdicts": {}, "mistake": "",
    "hints": {},
}  # fmt: skip


def readme() -> str:
    """Return the text of the README.md of a student's folder."""
    return in_this_language(Path(__file__).parent / "template" / "README.md").read_text(encoding="utf-8")


def fresh_progress(entries: Mapping[str, Any] | None = None) -> str:
    """Return the text of a new progress.json."""
    return json.dumps({"format": FORMAT, "current": None, "exercises": dict(entries or {})}, indent=2) + "\n"


def _course_in(folder: Path) -> tuple[Exercise, ...]:
    """Return the exercises of a student's folder: those of the teacher's course in it, or else the built-in ones."""
    try:
        return read_course(folder / COURSE if (folder / COURSE).is_dir() else None)
    except CourseError as error:
        sentence = gettext("the exercises in {folder} can't be used: {error}; ask your teacher")
        raise WorkspaceError(sentence.format(folder=folder / COURSE, error=error)) from error


def _require_progress(progress: Any) -> None:
    """Raise `ValueError` unless progress has the form that `Workspace` writes."""
    if not isinstance(progress, dict) or progress.get("format") != FORMAT:
        message = gettext("expected format {FORMAT}")
        raise ValueError(message.format(FORMAT=FORMAT))
    entries = progress.get("exercises")
    if not isinstance(entries, dict) or not isinstance(progress.get("current", 0), (str, type(None))):
        raise ValueError(gettext("expected the entries exercises and current"))
    for name, entry in entries.items():
        if not isinstance(entry, dict) or any(key in entry and type(entry[key]) is not type(NEW[key]) for key in NEW):
            message = gettext("the entry of {name} is invalid")
            raise ValueError(message.format(name=name))
