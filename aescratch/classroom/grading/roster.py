"""The roster: the students of a course, from the teacher's own table or from a platform's gradebook.

    CSV -> rows of students;   the names in exports -> the row of each student, if there is exactly one

Columns of the teacher's own table: student (as in the export: a number, a login, an email or a name), name, email,
section, group, and due, for students with another date. Platforms' tables are recognised by their headings.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from aescratch.classroom.exercise import CourseError
from aescratch.classroom.grading.exports.archives import composed, shown
from aescratch.classroom.grading.exports.attempts import Who
from aescratch.classroom.grading.lateness import due_of
from aescratch.foundations.language import gettext

LARGEST = 50_000_000  # bytes
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}  # byte order marks
NOBODY = ("Points Possible", "Student, Test")  # rows of Canvas's table without a student


class Form(NamedTuple):
    """A form of table: its typical headings, and the headings of a student's identifiers, the preferred one first."""

    name: str
    headings: frozenset[str]
    handles: tuple[str, ...]
    full_name: str = "name"


CANVAS = Form("Canvas's gradebook", frozenset({"id", "sis login id", "section"}),
              ("sis login id", "id", "sis user id"), "student")  # fmt: skip
BLACKBOARD = Form("Blackboard's gradebook", frozenset({"username", "last name"}), ("username", "student id"))
MOODLE = Form("Moodle's worksheet", frozenset({"identifier", "grade"}), ("identifier",), "full name")
FORMS = (CANVAS, BLACKBOARD, MOODLE, Form("the roster", frozenset({"student"}), ("student",)))


@dataclass
class Row:
    """A student of the course."""

    student: str
    line: int  # of the table
    name: str = ""
    email: str = ""
    section: str = ""
    group: str = ""
    due: datetime | None = None  # with its zone
    handles: tuple[str, ...] = ()

    def may_be_called(self, name: str) -> bool:
        """Whether a name may be this student's or the group's."""
        known = _names(self.name) | _names(self.student) | _names(self.group)
        return not (name and self.name) or bool(known & _names(name))


@dataclass
class Roster:
    """The students of a course, and the table that they come from."""

    form: Form
    table: list[list[str]]
    delimiter: str
    encoding: str
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def placed(self, people: Sequence[Who]) -> tuple[list[tuple[Row | None, list[Who]]], list[str]]:
        """Return the people of each row, and those without a row; and remarks on everything that doesn't fit.

        A person is assigned to a row only if no other row, and no other person, fits.
        """
        by_handle = self._index(lambda row: map(_plain, (*row.handles, row.email)))
        by_name = self._index(lambda row: _names(row.name) | _names(row.student))
        by_group = self._index(lambda row: [_plain(row.group)])
        claims: list[dict[str, list[Who]]] = [defaultdict(list) for _ in self.rows]
        why: dict[Who, str] = {}
        for who in people:
            group = by_group[_plain(who.name)]
            told = next((found for handle in who.handles if (found := by_handle[_plain(handle)])), set())
            named = {number for name in _names(who.name) for number in by_name[name]}
            how = "group" if group and told <= group else "handle" if told else "name"
            rows = {"group": group, "handle": told, "name": named}[how]
            if len(rows) == 1 or how == "group":
                for number in rows:
                    claims[number][how].append(who)
            else:
                several = gettext(" and ").join(shown(self.rows[number].student) for number in sorted(rows)[:3])
                could_be = gettext("could be {count} students on the roster, {several}")
                could_be = could_be.format(count=len(rows), several=several)
                why[who] = could_be if rows else gettext("isn't on the roster")
        placed: list[tuple[Row | None, list[Who]]] = []
        remarks = list(self.remarks)
        for row, claim in zip(self.rows, claims, strict=True):
            alone = claim["handle"] or claim["name"]
            for who in claim["name"] if claim["handle"] else []:
                same = gettext("has the name of {student}, who is already {other}")
                why[who] = same.format(student=shown(row.student), other=shown(alone[0].label))
            if len({who.key for who in alone}) > len({who.key[0] for who in alone}):  # two, on one platform
                names = gettext(" and ").join(sorted(shown(who.label) for who in alone))
                one_of = gettext("is one of {names}, who all could be {student} on the roster")
                why |= dict.fromkeys(alone, one_of.format(names=names, student=shown(row.student)))
                alone = []
            if not alone and not claim["group"]:
                absent = gettext("{student} is on the roster, but has no submission")
                remarks.append(absent.format(student=shown(row.student)))
            placed.append((row, [*alone, *claim["group"]]))
        left = gettext("{student} {reason}: graded, but not in a gradebook")
        remarks += [left.format(student=shown(who.label), reason=reason) for who, reason in why.items()]
        return [*placed, *((None, [who]) for who in why)], remarks

    def _index(self, keys: Callable[[Row], Iterable[str]]) -> dict[str, set[int]]:
        index: dict[str, set[int]] = defaultdict(set)
        for number, row in enumerate(self.rows):
            for key in set(keys(row)) - {""}:
                index[key].add(number)
        return index


