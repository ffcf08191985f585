"""The course of a training over its epochs, drawn on given Axes: lines, the parts of a sum, the spread of a code.

    epochs, and the values after each --> marks on the Axes, with a legend, in words that the caller makes legible
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.plots.canvas import BLUE, CLASS_COLOURS, count_in_integers, label_axes, scale_to

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 24
KEY_SIZE = 10
Curves = Mapping[str, Sequence[float]]
# The terms of the variants' objectives, which keep these names in the model and in files.
TERMS = (
    gettext_noop("auxiliary"), gettext_noop("bound"), gettext_noop("codebook_loss"),
    gettext_noop("commitment"), gettext_noop("contraction"), gettext_noop("cross_entropy"),
    gettext_noop("decay"), gettext_noop("discrepancy"), gettext_noop("discrimination"),
    gettext_noop("divergence"), gettext_noop("reconstruction"), gettext_noop("sparsity"),
)  # fmt: skip


def draw_lines(ax: Axes, epochs: Sequence[float], curves: Curves, levels: Mapping[str, float]) -> None:
    """Draw curves, and the levels for comparison as dashed lines."""
    marker = "o" if len(epochs) == 1 else ""  # a single point has no line
    for number, (name, values) in enumerate(curves.items()):
        finite = [value if np.isfinite(value) else np.nan for value in values]
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        ax.plot(epochs, finite, marker=marker, color=colour, linewidth=2, label=name)
    for name, value in levels.items():
        if np.isfinite(value):
            ax.axhline(value, color="grey", linestyle="--", label=f"{name} {value:.3g}")
    scale_to(ax, [value for values in (*curves.values(), levels.values()) for value in values if np.isfinite(value)])
    _finish(ax, epochs, len(curves) + len(levels) > 0)


def draw_parts(ax: Axes, epochs: Sequence[float], parts: Curves) -> None:
    """Draw the parts of a sum, stacked; parts are 0 or more."""
    heights = [np.where(np.isfinite(values), np.maximum(values, 0), 0) for values in parts.values()]
    ax.stackplot(epochs, heights, labels=[as_drawn(name) for name in parts], colors=CLASS_COLOURS, alpha=0.8)
    ax.set_ylim(bottom=0)
    _finish(ax, epochs, True)


def as_drawn(term: str) -> str:
    """Return a term's name in the language in force, with the number at its end; a name of one's own stays.

    Examples
    --------
    >>> as_drawn("reconstruction_1")
    'reconstruction_1'
    """
    name = term.rstrip("_0123456789")
    return gettext(name) + term[len(name) :] if name in TERMS else term


def draw_spread(ax: Axes, epochs: Sequence[float], codes: Sequence[Array]) -> None:
    """Draw the distribution of a code's numbers after each epoch: darker means more numbers."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    codes = [np.asarray(code)[np.isfinite(code)] for code in codes]
    numbers = np.concatenate(codes)
    if len(numbers):
        edges = np.histogram_bin_edges(numbers, BINS)
        counts = np.array([np.histogram(code, edges)[0] for code in codes], float)
        shares = (counts / np.maximum(counts.max(axis=1, keepdims=True), 1)) ** 0.4  # shows few beside many
        ends = [*epochs, epochs[-1] + (epochs[-1] - epochs[-2] if len(epochs) > 1 else 1)]
        shades = LinearSegmentedColormap.from_list("shades", [to_rgba(BLUE, 0.0), to_rgba(BLUE, 1.0)])
        ax.pcolormesh(ends, edges, shares.T, cmap=shades, vmin=0, vmax=1, rasterized=True)
    _finish(ax, epochs, False)


def _finish(ax: Axes, epochs: Sequence[float], has_key: bool) -> None:
    ax.set_xlim(min(1, epochs[0]), max(epochs[-1], 2))
    count_in_integers(ax.xaxis)
    label_axes(ax, gettext("epoch"), "")
    if has_key:
        ax.legend(fontsize=KEY_SIZE, frameon=False)
