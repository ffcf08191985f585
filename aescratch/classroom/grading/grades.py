"""The grades of a course: every student's entries, in one order, whatever order they were judged in.

    submissions + records + what the teacher says -> Grades -> formats.py, summary.py, feedback.py

What the checks gave is replaced by an override; of that, what is late loses its share; the lowest that are left don't
count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.dropping import lowest
from aescratch.classroom.grading.exports.attempts import MOST_SHOWN
from aescratch.classroom.grading.lateness import Lateness, Rule, deducted, lateness_of
from aescratch.classroom.grading.ledger import Record
from aescratch.classroom.grading.marks import Entry, without_points
from aescratch.classroom.grading.overrides import NONE, Override, Place
from aescratch.classroom.grading.parts import HUNDREDTHS, points_of
from aescratch.classroom.grading.submissions import Arrival, Submission

NO_FILE = "no-file"
IN_TIME = Arrival(0)  # as far as anything tells


@dataclass(frozen=True)
class Say:
    """What a teacher decides beside the checks; by default, nothing."""

    overrides: Mapping[Place, Override] = field(default_factory=dict)
    due: datetime | None = None
    own_due: Mapping[str, datetime] = field(default_factory=dict)  # of students who have another date
    late: Rule | None = None
    quotients: int = 100  # percent that gradients by difference quotients count
    drop: int = 0  # how many of each student's lowest exercises
    before: Mapping[Place, Fraction] = field(default_factory=dict)  # what counted before it was regraded


@dataclass(frozen=True)
class Graded:
    """One exercise of one student."""

    exercise: Exercise
    kind: str  # an outcome's, or "no-file"
    entries: tuple[Entry, ...]
    code: str  # of the mistake
    cause: str  # the words that tell the mistake from others with the same code
    answer: str
    override: Override = NONE
    late: Lateness | None = None
    deducted: Fraction = Fraction(0)  # for that
    dropped: bool = False  # as one of the lowest
    before: Fraction | None = None  # what counted before it was regraded
    seconds: float | None = None  # that judging took
    quotients: str = ""  # what speaks for difference quotients in place of a formula

    @property
    def checked(self) -> Fraction:
        """What the checks gave."""
        return sum((entry.points for entry in self.entries), Fraction(0))

    @property
    def earned(self) -> Fraction:
        """What was earned: what the checks gave, or the teacher instead."""
        return self.checked if self.override.points is None else self.override.points

    @property
    def points(self) -> Fraction:
        """What counts, unless it is dropped: what was earned, less what is deducted."""
        return self.earned - self.deducted

    @property
    def flagged(self) -> bool:
        """Whether a person has to look, and hasn't given points yet."""
        return self.override.points is None and (any(entry.flagged for entry in self.entries) or bool(self.quotients))


@dataclass
class Student:
    """One student's exercises, and what was odd about the folder."""

    name: str
    graded: list[Graded] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    submission: Submission = field(default_factory=lambda: Submission(""))  # where it came from, and when

    @property
    def counting(self) -> list[Graded]:
        """The exercises that aren't dropped."""
        return [graded for graded in self.graded if not graded.dropped]

    @property
    def late(self) -> Lateness | None:
        """Of the exercises that came too late, how late the one that loses most did."""
        lates = [each.late for each in self.graded if each.late]
        return max(lates, key=lambda late: (late.share, late.days or 0), default=None)

    @property
    def called(self) -> str:
        """What to call the student on a page for people: with the roster's name, where it tells another."""
        row = self.submission.row
        return f"{self.name} ({row.name})" if row and row.name not in ("", self.name) else self.name

    @property
    def points(self) -> Fraction:
        """The total."""
        return sum((graded.points for graded in self.counting), Fraction(0))

    @property
    def of(self) -> Fraction:
        """What there is to earn in what counts."""
        return sum((points_of(graded.exercise) for graded in self.counting), Fraction(0))

    @property
    def deducted(self) -> Fraction:
        """What lateness costs of the total."""
        return sum((graded.deducted for graded in self.counting), Fraction(0))


