"""Showing every open figure: in a window, or without a screen as files, with a line that says where they are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aescratch.foundations.language import gettext
from aescratch.foundations.platforms import has_processes

FILES_ONLY = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")  # matplotlib's backends without a window


def show(folder: str | os.PathLike[str] = "figures") -> None:
    """Show every open figure as matplotlib does; without a screen, save them and print where.

    Parameters
    ----------
    folder : str or path
        Where files go, if there is no screen. They are named after the running script: ``01_manifolds-1.png``.

    Raises
    ------
    OSError
        If the folder can't be written.
    """
    from matplotlib import pyplot

    if pyplot.get_backend().lower() not in FILES_ONLY:
        pyplot.show()
        return
    numbers = pyplot.get_fignums()
    if not numbers or not has_processes():  # a page around a browser's Python shows them itself
        return
    script, target = Path(sys.argv[0]).stem or "figure", Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for place, number in enumerate(numbers, 1):
        pyplot.figure(number).savefig(target / f"{script}-{place}.png", dpi=120)
    said = gettext("{count} figures saved in {folder}: no screen to show them")
    if len(numbers) == 1:
        said = gettext("1 figure saved in {folder}: no screen to show them")
    print(said.format(count=len(numbers), folder=target.resolve()))
