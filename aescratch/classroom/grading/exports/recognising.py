"""Recognise the platform of an export by the names in it; other folders have one folder for each student.

    folder or zip file -> Export(platform, attempts, remarks)
"""

from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.grading.exports import blackboard, canvas, gradescope, moodle
from aescratch.classroom.grading.exports.archives import FOLDER, LINK, Node, shown
from aescratch.classroom.grading.exports.attempts import Attempt, Export, Found, Who
from aescratch.foundations.language import gettext, gettext_noop

READERS = (gradescope, moodle, blackboard, canvas)  # the plainest names first


def read_export(path: Path, root: Node, where: str) -> Export:
    """Return the content of an export; `where` distinguishes it from others that are read with it."""
    nodes = _useful(root)
    inner = _useful(nodes[0]) if len(nodes) == 1 and nodes[0].kind == FOLDER else []
    for reader in READERS:
        for level in (nodes, inner):
            if level and reader.recognises(level):
                return Export(shown(path.name), reader.PLATFORM, *reader.attempts(level, where))
    if inner and path.is_file() and nodes[0].name == path.stem:  # packed with its outer folder
        nodes = inner
    whos = [(Who(node.name, ("folder", node.name), (node.name,), node.name), node) for node in nodes]
    attempts = [Attempt(who, [Found((), node)]) for who, node in whos if node.kind == FOLDER]
    beside = [_beside(node) for node in nodes if node.kind != FOLDER]
    return Export(shown(path.name), gettext_noop("one folder per student"), attempts, beside)


def _beside(node: Node) -> str:
    """Return the remark on something that is not a student's folder."""
    if node.kind == LINK:
        return gettext("{name} is a link, and was not followed").format(name=shown(node.name))
    packed = node.name.lower().endswith((".zip", ".tar", ".gz", ".7z"))
    advice = gettext("; unpack it into a folder") if packed else ""
    sentence = gettext("{name} is a file beside the students' folders, and was not graded{advice}")
    return sentence.format(name=shown(node.name), advice=advice)


def _useful(folder: Node) -> Sequence[Node]:
    return [node for node in folder.children() if not node.is_junk]
