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
    "digits.npz": "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e",
    "fashion_small.npz": "ae4a4d00cae2a07a58b2b985407140f07f1a7d3e5e48baf17a170e290c613ae3",
    "photographs.npz": "c2ecb532f9fd2c12027c995b81361097130bfd29bd2998425bcf2840c6021450",
}
BY_DIFFERENCES = ("fashion_small.npz", "photographs.npz")


def read_embedded(name: str) -> dict[str, NDArray[Any]]:
    """Return every array of one of the files named in `SHA256`; nothing is unpickled."""
    with np.load(FOLDER / name, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    if name in BY_DIFFERENCES:
        arrays |= {key: np.cumsum(array, axis=-2, dtype=np.uint8) for key, array in arrays.items() if array.ndim > 1}
    return arrays
