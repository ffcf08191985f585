"""Regrading: what a student or an exercise counted before it was judged anew, kept so that feedback can say so.

    summary.csv of the last grading -> before;   regrades.json <-> {(student, exercise): what counted at first}
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.grades import Grades
from aescratch.classroom.grading.overrides import Place, near, same_name
from aescratch.foundations.files import write_text

NOTES, TABLE = "regrades.json", "summary.csv"
Points = dict[Place, Fraction]


class RegradeError(ValueError):
    """It can't be regraded like this; the message is one sentence."""


def named(names: Iterable[str], students: Sequence[str], exercises: Sequence[Exercise]) -> set[Place]:
    """Return the places that names of students and of exercises stand for."""
    titles = [exercise.name for exercise in exercises]
    found: set[Place] = set()
    for name in names:
        student = same_name(name, students)
        if student is None and name not in titles:
            known = near(name, [*students, *titles])
            raise RegradeError(f"there is no student and no exercise {name!r} to regrade{known}")
        found |= {(each, title) for each in students for title in titles if each == student or title == name}
    return found


def counted_before(folder: Path, students: Sequence[str]) -> Points:
    """Return what counted when it was graded last, from the summary's table."""
    path = folder / TABLE
    if not path.is_file():
        raise RegradeError(f"there are no grades in {folder} that could be regraded; grade first, without --regrade")
    try:
        head, _, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        titles = head[1 : head.index("total")]
        known = [(same_name(name, students), points) for name, *points in rows]
        return {
            (student, title): Fraction(cell)
            for student, points in known if student for title, cell in zip(titles, points, strict=False)
        }  # fmt: skip
    except ValueError as error:
        raise RegradeError(f"{path} can't be read ({error}); delete it, and grade once without --regrade") from error


def read_notes(folder: Path) -> Points:
    """Return what counted at first, of all that was ever regraded here."""
    path = folder / NOTES
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return {(student, title): Fraction(points) for student, row in kept.items() for title, points in row.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise RegradeError(f"{path} can't be read ({error}); put it right, or delete it and lose the notes") from error


def keep_notes(folder: Path, notes: Mapping[Place, Fraction]) -> None:
    """Keep them for the next time."""
    rows: dict[str, dict[str, str]] = {}
    for (student, title), points in sorted(notes.items()):
        rows.setdefault(student, {})[title] = str(points)
    write_text(folder / NOTES, json.dumps(rows, indent=1) + "\n")


def with_new(notes: Points, before: Mapping[Place, Fraction], again: Collection[Place]) -> Points:
    """Return the notes with those that are regraded now; what counted at first stays, however often it is regraded."""
    return {place: points for place, points in before.items() if place in again} | notes


def changes(grades: Grades, before: Mapping[Place, Fraction]) -> list[str]:
    """Return what counts otherwise than before, a line each."""
    return [
        f"{student.name}: {graded.exercise.name}, {float(old):g} before, {float(graded.points):g} now"
        for student in grades.students for graded in student.graded
        if (old := before.get((student.name, graded.exercise.name))) is not None and old != graded.points
    ]  # fmt: skip
