"""The basis of every picture: Axes, colours, and text that is readable from the back of a room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aescratch.foundations.language import gettext
from aescratch.plots.lettering import lettering

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Two colours of Okabe & Ito, which colour-blind readers can distinguish, also from grey.
BLUE, VERMILLION = "#0072B2", "#D55E00"
# Ten colours of Petroff (arXiv:2107.02270): of the sets that were compared, the one whose closest two stay farthest
# apart under simulated colour blindness of each kind.
CLASS_COLOURS = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)  # fmt: skip
TEXT_SIZE = 14  # points; still readable when the picture is shown at half its size


def axes_of(ax: Axes | None, width: float, height: float) -> Axes:
    """Return ax, or for None the Axes of a new figure of this size in inches."""
    from matplotlib import axes, pyplot

    if ax is None:
        return pyplot.subplots(figsize=(width, height), layout="compressed")[1]
    if not isinstance(ax, axes.Axes):
        sentence = gettext(
            "expected ax to be a matplotlib Axes, got {kind}; pass one element of an array of them, or leave ax out "
            "for a new figure"
        )
        raise TypeError(sentence.format(kind=type(ax).__name__))
    return ax


def label_axes(ax: Axes, x_label: str, y_label: str) -> None:
    """Name both axes in large text, and leave out the two sides of the frame that carry no scale."""
    ax.set_xlabel(x_label, fontsize=TEXT_SIZE, **lettering())
    ax.set_ylabel(y_label, fontsize=TEXT_SIZE, **lettering())
    ax.tick_params(labelsize=TEXT_SIZE)
    ax.spines[["top", "right"]].set_visible(False)


def scale_to(ax: Axes, values: Sequence[float]) -> None:
    """Make the vertical axis logarithmic, with plain numbers at 1, 2, 5, 10, ..., if values span a factor of ten."""
    if not (values and 0 < 10 * min(values) < max(values)):
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def count_in_integers(axis: Axis) -> None:
    """Put the ticks of an axis at whole numbers, even if only one of them is visible."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
