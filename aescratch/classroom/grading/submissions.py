"""Read submissions: exports of learning platforms, or a folder with one folder for each student.

    folders, zip files --exports/--> attempts --roster--> Submission(student, files, remarks) each

Of several files for one exercise the newest counts: by the time of an attempt, then by the number in its name. Anything
unusual becomes a remark, in one sentence.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.grading.exports.archives import Node, UnreadableError, in_a_sentence, on_disk, opened, shown
from aescratch.classroom.grading.exports.attempts import MOST_SHOWN, Attempt, Export, Found, Who, listed, looked_into
from aescratch.classroom.grading.exports.recognising import read_export
from aescratch.classroom.grading.exports.texts import code_cells, defined, from_notebook, typed
from aescratch.classroom.grading.roster import Roster, Row
from aescratch.classroom.workspace import BACKUPS, COURSE
from aescratch.foundations.language import gettext

LARGEST = 1_000_000  # bytes of a file, which usually has a few thousand
LARGEST_NOTEBOOK, MOST_NOTEBOOKS = 5_000_000, 5  # bytes, with pictures; notebooks of a student that are read
LARGEST_ENTRY = 100_000  # bytes of a text typed into the platform
LIKELY = {".py", ".ipynb", ".txt", ".docx", ".pdf", ".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"}
COPIES = re.compile(  # suffixes that browsers, Canvas (two kinds) and people add to a second file of the same name
    r"(?:\s*\((?P<browser>\d{1,9})\)|-(?P<canvas>\d{1,9})|-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?:\s*-\s?|\s+)(?P<copy>copy|복사본)(?:\s\d{1,9})?)$"
)
PYTHON, NOTEBOOK, ENTRY = range(3)  # kinds of answers; of one attempt, the first counts


class Arrival(NamedTuple):
    """When the answer to one exercise was handed in, and in which export it is."""

    export: int  # its place among the exports
    handed_in: datetime | None = None  # with its zone; None if unknown
    late: bool | None = None  # the platform's flag


@dataclass
class Submission:
    """What one student handed in."""

    student: str  # the unique name from the roster, or else from the export
    files: dict[str, bytes] = field(default_factory=dict)  # by the exercise's name
    reasons: dict[str, str] = field(default_factory=dict)  # why a file is missing, for each of the other exercises
    remarks: list[str] = field(default_factory=list)  # on anything unusual
    arrivals: dict[str, Arrival] = field(default_factory=dict)  # of the files, by the exercise's name
    called: dict[int, Who] = field(default_factory=dict)  # the student in each export, by the export's place
    row: Row | None = None  # of the roster

    @property
    def handed_in(self) -> datetime | None:
        """When the last file was handed in, if known."""
        return max((a.handed_in for a in self.arrivals.values() if a.handed_in), default=None)


class Reading(NamedTuple):
    """Everything that was handed in, and remarks on files without a student."""

    submissions: list[Submission]
    remarks: list[str]
    exports: list[Export]


def read_submissions(places: Sequence[Path], exercises: Sequence[Exercise], roster: Roster | None = None) -> Reading:
    """Return the submissions in exports, folders or zip files, by name, with remarks on anything unusual."""
    with contextlib.ExitStack() as stack:  # exports stay open while they are read in place
        return _read(places, exercises, roster, stack)


def _read(
    places: Sequence[Path], exercises: Sequence[Exercise], roster: Roster | None, stack: contextlib.ExitStack
) -> Reading:
    exports: list[Export] = []
    remarks: list[str] = []
    people: dict[tuple[str, ...], list[tuple[int, Attempt]]] = defaultdict(list)
    submissions: dict[str, Submission] = {}
    for number, place in enumerate(places):
        try:
            root, odd = stack.enter_context(opened(place))
            export = read_export(place, root, str(number))
            if not export.attempts:
                raise CourseError(_nobody(place, root, exercises))
        except UnreadableError as problem:
            message = gettext("{unreadable}; download it again, or unpack it")
            raise CourseError(message.format(unreadable=in_a_sentence(place, problem))) from problem
        exports.append(export)
        before = f"{export.name}: " if len(places) > 1 else ""
        remarks += [f"{before}{remark}" for remark in [*odd, *export.remarks]]
        for attempt in export.attempts:
            people[attempt.who.key].append((number, attempt))
    whos = [_united([attempt.who for _, attempt in attempts]) for attempts in people.values()]
    placed, more = roster.placed(whos) if roster else ([(None, [who]) for who in whos], [])
    for row, those in placed:
        name = shown(row.student if row else those[0].label)
        numbered = (f"{name} ({number})" for number in itertools.count(2))  # two may look the same when printed
        name = next(each for each in itertools.chain([name], numbered) if each not in submissions)
        submission = choose(name, [each for who in those for each in people[who.key]], exercises)
        submission.row, submissions[name] = row, submission
        if others := sorted({shown(who.name) for who in those if row and not row.may_be_called(who.name)}):
            submission.remarks.append(gettext("handed in as {names}").format(names=gettext(" and ").join(others)))
    return Reading([submissions[name] for name in sorted(submissions)], remarks + more, exports)


def _united(whos: Sequence[Who]) -> Who:
    """Return one person with the identifiers from all exports."""
    return replace(whos[0], handles=tuple(dict.fromkeys(each for who in whos for each in who.handles)))


def _nobody(place: Path, root: Node, exercises: Sequence[Exercise]) -> str:
    """Return the error message for an export without submissions."""
    lone = any(_matches(node.name, exercise) for node in root.children() for exercise in exercises)
    advice = gettext("; make a folder for each student, with the exercises' files in it")
    if lone:
        advice = gettext("; it is one submission itself: give the folder above it, or --format gradescope")
    message = gettext("expected one folder per student in {place}, or a platform's export, found neither{advice}")
    return message.format(place=place, advice=advice)


def read_submission(folder: Path, exercises: Sequence[Exercise], student: str) -> Submission:
    """Return the submission in a folder: its files, directly or in subfolders, the nearest first."""
    attempt = Attempt(Who(student, ("folder", student)), [Found((), on_disk(folder.resolve()))])
    return choose(student, [(0, attempt)], exercises)


class _Answer(NamedTuple):
    """A file that may contain the answer to an exercise, and the parts of it that are used."""

    found: Found
    attempt: Attempt
    export: int
    kind: int
    cells: Sequence[str] = ()  # of a notebook; a typed text is one cell
    defines: Set[str] = frozenset()  # the names that the cells bind

    @property
    def is_backup(self) -> bool:
        """Whether it is a backup that this package made."""
        return BACKUPS in self.found.path[-2:-1]

    @property
    def age(self) -> tuple[float, int, int, int]:
        """The order in time: later answers have larger values."""
        time = self.attempt.handed_in.timestamp() if self.attempt.handed_in else 0.0
        return time, self.found.rank, self.export, _parted(self.found.name)[1]

    def order(self, exercise: Exercise) -> tuple[object, ...]:
        """Return the key for sorting answers; the first one counts."""
        time, rank, export, copy = self.age
        exact = self.found.name == exercise.file_name
        depth = len(self.found.path)
        return (self.is_backup, -time, self.kind, depth, -rank, -export, -copy, not exact, self.found.path)

    def shown(self, beside: Sequence[_Answer]) -> str:
        """Return its name, with its time if others have another."""
        moment = self.attempt.handed_in
        several = any(other.attempt.handed_in != moment for other in beside)
        if not several or not moment:
            return self.found.shown
        return gettext("{file} of {time:%Y-%m-%d %H:%M}").format(file=self.found.shown, time=moment)


def choose(student: str, attempts: Sequence[tuple[int, Attempt]], exercises: Sequence[Exercise]) -> Submission:
    """Return the submission that consists of one student's attempts."""
    submission = Submission(student, called={number: attempt.who for number, attempt in attempts})
    files: list[_Answer] = []
    odd: list[str] = []
    for number, attempt in attempts:
        found, more = looked_into(attempt.files)
        files += [_Answer(each, attempt, number, PYTHON) for each in found]
        odd += [*attempt.remarks, *more]
    others = _other_answers(files, odd)
    submission.remarks += dict.fromkeys(odd)
    used: set[int] = set()
    for exercise in exercises:
        answers = [answer for answer in files if _matches(answer.found.name, exercise)]
        answers += [each for each in others if each.defines and each.defines >= set(_functions(exercise))]
        answers.sort(key=lambda answer: answer.order(exercise))
        if not answers:
            none = gettext("there is no file {file}")
            submission.reasons[exercise.name] = none.format(file=exercise.file_name)
            continue
        chosen = answers[0]
        used |= {id(answer.found) for answer in answers}
        submission.arrivals[exercise.name] = Arrival(chosen.export, chosen.attempt.handed_in, chosen.attempt.late)
        if remark := _remark(exercise, chosen, [answer for answer in answers[1:] if not answer.is_backup]):
            submission.remarks.append(remark)
        try:
            submission.files[exercise.name] = (
                from_notebook(chosen.cells, _functions(exercise)).encode("utf-8", "replace")
                if chosen.cells else chosen.found.node.content(LARGEST)
            )  # fmt: skip
        except UnreadableError as problem:
            submission.reasons[exercise.name] = in_a_sentence(exercise.file_name, problem)
    if submission.reasons and (unused := _unused_files(files, used, exercises)):
        remark = gettext("not graded, because no exercise has such a file name: {names}")
        submission.remarks.append(remark.format(names=listed(unused, MOST_SHOWN)))
    if not files and not odd:
        submission.remarks.append(gettext("the folder is empty") if attempts else gettext("nothing was handed in"))
    return submission


