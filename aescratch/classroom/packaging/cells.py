"""Write notebooks with jupytext, from cells as one text in the percent format; for students, one for each exercise.

    Cell(kind, text, metadata) ... --percent text--> jupytext --> NAME.ipynb
    exercises -> notebooks: what to do, the stub, and a cell that checks
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from aescratch.classroom.exercise import Exercise
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext

CODE, MARKDOWN, RAW = "code", "markdown", "raw"
CHECK = """\
from aescratch.classroom.packaging import check_here

check_here("{name}", globals())"""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class Cell(NamedTuple):
    """A cell of a notebook: its kind, its text, and its metadata for tools."""

    kind: str
    text: str
    metadata: Mapping[str, Any] = MappingProxyType({})


def task(exercise: Exercise) -> Cell:
    """Return the cell with the instructions."""
    functions = gettext(" and ").join(f"`{name}`" for name in exercise.checks.FUNCTIONS)
    ground = gettext(
        "Write {functions} in one cell, with everything that it needs, imports and helpers included: only that cell "
        "is checked."
    ).format(functions=functions)
    return Cell(MARKDOWN, f"# {exercise.title}\n\n{exercise.task}\n\n{ground}")


def percent(cells: Sequence[Cell]) -> str:
    """Return the text of a notebook in the percent format.

    Examples
    --------
    >>> print(percent([Cell(MARKDOWN, "# Twice"), Cell(CODE, "x = 2 * 2")]))
    # %% [markdown]
    # # Twice
    <BLANKLINE>
    # %%
    x = 2 * 2
    <BLANKLINE>
    """
    parts = []
    for cell in cells:
        text = cell.text.strip("\n")
        if cell.kind == CODE:
            parts.append(f"# %%\n{text}\n")
        else:
            lines = (f"# {line}".rstrip() for line in text.splitlines())
            parts.append("\n".join([f"# %% [{cell.kind}]", *lines]) + "\n")
    return "\n".join(parts)


def write_notebook(path: Path, cells: Sequence[Cell]) -> None:
    """Write a notebook of these cells; the same cells give the same bytes."""
    try:
        jupytext: Any = importlib.import_module("jupytext")  # optional, for notebooks only
    except ImportError as error:
        message = gettext(
            "expected jupytext, which writes notebooks, but it is not installed; install it with: pip install jupytext"
        )
        raise RuntimeError(message) from error
    # Otherwise a comment such as "# grad_b2?" would become a call for help in IPython.
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    notebook = jupytext.reads(percent(cells), fmt=form)
    notebook.metadata.clear()
    notebook.metadata["kernelspec"] = dict(KERNEL)
    for number, (node, cell) in enumerate(zip(notebook.cells, cells, strict=True)):
        node["id"] = f"cell-{number}"
        node.metadata.clear()
        node.metadata.update(cell.metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, jupytext.writes(notebook, fmt="ipynb"))


def write_notebooks(exercises: Sequence[Exercise], out: Path) -> list[Path]:
    """Write a notebook for each exercise into a folder, and return their paths."""
    paths = [out / f"{exercise.folder.name}.ipynb" for exercise in exercises]
    for exercise, path in zip(exercises, paths, strict=True):
        cells = [task(exercise), Cell(CODE, exercise.handed_stub), Cell(CODE, CHECK.format(name=exercise.name))]
        write_notebook(path, cells)
    return paths
