"""Numbers in text: a .csv file, with or without a line of column names.

    "a,b,label\\n0.1,0.2,3\\n" -> column names, numbers -> values (N, D), labels (N,), whether all are whole
    "a;city\\n0,1;Ulm\\n"     -> the first line shows the separator; a comma is then a decimal comma
                             -> a column of words becomes one column of 0 and 1 for each word, if requested
    ("a", "city=Ulm")        -> the columns of earlier data are found by name, in any order, and the words with them

Errors name the line of the file and the column.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.errors import DataFileError

LABEL_NAMES = ("label", "labels", "target", "class")
MISSING = {"", "na", "n/a", "null", "none", "?", "-"}  # and texts that are read as NaN or infinity
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
NUMBERED = "replace each class by a whole number from 0"
MOST_WORDS = 100  # different words of a column that becomes columns of 0 and 1


class Place(NamedTuple):
    """The origin of a table's rows: the file, the number of the first row, and the word for a row there."""

    path: Path
    first: int = 1
    word: str = "line"


class Table(NamedTuple):
    """Values (N, D) float64, labels (N,) float64 or None, whether all values are whole numbers, the columns' names.

    The names are empty if the file has none, or has one of them twice.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.float64] | None
    are_integers: bool
    label_name: str = ""
    columns: tuple[str, ...] = ()


def parse_csv(
    contents: bytes, place: Place, categories: Sequence[str] = (), names: Sequence[str] | None = None, *,
    like: Sequence[str] = (),
) -> Table:  # fmt: skip
    """Read numbers separated by commas, semicolons or tabs.

    If the names of the columns aren't given, the first line may hold them: it does if no cell in it is a number, or if
    one is a usual name for labels. A column named ``label``, ``labels``, ``target`` or ``class``, in any capitals, is
    the labels, ``y`` is a coordinate; every other column is a feature. Those named as categories become a column of 0
    and 1 for each word that they hold. `like` has the columns of earlier data: the same ones are returned, in the same
    order, with the same words.
    """
    path = place.path
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path} is not UTF-8 text, as a .csv must be; save it as comma-separated text") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Windows and old Macs end lines
    kept = text.lstrip("\n")
    first_row = place.first + text[: len(text) - len(kept)].count("\n")
    first, _, rest = kept.partition("\n")
    separator = _separator(first) if names is None else ","
    has_names = names is not None
    place, body = place._replace(first=first_row), kept
    if names is None:
        names = _cells(first, separator)
        if has_names := _are_names(names, separator):
            place, body = place._replace(first=first_row + 1), rest
    if has_names and "" in names:
        raise DataFileError(f"{path} has a column without a name, often a row number; name it or remove it")
    unknown = [name for name in categories if not has_names or name not in names]
    if unknown:
        known = f"its columns are {', '.join(names)}" if has_names else "its first line names no columns"
        raise DataFileError(f"{path} has no column {unknown[0]!r} to convert to 0 and 1; {known}")
    labelled = next((name for name in categories if name.lower() in LABEL_NAMES), None)
    if labelled is not None:
        raise DataFileError(f"{path} has labels in column {labelled!r}, which is not a feature; {NUMBERED}")
    twice = next((name for name in categories if names.count(name) > 1), None)
    if twice is not None:
        raise DataFileError(f"{path} has {names.count(twice)} columns named {twice!r}; give each a unique name")
    words: dict[str, list[str]] = {name: [] for name in categories}
    if like and has_names:
        words = _words_of(like, names, path)
    if words:
        values, names = _with_categories(body, separator, names, words, place)
    else:
        values = _numbers(body, separator, names if has_names else [], place)
    if has_names and len(names) != values.shape[1]:
        raise DataFileError(f"{path} names {len(names)} columns, but its lines have {values.shape[1]}; make them agree")
    labels = [i for i, name in enumerate(names) if has_names and name.lower() in LABEL_NAMES]
    if len(labels) > 1:
        raise DataFileError(f"{path} has {len(labels)} columns of labels; keep one of them")
    columns = tuple(name for i, name in enumerate(names) if has_names and i not in labels)
    if like and has_names:
        columns = tuple(like)
        features = values[:, [names.index(name) for name in columns]]
    else:
        features = np.delete(values, labels, axis=1)
    found = values[:, labels[0]] if labels else None
    columns = columns if len(set(columns)) == len(columns) else ()
    return Table(features, found, _are_whole(features), names[labels[0]] if labels else "", columns)


def _words_of(like: Sequence[str], names: Sequence[str], path: Path) -> dict[str, list[str]]:
    """Return the words of each column of categories in earlier data: city=Bonn, city=Ulm -> {city: [Bonn, Ulm]}."""
    words: dict[str, list[str]] = {}
    for column in like:
        if column not in names:
            of = [name for name in names if column.startswith(f"{name}=")]
            if not of:
                raise DataFileError(f"{path} has no column {column!r}; the data must have {', '.join(like)}")
            name = max(of, key=len)
            words.setdefault(name, []).append(column.removeprefix(f"{name}="))
    known = {*like, *words}
    others = [name for name in names if name not in known and name.lower() not in LABEL_NAMES]
    others += [name for name in known if names.count(name) > 1]
    if others:
        raise DataFileError(f"{path} has a column {others[0]!r} beside {', '.join(like)}; remove it")
    return words


def tables_of(lines: IO[str], path: Path, size: int) -> Iterator[Table]:
    """Yield a long .csv as tables of this many characters, each read with the file's first line above it."""
    first, before = "\n", 0
    while first == "\n":
        first, before = lines.readline(), before + 1
    bare = first.strip("\ufeff\n")
    has_names = _are_names(_cells(bare, _separator(bare)), _separator(bare))
    block, is_first = lines.readlines(size), True
    while block or is_first:
        text = "".join(block)
        if is_first or text.strip():
            table = _block_of(first + text, Place(path, before), is_first)
            yield table if is_first or has_names else table._replace(values=table.values[1:])
        before, block, is_first = before + len(block), lines.readlines(size), False


