"""Grades in the form that each platform imports: its own table filled with points, or a new one.

    grades, exports, roster -> {name of a file: its bytes}, remarks

Canvas and Blackboard import the table that they export, so it is written unchanged except for the cells of graded
files. Moodle's grading worksheet is made for each assignment: `mod/assign/feedback/offline/importgradeslib.php` needs
"Identifier", "Grade" and "Last modified (grade)". Gradescope imports no points. A student without files gets no 0.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from aescratch.classroom.grading.exports import moodle
from aescratch.classroom.grading.exports.archives import shown
from aescratch.classroom.grading.exports.attempts import Export
from aescratch.classroom.grading.formats import table
from aescratch.classroom.grading.grades import NO_FILE, Grades, Student
from aescratch.classroom.grading.parts import number
from aescratch.classroom.grading.roster import BLACKBOARD, CANVAS, Roster
from aescratch.foundations.language import gettext

COLUMN = {  # the heading of an assignment
    CANVAS: re.compile(r"(?P<name>.*) \(\d+\)"),
    BLACKBOARD: re.compile(r"(?P<name>.*?) \[Total Pts: (?:up to )?(?P<of>[\d.,]+)[^\]]*\] ?\|\d+"),
}
FILES = {CANVAS: "canvas_gradebook.csv", BLACKBOARD: "blackboard_gradebook.csv"}
POINTS_ROW = "Points Possible"  # of Canvas's table
MOODLE_COLUMNS = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade",
                  "Grade can be changed", "Last modified (submission)", "Last modified (grade)"]  # fmt: skip


class Column(NamedTuple):
    """A column of a platform's table that takes points."""

    place: int
    heading: str
    of: Fraction | None  # its maximum, if it is given
    exercises: list[int]  # whose points go there


def gradebooks(grades: Grades, exports: Sequence[Export], roster: Roster | None) -> tuple[dict[str, bytes], list[str]]:
    """Return the files for the platforms, by their names, and remarks on everything that fits in none."""
    files: dict[str, bytes] = {}
    remarks: list[str] = []
    if roster is not None and roster.form in COLUMN:
        files[FILES[roster.form]] = _filled(grades, roster, remarks)
    for place, export in enumerate(exports):
        if export.platform == moodle.PLATFORM:
            listed = [student for student in grades.students if student.submission.row or roster is None]
            if text := _worksheet(grades, listed, place, export, remarks):
                files[f"moodle_worksheet_{place + 1}.csv"] = text.encode()
    return files, remarks


def _earned(student: Student, places: Sequence[int]) -> Fraction | None:
    """Return the points for these exercises, or None if no file was graded for any of them."""
    graded = [student.graded[place] for place in places]
    return None if all(each.kind == NO_FILE for each in graded) else sum((g.points for g in graded), Fraction(0))


def _filled(grades: Grades, roster: Roster, remarks: list[str]) -> bytes:
    """Return the table of a roster, filled with points."""
    cells = [line + [""] * (len(roster.table[0]) - len(line)) for line in roster.table]
    columns = _columns(grades, roster)
    for place, exercise in enumerate(grades.exercises):
        if not any(place in column.exercises for column in columns):
            none = gettext("{platform} has no column for {exercise}, so its points were left out")
            remarks.append(none.format(platform=roster.form.name, exercise=exercise.name))
    for column in columns:
        of = sum(grades.exercises[i].points for i in column.exercises)
        if column.of is not None and column.of != of:
            other = gettext(
                "the column {column} has a maximum of {maximum}, but its exercises have {of}: the points were not "
                "rescaled"
            )
            remarks.append(other.format(column=shown(column.heading), maximum=number(column.of), of=of))
        for student in grades.students:
            row, earned = student.submission.row, _earned(student, column.exercises)
            if row is not None and earned is not None:
                cells[row.line][column.place] = str(number(earned))
    text = io.StringIO()
    csv.writer(text, delimiter=roster.delimiter, lineterminator="\n").writerows(cells)
    return text.getvalue().encode(roster.encoding)


def _columns(grades: Grades, roster: Roster) -> list[Column]:
    """Return the columns with an exercise's name, or, if there are none, one with the maximum of all exercises."""
    worth = next((line for line in roster.table if line and line[0].strip().startswith(POINTS_ROW)), [])
    titles = [[about.title for _, about in exercise.abouts] for exercise in grades.exercises]
    names = [list(map(_words, [e.name, *those])) for e, those in zip(grades.exercises, titles, strict=True)]
    columns = []
    for place, heading in enumerate(roster.table[0]):
        if match := COLUMN[roster.form].fullmatch(heading.strip()):
            of = match.groupdict().get("of") or "".join(worth[place : place + 1])
            # "Gelu backward" doesn't contain "relu"; of "elu" and "gelu tanh", the longer counts.
            lengths = [max(len(name) * (name in _words(match["name"])) for name in those) for those in names]
            best = [i for i, length in enumerate(lengths) if length and length == max(lengths)]
            columns.append(Column(place, heading, _number(of), best if len(best) == 1 else []))
    taken = Counter(i for column in columns for i in column.exercises)
    alike = [column for column in columns if column.of == grades.of]
    if not taken and len(alike) == 1:
        return [alike[0]._replace(exercises=list(range(len(grades.exercises))))]
    return [column for column in columns if any(taken[i] == 1 for i in column.exercises)]


def _words(text: str) -> str:
    return " " + " ".join(re.findall(r"[^\W_]+", text.casefold())) + " "


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(text.strip().replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return None


def _worksheet(grades: Grades, students: Sequence[Student], place: int, export: Export, remarks: list[str]) -> str:
    """Return Moodle's worksheet of an assignment: the points for the exercises that most handed in there, if any."""
    homes = [Counter(student.submission.arrivals[exercise.name].export for student in grades.students
                     if exercise.name in student.submission.arrivals) for exercise in grades.exercises]  # fmt: skip
    mine = [i for i, home in enumerate(homes) if home and home.most_common(1)[0][0] == place]
    of = sum(grades.exercises[i].points for i in mine)
    names = ", ".join(grades.exercises[i].name for i in mine)
    if not mine:
        none = gettext("there is no worksheet for {export}: no exercise was mostly handed in there")
        remarks.append(none.format(export=export.name))
        return ""
    holds = gettext("the worksheet for {export} holds the points for {names}, {of} in all")
    remarks.append(holds.format(export=export.name, names=names, of=of))
    rows: list[list[Any]] = [MOODLE_COLUMNS]
    for student in students:
        who, row = student.submission.called.get(place), student.submission.row
        earned = _earned(student, mine)
        if who is None or earned is None:
            continue
        if not who.handles or (row and row.group and who.name.casefold() == row.group.casefold()):
            unlisted = gettext("{student} has no own number in {export}, and is not in the worksheet")
            remarks.append(unlisted.format(student=student.called, export=export.name))
            continue
        email = row.email if row else ""
        rows.append([f"Participant {who.handles[0]}", shown(who.name), email, "", number(earned), of, "Yes", "", ""])
    return table(rows)
