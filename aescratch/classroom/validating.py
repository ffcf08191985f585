"""Validate a course: try everything that its teacher relies on, with one row of a table for each exercise.

    exercise, and its released copy -> stub, solution, known mistakes, as students check them, and as they are graded
        at several seeds; the checks' inputs, hints, shapes -> Row
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import itertools
import multiprocessing
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

from aescratch.classroom.exercise import Exercise, read_exercise
from aescratch.classroom.grading.proving import SEEDS, Trial, solution_problems, trial
from aescratch.classroom.hints import FALLBACK
from aescratch.classroom.outcome import NOT_BEGUN, Ended, Outcome
from aescratch.classroom.releasing import build, fallback_problems, leak_problems, released
from aescratch.classroom.trying import Draw, draw, in_time, prove_released, tried, unless
from aescratch.foundations.columns import columns_of, padded
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.foundations.sources import import_from_source
from aescratch.inspection.gradcheck.binding import copied

SLOW = 5.0  # seconds of a check; students' machines may be slower than the teacher's, and the limit is 10
NOT_TRIED = "-"
SHAPES = re.compile(r"^([\w, ]+) : array(?: of \w+)? \(([\w, ]+)\)", re.MULTILINE)
WORDS = re.compile(r"\w+(?: +\w+)*")  # between commas
COLUMNS = (
    gettext_noop("exercise"), gettext_noop("stub"), gettext_noop("solution"), gettext_noop("released"),
    gettext_noop("mistakes"), gettext_noop("seeds"), gettext_noop("graded"), gettext_noop("hints"),
    gettext_noop("shapes"), gettext_noop("seconds"),
)  # fmt: skip
OK, WRONG = gettext_noop("ok"), gettext_noop("wrong")


@dataclass
class Row:
    """The results for one exercise: a cell for every column, and a sentence for every problem."""

    cells: dict[str, str]
    problems: list[str] = field(default_factory=list)

    def note(self, column: str, problems: Sequence[str], well: str = OK) -> None:
        """Fill a cell."""
        self.cells[column] = WRONG if problems else well
        self.problems += problems


def validate(
    exercises: Sequence[Exercise], jobs: int = 1, done: Callable[[], object] = lambda: None
) -> tuple[list[Row], list[str]]:  # fmt: skip
    """Return a row for every exercise, and a sentence for every answer that a release would give away.

    Several jobs run in processes of their own; `done` is called after each exercise. Raises `ReleaseError` if the
    course can't be released.
    """
    pool = _processes(jobs) if jobs > 1 else None
    with tempfile.TemporaryDirectory() as temporary, pool or contextlib.nullcontext():
        folder = Path(temporary) / "handout"
        build(exercises, folder)
        leaks = leak_problems(exercises, folder)
        handed_out = [released(exercise, folder).folder for exercise in exercises]
        rows = []
        for row in (pool.map if pool else map)(row_of, [exercise.folder for exercise in exercises], handed_out):
            rows.append(row)
            done()
        return rows, leaks


def _processes(jobs: int) -> ProcessPoolExecutor:
    """Return so many workers, fresh processes: copies of this one would share the threads of its linear algebra."""
    from concurrent.futures import ProcessPoolExecutor  # a browser's Python hasn't got it

    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), import_from_source)


def row_of(folder: Path, handed_out: Path) -> Row:
    """Return the row of one exercise from its folder and from its released copy."""
    exercise = read_exercise(folder)
    row, name = Row({**dict.fromkeys(COLUMNS, NOT_TRIED), "exercise": exercise.name}), exercise.name
    stub = trial(exercise, exercise.stub)
    start = time.process_time()  # without the time of other programs
    right = trial(exercise, exercise.solution)
    seconds = (time.process_time() - start) / (1 + len(right.graded))
    should = gettext("{name}: its stub should be reported as {kind}").format(name=name, kind=NOT_BEGUN)
    problems = unless(stub.practice.kind == NOT_BEGUN, should, stub.practice)
    should = gettext("{name}: its solution should pass").format(name=name)
    row.note("solution", unless(right.practice.passed, should, right.practice))
    row.note("hints", *hint_problems(exercise))
    if not right.practice.passed:
        row.note("stub", problems)
        row.note("shapes", shape_problems(exercise))
        return row  # this may be the reason for all other problems
    drawn = draw(exercise, 0)
    row.note("stub", problems + forward_problems(exercise, drawn))
    row.note("shapes", shape_problems(exercise) + size_problems(exercise, drawn))
    mistakes, trials = mistake_trials(exercise)
    row.note("mistakes", mistakes, str(len(exercise.mutants)))
    students = read_exercise(handed_out)
    again = [] if mistakes else released_problems(exercise, students)  # report each problem once
    row.note("released", [*prove_released(exercise, students), *again], NOT_TRIED if mistakes else OK)
    row.note("seeds", seed_problems(exercise, right, trials), f"{len(SEEDS)}")
    graded = solution_problems(exercise, right.graded[:1])  # the column seeds reports the others
    row.note("graded", graded or graded_problems(exercise, stub, trials))
    slow = gettext("{name}: a check of its solution takes {seconds:.1f} s; draw smaller inputs")
    row.note("seconds", [slow.format(name=name, seconds=seconds)] if seconds > SLOW else [], f"{seconds:.2f}")
    return row


def mistake_trials(exercise: Exercise) -> tuple[list[str], dict[str, Trial]]:
    """Return a sentence for every known mistake with an unexpected answer, and the trial of each mistake."""
    none = gettext("{name}: expected typical mistakes in mutants.py, got none").format(name=exercise.name)
    problems = [] if exercise.mutants else [none]
    trials = {}
    for name, mutant in exercise.mutants.items():
        try:
            trials[name] = trial(exercise, exercise.mutated(mutant))
        except ValueError as error:
            problems.append(f"{exercise.name}: {name!r}: {error}")
            continue
        problems += _answered_otherwise(exercise, name, trials[name].practice)
    return problems, trials


def released_problems(exercise: Exercise, students: Exercise) -> list[str]:
    """Return a sentence for every mistake with an unexpected answer in the released exercise."""
    ours, theirs = ((each.folder / "checks.py").read_text(encoding="utf-8-sig") for each in (exercise, students))
    problems = []
    for name, mutant in exercise.mutants.items():
        if mutant.cause or ours != theirs:  # otherwise the answer can't have changed
            # Search for causes only if the checks differ; the exercise's own causes are recorded, and need no search.
            found = tried(students, exercise.mutated(mutant), explaining=ours != theirs)
            problems += _answered_otherwise(exercise, name, found, gettext(" in the released course"))
    return problems


def _answered_otherwise(exercise: Exercise, name: str, found: Outcome, where: str = "") -> list[str]:
    """Return a sentence if a mistake doesn't get the expected answer."""
    expected = exercise.mutants[name].expected
    codes = {*found.codes, *(code.partition("@")[0] for code in found.codes)}
    what = gettext("{name}: the answer to the mistake {mistake!r}{where} should be {expected}")
    what = what.format(name=exercise.name, mistake=name, where=where, expected=expected)
    return unless(expected in codes, what, found)