def _block_of(text: str, place: Place, is_first: bool) -> Table:
    try:
        return parse_csv(text.encode("utf-8", "surrogateescape"), place)
    except DataFileError as error:
        if is_first or f" in {place.word} " in str(error):
            raise
        raise DataFileError(f"{error}, of those from {place.word} {place.first} on") from error  # numpy's count


def _separator(first: str) -> str:
    """Return the separator of the first line: a tab or a semicolon if there is one, else a comma."""
    bare = re.sub(r'"[^"]*"', "", first)
    return next((mark for mark in ("\t", ";") if mark in bare), ",")


def _numbers(body: str, separator: str, names: Sequence[str], place: Place) -> NDArray[np.float64]:
    if not body.strip():
        raise DataFileError(f"{place.path} holds no {place.word} of numbers; save at least one example")
    text = body if separator == "," else _with_points(body, separator)
    try:
        values = np.loadtxt(StringIO(text), delimiter=separator, ndmin=2, comments=None, quotechar='"')
    except (ValueError, OverflowError) as error:
        reason = _what_is_no_number(text, separator, names, place) or _which_is_ragged(text, separator, place)
        # numpy's own sentence names the row and the cell, and ends in advice about its own arguments
        reason = reason or f"is not a table of numbers: {str(error).split('; ')[0].rstrip('.')}"
        raise DataFileError(f"{place.path} {reason}") from None  # which would show two of NumPy's own errors
    if not np.isfinite(values).all():
        raise DataFileError(f"{place.path} {_what_is_no_number(text, separator, names, place)}")
    return values


def _with_points(body: str, separator: str) -> str:
    """Return the lines with points instead of decimal commas, if the comma isn't the separator."""
    lines = (separator.join(_with_point(cell) for cell in line.split(separator)) for line in body.split("\n"))
    return "\n".join(lines)


def _with_point(cell: str) -> str:
    bare = cell.strip().strip('"')
    return bare.replace(",", ".") if DECIMAL_COMMA.fullmatch(bare) else cell


