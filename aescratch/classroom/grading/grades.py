"""The grades of a course: every student's entries, in an order that doesn't depend on the order of judging.

    submissions + records + the teacher's decisions -> Grades -> formats.py, summary.py, feedback.py

An override replaces the checks' points; then lateness deducts its share; then the lowest exercises are dropped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.exports.attempts import MOST_SHOWN, listed
from aescratch.classroom.grading.lateness import Lateness, lateness_of
from aescratch.classroom.grading.ledger import Record, said_in
from aescratch.classroom.grading.marks import Entry, without_points
from aescratch.classroom.grading.overrides import NONE, Override, Place
from aescratch.classroom.grading.parts import share_of
from aescratch.classroom.grading.submissions import Arrival, Submission
from aescratch.foundations.language import gettext, language, with_sentences

NO_FILE = "no-file"
IN_TIME = Arrival(0)  # the default where no time is known


@dataclass(frozen=True)
class Say:
    """The teacher's decisions beside the checks; by default, none."""

    overrides: Mapping[Place, Override] = field(default_factory=dict)
    due: datetime | None = None  # unless the roster has another date for a student
    late: Fraction = Fraction(0)  # percent of the earned points that each started day costs
    quotients: int = 100  # percent of the points for gradients by difference quotients
    drop: int = 0  # number of each student's lowest exercises to drop
    before: Mapping[Place, Fraction] = field(default_factory=dict)  # points before regrading


@dataclass(frozen=True)
class Graded:
    """One exercise of one student."""

    exercise: Exercise
    kind: str  # an outcome's, or "no-file"
    entries: tuple[Entry, ...]
    code: str  # of the mistake
    cause: str  # words in English that distinguish the mistake from others with the same code
    answer: str
    override: Override = NONE
    late: Lateness | None = None
    deducted: Fraction = Fraction(0)  # for lateness
    dropped: bool = False  # as one of the lowest
    before: Fraction | None = None  # points before regrading
    seconds: float | None = None  # time that judging took
    quotients: str = ""  # evidence of difference quotients in place of a formula
    told_cause: str = ""  # the cause in the language in force

    @property
    def checked(self) -> Fraction:
        """The points from the checks."""
        return sum((entry.points for entry in self.entries), Fraction(0))

    @property
    def earned(self) -> Fraction:
        """The points earned: the teacher's if given, or else those of the checks."""
        return self.checked if self.override.points is None else self.override.points

    @property
    def points(self) -> Fraction:
        """The points that count, unless the exercise is dropped: those earned minus those deducted."""
        return self.earned - self.deducted

    @property
    def flagged(self) -> bool:
        """Whether the teacher has to look, and hasn't given points yet."""
        return self.override.points is None and (any(entry.flagged for entry in self.entries) or bool(self.quotients))


@dataclass
class Student:
    """One student's exercises, and remarks on the submission."""

    name: str
    graded: list[Graded] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    submission: Submission = field(default_factory=lambda: Submission(""))  # its origin and time

    @property
    def counting(self) -> list[Graded]:
        """The exercises that aren't dropped."""
        return [graded for graded in self.graded if not graded.dropped]

    @property
    def late(self) -> Lateness | None:
        """The lateness of the late exercise that loses the largest share."""
        lates = [each.late for each in self.graded if each.late]
        return max(lates, key=lambda late: (late.share, late.days or 0), default=None)

    @property
    def called(self) -> str:
        """The student's name on pages, with the roster's name if it is different."""
        row = self.submission.row
        return f"{self.name} ({row.name})" if row and row.name not in ("", self.name) else self.name

    @property
    def points(self) -> Fraction:
        """The total."""
        return sum((graded.points for graded in self.counting), Fraction(0))

    @property
    def of(self) -> int:
        """The maximum of the exercises that count."""
        return sum(graded.exercise.points for graded in self.counting)

    @property
    def deducted(self) -> Fraction:
        """The points of the total that lateness costs."""
        return sum((graded.deducted for graded in self.counting), Fraction(0))


@dataclass
class Grades:
    """The data of all files that grading writes."""

    exercises: Sequence[Exercise]  # the columns
    students: list[Student]  # the rows, by name
    remarks: list[str] = field(default_factory=list)  # on files without a student, and students without files
    unlimited: list[str] = field(default_factory=list)  # what this machine couldn't prevent submissions from doing
    version: str = ae.__version__

    @property
    def of(self) -> int:
        """The maximum of all exercises."""
        return sum(exercise.points for exercise in self.exercises)


def graded(exercise: Exercise, submission: Submission, record: Record | None, quotients: int = 100) -> Graded:
    """Return an exercise of a student from the record of its file, in the language in force.

    Difference quotients get this percentage.
    """
    if record is None:
        reason = submission.reasons[exercise.name]
        with with_sentences(exercise.sentences):
            parts = tuple(without_points(exercise, reason, NO_FILE))
        return Graded(exercise, NO_FILE, parts, NO_FILE, "", f"{exercise.name}: {reason}")
    words = said_in(record, language())
    entries = zip(record["entries"], words["parts"], words["reasons"], strict=True)
    parts = tuple(Entry.of_row(row, called, reason) for row, called, reason in entries)
    answer, evidence = words["answer"], words["quotients"]
    if evidence and quotients < 100:
        counts = gettext("counts {percent} %: it seems to use difference quotients in place of a formula")
        reason = counts.format(percent=quotients)
        parts = tuple(_shared(parts, quotients, reason))
        answer += f"\n  {reason} ({evidence})"
    return Graded(
        exercise, record["kind"], parts, record["code"], record["cause"], answer, quotients=evidence,
        seconds=record.get("seconds"), told_cause=words["cause"],
    )  # fmt: skip


def _shared(parts: Sequence[Entry], percent: int, reason: str) -> Iterator[Entry]:
    """Yield parts with this percentage of their points; rounding loses less than a hundredth in all."""
    before = after = Fraction(0)
    for part in parts:
        before += part.points
        left = share_of(before, Fraction(percent, 100)) - after
        after += left
        yield part._replace(points=left, reason=reason) if part.points else part


def lowest(points: Sequence[tuple[Fraction, int]], count: int) -> set[int]:
    """Return the places with the lowest share of their points; of equal ones, that with more points, then the first."""
    shares = [earned / of if of else Fraction(1) for earned, of in points]
    return set(sorted(range(len(points)), key=lambda i: (shares[i], -points[i][1], i))[:count])


def collect(
    submissions: Sequence[Submission], exercises: Sequence[Exercise], records: Mapping[tuple[str, str], Record],
    say: Say = Say(), **about: Any,
) -> Grades:  # fmt: skip
    """Return the grades from the records of all files, by student and exercise, and the teacher's decisions."""
    students, untold = [], []
    for submission in submissions:
        name, row = submission.student, submission.row
        due = row.due if row and row.due else say.due
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
            cost = share_of(found.earned, late.share) if late else Fraction(0)  # rounded down, for the student
            student.graded.append(replace(found, late=late, deducted=cost))
        for i in lowest([(each.points, each.exercise.points) for each in student.graded], say.drop):
            student.graded[i] = replace(student.graded[i], dropped=True)
        students.append(student)
    grades = Grades(exercises, students, **about)
    if untold:
        remark = gettext("the time of submission is unknown, so these count as in time: {names}")
        grades.remarks = [*grades.remarks, remark.format(names=listed(untold, MOST_SHOWN))]
    return grades
