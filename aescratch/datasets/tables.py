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
from aescratch.foundations.language import gettext, gettext_noop

LABEL_NAMES = ("label", "labels", "target", "class")
MISSING = {"", "na", "n/a", "null", "none", "?", "-"}  # and texts that are read as NaN or infinity
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
NUMBERED = gettext_noop("replace each class by a whole number from 0")
MOST_WORDS = 100  # different words of a column that becomes columns of 0 and 1


class Place(NamedTuple):
    """The origin of a table's rows: the file, the number of the first row, and the word for a row there."""

    path: Path
    first: int = 1
    word: str = gettext_noop("line")


class LineError(DataFileError):
    """The error names the line of the file."""


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
        message = gettext("{path} is not UTF-8 text, as a .csv must be; save it as comma-separated text")
        raise DataFileError(message.format(path=path)) from error
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
        message = gettext("{path} has a column without a name, often a row number; name it or remove it")
        raise DataFileError(message.format(path=path))
    unknown = [name for name in categories if not has_names or name not in names]
    if unknown:
        known = gettext("its columns are {names}").format(names=", ".join(names))
        if not has_names:
            known = gettext("its first line names no columns")
        message = gettext("{path} has no column {name!r} to convert to 0 and 1; {known}")
        raise DataFileError(message.format(path=path, name=unknown[0], known=known))
    labelled = next((name for name in categories if name.lower() in LABEL_NAMES), None)
    if labelled is not None:
        message = gettext("{path} has labels in column {labelled!r}, which is not a feature; {advice}")
        raise DataFileError(message.format(path=path, labelled=labelled, advice=gettext(NUMBERED)))
    twice = next((name for name in categories if names.count(name) > 1), None)
    if twice is not None:
        message = gettext("{path} has {count} columns named {twice!r}; give each a unique name")
        raise DataFileError(message.format(path=path, count=names.count(twice), twice=twice))
    words: dict[str, list[str]] = {name: [] for name in categories}
    if like and has_names:
        words = _words_of(like, names, path)
    if words:
        values, names = _with_categories(body, separator, names, words, place)
    else:
        values = _numbers(body, separator, names if has_names else [], place)
    if has_names and len(names) != values.shape[1]:
        message = gettext("{path} names {names} columns, but its lines have {found}; make them agree")
        raise DataFileError(message.format(path=path, names=len(names), found=values.shape[1]))
    labels = [i for i, name in enumerate(names) if has_names and name.lower() in LABEL_NAMES]
    if len(labels) > 1:
        message = gettext("{path} has {count} columns of labels; keep one of them")
        raise DataFileError(message.format(path=path, count=len(labels)))
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
                message = gettext("{path} has no column {column!r}; the data must have {columns}")
                raise DataFileError(message.format(path=path, column=column, columns=", ".join(like)))
            name = max(of, key=len)
            words.setdefault(name, []).append(column.removeprefix(f"{name}="))
    known = {*like, *words}
    others = [n for n in names if n.lower() not in LABEL_NAMES and (n not in known or names.count(n) > 1)]
    if others:
        message = gettext("{path} has a column {column!r} beside {columns}; remove it")
        raise DataFileError(message.format(path=path, column=others[0], columns=", ".join(like)))
    return words


def tables_of(lines: IO[str], path: Path, size: int, like: Sequence[str] = ()) -> Iterator[Table]:
    """Yield a long .csv as tables of this many characters, each read with the file's first line above it.

    `like` has the columns of earlier data, as in `parse_csv`.
    """
    first, before = "\n", 0
    while first == "\n":
        first, before = lines.readline(), before + 1
    bare = first.strip("\ufeff\n")
    has_names = _are_names(_cells(bare, _separator(bare)), _separator(bare))
    block, is_first = lines.readlines(size), True
    while block or is_first:
        text = "".join(block)
        if is_first or text.strip():
            table = _block_of(first + text, Place(path, before), is_first, like)
            yield table if is_first or has_names else table._replace(values=table.values[1:])
        before, block, is_first = before + len(block), lines.readlines(size), False


def _block_of(text: str, place: Place, is_first: bool, like: Sequence[str]) -> Table:
    try:
        return parse_csv(text.encode("utf-8", "surrogateescape"), place, like=like)
    except DataFileError as error:
        if is_first or isinstance(error, LineError):
            raise
        message = gettext("{error}, of those from {word} {first} on")
        raise DataFileError(message.format(error=error, word=gettext(place.word), first=place.first)) from error


def _separator(first: str) -> str:
    """Return the separator of the first line: a tab or a semicolon if there is one, else a comma."""
    bare = re.sub(r'"[^"]*"', "", first)
    return next((mark for mark in ("\t", ";") if mark in bare), ",")


