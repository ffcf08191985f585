"""The exercises as the master notebook of an otter assignment, from which ``otter assign`` makes the rest.

    exercise -> question: task | stub as prompt, solution | tests: a visible one, and hidden ones for each part

Tests are functions that raise (OK_FORMAT = False), not doctests, which compare printed output. A test gives all its
points or none, so a part with partial credit has a test for each step, with the points that the step adds.
"""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.allowed import distributions_of
from aescratch.classroom.grading.parts import declared, steps_of
from aescratch.classroom.grading.seeds import SEED_FILE, kept_seed
from aescratch.classroom.packaging.cells import CODE, RAW, Cell, task, write_notebook
from aescratch.classroom.stubs import HOLE, filled
from aescratch.foundations.language import gettext, told, with_sentences

ASSIGNMENT = """\
# ASSIGNMENT CONFIG
name: {name}
requirements: [{packages}]
export_cell:
  pdf: false
tests:
  ok_format: false
autograder_files: [{seed_file}]"""
TEST = '''\
""" # BEGIN TEST CONFIG
points: {points:g}
hidden: {hidden}
success_message: {words}
failure_message: {words}
""" # END TEST CONFIG
def test_{number}(env):
    from aescratch.classroom.packaging import require_here

    require_here("{exercise}", env, {part!r}{least})'''


def write_assignment(exercises: Sequence[Exercise], out: Path, assignment: str, seed: str | None = None) -> list[Path]:
    """Write the master notebook of an assignment into a folder, and return its path in a list."""
    packages = ", ".join([f"aescratch=={ae.__version__}", *distributions_of(exercises[0].packages)])
    cells = [Cell(RAW, ASSIGNMENT.format(name=assignment, packages=packages, seed_file=SEED_FILE))]
    for exercise in exercises:
        cells += _question(exercise)
    out.mkdir(parents=True, exist_ok=True)
    kept_seed(out, seed)
    path = out / f"{assignment}.ipynb"
    write_notebook(path, cells)
    return [path]


def _question(exercise: Exercise) -> list[Cell]:
    return [
        Cell(RAW, f"# BEGIN QUESTION\nname: {exercise.name}"),
        task(exercise),
        Cell(RAW, "# BEGIN SOLUTION"),
        Cell(CODE, prompted(exercise.solution)),
        Cell(RAW, "# END SOLUTION"),
        Cell(RAW, "# BEGIN TESTS"),
        *(Cell(CODE, test) for test in _tests(exercise)),
        Cell(RAW, "# END TESTS"),
        Cell(RAW, "# END QUESTION"),
    ]


def _tests(exercise: Exercise) -> Iterator[str]:
    """Yield the tests: a visible one without points, and a hidden one for each step of each part."""
    yield _test(exercise, 0, None, 0.0)
    number = 0
    for part in declared(exercise):
        before = Fraction(0)
        for step in steps_of(exercise, part):
            number += 1
            yield _test(exercise, number, part.name, float(step - before), None if step == part.of else float(step))
            before = step


def _test(exercise: Exercise, number: int, part: str | None, points: float, least: float | None = None) -> str:
    with with_sentences(exercise.sentences):
        called = told(part) if part is not None else gettext("the checks that you can run")
    words, hidden = json.dumps(called, ensure_ascii=False), json.dumps(part is not None)
    enough = "" if least is None else f", least={least:g}"
    return TEST.format(
        exercise=exercise.name, number=number, part=part, points=points, hidden=hidden, words=words, least=enough
    )


def prompted(solution: str) -> str:
    """Return a solution with otter's markers in place of ours, and the stub's lines as its prompt.

    Examples
    --------
    >>> print(prompted('''def double(x):
    ...     ### BEGIN SOLUTION
    ...     return 2 * x
    ...     ### END SOLUTION'''))
    def double(x):
        \""" # BEGIN PROMPT
        raise NotImplementedError("your turn")
        \""" # END PROMPT
        # BEGIN SOLUTION NO PROMPT
        return 2 * x
        # END SOLUTION
    """

    def fill(indent: str, planted: list[str], right: list[str]) -> list[str]:
        prompt = [f'{indent}""" # BEGIN PROMPT', *(planted or [indent + HOLE]), f'{indent}""" # END PROMPT']
        return [*prompt, f"{indent}# BEGIN SOLUTION NO PROMPT", *right, f"{indent}# END SOLUTION"]

    return filled(solution, fill)
