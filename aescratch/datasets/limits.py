"""Reading a file's bytes without letting it fill the memory, gunzipping on the way.

A few kilobytes of gzip or zip can unpack to gigabytes, so the unpacked size is bounded by the size on
disk:

    path -> read_bytes: size on disk checked -> plain bytes, or bytes that unpack() took out, piece by piece
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from aescratch.datasets.errors import DataFileError
from aescratch.foundations.language import gettext

MAXIMUM_VALUES = 2**30  # numbers in one data set: 4 GiB of float32
MAXIMUM_BYTES = 8 * MAXIMUM_VALUES
ALWAYS_ALLOWED = 64 * 2**20  # a compressed file of any size may unpack to this many bytes
MAXIMUM_RATIO = 100  # or to this many times its own size; photographs and digits reach 5 to 20
PIECE = 2**20
GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path, at_most: int = MAXIMUM_BYTES) -> bytes:
    """Read a file whole, gunzipped if it is gzip (told by its first bytes, not by its name).

    More bytes than `at_most`, before or after unpacking, are refused.
    """
    require_file(path)
    if path.stat().st_size > at_most + at_most // 1000 + 1024:  # gzip makes noise a little longer
        message = gettext("{path} has {size:,} bytes and at most {at_most:,} are read; replace or split it")
        raise DataFileError(message.format(path=path, size=path.stat().st_size, at_most=at_most))
    contents = path.read_bytes()
    if not contents.startswith(GZIP_MAGIC):
        return contents
    with gzip.GzipFile(fileobj=BytesIO(contents)) as stream:
        return unpack(stream, packed_size=len(contents), path=path, at_most=at_most)


def require_file(path: Path) -> None:
    """Raise if there is no ordinary file at a path, or an empty one."""
    if not path.exists():
        message = gettext("there is no file at {path}; check the path")
        raise FileNotFoundError(message.format(path=path))
    if not path.is_file():
        message = gettext("{path} is not a file, but a folder or a device; give the path of the data file itself")
        raise DataFileError(message.format(path=path))
    if path.stat().st_size == 0:
        message = gettext("{path} is empty (0 bytes); save the data again")
        raise DataFileError(message.format(path=path))


def check_unpacked_size(unpacked: int, packed: int, path: Path, at_most: int = MAXIMUM_BYTES) -> None:
    """Raise for a size to which no honest compressed file of that length unpacks."""
    allowed = min(at_most, max(ALWAYS_ALLOWED, MAXIMUM_RATIO * packed))
    if unpacked > allowed:
        message = gettext(
            "{path} would unpack from {packed:,} to more than {allowed:,} bytes, which looks like a decompression "
            "bomb; unpack it yourself if you trust it"
        )
        raise DataFileError(message.format(path=path, packed=packed, allowed=allowed))


def unpack(stream: IO[bytes] | gzip.GzipFile, *, packed_size: int, path: Path, at_most: int = MAXIMUM_BYTES) -> bytes:
    """Read a decompressing stream to its end in pieces, and stop as soon as it is too large."""
    unpacked = bytearray()
    for piece in unpacked_pieces(stream, packed_size, path, MAXIMUM_BYTES):
        unpacked += piece
        if len(unpacked) > at_most:
            message = gettext("{path} unpacks to more than the {at_most:,} bytes expected; replace the file")
            raise DataFileError(message.format(path=path, at_most=at_most))
    return bytes(unpacked)


def unpacked_pieces(
    stream: IO[bytes] | gzip.GzipFile, packed_size: int, path: Path, at_most: int
) -> Iterator[bytes]:  # fmt: skip
    """Yield the pieces of a decompressing stream; raise if they are too large together."""
    size = 0
    while piece := _next_piece(stream, path):
        size += len(piece)
        check_unpacked_size(size, packed_size, path, at_most)
        yield piece
    if not size:
        message = gettext("{path} is empty once unpacked; save the data again")
        raise DataFileError(message.format(path=path))


def _next_piece(stream: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    try:
        return stream.read(PIECE)
    except (OSError, EOFError, zlib.error) as error:
        message = gettext("{path} is damaged or cut short (its compressed data end badly); copy it again")
        raise DataFileError(message.format(path=path)) from error
