"""Gradescope: a folder for each submission, and one file with the students of each.

    assignment_NUMBER_export/submission_NUMBER/what.py
    assignment_NUMBER_export/submission_metadata.yml, written by Ruby, always in this form, one entry per line:

    submission_409194023:
      :submitters:
      - :name: Minsu Kim
        :sid: '20261234'
        :email: minsu@example.edu
      :created_at: 2026-04-26 17:34:00.861687000 Z

Gradescope doesn't document this: it is the form that public programs read. Everything else in it, such as the results
of an autograder, lies deeper, and is skipped. A value in another form, for example one that continues on the next line,
is not guessed: a remark names that submission. Several submitters are a group.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aescratch.classroom.grading.exports.archives import FOLDER, Node, UnreadableError, in_a_sentence, shown
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who
from aescratch.foundations.language import gettext

PLATFORM = "Gradescope"
METADATA = "submission_metadata.yml"
LARGEST_METADATA = 1_000_000_000  # bytes: it contains all results of autograders
RECORD = re.compile(r"(submission_\w{1,40}):")
PART = re.compile(r"  :?(\w+):(?: (.*))?")  # of a record
FIELD = re.compile(r"  (?:- |  ):?(\w+):(?: (.*))?")  # of a submitter
VALUE = re.compile(r"""'((?:[^']|'')*)'|"([^"\\]*)"|((?!.*(?:: | #|:$))[^\s'"&*!|>%@`\[{#?,-].*)?""")
TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (Z|UTC|[+-]\d\d:?\d\d)")


@dataclass
class Record:
    """The file's entry for one submission."""

    submitters: list[dict[str, str]] = field(default_factory=list)
    handed_in: datetime | None = None
    problem: str = ""


def recognises(nodes: Sequence[Node]) -> bool:
    """Whether these are the folders of such an export."""
    folders = [node for node in nodes if node.kind == FOLDER]
    named = any(node.name == METADATA for node in nodes)
    return named or (bool(folders) and all(re.fullmatch(r"submission_\d+", node.name) for node in folders))


def attempts(nodes: Sequence[Node], where: str) -> tuple[list[Attempt], list[str]]:
    """Return the attempts, and remarks on files without a student."""
    records: dict[str, Record] = {}
    missing = gettext("{file} is missing, which names the students of each submission")
    remarks: list[str] = [missing.format(file=METADATA)]
    if metadata := next((node for node in nodes if node.name == METADATA), None):
        try:
            text = metadata.content(LARGEST_METADATA).decode("utf-8-sig", "replace")
            records, remarks = read_metadata(text.splitlines()), []
        except UnreadableError as problem:
            remarks = [in_a_sentence(METADATA, problem)]
    found = []
    for node in (node for node in nodes if node.name != METADATA):
        if node.kind != FOLDER or not RECORD.fullmatch(f"{node.name}:"):
            remarks.append(gettext("{name} is not a submission, and was not graded").format(name=shown(node.name)))
            continue
        record = records.pop(node.name, Record(problem=gettext("it is missing there") if records else ""))
        if record.problem:
            untold = gettext("{file} doesn't tell the students of {name}: {problem}")
            remarks.append(untold.format(file=METADATA, name=node.name, problem=record.problem))
        nobody = Who(node.name, ("Gradescope", where, node.name), (node.name,))
        count = len(record.submitters)
        by_group = gettext("handed in by a group of {count}, as {name}").format(count=count, name=node.name)
        group = [by_group] if count > 1 else []
        whos = [_who(each) for each in record.submitters] or [nobody]
        found += [Attempt(who, [Found((), node)], list(group), record.handed_in) for who in whos]
    lost = gettext("{name} is named in {file}, but its folder is missing")
    return found, remarks + [lost.format(name=name, file=METADATA) for name in records]


def _who(submitter: dict[str, str]) -> Who:
    name, sid, email = (submitter.get(key, "") for key in ("name", "sid", "email"))
    handles = tuple(handle for handle in (sid, email) if handle)
    return Who(name or handles[0], ("Gradescope", *(handles[:1] or [name])), handles, name)


def read_metadata(lines: Iterable[str]) -> dict[str, Record]:
    """Return the file's entry for each submission."""
    records: dict[str, Record] = {}
    record, part = Record(), ""
    for line in lines:
        if begins := RECORD.fullmatch(line.rstrip()):
            record, part = Record(problem=gettext("it is there twice") if begins[1] in records else ""), ""
            records[begins[1]] = record
        elif line[:1].strip():
            part = ""  # "---", "...", or the closing quote of a text in the results
        elif this := PART.fullmatch(line):
            part = this[1]
            record.handed_in = _time(this[2] or "") if part == "created_at" else record.handed_in
        elif part == "submitters" and not record.problem:
            this = FIELD.fullmatch(line)
            value = VALUE.fullmatch((this[2] or "") if this else "*")
            record.submitters += [{}] if line.startswith("  - ") else []
            if this is None or value is None or not record.submitters:
                sentence = gettext("expected a line such as '  - :name: Minsu Kim', got {line!r}")
                record.problem = sentence.format(line=shown(line))
            else:
                record.submitters[-1][this[1]] = (value[1] or "").replace("''", "'") or value[2] or value[3] or ""
    for record in records.values():
        named = [any(map(each.get, ("name", "sid", "email"))) for each in record.submitters]
        record.problem = record.problem or ("" if named and all(named) else gettext("no student is named"))
        record.submitters = [] if record.problem else record.submitters
    return records


def _time(text: str) -> datetime | None:
    if match := TIME.fullmatch(text.strip("'\"")):
        zone = "+0000" if match[2] in ("Z", "UTC") else match[2]
        try:
            return datetime.strptime(f"{match[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
        except ValueError:
            return None
    return None
