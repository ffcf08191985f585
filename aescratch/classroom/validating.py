"""Proving a course: everything that its teacher relies on, tried out, one row of a table for each exercise.

    exercise, and what is released of it -> stub, solution, known mistakes, further seeds, hints, shapes -> Row
"""

from __future__ import annotations

import ast
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from aescratch.classroom.exercise import Exercise, read_exercise
from aescratch.classroom.hints import FALLBACK
from aescratch.classroom.outcome import NOT_BEGUN
from aescratch.classroom.releasing import build, leak_problems, released
from aescratch.classroom.trying import arguments_given, prove_released, tried, unless
from aescratch.foundations.sources import import_from_source

SEEDS = (11, 23, 47)  # further draws of the inputs, as a grader makes them
SLOW = 5.0  # seconds of a check; students' machines may be slower than the teacher's, and 10 are the limit
NOT_TRIED = "-"
COLUMNS = ("exercise", "stub", "solution", "released", "mistakes", "seeds", "hints", "shapes", "seconds")


@dataclass
class Row:
    """What was found out about an exercise: a cell for every column, and a sentence for every problem."""

    cells: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def note(self, column: str, problems: Sequence[str], well: str = "ok") -> None:
        """Fill a cell."""
        self.cells[column] = "wrong" if problems else well
        self.problems += problems


def validate(exercises: Sequence[Exercise], jobs: int = 1) -> tuple[list[Row], list[str]]:
    """Return a row for every exercise, and a sentence for every answer that a release would give away.

    So many jobs are done at the same time, in processes of their own. A `ReleaseError` says why there is no release.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "handout"
        build(exercises, folder)
        leaks = leak_problems(exercises, folder)
        tasks = [(exercise.folder, released(exercise, folder).folder) for exercise in exercises]
        if jobs == 1:
            return [row_of(*task) for task in tasks], leaks
        # A fresh process for each worker: a copy of this one would share the threads of its linear algebra.
        with ProcessPoolExecutor(jobs, get_context("spawn"), import_from_source) as pool:
            return list(pool.map(row_of, *zip(*tasks, strict=True))), leaks


def row_of(folder: Path, handed_out: Path) -> Row:
    """Return the row of one exercise, which lies in a folder, and in another one as students get it."""
    exercise = read_exercise(folder)
    row = Row({**dict.fromkeys(COLUMNS, NOT_TRIED), "exercise": exercise.name})
    stub = tried(exercise, exercise.stub)
    row.note("stub", unless(stub.kind == NOT_BEGUN, f"{exercise.name}: its stub should be met as not begun", stub))
    start = time.process_time()  # and not what other programs take meanwhile
    right = tried(exercise, exercise.shown_solution)
    seconds = time.process_time() - start
    row.note("solution", unless(right.passed, f"{exercise.name}: its solution should pass", right))
    row.note("shapes", shape_problems(exercise))
    row.note("hints", *hint_problems(exercise))
    if not right.passed:
        return row  # whatever else is wrong may be wrong for this reason
    students = read_exercise(handed_out)
    mistakes = mistake_problems(exercise)
    row.note("mistakes", mistakes, str(len(exercise.mutants)))
    again = [] if mistakes else mistake_problems(exercise, students)  # what is wrong already is said once
    row.note("released", [*prove_released(exercise, students), *again], NOT_TRIED if mistakes else "ok")
    row.note("seeds", seed_problems(exercise), f"{len(SEEDS)}")
    slow = [f"{exercise.name}: a check of its solution takes {seconds:.1f} s; draw smaller inputs"]
    row.note("seconds", slow if seconds > SLOW else [], f"{seconds:.2f}")
    return row


def mistake_problems(exercise: Exercise, students: Exercise | None = None) -> list[str]:
    """Return a sentence for every known mistake that gets another answer than it should, perhaps as it is released."""
    where = ", as it is released," if students else ""
    problems = [] if exercise.mutants else [f"{exercise.name}: expected typical mistakes in mutants.py, got none"]
    for name, mutant in exercise.mutants.items():
        try:
            text = exercise.mutated(mutant)
        except ValueError as error:
            problems.append(f"{exercise.name}: {name!r}: {error}")
            continue
        found = tried(students or exercise, text)
        codes = {*found.codes, *(code.partition("@")[0] for code in found.codes)}
        what = f"{exercise.name}: the mistake {name!r}{where} should be answered with {mutant.expected}"
        problems += unless(mutant.expected in codes, what, found)
    return problems


def seed_problems(exercise: Exercise) -> list[str]:
    """Return a sentence for every further seed at which the solution fails, or a mistake passes."""
    problems = []
    if arguments_given(exercise, SEEDS[0]) == arguments_given(exercise, SEEDS[1]):
        problems.append(f"{exercise.name}: its checks draw the same inputs at every seed, and so the expected numbers "
                        "can be written down; draw them from check's seed")  # fmt: skip
    for seed in SEEDS:
        right = tried(exercise, exercise.shown_solution, seed)
        problems += unless(right.passed, f"{exercise.name}: its solution should pass at seed {seed}", right)
        for name, mutant in exercise.mutants.items():
            if exercise.solution.count(mutant.old) != 1:
                continue  # said already
            wrong = tried(exercise, exercise.mutated(mutant), seed, explaining=False)
            what = f"{exercise.name}: the mistake {name!r} shouldn't pass at seed {seed}"
            problems += unless(not wrong.passed, what, wrong)
    return problems


def hint_problems(exercise: Exercise) -> tuple[list[str], str]:
    """Return a sentence if there may be a mistake without a hint, and how many have one that is meant for them."""
    hints, codes = exercise.hints, [mutant.expected for mutant in exercise.mutants.values()]
    if FALLBACK not in hints.own:
        return [f"{exercise.name}: expected a section '# *' in hints.md, got none"], ""
    return [], f"{sum(hints.choose([code])[0] != FALLBACK for code in codes)} of {len(codes)}"


def shape_problems(exercise: Exercise) -> list[str]:
    """Return a sentence for every argument whose type, or shape, the docstring doesn't say, and for missing returns."""
    problems = []
    functions = {node.name: node for node in ast.parse(exercise.stub).body if isinstance(node, ast.FunctionDef)}
    for name in exercise.checks.FUNCTIONS:
        if name not in functions:
            problems.append(f"{exercise.name}: expected a function {name} in the stub, as in FUNCTIONS, got none")
            continue
        text = ast.get_docstring(functions[name]) or ""
        parts = re.findall(r"^([\w, ]+) : (?:array(?: of \w+)? \(|(?!array)\w)", text, re.MULTILINE)
        described = {word.strip() for part in parts for word in part.split(",")}
        missing = [argument.arg for argument in functions[name].args.args if argument.arg not in described]
        if missing:
            form = f"{missing[0]} : array (N, D)"
            problems.append(f"{exercise.name}: the docstring of {name} should have a line such as '{form}' for "
                            f"{', '.join(missing)}")  # fmt: skip
        if "Returns\n" not in text:
            problems.append(f"{exercise.name}: the docstring of {name} should say what it returns")
    return problems


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    lines = [COLUMNS, *(tuple(row.cells[column] for column in COLUMNS) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
