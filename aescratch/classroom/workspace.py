"""A student's folder: one file for each exercise that was started, and progress.json, which anybody can read.

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
    """A folder can't be used as it is; the message is one sentence for the student."""


class Workspace:
    """A student's folder, where progress.json lies, its exercises, and what was done in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.progress: dict[str, Any] = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
            _require_progress(self.progress)
        except (ValueError, TypeError, RecursionError) as error:
            sentence = gettext(
                "expected {file} to be as it was written, but it can't be read ({error}); put it right, "
                "or delete it and run aescratch exercises init on the folder: your files stay"
            )
            raise WorkspaceError(sentence.format(file=folder / PROGRESS, error=error)) from error
        self.exercises = _course_in(folder)

    @classmethod
    def create(cls, folder: Path) -> Workspace:
        """Make a folder ready that isn't yet, and return it; files that are in it stay."""
        if (folder / PROGRESS).exists():
            sentence = gettext("{folder} holds exercises already; go there and run aescratch exercises list")
            raise WorkspaceError(sentence.format(folder=folder))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "README.md").exists():
            write_text(folder / "README.md", readme())
        started = {each.name: NEW for each in _course_in(folder) if (folder / each.file_name).exists()}
        write_text(folder / PROGRESS, fresh_progress(started))
        return cls(folder)

    @classmethod
    def find(cls, inside: Path) -> Workspace:
        """Return the workspace that a folder is, or lies in."""
        for folder in (inside, *inside.parents):
            if (folder / PROGRESS).is_file():
                return cls(folder)
        sentence = gettext(
            "expected to be inside a folder of exercises, but {folder} is in none; make one with "
            "aescratch exercises init DIR, and go there"
        )
        raise WorkspaceError(sentence.format(folder=inside))

    def path(self, exercise: Exercise) -> Path:
        """Return where the student's file of an exercise is."""
        return self.folder / exercise.file_name

    def entry(self, exercise: Exercise) -> dict[str, Any]:
        """Return what is known of an exercise: passed, gave_up, checks, codes, verdicts, hints by mistake."""
        return {**NEW, **self.progress["exercises"].get(exercise.name, {})}

    def started(self, exercise: Exercise) -> bool:
        """Whether the student's file is there."""
        return self.path(exercise).is_file()

    @property
    def current(self) -> str | None:
        """The name of the exercise that was started or checked last."""
        return self.progress["current"]

    def left(self, after: int = 0) -> Exercise | None:
        """Return the next exercise that hasn't passed, from a number on and then from the start, or None."""
        left = [exercise for exercise in self.exercises if not self.entry(exercise)["passed"]]
        return next((exercise for exercise in left if exercise.number > after), left[0] if left else None)

    def start(self, exercise: Exercise) -> bool:
        """Write the stub of an exercise, unless its file is there, and make it the current one; return if it did."""
        new = not self.path(exercise).exists()
        if new:
            write_text(self.path(exercise), exercise.handed_stub)
        self.note(exercise)
        return new

    def record(self, exercise: Exercise, outcome: Outcome) -> dict[str, Any]:
        """Note what a check came to, and return what was known before."""
        before = self.entry(exercise)
        self.note(
            exercise, passed=before["passed"] or outcome.passed, checks=before["checks"] + 1, kind=outcome.kind,
            codes=outcome.codes, verdicts=outcome.verdicts, mistake=outcome.mistake,
        )  # fmt: skip
        return before

    def reset(self, exercise: Exercise) -> Path:
        """Put the stub in place of the student's file, and return where that is kept now."""
        kept = self.folder / BACKUPS
        kept.mkdir(exist_ok=True)
        backups = (kept / f"{exercise.folder.name}.{number}.py" for number in itertools.count(1))
        backup = next(path for path in backups if not path.exists())
        self.path(exercise).replace(backup)
        write_text(self.path(exercise), exercise.handed_stub)
        self.note(exercise, kind="", codes=[], verdicts={}, mistake="", hints={})
        return backup

    def note(self, exercise: Exercise, **changes: Any) -> None:
        """Write changes to what is known of an exercise, and make it the current one."""
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
    """Return the text of progress.json before anything was checked."""
    return json.dumps({"format": FORMAT, "current": None, "exercises": dict(entries or {})}, indent=2) + "\n"


def _course_in(folder: Path) -> tuple[Exercise, ...]:
    """Return the exercises that a student's folder works with: those in it, or else the built-in path."""
    try:
        return read_course(folder / COURSE if (folder / COURSE).is_dir() else None)
    except CourseError as error:
        sentence = gettext("the exercises in {folder} can't be used: {error}; ask your teacher")
        raise WorkspaceError(sentence.format(folder=folder / COURSE, error=error)) from error


def _require_progress(progress: Any) -> None:
    """Raise unless progress is what `Workspace` writes."""
    if not isinstance(progress, dict) or progress.get("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}")
    entries = progress.get("exercises")
    if not isinstance(entries, dict) or not isinstance(progress.get("current", 0), (str, type(None))):
        raise ValueError("expected exercises and the current one")
    for name, entry in entries.items():
        if not isinstance(entry, dict) or any(key in entry and type(entry[key]) is not type(NEW[key]) for key in NEW):
            raise ValueError(f"the entry of {name} is not as it was written")
