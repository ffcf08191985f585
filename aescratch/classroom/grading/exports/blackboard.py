"""Blackboard: one flat folder, where each name says whose a file is, and when it was handed in.

    Assignment_username_attempt_2026-09-08-18-27-28_what.py
    Assignment_username_attempt_2026-09-08-18-27-28.txt         one for each attempt

The text tells the name ("Name: Minsu Kim (username)") and holds what was typed in, after "Submission Field:". No page
of Blackboard's describes it; the form is the one that public readers of it agree on, such as `utils/organiser.py` of
https://github.com/vangef/BBGradebookOrganiser. The time has no zone, and is taken for this machine's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from aescratch.classroom.grading.exports.archives import FILE, Node, UnreadableError, shown
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who

PLATFORM = "Blackboard"
FORM = re.compile(r"(?P<before>.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|\.txt)")
NAME = re.compile(r"\s*Name:[ \t]*(?P<name>.*?)[ \t]*\((?P<user>[^()]+)\)[ \t]*$", re.MULTILINE)
ENTRY = re.compile(r"^Submission Field:[ \t]*\n(?P<text>.*?)(?=^Comments:[ \t]*$|^Files:[ \t]*$|\Z)", re.M | re.S)
NO_ENTRY = "There is no student submission text data"
LARGEST_TEXT = 1_000_000  # bytes


def recognises(nodes: Sequence[Node]) -> bool:
    """Whether these are the files of such an export."""
    return any(node.kind == FILE and FORM.fullmatch(node.name) for node in nodes)


def attempts(nodes: Sequence[Node], where: str) -> tuple[list[Attempt], list[str]]:
    """Return what was handed in, and remarks on what belongs to nobody."""
    found: dict[tuple[str, str], Attempt] = {}
    remarks = []
    matches = [(node, FORM.fullmatch(node.name)) for node in nodes]
    for node, match in sorted(matches, key=lambda pair: bool(pair[1] and pair[1]["rest"])):  # the texts first
        time = _time(match["time"]) if match and node.kind == FILE else None
        if match is None or time is None:
            remarks.append(f"{shown(node.name)} doesn't say whose it is, and isn't graded")
            continue
        place = match["before"], match["time"]
        if match["rest"] is None:
            found[place] = _from_text(node, match["before"], time)
            continue
        if place not in found:
            found[place] = Attempt(_who(match["before"].rpartition("_")[2], ""), handed_in=time)
        found[place].files.append(Found((match["rest"],), node))
    return list(found.values()), remarks


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _who(user: str, name: str) -> Who:
    return Who(user, ("Blackboard", user), (user,), name)


def _from_text(node: Node, before: str, time: datetime) -> Attempt:
    """Return an attempt from the text that Blackboard writes about it."""
    user, name, remarks, files = before.rpartition("_")[2], "", [], []
    try:
        text = node.content(LARGEST_TEXT).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except UnreadableError as problem:
        text, remarks = "", [f"{shown(node.name)} {problem}"]
    told = NAME.match(text)
    if told and before.endswith(f"_{told['user']}"):  # a login may hold an underscore, and so may the assignment
        user, name = told["user"], told["name"]
    entry = ENTRY.search(text)
    if entry and entry["text"].strip() and NO_ENTRY not in entry["text"]:
        typed = entry["text"].encode()
        files = [Found(("text entry",), Node("text entry", FILE, lambda most: typed[: most + 1]), is_text=True)]
    return Attempt(_who(user, name), files, remarks, time)
