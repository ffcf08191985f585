"""Data larger than memory: a matrix that is read piece by piece.

    memmap, HDF5, zarr, Dask, a file --some rows--> piece --changes--> validated piece for the model
    pieces from all parts of the data --joined--> a block, within which rows are shuffled

A piece is read at once; an epoch holds a block in memory. A matrix that fits into one block is shuffled like an array
in memory, to the same order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import Rng, as_generator, require_floats, require_held_out, require_number

PIECE = 2**19  # values: 2 MiB of float32, 4 of float64
BLOCK = 2**23  # values: 32 MiB of float32, 64 of float64
SAMPLE = 2**21  # values: the size of the sample for progress, diagnosis and figures
IN_MEMORY = ("__array_interface__", "__cuda_array_interface__", "__dlpack__", "toarray", "columns")
LARGEST = {"uint8": 255, "uint16": 65535}  # the largest value of a pixel


def is_streamed(x: Any) -> bool:
    """Whether x is a matrix that isn't in memory: a memmap, a `Stream`, or any with shape, dtype and slices of rows.

    Objects that share their memory, such as tensors, are in memory, and so are data frames and sparse matrices.

    Examples
    --------
    >>> is_streamed(np.zeros((3, 2))), is_streamed(Stream(np.zeros((3, 2))))
    (False, True)
    """
    if isinstance(x, (Stream, np.memmap)):
        return True
    is_array = type(x).__module__.partition(".")[0] in ("numpy", "cupy")
    if is_array or any(hasattr(x, name) for name in IN_MEMORY):
        return False
    shape = getattr(x, "shape", None)
    return isinstance(shape, tuple) and len(shape) > 1 and hasattr(x, "dtype") and hasattr(x, "__getitem__")


class Stream:
    """The rows of a matrix that is read piece by piece.

    `fit` takes memmaps, datasets of HDF5 and zarr, and Dask arrays directly. A stream adds changes while reading: a
    division, a scaling (`Scaling.apply`), a split.

    Parameters
    ----------
    x : (N, D) or (N, height, width)
        Any object with a shape, a dtype, and slices of rows that NumPy can convert to arrays. Images become rows.
    divide_by : float, optional
        The divisor of every value, such as 255 for images of bytes.

    Raises
    ------
    TypeError
        If x has no shape, dtype or slices.
    ValueError
        If it has no rows, or their number is unknown.

    Examples
    --------
    >>> images = np.full((3, 2, 2), 51, np.uint8)
    >>> stream = Stream(images, divide_by=255)
    >>> stream
    <Stream of 3 rows of 4 float32>
    >>> np.asarray(stream)[0]
    array([0.2, 0.2, 0.2, 0.2], dtype=float32)
    """

    source: Any

    def __init__(self, x: Any, divide_by: float | None = None) -> None:
        if not all(hasattr(x, name) for name in ("shape", "dtype", "__getitem__")):
            message = gettext("expected x to be an array, got {kind}; pass numpy.asarray(x)")
            raise TypeError(message.format(kind=type(x).__name__))
        if not all(isinstance(side, (int, np.integer)) for side in x.shape):  # Dask's are NaN then
            message = gettext(
                "expected x to have a known number of rows, got shape {shape}; call x.compute_chunk_sizes() first"
            )
            raise ValueError(message.format(shape=x.shape))
        if len(x.shape) < 2 or 0 in x.shape:
            message = gettext(
                "expected x to hold one example per row, with at least one row and one column, got shape {shape}"
            )
            raise ValueError(message.format(shape=x.shape))
        self.source, n_rows, width = x, int(x.shape[0]), math.prod(map(int, x.shape[1:]))
        self.rows_in_sample: int = max(1, SAMPLE // width)
        self.rows_per_piece: int = _rows_per_piece(x, n_rows, width)
        self.pieces_per_block: int = max(1, BLOCK // (self.rows_per_piece * width))
        starts = np.arange(0, n_rows, self.rows_per_piece)
        self.spans: Array = np.stack([starts, np.minimum(starts + self.rows_per_piece, n_rows)], axis=1)
        self.changes: tuple[Callable[[Array], Array], ...] = ()
        self._sample: tuple[Array, Array] | None = None
        if divide_by is not None:
            by = require_number("divide_by", divide_by, above=0)
            self.changes = (lambda rows: divided(rows, by),)

    ndim = 2

    def __len__(self) -> int:
        return int((self.spans[:, 1] - self.spans[:, 0]).sum())

    def __repr__(self) -> str:
        return f"<Stream of {len(self):,} rows of {self.shape[1]:,} {self.dtype}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all rows, in memory."""
        return np.asarray(self.together(range(len(self.spans))), dtype)

    @functools.cached_property
    def _first_row(self) -> Array:
        first = int(self.spans[0, 0])
        return self._changed(self._read(first, first + 1))

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows, and their width after reading and changes."""
        return len(self), self._first_row.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the rows after reading and changes."""
        return self._first_row.dtype

    def then(self, change: Callable[[Array], Array]) -> Stream:
        """Return a stream of the same rows that also applies this function to every piece."""
        return self._with(self.spans, (*self.changes, change))

    def split(self, fraction: float, rng: Rng = None) -> tuple[Stream, Stream]:
        """Return two streams, the second with this share of the rows: whole pieces, drawn by rng, and part of one.

        Raises
        ------
        TypeError, ValueError
            If fraction isn't between 0 and 1, or leaves one of them without rows.
        """
        missing = require_held_out(fraction, len(self))
        rest, held_out = [], []
        for number in as_generator(rng).permutation(len(self.spans)):
            start, stop = (int(row) for row in self.spans[number])
            cut = min(stop, start + missing)
            held_out.append((start, cut))
            rest.append((cut, stop))
            missing -= cut - start
        kept, taken = (np.array(sorted(span for span in spans if span[0] < span[1])) for spans in (rest, held_out))
        return self._with(kept, self.changes), self._with(taken, self.changes)

    def rows_of(self, labels: Array) -> Array:
        """Return the entries, for this stream's rows, of an array with an entry for each row of the source."""
        return np.concatenate([labels[start:stop] for start, stop in self.spans])

    def piece(self, number: int) -> Array:
        """Return a piece, read and changed.

        Raises
        ------
        TypeError, ValueError
            If a change refuses the piece; the message names the first invalid row of the source.
        """
        start, stop = (int(row) for row in self.spans[number])
        rows = self._read(start, stop)
        try:
            return self._changed(rows)
        except (TypeError, ValueError) as error:
            raise self._first_refused(error, rows, start) from error

    def pieces(self) -> Iterator[Array]:
        """Yield all pieces, in the order of the rows."""
        return map(self.piece, range(len(self.spans)))

    def starts(self) -> Array:
        """Return the first row of each piece, followed by the number of rows."""
        lengths = self.spans[:, 1] - self.spans[:, 0]
        return np.concatenate([[0], np.cumsum(lengths)])

    def together(self, numbers: Any) -> Array:
        """Return pieces as one array; at most one of them is in memory beside it."""
        lengths = [int(self.spans[number, 1] - self.spans[number, 0]) for number in numbers]
        block, filled = None, 0
        for number, length in zip(numbers, lengths, strict=True):
            piece = self.piece(number)
            if block is None:
                block = array_module(piece).empty((sum(lengths), *piece.shape[1:]), piece.dtype)
            block[filled : filled + length] = piece
            filled += length
        assert block is not None
        return block

    def sample(self, most: int) -> tuple[Array, Array]:
        """Return at most this many rows, and at most `SAMPLE` values, chosen as for data in memory, and their numbers.

        The first call, and a call for more rows than before, reads all data, and so finds the first invalid row. A call
        for fewer rows chooses among those already read.
        """
        wanted = sample_rows(len(self), min(most, self.rows_in_sample))
        if self._sample is None or len(self._sample[1]) < len(wanted):
            found, starts = [], self.starts()
            for number, piece in enumerate(self.pieces()):
                first, last = np.searchsorted(wanted, starts[number : number + 2])
                found.append(piece[array_module(piece).asarray(wanted[first:last] - starts[number])])
            self._sample = array_module(found[0]).concatenate(found), wanted
        rows, numbers = self._sample
        chosen = sample_rows(len(numbers), len(wanted))
        return rows[array_module(rows).asarray(chosen)], numbers[chosen]

    def _with(self, spans: Array, changes: tuple[Callable[[Array], Array], ...]) -> Stream:
        stream = Stream(self.source)
        stream.spans, stream.changes = spans, changes
        return stream

    def _read(self, start: int, stop: int) -> Array:
        rows = np.asarray(self.source[start:stop])
        if rows.shape[:1] != (stop - start,):
            message = gettext("expected rows {start} to {last} of the data, got an array of shape {shape}")
            raise ValueError(message.format(start=start, last=stop - 1, shape=rows.shape))
        return rows.reshape(stop - start, -1)

    def _changed(self, rows: Array) -> Array:
        for change in self.changes:
            rows = change(rows)
        return rows

    def _why_refused(self, rows: Array) -> Exception | None:
        try:
            self._changed(rows)
        except (TypeError, ValueError) as error:
            return error
        return None

    def _first_refused(self, error: Exception, rows: Array, start: int) -> Exception:
        """Return the error about a piece as an error about its first invalid row, or else about all rows."""
        first, last = 0, len(rows)
        while last - first > 1:
            middle = (first + last) // 2
            if self._why_refused(rows[first:middle]):
                last = middle
            else:
                first = middle
        of_row = self._why_refused(rows[first:last])
        kind = TypeError if isinstance(error, TypeError) else ValueError
        if of_row:
            message = gettext("in row {row} of the data, counted from 0: {problem}")
            return kind(message.format(row=start + first, problem=of_row))
        message = gettext("in rows {first} to {last} of the data, counted from 0: {problem}")
        return kind(message.format(first=start, last=start + len(rows) - 1, problem=error))


