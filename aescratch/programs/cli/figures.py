"""The pictures that `aescratch train` writes beside the model: PNG files, drawn by `aescratch.plots`.

The model's class, and whether the examples are images, decide which of them make sense:

    model, data, history --plots--> Axes --> loss.png, latent-map.png, filters.png, ...
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array, to_numpy
from aescratch.datasets import Dataset
from aescratch.foundations.files import whole_file
from aescratch.foundations.language import gettext_noop
from aescratch.inspection.measures import PCA
from aescratch.inspection.monitor import N_RESTORED, Monitor
from aescratch.programs.cli.explained import explained, explained_by_column
from aescratch.programs.cli.measures import in_batches

TITLES = (
    gettext_noop("loss"), gettext_noop("code activity"), gettext_noop("latent map"), gettext_noop("filters"),
    gettext_noop("reconstructions"), gettext_noop("denoising"), gettext_noop("latent traversal"),
    gettext_noop("samples"), gettext_noop("restored over time"), gettext_noop("explained by column"),
)  # fmt: skip
FIGURES = tuple(f"{title.replace(' ', '-')}.png" for title in TITLES)
MOST_POINTS, MOST_FILTERS, MOST_UNITS, N_OVER_TIME = 3000, 100, 10, 5


def draw_figures(
    folder: Path, model: Any, data: Dataset, known: Dataset, history: ae.History, monitor: Monitor
) -> list[str]:
    """Write the figures that make sense for this model and data, and return their names; `known` is for PCA."""
    import matplotlib  # slow to import, and only train draws

    matplotlib.use("agg")  # for files only, since there may be no screen
    from matplotlib import pyplot

    drawings = drawings_of(model, data, known, history, monitor)
    for name, draw in drawings.items():
        figure = draw().figure
        with whole_file(folder / name) as stream:
            figure.savefig(stream, format="png", dpi=100)
        pyplot.close(figure)
    return list(drawings)


def drawings_of(
    model: Any, data: Dataset, known: Dataset, history: ae.History, monitor: Monitor
) -> dict[str, Callable[[], Any]]:  # fmt: skip
    """Return a drawing function for each figure that makes sense, in the order of all figures."""
    rows, few, autoencoder = evenly(len(data), MOST_POINTS), data.x[evenly(len(data), 10)], model.autoencoder
    with np.errstate(all="ignore"):
        code = in_batches(autoencoder.encode, data.x[rows])
    labels = None if data.labels is None else data.labels[rows]
    middle, units = np.zeros(code.shape[1]), range(min(code.shape[1], MOST_UNITS))
    shape: Any = data.image_shape
    drawings: dict[str, Callable[[], Any]] = {
        "loss": history.plot,
        "code-activity": lambda: ae.plots.code_activity(code, rho=autoencoder.wanted_activity),
        "latent-map": lambda: ae.plots.latent_map(code, labels),
        "filters": lambda: ae.plots.filters(model.parameters[0].value[:, :MOST_FILTERS], shape),
        "reconstructions": lambda: ae.plots.reconstructions(model, few, shape),
        "denoising": lambda: ae.plots.denoising_triples(model, few, shape),
        "latent-traversal": lambda: ae.plots.latent_traversal(model, middle, shape, units=units),
        "samples": lambda: ae.plots.images(model.sample(50, rng=0), shape),
        "restored-over-time": lambda: ae.plots.images(restored_over_time(monitor), shape, columns=N_RESTORED),
        "explained-by-column": lambda: explained_by_column(
            explained(in_batches(autoencoder.reconstruct, data.x), data.x),
            explained(PCA.fit(known.x).reconstruct(data.x, model.widths[-1]), data.x), data.columns or (),
        ),
    }
    wanted = {"code-activity"}
    if history.loss:
        wanted.add("loss")
    if code.shape[1] > 1:
        wanted.add("latent-map")
    if shape is not None and len(shape) == 2:
        wanted |= {*model.figures}
        if "reconstructions" in wanted and monitor.snapshots:
            wanted.add("restored-over-time")
    elif not model.takes_labels and np.ptp(data.x, axis=0).any():
        wanted.add("explained-by-column")
    if not is_finite(code, autoencoder, few):
        wanted &= {"loss"}
    return {f"{name}.png": draw for name, draw in drawings.items() if name in wanted}


@np.errstate(all="ignore")
def is_finite(code: Array, autoencoder: Any, x: Array) -> bool:
    """Return whether a model's code and reconstructions are finite: its last step may have been far too large."""
    return bool(np.isfinite(code).all() and np.isfinite(autoencoder.reconstruct(x)).all())


def restored_over_time(monitor: Monitor) -> Array:
    """Return a row of examples, and a row of their reconstructions after each of five epochs, including the last."""
    seen = [snapshot.restored for snapshot in monitor.snapshots if snapshot.restored is not None]
    chosen = [seen[place] for place in evenly(len(seen), N_OVER_TIME)]
    rows = [to_numpy(monitor.rows[0][:N_RESTORED]), *chosen]
    return np.concatenate([np.resize(row, (N_RESTORED, row.shape[1])) for row in rows])


def evenly(n_examples: int, most: int) -> Array:
    """Return at most `most` row numbers, spread over all examples, since they may be sorted by class."""
    return np.unique(np.linspace(0, n_examples - 1, most).astype(int))
