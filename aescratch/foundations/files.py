"""Files, written completely or not at all, and archives of a JSON header and plain arrays.

    header + arrays --write_archive--> temporary file --rename--> path
    path --read_archive--> header + arrays

Nothing is pickled, so opening a file never runs code from it. A file with any other content is refused with
`FileFormatError`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.foundations.language import gettext, gettext_noop

FORMAT_VERSION = 1
HEADER = "header"
INSTEAD = {
    "checkpoint": gettext_noop("pass it to fit as checkpoint=, or "),
    "model": gettext_noop("open it with ae.load, or "),
}
LONGEST = 200  # characters of another error's text that are quoted


class FileFormatError(ValueError):
    """A file is damaged, truncated, or not one that aescratch wrote."""

    __module__ = "aescratch"  # the name in a traceback is the import path


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing; it appears at path, complete, only if the block succeeds, and leaves no trace otherwise.

    The data go to a temporary file beside path, which is flushed to the disk and then renamed, so that an old file at
    path is unchanged until the new one is complete.

    Raises
    ------
    OSError
        If the folder doesn't exist or can't be written to.
    """
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        kind = NotADirectoryError if folder.exists() else FileNotFoundError
        message = gettext("expected a folder to write {name} into, but {folder} is not a folder; create it first")
        raise kind(message.format(name=path.name, folder=folder))
    if path.is_dir():
        message = gettext("expected the name of a file to write, but {path} is a folder; add a name to it")
        raise IsADirectoryError(message.format(path=path))
    temporary = path.with_name(f".{os.urandom(8).hex()}.part")  # path's name may already have the maximum length
    try:
        with open(temporary, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text to path as UTF-8, whole or not at all.

    Raises
    ------
    OSError
        If the folder doesn't exist or can't be written to.
    """
    with whole_file(path) as stream:
        stream.write(text.encode())


def write_archive(path: str | os.PathLike[str], header: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Write a header and arrays to path, whole or not at all.

    Raises
    ------
    OSError
        If the folder doesn't exist or can't be written to.
    """
    text = json.dumps({"format": FORMAT_VERSION, **header})
    members = {HEADER: np.frombuffer(text.encode(), np.uint8)}
    members.update({name: to_numpy(array) for name, array in arrays.items()})
    stored = _as_npz(members)
    with whole_file(path) as stream:
        stream.write(stored.getbuffer())


def _as_npz(members: dict[str, Array]) -> io.BytesIO:
    """Return the output of `numpy.savez`, in memory; Control-C always raises KeyboardInterrupt."""
    stored = io.BytesIO()
    archive = zipfile.ZipFile(stored, "w")
    try:
        for name, array in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.close()
    except BaseException:
        archive.fp = None  # nothing needs closing: closing with an open member would raise another error instead
        raise
    return stored


def read_archive(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the header and the arrays of an archive of this kind.

    Raises
    ------
    OSError
        If the file doesn't exist, or can't be opened.
    FileFormatError
        If it isn't a complete archive from `write_archive`, or is of another kind, or of a later format.
    """
    with open(path, "rb") as stream:
        try:
            arrays = _read_members(stream)
            header = json.loads(arrays.pop(HEADER).tobytes())
            version, found = header["format"], header["kind"]
        except Exception as error:  # the readers of zip, npy and JSON raise almost anything on hostile bytes
            message = gettext(
                "expected a {kind} that aescratch saved, but {path} is another file, or a damaged one "
                "({problem}); check the path, or save it again"
            )
            raise FileFormatError(message.format(kind=kind, path=os.fspath(path), problem=named(error))) from error
    if not isinstance(version, int) or version > FORMAT_VERSION:
        message = gettext(
            "expected format {format} or older, but {path} has format {found}; open it with a newer aescratch"
        )
        raise FileFormatError(
            message.format(format=FORMAT_VERSION, path=os.fspath(path), found=str(version)[:20])
        )
    if found != kind:
        message = gettext("expected a {kind}, but {path} holds a {found}; {advice}give the path of a {kind}")
        advice = gettext(INSTEAD.get(str(found), ""))
        raise FileFormatError(
            message.format(kind=kind, path=os.fspath(path), found=str(found)[:20], advice=advice)
        )
    return header, arrays


def named(error: BaseException) -> str:
    """Return an exception's name and the beginning of its text, which may repeat a file's content."""
    text = str(error)
    return f"{type(error).__name__}: {text[:LONGEST]}" + ("..." if len(text) > LONGEST else "")


def _read_members(stream: IO[bytes]) -> dict[str, Array]:
    """Return the arrays of an npz archive; never needs more memory than the file's size."""
    length = os.fstat(stream.fileno()).st_size
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError(gettext("a member is compressed"))
        if sum(member.file_size for member in members) > length:
            raise ValueError(gettext("the members are larger than the file"))
        return {member.filename.removesuffix(".npy"): _parse_array(archive.read(member)) for member in members}


def _parse_array(member: bytes) -> Array:
    """Return the array in the bytes of an npy file; unlike `numpy.load`, don't allocate what the header claims."""
    stream = io.BytesIO(member)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(gettext("a member has another version than we write"))
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    return np.frombuffer(stream.read(), dtype).reshape(shape, order="F" if fortran_order else "C")