def _plain(text: str) -> str:
    return composed(text).strip().casefold()


def _names(name: str) -> set[str]:
    """Return the ways to write a name, with letters and digits only: its words in order, and turned around.

    Examples
    --------
    >>> sorted(_names("Kim, Min-su")), sorted(_names("Min-su Kim"))
    (['kimminsu', 'minsukim'], ['kimminsu', 'minsukim'])
    """
    words = [word for part in re.split(r"[\s,]+", _plain(name)) if (word := re.sub(r"[\W_]", "", part))]
    return {"".join(words[i:] + words[:i]) for i in {0, 1, len(words) - 1} if words}


def read_table(path: Path, what: str) -> tuple[list[tuple[int, list[str]]], str, str]:
    """Return the rows of a CSV file with their line numbers, the separator, and the encoding; `what` is its purpose."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST)
    except OSError as error:
        message = gettext("expected {what}, but {path} can't be read: {strerror}; check the path")
        raise CourseError(message.format(what=what, path=path, strerror=error.strerror)) from error
    marked = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp949"):  # Excel in Korea writes the last one
        try:
            text = content.decode(encoding)
            break
        except UnicodeError:
            continue
    else:
        message = gettext("expected {path} to be text in UTF-8, but it is not; save it as CSV UTF-8")
        raise CourseError(message.format(path=path))
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)  # else a quote hides rows
    try:
        return [(reader.line_num, cells) for cells in reader], delimiter, encoding
    except csv.Error as error:
        message = gettext("{path}, line {line}: invalid CSV ({error}); look for an open quote")
        raise CourseError(message.format(path=path, line=reader.line_num, error=error)) from error


def read_roster(path: Path) -> Roster:
    """Return the roster of a file."""
    rows, delimiter, encoding = read_table(path, gettext("a roster"))
    table = [cells for _, cells in rows]
    headings = [heading.strip().casefold() for heading in table[0]] if table else []
    form = next((form for form in FORMS if form.headings <= set(headings)), None)
    if form is None:
        message = gettext(
            "expected {path} to have a column student, or the headings of a platform's gradebook, got {headings}; "
            "give the column with the students' names in the export the heading student"
        )
        raise CourseError(message.format(path=path, headings=shown(", ".join(headings)) or gettext("nothing")))
    roster = Roster(form, table, delimiter, encoding)
    for line, cells in enumerate(table[1:], start=1):
        values = {heading: composed(cell).strip() for heading, cell in zip(headings, cells, strict=False)}
        if row := _row(form, defaultdict(str, values), line, roster.remarks):
            roster.rows.append(row)
    twice = Counter(_plain(row.student) for row in roster.rows)
    often = gettext("{student} is on the roster {count} times")
    roster.remarks += [often.format(student=shown(name), count=count) for name, count in twice.items() if count > 1]
    return roster


def _row(form: Form, values: dict[str, str], line: int, remarks: list[str]) -> Row | None:
    """Return the student of a line of the table, or None if it has no student."""
    handles = tuple(values[heading] for heading in form.handles if values[heading])
    name = values[form.full_name] or f"{values['last name']}, {values['first name']}".strip(", ")
    if not handles or (form is CANVAS and name.startswith(NOBODY)):
        if form is FORMS[-1] and any(values.values()):
            skipped = gettext("line {line} of the roster has no student, and was skipped")
            remarks.append(skipped.format(line=line + 1))
        return None
    try:
        due = due_of(values["due"]) if values["due"] else None
    except ValueError as error:
        due = None
        ignored = gettext("the date of {student} on the roster is invalid and was ignored: {error}")
        remarks.append(ignored.format(student=shown(handles[0]), error=error))
    told = (handles[0], name, values["email"] or values["email address"], values["section"], values["group"])
    student, name, email, section, group = map(shown, told)  # students may choose their names on a platform
    return Row(student, line, name, email, section, group, due, handles)
