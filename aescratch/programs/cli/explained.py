"""The picture that the run page of a table opens with: column by column, how much of the variance comes back.

    x (N, D), x_hat -> the share of each column's variance (D,);   the model's shares, PCA's -> bars, the least first
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.plots.canvas import BLUE, TEXT_SIZE, VERMILLION, axes_of, label_axes
from aescratch.plots.lettering import legible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

MOST_BARS, LONGEST = 20, 24  # letters of a name
LEAST = -1.0  # where a bar ends; its number tells the share
WORST = -99.0  # of a model that has run away


def explained(x_hat: Array, x: Array) -> Array:
    """Return the share of each column's variance that a reconstruction explains; it is NaN for a constant column.

    It is 1 for a perfect reconstruction, 0 for the column's mean, and negative for worse ones.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0, 5.0], [3.0, 3.0, 5.0]])
    >>> explained(np.array([[1.0, 2.0, 5.0], [3.0, 2.0, 5.0]]), x)
    array([ 1.,  0., nan])
    """
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        shares = 1 - np.square(x_hat - x).sum(axis=0) / np.square(x - x.mean(axis=0)).sum(axis=0)
    return np.where(np.ptp(x, axis=0) > 0, np.maximum(np.nan_to_num(shares, nan=WORST), WORST), np.nan)


def explained_by_column(model: Array, pca: Array, names: Sequence[str] = ()) -> Axes:
    """Draw the model's share of each column beside PCA's, the least explained columns first.

    Of more than 20 columns, the bar at the bottom is the mean of those that have none. Constant columns are left out.
    Columns without names have their numbers, from 1 on.
    """
    with legible():
        return _drawn(model, pca, names)


def _drawn(model: Array, pca: Array, names: Sequence[str]) -> Axes:
    order = np.argsort(model)[: int(np.isfinite(model).sum())]  # NaN is last
    shown = order if len(order) <= MOST_BARS else order[: MOST_BARS - 1]
    rest = order[len(shown) :]
    numbered = gettext("column {number}")
    bars = [
        (names[column] if names else numbered.format(number=column + 1), model[column], pca[column])
        for column in shown
    ]
    worst, least, _ = bars[0]
    if len(rest):
        bars.append((gettext("mean of {count} others").format(count=len(rest)), model[rest].mean(), pca[rest].mean()))
    places = -np.arange(float(len(bars)))
    labels, ours, theirs = zip(*bars, strict=True)
    ax = axes_of(None, 10.0, 2.1 + 0.29 * len(bars))
    ax.barh(places, np.maximum(ours, LEAST), height=0.62, color=BLUE, label=gettext("model"))
    theirs_shown = np.maximum(theirs, LEAST)
    ax.plot(theirs_shown, places, "D", color=VERMILLION, markeredgecolor="white", clip_on=False, label="PCA")
    for place, share in zip(places, ours, strict=True):
        ax.text(1.02, place, in_percent(share), fontsize=TEXT_SIZE - 2, va="center")
    ax.set_yticks(places, [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in labels])
    ax.set_xlim(max(LEAST, min(0.0, *ours, *theirs)), 1.0)
    ax.axvline(0, color="black", linewidth=0.8)
    label_axes(ax, gettext("share of the column's variance that is explained"), "")
    ax.xaxis.set_major_formatter(lambda share, _: in_percent(share))
    means = in_percent(model[order].mean()), in_percent(pca[order].mean())
    title = gettext(
        "The model explains {share} of a column's variance on average, PCA of the same width {other};\n"
        "least explained: {worst}, {least}"
    ).format(share=means[0], other=means[1], worst=worst, least=in_percent(least))
    ax.figure.suptitle(title, fontsize=TEXT_SIZE, x=0.01, ha="left")
    ax.figure.legend(fontsize=TEXT_SIZE - 2, frameon=False, loc="outside lower right", ncols=2)
    return ax


def in_percent(share: float) -> str:
    """Return a share as text.

    Examples
    --------
    >>> in_percent(0.826), in_percent(-0.2)
    ('83 %', '−20 %')
    """
    return f"{round(100 * share)} %".replace("-", "−")