def seed_problems(exercise: Exercise, right: Trial, trials: dict[str, Trial]) -> list[str]:
    """Return a sentence for every further seed at which the solution fails, or a mistake passes, as a submission."""
    problems = drawing_problems(exercise)
    for seed, judgement in zip(SEEDS, right.graded[1:], strict=False):
        what = gettext("{name}: its solution should pass at seed {seed}").format(name=exercise.name, seed=seed)
        problems += unless(judgement.outcome.passed, what, judgement.outcome)
    for name, found in trials.items():
        for seed, judgement in zip(SEEDS, found.graded[1:], strict=False):
            what = gettext("{name}: the mistake {mistake!r} shouldn't pass at seed {seed}")
            what = what.format(name=exercise.name, mistake=name, seed=seed)
            problems += unless(not judgement.outcome.passed, what, judgement.outcome)
    return problems


def graded_problems(exercise: Exercise, stub: Trial, trials: dict[str, Trial]) -> list[str]:
    """Return a sentence for each difference between grading and the student's own check."""
    problems = []
    mistake = gettext("the mistake {mistake!r}")
    tries = {gettext("its stub"): stub, **{mistake.format(mistake=name): found for name, found in trials.items()}}
    for what, found in tries.items():
        first, kind = found.graded[0], found.practice.kind
        should = gettext("{name}: {what} should be {kind} when it is graded, as it is in the student's own check")
        should = should.format(name=exercise.name, what=what, kind=kind)
        problems += unless(first.outcome.kind == kind, should, first.outcome)
    return problems


def hint_problems(exercise: Exercise) -> tuple[list[str], str]:
    """Return a sentence if some mistakes may have no hint, and how many known mistakes have a hint of their own."""
    if problems := fallback_problems(exercise):
        return problems, ""
    hints, codes = exercise.hints, [mutant.expected for mutant in exercise.mutants.values()]
    own = sum(hints.choose([code])[0] != FALLBACK for code in codes)
    return [], Phrase("{own} of {count}", own=own, count=len(codes))


