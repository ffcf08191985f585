"""Folders and zip files as one tree, read in place: nothing is unpacked to the disk, and no link is followed.

    path --opened--> Node;   node.children() -> nodes,   node.content(most) -> bytes

A zip file comes from somebody else, and may be hostile. A member's name only gives its place in the tree, so that no
member leads out of it. The number of members, and the bytes read of each, are limited, and only compressions that
unpack in steps are supported.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from aescratch.foundations.language import Phrase, gettext, told
from aescratch.foundations.sources import text_of_plain_file

FILE, FOLDER, LINK = "file", "folder", "link"
MOST_MEMBERS = 200_000  # of a zip file
DEEPEST_MEMBER, LONGEST_NAME = 20, 255  # folders around a member, and letters of a name
UNICODE, ENCRYPTED = 0x800, 0x1  # flags of a member: its name is UTF-8; it has a password
UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may unpack a few bytes into any size at once
JUNK = ("__macosx", "__pycache__", "desktop.ini", "thumbs.db")


class UnreadableError(ValueError):
    """A file or folder can't be read; the message, a `Phrase`, continues a sentence that begins with its name."""


@dataclass
class Node:
    """A file, a folder or a link, on the disk or in a zip file."""

    name: str
    kind: str
    read: Callable[[int], bytes] = bytes  # of a file: at most so many bytes, plus one if the file is longer
    children: Callable[[], list[Node]] = list  # of a folder

    @property
    def is_junk(self) -> bool:
        """Whether it is a system's own file."""
        return self.name.startswith(".") or self.name.lower() in JUNK

    def content(self, most: int) -> bytes:
        """Return the content of a file; raise `UnreadableError` if it is too long."""
        content = self.read(most)
        if len(content) > most:
            raise UnreadableError(Phrase("has more than {most} bytes", most=most))
        return content


def shown(name: str) -> str:
    """Return a name as a text that can be printed and written anywhere.

    Examples
    --------
    >>> shown("Zoë\\n"), shown("a" * 200)[-8:]
    ('Zoë?', 'aaaaa...')
    """
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 120 else text[:117] + "..."


def in_a_sentence(name: object, problem: UnreadableError) -> str:
    """Return the sentence that a file, or anything of this name, can't be read."""
    return gettext("{file} {problem}").format(file=name, problem=told(problem.args[0]))


def composed(name: str) -> str:
    """Return a name with its letters composed: macOS splits 가 into ㄱ and ㅏ, but a roster doesn't."""
    return unicodedata.normalize("NFC", name)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Node, list[str]]]:
    """Open a folder or a zip file; yield its tree, and remarks on anything unusual in it."""
    if path.is_dir():
        yield on_disk(path.resolve()), []
        return
    with _told():
        stream = open(path, "rb")  # noqa: SIM115, closed below
    with stream:
        yield in_zip(stream, path.name)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableError(Phrase("can't be read: {reason}", reason=error.strerror)) from error


def on_disk(path: Path) -> Node:
    """Return the node of a file or folder of this machine."""
    kind = LINK if path.is_symlink() else FOLDER if path.is_dir() else FILE
    return Node(composed(path.name), kind, partial(_of_file, path), partial(_in_folder, path))


def _in_folder(path: Path) -> list[Node]:
    with _told(), os.scandir(path) as entries:
        return [on_disk(Path(entry.path)) for entry in sorted(entries, key=lambda entry: entry.name)]


def _of_file(path: Path, most: int) -> bytes:
    with _told():
        text = text_of_plain_file(path, most)
    if text is None:
        raise UnreadableError(Phrase("is not an ordinary file"))
    return text


def in_zip(stream: IO[bytes], name: str, most: int = MOST_MEMBERS) -> tuple[Node, list[str]]:
    """Return the tree of a zip file, and remarks; the stream must stay open while it is read."""
    try:
        archive = zipfile.ZipFile(stream)
    except Exception as error:  # zipfile raises almost anything on hostile bytes
        raise UnreadableError(Phrase("is not a valid zip file")) from error
    if len(archive.infolist()) > most:
        raise UnreadableError(Phrase("holds more than {most} files", most=most))
    outside = gettext("{count} names in {archive} lead out of it or are too long, and were skipped")
    in_a_file = gettext("{count} names in {archive} have a file as their folder, and were skipped")
    again = gettext("{count} names in {archive} occur more than once; the last of each is read")
    root: dict[str, Any] = {}  # a dictionary is a folder
    odd: Counter[str] = Counter()
    for member in archive.infolist():
        path = composed(_name(member)).replace("\\", "/")
        *folders, last = [part for part in path.split("/") if part not in ("", ".")] or [""]
        outward = path.startswith("/") or re.match("[A-Za-z]:", path) or ".." in (*folders, last)
        if outward or len(folders) > DEEPEST_MEMBER or any(len(part) > LONGEST_NAME for part in (*folders, last)):
            odd[outside] += 1
            continue
        here = root
        for part in (*folders, last) if path.endswith("/") else folders:
            inner = here.setdefault(part, {})
            odd[in_a_file] += not isinstance(inner, dict)
            here = inner if isinstance(inner, dict) else {}
        if not path.endswith("/"):
            odd[again] += last in here
            kind = LINK if stat.S_ISLNK(member.external_attr >> 16) else FILE
            here[last] = Node(last, kind, partial(_of_member, archive, member))
    remarks: list[str] = [what.format(count=count, archive=shown(name)) for what, count in odd.items() if count]
    return Node(composed(name), FOLDER, children=partial(_nodes, root)), remarks


def _nodes(folder: dict[str, Any]) -> list[Node]:
    return [
        each if isinstance(each, Node) else Node(name, FOLDER, children=partial(_nodes, each))
        for name, each in sorted(folder.items(), key=lambda item: item[0])
    ]


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Windows in Korea, and some tools that write UTF-8, don't declare its encoding."""
    for encoding in () if member.flag_bits & UNICODE else ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode(encoding)
    return member.filename


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    if member.flag_bits & ENCRYPTED:
        raise UnreadableError(Phrase("is locked with a password"))
    if member.compress_type not in UNPACKED:
        raise UnreadableError(Phrase("has an unsupported compression"))
    try:
        with archive.open(member) as stream:
            return stream.read(most + 1)
    except Exception as error:  # as above
        raise UnreadableError(Phrase("is damaged")) from error
