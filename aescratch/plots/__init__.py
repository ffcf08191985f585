"""Pictures of data, codes, weights and training: small functions that take and return a matplotlib Axes.

    arrays, a model or a history --validated, moved to the CPU--> numbers --drawn--> Axes
        arguments.py validates the arguments    grids.py    images side by side
        canvas.py    Axes, colours, text        charts.py   points, curves and bars
        lettering.py  words, Korean or English  showing.py  all figures at the end, on the screen or as files

With `ax`, a function draws there; without it, it makes a new figure. Each returns the Axes that it drew on, and raises
TypeError or ValueError for invalid input; the message says what was expected. Nothing is shown, saved or set globally:
that is left to the caller, and to `show` at a script's end. matplotlib is imported at the first drawing. Arrays may be
NumPy's or CuPy's. Code units count from 0, as in ``code[:, 0]``; epochs count from 1. If the language is Korean, so are
the words, provided that an installed font has Hangul; otherwise they are English, and a warning tells what to install.
"""

from aescratch.plots.canvas import BLUE, CLASS_COLOURS, VERMILLION  # noqa: F401, the colours of all pictures
from aescratch.plots.charts import code_activity, latent_map, loss_curves
from aescratch.plots.grids import denoising_triples, filters, images, latent_traversal, reconstructions
from aescratch.plots.showing import show

__all__ = [  # noqa: RUF022 - the order of the reference page
    "images", "reconstructions", "denoising_triples", "filters", "latent_map", "latent_traversal", "loss_curves",
    "code_activity", "show",
]  # fmt: skip
