"""Regrading: what is judged anew, and what counted before, kept so that feedback can say so from then on.

    names -> places;   summary.csv of the last grading -> before;   regrades.json <-> notes: what counted at first
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.grades import Grades
from aescratch.classroom.grading.overrides import Place, SayError, near, same_name
from aescratch.foundations.files import write_text

NOTES, TABLE = "regrades.json", "summary.csv"


@dataclass
class Regrade:
    """What is judged anew, by student and exercise, with what counted when it was graded last, and at first."""

    folder: Path
    places: set[Place] = field(default_factory=set)
    before: dict[Place, Fraction] = field(default_factory=dict)
    notes: dict[Place, Fraction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        path = self.folder / NOTES
        try:
            rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            self.notes = {(name, title): Fraction(cell) for name, row in rows.items() for title, cell in row.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise SayError(f"{path} can't be read ({error}); put it right, or delete it and lose the notes") from error

    def ask_for(self, names: Sequence[str], students: Sequence[str], exercises: Sequence[Exercise]) -> None:
        """Take what names of students and of exercises stand for, and read what it counts until now."""
        titles = [exercise.name for exercise in exercises]
        for name in names:
            student = same_name(name, students)
            if student is None and name not in titles:
                known = near(name, [*students, *titles])
                raise SayError(f"there is no student and no exercise {name!r} to regrade{known}")
            self.places |= {(each, title) for each in students for title in titles if each == student or title == name}
        path = self.folder / TABLE
        if not path.is_file():
            raise SayError(f"there are no grades in {self.folder} to regrade; grade first, without --regrade")
        try:
            with path.open(encoding="utf-8", newline="") as lines:
                head, _, *rows = csv.reader(lines)
            for name, *cells in rows:
                if student := same_name(name, students):
                    columns = zip(head[1 : head.index("total")], cells, strict=False)
                    self.before |= {(student, title): Fraction(cell) for title, cell in columns}
        except (ValueError, csv.Error) as error:
            raise SayError(f"{path} can't be read ({error}); delete it, and grade once without --regrade") from error

    def note(self, places: set[Place]) -> None:
        """Keep what these, which were judged anew, counted before; what counted at first stays, however often it is."""
        self.places = places
        if places:
            self.notes = {place: points for place, points in self.before.items() if place in places} | self.notes
            rows: dict[str, dict[str, str]] = {}
            for (student, title), points in sorted(self.notes.items()):
                rows.setdefault(student, {})[title] = f"{float(points):.2f}"
            write_text(self.folder / NOTES, json.dumps(rows, indent=1) + "\n")

    def changes(self, grades: Grades) -> list[str]:
        """Return what counts otherwise than when it was graded last, a line each."""
        return [
            f"{student.name}: {graded.exercise.name}, {float(old):g} before, {float(graded.points):g} now"
            for student in grades.students for graded in student.graded
            if (old := self.before.get((student.name, graded.exercise.name))) not in (None, graded.points)
        ]  # fmt: skip
