"""No platform's: one folder a student, with whatever the student handed in."""

from __future__ import annotations

from collections.abc import Sequence

from aescratch.classroom.grading.exports.archives import FOLDER, LINK, Node, shown
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who

PLATFORM = "a folder a student"


def attempts(nodes: Sequence[Node], where: str) -> tuple[list[Attempt], list[str]]:
    """Return what was handed in, and remarks on what lies beside the folders."""
    found, remarks = [], []
    for node in nodes:
        if node.kind == FOLDER:
            who = Who(node.name, ("folder", node.name), (node.name,), node.name)
            found.append(Attempt(who, [Found((), node)]))
        elif node.kind == LINK:
            remarks.append(f"{shown(node.name)} is a link, and isn't followed")
        else:
            packed = node.name.lower().endswith((".zip", ".tar", ".gz", ".7z"))
            advice = "; unpack it into a folder" if packed else ""
            remarks.append(f"{shown(node.name)} is a file beside the students' folders, and isn't graded{advice}")
    return found, remarks
