"""The exercises as a course of nbgrader: notebooks whose solutions and hidden tests nbgrader removes itself.

    exercise -> task | with a planted bug: the first version | solution | check | test, locked, which returns points

The check, of 0 points, is a test cell, because nbgrader's own Validate runs only these. The hidden part of the test
ends in a number, for which nbgrader gives partial credit. The seed is in the course's folder, not in a cell.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.seeds import kept_seed
from aescratch.classroom.packaging.cells import CODE, MARKDOWN, Cell, task, write_notebook
from aescratch.classroom.stubs import BEGIN, END, HOLE, INSTEAD, filled
from aescratch.foundations.language import gettext

SCHEMA = 3  # of the metadata that nbgrader reads
CONFIG = "nbgrader_config.py"
CONFIG_TEXT = f"""\
c = get_config()
c.CourseDirectory.course_id = "autoencoders"
c.ClearSolutions.code_stub = {{"python": '{HOLE}'}}
c.Execute.timeout = 120  # seconds for a cell: the check of an endless loop takes long
"""
CHECK = """\
from aescratch.classroom.packaging import require_here

require_here("{name}", globals())"""
TEST = """\
# The points for {name} are given here.
### BEGIN HIDDEN TESTS
from aescratch.classroom.packaging import score_here

score_here("{name}", globals(), points={points}, course={course!r})
### END HIDDEN TESTS"""


def write_course(
    exercises: Sequence[Exercise], out: Path, assignment: str, seed: str | None = None, course: Path | None = None
) -> list[Path]:  # fmt: skip
    """Write the source of an assignment with exercises of a course, and return the notebooks' paths."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / CONFIG).exists():
        (out / CONFIG).write_text(CONFIG_TEXT, encoding="utf-8")
    kept_seed(out, seed)
    paths = [out / "source" / assignment / f"{exercise.folder.name}.ipynb" for exercise in exercises]
    folder = None if course is None else str(course.resolve())
    for exercise, path in zip(exercises, paths, strict=True):
        test = TEST.format(name=exercise.name, points=exercise.points, course=folder)
        write_notebook(path, _cells(exercise, test))
    return paths


def _cells(exercise: Exercise, test: str) -> list[Cell]:
    marked = filled(exercise.solution, lambda indent, planted, right: [indent + BEGIN, *right, indent + END])
    before = []
    if INSTEAD in exercise.solution:
        # nbgrader replaces every solution with the same text, which would reveal the line with the bug.
        marked = f"{BEGIN}\n{exercise.shown_solution}{END}"
        words = gettext("This is the code to begin with. Copy it into the cell below.")
        before = [
            Cell(MARKDOWN, words, _noted(exercise, "words", locked=True)),
            Cell(CODE, exercise.handed_stub, _noted(exercise, "begin", locked=True)),
        ]
    return [
        task(exercise),
        *before,
        Cell(CODE, marked, _noted(exercise, "solution", solution=True)),
        Cell(CODE, CHECK.format(name=exercise.name), _noted(exercise, "check", grade=True, locked=True, points=0)),
        Cell(CODE, test, _noted(exercise, "test", grade=True, locked=True, points=exercise.points)),
    ]


def _noted(
    exercise: Exercise, what: str, *, grade: bool = False, locked: bool = False, solution: bool = False, **more: float
) -> dict[str, Any]:
    note = {"schema_version": SCHEMA, "grade_id": f"{exercise.name}-{what}", "grade": grade, "locked": locked,
            "solution": solution, "task": False, **more}  # fmt: skip
    return {"nbgrader": note}
