"""A teacher's decisions on single exercises of single students: points that replace the checks', comments, regrading.

    overrides.csv: student, exercise, points, comment -> {(student, exercise): Override}
    names -> Regrade: places to judge again, and their points before, by summary.csv and, at first, regrades.json

A table is accepted completely or not at all: every invalid line is reported, and nothing is graded.
"""

import csv
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.grading.exports.archives import composed
from aescratch.classroom.grading.roster import read_table
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext

FILE_NAME = "overrides.csv"
NOTES, TABLE = "regrades.json", "summary.csv"
COLUMNS = ("student", "exercise", "points", "comment")
MOST_PROBLEMS = 10  # that are reported at once
POINTS = re.compile(r"[0-9]+([.,][0-9]{1,2})?")
Place = tuple[str, str]  # a student and an exercise


class Override(NamedTuple):
    """A teacher's decision on one exercise of one student."""

    points: Fraction | None = None  # None: those of the checks count
    comments: tuple[str, ...] = ()


NONE = Override()


def read_overrides(path: Path, students: Sequence[str], exercises: Iterable[Exercise]) -> dict[Place, Override]:
    """Return the overrides in a table; `exercises` are all of the course, graded now or not."""
    by_name = {exercise.name: exercise for exercise in exercises}
    found: dict[Place, Override] = {}
    lines: dict[Place, int] = {}  # where the points of a place stand
    problems = []
    for line, row in _rows(path):
        try:
            place, new = _read(row, students, by_name)
            old = found.get(place, NONE)
            if None not in (old.points, new.points) and old.points != new.points:
                message = gettext("it contradicts line {line}, which gives {student} different points")
                raise CourseError(message.format(line=lines[place], student=place[0]))
        except CourseError as error:
            problems.append(gettext("line {line}: {problem}").format(line=line, problem=error))
            continue
        if new.points is not None:
            lines.setdefault(place, line)
        points = old.points if new.points is None else new.points
        found[place] = Override(points, tuple(dict.fromkeys(old.comments + new.comments)))
    if problems:
        told = "\n  ".join(problems[:MOST_PROBLEMS])
        message = gettext("nothing was graded, because {path} has invalid lines, {count} in all:")
        raise CourseError(message.format(path=path, count=len(problems)) + f"\n  {told}")
    return found


def same_name(name: str, names: Sequence[str]) -> str | None:
    """Return the one of the names that is meant, even if written as tables and file systems write it.

    Examples
    --------
    >>> same_name("'=jo", ["=jo", "kim"]), same_name("Kim", ["kim"])
    ('=jo', None)
    """
    if name in names:
        return name
    plain = composed(name)
    wanted = {plain, plain.removeprefix("'")}  # our own tables put a ' before names that look like formulas
    matches = [each for each in names if composed(each) in wanted]
    return matches[0] if len(matches) == 1 else None


def near(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that proposes the nearest name, if any."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return gettext("; did you mean {name}?").format(name=found[0]) if found else ""


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines that aren't empty, by column."""
    (_, head), *rows = read_table(path, gettext("overrides"))[0] or [(0, [])]
    head = [name.strip().lower() for name in head]
    if sorted(name for name in head if name in COLUMNS) != sorted(COLUMNS):
        came = ", ".join(head) or gettext("nothing")
        message = gettext("expected {path} to begin with the columns {columns}, got {came}")
        raise CourseError(message.format(path=path, columns=", ".join(COLUMNS), came=came))
    for line, cells in rows:
        values = [value.strip() for value in cells]
        if len(values) > len(head):
            message = gettext(
                "{path}, line {line}: there are {cells} cells, but only {columns} columns; put quotes around a "
                "comment with commas"
            )
            raise CourseError(message.format(path=path, line=line, cells=len(values), columns=len(head)))
        if any(values):
            yield line, dict(zip(head, values + [""] * len(head), strict=False))


def _read(row: Mapping[str, str], students: Sequence[str], exercises: Mapping[str, Exercise]) -> tuple[Place, Override]:
    """Return the place and the override of a line, or raise `CourseError`."""
    student = same_name(row["student"], students)
    if student is None:
        message = gettext("there is no student {student!r}{nearest}")
        raise CourseError(message.format(student=row["student"], nearest=near(row["student"], students)))
    exercise = exercises.get(row["exercise"])
    if exercise is None:
        message = gettext("there is no exercise {exercise!r}{nearest}")
        raise CourseError(message.format(exercise=row["exercise"], nearest=near(row["exercise"], exercises)))
    points, comment, of = row["points"], row["comment"], exercise.points
    if not points and not comment:
        raise CourseError(gettext("it has neither points nor a comment; give one, or delete the line"))
    given = Fraction(points.replace(",", ".")) if POINTS.fullmatch(points) else None
    if points and (given is None or given > of):
        message = gettext("expected points from 0 to {of}, in whole hundredths, got {points!r}")
        raise CourseError(message.format(of=of, points=points))
    return (student, exercise.name), Override(given, (comment,) if comment else ())


@dataclass
class Regrade:
    """The exercises to judge again, by student and exercise, with their points in the last and the first grading."""

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
            message = gettext("{path} is invalid ({error}); repair it, or delete it and lose earlier points")
            raise CourseError(message.format(path=path, error=error)) from error

    def ask_for(self, names: Sequence[str], students: Sequence[str], exercises: Sequence[Exercise]) -> None:
        """Add the places of these students and exercises, and read their points until now."""
        titles = [exercise.name for exercise in exercises]
        for name in names:
            student = same_name(name, students)
            if student is None and name not in titles:
                known = near(name, [*students, *titles])
                message = gettext("there is no student and no exercise {name!r} to regrade{known}")
                raise CourseError(message.format(name=name, known=known))
            self.places |= {(each, title) for each in students for title in titles if each == student or title == name}
        path = self.folder / TABLE
        if not path.is_file():
            message = gettext("there are no grades in {folder} to regrade; grade first, without --regrade")
            raise CourseError(message.format(folder=self.folder))
        try:
            with path.open(encoding="utf-8", newline="") as lines:
                head, _, *rows = csv.reader(lines)
            for name, *cells in rows:
                if student := same_name(name, students):
                    columns = zip(head[1 : head.index("total")], cells, strict=False)
                    self.before |= {(student, title): Fraction(cell) for title, cell in columns}
        except (ValueError, csv.Error) as error:
            message = gettext("{path} is invalid ({error}); delete it, and grade once without --regrade")
            raise CourseError(message.format(path=path, error=error)) from error

    def note(self, places: set[Place]) -> None:
        """Store the earlier points of regraded places; the points of the first grading are never replaced."""
        self.places = places
        if places:
            self.notes = {place: points for place, points in self.before.items() if place in places} | self.notes
            rows: dict[str, dict[str, str]] = {}
            for (student, title), points in sorted(self.notes.items()):
                rows.setdefault(student, {})[title] = f"{float(points):.2f}"
            write_text(self.folder / NOTES, json.dumps(rows, indent=1) + "\n")
