"""The data that come with the package: the files, their checksums, and how they are read.

    name -> aescratch/data/<name>.npz -> arrays of uint8, new at every call

Of larger images a file holds the differences between rows, modulo 256, which take less space.

tests/make_data.py builds the files; DATA_LICENSES.md says where each comes from. A test compares the
checksums.
"""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = pathlib.Path(__file__).parents[1] / "data"
SHA256 = {
    "digits.npz": "cfeeff90bfeb0666b623bd264b42d19ecdeb52f8b673ce0f109a7cb6f3bbee86",
    "fashion_small.npz": "c7342612429de10e7620d360cd9b75c1226b2798ab3823f40c6dacfaa5893ae1",
    "photographs.npz": "d9e97ed07c9151c614b268b8133831f77d7a19ceeb507248771d9320d585bb8f",
}
BY_DIFFERENCES = ("fashion_small.npz", "photographs.npz")


def read_embedded(name: str) -> dict[str, NDArray[Any]]:
    """Return every array of one of the files named in `SHA256`; nothing is unpickled."""
    with np.load(FOLDER / name, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    if name in BY_DIFFERENCES:
        arrays |= {key: np.cumsum(array, axis=-2, dtype=np.uint8) for key, array in arrays.items() if array.ndim > 1}
    return arrays