def _remark(exercise: Exercise, chosen: _Answer, others: Sequence[_Answer]) -> str:
    """Return a remark on the choice of an answer, or an empty text if it is the only one, with the expected name."""
    what = chosen.shown(others)
    if others:
        names = ", ".join(answer.shown([chosen, *others]) for answer in others[:3])
        several = gettext("there are several files: {file} was graded, not {names}")
        if all(answer.age < chosen.age for answer in others):
            several = gettext("there are several files: {file}, the newest, was graded, not {names}")
        return several.format(file=what, names=names)
    if chosen.kind == NOTEBOOK:
        return gettext("{file} was taken from cells of {notebook}").format(file=exercise.file_name, notebook=what)
    if chosen.kind == ENTRY:
        return gettext("{file} was taken from the text typed into the platform").format(file=exercise.file_name)
    if chosen.found.name == exercise.file_name:
        return ""
    taken = gettext("{name} was taken for {file}")
    return taken.format(name=shown(chosen.found.name), file=exercise.file_name)


def _other_answers(files: Sequence[_Answer], odd: list[str]) -> list[_Answer]:
    """Return the notebooks and typed texts, with their cells."""
    others: list[_Answer] = []
    for answer in files:
        ending = PurePosixPath(answer.found.name).suffix.lower()
        is_entry = answer.found.is_text and ending in ("", ".html", ".htm")
        try:
            if is_entry:
                cells = [typed(answer.found.node.content(LARGEST_ENTRY))]
            elif ending == ".ipynb" and len(others) < MOST_NOTEBOOKS:
                cells = code_cells(answer.found.node.content(LARGEST_NOTEBOOK))
            else:
                continue
        except UnreadableError as problem:
            odd.append(in_a_sentence(answer.found.shown, problem))
            continue
        names = set[str]().union(*map(defined, cells))
        others.append(answer._replace(kind=ENTRY if is_entry else NOTEBOOK, cells=cells, defines=names))
    return others


