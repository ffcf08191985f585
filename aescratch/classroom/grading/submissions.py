"""What was handed in: exports of learning platforms, or a folder with one folder a student, read with patience.

    folders, zip files --exports/--> attempts --roster--> Submission(student, files, remarks) each

Of several files for one exercise the newest counts: by the time of an attempt, by the number in its name. Whatever is
odd becomes a remark, in one sentence.
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

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.exports.archives import Node, UnreadableError, on_disk, opened, shown
from aescratch.classroom.grading.exports.attempts import MOST_SHOWN, Attempt, Export, Found, Who, looked_into
from aescratch.classroom.grading.exports.recognising import read_export
from aescratch.classroom.grading.exports.texts import code_cells, defined, from_notebook, typed
from aescratch.classroom.grading.roster import Roster, Row
from aescratch.classroom.workspace import BACKUPS, COURSE

LARGEST = 1_000_000  # bytes of a file: an exercise's has a few thousand
LARGEST_NOTEBOOK, MOST_NOTEBOOKS = 5_000_000, 5  # bytes, pictures included; of a student's that are looked at
LARGEST_ENTRY = 100_000  # bytes of what was typed in
LIKELY = {".py", ".ipynb", ".txt", ".docx", ".pdf", ".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"}
COPIES = re.compile(  # as browsers, Canvas (twice) and people call one more of the same name
    r"(?:\s*\((?P<browser>\d{1,9})\)|-(?P<canvas>\d{1,9})|-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?:\s*-\s?|\s+)(?P<copy>copy|복사본)(?:\s\d{1,9})?)$"
)
PYTHON, NOTEBOOK, ENTRY = range(3)  # kinds of answers; of one attempt's the first counts


class SubmissionsError(ValueError):
    """A folder or file isn't one of submissions; the message is one sentence."""


class Arrival(NamedTuple):
    """When the answer to one exercise came, and with which export."""

    export: int  # its place among those that were read
    handed_in: datetime | None = None  # with its zone; None where the export doesn't tell
    late: bool | None = None  # what the platform says


@dataclass
class Submission:
    """What one student handed in."""

    student: str  # what the roster, or the export, calls them; no two are called the same
    files: dict[str, bytes] = field(default_factory=dict)  # by the exercise's name
    reasons: dict[str, str] = field(default_factory=dict)  # why there is none, for each of the others
    remarks: list[str] = field(default_factory=list)  # what was odd
    arrivals: dict[str, Arrival] = field(default_factory=dict)  # of the files, by the exercise's name
    called: dict[int, Who] = field(default_factory=dict)  # what each export calls them, by its place
    row: Row | None = None  # of the roster

    @property
    def handed_in(self) -> datetime | None:
        """When the last of it came, where that is told."""
        return max((a.handed_in for a in self.arrivals.values() if a.handed_in), default=None)

    @property
    def late(self) -> bool | None:
        """Whether the platform calls any of it late, where it says so."""
        told = [arrival.late for arrival in self.arrivals.values() if arrival.late is not None]
        return any(told) if told else None


class Reading(NamedTuple):
    """Everything that was handed in, and what could not be given to anybody."""

    submissions: list[Submission]
    remarks: list[str]
    exports: list[Export]


def read_submissions(places: Sequence[Path], exercises: Sequence[Exercise], roster: Roster | None = None) -> Reading:
    """Return the submissions in exports, folders or zip files, by name, with all that is odd about them."""
    with contextlib.ExitStack() as stack:  # exports stay open as long as they are read, where they lie
        return _read(stack, places, exercises, roster)


def _read(
    stack: contextlib.ExitStack, places: Sequence[Path], exercises: Sequence[Exercise], roster: Roster | None
) -> Reading:
    """Return the same, and leave what was opened to the stack."""
    exports: list[Export] = []
    remarks: list[str] = []
    people: dict[tuple[str, ...], list[tuple[int, Attempt]]] = defaultdict(list)
    submissions: dict[str, Submission] = {}
    for number, place in enumerate(places):
        try:
            root, odd = stack.enter_context(opened(place))
            export = read_export(place, root, str(number))
            if not export.attempts:
                raise SubmissionsError(_nobody(place, root, exercises))
        except UnreadableError as problem:
            raise SubmissionsError(f"{place} {problem}; download it again, or unpack it") from problem
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
            submission.remarks.append(f"handed in as {' and '.join(others)}")
    return Reading([submissions[name] for name in sorted(submissions)], remarks + more, exports)


def _united(whos: Sequence[Who]) -> Who:
    """Return somebody with everything by which the exports tell them."""
    return replace(whos[0], handles=tuple(dict.fromkeys(each for who in whos for each in who.handles)))


def _nobody(place: Path, root: Node, exercises: Sequence[Exercise]) -> str:
    """Return the sentence about an export in which nobody handed in anything."""
    lone = any(_matches(node.name, exercise) for node in root.children() for exercise in exercises)
    advice = (
        "; it holds exercises itself, as one submission: give the folder above it, or --format gradescope"
        if lone else "; make a folder for each student, with the exercises' files in it"
    )  # fmt: skip
    return f"expected {place} to hold one folder a student, or what a platform exports, but it holds none{advice}"


