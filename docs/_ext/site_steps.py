"""One step page for each variant on the site: written by `aescratch step` when the site is built.

    docs/steps.md lists them, with one in a frame:   `.. step-pages::`
    _static/steps/VARIANT.html                       the pages themselves, and digits.html, on images

They are written in a process of their own: Sphinx changes the defaults that a signature shows.
"""

import pathlib
import subprocess
import sys

from docutils import nodes
from docutils.parsers.rst import Directive

from aescratch.programs.cli import main
from aescratch.programs.cli.variants import VARIANTS

FOLDER = "_static/steps"
PAGES = {**{word: [word] for word in VARIANTS}, "digits": ["sparse", "--data", "digits"]}
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
        subprocess.run([sys.executable, __file__, folder], check=True, stdout=subprocess.DEVNULL)


def setup(app):
    """Write the pages in every build."""
    app.add_directive("step-pages", StepPages)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for name, words in PAGES.items():
        if main(["step", *words, "--out", f"{sys.argv[1]}/{name}.html"]) != 0:
            sys.exit(f"`aescratch step {' '.join(words)}` failed")
