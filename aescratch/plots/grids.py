"""Images side by side in one picture: data, reconstructions, filters, and decoded codes along one unit."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.columns import columns_of
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.validation import Rng, as_generator, as_matrix, require_count
from aescratch.plots.arguments import (
    MOST_COLUMNS,
    as_images,
    as_interval,
    as_one_code,
    as_one_row_of_images,
    as_units,
    grey_limits,
    require_attribute,
)
from aescratch.plots.canvas import TEXT_SIZE, axes_of
from aescratch.plots.lettering import legible, lettering

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL_INCHES = 0.75
LABEL_INCHES = 0.35  # a line of text below a picture


def images(
    x: Any, image_shape: tuple[int, int], *, columns: int = 10, value_range: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw images in a grid, row by row, as one grey picture.

    Parameters
    ----------
    x : (N, D) array of floats
        One image per row, 1000 at most.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    columns : int
        Images side by side, 40 at most.
    value_range : (float, float), optional
        The values drawn black and white; values beyond are clipped. By default (0, 1) if all of x is in that range,
        otherwise the smallest and the largest value of x. Pass (0, 1) for reconstructions that are slightly out of
        range.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> ax = images(np.random.default_rng(0).random((7, 64)), (8, 8), columns=4)
    >>> ax.get_images()[0].get_array().shape          # 2 rows, 4 columns, and one pixel between images
    (17, 35)
    """
    cells = as_images(x, image_shape)
    return _draw_grid(cells, columns, grey_limits(cells, value_range), ax)


def reconstructions(model: Any, x: Any, image_shape: tuple[int, int], *, ax: Axes | None = None) -> Axes:
    """Draw images above their reconstructions, both on the grey scale of the originals (see `images`).

    Parameters
    ----------
    model : Autoencoder
        Any object with ``reconstruct``.
    x : (N, D) array of floats
        One image per row, 40 at most; ten are enough.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.Autoencoder([64, 3], rng=0)
    >>> ax = reconstructions(model, np.random.default_rng(0).random((7, 64)), (8, 8))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['original', 'reconstruction']
    """
    require_attribute(model, "reconstruct")
    originals = as_one_row_of_images(x, image_shape)
    restored = as_images(model.reconstruct(x), image_shape, gettext("the reconstruction"))
    with legible():
        rows = {gettext("original"): originals, gettext("reconstruction"): restored}
        return _draw_rows(rows, grey_limits(originals), ax)


def denoising_triples(
    model: Any, x: Any, image_shape: tuple[int, int], *, rng: Rng = 0, ax: Axes | None = None
) -> Axes:
    """Draw clean images, corrupted ones, and the model's reconstructions, on the grey scale of the clean ones.

    Corrupted values beyond that scale, from Gaussian noise, are drawn black or white; the model gets them unclipped.

    Parameters
    ----------
    model : DenoisingAutoencoder
        A model of this package with a ``corruption``; the values it remembers for backward don't change.
    x : (N, D) array of floats
        One clean image per row, 40 at most; ten are enough.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    rng : int or numpy.random.Generator
        Draws the corruption.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.DenoisingAutoencoder([64, 3], corruption=ae.MaskingNoise(0.5), rng=0)
    >>> ax = denoising_triples(model, np.random.default_rng(0).random((7, 64)), (8, 8))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['clean', 'corrupted', 'restored']
    """
    require_attribute(model, "reconstruct")
    require_attribute(model, "corruption", gettext_noop("such as ae.DenoisingAutoencoder"))
    clean = as_one_row_of_images(x, image_shape)
    x_tilde = copy.copy(model.corruption).forward(model.as_input(x), as_generator(rng))
    x_hat = model.reconstruct(x_tilde)
    corrupted, restored = as_images(x_tilde, image_shape), as_images(x_hat, image_shape, gettext("the reconstruction"))
    with legible():
        rows = {gettext("clean"): clean, gettext("corrupted"): corrupted, gettext("restored"): restored}
        return _draw_rows(rows, grey_limits(clean), ax)


