"""The IDX format of MNIST: a magic number, the sizes, then the numbers, all big-endian.

bytes: 0, 0, type code, number of axes | one uint32 per axis | values, last axis fastest -> array
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError
from aescratch.foundations.language import gettext

TYPE_OF_CODE = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAXIMUM_AXES = 8


def looks_like_idx(contents: bytes) -> bool:
    """Whether these bytes begin as an IDX file does."""
    return contents[:2] == b"\0\0" and len(contents) >= 4 and contents[2] in TYPE_OF_CODE


def parse_idx(contents: bytes, path: Path) -> NDArray[Any]:
    """Turn the bytes of an IDX file into an array that shares their memory (read-only)."""
    offset, dtype, shape = idx_layout(contents, len(contents), path)
    return np.frombuffer(contents, dtype, offset=offset).reshape(shape)


def idx_layout(contents: bytes, n_bytes: int, path: Path) -> tuple[int, np.dtype[Any], tuple[int, ...]]:
    """Return the offset of the numbers in an IDX file of this length, their type and their shape."""
    dtype, n_axes = np.dtype(TYPE_OF_CODE[contents[2]]), contents[3]
    start = 4 + 4 * n_axes
    if not 1 <= n_axes <= MAXIMUM_AXES or len(contents) < start:
        message = gettext("{path} ends inside its IDX header, or has an invalid one ({n_axes} axes); copy it again")
        raise DataFileError(message.format(path=path, n_axes=n_axes))
    shape = tuple(int.from_bytes(contents[i : i + 4], "big") for i in range(4, start, 4))
    if 0 in shape:
        message = gettext("{path} announces shape {shape}, which holds no value; save the data again")
        raise DataFileError(message.format(path=path, shape=shape))
    expected = start + prod(shape) * dtype.itemsize
    if n_bytes != expected:
        message = gettext(
            "{path}: its header says shape {shape}, which needs {expected:,} bytes, but the file has {n_bytes:,}; "
            "copy it again"
        )
        raise DataFileError(message.format(path=path, shape=shape, expected=expected, n_bytes=n_bytes))
    return start, dtype, shape
