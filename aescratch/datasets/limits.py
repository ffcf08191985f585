"""Reading a file's bytes without letting it fill the memory, gunzipping on the way.

A few kilobytes of gzip or zip can unpack to gigabytes, so what may come out is bounded by what is on the
disk:

    path -> read_bytes: size on disk checked -> plain bytes, or bytes that unpack() took out, piece by piece
"""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import IO

from aescratch.datasets.errors import DataFileError

MAXIMUM_VALUES = 2**30  # numbers in one data set: 4 GiB of float32
MAXIMUM_BYTES = 8 * MAXIMUM_VALUES
ALWAYS_ALLOWED = 64 * 2**20  # a compressed file may unpack to this many bytes, however small it is
MAXIMUM_RATIO = 100  # or to this many times its own size; photographs and digits reach 5 to 20
PIECE = 2**20
GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path, at_most: int = MAXIMUM_BYTES) -> bytes:
    """Read a file whole, gunzipped if it is gzip (told by its first bytes, not by its name).

    More bytes than `at_most`, before or after unpacking, are refused.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file at {path}; check the path")
    if not path.is_file():
        raise DataFileError(f"{path} is not an ordinary file; give the path of the data file itself")
    if path.stat().st_size > at_most + at_most // 1000 + 1024:  # gzip makes noise a little longer
        raise DataFileError(
            f"{path} has {path.stat().st_size:,} bytes and at most {at_most:,} are read; replace or split it"
        )
    contents = path.read_bytes()
    if not contents:
        raise DataFileError(f"{path} is empty (0 bytes); save the data again")
    if not contents.startswith(GZIP_MAGIC):
        return contents
    with gzip.GzipFile(fileobj=BytesIO(contents)) as stream:
        return unpack(stream, packed_size=len(contents), path=path, at_most=at_most)


def check_unpacked_size(unpacked: int, packed: int, path: Path) -> None:
    """Refuse a size that no honest compressed file of that length unpacks to."""
    allowed = min(MAXIMUM_BYTES, max(ALWAYS_ALLOWED, MAXIMUM_RATIO * packed))
    if unpacked > allowed:
        raise DataFileError(
            f"{path} would unpack from {packed:,} to more than {allowed:,} bytes, which looks like a "
            "decompression bomb; unpack it yourself if you trust it"
        )


def unpack(stream: IO[bytes] | gzip.GzipFile, *, packed_size: int, path: Path, at_most: int = MAXIMUM_BYTES) -> bytes:
    """Read a decompressing stream to its end in pieces, and stop as soon as too much has come out of it."""
    unpacked = bytearray()
    try:
        while piece := stream.read(PIECE):
            unpacked += piece
            check_unpacked_size(len(unpacked), packed_size, path)
            if len(unpacked) > at_most:
                raise DataFileError(f"{path} unpacks to more than the {at_most:,} bytes expected; replace the file")
    except (OSError, EOFError, zlib.error) as error:
        raise DataFileError(f"{path} is damaged or cut short (its compressed data end badly); copy it again") from error
    if not unpacked:
        raise DataFileError(f"{path} is empty once unpacked; save the data again")
    return bytes(unpacked)