def filters(
    W: Any, image_shape: tuple[int, int], *, columns: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the weights of each code unit as an image, with a scale: red positive, grey zero, blue negative.

    Each filter is scaled by its own largest absolute weight, so shapes can be compared and strengths cannot.

    Parameters
    ----------
    W : (D, H) array of floats, or a model
        One filter per column, 1000 at most; for a model, the weights of its first layer.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    columns : int, optional
        Filters side by side, 40 at most; by default the grid is about square.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import aescratch as ae
    >>> ax = filters(ae.Autoencoder([64, 6], rng=0), (8, 8))
    >>> ax.get_images()[0].get_array().shape          # 2 rows, 3 columns, and one pixel between filters
    (17, 26)
    """
    if hasattr(W, "parameters"):
        W = W.parameters[0].value
    cells = as_images(as_matrix(W, "float64", None, "W").T, image_shape, gettext("the transposed W"))
    largest = np.abs(cells).max(axis=(1, 2), keepdims=True)
    cells = np.divide(cells, largest, out=np.zeros_like(cells), where=largest > 0)
    if columns is None:
        columns = int(np.ceil(np.sqrt(len(cells))))
    # A map whose middle is grey: a white zero would look like a gap.
    ax = _draw_grid(cells, columns, (-1.0, 1.0), ax, "coolwarm", room=(1.0, 0.0))
    scale = ax.figure.colorbar(ax.get_images()[0], ax=ax, ticks=[-1, 0, 1], fraction=0.05, aspect=30, pad=0.02)
    with legible():
        scale.set_label(gettext("weight (largest = 1)"), fontsize=TEXT_SIZE, **lettering())
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0, labelsize=TEXT_SIZE)
    return ax


def latent_traversal(
    model: Any, code: Any, image_shape: tuple[int, int], *, units: Iterable[int] | None = None,
    span: tuple[float, float] = (-2.0, 2.0), steps: int = 9, value_range: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw decoded codes with one unit changed step by step, a row for each unit.

    Parameters
    ----------
    model : Autoencoder
        Any object with ``decode``.
    code : (H,) or (1, H) array of floats
        The code that each row starts from; zeros are the centre of a variational autoencoder's codes.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    units : sequence of int, optional
        Which units to move, from 0; by default all.
    span : (float, float)
        The number added to the unit, from the first to the last column. The default suits a variational autoencoder; a
        sigmoid code, for example, lies in (0, 1) and needs less.
    steps : int
        Images in a row, from 2 to 40; an odd number and a symmetric span have the code itself in the middle.
    value_range : (float, float), optional
        The values drawn black and white, as in `images`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.VariationalAutoencoder([64, 8, 2], rng=0)
    >>> ax = latent_traversal(model, np.zeros(2), (8, 8), steps=5)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['unit 0', 'unit 1']
    """
    require_attribute(model, "decode")
    start = as_one_code(code)
    chosen = as_units(units, start.size)
    steps = require_count("steps", steps, least=2, most=MOST_COLUMNS)
    offsets = np.linspace(*as_interval("span", span), steps)
    moved = start + np.eye(start.size)[chosen][:, None] * offsets[:, None]  # (units, steps, H)
    decoded = model.decode(array_module(code).asarray(moved.reshape(-1, start.size)))
    cells = as_images(decoded, image_shape, gettext("the decoded code"))
    limits = grey_limits(cells, value_range)
    with legible():
        name = gettext("unit {unit}")
        rows = {name.format(unit=unit): cells[steps * row : steps * (row + 1)] for row, unit in enumerate(chosen)}
        ax = _draw_rows(rows, limits, ax, room_below=2 * LABEL_INCHES)
        ax.set_xlabel(gettext("added to the unit"), fontsize=TEXT_SIZE, **lettering())
    every = -(-steps // 12)  # more numbers would touch each other
    ax.set_xticks(_centres(steps, cells.shape[2])[::every], [_signed(offset) for offset in offsets[::every]])
    return ax


def _draw_grid(
    cells: Array, columns: int, limits: tuple[float, float], ax: Axes | None, colour_map: str = "gray",
    room: tuple[float, float] = (0.0, 0.0),
) -> Axes:  # fmt: skip
    """Draw images (n, height, width) as one picture, with room for text left and below, and return its Axes."""
    columns = min(require_count("columns", columns, most=MOST_COLUMNS), len(cells))
    picture = _mosaic(cells, columns)
    width = CELL_INCHES * min(max(columns, 3), 12)
    height = min(width * picture.shape[0] / picture.shape[1], 30.0)
    ax = axes_of(ax, width + room[0] + 0.1, height + room[1] + 0.1)
    ax.imshow(picture, cmap=colour_map, vmin=limits[0], vmax=limits[1])
    ax.set(xticks=[], yticks=[])
    ax.tick_params(length=0, labelsize=TEXT_SIZE)
    ax.spines[:].set_visible(False)
    return ax


def _draw_rows(
    rows: dict[str, Array], limits: tuple[float, float], ax: Axes | None, room_below: float = 0.0
) -> Axes:
    """Draw rows of equally many images below one another, each with its name on the left."""
    cells = np.concatenate(list(rows.values()))
    room_left = 0.12 * max(map(columns_of, rows))
    ax = _draw_grid(cells, len(cells) // len(rows), limits, ax, room=(room_left, room_below))
    ax.set_yticks(_centres(len(rows), cells.shape[1]), list(rows), **lettering())
    return ax


def _mosaic(cells: Array, columns: int) -> Array:
    """Return images (n, height, width) side by side in one, with a pixel of NaN, not drawn, between them."""
    n_images, height, width = cells.shape
    n_rows = -(-n_images // columns)
    picture = np.full((n_rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for number, cell in enumerate(cells):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        picture[top : top + height, left : left + width] = cell
    return picture


def _centres(n_cells: int, side: int) -> Array:
    """Return the centres, in pixels, of cells of this many pixels with one pixel between them."""
    return np.arange(n_cells) * (side + 1) + (side - 1) / 2


def _signed(number: float) -> str:
    """Return a short text of the number with its sign; zero has none."""
    return f"{number:+.2g}".replace("-", "−") if abs(number) > 1e-9 else "0"