def _what_is_no_number(text: str, separator: str, names: Sequence[str], place: Place) -> str:
    """Return a sentence about the first column of words, or else about missing values, or an empty text."""
    missing: list[tuple[int, int]] = []
    kind = "missing"
    for number, cells in _rows(text, separator, place):
        for column, cell in enumerate(cells):
            bare = cell.strip()
            value = float(bare) if _is_number(bare) else None
            if bare.lower() in MISSING or (value is not None and not math.isfinite(value)):
                missing.append((number, column))
                kind = "missing or infinite" if value is not None and math.isinf(value) else kind
            elif value is None:
                name = names[column] if column < len(names) else ""
                if name.lower() in LABEL_NAMES:
                    return f"holds words as labels in column {name!r}, {bare!r} in {place.word} {number}; {NUMBERED}"
                made = f'; or, for a category, convert it to columns of 0 and 1: categories=["{name}"]' if name else ""
                return (
                    f"holds text in {_named(names, column)}, {bare!r} in {place.word} {number}, where a number is "
                    f"expected; leave the column out{made}"
                )
    if not missing:
        return ""
    number, column = missing[0]
    count = f"1 {kind} value" if len(missing) == 1 else f"{len(missing):,} {kind} values"
    return (
        f"has {count}, the first in {place.word} {number}, {_named(names, column)}; remove these rows, or insert the "
        "column's mean"
    )


def _which_is_ragged(text: str, separator: str, place: Place) -> str:
    """Return a sentence about the first line with another number of cells than the lines before, or an empty text."""
    expected = 0
    for number, cells in _rows(text, separator, place):
        expected = expected or len(cells)
        if len(cells) != expected:
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            return f"has {count} in {place.word} {number}, but {expected} in those before; correct that {place.word}"
    return ""


def _with_categories(
    body: str, separator: str, names: Sequence[str], known: Mapping[str, Sequence[str]], place: Place
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the values, with each category replaced by a column of 0 and 1 for each word, and all columns' names.

    `known` has the categories, with the words of earlier data, or none.
    """
    path = place.path
    rows = list(_rows(body, separator, place))
    ragged = next((number for number, cells in rows if len(cells) != len(names)), None)
    if ragged is not None:
        raise DataFileError(
            f"{path} names {len(names)} columns, but {place.word} {ragged} has another number; make them agree"
        )
    chosen = [names.index(name) for name in known]
    others = [column for column in range(len(names)) if column not in chosen]
    rest, written = StringIO(), 0
    writer = csv.writer(rest, delimiter=separator, lineterminator="\n")
    for number, cells in rows:
        rest.write("\n" * (number - place.first - written))  # each keeps the number of its line
        writer.writerow([cells[column] for column in others])
        written = number - place.first + 1
    numbers = _numbers(rest.getvalue(), separator, [names[c] for c in others], place) if others else None
    columns, made = [], []
    for column, name in enumerate(names):
        if column not in chosen:
            assert numbers is not None
            columns.append(numbers[:, others.index(column)])
            made.append(name)
            continue
        words = [cells[column].strip() for _, cells in rows]
        kinds = known[name] or sorted(set(words))
        strange = next((number for (number, _), word in zip(rows, words, strict=True) if word not in kinds), None)
        if strange is not None:
            word = next(word for word in words if word not in kinds)
            raise DataFileError(
                f"{path} has {word!r} in {place.word} {strange}, column {name!r}, but the earlier data have only "
                f"{', '.join(kinds)}; remove these rows, or train with them"
            )
        if len(kinds) > MOST_WORDS:
            raise DataFileError(
                f"{path} has {len(kinds)} different words in column {name!r}, but at most {MOST_WORDS} are converted "
                "to columns; leave the column out"
            )
        columns += [np.array([word == kind for word in words], np.float64) for kind in kinds]
        made += [f"{name}={kind}" for kind in kinds]
    return np.column_stack(columns), made


def _rows(text: str, separator: str, place: Place) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that aren't empty as cells, with their number in the file."""
    reader = csv.reader(StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            if cells:
                yield place.first + reader.line_num - 1, cells
    except csv.Error as error:
        where = f"{place.word} {place.first + reader.line_num - 1}"
        advice = "look for an extra quotation mark"
        raise DataFileError(f"{place.path} can't be read in {where}: {error}; {advice}") from error


def _named(names: Sequence[str], column: int) -> str:
    return f"column {names[column]!r}" if column < len(names) else f"column {column + 1}"


def _are_whole(values: NDArray[np.float64]) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all((values == np.floor(values)) & (np.abs(values) < 2**53)))


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(separator)]


def _are_names(cells: list[str], separator: str) -> bool:
    # Strict: a damaged first line of numbers must raise an error, not be taken for names and lost.
    pointed = cells if separator == "," else [_with_point(cell) for cell in cells]
    return any(cell.lower() in LABEL_NAMES for cell in cells) or not any(_is_number(cell) for cell in pointed)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
