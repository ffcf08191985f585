"""What every picture is drawn on and with: Axes, colours, and text that can be read from the back of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Two colours of Okabe & Ito, which colour-blind readers tell apart, also from grey.
BLUE, VERMILLION = "#0072B2", "#D55E00"
# Ten colours of Petroff (arXiv:2107.02270): of the sets that were compared, the one whose closest two stay farthest
# apart under simulated colour blindness of each kind.
CLASS_COLOURS = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)  # fmt: skip
TEXT_SIZE = 14  # points; readable still when the picture is shown at half its size


def axes_of(ax: Axes | None, width: float, height: float) -> Axes:
    """Return ax, or for None the Axes of a new figure of so many inches."""
    from matplotlib import axes, pyplot

    if ax is None:
        return pyplot.subplots(figsize=(width, height), layout="compressed")[1]
    if not isinstance(ax, axes.Axes):
        raise TypeError(
            f"expected ax to be a matplotlib Axes, got {type(ax).__name__}; pass one element of an array of them, "
            "or leave ax out for a new figure"
        )
    return ax


def label_axes(ax: Axes, x_label: str, y_label: str) -> None:
    """Name both axes in large text, and leave out the two sides of the frame that carry no scale."""
    ax.set_xlabel(x_label, fontsize=TEXT_SIZE)
    ax.set_ylabel(y_label, fontsize=TEXT_SIZE)
    ax.tick_params(labelsize=TEXT_SIZE)
    ax.spines[["top", "right"]].set_visible(False)
