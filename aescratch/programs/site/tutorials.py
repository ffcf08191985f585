"""The tutorials as pages whose code runs: read from the repository's scripts, and set in the browser.

    tutorials/NN_name.py, in the percent format -> cells of prose and of code

They lie beside the package in its repository, and don't come with an installed one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import aescratch as ae
from aescratch.classroom.packaging.cells import CODE, MARKDOWN, Cell

FOLDER = Path(ae.__file__).resolve().parents[1] / "tutorials"
MARK = re.compile(r"^# %%(?: \[(markdown)\])?.*\n", re.MULTILINE)
PROMISE = re.compile(r"\*\*In one line:\*\* (.+?)(?:\n\n|\Z)", re.DOTALL)


class Tutorial(NamedTuple):
    """A tutorial: its file's name, its title, what it shows in one line, and its cells."""

    name: str
    title: str
    line: str
    cells: list[Cell]


def tutorials(folder: Path = FOLDER) -> list[Tutorial]:
    """Return the tutorials of a folder, in order; none if there is no such folder."""
    return [tutorial_of(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]


def tutorial_of(name: str, text: str) -> Tutorial:
    """Return a tutorial from the text of its script.

    Examples
    --------
    >>> tutorial = tutorial_of("01_twice", "# %% [markdown]\\n# # 1. Twice\\n#\\n# Double it.\\n\\n# %%\\ny = 2 * 2\\n")
    >>> tutorial.title, [cell.kind for cell in tutorial.cells], tutorial.cells[1].text
    ('1. Twice', ['markdown', 'code'], 'y = 2 * 2')
    """
    _, *parts = MARK.split(text)  # what stands before the first mark is for tools
    cells = []
    for kind, body in zip(parts[::2], parts[1::2], strict=True):
        content = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if kind else body
        cells.append(Cell(MARKDOWN if kind else CODE, content.strip("\n")))
    prose = next((cell.text for cell in cells if cell.kind == MARKDOWN), "")
    title = re.match(r"# (.+)", prose)
    promise = PROMISE.search(prose)
    return Tutorial(name, title[1] if title else name, " ".join(promise[1].split()) if promise else "", cells)
