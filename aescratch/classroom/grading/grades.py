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
from aescratch.classroom.grading.parts import HUNDREDTHS, points_of
from aescratch.classroom.grading.submissions import Submission

NO_FILE = "no-file"


@dataclass(frozen=True)
class Graded:
    """One exercise of one student.

    Attributes
    ----------
    exercise : Exercise
        Which.
    kind : str
        What its check came to, as an outcome's kind; ``"no-file"`` where there is none.
    entries : tuple of Entry
        The points, part by part.
    code, cause : str
        What stands for the mistake: a code, and the words that tell it from others with the same code.
    answer : str
        The answer in words.
    """

    exercise: Exercise
    kind: str
    entries: tuple[Entry, ...]
    code: str
    cause: str
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
    """Everything that the files of a grading are written from.

    Attributes
    ----------
    exercises : sequence of Exercise
        The columns.
    students : list of Student
        The rows, by name.
    seed : int
        Of the inputs.
    remarks : list of str
        On what lay beside the students' folders.
    unlimited : list of str
        What the platform couldn't keep submissions from.
    """

    exercises: Sequence[Exercise]
    students: list[Student]
    seed: int
    remarks: list[str] = field(default_factory=list)
    unlimited: list[str] = field(default_factory=list)
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
    parts = tuple(
        Entry(exercise.name, part, Fraction(points, HUNDREDTHS), Fraction(of, HUNDREDTHS), why, tuple(codes), flagged)
        for part, points, of, why, codes, flagged in record["entries"]
    )
    return Graded(exercise, record["kind"], parts, record["code"], record["cause"], record["answer"])


def collect(
    submissions: Sequence[Submission], exercises: Sequence[Exercise], keys: Mapping[tuple[str, str], str],
    records: Mapping[str, Record], **about: Any,
) -> Grades:  # fmt: skip
    """Return the grades from the records of every file.

    Parameters
    ----------
    submissions, exercises : sequences
        The rows and the columns.
    keys : dict
        The key of the record of each student and exercise that there is a file of.
    records : dict
        By key.
    **about
        The seed and whatever else `Grades` has.
    """
    students = []
    for submission in submissions:
        student = Student(submission.student, remarks=list(submission.remarks))
        for exercise in exercises:
            key = keys.get((submission.student, exercise.name))
            student.graded.append(graded(exercise, submission, None if key is None else records[key]))
        students.append(student)
    return Grades(exercises, students, **about)
