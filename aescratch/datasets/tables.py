"""Numbers in text: a .csv file, with or without a line of column names.

"a,b,label\\n0.1,0.2,3\\n" -> column names, numbers -> values (N, D), labels (N,), whether all are whole
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError

LABEL_NAMES = ("label", "labels")


class Table(NamedTuple):
    """Values (N, D) float64, labels (N,) float64 or None, and whether all values are whole numbers."""

    values: NDArray[np.float64]
    labels: NDArray[np.float64] | None
    are_integers: bool


def parse_csv(contents: bytes, path: Path) -> Table:
    """Read comma-separated numbers.

    The first line may name the columns: it does if no cell in it is a number, or if one says ``label``. A column named
    ``label`` or ``labels``, in any capitals, is the labels, ``y`` is a coordinate; every other column is a feature.
    """
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path} is not UTF-8 text, as a .csv must be; save it as comma-separated text") from error
    first, _, rest = text.lstrip("\r\n").partition("\n")
    names = [cell.strip().strip('"').lower() for cell in first.split(",")]
    has_names = _are_names(names)
    body = rest if has_names else text
    if has_names and "" in names:
        raise DataFileError(f"{path} has a column without a name, often a row number; name it or remove it")
    values = _numbers(body, path)
    if has_names and len(names) != values.shape[1]:
        raise DataFileError(f"{path} names {len(names)} columns but its lines have {values.shape[1]}; make them agree")
    labels = [i for i, name in enumerate(names) if name in LABEL_NAMES]
    if len(labels) > 1:
        raise DataFileError(f"{path} has {len(labels)} columns of labels; keep one of them")
    features = np.delete(values, labels, axis=1)
    return Table(features, values[:, labels[0]] if labels else None, _are_whole(features))


def _numbers(body: str, path: Path) -> NDArray[np.float64]:
    if not body.strip():
        raise DataFileError(f"{path} holds no line of numbers; save at least one example")
    try:
        return np.loadtxt(StringIO(body), delimiter=",", ndmin=2, comments=None, quotechar='"')
    except (ValueError, OverflowError) as error:
        # numpy's own sentence names the line and the cell, and ends in advice about its own arguments
        reason = str(error).split("; ")[0].rstrip(".")
        raise DataFileError(f"{path} is not a table of numbers separated by commas: {reason}") from error


def _are_whole(values: NDArray[np.float64]) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all((values == np.floor(values)) & (np.abs(values) < 2**53)))


def _are_names(cells: list[str]) -> bool:
    # Strict: a damaged first line of numbers must become an error, not be taken for names and lost.
    return any(cell in LABEL_NAMES for cell in cells) or not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
