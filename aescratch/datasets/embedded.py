"""The data that come with the package: the files, their checksums, and how they are read.

    name -> aescratch/data/<name>.npz -> arrays of uint8, new at every call

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
    "fashion_small.npz": "8e4f3870d69aa1a2ac231da2500a5e5e5596b4b734c5ff7cec68bb4fd9923e81",
    "photographs.npz": "07d65cd9682e85649cb05321e87392597e5fc7526e6bf76cbe5875dfa58741e1",
}


def read_embedded(name: str) -> dict[str, NDArray[Any]]:
    """Return every array of one of the files named in `SHA256`; nothing is unpickled."""
    with np.load(FOLDER / name, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}
