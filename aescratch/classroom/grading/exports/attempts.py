"""What one student, or one group, handed in at one time, whichever platform it comes from.

    a platform's reader -> Attempt(who, files, handed_in, late)

A student's own folders and zip files are looked into here, so far; what isn't looked at is told.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from aescratch.classroom.grading.exports.archives import FOLDER, LINK, Node, UnreadableError, in_zip, shown

DEEPEST = 3  # folders below a student's own
MOST_FILES = 2000  # of one student's that are looked at
MOST_ARCHIVES = 5  # of a student's own zip files that are opened
LARGEST_ARCHIVE, MOST_MEMBERS = 20_000_000, 10_000  # bytes and files of one
MOST_SHOWN = 5
TOO_DEEP = f"some folders lie more than {DEEPEST} deep in others, and weren't looked into"


@dataclass(frozen=True)
class Who:
    """A student or a group, as an export calls them."""

    label: str  # to call them where no roster says how
    key: tuple[str, ...]  # the same in another export, for the same one
    handles: tuple[str, ...] = ()  # what tells them from others, the surest first: a number, a login, an email
    name: str = ""


class Found(NamedTuple):
    """A file that was handed in."""

    path: tuple[str, ...]  # the folders around it, and its name; nothing for the student's own folder
    node: Node
    rank: int = 0  # of two, the one with the higher was handed in later
    is_text: bool = False  # it belongs to what was typed into the platform

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path[-1]

    @property
    def shown(self) -> str:
        """The path, to be printed."""
        return shown("/".join(self.path)) if self.path else "the folder"


@dataclass
class Attempt:
    """What was handed in at one time."""

    who: Who
    files: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    handed_in: datetime | None = None  # with its zone
    late: bool | None = None  # where the platform says so


class Export(NamedTuple):
    """An export that was read."""

    name: str
    platform: str
    attempts: list[Attempt]
    remarks: list[str]  # on what could not be given to anybody


def looked_into(files: Iterable[Found]) -> tuple[list[Found], list[str]]:
    """Return the files among these, in the folders and in the zip files among them; and remarks on all else."""
    waiting = [(found, 0 if found.path else -1, False) for found in files if not found.node.is_junk]
    result: list[Found] = []
    links: list[str] = []
    odd: list[str] = []
    looked = archives = 0
    while waiting and looked < MOST_FILES:
        found, depth, packed = waiting.pop(0)
        looked += 1
        inside: list[Node] = []
        try:
            if found.node.kind == LINK:
                links.append(found.shown)
            elif found.node.kind == FOLDER and depth < DEEPEST:
                inside = found.node.children()
            elif found.node.kind == FOLDER:
                odd += [TOO_DEEP] if TOO_DEEP not in odd else []
            elif found.name.lower().endswith(".zip") and not packed and archives < MOST_ARCHIVES:  # none within one
                archives, depth, packed = archives + 1, -1, True
                content = io.BytesIO(found.node.content(LARGEST_ARCHIVE))
                root, more = in_zip(content, found.name, MOST_MEMBERS)
                inside = root.children()
                odd += more
            else:
                result.append(found)
        except UnreadableError as problem:
            odd.append(f"{found.shown} {problem}")
        inside = [node for node in inside if not node.is_junk][:MOST_FILES]
        waiting += [(found._replace(path=(*found.path, n.name), node=n), depth + 1, packed) for n in inside]
    if looked == MOST_FILES:
        odd.append(f"it holds {MOST_FILES} files and folders or more; the others weren't looked at")
    odd += [f"{name} is a link, and isn't followed" for name in links[:MOST_SHOWN]]
    if len(links) > MOST_SHOWN:
        odd.append(f"{len(links) - MOST_SHOWN} more are links")
    return result, odd
