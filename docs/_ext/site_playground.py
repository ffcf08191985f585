"""The playground on the site: written by `aescratch playground` when the site is built, beside the other static files.

    docs/playground.md holds it in a frame;   _static/playground.html is the page itself
"""

import pathlib

from aescratch.foundations.files import write_text
from aescratch.programs.playground.page import page


def write(app, exception):
    """Write the page after everything else."""
    if exception is None and app.builder.format == "html":
        write_text(pathlib.Path(app.outdir) / "_static" / "playground.html", page())


def setup(app):
    """Write the page in every build."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