@functools.cache
def _functions(exercise: Exercise) -> tuple[str, ...]:
    """Return the names of the functions of an exercise."""
    return tuple(exercise.checks.FUNCTIONS)


def _unused_files(files: Sequence[_Answer], used: set[int], exercises: Sequence[Exercise]) -> list[str]:
    """Return the files that may be an answer with another name, in another format, or packed."""
    left = (each.found for each in files if id(each.found) not in used)
    left = (each for each in left if each.is_text or PurePosixPath(each.name).suffix.lower() in LIKELY)
    left = (each for each in left if not {COURSE, BACKUPS} & set(each.path[:-1]))  # the teacher's own files
    return [each.shown for each in left if not any(_matches(each.name, exercise) for exercise in exercises)]


def _matches(name: str, exercise: Exercise) -> bool:
    """Whether a file has an exercise's name, with any number and usual changes: ``2_relu (1).PY``."""
    return re.sub(r"^\d+_", "", _parted(name)[0]) == exercise.name.lower()


def _parted(name: str) -> tuple[str, int]:
    """Return a file's name without its suffixes, and the number in them; the name is empty if it isn't a .py file.

    The higher the number, the newer the file; a copy counts as older.

    Examples
    --------
    >>> _parted("02_relu (2).PY"), _parted("02_relu-1.py"), _parted("02_relu - Copy.py"), _parted("notes.txt")
    (('02_relu', 2), ('02_relu', 1), ('02_relu', -1), ('', 0))
    """
    base, ending = name.lower().strip()[:-3], name.lower().strip()[-3:]
    numbers = []
    while match := COPIES.search(base):
        numbers.append(-1 if match["copy"] else int(match["browser"] or match["canvas"] or 0))
        base = base[: match.start()]
    return (base, numbers[0] if numbers else 0) if ending == ".py" else ("", 0)
