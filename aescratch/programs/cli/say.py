"""What `aescratch exercises grade` is told by the teacher beside the submissions: overrides, lateness, what is dropped.

    OPTIONS -> arguments;   said(arguments, ...) -> Say;   Regrade: what is judged anew, and what counted before
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading import regrading
from aescratch.classroom.grading.grades import Grades, Say
from aescratch.classroom.grading.lateness import due_of, rule_of
from aescratch.classroom.grading.overrides import FILE_NAME, OverridesError, Place, read_overrides
from aescratch.classroom.grading.regrading import RegradeError
from aescratch.programs.cli.courses import chosen
from aescratch.programs.cli.options import group, option, whole
from aescratch.programs.cli.status import UsageError, usage_error

MOST_CHANGES = 20  # that are printed


def word(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a reader of an option's value whose own sentence argparse prints."""

    def read_word(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return read_word


OPTIONS = group(
    "what you decide",
    option("--overrides", metavar="FILE", help=f"points and comments of yours (default: {FILE_NAME} in the folder)"),
    option("--due", type=word(due_of), metavar="DATE", help="until when it is in time, such as 2026-11-30T18:00+09:00"),
    option("--late", type=word(rule_of), metavar="RULE", help="what lateness costs, such as 10%%/day"),
    whole("--drop-lowest", "leave each student's N lowest exercises out of the total"),
    option("--regrade", nargs="+", metavar="NAME", help="judge students or exercises anew, and tell what changed"),
)


@dataclass
class Regrade:
    """What is judged anew, and what counted before."""

    folder: Path
    places: set[Place] = field(default_factory=set)
    before: regrading.Points = field(default_factory=dict)
    notes: regrading.Points = field(default_factory=dict)

    def note(self, again: set[Place]) -> regrading.Points:
        """Return, and keep, what these counted before they were judged anew, beside what is kept already."""
        if again:
            self.notes = regrading.with_new(self.notes, self.before, again)
            regrading.keep_notes(self.folder, self.notes)
        return self.notes

    def report(self, grades: Grades) -> None:
        """Say what counts otherwise than before, where something was judged anew."""
        if self.places:
            changes = regrading.changes(grades, self.before)
            print(f"regraded: {len(self.places)}, points that changed: {len(changes)}")
            print(*(f"  {line}" for line in changes[:MOST_CHANGES]), sep="\n", end="\n" if changes else "")
            if len(changes) > MOST_CHANGES:
                print(f"  and {len(changes) - MOST_CHANGES} more, see summary.html")


def said(
    arguments: Namespace, students: Sequence[str], exercises: Sequence[Exercise], folder: Path,
    own_due: Mapping[str, datetime],
) -> tuple[Say, Regrade]:  # fmt: skip
    """Return what the teacher says, and what is to be regraded; what is wrong is refused before anything is judged."""
    if arguments.late and not arguments.due and not own_due:
        raise UsageError("expected --due beside --late, so that it is known what is late; give a date")
    drop = arguments.drop_lowest or 0
    if drop and drop >= len(exercises):
        raise UsageError(f"expected --drop-lowest to leave an exercise, but there are {len(exercises)} and {drop} go")
    path = Path(arguments.overrides) if arguments.overrides else folder / FILE_NAME
    overrides = {}
    if arguments.overrides or path.exists():
        with usage_error(OverridesError):
            overrides = read_overrides(path, students, chosen(arguments.exercises, None))
    regrade = Regrade(folder)
    with usage_error(RegradeError):
        regrade.notes = regrading.read_notes(folder)
        if arguments.regrade:
            regrade.places = regrading.named(arguments.regrade, students, exercises)
            regrade.before = regrading.counted_before(folder, students)
    return Say(overrides, arguments.due, own_due, arguments.late, drop), regrade
