"""The pictures of the report: results -> matplotlib figures -> PNG -> text inside the HTML.

Figures are made without pyplot, so that there is no global state, and no screen is needed or opened. Captions explain a
picture and how to read it; the findings describe the results of this run.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch import plots
from aescratch.backend import Array
from aescratch.datasets import Dataset
from aescratch.foundations.language import gettext
from aescratch.plots.canvas import BLUE
from aescratch.plots.lettering import legible, lettering
from aescratch.programs.tour.experiment import Digits, Result, Row
from aescratch.programs.tour.findings import random_decodes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHAPE = (8, 8)
GREY = (0.0, 1.0)  # restored pixels outside this range are drawn black or white
N_SHOWN = 10  # images in a row
N_MOVED = 6  # units of a traversal
DOTS_PER_INCH = 80


@dataclass(frozen=True)
class Picture:
    """A picture, ready for a page: a PNG as a data: address, its size in pixels, and its texts."""

    source: str
    size: tuple[int, int]
    alternative: str  # a description for readers who can't see it
    caption: str  # how to read it
    wide: bool  # whether it needs the page's full width


def draw(
    drawing: Callable[..., Axes], inches: tuple[float, float], alternative: str, caption: str, wide: bool = False
) -> Picture:
    """Return the picture that ``drawing(ax=...)`` makes on a new figure of this size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, layout="compressed")
    drawing(ax=figure.subplots())
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DOTS_PER_INCH)
    width, height = (round(DOTS_PER_INCH * side) for side in inches)
    source = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
    return Picture(source, (width, height), alternative, caption, wide)


def errors(rows: Sequence[Row]) -> Picture | None:
    """Return the errors of all variants beside PCA's, lowest first; None if no variant restores its input."""
    shown = sorted((row for row in rows if row.sse is not None), key=lambda row: row.sse or 0.0, reverse=True)
    if not shown:
        return None
    sse, pca = [row.sse or 0.0 for row in shown], [row.pca_sse or 0.0 for row in shown]
    better = sum(own < other for own, other in zip(sse, pca, strict=True))

    def drawing(ax: Axes) -> Axes:
        ax.barh([row.variant for row in shown], sse, color=BLUE)
        ax.plot(pca, range(len(shown)), linestyle="none", marker="|", markersize=13, markeredgewidth=3, color="black")
        with legible():
            finding = gettext("{count} of {all} variants restore unseen digits better than PCA with as many components")
            if better == 1:
                finding = gettext("1 of {all} variants restores unseen digits better than PCA with as many components")
            ax.set_xlabel(gettext("SSE per unseen digit (bars), and PCA's (black marks)"), **lettering())
            ax.set_title(finding.format(count=better, all=len(shown)), loc="left", **lettering())
        ax.spines[["top", "right"]].set_visible(False)
        return ax

    best = shown[-1]
    return draw(
        drawing, (9.0, 0.9 + 0.27 * len(shown)),
        gettext(
            "Bars: the squared error of each variant, from {sse:.2f} for {variant} up, and PCA's as a mark."
        ).format(sse=best.sse, variant=best.variant),
        gettext(
            "A shorter bar is better. A mark to the right of a bar's end: PCA with as many numbers restores worse."
        ),
        wide=True,
    )  # fmt: skip


def pictures(result: Result, digits: Digits, seed: int, vanilla: Any = None) -> Iterator[Picture]:
    """Yield the pictures of a variant; a VAE's samples come with random decodes of the vanilla autoencoder, if any."""
    model, title = result.autoencoder, gettext(result.variant.title)
    title = title[0].lower() + title[1:]
    if result.row.sse is not None:
        yield from restored(model, title, digits, seed)
    if "samples" in model.figures:
        yield from generated(model, vanilla, digits, seed)
    if "latent-traversal" in model.figures:
        yield traversal(model)
    yield from learned(result, title)
    yield code(model, title, digits)


def restored(model: Any, title: str, digits: Digits, seed: int) -> Iterator[Picture]:
    """Yield unseen digits above their reconstructions, and corrupted digits if the model restores those."""
    x = one_of_each(digits.test)
    yield draw(
        partial(plots.reconstructions, model, x, SHAPE), (9.0, 1.7),
        gettext("Ten unseen digits, and below each its reconstruction by the {title}.").format(title=title),
        gettext("Ten digits that were not in the training set, and what the decoder restores from their codes."),
        wide=True,
    )  # fmt: skip
    if "denoising" in model.figures:
        yield draw(
            partial(plots.denoising_triples, model, x, SHAPE, rng=seed), (9.0, 2.5),
            gettext(
                "Three rows: unseen digits, the same with Gaussian noise, and what the denoising autoencoder restores."
            ),
            gettext("The encoder sees only the middle row; the loss compares the lower row with the upper one."),
            wide=True,
        )  # fmt: skip


