"""Pictures of data, codes, weights and training: small functions that take and return a matplotlib Axes.

    arrays, a model or a history --checked, moved to the host--> numbers --drawn--> Axes

Given `ax`, a function draws there and makes no figure; without it, it makes one. Nothing is shown, saved or set
globally: that is the caller's. matplotlib is imported when something is drawn, not before. Arrays may be NumPy's or
CuPy's. Code units count from 0, as they do in ``code[:, 0]``; epochs count from 1.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aescratch.backend import Array, array_module, to_numpy
from aescratch.foundations.validation import Rng, as_generator, as_matrix, require_count, require_number
from aescratch.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Two colours of Okabe & Ito, which colour-blind readers tell apart, also from grey.
BLUE, VERMILLION = "#0072B2", "#D55E00"
# Ten colours of Petroff (arXiv:2107.02270): of the sets that were compared, the one whose closest two stay farthest
# apart under simulated colour blindness of each kind.
CLASS_COLOURS = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)  # fmt: skip
TEXT_SIZE = 14  # points; readable still when the picture is shown at half its size
CELL_INCHES = 0.75
LABEL_INCHES = 0.35  # a line of text below a picture
MOST_IMAGES = 1000
MOST_COLUMNS = 40


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
        The values drawn black and white; what lies beyond is drawn so too. By default (0, 1) if all of x lies there,
        otherwise the smallest and the largest value of x, so that nothing is clipped. Give (0, 1) for reconstructions
        that stray a little beyond.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> ax = images(np.random.default_rng(0).random((7, 64)), (8, 8), columns=4)
    >>> ax.get_images()[0].get_array().shape          # 2 rows, 4 columns, and one pixel between images
    (17, 35)
    """
    cells = _as_images(x, image_shape)
    columns = require_count("columns", columns, most=MOST_COLUMNS)
    return _draw_grid(cells, min(columns, len(cells)), _grey_limits(cells, value_range), ax)


def reconstructions(model: Any, x: Any, image_shape: tuple[int, int], *, ax: Axes | None = None) -> Axes:
    """Draw images above what the model makes of them, both on the grey scale of the originals (see `images`).

    Parameters
    ----------
    model : Autoencoder
        Anything with ``reconstruct``.
    x : (N, D) array of floats
        One image per row, 40 at most; ten are enough.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.Autoencoder([64, 3], rng=0)
    >>> ax = reconstructions(model, np.random.default_rng(0).random((7, 64)), (8, 8))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['original', 'reconstruction']
    """
    _require(model, "reconstruct")
    originals = _as_row("x", x, image_shape)
    restored = _as_images(model.reconstruct(x), image_shape, "the reconstruction")
    return _draw_rows({"original": originals, "reconstruction": restored}, _grey_limits(originals), ax)


def denoising_triples(
    model: Any, x: Any, image_shape: tuple[int, int], *, rng: Rng = 0, ax: Axes | None = None
) -> Axes:
    """Draw clean images, the same corrupted, and what the model restores, on the grey scale of the clean ones.

    Corrupted values beyond that scale, which Gaussian noise makes, are drawn black or white; the model sees them whole.

    Parameters
    ----------
    model : DenoisingAutoencoder
        A model of this package with a ``corruption``; what it remembers for backward stays.
    x : (N, D) array of floats
        One clean image per row, 40 at most; ten are enough.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    rng : int or numpy.random.Generator
        Where the corruption is drawn from.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.DenoisingAutoencoder([64, 3], corruption=ae.MaskingNoise(0.5), rng=0)
    >>> ax = denoising_triples(model, np.random.default_rng(0).random((7, 64)), (8, 8))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['clean', 'corrupted', 'restored']
    """
    _require(model, "reconstruct")
    _require(model, "corruption", "such as ae.DenoisingAutoencoder")
    clean = _as_row("x", x, image_shape)
    x = model.as_batch(x)
    x_tilde = copy.copy(model.corruption).forward(x, as_generator(rng))
    with model.trusting_batches():  # noise leaves [0, 1], which cross-entropy would refuse as data to restore
        x_hat = model.reconstruct(x_tilde)
    corrupted, restored = _as_images(x_tilde, image_shape), _as_images(x_hat, image_shape, "the reconstruction")
    return _draw_rows({"clean": clean, "corrupted": corrupted, "restored": restored}, _grey_limits(clean), ax)


