"""The exercises as notebooks, one each: what to do, the stub, and a cell that checks."""

from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.packaging.cells import CODE, Cell, task, write_notebook

CHECK = """\
from aescratch.classroom.packaging import check_here

check_here("{name}", globals())"""


def write_notebooks(exercises: Sequence[Exercise], out: Path) -> list[Path]:
    """Write a notebook for each exercise into a folder, and return their paths."""
    paths = [out / f"{exercise.folder.name}.ipynb" for exercise in exercises]
    for exercise, path in zip(exercises, paths, strict=True):
        cells = [task(exercise), Cell(CODE, exercise.handed_stub), Cell(CODE, CHECK.format(name=exercise.name))]
        write_notebook(path, cells)
    return paths
