"""A file of data larger than memory: opened, not loaded, and read piece by piece during training.

path -> rows in the file (filerows.py) -> divided while reading -> Stream -> StreamedDataset

Invalid numbers in it are found when they are first read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.checks import check_shape
from aescratch.datasets.dataset import Dataset
from aescratch.datasets.filerows import rows_in
from aescratch.datasets.limits import require_file
from aescratch.datasets.userfiles import integers, whole_labels
from aescratch.foundations.language import gettext
from aescratch.foundations.streams import Stream
from aescratch.foundations.validation import Rng, require_number


@dataclass(frozen=True, eq=False, repr=False)
class StreamedDataset:
    """Examples in a file, read piece by piece, with their labels and their origin.

    Parameters
    ----------
    x : Stream
        One example per row.
    all_labels : array of int64, optional
        One whole number for each example in the file, in memory.
    image_shape, name, licence, source, columns
        As for a `Dataset`.
    """

    x: Stream
    all_labels: NDArray[np.int64] | None = None
    image_shape: tuple[int, ...] | None = None
    name: str = "unnamed"
    licence: str = "unknown"
    source: str = "unknown"
    columns: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"StreamedDataset {self.name!r}: {self.x!r}, {'no ' * (self.all_labels is None)}labels"

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The labels of the examples of x (N,), or None."""
        return None if self.all_labels is None else self.x.rows_of(self.all_labels)

    def split(self, fraction: float, rng: Rng = 0) -> tuple[StreamedDataset, StreamedDataset]:
        """Return a training and a test part; the second has this share of the rows, in pieces drawn by rng.

        Raises
        ------
        TypeError, ValueError
            If fraction isn't between 0 and 1, or leaves one part without examples.
        """
        train, test = self.x.split(fraction, rng)
        return replace(self, x=train), replace(self, x=test)

    def sample(self, most: int = 2000) -> Dataset:
        """Return at most this many examples, in memory, chosen from the whole file, all of which is read."""
        x, rows = self.x.sample(most)
        labels = None if self.labels is None else self.labels[rows]
        return Dataset(x, labels, self.image_shape, self.name, self.licence, self.source, self.columns)


def open_file(
    path: str | os.PathLike[str], image_shape: tuple[int, ...] | None = None, key: str | None = None, *,
    divide_by: float | None = None, to_be_scaled: bool = False, columns: Sequence[str] = (),
) -> StreamedDataset:  # fmt: skip
    """Open the user's own data in a .npy, .npz, .csv or IDX file, plain or gzipped, without loading them.

    The rules are those of `load_file`, with these differences:

    - Gzipped data, packed members of an .npz, and text are written once into a temporary file, as plain numbers.
    - Floats stay as stored. The model converts them while reading, and refuses invalid ones.
    - Columns of words and .parquet need `load_file`.

    Parameters
    ----------
    path, image_shape, key, divide_by, to_be_scaled, columns
        As for `load_file`.

    Returns
    -------
    StreamedDataset
        `x` is a `Stream` of floats (N, D), for `fit`; `labels` (N,) int64 are in memory, or None.

    Raises
    ------
    FileNotFoundError
        If the file doesn't exist.
    DataFileError
        If the file is invalid; single values that are not finite are found later.
    ValueError
        If `image_shape` does not fit a row, `divide_by` is not positive, or `key` is given for a file that is not an
        .npz.

    Examples
    --------
    >>> import numpy, pathlib, tempfile
    >>> from aescratch.datasets import open_file
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "squares.npy")
    >>> numpy.save(path, numpy.full((300, 2, 2), 51, dtype="uint8"))
    >>> data = open_file(path)
    >>> data
    StreamedDataset 'squares.npy': <Stream of 300 rows of 4 float32>, no labels
    >>> train, test = data.split(0.2, rng=0)
    >>> len(train), len(test), data.sample(3).images.shape
    (240, 60, (3, 2, 2))
    >>> folder.cleanup()
    """
    path = Path(path)
    if divide_by is not None:
        divide_by = require_number("divide_by", divide_by, above=0)
    require_file(path)
    rows, labels, label_name, are_integers, names = rows_in(path, key, columns)
    if divide_by is None and rows.dtype == np.uint8:
        divide_by = 255
    if divide_by is None and (rows.dtype.kind in "iu" or (are_integers and not to_be_scaled)):
        raise integers(path, gettext("{dtype} as stored").format(dtype=rows.dtype.name))
    if image_shape is None and len(rows.layout.shape) == 3:
        image_shape = rows.layout.shape[1:]
    if image_shape is not None:
        check_shape(image_shape, rows.shape[1])
    done = f"{rows.dtype.name} as they are" if divide_by is None else f"{rows.dtype.name} divided by {divide_by:g}"
    return StreamedDataset(
        Stream(rows, divide_by) if divide_by is not None else Stream(rows).then(_as_floats),
        None if labels is None else whole_labels(labels, rows.shape[0], path),
        image_shape=image_shape,
        name=path.name,
        licence="the user's own",
        source=f"{path}, {done}, read piece by piece" + (f", labels from column {label_name!r}" if label_name else ""),
        columns=names or None,
    )


def _as_floats(rows: NDArray[Any]) -> NDArray[Any]:
    """Return rows in this machine's float32 if that can represent all values of their type, else in float64."""
    fits = rows.dtype.itemsize <= (4 if rows.dtype.kind == "f" else 2)
    return rows.astype(np.float32 if fits else np.float64, copy=False)
