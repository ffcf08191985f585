"""Slices of a file's rows, read from the file itself or from a temporary file of plain numbers.

    .npy, IDX, a plain member of an .npz     --position of its numbers--> FileRows
    gzipped data, or a packed member         --unpacked into a temporary file--> one of these
    .csv                                     --read in blocks, written as numbers into a temporary file--> FileRows

Rows are read in any order, which text and compressed bytes don't allow; so these are converted once to plain numbers on
disk.
"""

from __future__ import annotations

import errno
import gzip
import os
import weakref
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError
from aescratch.datasets.idx import idx_layout, looks_like_idx
from aescratch.datasets.limits import GZIP_MAGIC, unpacked_pieces
from aescratch.datasets.npyfiles import (
    NPY_MAGIC,
    ZIP_MAGIC,
    Layout,
    archive_in,
    entry_of,
    npy_layout,
    read_member,
    wanted_members,
)
from aescratch.datasets.tables import tables_of
from aescratch.datasets.userfiles import require_rows, unknown_format
from aescratch.foundations.language import gettext

HEAD = 64  # bytes that are enough to recognise the format, and to hold the header of an IDX file
CHARACTERS = 2**21  # characters of a .csv that are read at once
UNBOUNDED = 2**63


class Found(NamedTuple):
    """The content of a file: its rows, its labels, their column's name, whether all is whole, the columns' names."""

    rows: FileRows
    labels: NDArray[Any] | None = None
    label_name: str = ""
    are_integers: bool = False
    columns: tuple[str, ...] = ()


class FileRows:
    """A matrix in a file, read in slices of rows; images are rows of pixels."""

    place: Path | TemporaryCopy
    path: Path
    layout: Layout
    dtype: np.dtype[Any]
    shape: tuple[int, int]

    def __init__(self, place: Path | TemporaryCopy, layout: Layout, path: Path) -> None:
        require_rows(layout.shape, path)
        self.place, self.path, self.layout = place, path, layout  # keeps a temporary copy alive
        self.dtype, self.shape = layout.dtype, (layout.shape[0], prod(layout.shape[1:]))

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        (start, stop, _), width = rows.indices(self.shape[0]), self.shape[1]
        file = os.fspath(self.place)
        try:
            if self.layout.by_columns:
                everything = np.memmap(file, self.dtype, "r", self.layout.offset, self.layout.shape, "F")
                return np.array(everything[start:stop]).reshape(stop - start, width)
            offset = self.layout.offset + start * width * self.dtype.itemsize
            values = np.fromfile(file, self.dtype, (stop - start) * width, offset=offset)
            return values.reshape(stop - start, width)
        except ValueError as error:
            message = gettext(
                "{path} ends within rows {start} to {last}, or was changed while it was read; copy it again"
            )
            raise DataFileError(message.format(path=self.path, start=start, last=stop - 1)) from error


class TemporaryCopy:
    """A temporary file of these bytes, deleted with this object."""

    name: str

    def __init__(self, pieces: Iterable[bytes], path: Path) -> None:
        import tempfile  # imported here, since importing the package doesn't need it

        descriptor, self.name = tempfile.mkstemp(prefix="aescratch-")
        weakref.finalize(self, Path(self.name).unlink, missing_ok=True)
        with open(descriptor, "wb") as stream:
            try:
                stream.writelines(pieces)
                stream.flush()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                message = gettext(
                    "{path} as plain numbers needs more space than {folder} has; set TMPDIR to a folder with more "
                    "space"
                )
                raise DataFileError(message.format(path=path, folder=tempfile.gettempdir())) from error

    def __fspath__(self) -> str:
        return self.name


def rows_in(path: Path, key: str | None, like: Sequence[str] = ()) -> Found:
    """Return the content of a file, recognised by its first bytes, or as a .csv by its name."""
    place: Path | TemporaryCopy = path
    with open(path, "rb") as stream:
        is_packed = stream.read(HEAD).startswith(GZIP_MAGIC)
    if is_packed:
        with gzip.open(path) as packed:
            place = TemporaryCopy(unpacked_pieces(packed, path.stat().st_size, path, UNBOUNDED), path)
    n_bytes = os.stat(place).st_size
    with open(place, "rb") as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        if head.startswith(ZIP_MAGIC):
            return _in_archive(stream, place, key, path)
        if key is not None:
            message = gettext("key={key!r} chooses an array of an .npz file, but {path} is not an .npz; leave key out")
            raise ValueError(message.format(key=key, path=path))
        if head.startswith(NPY_MAGIC):
            return Found(FileRows(place, npy_layout(stream, n_bytes, path), path))
    if looks_like_idx(head):
        return Found(FileRows(place, Layout(*idx_layout(head, n_bytes, path)), path))
    if path.name.lower().removesuffix(".gz").endswith(".csv"):
        return _in_text(place, path, like)
    raise unknown_format(path, head)


def _in_archive(stream: IO[bytes], place: Path | TemporaryCopy, key: str | None, path: Path) -> Found:
    """Return the rows and the labels in an .npz, in place or unpacked."""
    with archive_in(stream, path) as archive:
        name, labels_name = wanted_members(archive, key, path)
        entry = entry_of(archive, name, path)
        labels = None if labels_name is None else read_member(archive, labels_name, path)
        with archive.open(entry) as member:
            layout = npy_layout(member, entry.file_size, path, name)
        if entry.compress_type == zipfile.ZIP_STORED:
            stream.seek(entry.header_offset + 26)  # the lengths of the name and extras before a member
            lengths = int.from_bytes(stream.read(2), "little") + int.from_bytes(stream.read(2), "little")
            layout = layout._replace(offset=layout.offset + entry.header_offset + 30 + lengths)
        else:
            with archive.open(entry) as member:
                place = TemporaryCopy(unpacked_pieces(member, entry.compress_size, path, UNBOUNDED), path)
        return Found(FileRows(place, layout, path), labels)


def _in_text(place: Path | TemporaryCopy, path: Path, like: Sequence[str]) -> Found:
    """Return the rows and the labels in a .csv; the rows are written as numbers into a temporary file."""
    shapes, names, are_whole, are_binary = [], [], [], []
    labels: list[Any] = []
    columns: tuple[str, ...] = ()

    def numbers() -> Iterator[bytes]:
        nonlocal columns
        with open(place, encoding="utf-8", errors="surrogateescape") as lines:
            for table in tables_of(lines, path, CHARACTERS, like):
                shapes.append(table.values.shape)
                labels.append(None if table.labels is None else table.labels.copy())  # a view keeps the table alive
                names.append(table.label_name)
                columns = columns or table.columns  # kept once: every block has them
                are_whole.append(table.are_integers)
                are_binary.append(np.isin(table.values, (0, 1)).all())
                yield table.values.tobytes()

    copy = TemporaryCopy(numbers(), path)
    layout = Layout(0, np.dtype(np.float64), (sum(n_rows for n_rows, _ in shapes), shapes[0][1]))
    known = None if labels[0] is None else np.concatenate(labels)
    are_integers = all(are_whole) and not all(are_binary)
    return Found(FileRows(copy, layout, path), known, names[0], are_integers, columns)
