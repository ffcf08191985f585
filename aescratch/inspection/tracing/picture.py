"""The step as a picture: arrays as coloured cells, the forward pass above, and below it the backward pass.

    W1 b1         W2 b2            parameters, above the operation that uses them
    x  ->  a1 -> h1 -> x_hat -> J
       <-  grad_a1 <- grad_h1 <- grad_x_hat
    grad_W1       grad_W2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.naming import label
from aescratch.inspection.tracing.operation import Operation
from aescratch.inspection.tracing.writing import number
from aescratch.plots.lettering import lettering

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 1.6  # between arrays, in cells
LARGEST, WIDEST = 0.55, 18.0  # inches, of a cell and of the whole
READABLE = 260  # cells, with more cells, the numbers would be too small to read
Row = list[Quantity]


def draw(
    title: str, given: Sequence[Quantity], operations: Sequence[Operation], ax: Axes | None = None
) -> Axes:
    """Draw a step on matplotlib's axes, new ones by default, and return them; the batch is the first given array."""
    import matplotlib.pyplot as plt

    columns = _columns(given[0], operations)
    heights = [max(sum(_cells(q).shape[0] + GAP for q in rows[level]) for rows in columns) for level in range(4)]
    tops = np.cumsum([0.0, *heights])
    widths = [max(_cells(q).shape[1] + GAP for row in rows for q in row) for rows in columns]
    width, height = sum(widths) + GAP, float(tops[-1])
    scale = min(LARGEST, WIDEST / width)
    if ax is None:
        _, ax = plt.subplots(figsize=(scale * width, scale * (height + GAP)), layout="constrained")
    size = 72 * scale * (sum(q.value.size for rows in columns for row in rows for q in row) <= READABLE)
    left = GAP
    for place, (rows, column) in enumerate(zip(columns, widths, strict=True)):
        for level, row in enumerate(rows):
            top = -tops[level]
            for quantity in row:
                _array(ax, quantity, left, top, 0.2 * size)
                ax.text(left, top + 0.15, label(quantity), fontsize=min(10, 72 * scale * 0.4), va="bottom")
                top -= _cells(quantity).shape[0] + GAP
        if place:
            _arrow(ax, left - GAP + 0.2, left - 0.2, -tops[1] - (heights[1] - GAP) / 2)
        if place > 1 and rows[2]:
            _arrow(ax, left - 0.2, left - GAP + 0.2, -tops[2] - (heights[2] - GAP) / 2)
        left += column
    ax.set(xlim=(0, width), ylim=(-height, GAP), aspect="equal")
    ax.set_title(title, fontsize=10, wrap=True, **lettering())
    ax.set_axis_off()
    return ax


def _columns(x: Quantity, operations: Sequence[Operation]) -> list[tuple[Row, Row, Row, Row]]:
    """Return, for x and every array of the forward pass, the arrays above and below it, from top to bottom."""
    whole = {id(o.quantity.target): o.quantity for o in operations if o.quantity.target is not None}
    columns: list[tuple[Row, Row, Row, Row]] = [([], [x], [], [])]
    seen: set[str] = set()
    for operation in operations:
        if operation.which != "forward" or (not operation.output.ndim and operation.name != "J"):
            continue
        new = [q for q in operation.quantity.inputs if q.kind == "parameter" and q.name not in seen]
        seen.update(quantity.name for quantity in new)
        gradient = [whole[id(operation.quantity)]] if id(operation.quantity) in whole else []
        columns.append((new, [operation.quantity], gradient, [whole[id(q)] for q in new if id(q) in whole]))
    return columns


def _cells(quantity: Quantity) -> Array:
    return np.atleast_2d(quantity.value)


def _array(ax: Any, quantity: Quantity, left: float, top: float, fontsize: float) -> None:
    cells = _cells(quantity)
    rows, columns = cells.shape
    largest = float(np.abs(cells).max()) or 1.0
    edges = left + np.arange(columns + 1), top - np.arange(rows + 1)
    ax.pcolormesh(*edges, cells, cmap="RdBu", vmin=-1.6 * largest, vmax=1.6 * largest, edgecolor="0.6", linewidth=0.4)
    for (i, j), value in np.ndenumerate(cells) if fontsize else ():
        shown = number(round(float(value), 2 if abs(value) >= 0.1 else 3))
        ax.text(left + j + 0.5, top - i - 0.5, shown, fontsize=fontsize, ha="center", va="center")


def _arrow(ax: Any, start: float, end: float, y: float) -> None:
    ax.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": "0.3"})
