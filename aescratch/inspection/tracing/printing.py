"""A step as text, like a worked example on paper: given, forward, backward with difference quotients, update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.columns import columns_of
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.tracing.operation import Operation
from aescratch.inspection.tracing.writing import number

ROWS, COLUMNS = 8, 8  # of an array that is shown completely
MANY = 2000  # difference quotients: each needs two losses, so they are computed only on request
HEADINGS = {
    "forward": gettext_noop("Forward"), "backward": gettext_noop("Backward"), "update": gettext_noop("Update"),
}  # fmt: skip
QUOTIENT = "(J(q + h) − J(q − h)) / 2h"


def text(title: str, given: Mapping[str, Array], operations: Sequence[Operation]) -> str:
    """Return the whole step as text."""
    return "\n".join(_lines(title, given, operations))


def _lines(title: str, given: Mapping[str, Array], operations: Sequence[Operation]) -> Iterator[str]:
    yield title[0].upper() + title[1:]
    yield gettext("Entries are counted from 0: n counts examples, i and j count units.")
    yield ""
    yield gettext("Given")
    for name, value in given.items():
        yield from _beside(f"  {name} = ", value)
    entries = sum(operation.output.size for operation in operations if operation.which == "backward")
    which = ""
    for operation in operations:
        if operation.which != which:
            which = operation.which
            yield ""
            yield gettext(HEADINGS[which])
            if which == "backward" and entries <= MANY:
                beside = gettext("to the right of each gradient: the difference quotient {quotient} of the loss J")
                yield "  " + beside.format(quotient=QUOTIENT)
        yield from _operation(operation, entries <= MANY)


def _operation(operation: Operation, numeric: bool) -> Iterator[str]:
    yield ""
    yield f"{operation.number:3}  {operation.formula}"
    what = f"{operation.part}, " if operation.part else ""
    first, *others = operation.code.splitlines() or [""]
    yield f"     {what}{operation.where}: {first}" if not others else f"     {what}{operation.where}:"
    yield from (f"         {line}" for line in [first, *others] if others)
    if not operation.agrees:
        yield "     " + gettext("The code's result differs from this formula.")
    if operation.output.size:
        yield f"     {operation.worked(*[0] * operation.output.ndim)}"
    beside = operation.numeric if numeric and operation.which == "backward" else None
    if operation.output.ndim or beside is not None:
        yield from _beside(f"     {operation.name} = ", operation.output, beside)


def _beside(head: str, value: Array, beside: Array | None = None) -> Iterator[str]:
    """Yield the lines of an array under a header, with another array to the right of it."""
    rows, other = _cells(value), [] if beside is None else _cells(beside, gettext("kink"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    other_widths = [max(map(columns_of, column)) for column in zip(*other, strict=True)]
    for place, row in enumerate(rows):
        line = "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        if other:
            line += "   |   " + "  ".join(
                " " * (width - columns_of(cell)) + cell for cell, width in zip(other[place], other_widths, strict=True)
            )
        yield (head if place == 0 else " " * len(head)) + line


def _cells(value: Array, undefined: str = "nan") -> list[list[str]]:
    """Return an array's numbers as text, row by row, with dots in place of the middle of a large array."""
    matrix: Any = np.atleast_2d(value)
    rows = [_shortened([undefined if np.isnan(entry) else number(entry) for entry in row]) for row in matrix]
    return rows if len(rows) <= ROWS else [*rows[: ROWS - 2], ["…"] * len(rows[0]), rows[-1]]


def _shortened(cells: list[str]) -> list[str]:
    return cells if len(cells) <= COLUMNS else [*cells[: COLUMNS - 2], "…", cells[-1]]
