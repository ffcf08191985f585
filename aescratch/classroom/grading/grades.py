"""The grades of a course: every student's entries, in one order, whatever order they were judged in.

    submissions + records -> Grades -> formats.py, summary.py, feedback
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.ledger import Record
from aescratch.classroom.grading.marks import Entry, without_points
from aescratch.classroom.grading.parts import points_of
from aescratch.classroom.grading.submissions import Submission

NO_FILE = "no-file"


@dataclass(frozen=True)
class Graded:
    """One exercise of one student."""

    exercise: Exercise
    kind: str  # an outcome's, or "no-file"
    entries: tuple[Entry, ...]
    code: str  # of the mistake
    cause: str  # the words that tell the mistake from others with the same code
    answer: str

    @property
    def points(self) -> Fraction:
        """What was earned."""
        return sum((entry.points for entry in self.entries), Fraction(0))

    @property
    def flagged(self) -> bool:
        """Whether a person has to look."""
        return any(entry.flagged for entry in self.entries)


@dataclass
class Student:
    """One student's exercises, and what was odd about the folder."""

    name: str
    graded: list[Graded] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def points(self) -> Fraction:
        """The total."""
        return sum((graded.points for graded in self.graded), Fraction(0))


@dataclass
class Grades:
    """Everything that the files of a grading are written from."""

    exercises: Sequence[Exercise]  # the columns
    students: list[Student]  # the rows, by name
    seed: int
    remarks: list[str] = field(default_factory=list)  # on what lay beside the students' folders
    unlimited: list[str] = field(default_factory=list)  # what the platform couldn't keep submissions from
    version: str = ae.__version__

    @property
    def of(self) -> Fraction:
        """What there is to earn."""
        return sum((points_of(exercise) for exercise in self.exercises), Fraction(0))


def graded(exercise: Exercise, submission: Submission, record: Record | None) -> Graded:
    """Return an exercise of a student from the record of its file, or of no file."""
    if record is None:
        reason = submission.reasons[exercise.name]
        parts = tuple(without_points(exercise, reason, NO_FILE))
        return Graded(exercise, NO_FILE, parts, NO_FILE, "", f"{exercise.name}: {reason}")
    parts = tuple(Entry.of_row(exercise, row) for row in record["entries"])
    return Graded(exercise, record["kind"], parts, record["code"], record["cause"], record["answer"])


def collect(
    submissions: Sequence[Submission], exercises: Sequence[Exercise], records: Mapping[tuple[str, str], Record],
    **about: Any,
) -> Grades:  # fmt: skip
    """Return the grades from the records of every file, by student and exercise."""
    students = []
    for submission in submissions:
        student = Student(submission.student, remarks=list(submission.remarks))
        for exercise in exercises:
            student.graded.append(graded(exercise, submission, records.get((submission.student, exercise.name))))
        students.append(student)
    return Grades(exercises, students, **about)
