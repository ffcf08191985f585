"""The teacher's table of overrides: points that count instead of what the checks gave, and comments for the feedback.

    overrides.csv: student, exercise, points, comment -> {(student, exercise): Override}

The table is taken as a whole or not at all: whatever is wrong with it is told line by line, and nothing is graded.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.exports.archives import composed
from aescratch.classroom.grading.parts import points_of
from aescratch.classroom.grading.tables import read_table

FILE_NAME = "overrides.csv"
COLUMNS = ("student", "exercise", "points", "comment")
MOST_PROBLEMS = 10  # that are told at once
POINTS = re.compile(r"[0-9]+([.,][0-9]{1,2})?")
Place = tuple[str, str]  # a student and an exercise


class SayError(ValueError):
    """What a teacher says can't be taken as it is; the message is a sentence, or one for each line of a table."""


class Override(NamedTuple):
    """What a teacher says of one exercise of one student."""

    points: Fraction | None = None  # None: those of the checks count
    comments: tuple[str, ...] = ()


NONE = Override()


def read_overrides(path: Path, students: Sequence[str], exercises: Iterable[Exercise]) -> dict[Place, Override]:
    """Return the overrides in a table; the exercises are all of the course, whether they are graded now or not."""
    by_name = {exercise.name: exercise for exercise in exercises}
    found: dict[Place, Override] = {}
    lines: dict[Place, int] = {}  # where the points of a place stand
    problems = []
    for line, row in _rows(path):
        try:
            place, new = _read(row, students, by_name)
            old = found.get(place, NONE)
            if None not in (old.points, new.points) and old.points != new.points:
                raise SayError(f"it contradicts line {lines[place]}, which gives {place[0]} other points")
        except SayError as error:
            problems.append(f"line {line}: {error}")
            continue
        if new.points is not None:
            lines.setdefault(place, line)
        points = old.points if new.points is None else new.points
        found[place] = Override(points, tuple(dict.fromkeys(old.comments + new.comments)))
    if problems:
        told = "\n  ".join(problems[:MOST_PROBLEMS])
        raise SayError(f"nothing was graded, since lines of {path} are wrong, {len(problems)} in all:\n  {told}")
    return found


def same_name(name: str, names: Sequence[str]) -> str | None:
    """Return which of the names is meant: as it stands, or as tables and file systems write it.

    Examples
    --------
    >>> same_name("'=jo", ["=jo", "kim"]), same_name("Kim", ["kim"])
    ('=jo', None)
    """
    if name in names:
        return name
    plain = composed(name)
    wanted = {plain, plain.removeprefix("'")}  # our own tables put it before what looks like a formula
    matches = [each for each in names if composed(each) in wanted]
    return matches[0] if len(matches) == 1 else None


def near(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that proposes the nearest name, where there is one."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines that hold something, by column."""
    try:
        (_, head), *rows = read_table(path, "overrides").rows or [(0, [])]
    except ValueError as error:
        raise SayError(str(error)) from error
    head = [name.strip().lower() for name in head]
    if sorted(name for name in head if name in COLUMNS) != sorted(COLUMNS):
        came = ", ".join(head) or "nothing"
        raise SayError(f"expected {path} to begin with the columns {', '.join(COLUMNS)}, got {came}")
    for line, cells in rows:
        values = [value.strip() for value in cells]
        if len(values) > len(head):
            what = f"there are {len(values)} cells, but {len(head)} columns; put a comment with commas into quotes"
            raise SayError(f"{path}, line {line}: {what}")
        if any(values):
            yield line, dict(zip(head, values + [""] * len(head), strict=False))


def _read(row: Mapping[str, str], students: Sequence[str], exercises: Mapping[str, Exercise]) -> tuple[Place, Override]:
    """Return what a line says, or raise what is wrong with it."""
    student = same_name(row["student"], students)
    if student is None:
        raise SayError(f"there is no student {row['student']!r}{near(row['student'], students)}")
    exercise = exercises.get(row["exercise"])
    if exercise is None:
        raise SayError(f"there is no exercise {row['exercise']!r}{near(row['exercise'], exercises)}")
    points, comment, of = row["points"], row["comment"], points_of(exercise)
    if not points and not comment:
        raise SayError("it has neither points nor a comment; give one, or delete the line")
    given = Fraction(points.replace(",", ".")) if POINTS.fullmatch(points) else None
    if points and (given is None or given > of):
        raise SayError(f"expected points from 0 to {of}, in whole hundredths, got {points!r}")
    return (student, exercise.name), Override(given, (comment,) if comment else ())
