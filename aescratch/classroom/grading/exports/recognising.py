"""Which platform an export comes from, told by the names in it.

    folder or zip file -> Export(platform, attempts, remarks)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.grading.exports import blackboard, canvas, folders, gradescope, moodle
from aescratch.classroom.grading.exports.archives import FOLDER, Node, shown
from aescratch.classroom.grading.exports.attempts import Export

READERS = (gradescope, moodle, blackboard, canvas)  # the plainest names first


def read_export(path: Path, root: Node, where: str) -> Export:
    """Return what an export holds; `where` tells it from others that are read with it."""
    nodes = _useful(root)
    inner = _useful(nodes[0]) if len(nodes) == 1 and nodes[0].kind == FOLDER else []
    for reader in READERS:
        for level in (nodes, inner):
            if level and reader.recognises(level):
                return Export(shown(path.name), reader.PLATFORM, *reader.attempts(level, where))
    if inner and path.is_file() and nodes[0].name == path.stem:  # packed with the folder that it lay in
        nodes = inner
    return Export(shown(path.name), folders.PLATFORM, *folders.attempts(nodes, where))


def _useful(folder: Node) -> Sequence[Node]:
    return [node for node in folder.children() if not node.is_junk]
