"""Grades as files for others: our own JSON, a table, and the formats of learning platforms and graders.

    Grades -> text    FORMATS[name].write(grades)

They contain no times or durations: the same submissions give the same bytes.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from aescratch.classroom.grading.feedback import sentences, total
from aescratch.classroom.grading.grades import NO_FILE, Graded, Grades, Student
from aescratch.classroom.grading.lateness import Lateness
from aescratch.classroom.grading.marks import Entry
from aescratch.classroom.grading.parts import HUNDREDTHS, number
from aescratch.classroom.grading.submissions import Submission
from aescratch.classroom.outcome import SYNTAX_ERROR
from aescratch.foundations.language import gettext, told

FORMAT = 1
NBGRADER_COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip
LARGEST = 1_000_000  # bytes, below PrairieLearn's limit
NO_STATUS = "--"  # in otter's row of points
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """Return a text that a spreadsheet doesn't treat as a formula.

    Examples
    --------
    >>> cell("=1+1"), cell("Zoë"), cell(9.5)
    ("'=1+1", 'Zoë', 9.5)
    """
    starts = isinstance(value, str) and value.startswith(FORMULA_STARTS) and value != NO_STATUS
    return f"'{value}" if starts else value


def table(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def as_json(grades: Grades) -> str:
    """Return everything: students, their exercises, and the entries of each."""
    exercises = [{"exercise": e.name, "title": e.title, "points": e.points} for e in grades.exercises]
    students = [
        {
            "student": student.name, **_about(student.submission), "late": _late(student.late),
            "points": number(student.points), "of": student.of, "deducted": number(student.deducted),
            "remarks": student.remarks,
            "exercises": [_exercise(graded, student.submission) for graded in student.graded],
        }
        for student in grades.students
    ]  # fmt: skip
    everything = {
        "format": FORMAT, "version": grades.version, "unlimited": [told(each) for each in grades.unlimited],
        "remarks": grades.remarks, "exercises": exercises, "students": students,
    }  # fmt: skip
    return json.dumps(everything, indent=1) + "\n"


def _about(submission: Submission) -> dict[str, Any]:
    """Return the student's entry in the roster, and the time of the last file; null if unknown."""
    row = submission.row
    known = {key: (getattr(row, key) or None) if row else None for key in ("name", "email", "section", "group")}
    return {**known, "due": _date(row.due if row else None), "handed_in": _date(submission.handed_in)}