def as_stream(x: Any) -> Stream:
    """Return x as a stream of floats: x itself, or a new stream for a matrix that isn't in memory.

    Raises
    ------
    TypeError
        If it doesn't hold floats; the message has the missing division.
    ValueError
        If it isn't a matrix.
    """
    if isinstance(x, Stream):
        stream = x
    elif len(x.shape) == 2:
        stream = Stream(x)
    else:
        message = gettext(
            "expected x to be a matrix with one example per row, got shape {shape}; pass ae.Stream(x), which turns "
            "images into rows"
        )
        raise ValueError(message.format(shape=x.shape))
    if stream.dtype.kind in "iu":
        by = LARGEST.get(stream.dtype.name) or gettext("their largest possible value")
        message = gettext(
            "expected x to hold floats, got {dtype}; divide while reading: pass ae.Stream(x, divide_by={by})"
        )
        raise TypeError(message.format(dtype=stream.dtype, by=by))
    require_floats(stream, "x")
    return stream


def divided(rows: Array, by: float) -> Array:
    """Return rows / by; float32 holds integers of 8 and 16 bits exactly, the others are divided in float64."""
    precise = np.float32 if rows.dtype.itemsize <= 2 else np.float64
    return np.divide(rows, by, dtype=precise)


def pieces_of(x: Any) -> Iterator[Any]:
    """Yield the pieces of a stream, or an array as one piece."""
    return x.pieces() if isinstance(x, Stream) else iter([x])


def sample_rows(n_rows: int, most: int) -> Array:
    """Return the numbers of all rows, or of a sample of them that depends only on their number."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, most, replace=False))


def _rows_per_piece(x: Any, n_rows: int, width: int) -> int:
    """Return the number of rows to read at once: whole chunks of chunked data."""
    rows = max(1, PIECE // width)
    chunks = getattr(x, "chunks", None)
    first = chunks[0] if isinstance(chunks, tuple) and chunks else 1
    chunk = max(first) if isinstance(first, tuple) else first  # Dask's chunks may differ
    return int(min(n_rows, max(1, rows // chunk) * chunk))
