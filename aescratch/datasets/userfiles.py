"""The user's own data: one file of any known format to one Dataset.

path -> bytes, gunzipped (limits.py) -> by their first bytes: npyfiles.py, idx.py, parquet.py, or tables.py for a .csv
-> values and labels -> checked, divided, flattened to rows, float32 -> Dataset
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.dataset import Dataset
from aescratch.datasets.errors import DataFileError
from aescratch.datasets.idx import looks_like_idx, parse_idx
from aescratch.datasets.limits import MAXIMUM_VALUES, read_bytes
from aescratch.datasets.npyfiles import NPY_MAGIC, ZIP_MAGIC, parse_npy, parse_npz
from aescratch.datasets.parquet import PARQUET_MAGIC, parse_parquet
from aescratch.datasets.tables import Place, parse_csv
from aescratch.foundations.language import gettext
from aescratch.foundations.scaling import CONSTANT
from aescratch.foundations.streams import divided

ROUNDING = 1e-3  # of a column's standard deviation: a larger error of float32 is a loss of data


def load_file(
    path: str | os.PathLike[str],
    image_shape: tuple[int, ...] | None = None,
    key: str | None = None,
    *,
    divide_by: float | None = None,
    to_be_scaled: bool = False,
    categories: str | Sequence[str] = (),
    columns: Sequence[str] = (),
) -> Dataset:
    """Read the user's own data from a .npy, .npz, .csv, .parquet or IDX file, plain or gzipped (.gz).

    The file's first bytes show its format, except for .csv, which needs that name. Nothing is ever
    unpickled.

    - **uint8 values are divided by 255** (unless `divide_by` says otherwise), and `.source` says so.
    - Other integers are refused, since their largest possible value is unknown: pass `divide_by`. Numbers in a
      .csv count as integers if all are whole and one is not 0 or 1. Booleans become 0 and 1.
    - Floats are kept as they are, of any range, but rounded to float32; a value beyond float32 is an error. A column
      whose differences between rows are lost in this rounding causes a `UserWarning`: pass `to_be_scaled`.
    - (N, D) is kept; (N, h, w) becomes (N, h * w) with `image_shape` (h, w).
    - Labels: in an .npz the array named ``labels``, ``label`` or ``y``; in a .csv the column ``label``, ``labels``,
      ``target`` or ``class``. They must be whole numbers, are not a feature, and `.source` names them.
    - A .csv may be separated by commas, semicolons or tabs; with the last two, a comma is a decimal comma.
    - A .parquet is read by pyarrow, which must be installed, and then like a .csv with names.

    Parameters
    ----------
    path : str or path
        The file.
    image_shape : tuple of int, optional
        The shape of one row as an image.
    key : str, optional
        The array of an .npz with the data; not needed if there is only one beside the labels.
    divide_by : float, optional
        Divide all values by this number, such as 255, 16 or 65535.
    to_be_scaled : bool
        Whether every column will be scaled next: a .csv of whole numbers is then accepted, and data that float32 can't
        represent, such as a column whose mean is far larger than its spread, stay float64.
    categories : str or sequence of str
        Columns of words in a .csv; each word becomes a column of 0 and 1, named such as ``city=Ulm``.
    columns : sequence of str
        The `columns` of earlier data, such as those of the training: the same columns are read from a .csv, in the same
        order, with the same words. Files without names are read as they are.

    Returns
    -------
    Dataset
        `x` (N, D) float32, or float64 before scaling, `labels` (N,) int64 or None, `columns` if the file names them.

    Raises
    ------
    FileNotFoundError
        If the file doesn't exist.
    ModuleNotFoundError
        If the file is a .parquet, and pyarrow isn't installed.
    DataFileError
        If the file is invalid: damaged, truncated, too large, a decompression bomb, or with objects, text, complex
        numbers, NaN or infinity, no values, one axis, integers of unknown scale, invalid labels, or other columns or
        words than `columns`.
    ValueError
        If `image_shape` does not fit a row, `divide_by` is not positive, or `key` is given for a file
        that is not an .npz.

    Examples
    --------
    >>> import numpy, pathlib, tempfile
    >>> from aescratch.datasets import load_file
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "squares.npy")
    >>> numpy.save(path, numpy.full((3, 2, 2), 51, dtype="uint8"))
    >>> data = load_file(path)
    >>> data
    Dataset 'squares.npy': x (3, 4) float32, no labels, images 2 x 2
    >>> float(data.x.max()), data.source.endswith("uint8 divided by 255")
    (0.20000000298023224, True)
    >>> folder.cleanup()
    """
    path = Path(path)
    if divide_by is not None and not (isinstance(divide_by, Real) and 0 < divide_by < np.inf):
        message = gettext("divide_by must be a positive number, not {divide_by!r}; pass the largest value, such as 255")
        raise ValueError(message.format(divide_by=divide_by))
    named = [categories] if isinstance(categories, str) else categories
    values, labels, label_name, names = _parse(path, key, to_be_scaled, named, columns)
    if values.ndim == 3 and image_shape is None:
        image_shape = values.shape[1:]
    rows = _rows(values, path)
    fits = _fits_float32(rows)
    dtype = "float64" if to_be_scaled and not fits else "float32"
    x, scaling = _scaled(rows, divide_by, dtype, path)
    if dtype == "float32" and not fits and (rounded := _rounded_away(rows, divide_by, x)):
        warnings.warn(
            gettext(
                "{path} has differences between rows that float32 can't hold, in {columns}; pass to_be_scaled=True, "
                "which keeps float64, and then scale the data by ae.Scaling"
            ).format(path=path, columns=_count(rounded, x.shape[1])),
            UserWarning,
            stacklevel=2,
        )
    return Dataset(
        x,
        labels=None if labels is None else whole_labels(labels, len(x), path),
        image_shape=image_shape,
        name=path.name,
        licence="the user's own",
        source=f"{path}, {scaling}" + (f", labels from column {label_name!r}" if label_name else ""),
        columns=names or None,
    )


def _parse(
    path: Path, key: str | None, to_be_scaled: bool, categories: Sequence[str], like: Sequence[str]
) -> tuple[NDArray[Any], NDArray[Any] | None, str, tuple[str, ...]]:
    contents = read_bytes(path)
    is_parquet = contents.startswith(PARQUET_MAGIC)
    is_table = is_parquet or path.name.lower().removesuffix(".gz").endswith(".csv")
    if categories and not is_table:
        message = gettext("expected a .csv or .parquet with categories, got {path}; leave categories out")
        raise ValueError(message.format(path=path))
    if contents.startswith(ZIP_MAGIC):
        return *parse_npz(contents, path, key), "", ()
    if key is not None:
        message = gettext("key={key!r} chooses an array of an .npz file, but {path} is not an .npz; leave key out")
        raise ValueError(message.format(key=key, path=path))
    if contents.startswith(NPY_MAGIC):
        return parse_npy(contents, path), None, "", ()
    if looks_like_idx(contents):
        return parse_idx(contents, path), None, "", ()
    if is_table:
        if is_parquet:
            table = parse_parquet(contents, path, categories, like)
        else:
            table = parse_csv(contents, Place(path), categories, like=like)
        whole = table.are_integers and not to_be_scaled and not np.isin(table.values, (0, 1)).all()
        values = table.values.astype(np.int64) if whole else table.values
        return values, table.labels, table.label_name, table.columns
    raise unknown_format(path, contents)


def unknown_format(path: Path, contents: bytes) -> DataFileError:
    """Return the error for a file of an unknown format."""
    if bytes(contents[:4]).isascii() and bytes(contents[:4]).decode("ascii").isprintable():
        message = gettext(
            "{path} does not begin like a .npy, .npz, .parquet or IDX file, but looks like text; if it is a table of "
            "numbers, name it .csv"
        )
        return DataFileError(message.format(path=path))
    message = gettext(
        "{path} does not begin like a .npy, .npz, .parquet or IDX file (it begins with {start}) and is not named .csv; "
        "save it in one of these formats"
    )
    return DataFileError(message.format(path=path, start=contents[:4].hex(" ")))


def integers(path: Path, which: str) -> DataFileError:
    """Return the error for a file of whole numbers without a divisor."""
    message = gettext(
        "{path} holds integers ({which}), but floats in [0, 1] are expected; divide them by the largest possible "
        "value, for example divide_by=255"
    )
    return DataFileError(message.format(path=path, which=which))


def require_rows(shape: tuple[int, ...], path: Path) -> None:
    """Raise unless it is a matrix or a stack of images with at least one column."""
    if len(shape) not in (2, 3):
        message = gettext(
            "{path} has an array of shape {shape}, but (N, D) or (N, height, width) is expected; reshape it to one "
            "example per row"
        )
        raise DataFileError(message.format(path=path, shape=shape))
    if 0 in shape:
        message = gettext("{path} holds labels but no features; save at least one column of data")
        raise DataFileError(message.format(path=path))


def _rows(values: NDArray[Any], path: Path) -> NDArray[Any]:
    require_rows(values.shape, path)
    if values.size > MAXIMUM_VALUES:
        message = gettext("{path} has {size:,} values and at most {most:,} are read; split the file")
        raise DataFileError(message.format(path=path, size=values.size, most=MAXIMUM_VALUES))
    return values.reshape(len(values), -1)


def _fits_float32(rows: NDArray[Any]) -> bool:
    return rows.dtype.itemsize <= 2 or rows.dtype == np.float32


def _scaled(
    rows: NDArray[Any], divide_by: float | None, dtype: str, path: Path
) -> tuple[NDArray[np.floating[Any]], str]:  # fmt: skip
    kind = rows.dtype.name
    if divide_by is None and rows.dtype == np.uint8:
        divide_by = 255
    if divide_by is None and rows.dtype.kind in "ui":
        raise integers(path, kind + ", " + gettext("{low} to {high}").format(low=rows.min(), high=rows.max()))
    is_bad = ~np.isfinite(rows)
    if is_bad.any():
        row, column = np.argwhere(is_bad)[0] + 1
        message = gettext(
            "{path} holds NaN or infinity in {bad} of {count} rows, first in row {row}, column {column}; remove "
            "those rows"
        )
        raise DataFileError(
            message.format(path=path, bad=is_bad.any(axis=1).sum(), count=len(rows), row=row, column=column)
        )
    with np.errstate(over="ignore"):
        x = np.array(rows, dtype=dtype, order="C") if divide_by is None else np.asarray(divided(rows, divide_by), dtype)
        is_finite = np.isfinite(x.astype(np.float32)).all()
    if not is_finite:
        message = gettext("{path} holds values beyond float32, up to {largest:.3g}; scale them down")
        raise DataFileError(message.format(path=path, largest=np.abs(rows).max()))
    return x, f"{kind} as they are" if divide_by is None else f"{kind} divided by {divide_by:g}"


def _rounded_away(rows: NDArray[Any], divide_by: float | None, x: NDArray[np.floating[Any]]) -> list[int]:
    """Return the numbers, from 1, of the columns that vary, but little compared with the steps of float32."""
    exact = rows if divide_by is None else divided(rows, divide_by)
    spread, error = exact.std(axis=0, dtype=np.float64), np.abs(exact - x).max(axis=0)
    varies = spread > CONSTANT["float64"] * np.abs(exact).max(axis=0)
    return [int(column) + 1 for column in np.flatnonzero(varies & (error > ROUNDING * spread))]


def _count(columns: list[int], width: int) -> str:
    named = gettext("column {number} of x").format(number=columns[0])
    if len(columns) == 1:
        return named
    several = gettext("{count} of {width} columns, the first of them {named}")
    return several.format(count=len(columns), width=width, named=named)


def whole_labels(labels: NDArray[Any], n_examples: int, path: Path) -> NDArray[np.int64]:
    """Return labels, one for each example, as integers; raise unless they are whole numbers."""
    if labels.shape != (n_examples,):
        message = gettext("{path} has labels of shape {shape} for {n_examples} examples; give one label per example")
        raise DataFileError(message.format(path=path, shape=labels.shape, n_examples=n_examples))
    if labels.dtype.kind == "f" and not (np.abs(labels) < 2**53).all():
        message = gettext("{path} has labels that are NaN, infinite or huge; use whole numbers from 0")
        raise DataFileError(message.format(path=path))
    if (labels != np.floor(labels)).any():
        message = gettext("{path} has labels that are not whole numbers; use whole numbers from 0")
        raise DataFileError(message.format(path=path))
    return labels.astype(np.int64)
