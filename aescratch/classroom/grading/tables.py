"""Tables that teachers bring: rosters, gradebooks, overrides, as spreadsheets and platforms write CSV.

    path -> rows, the separator, the encoding
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

LARGEST = 50_000_000  # bytes
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}  # at the beginning of a text


class Table(NamedTuple):
    """The rows of a table, each with the number of the line on which it ends, and how it was written."""

    rows: list[tuple[int, list[str]]]
    delimiter: str
    encoding: str


def read_table(path: Path, what: str) -> Table:
    """Return the rows of a CSV file that is to be `what`; a `ValueError` says in a sentence why it is none."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST)
    except OSError as error:
        raise ValueError(f"expected {what}, but {path} can't be read: {error.strerror}; check the path") from error
    marked = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp949"):  # the last is what Excel writes in Korea
        try:
            text = content.decode(encoding)
            break
        except UnicodeError:
            continue
    else:
        raise ValueError(f"expected {path} to be text in UTF-8, but it is none; save it as CSV UTF-8")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)  # else a quote swallows rows
    try:
        return Table([(reader.line_num, cells) for cells in reader], delimiter, encoding)
    except csv.Error as error:
        where = f"{path}, line {reader.line_num}"
        raise ValueError(f"{where}: it is no CSV ({error}); look for an open quote") from error
