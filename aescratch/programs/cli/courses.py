"""The teacher's side of `aescratch exercises`: create, validate and release exercises.

    new -> SRC/NN_name;   validate SRC -> a table;   release SRC OUT -> the folder that students get
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom import releasing, validating
from aescratch.classroom.exercise import CourseError, Exercise, read_course, require_readable
from aescratch.classroom.grading.allowed import distributions_of
from aescratch.classroom.packaging import beginning
from aescratch.classroom.scaffolding import scaffold
from aescratch.foundations.language import gettext
from aescratch.foundations.platforms import require_processes
from aescratch.programs.cli.progress import counting
from aescratch.programs.cli.status import FAIL, RIGHT, UsageError, did_you_mean, usage_error

BUILTIN = "builtin"


def new(arguments: Namespace) -> int:
    """Write an exercise that is valid from the start."""
    with usage_error(CourseError):
        folder = scaffold(arguments.name, Path(arguments.source))
    head = gettext("{folder} is a working exercise: softplus and its backward. Adapt it, file by file:")
    print(head.format(folder=folder))
    for name, what in (
        ("about.md", gettext("title, chapter, minutes, points; then what to do")),
        ("solution.py", gettext("the docstring with every shape, and the answer between the markers")),
        ("checks.py", gettext("the forward to check against, and the inputs")),
        ("mutants.py", gettext("mistakes that you have seen, and the answer that each should get")),
        ("hints.md", gettext("three levels for each of those answers")),
    ):
        print(f"  {name:<12} {what}")
    print(gettext("then validate it: {command}").format(command=f"aescratch exercises validate {arguments.source}"))
    return RIGHT


def validate(arguments: Namespace) -> int:
    """Print the table of a course, and its problems."""
    require_processes("aescratch exercises validate", gettext("validate the course on Linux or macOS"))
    exercises = course(arguments.source)
    try:
        with counting(len(exercises), gettext("exercise")) as done:
            rows, problems = validating.validate(exercises, arguments.jobs, done)
    except releasing.ReleaseError as error:
        return say(gettext("it can't be released:"), error.problems)
    print(*validating.table_of(rows), sep="\n")
    problems = [problem for row in rows for problem in row.problems] + problems
    arguments.result = {"exercises": [row.cells for row in rows], "problems": problems}
    if problems:
        return say(gettext("{count} to correct:").format(count=len(problems)), problems)
    print(gettext("all {count} are valid, and a release gives no answer away").format(count=len(rows)))
    return RIGHT


def release(arguments: Namespace) -> int:
    """Write the folder to hand out, if it contains no answer."""
    exercises, out = only(course(arguments.source), arguments.only), Path(arguments.out)
    try:
        releasing.release(exercises, out, formulas=arguments.formulas, finish=beginning.write_beginning)
    except releasing.ReleaseError as error:
        return say(gettext("nothing was written:"), error.problems)
    ready = gettext("{out} is ready to hand out: {count} exercises, all validated, without answers")
    print(ready.format(out=arguments.out, count=len(exercises)))
    print(
        gettext(
            "it can't hide one thing: the package that students install contains most of the answers to the built-in "
            "exercises; grading refuses to import it"
        )
    )
    if not (out / beginning.NOTEBOOK).exists():
        without = gettext("{file} was left out, because it needs jupytext: pip install jupytext")
        print(without.format(file=beginning.NOTEBOOK))
    print(gettext("students begin with {file}").format(file=out / "README.md"))
    return RIGHT


def chosen(source: str | None, names: Sequence[str] | None) -> tuple[Exercise, ...]:
    """Return the exercises of these names, or all, from a folder; by default from the built-in ones."""
    advice = gettext("; for exercises of your own, give --exercises")
    return only(course(source or BUILTIN), names, "" if source else advice)


def course(source: str) -> tuple[Exercise, ...]:
    """Return the exercises of a folder, or the built-in ones; raise `UsageError` for a released course."""
    with usage_error(CourseError):
        exercises = read_course(None if source == BUILTIN else Path(source))
        if released := [exercise.folder.name for exercise in exercises if exercise.released]:
            sentence = gettext(
                "expected solution.py in {exercise}, got none; name the folder that it was released from"
            )
            raise CourseError(sentence.format(exercise=released[0]))
        for exercise in exercises:
            require_readable(exercise)
        distributions_of(exercises[0].packages)
    return exercises


def only(exercises: tuple[Exercise, ...], names: Sequence[str] | None, advice: str = "") -> tuple[Exercise, ...]:
    """Return the exercises of these names, or all; raise `UsageError`, with this advice, for an unknown name."""
    known = [exercise.name for exercise in exercises]
    for name in names or ():
        if name not in known:
            there = gettext("; there are {names}{advice}").format(names=", ".join(known), advice=advice)
            near = did_you_mean(name, known) or there
            raise UsageError(gettext("there is no exercise {name!r}{near}").format(name=name, near=near))
    return tuple(exercise for exercise in exercises if not names or exercise.name in names)


def say(head: str, problems: Sequence[str]) -> int:
    """Print the problems, and return the exit status."""
    print(head, *(f"  {problem}" for problem in problems), sep="\n")
    return FAIL
