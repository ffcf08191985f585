"""Pictures of a gradient check: the gradient from backward, the difference quotient, and their difference.

    TensorResult --one row of three heat maps--> Figure

The first two share a scale, symmetric about 0; the difference has its own, on which rounding stays white. A vector is
drawn as one row. A cross marks entries that fail, a ring those at a kink. matplotlib is imported at the first drawing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, gettext_noop, in_language, language
from aescratch.inspection.gradcheck.numeric import largest_size
from aescratch.inspection.gradcheck.printing import FAIL, INCONCLUSIVE, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TENSORS = 8
MOST_MARKS = 400  # with more cells, crosses and rings hide what they mark
WORTH_A_COLOUR = 1e-6  # times the largest gradient: a smaller difference is rounding, and stays white
PANELS = ("backward", gettext_noop("difference quotient"), gettext_noop("their difference"))
KOREAN_FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "NanumBarunGothic", "Malgun Gothic", "AppleGothic")
BY_RULE = ("backward", gettext_noop("difference quotient, or declared rule"), PANELS[2])
# Purple and orange are distinct for every kind of colour blindness, and equally strong on both sides of a white 0.
COLOUR_MAP, MISSING = "PuOr", "0.75"


def draw(title: str, tensors: Sequence[Any]) -> Figure:
    """Return a figure with one row of heat maps for each tensor, at most eight; those that fail come first.

    Raises
    ------
    ValueError
        If there is no tensor to draw.
    """
    if not tensors:
        raise ValueError("expected a report with compared tensors, got none to draw; print the report to see why")
    with _legible():
        return _drawn(title, tensors)


@contextlib.contextmanager
def _legible() -> Iterator[None]:
    """Draw in the block with a font for Korean, if that is the language; without such a font the labels are English."""
    from matplotlib import font_manager, rc_context, rcParams

    installed = {font.name for font in font_manager.fontManager.ttflist} if language() == "ko" else set()
    font = next((name for name in KOREAN_FONTS if name in installed), None)
    if font:
        with rc_context({"font.family": [*rcParams["font.family"], font]}):
            yield
    else:
        with in_language("en"):
            yield


def _drawn(title: str, tensors: Sequence[Any]) -> Figure:
    from matplotlib.figure import Figure

    order = {FAIL: 0, INCONCLUSIVE: 1}
    chosen = list(tensors)
    if len(chosen) > MOST_TENSORS:
        chosen = sorted(chosen, key=lambda tensor: order.get(tensor.verdict, 2))[:MOST_TENSORS]
    shapes = [as_image(tensor.analytic).shape for tensor in chosen]
    heights = [0.7 if rows == 1 else max(1.3, min(4.0, 3.6 * rows / columns)) for rows, columns in shapes]
    figure = Figure(figsize=(13, sum(heights) + 0.75 * len(chosen) + 0.6), layout="constrained")
    left_out = gettext("{count} further tensors not drawn").format(count=len(tensors) - len(chosen))
    figure.suptitle(f"{title}\n{left_out}" if len(chosen) < len(tensors) else title, fontsize=14)
    grid = figure.subplots(len(chosen), 3, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axes, tensor in zip(grid, chosen, strict=True):
        _draw_tensor(axes, tensor)
    by_rule = any(getattr(tensor, "rule", "") for tensor in chosen)
    for ax, heading in zip(grid[0], BY_RULE if by_rule else PANELS, strict=True):
        ax.set_title(f"{gettext(heading)}\n{ax.get_title()}", fontsize=13)
    return figure


def as_image(values: Array) -> Array:
    """Return values as a matrix: a vector or a number as one row, further axes side by side."""
    if values.ndim < 2:
        return values.reshape(1, -1)
    return values.reshape(values.shape[0], -1)


def _draw_tensor(axes: Sequence[Axes], tensor: Any) -> None:
    analytic, numeric = as_image(tensor.analytic), as_image(tensor.numeric)
    with np.errstate(invalid="ignore"):
        difference = analytic - numeric
    shared = max(largest_size(analytic), largest_size(numeric))
    _draw_panel(axes[0], analytic, shared)
    image = _draw_panel(axes[1], numeric, shared)
    _add_scale(axes[:2], image)
    _add_scale(axes[2:], _draw_panel(axes[2], difference, max(largest_size(difference), WORTH_A_COLOUR * shared)))
    _mark(axes[2], as_image(tensor.verdicts))
    axes[0].set_ylabel(f"{tensor.name}\n{shown(tensor.verdict)}", fontsize=13)
    kinks = tensor.count("kink")
    counts = [gettext("{count} fail (×)").format(count=tensor.count(FAIL))] if tensor.count(FAIL) else []
    counts += [gettext("{count} at kinks (○)").format(count=kinks)] if kinks else []
    axes[2].set_title(", ".join(counts), fontsize=12)


def _draw_panel(ax: Axes, values: Array, limit: float) -> Any:
    limit = limit or 1.0
    ax.set_facecolor(MISSING)
    shown = np.ma.masked_invalid(values)
    image = ax.imshow(shown, cmap=COLOUR_MAP, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    for axis, count in ((ax.xaxis, values.shape[1]), (ax.yaxis, values.shape[0])):
        axis.set_ticks(_ticks(count) if count > 1 else [])
    ax.tick_params(labelsize=11, length=2)
    return image


def _ticks(count: int) -> list[int]:
    """Return at most about eight whole numbers below count, from 0."""
    return list(range(0, count, max(1, -(-count // 8))))


def _add_scale(axes: Sequence[Axes], image: Any) -> None:
    bar = axes[0].figure.colorbar(image, ax=list(axes), pad=0.02, aspect=12)
    limit = image.get_clim()[1]
    bar.set_ticks([-limit, 0, limit], labels=[f"−{limit:.2g}", "0", f"{limit:.2g}"])
    bar.ax.tick_params(labelsize=11)


def _mark(ax: Axes, verdicts: Array) -> None:
    side = max(verdicts.shape)
    for verdict, marker, filled in ((FAIL, "x", True), ("kink", "o", False)):
        rows, columns = np.nonzero(verdicts == verdict)
        thin = min(1.4, 20 / side)
        for colour, width in (("white", 2.5 * thin), ("black", thin)) if 0 < len(rows) <= MOST_MARKS else ():
            colours: dict[str, Any] = {"color": colour} if filled else {"edgecolors": colour, "facecolors": "none"}
            ax.scatter(columns, rows, s=max(3, 300 / side), marker=marker, linewidths=width, **colours)
