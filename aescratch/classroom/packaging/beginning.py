"""The files that students begin with in a released folder: the package as a wheel, instructions, and a notebook.

    exercises -> README.md, with commands for three shells;   aescratch-….whl;   start.ipynb: install, task, stub, check
"""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.packaging import wheel
from aescratch.classroom.packaging.cells import CHECK, CODE, MARKDOWN, Cell, task, write_notebook
from aescratch.foundations.language import gettext, gettext_noop, in_this_language

NOTEBOOK = "start.ipynb"
INSTALLING = Path(__file__).parents[1] / "template" / "INSTALLING.md"
FIRST = gettext_noop(
    "Run the cells from the top, each with Shift and Enter. The first one installs the course's package."
)
INSTALL = '''\
import os, pathlib, subprocess, sys

if "google.colab" in sys.modules and not any(pathlib.Path().rglob("aescratch-*.whl")):
    import zipfile
    from google.colab import files

    for name in files.upload():  # choose the zip file of the course
        zipfile.ZipFile(name).extractall()
wheels = sorted(pathlib.Path().rglob("aescratch-*.whl"))
if not wheels:
    raise FileNotFoundError("expected aescratch-….whl beside this notebook; unpack the whole course, and open it there")
os.chdir(wheels[-1].parent)
if sys.platform == "emscripten":  # JupyterLite, in the browser, has no pip; NumPy comes with it
    import numpy, site, zipfile

    zipfile.ZipFile(wheels[-1].name).extractall(site.getsitepackages()[0])
else:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", wheels[-1].name], check=True)'''


def write_beginning(exercises: Sequence[Exercise], folder: Path) -> None:
    """Write these files into a folder to be handed out; the notebook only if jupytext is installed."""
    wheel.write_wheel(folder)
    python, needs = wheel.requirements()
    values = {"WHEEL": wheel.NAME, "PYTHON": python.lstrip(">="), "NEEDS": ", ".join(needs)}
    installing = in_this_language(INSTALLING).read_text(encoding="utf-8")
    text = re.sub("|".join(values), lambda match: values[match.group()], installing)
    with (folder / "README.md").open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    if importlib.util.find_spec("jupytext"):
        first = exercises[0]
        cells = [Cell(MARKDOWN, gettext(FIRST)), Cell(CODE, INSTALL), task(first), Cell(CODE, first.handed_stub)]
        write_notebook(folder / NOTEBOOK, [*cells, Cell(CODE, CHECK.format(name=first.name))])