def shape_problems(exercise: Exercise) -> list[str]:
    """Return a sentence for every argument without type or shape in the docstring, and for missing returns."""
    problems = []
    functions = {node.name: node for node in ast.parse(exercise.stub).body if isinstance(node, ast.FunctionDef)}
    for name in exercise.checks.FUNCTIONS:
        if name not in functions:
            lost = gettext("{name}: expected a function {function} in the stub, as in FUNCTIONS, got none")
            problems.append(lost.format(name=exercise.name, function=name))
            continue
        text = ast.get_docstring(functions[name]) or ""
        parts = re.findall(r"^([\w, ]+) : (?:array(?: of \w+)? \(|(?!array)\w)", text, re.MULTILINE)
        described = {word.strip() for part in parts for word in part.split(",")}
        missing = [argument.arg for argument in functions[name].args.args if argument.arg not in described]
        if missing:
            form = f"{missing[0]} : array (N, D)"
            line = gettext("{name}: the docstring of {function} should have a line such as '{form}' for {missing}")
            problems.append(line.format(name=exercise.name, function=name, form=form, missing=", ".join(missing)))
        if "Returns\n" not in text:
            says = gettext("{name}: the docstring of {function} should say what it returns")
            problems.append(says.format(name=exercise.name, function=name))
    return problems


def drawing_problems(exercise: Exercise) -> list[str]:
    """Return a sentence if the inputs don't depend on the seed, or depend on anything else."""
    first, again, other = (draw(exercise, seed) for seed in (SEEDS[0], SEEDS[0], SEEDS[1]))
    name, drawn = exercise.name, first.as_texts()
    if first.is_global or drawn != again.as_texts():
        sentence = gettext(
            "{name}: its checks use global random numbers, or others that don't depend on the seed alone; draw "
            "everything from np.random.default_rng(seed)"
        )
        return [sentence.format(name=name)]
    if drawn == other.as_texts():
        sentence = gettext(
            "{name}: its checks draw the same inputs at every seed, so a student could write down the expected "
            "numbers; draw them from the seed that check is given"
        )
        return [sentence.format(name=name)]
    return []


def size_problems(exercise: Exercise, drawn: Draw) -> list[str]:
    """Return a sentence for two axes with different letters in the docstring and the same size in every call."""
    problems = []
    sentence = gettext(
        "{name}: its checks give {a} and {b} of {function} the same size, which hides a mix-up of the two; use "
        "distinct primes as sizes"
    )
    for function in (node for node in ast.parse(exercise.stub).body if isinstance(node, ast.FunctionDef)):
        parts = SHAPES.findall(ast.get_docstring(function) or "")
        letters = {name: WORDS.findall(shape) for names, shape in parts for name in WORDS.findall(names)}
        equal: dict[tuple[str, str], bool] = {}
        for named in (named for name, named in drawn.calls if name == function.name):
            sizes = {
                letter: size for argument, axes in letters.items()
                if len(shape := getattr(named.get(argument), "shape", ())) == len(axes)
                for letter, size in zip(axes, shape, strict=True) if not letter.isdecimal()
            }  # fmt: skip
            for pair in itertools.combinations(sorted(sizes), 2):
                equal[pair] = equal.get(pair, True) and sizes[pair[0]] == sizes[pair[1]]
        problems += [
            sentence.format(name=exercise.name, a=a, b=b, function=function.name)
            for (a, b), same in equal.items() if same
        ]  # fmt: skip
    return problems


def forward_problems(exercise: Exercise, drawn: Draw) -> list[str]:
    """Return a sentence for a function of the stub that returns other values than the checks' function of this name."""
    shown = vars(exercise.module_of(exercise.stub))
    sentence = gettext(
        "{name}: the function {function} in the stub returns other values than the one in the checks; make them the "
        "same"
    )
    wrong = []
    for forward, inputs in drawn.forwards:
        name = getattr(forward, "__name__", "")
        if inspect.isfunction(shown.get(name)) and name not in exercise.checks.FUNCTIONS:
            try:
                theirs, ours = (in_time(functools.partial(each, **copied(inputs))) for each in (shown[name], forward))
            except (Exception, Ended):  # it has a hole or takes other arguments, so it is another function
                continue
            if not _agree(theirs, ours):
                wrong.append(name)
    return [sentence.format(name=exercise.name, function=name) for name in dict.fromkeys(wrong)]


def _agree(one: Any, other: Any) -> bool:
    """Whether two results, arrays or tuples of them, have the same shapes and, up to rounding, the same values."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(_agree, one, other))
    return np.shape(one) == np.shape(other) and np.allclose(one, other, 1e-9, 1e-12)


def table_of(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the table, in the language in force."""
    names = [row.cells[COLUMNS[0]] for row in rows]
    cells = [[gettext(row.cells[column]) for column in COLUMNS[1:]] for row in rows]
    lines = [[gettext(column) for column in COLUMNS], *([name, *line] for name, line in zip(names, cells, strict=True))]
    widths = [max(columns_of(line[i]) for line in lines) for i in range(len(COLUMNS))]
    for line in lines:
        yield "  ".join(padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip()