def _date(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _exercise(graded: Graded, submission: Submission) -> dict[str, Any]:
    arrival = submission.arrivals.get(graded.exercise.name)
    return {
        "exercise": graded.exercise.name, "points": number(graded.points), "of": graded.exercise.points,
        **_said(graded), "outcome": graded.kind, "flagged": graded.flagged, "late": _late(graded.late),
        "handed_in": _date(arrival.handed_in if arrival else None),
        "quotients": graded.quotients,
        "entries": [
            {
                "part": entry.part, "points": number(entry.points), "of": number(entry.of), "reason": entry.reason,
                "codes": list(entry.codes), "flagged": entry.flagged,
            }
            for entry in graded.entries
        ],
    }  # fmt: skip


def _late(late: Lateness | None) -> dict[str, Any] | None:
    """Return the lateness, if any; with only a platform's flag, days are null and nothing is deducted."""
    return None if late is None else {"days": late.days, "percent": number(100 * late.share)}


def _said(graded: Graded) -> dict[str, Any]:
    """Return the teacher's decisions on an exercise, if any, beside the checks' points."""
    said = {
        "checks": number(graded.checked) if graded.override.points is not None else None,
        "override": None if graded.override.points is None else number(graded.override.points),
        "comments": list(graded.override.comments), "earned": number(graded.earned) if graded.deducted else None,
        "deducted": number(graded.deducted) or None, "dropped": graded.dropped or None,
        "before": None if graded.before is None else number(graded.before),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None and value != []}


def as_csv(grades: Grades) -> str:
    """Return one row per student, one column per exercise, the total, and the exercises to look at."""
    names = [exercise.name for exercise in grades.exercises]
    points = [exercise.points for exercise in grades.exercises]
    rows: list[list[Any]] = [["student", *names, "total", "look at"], ["(points)", *points, grades.of, ""]]
    for student in grades.students:
        look = " ".join(graded.exercise.name for graded in student.graded if graded.flagged)
        rows.append([student.name, *(number(g.points) for g in student.graded), number(student.points), look])
    for head, cells in _columns(grades).items():
        if any(value != "" for value in cells):
            for row, value in zip(rows, [head, "", *cells], strict=True):
                row.append(value)
    return table(rows)


def _columns(grades: Grades) -> dict[str, list[Any]]:
    """Return further columns of the table on the teacher's decisions, with one cell for each student."""
    students = grades.students
    instead = [[g for g in student.graded if g.override.points is not None] for student in students]
    return {
        "instead of": [", ".join(f"{g.exercise.name} {number(g.checked)}" for g in row) for row in instead],
        "late": ["" if s.late is None else "yes" if s.late.days is None else f"{s.late.days} d" for s in students],
        "deducted": [number(s.deducted) if s.late else "" for s in students],
        "dropped": [" ".join(g.exercise.name for g in s.graded if g.dropped) for s in students],
        "of": [number(s.of) if len(s.counting) < len(s.graded) else "" for s in students],
    }  # fmt: skip


def parts_of(student: Student) -> Iterator[tuple[str, Entry]]:
    """Yield every part of one submission with its full name, for platforms that list them together."""
    for graded in student.graded:
        for entry in graded.entries:
            yield f"{graded.exercise.title}: {entry.called}", entry


def answer_to(student: Student) -> str:
    """Return the answer to one submission as a whole."""
    answers = ["\n  ".join([graded.answer, *sentences(graded)]) for graded in student.graded]
    return "\n\n".join([*student.remarks, *answers, *total(student)])


def _points(student: Student) -> str:
    return gettext("{points:g} of {of:g} points").format(points=float(student.points), of=float(student.of))


def as_gradescope(grades: Grades) -> str:
    """Return the results of one submission, as Gradescope reads them from its results.json."""
    student = grades.students[0]
    numbers = [f"{place}.{part}" for place, graded in enumerate(student.graded, 1)
               for part, _ in enumerate(graded.entries, 1)]  # fmt: skip
    tests = [
        {
            "name": name, "number": place, "name_format": "text",
            "score": number(entry.points), "max_score": number(entry.of), "output": entry.reason,
            "output_format": "text", "status": "passed" if entry.points == entry.of else "failed",
            "visibility": "visible", **({"tags": list(entry.codes)} if entry.codes else {}),
        }
        for place, (name, entry) in zip(numbers, parts_of(student), strict=True)
    ]  # fmt: skip
    tests += [
        {
            "name": f"{graded.exercise.title}: {gettext('look at it yourself')}", "output": graded.quotients,
            "output_format": "text", "visibility": "hidden",
        }
        for graded in student.graded if graded.quotients
    ]  # fmt: skip
    by_checks = sum((graded.checked for graded in student.graded), Fraction(0))
    results = {
        **({"score": number(student.points)} if student.points != by_checks else {}),  # replaces the tests' sum
        "output": answer_to(student),
        "output_format": "text", "visibility": "visible", "stdout_visibility": "hidden", "tests": tests,
    }  # fmt: skip
    return json.dumps(results, indent=1) + "\n"


def as_prairielearn(grades: Grades) -> str:
    """Return the results of one submission, as PrairieLearn reads them from its results.json.

    A submission without a valid Python file isn't gradable there, so that it costs its student no attempt.
    """
    student = grades.students[0]
    answer = answer_to(student)
    if all(graded.kind in (NO_FILE, SYNTAX_ERROR) for graded in student.graded):
        results = {"gradable": False, "score": 0.0, "message": gettext("not graded"), "format_errors": [answer]}
        return shortened(results, LARGEST)
    tests = [
        {"name": name, "points": number(entry.points), "max_points": number(entry.of), "message": entry.reason}
        for name, entry in parts_of(student)
    ]  # fmt: skip
    results = {
        "gradable": True, "score": float(student.points / student.of) if student.of else 0.0,
        "message": _points(student), "output": answer, "tests": tests,
    }  # fmt: skip
    return shortened(results, LARGEST)


def as_classroom50(grades: Grades) -> str:
    """Return the results of one submission for Classroom 50's autograder.py, which adds the student.

    Scores must be whole numbers there, so they are in hundredths of points. A test's name is a key, in English.
    """
    student = grades.students[0]
    marks = [(graded.exercise, entry) for graded in student.graded for entry in graded.entries]
    tests = [
        {
            "test-name": f"{exercise.abouts[0][1].title}: {entry.part}",
            "passed": entry.points == entry.of, "score": int(entry.points * HUNDREDTHS),
            "max-score": int(entry.of * HUNDREDTHS), "message": entry.reason,
        }
        for exercise, entry in marks
    ]  # fmt: skip
    line = gettext("{part}: {points:g} of {of:g}; {reason}")
    lines = [
        line.format(part=name, points=float(entry.points), of=float(entry.of), reason=entry.reason)
        for name, entry in parts_of(student)
    ]
    results = {
        "score": int(student.points * HUNDREDTHS), "max-score": int(student.of * HUNDREDTHS), "tests": tests,
        "total": _points(student), "answer": "\n".join([*lines, "", answer_to(student)]),
    }  # fmt: skip
    return json.dumps(results, indent=1) + "\n"


def shortened(results: dict[str, Any], largest: int) -> str:
    """Return results as JSON of fewer bytes than `largest`; if necessary, the longest texts are cut."""

    def cut(value: Any, length: int) -> Any:
        if isinstance(value, dict):
            return {key: cut(each, length) for key, each in value.items()}
        if isinstance(value, list):
            return [cut(each, length) for each in value]
        return f"{value[:length]} ..." if isinstance(value, str) and len(value) > length else value

    lengths = (largest >> halvings for halvings in range(largest.bit_length()))
    texts = (json.dumps(cut(results, length), indent=1) + "\n" for length in lengths)
    return next(text for text in texts if len(text) < largest)  # JSON is written in ASCII


def as_otter(grades: Grades) -> str:
    """Return a table in the form of otter grade's final_grades.csv: the points of each question, then the files."""
    exercises = sorted(grades.exercises, key=lambda exercise: exercise.name)
    points = [float(exercise.points) for exercise in exercises]
    rows: list[list[Any]] = [
        ["file", *(each.name for each in exercises), "total_points_earned", "percent_correct", "grading_status"],
        ["points-per-question", *points, float(grades.of), 1.0, NO_STATUS],
    ]
    for student in grades.students:
        earned = [float(each.points) for each in sorted(student.graded, key=lambda each: each.exercise.name)]
        share = float(student.points / student.of) if student.of else 0.0
        rows.append([student.name, *earned, float(student.points), share, "Completed"])
    return table(rows)


def as_nbgrader(grades: Grades) -> str:
    """Return a table in the form of nbgrader's grades.csv: a row for each student and assignment, here an exercise."""
    rows: list[list[Any]] = [list(NBGRADER_COLUMNS)]
    for place, exercise in enumerate(grades.exercises):
        for student in grades.students:
            graded = student.graded[place]
            points = [float(graded.earned), float(graded.deducted), float(graded.points), float(exercise.points)]
            rows.append([exercise.name, "", "", student.name, "", "", "", *points])
    return table(rows)


class Format(NamedTuple):
    """A format of grades: its writer, the file's name in a folder, and whether it is for a single submission."""

    write: Callable[[Grades], str]
    file_name: str
    single: bool = False


FORMATS = {
    "json": Format(as_json, "grades.json"),
    "csv": Format(as_csv, "grades.csv"),
    "gradescope": Format(as_gradescope, "results.json", single=True),
    "prairielearn": Format(as_prairielearn, "results.json", single=True),
    "classroom50": Format(as_classroom50, "result.json", single=True),
    "otter": Format(as_otter, "final_grades.csv"),
    "nbgrader": Format(as_nbgrader, "grades.csv"),
}
