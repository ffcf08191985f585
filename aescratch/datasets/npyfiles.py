"""NumPy's own formats, .npy and .npz, without numpy.load: nothing here can unpickle or be made to allocate.

.npy bytes -> header (a type and a shape, checked) -> the bytes after it, as that array
.npz bytes -> zip directory -> the wanted members -> each as .npy bytes, above
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError
from aescratch.datasets.limits import check_unpacked_size, unpack

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGIC = b"PK"
NUMBERS = "buif"  # bool, unsigned, signed, float: numpy's one-letter kinds
LABEL_NAMES = ("labels", "label", "y")


def parse_npy(contents: bytes, path: Path, member: str = "") -> NDArray[Any]:
    """Turn .npy bytes, also a member's of an .npz, into an array of numbers that shares their memory (read-only)."""
    where = f"{path} [{member}]" if member else f"{path}"
    stream = BytesIO(contents)
    shape, fortran_order, dtype = _read_header(stream, where)
    if dtype.hasobject:
        raise DataFileError(f"{where} holds Python objects, which are never unpickled here; save a float32 array")
    if dtype.kind not in NUMBERS:
        raise DataFileError(f"{where} holds {dtype}, not numbers; save a float32 array")
    announced = prod(shape) * dtype.itemsize
    present = len(contents) - stream.tell()
    if min(shape, default=1) < 0 or announced != present:
        raise DataFileError(
            f"{where} announces {dtype} of shape {shape}, that is {announced:,} bytes, but has {present:,}; "
            "copy it again"
        )
    if announced == 0:
        raise DataFileError(f"{where} is an empty array of shape {shape}; save at least one example")
    flat = np.frombuffer(contents, dtype, offset=stream.tell())
    return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)


def parse_npz(contents: bytes, path: Path, key: str | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Take the data, and the labels if there are any, out of .npz bytes.

    `key` is the array that is the data; it isn't needed where there is only one beside the labels, which are named
    ``labels``, ``label`` or ``y``.
    """
    try:
        with zipfile.ZipFile(BytesIO(contents)) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            wanted = _choose(names, key, path)
            labels = next((name for name in LABEL_NAMES if name in names and name != wanted), None)
            return _member(archive, wanted, path), None if labels is None else _member(archive, labels, path)
    except DataFileError:
        raise
    except Exception as error:  # a hostile zip makes zipfile fail in a dozen ways, ValueError among them
        raise DataFileError(f"{path} is a damaged or unreadable .npz file; copy it again or save it anew") from error


def _read_header(stream: BytesIO, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = npy_format.read_magic(stream)
        # Version 3 exists only for the names of record fields, and records are not data for an autoencoder.
        read = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}[version]
        return read(stream)
    except Exception as error:  # a hostile header can fail in any way that a Python literal can
        raise DataFileError(f"{where} has a damaged or unknown .npy header; save it anew with numpy.save") from error


def _choose(names: list[str], key: str | None, path: Path) -> str:
    if key is not None:
        if key not in names:
            raise DataFileError(f"{path} has no array {key!r}; its keys are {', '.join(names) or '(none)'}")
        return key
    candidates = [name for name in names if name not in LABEL_NAMES]
    if len(candidates) != 1:
        raise DataFileError(
            f"{path} has {len(candidates)} arrays that could be the data; name one of its keys, as key= in Python or "
            f"--key: {', '.join(names) or '(none)'}"
        )
    return candidates[0]


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    entry = archive.getinfo(name + ".npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataFileError(f"{path} is not packed as numpy.savez packs; save it anew with numpy.savez_compressed")
    check_unpacked_size(entry.file_size, entry.compress_size, path)
    with archive.open(entry) as stream:
        return parse_npy(unpack(stream, packed_size=entry.compress_size, path=path), path, member=name)
