"""The pictures that `aescratch train` leaves beside the model: PNG files, drawn by `aescratch.plots`.

Which of them have a meaning says the model's class, and whether the examples are images:

    model, data, history --plots--> Axes --> loss.png, latent-map.png, filters.png, ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.datasets import Dataset
from aescratch.foundations.files import whole_file
from aescratch.programs.cli.measures import in_batches

FIGURES = (
    "loss.png", "code-activity.png", "latent-map.png", "filters.png", "reconstructions.png", "denoising.png",
    "latent-traversal.png", "samples.png",
)  # fmt: skip
MOST_POINTS, MOST_FILTERS, MOST_UNITS = 3000, 100, 10

Pictures = dict[str, Callable[[], Any]]


def draw_figures(folder: Path, model: Any, data: Dataset, history: ae.History) -> list[str]:
    """Write the figures that have a meaning here, remove others that an earlier run left, and return the names."""
    import matplotlib

    matplotlib.use("agg")  # files only: a screen may not be there
    from matplotlib import pyplot

    pictures: Pictures = {"loss.png": history.plot} if history.loss else {}
    pictures |= code_pictures(model.autoencoder, data)
    if data.image_shape is not None and len(data.image_shape) == 2:
        height, width = data.image_shape
        pictures |= image_pictures(model, data, (height, width))
    for name, draw in pictures.items():
        figure = draw().figure
        with whole_file(folder / name) as stream:
            figure.savefig(stream, format="png", dpi=100)
        pyplot.close(figure)
    for name in set(FIGURES) - set(pictures):
        (folder / name).unlink(missing_ok=True)
    return list(pictures)


def code_pictures(autoencoder: Any, data: Dataset) -> Pictures:
    """Return the pictures of the code."""
    rows = evenly(len(data), MOST_POINTS)
    code = in_batches(autoencoder.encode, data.x[rows])
    labels = None if data.labels is None else data.labels[rows]
    activity = partial(ae.plots.code_activity, code, rho=autoencoder.wanted_activity)
    pictures: Pictures = {"code-activity.png": activity}
    if code.shape[1] > 1:
        pictures["latent-map.png"] = partial(ae.plots.latent_map, code, labels)
    return pictures


def image_pictures(model: Any, data: Dataset, shape: tuple[int, int]) -> Pictures:
    """Return the pictures of examples that are images, and of the weights that look at them."""
    pictures: Pictures = {"filters.png": partial(ae.plots.filters, model.parameters[0].value[:, :MOST_FILTERS], shape)}
    x = data.x[evenly(len(data), 10)]
    drawn: dict[str, Callable[[], Pictures]] = {
        "reconstructions": lambda: {"reconstructions.png": partial(ae.plots.reconstructions, model, x, shape)},
        "denoising": lambda: {"denoising.png": partial(ae.plots.denoising_triples, model, x, shape)},
        "latent-traversal": lambda: _traversal(model, shape),
        "samples": lambda: {"samples.png": partial(ae.plots.images, model.sample(50, rng=0), shape)},
    }
    for name in model.figures:
        pictures |= drawn.get(name, dict)()
    return pictures


def _traversal(model: Any, shape: tuple[int, int]) -> Pictures:
    n_units = model.widths[-1]
    middle, units = np.zeros(n_units), range(min(n_units, MOST_UNITS))
    return {"latent-traversal.png": partial(ae.plots.latent_traversal, model, middle, shape, units=units)}


def evenly(n_examples: int, most: int) -> Array:
    """Return at most so many row numbers, spread over all examples, since they may be sorted by class."""
    return np.unique(np.linspace(0, n_examples - 1, most).astype(int))