@dataclass
class Grades:
    """Everything that the files of a grading are written from."""

    exercises: Sequence[Exercise]  # the columns
    students: list[Student]  # the rows, by name
    remarks: list[str] = field(default_factory=list)  # on what was given to nobody, and who has nothing
    unlimited: list[str] = field(default_factory=list)  # what the platform couldn't keep submissions from
    sections: Mapping[str, str] = field(default_factory=dict)  # of students, where a roster tells
    version: str = ae.__version__

    @property
    def of(self) -> Fraction:
        """What there is to earn."""
        return sum((points_of(exercise) for exercise in self.exercises), Fraction(0))


def graded(exercise: Exercise, submission: Submission, record: Record | None, quotients: int = 100) -> Graded:
    """Return an exercise of a student from the record of its file; difference quotients count so many percent."""
    if record is None:
        reason = submission.reasons[exercise.name]
        parts = tuple(without_points(exercise, reason, NO_FILE))
        return Graded(exercise, NO_FILE, parts, NO_FILE, "", f"{exercise.name}: {reason}")
    parts = tuple(Entry.of_row(exercise, row) for row in record["entries"])
    answer, evidence = record["answer"], record.get("quotients", "")
    if evidence and quotients < 100:
        reason = f"counts {quotients} %: difference quotients seem to stand in place of a formula"
        parts = tuple(_shared(parts, quotients, reason))
        answer += f"\n  {reason} ({evidence})"
    about = (record["code"], record["cause"], answer)
    return Graded(exercise, record["kind"], parts, *about, quotients=evidence, seconds=record.get("seconds"))


def _shared(parts: Sequence[Entry], percent: int, reason: str) -> Iterator[Entry]:
    """Yield parts with so much of their points; what is lost by rounding down is less than a hundredth together."""
    before = after = Fraction(0)
    for part in parts:
        before += part.points
        left = Fraction(int(before * percent), HUNDREDTHS) - after
        after += left
        yield part._replace(points=left, reason=reason) if part.points else part


def collect(
    submissions: Sequence[Submission], exercises: Sequence[Exercise], records: Mapping[tuple[str, str], Record],
    say: Say = Say(), **about: Any,
) -> Grades:  # fmt: skip
    """Return the grades from the records of every file, by student and exercise, and from what the teacher says."""
    students, untold = [], []
    for submission in submissions:
        name, due = submission.student, say.own_due.get(submission.student, say.due)
        student = Student(name, remarks=list(submission.remarks), submission=submission)
        arrivals = submission.arrivals.values()
        if due and any(arrival.handed_in is None and arrival.late is None for arrival in arrivals):
            untold.append(name)
        for exercise in exercises:
            found = graded(exercise, submission, records.get((name, exercise.name)), say.quotients)
            place = (name, exercise.name)
            found = replace(found, override=say.overrides.get(place, NONE), before=say.before.get(place))
            arrival = submission.arrivals.get(exercise.name, IN_TIME)
            late = lateness_of(arrival.handed_in, arrival.late, due, say.late)
            cost = deducted(found.earned, late.share) if late else Fraction(0)
            student.graded.append(replace(found, late=late, deducted=cost))
        for i in lowest([(each.points, points_of(each.exercise)) for each in student.graded], say.drop):
            student.graded[i] = replace(student.graded[i], dropped=True)
        students.append(student)
    grades = Grades(exercises, students, **about)
    if untold:
        names = ", ".join(untold[:MOST_SHOWN])
        more = f" and {len(untold) - MOST_SHOWN} more" if untold[MOST_SHOWN:] else ""
        remark = f"nothing tells when these were handed in, and so they count as in time: {names}{more}"
        grades.remarks = [*grades.remarks, remark]
    return grades
