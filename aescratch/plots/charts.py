"""Charts: codes as points in the plane, losses as curves, activities as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import require_number
from aescratch.plots.arguments import as_class_numbers, as_rows
from aescratch.plots.canvas import (
    BLUE,
    CLASS_COLOURS,
    TEXT_SIZE,
    VERMILLION,
    axes_of,
    count_in_integers,
    label_axes,
    scale_to,
)
from aescratch.plots.lettering import legible
from aescratch.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def latent_map(code: Any, labels: Any = None, *, ax: Axes | None = None) -> Axes:
    """Draw codes as points in the plane, with each class's number at its mean.

    A code of two units is drawn directly; a wider code is projected on its two leading principal components, and the
    axes show each component's share of the code's variance.

    Parameters
    ----------
    code : (N, H) array of floats
        One code per row, H of 2 or more.
    labels : (N,) array of integers, optional
        The class of each code. Ten classes have their own colours; with more, colours repeat, and the numbers
        distinguish them.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> code = np.random.default_rng(0).normal(size=(7, 3)) * [0.0, 2.0, 0.0]
    >>> latent_map(code).get_xlabel()
    'principal component 1 (100 % of variance)'
    """
    code = as_rows(code, "code")
    labels = None if labels is None else as_class_numbers(labels, len(code))
    points, shares = _in_the_plane(code)
    ax = axes_of(ax, 7.0, 6.5)
    if labels is None:
        ax.scatter(points[:, 0], points[:, 1], s=16, c=BLUE, alpha=0.7, linewidths=0)
    else:
        _draw_classes(points, labels, ax)
    ax.set_aspect("equal", adjustable="datalim")
    with legible():
        label_axes(ax, *_names_of_axes(shares))
    return ax


def loss_curves(history: History, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each epoch and, if there is one, the validation loss with its best epoch.

    The loss axis is logarithmic if the losses are positive and span more than a factor of ten.

    Parameters
    ----------
    history : History
        What ``fit`` returned, with one epoch or more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import aescratch as ae
    >>> ax = loss_curves(ae.History(loss=[30.0, 5.0, 2.0]))
    >>> ax.get_yscale(), ax.get_lines()[0].get_xdata()
    ('log', array([1, 2, 3]))
    """
    if not isinstance(history, History):
        sentence = gettext(
            "expected the History that fit returns, got {kind}; pass history = model.fit(...), or one element of the "
            "list that pretrain returns"
        )
        raise TypeError(sentence.format(kind=type(history).__name__))
    if not history.loss:
        sentence = gettext("expected a history of one epoch or more, got none ({stopped}); call fit again")
        raise ValueError(sentence.format(stopped=gettext(history.stopped)))
    ax = axes_of(ax, 7.0, 4.5)
    epochs = np.arange(1, len(history.loss) + 1)
    marker = "o" if len(epochs) == 1 else ""  # a single point has no line
    with legible():
        ax.plot(epochs, history.loss, marker=marker, color=BLUE, linewidth=2, label=gettext("training"))
        if history.best_epoch is not None:
            best, loss = history.best_epoch + 1, history.validation_loss[history.best_epoch]
            ax.plot(epochs, history.validation_loss, "--", color=VERMILLION, linewidth=2, label=gettext("validation"))
            name = gettext("best epoch: {best}").format(best=best)
            ax.plot([best], [loss], "o", color=VERMILLION, markersize=9, clip_on=False, label=name)
            ax.legend(fontsize=TEXT_SIZE, frameon=False)
        label_axes(ax, gettext("epoch"), gettext("loss"))
    scale_to(ax, history.loss + history.validation_loss)
    ax.set_xlim(0.5, len(epochs) + 0.5)
    count_in_integers(ax.xaxis)
    return ax


def code_activity(code: Any, *, rho: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw a histogram of the code units' mean activities, rho_hat_j.

    Parameters
    ----------
    code : (N, H) array of floats
        One code per row.
    rho : float, optional
        The target mean activity of a KL penalty, between 0 and 1; a line marks it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> ax = code_activity(np.random.default_rng(0).random((7, 32)), rho=0.05)
    >>> int(sum(bar.get_height() for bar in ax.patches))
    32
    """
    rho_hat = as_rows(code, "code").mean(axis=0)
    rho = None if rho is None else require_number("rho", rho, above=0, below=1)
    ax = axes_of(ax, 7.0, 4.5)
    ax.hist(rho_hat, bins=20, color=BLUE, edgecolor="white")
    if rho is not None:
        ax.axvline(rho, color=VERMILLION, linestyle="--", linewidth=2, label=f"ρ = {rho:g}")
        ax.legend(fontsize=TEXT_SIZE, frameon=False)
    count_in_integers(ax.yaxis)
    with legible():
        label_axes(ax, gettext(r"mean activity $\hat\rho_j$ of code unit j"), gettext("number of units"))
    return ax


def _in_the_plane(code: Array) -> tuple[Array, Array | None]:
    """Return codes (N, H) as points (N, 2), and the two axes' shares of the variance in percent, if H isn't 2."""
    if code.shape[1] < 2:
        raise ValueError(
            gettext(
                "expected a code of two or more units, got one of 1; draw such a code with matplotlib's "
                "ax.hist(code[:, 0])"
            )
        )
    if code.shape[1] == 2:
        return code, None
    centred = code - code.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred)
    leading = directions[:, :-3:-1]
    # An eigenvector's sign is arbitrary; its largest entry is made positive, so that the same code gives the same
    # picture.
    leading = leading * np.sign(leading[np.abs(leading).argmax(axis=0), [0, 1]])
    variances = np.maximum(variances, 0.0)  # rounding may make a tiny one negative
    shares = 100 * variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
    return centred @ leading, shares


def _names_of_axes(shares: Array | None) -> list[str]:
    if shares is None:
        return [gettext("code unit {unit}").format(unit=unit) for unit in (0, 1)]
    name = gettext("principal component {number} ({share:.0f} % of variance)")
    return [name.format(number=number, share=share) for number, share in enumerate(shares, start=1)]


def _draw_classes(points: Array, labels: Array, ax: Axes) -> None:
    """Draw points (N, 2) in the colours of their classes, and the class's number at the mean of its points."""
    classes, positions = np.unique(labels, return_inverse=True)
    colours = [CLASS_COLOURS[position % len(CLASS_COLOURS)] for position in range(len(classes))]
    ax.scatter(points[:, 0], points[:, 1], s=16, c=[colours[p] for p in positions], alpha=0.7, linewidths=0)
    for position, colour in enumerate(colours):
        x, y = points[positions == position].mean(axis=0)
        badge = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colour, "linewidth": 2.5}
        text = ax.text(x, y, str(classes[position]), color="black", weight="bold", fontsize=TEXT_SIZE, bbox=badge)
        text.set(ha="center", va="center", clip_on=True)
