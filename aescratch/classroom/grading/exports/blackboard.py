"""Blackboard: one flat folder, where each file's name contains its student and its time.

    Assignment_username_attempt_2026-09-08-18-27-28_what.py
    Assignment_username_attempt_2026-09-08-18-27-28.txt         one for each attempt

The text file contains the name ("Name: Minsu Kim (username)") and the typed text, after "Submission Field:". Blackboard
doesn't document this; the form is the one that public programs agree on, such as `utils/organiser.py` of
https://github.com/vangef/BBGradebookOrganiser. The time has no zone, and counts as local time.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from aescratch.classroom.grading.exports.archives import FILE, Node, UnreadableError, in_a_sentence, shown
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who, without_student

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
    """Return the attempts, and remarks on files without a student."""
    found: dict[tuple[str, str], Attempt] = {}
    remarks = []
    for node in sorted(nodes, key=lambda node: not node.name.endswith(".txt")):  # the texts first
        match = FORM.fullmatch(node.name)
        time = _time(match["time"]) if match and node.kind == FILE else None
        if match is None or time is None:
            remarks.append(without_student(node))
            continue
        user = match["before"].rpartition("_")[2]
        attempt = Attempt(Who(user, (PLATFORM, user), (user,)), handed_in=time)
        attempt = found.setdefault((match["before"], match["time"]), attempt)
        if match["rest"]:
            attempt.files.append(Found((match["rest"],), node))
        else:
            _read_text(node, match["before"], attempt)
    return list(found.values()), remarks


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _read_text(node: Node, before: str, attempt: Attempt) -> None:
    """Read the text file that Blackboard writes about an attempt."""
    try:
        text = node.content(LARGEST_TEXT).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except UnreadableError as problem:
        attempt.remarks.append(in_a_sentence(shown(node.name), problem))
        return
    told, entry = NAME.match(text), ENTRY.search(text)
    if told and before.endswith(f"_{told['user']}"):  # login and assignment may both contain an underscore
        attempt.who = Who(told["user"], (PLATFORM, told["user"]), (told["user"],), told["name"])
    if entry and entry["text"].strip() and NO_ENTRY not in entry["text"]:
        typed = Node("text entry", FILE, lambda most: entry["text"].encode()[: most + 1])
        attempt.files.append(Found((typed.name,), typed, is_text=True))
