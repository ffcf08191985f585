"""The lectures' slides on the site: made by docs/make_course.py beside the other static files, when the site is built.

    teaching/slides/LANGUAGE/week1.md --> _static/slides/LANGUAGE/week1.html

The exam and the solutions are the teacher's, and become no pages of the site.
"""

import pathlib
import runpy


def make(app, exception):
    """Make the slides, once all else is there."""
    if exception is None and app.builder.format == "html":
        script = runpy.run_path(str(pathlib.Path(app.srcdir) / "make_course.py"))
        script["make_slides"](pathlib.Path(app.outdir) / "_static" / "slides")


def setup(app):
    """Have them made in every build."""
    app.connect("build-finished", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
