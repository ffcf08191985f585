"""NumPy's own formats, .npy and .npz, without numpy.load: nothing here can unpickle or be made to allocate.

.npy bytes -> header (a type and a shape, checked) -> the bytes after it, as that array
.npz bytes -> zip directory -> the wanted members -> each as .npy bytes, above
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from io import BytesIO
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError
from aescratch.datasets.limits import check_unpacked_size, unpack
from aescratch.foundations.language import gettext

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK"
NUMBERS = "buif"  # bool, unsigned, signed, float: numpy's one-letter kinds
LABEL_NAMES = ("labels", "label", "y")


class Layout(NamedTuple):
    """The position of an array in a file: its offset, type and shape, and whether it is stored column by column."""

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    by_columns: bool = False


def parse_npy(contents: bytes, path: Path, member: str = "") -> NDArray[Any]:
    """Turn .npy bytes, also a member's of an .npz, into an array of numbers that shares their memory (read-only)."""
    offset, dtype, shape, by_columns = npy_layout(BytesIO(contents), len(contents), path, member)
    flat = np.frombuffer(contents, dtype, offset=offset)
    return flat.reshape(shape[::-1]).T if by_columns else flat.reshape(shape)


def npy_layout(stream: IO[bytes], n_bytes: int, path: Path, member: str = "") -> Layout:
    """Return the position of the numbers in a .npy of this many bytes, which begins at the stream's position."""
    where = f"{path} [{member}]" if member else f"{path}"
    start = stream.tell()
    shape, fortran_order, dtype = _read_header(stream, where)
    if dtype.hasobject:
        message = gettext(
            "{where} holds Python objects, which are not loaded, because loading could run code; save a float32 array"
        )
        raise DataFileError(message.format(where=where))
    if dtype.kind not in NUMBERS:
        message = gettext("{where} holds {dtype}, not numbers; save a float32 array")
        raise DataFileError(message.format(where=where, dtype=dtype))
    announced = prod(shape) * dtype.itemsize
    offset = stream.tell() - start
    present = n_bytes - offset
    if min(shape, default=1) < 0 or announced != present:
        message = gettext(
            "{where}: its header says {dtype} of shape {shape}, which needs {announced:,} bytes, but the file has "
            "{present:,}; copy it again"
        )
        raise DataFileError(message.format(where=where, dtype=dtype, shape=shape, announced=announced, present=present))
    if announced == 0:
        message = gettext("{where} is an empty array of shape {shape}; save at least one example")
        raise DataFileError(message.format(where=where, shape=shape))
    return Layout(offset, dtype, shape, fortran_order)


def parse_npz(contents: bytes, path: Path, key: str | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Take the data, and the labels if there are any, out of .npz bytes.

    `key` names the array of the data; it isn't needed if there is only one beside the labels, which are named
    ``labels``, ``label`` or ``y``.
    """
    with archive_in(BytesIO(contents), path) as archive:
        wanted, labels = wanted_members(archive, key, path)
        return read_member(archive, wanted, path), None if labels is None else read_member(archive, labels, path)


@contextlib.contextmanager
def archive_in(stream: IO[bytes], path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an .npz; whatever zipfile raises in the block becomes a `DataFileError`."""
    try:
        with zipfile.ZipFile(stream) as archive:
            yield archive
    except DataFileError:
        raise
    except Exception as error:  # a hostile zip makes zipfile fail in a dozen ways, ValueError among them
        message = gettext(
            "{path} is a zip archive, but can't be read as an .npz file; copy it again, or save it again as .npz, "
            ".npy or .csv"
        )
        raise DataFileError(message.format(path=path)) from error


def wanted_members(archive: zipfile.ZipFile, key: str | None, path: Path) -> tuple[str, str | None]:
    """Return the names of the data and, if there are any, of the labels."""
    names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    wanted = _choose(names, key, path)
    return wanted, next((name for name in LABEL_NAMES if name in names and name != wanted), None)


def _read_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = npy_format.read_magic(stream)
        # Version 3 exists only for the names of record fields, and records are not data for an autoencoder.
        read = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}[version]
        return read(stream)
    except Exception as error:  # a hostile header can fail in any way that a Python literal can
        message = gettext("{where} has a damaged or unknown .npy header; save it again with numpy.save")
        raise DataFileError(message.format(where=where)) from error


def _choose(names: list[str], key: str | None, path: Path) -> str:
    if key is not None:
        if key not in names:
            message = gettext("{path} has no array {key!r}; its keys are {keys}")
            raise DataFileError(message.format(path=path, key=key, keys=", ".join(names) or gettext("(none)")))
        return key
    candidates = [name for name in names if name not in LABEL_NAMES]
    if len(candidates) != 1:
        message = gettext(
            "{path} has {count} arrays that could be the data; choose a key of the file, with key= in Python or --key: "
            "{keys}"
        )
        keys = ", ".join(names) or gettext("(none)")
        raise DataFileError(message.format(path=path, count=len(candidates), keys=keys))
    return candidates[0]


def entry_of(archive: zipfile.ZipFile, name: str, path: Path) -> zipfile.ZipInfo:
    """Return the entry of an array; raise unless it is packed in NumPy's way."""
    entry = archive.getinfo(name + ".npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        message = gettext("{path} is not packed as by numpy.savez; save it again with numpy.savez_compressed")
        raise DataFileError(message.format(path=path))
    return entry


def read_member(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    """Return a complete array of the archive."""
    entry = entry_of(archive, name, path)
    check_unpacked_size(entry.file_size, entry.compress_size, path)
    with archive.open(entry) as stream:
        return parse_npy(unpack(stream, packed_size=entry.compress_size, path=path), path, member=name)
