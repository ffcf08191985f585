"""The files that one student or one group handed in at one time, on any platform.

    a platform's reader -> Attempt(who, files, handed_in, late)

A student's own folders and zip files are opened here, up to a limit; remarks name everything that is left out.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from aescratch.classroom.grading.exports.archives import (
    FOLDER,
    LINK,
    Node,
    UnreadableError,
    in_a_sentence,
    in_zip,
    shown,
)
from aescratch.foundations.language import gettext

DEEPEST = 3  # folders below a student's own
MOST_FILES = 2000  # of one student that are read
MOST_ARCHIVES = 5  # zip files of one student that are opened
LARGEST_ARCHIVE, MOST_MEMBERS = 20_000_000, 10_000  # bytes and files of such a zip file
MOST_SHOWN, MOST_LISTED = 5, 20  # names in a remark, and in a line of a page


@dataclass(frozen=True)
class Who:
    """A student or a group, as an export calls them."""

    label: str  # the name without a roster
    key: tuple[str, ...]  # the same for the same person in another export
    handles: tuple[str, ...] = ()  # identifiers, the most reliable first: a number, a login, an email
    name: str = ""


class Found(NamedTuple):
    """A file that was handed in."""

    path: tuple[str, ...]  # its folders and its name; empty for the student's own folder
    node: Node
    rank: int = 0  # higher for files that were handed in later
    is_text: bool = False  # whether it was typed into the platform

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path[-1]

    @property
    def shown(self) -> str:
        """The path, in a printable form."""
        return shown("/".join(self.path)) if self.path else gettext("the folder")


@dataclass
class Attempt:
    """The files that were handed in at one time."""

    who: Who
    files: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    handed_in: datetime | None = None  # with its zone
    late: bool | None = None  # the platform's flag, if it has one


class Export(NamedTuple):
    """An export that was read."""

    name: str
    platform: str
    attempts: list[Attempt]
    remarks: list[str]  # on files without a student


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Return at most so many names, with commas between them, and how many more there are."""
    more = gettext(" and {count} more").format(count=len(names) - most) if len(names) > most else ""
    return ", ".join(names[:most]) + more


def without_student(node: Node) -> str:
    """Return the remark on a file whose name tells no student."""
    return gettext("{name} has no student in its name, and was not graded").format(name=shown(node.name))


def looked_into(files: Iterable[Found]) -> tuple[list[Found], list[str]]:
    """Return these files, with those in folders and zip files among them; and remarks on everything left out."""
    waiting = [(found, 0 if found.path else -1, False) for found in files if not found.node.is_junk]
    result: list[Found] = []
    links: list[str] = []
    odd: list[str] = []
    too_deep = gettext("folders more than {levels} levels deep were not opened").format(levels=DEEPEST)
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
                odd += [too_deep] if too_deep not in odd else []
            elif found.name.lower().endswith(".zip") and not packed and archives < MOST_ARCHIVES:  # none within one
                archives, depth, packed = archives + 1, -1, True
                content = io.BytesIO(found.node.content(LARGEST_ARCHIVE))
                root, more = in_zip(content, found.name, MOST_MEMBERS)
                inside = root.children()
                odd += more
            else:
                result.append(found)
        except UnreadableError as problem:
            odd.append(in_a_sentence(found.shown, problem))
        inside = [node for node in inside if not node.is_junk][:MOST_FILES]
        waiting += [(found._replace(path=(*found.path, n.name), node=n), depth + 1, packed) for n in inside]
    if looked == MOST_FILES:
        odd.append(gettext("only the first {most} files and folders were read").format(most=MOST_FILES))
    link = gettext("{name} is a link, and was not followed")
    odd += [link.format(name=name) for name in links[:MOST_SHOWN]]
    if len(links) > MOST_SHOWN:
        odd.append(gettext("{count} more are links").format(count=len(links) - MOST_SHOWN))
    return result, odd