def filters(
    W: Any, image_shape: tuple[int, int], *, columns: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the weights of each code unit as an image, beside a scale: red positive, grey zero, blue negative.

    Each filter is scaled by its own largest absolute weight, so shapes can be compared and strengths cannot.

    Parameters
    ----------
    W : (D, H) array of floats, or a model
        One filter per column, 1000 at most; of a model, the weights of its first layer.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    columns : int, optional
        Filters side by side, 40 at most; by default such that the grid is about square.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import aescratch as ae
    >>> ax = filters(ae.Autoencoder([64, 6], rng=0), (8, 8))
    >>> ax.get_images()[0].get_array().shape          # 2 rows, 3 columns, and one pixel between filters
    (17, 26)
    """
    if hasattr(W, "parameters"):
        W = W.parameters[0].value
    cells = _as_images(as_matrix(W, "float64", None, "W").T, image_shape, "the transposed W")
    largest = np.abs(cells).max(axis=(1, 2), keepdims=True)
    cells = np.divide(cells, largest, out=np.zeros_like(cells), where=largest > 0)
    if columns is None:
        columns = min(int(np.ceil(np.sqrt(len(cells)))), MOST_COLUMNS)
    columns = require_count("columns", columns, most=MOST_COLUMNS)
    # A map whose middle is grey: a white one would melt into the gaps, and a zero is no gap.
    ax = _draw_grid(cells, min(columns, len(cells)), (-1.0, 1.0), ax, "coolwarm", room=(1.0, 0.0))
    _add_scale_of_weights(ax)
    return ax


def latent_map(code: Any, labels: Any = None, *, ax: Axes | None = None) -> Axes:
    """Draw codes as points in the plane, with each class's number at its mean.

    A code of two units is drawn as it is; a wider one is projected on its two leading principal components, and the
    axes say which share of the code's variance each of them has.

    Parameters
    ----------
    code : (N, H) array of floats
        One code per row, H of 2 or more.
    labels : (N,) array of integers, optional
        The class of each code. Ten classes have colours of their own; beyond, colours repeat and the numbers tell.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> code = np.random.default_rng(0).normal(size=(7, 3)) * [0.0, 2.0, 0.0]
    >>> latent_map(code).get_xlabel()
    'principal component 1 (100 % of variance)'
    """
    code = to_numpy(as_matrix(code, "float64", None, "code"))
    labels = None if labels is None else _as_class_numbers(labels, len(code))
    points, axis_labels = _in_the_plane(code)
    ax = _axes(ax, 7.0, 6.5)
    if labels is None:
        ax.scatter(points[:, 0], points[:, 1], s=16, c=BLUE, alpha=0.7, linewidths=0)
    else:
        _draw_classes(points, labels, ax)
    ax.set_aspect("equal", adjustable="datalim")
    _label_axes(ax, *axis_labels)
    return ax


def latent_traversal(
    model: Any, code: Any, image_shape: tuple[int, int], *, units: Iterable[int] | None = None,
    span: tuple[float, float] = (-2.0, 2.0), steps: int = 9, value_range: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw what becomes of a decoded code when one of its units is moved, a row for each unit.

    Parameters
    ----------
    model : Autoencoder
        Anything with ``decode``.
    code : (H,) or (1, H) array of floats
        The code from which each row starts; zeros are the middle of a variational autoencoder's.
    image_shape : (int, int)
        Height and width of an image; their product is D.
    units : sequence of int, optional
        Which units to move, from 0; by default all.
    span : (float, float)
        What is added to the unit, from the first to the last column. The default suits a variational autoencoder;
        a sigmoid code, say, lies in (0, 1) and wants less.
    steps : int
        Images in a row, from 2 to 40; an odd number and a symmetric span have the code itself in the middle.
    value_range : (float, float), optional
        The values drawn black and white, as in `images`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> import aescratch as ae
    >>> model = ae.VariationalAutoencoder([64, 8, 2], rng=0)
    >>> ax = latent_traversal(model, np.zeros(2), (8, 8), steps=5)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['unit 0', 'unit 1']
    """
    _require(model, "decode")
    start = _as_one_code(code)
    chosen = _as_units(units, start.size)
    steps = require_count("steps", steps, least=2, most=MOST_COLUMNS)
    offsets = np.linspace(*_as_interval("span", span), steps)
    moved = start + np.eye(start.size)[chosen][:, None] * offsets[:, None]  # (units, steps, H)
    decoded = model.decode(array_module(code).asarray(moved.reshape(-1, start.size)))
    cells = _as_images(decoded, image_shape, "the decoded code")
    rows = {f"unit {unit}": cells[steps * row : steps * (row + 1)] for row, unit in enumerate(chosen)}
    ax = _draw_rows(rows, _grey_limits(cells, value_range), ax, room_below=2 * LABEL_INCHES)
    every = -(-steps // 12)  # more numbers than that would touch each other
    ax.set_xticks(_centres(steps, cells.shape[2])[::every], [_signed(offset) for offset in offsets[::every]])
    ax.set_xlabel("added to the unit", fontsize=TEXT_SIZE)
    return ax


def loss_curves(history: History, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each epoch and, where there is one, the validation loss with its best epoch.

    The loss axis is logarithmic if the losses are positive and span more than a factor of ten.

    Parameters
    ----------
    history : History
        What ``fit`` returned, of one epoch or more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If it isn't a history, or an empty one.

    Examples
    --------
    >>> import aescratch as ae
    >>> ax = loss_curves(ae.History(loss=[30.0, 5.0, 2.0]))
    >>> ax.get_yscale(), ax.get_lines()[0].get_xdata()
    ('log', array([1, 2, 3]))
    """
    _check_history(history)
    ax = _axes(ax, 7.0, 4.5)
    epochs = np.arange(1, len(history) + 1)
    marker = "o" if len(history) == 1 else ""  # a line through one point has no length
    ax.plot(epochs, history.loss, marker=marker, color=BLUE, linewidth=2, label="training")
    if history.best_epoch is not None:
        best, loss = history.best_epoch + 1, history.validation_loss[history.best_epoch]
        ax.plot(epochs, history.validation_loss, "--", color=VERMILLION, linewidth=2, label="validation")
        ax.plot([best], [loss], "o", color=VERMILLION, markersize=9, clip_on=False, label=f"best epoch: {best}")
        ax.legend(fontsize=TEXT_SIZE, frameon=False)
    losses = history.loss + history.validation_loss
    if 0 < 10 * min(losses) < max(losses):
        _use_log_scale(ax)
    ax.set_xlim(0.5, len(history) + 0.5)
    _count_in_integers(ax.xaxis)
    _label_axes(ax, "epoch", "loss")
    return ax


def code_activity(code: Any, *, rho: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw a histogram of the code units' mean activities, rho_hat_j.

    Parameters
    ----------
    code : (N, H) array of floats
        One code per row.
    rho : float, optional
        The mean activity that a KL penalty asks for, between 0 and 1; it is marked by a line.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of no use, in a sentence that says what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> ax = code_activity(np.random.default_rng(0).random((7, 32)), rho=0.05)
    >>> int(sum(bar.get_height() for bar in ax.patches))
    32
    """
    rho_hat = to_numpy(as_matrix(code, "float64", None, "code")).mean(axis=0)
    rho = None if rho is None else require_number("rho", rho, above=0, below=1)
    ax = _axes(ax, 7.0, 4.5)
    ax.hist(rho_hat, bins=20, color=BLUE, edgecolor="white")
    if rho is not None:
        ax.axvline(rho, color=VERMILLION, linestyle="--", linewidth=2, label=f"ρ = {rho:g}")
        ax.legend(fontsize=TEXT_SIZE, frameon=False)
    _count_in_integers(ax.yaxis)
    _label_axes(ax, r"mean activity $\hat\rho_j$ of code unit j", "number of units")
    return ax


def _as_images(x: Any, image_shape: tuple[int, int], name: str = "x") -> Array:
    """Return x (N, D) as images (N, height, width) on the host."""
    x = to_numpy(as_matrix(x, "float64", None, name))
    if not isinstance(image_shape, Sequence) or len(image_shape) != 2:
        raise TypeError(f"expected image_shape to be (height, width), got {image_shape!r}; pass (8, 8), say")
    height, width = (require_count("each side of image_shape", side) for side in image_shape)
    if height * width != x.shape[1]:
        raise ValueError(
            f"expected image_shape to have as many pixels as a row of {name}, {x.shape[1]}, "
            f"got {height} x {width} = {height * width}; the data set knows its own: digits.image_shape"
        )
    if len(x) > MOST_IMAGES:
        raise ValueError(f"expected at most {MOST_IMAGES} images in one picture, got {len(x)}; draw a part of them")
    return x.reshape(-1, height, width)


def _as_row(name: str, x: Any, image_shape: tuple[int, int]) -> Array:
    """Return x as images, few enough to stand side by side."""
    cells = _as_images(x, image_shape, name)
    if len(cells) > MOST_COLUMNS:
        raise ValueError(
            f"expected at most {MOST_COLUMNS} images, which stand side by side, got {len(cells)}; pass {name}[:10], say"
        )
    return cells


def _as_interval(name: str, interval: Any) -> tuple[float, float]:
    """Return two increasing numbers."""
    if not isinstance(interval, Sequence) or len(interval) != 2:
        raise TypeError(f"expected {name} to be two increasing numbers, got {interval!r}; pass (0, 1), say")
    low, high = (require_number(f"each end of {name}", end) for end in interval)
    if low >= high:
        raise ValueError(f"expected {name} to be two increasing numbers, got {interval!r}; pass the smaller one first")
    return low, high


def _as_class_numbers(labels: Any, n_examples: int) -> Array:
    """Return labels as integers on the host, one per example."""
    labels = to_numpy(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"expected labels to be integers, one class number per code, got {labels.dtype}; "
            "number other labels with numpy.unique(labels, return_inverse=True)[1]"
        )
    if labels.shape != (n_examples,):
        raise ValueError(
            f"expected one label per code, shape ({n_examples},), got shape {labels.shape}; "
            "take the labels of the examples that were encoded"
        )
    return labels


def _as_one_code(code: Any) -> Array:
    """Return a code of one example as a vector (H,) on the host."""
    row = code[None, :] if getattr(code, "ndim", None) == 1 else code
    row = to_numpy(as_matrix(row, "float64", None, "code"))
    if len(row) != 1:
        raise ValueError(f"expected the code of one example, got {len(row)} codes, shape {row.shape}; pass code[0]")
    return row[0]


def _as_units(units: Iterable[int] | None, n_units: int) -> list[int]:
    """Return the chosen units of a code as a list, all of them for None."""
    if units is None:
        return list(range(n_units))
    if not isinstance(units, Iterable) or isinstance(units, str):
        raise TypeError(f"expected units to be a sequence of unit numbers, got {units!r}; pass [0, 1], say")
    chosen = [require_count("each unit", unit, least=0, most=n_units - 1) for unit in units]
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"expected one or more different units, got {chosen}; leave units out for all of them")
    return chosen


def _require(model: Any, name: str, example: str = "such as ae.Autoencoder") -> None:
    """Raise TypeError if the model lacks what a picture needs of it."""
    if getattr(model, name, None) is None:
        raise TypeError(f"expected a model with {name}, got {type(model).__name__}; pass an autoencoder {example}")


def _check_history(history: Any) -> None:
    """Raise TypeError or ValueError if this isn't what `fit` returned, or holds no epoch."""
    if not isinstance(history, History):
        raise TypeError(
            f"expected the History that fit returns, got {type(history).__name__}; pass history = model.fit(...), "
            "or one element of the list that pretrain returns"
        )
    if not history.loss:
        raise ValueError(f"expected a history of one epoch or more, got none ({history.stopped}); call fit again")


def _grey_limits(cells: Array, value_range: Any = None) -> tuple[float, float]:
    """Return the values to draw black and white: by default 0 and 1 if all lie there, else smallest and largest."""
    if value_range is not None:
        return _as_interval("value_range", value_range)
    low, high = float(cells.min()), float(cells.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
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


def _draw_grid(
    cells: Array, columns: int, limits: tuple[float, float], ax: Axes | None, colour_map: str = "gray",
    room: tuple[float, float] = (0.0, 0.0),
) -> Axes:  # fmt: skip
    """Draw images (n, height, width) as one picture, with room for text left and below, and return its Axes."""
    picture = _mosaic(cells, columns)
    width = CELL_INCHES * min(max(columns, 3), 12)
    height = min(width * picture.shape[0] / picture.shape[1], 30.0)
    ax = _axes(ax, width + room[0] + 0.1, height + room[1] + 0.1)
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
    room_left = 0.12 * max(map(len, rows))
    ax = _draw_grid(cells, len(cells) // len(rows), limits, ax, room=(room_left, room_below))
    ax.set_yticks(_centres(len(rows), cells.shape[1]), list(rows))
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
    """Return the middles, in pixels, of cells of so many pixels with one between them."""
    return np.arange(n_cells) * (side + 1) + (side - 1) / 2


def _signed(number: float) -> str:
    """Return a short text of the number with its sign, which a zero lacks."""
    return f"{number:+.2g}".replace("-", "−") if abs(number) > 1e-9 else "0"


def _in_the_plane(code: Array) -> tuple[Array, tuple[str, str]]:
    """Return codes (N, H) as points (N, 2) and the names of the two axes."""
    if code.shape[1] < 2:
        raise ValueError(
            "expected a code of two or more units, got one of 1; draw such a code with matplotlib's ax.hist(code[:, 0])"
        )
    if code.shape[1] == 2:
        return code, ("code unit 0", "code unit 1")
    centred = code - code.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred)
    leading = directions[:, :-3:-1]
    # An eigenvector's sign is arbitrary; with its largest entry positive, the same code gives the same picture.
    leading = leading * np.sign(leading[np.abs(leading).argmax(axis=0), [0, 1]])
    variances = np.maximum(variances, 0.0)  # rounding makes a tiny one negative
    shares = 100 * variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
    first, second = (f"principal component {i} ({share:.0f} % of variance)" for i, share in enumerate(shares, start=1))
    return centred @ leading, (first, second)


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


def _label_axes(ax: Axes, x_label: str, y_label: str) -> None:
    """Name both axes in large text, and leave out the two sides of the frame that carry no scale."""
    ax.set_xlabel(x_label, fontsize=TEXT_SIZE)
    ax.set_ylabel(y_label, fontsize=TEXT_SIZE)
    ax.tick_params(labelsize=TEXT_SIZE)
    ax.spines[["top", "right"]].set_visible(False)


def _use_log_scale(ax: Axes) -> None:
    """Make the vertical axis logarithmic, with plain numbers at 1, 2, 5, 10, 20, ..."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _count_in_integers(axis: Axis) -> None:
    """Put the ticks of an axis at whole numbers, even if only one of them is in sight."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def _add_scale_of_weights(ax: Axes) -> None:
    """Put a colour scale beside filters, each of which has 1 as its largest absolute weight."""
    scale = ax.figure.colorbar(ax.get_images()[0], ax=ax, ticks=[-1, 0, 1], fraction=0.05, aspect=30, pad=0.02)
    scale.set_label("weight (largest = 1)", fontsize=TEXT_SIZE)
    scale.outline.set_visible(False)
    scale.ax.tick_params(length=0, labelsize=TEXT_SIZE)