def read_submission(folder: Path, exercises: Sequence[Exercise], student: str) -> Submission:
    """Return the submission that a folder holds: its files, directly or in folders in it, the nearest first."""
    attempt = Attempt(Who(student, ("folder", student)), [Found((), on_disk(folder.resolve()))])
    return choose(student, [(0, attempt)], exercises)


class _Answer(NamedTuple):
    """A file that may hold the answer to an exercise, and what is taken of it."""

    found: Found
    attempt: Attempt
    export: int
    kind: int
    cells: Sequence[str] = ()  # of a notebook; what was typed in is one
    defines: Set[str] = frozenset()  # the names that the cells bind

    @property
    def is_backup(self) -> bool:
        """Whether we put it there ourselves."""
        return BACKUPS in self.found.path[-2:-1]

    @property
    def age(self) -> tuple[float, int, int, int]:
        """What grows from one answer to the next."""
        time = self.attempt.handed_in.timestamp() if self.attempt.handed_in else 0.0
        return time, self.found.rank, self.export, _parted(self.found.name)[1]

    def order(self, exercise: Exercise) -> tuple[object, ...]:
        """Return what answers are sorted by: the first counts."""
        time, rank, export, copy = self.age
        exact = self.found.name == exercise.file_name
        depth = len(self.found.path)
        return (self.is_backup, -time, self.kind, depth, -rank, -export, -copy, not exact, self.found.path)

    def shown(self, beside: Sequence[_Answer]) -> str:
        """Return what to call it, with its time where others have another."""
        moment = self.attempt.handed_in
        several = any(other.attempt.handed_in != moment for other in beside)
        return f"{self.found.shown} of {moment:%Y-%m-%d %H:%M}" if several and moment else self.found.shown


def choose(student: str, attempts: Sequence[tuple[int, Attempt]], exercises: Sequence[Exercise]) -> Submission:
    """Return the submission that one student's attempts come to."""
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
            submission.reasons[exercise.name] = f"there is no file {exercise.file_name}"
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
            submission.reasons[exercise.name] = f"{exercise.file_name} {problem}"
    if submission.reasons and (unused := _unused_files(files, used, exercises)):
        more_names = f" and {len(unused) - MOST_SHOWN} more" if len(unused) > MOST_SHOWN else ""
        names = ", ".join(unused[:MOST_SHOWN])
        submission.remarks.append(f"of no name that was asked for, and not graded: {names}{more_names}")
    if not files and not odd:
        submission.remarks.append("the folder is empty" if attempts else "nothing was handed in")
    return submission


def _remark(exercise: Exercise, chosen: _Answer, others: Sequence[_Answer]) -> str:
    """Return what is odd about the choice of an answer; nothing if it is the only one, and called as it should be."""
    what = chosen.shown(others)
    if others:
        names = ", ".join(answer.shown([chosen, *others]) for answer in others[:3])
        newest = ", the newest," if all(answer.age < chosen.age for answer in others) else ""
        return f"of several files {what}{newest} was graded, not {names}"
    if chosen.kind == NOTEBOOK:
        return f"{exercise.file_name} was taken from the cells of {what} that define what it asks"
    if chosen.kind == ENTRY:
        return f"{exercise.file_name} was taken from what was typed in"
    return f"{shown(chosen.found.name)} was taken for {exercise.file_name}" * (chosen.found.name != exercise.file_name)


def _other_answers(files: Sequence[_Answer], odd: list[str]) -> list[_Answer]:
    """Return the notebooks and what was typed in, read."""
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
            odd.append(f"{answer.found.shown} {problem}")
            continue
        names = set[str]().union(*map(defined, cells))
        others.append(answer._replace(kind=ENTRY if is_entry else NOTEBOOK, cells=cells, defines=names))
    return others


@functools.cache
def _functions(exercise: Exercise) -> tuple[str, ...]:
    """Return the names that an exercise asks for."""
    return tuple(exercise.checks.FUNCTIONS)


def _unused_files(files: Sequence[_Answer], used: set[int], exercises: Sequence[Exercise]) -> list[str]:
    """Return the files that may be an answer under another name, in another format, or packed."""
    left = (each.found for each in files if id(each.found) not in used)
    left = (each for each in left if each.is_text or PurePosixPath(each.name).suffix.lower() in LIKELY)
    left = (each for each in left if not {COURSE, BACKUPS} & set(each.path[:-1]))  # what we handed out
    return [each.shown for each in left if not any(_matches(each.name, exercise) for exercise in exercises)]


def _matches(name: str, exercise: Exercise) -> bool:
    """Whether a file's name is an exercise's, as browsers and people change it, with any number: ``2_relu (1).PY``."""
    return re.sub(r"^\d+_", "", _parted(name)[0]) == exercise.name.lower()


def _parted(name: str) -> tuple[str, int]:
    """Return a name without its ending and what was appended, and the number that was; no name if it isn't Python's.

    The higher the number, the newer the file; a copy is taken for older.

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
