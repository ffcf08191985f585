"""Pictures of data, codes, weights and training: small functions that take and return a matplotlib Axes.

    arrays, a model or a history --checked, moved to the host--> numbers --drawn--> Axes
        arguments.py looks at what is given     grids.py    images side by side
        canvas.py    Axes, colours, text        charts.py   points, curves and bars

Given `ax`, a function draws there and makes no figure; without it, it makes one. Each returns the Axes that it drew on,
and raises a TypeError or a ValueError for invalid input; the message says what was expected. Nothing is shown, saved or
set globally: that is the caller's. matplotlib is imported when something is drawn, not before. Arrays may be NumPy's or
CuPy's. Code units count from 0, as they do in ``code[:, 0]``; epochs count from 1.
"""

from aescratch.plots.canvas import BLUE, CLASS_COLOURS, VERMILLION  # noqa: F401, the colours of all pictures
from aescratch.plots.charts import code_activity, latent_map, loss_curves
from aescratch.plots.grids import denoising_triples, filters, images, latent_traversal, reconstructions

__all__ = [  # noqa: RUF022 - the order of the reference page
    "images", "reconstructions", "denoising_triples", "filters", "latent_map", "latent_traversal", "loss_curves",
    "code_activity",
]  # fmt: skip