def generated(model: Any, vanilla: Any, digits: Digits, seed: int) -> Iterator[Picture]:
    """Yield digits that a VAE generates, and what a plain autoencoder, if any, makes of random codes of either kind."""
    drawing = partial(plots.images, image_shape=SHAPE, columns=N_SHOWN, value_range=GREY)
    yield draw(
        partial(drawing, model.sample(3 * N_SHOWN, rng=seed)), (7.5, 2.4),
        gettext("Thirty images decoded from samples of the prior of the variational autoencoder."),
        gettext(
            "Generated: the first thirty samples of the prior N(0, 1), decoded. They look soft because the pictures "
            "show the decoder's mean, without the noise of each pixel."
        ),
        wide=True,
    )  # fmt: skip
    if vanilla is None:
        return
    plain, matched = random_decodes(vanilla, digits, 3 * N_SHOWN, seed)
    yield draw(
        partial(drawing, plain), (7.5, 2.4),
        gettext("Thirty images decoded by the vanilla autoencoder from codes drawn from N(0, 1)."),
        gettext(
            "The same draws of N(0, 1), decoded by the vanilla autoencoder: nothing in its training said where codes "
            "lie."
        ),
        wide=True,
    )  # fmt: skip
    yield draw(
        partial(drawing, matched), (7.5, 2.4),
        gettext(
            "Thirty images decoded by the vanilla autoencoder from random codes with the mean and spread of real ones."
        ),
        gettext(
            "The fairer comparison: each unit of the vanilla code drawn with its own mean and spread. Units of real "
            "codes depend on one another, which such draws ignore."
        ),
        wide=True,
    )  # fmt: skip


def traversal(model: Any) -> Picture:
    """Return the effect of moving single units of a VAE's code, for the units with the largest effect."""
    middle = np.zeros(model.widths[-1], np.float32)
    effect = np.square(model.decode(2 * np.eye(len(middle), dtype=np.float32)) - model.decode(middle[None])).sum(axis=1)
    units = [int(unit) for unit in np.argsort(-effect, kind="stable")[:N_MOVED]]
    return draw(
        partial(plots.latent_traversal, model, middle, SHAPE, units=units, value_range=GREY), (8.0, 5.6),
        gettext("A row for each of {count} code units: the decoded image as that unit is moved from −2 to 2.").format(
            count=N_MOVED
        ),
        gettext(
            "A walk through the code: from its middle, one unit is moved at a time. These are the units whose move by "
            "2 changes the image most."
        ),
        wide=True,
    )  # fmt: skip


def learned(result: Result, title: str) -> Iterator[Picture]:
    """Yield the loss curve of the training, and the weights of the first layer, 64 units at most."""
    if result.history.loss:
        after = gettext(", after the layer-wise pre-training") if result.pretraining else ""
        yield draw(
            partial(plots.loss_curves, result.history), (6.0, 5.2),
            gettext("The training loss of the {title}, {history}.").format(title=title, history=result.history),
            gettext(
                "The objective, with all terms, epoch by epoch{after}. The learning rate falls towards 0 along a "
                "cosine, which flattens the end."
            ).format(after=after),
        )  # fmt: skip
    model = result.autoencoder
    W = model.parameters[0].value[:, :64]
    some = gettext(", {count} of {all} units").format(count=W.shape[1], all=model.widths[1])
    all_of = "" if W.shape[1] == model.widths[1] else some
    yield draw(
        partial(plots.filters, W, SHAPE), (6.0, 5.2),
        gettext("The first layer's weights of the {title} as images, one per unit.").format(title=title),
        gettext(
            "The patterns to which the units of the first layer respond{all_of}: ink on red excites a unit, ink on "
            "blue inhibits it. Each picture is scaled by its largest weight, so noise may mean that all weights are "
            "small."
        ).format(all_of=all_of),
    )  # fmt: skip


def code(model: Any, title: str, digits: Digits) -> Picture:
    """Return the histogram of the units' mean activities for sparse variants, else the codes in the plane."""
    h: Array = model.encode(digits.test.x)
    if "code-activity" in model.figures:
        rho = model.wanted_activity
        caption = gettext("Mean activity of each code unit on unseen digits. {how_to_read}")
        wanted, unused = gettext("The dashed line is the wanted ρ."), gettext("Units at or near 0 are hardly used.")
        return draw(
            partial(plots.code_activity, h, rho=rho), (6.0, 5.2),
            gettext("Histogram of the code units' mean activities on unseen digits."),
            caption.format(how_to_read=wanted if rho else unused),
        )  # fmt: skip
    return draw(
        partial(plots.latent_map, h, digits.test.labels), (6.0, 5.2),
        gettext(
            "The codes of the unseen digits by the {title}, projected on two axes and coloured by class."
        ).format(title=title),
        gettext(
            "The codes of unseen digits on their two leading principal components, with each class's number at its "
            "mean. These are two of many dimensions: classes that overlap here may be separate in the code."
        ),
    )  # fmt: skip


def one_of_each(data: Dataset) -> Array:
    """Return the first example of every class."""
    assert data.labels is not None  # the digits have labels
    return data.x[np.unique(data.labels, return_index=True)[1]]
