"""One step page for each variant on the site: written by `aescratch step` when the site is built.

    docs/steps.md lists them, with one in a frame:   `.. step-pages::`
    _static/steps/VARIANT.html                       the pages themselves, and digits.html, on images
    _static/steps/by-hand.html, dense.html           the steps of tutorials 2 and 3, with their numbers

They are written in a process of their own: Sphinx changes the defaults that a signature shows.
"""

import os
import pathlib
import runpy
import subprocess
import sys

from docutils import nodes
from docutils.parsers.rst import Directive

import aescratch as ae
from aescratch.programs.cli import main
from aescratch.programs.cli.variants import VARIANTS

FOLDER = "_static/steps"
PAGES = {**{word: [word] for word in VARIANTS}, "digits": ["sparse", "--data", "digits"]}
TUTORIALS = pathlib.Path(__file__).parents[2] / "tutorials"
# The steps of tutorials, from the names that a tutorial leaves.
OF_TUTORIALS = {
    "by-hand": ("02_one_step_by_hand", lambda names: names["step"]),
    "dense": ("03_dense_backward", lambda names: ae.trace(names["model"], names["x"], optimizer=ae.SGD(0.1))),
}
OF_DIGITS = "A sparse autoencoder on digits: examples and weights as images."


class StepPages(Directive):
    """A list of all pages, with a sentence about each variant."""

    def run(self):
        """Return the list."""
        listed = nodes.bullet_list()
        for name in PAGES:
            kind = VARIANTS.get(name)
            sentence = kind.__doc__.partition("\n")[0].strip().replace("`", "") if kind else OF_DIGITS
            link = nodes.reference("", name, refuri=f"{FOLDER}/{name}.html", internal=True)
            listed += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {sentence}")))
        return [listed]


def write(app, exception):
    """Write the pages after everything else; raise if a command fails."""
    if exception is None and app.builder.format == "html":
        folder = pathlib.Path(app.outdir) / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "MPLBACKEND": "agg"}
        subprocess.run([sys.executable, __file__, folder], check=True, stdout=subprocess.DEVNULL, env=environment)


def setup(app):
    """Write the pages in every build."""
    app.add_directive("step-pages", StepPages)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for name, words in PAGES.items():
        if main(["step", *words, "--out", f"{sys.argv[1]}/{name}.html"]) != 0:
            sys.exit(f"`aescratch step {' '.join(words)}` failed")
    ae.plots.show = lambda: None
    for name, (tutorial, step) in OF_TUTORIALS.items():
        step(runpy.run_path(str(TUTORIALS / f"{tutorial}.py"))).to_html(f"{sys.argv[1]}/{name}.html")