def _numbers(body: str, separator: str, names: Sequence[str], place: Place) -> NDArray[np.float64]:
    if not body.strip():
        message = gettext("{path} holds no {word} of numbers; save at least one example")
        raise DataFileError(message.format(path=place.path, word=gettext(place.word)))
    text = body if separator == "," else _with_points(body, separator)
    try:
        values = np.loadtxt(StringIO(text), delimiter=separator, ndmin=2, comments=None, quotechar='"')
    except (ValueError, OverflowError) as error:
        reason = _what_is_no_number(text, separator, names, place) or _which_is_ragged(text, separator, place)
        if reason:
            raise LineError(reason) from error
        # numpy's own sentence names the row and the cell, and ends in advice about its own arguments
        message = gettext("{path} is not a table of numbers: {problem}")
        problem = str(error).split("; ")[0].rstrip(".")
        raise DataFileError(message.format(path=place.path, problem=problem)) from None  # not NumPy's own errors, too
    if not np.isfinite(values).all():
        raise LineError(_what_is_no_number(text, separator, names, place))
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
    is_infinite = False
    path, word = place.path, gettext(place.word)
    for number, cells in _rows(text, separator, place):
        for column, cell in enumerate(cells):
            bare = cell.strip()
            value = float(bare) if _is_number(bare) else None
            if bare.lower() in MISSING or (value is not None and not math.isfinite(value)):
                missing.append((number, column))
                is_infinite = is_infinite or (value is not None and math.isinf(value))
            elif value is None:
                name = names[column] if column < len(names) else ""
                if name.lower() in LABEL_NAMES:
                    said = gettext(
                        "{path} holds words as labels in column {name!r}, {cell!r} in {word} {number}; {advice}"
                    )
                    advice = gettext(NUMBERED)
                    return said.format(path=path, name=name, cell=bare, word=word, number=number, advice=advice)
                made = gettext('; or, for a category, convert it to columns of 0 and 1: categories=["{name}"]')
                return gettext(
                    "{path} holds text in {column}, {cell!r} in {word} {number}, where a number is expected; leave the "
                    "column out{more}"
                ).format(
                    path=path, column=_named(names, column), cell=bare, word=word, number=number,
                    more=made.format(name=name) if name else "",
                )  # fmt: skip
    if not missing:
        return ""
    number, column = missing[0]
    one, several = gettext("1 missing value"), gettext("{count:,} missing values")
    if is_infinite:
        one, several = gettext("1 missing or infinite value"), gettext("{count:,} missing or infinite values")
    return gettext(
        "{path} has {what}, the first in {word} {number}, {column}; remove these rows, or insert the column's mean"
    ).format(
        path=path, what=one if len(missing) == 1 else several.format(count=len(missing)), word=word, number=number,
        column=_named(names, column),
    )  # fmt: skip


def _which_is_ragged(text: str, separator: str, place: Place) -> str:
    """Return a sentence about the first line with another number of cells than the lines before, or an empty text."""
    expected = 0
    for number, cells in _rows(text, separator, place):
        expected = expected or len(cells)
        if len(cells) != expected:
            said = gettext(
                "{path} has {count} cells in {word} {number}, but {expected} in each {word} before it; "
                "correct that {word}"
            )
            if len(cells) == 1:
                said = gettext(
                    "{path} has 1 cell in {word} {number}, but {expected} in each {word} before it; correct that {word}"
                )
            word, count = gettext(place.word), len(cells)
            return said.format(path=place.path, count=count, word=word, number=number, expected=expected)
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
        message = gettext("{path} names {names} columns, but {word} {ragged} has another number; make them agree")
        raise DataFileError(message.format(path=path, names=len(names), word=gettext(place.word), ragged=ragged))
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
        strange = next(((row, word) for (row, _), word in zip(rows, words, strict=True) if word not in kinds), None)
        if strange is not None:
            number, cell = strange
            message = gettext(
                "{path} has {cell!r} in {word} {number}, column {name!r}, but the earlier data have only {kinds}; "
                "remove these rows, or train with them"
            )
            told = {"cell": cell, "word": gettext(place.word), "number": number, "kinds": ", ".join(kinds)}
            raise LineError(message.format(path=path, name=name, **told))
        if len(kinds) > MOST_WORDS:
            message = gettext(
                "{path} has {count} different words in column {name!r}, but at most {most} are converted to "
                "columns; leave the column out"
            )
            raise DataFileError(message.format(path=path, count=len(kinds), name=name, most=MOST_WORDS))
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
        message = gettext("{path} can't be read in {word} {number}: {error}; look for an extra quotation mark")
        number = place.first + reader.line_num - 1
        told = message.format(path=place.path, word=gettext(place.word), number=number, error=error)
        raise LineError(told) from error


def _named(names: Sequence[str], column: int) -> str:
    if column < len(names):
        return gettext("column {name!r}").format(name=names[column])
    return gettext("column {number}").format(number=column + 1)


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
