"""The teacher's side of `aescratch exercises`: exercises of one's own, made, proved and handed out.

    new -> SRC/NN_name;   validate SRC -> a table;   release SRC OUT -> the folder that students get
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aescratch.classroom.exercise import CourseError, Exercise, read_course, require_readable
from aescratch.programs.cli.status import FAIL, RIGHT, UsageError, did_you_mean
from aescratch.programs.cli.student import Action
from aescratch.programs.cli.words import count

BUILTIN = "builtin"
OWN = "; for exercises of your own, give --exercises"
SOURCE_HELP = f"a folder of folders NN_name, or {BUILTIN}, the path that comes with the package"


def add_new_arguments(parser: ArgumentParser) -> None:
    """Add what new takes."""
    parser.epilog = f"examples:\n  {parser.prog} softplus --in my_exercises\n  {parser.prog} softplus"
    parser.add_argument("name", metavar="NAME", help="of the exercise, such as softplus_backward")
    parser.add_argument("--in", dest="source", metavar="SRC", default=".", help="where (default: here)")


def new(arguments: Namespace) -> int:
    """Write an exercise that validates as it is."""
    from aescratch.classroom.scaffolding import scaffold

    try:
        folder = scaffold(arguments.name, Path(arguments.source))
    except CourseError as error:
        raise UsageError(str(error)) from error
    print(f"{folder} is an exercise that works: softplus and its backward. Make it yours, file by file:")
    for name, what in (
        ("about.md", "title, chapter, minutes, points; then what to do"),
        ("solution.py", "the docstring with every shape, and the answer between the markers"),
        ("checks.py", "the forward to check against, and the inputs"),
        ("mutants.py", "mistakes that you have seen, and what each is to be answered with"),
        ("hints.md", "three levels for each of those answers"),
    ):
        print(f"  {name:<12} {what}")
    print(f"then prove it: aescratch exercises validate {arguments.source}")
    return RIGHT


def add_validate_arguments(parser: ArgumentParser) -> None:
    """Add what validate takes."""
    parser.epilog = f"examples:\n  {parser.prog} my_exercises\n  {parser.prog} {BUILTIN} --jobs 4"
    parser.add_argument("source", metavar="SRC", help=SOURCE_HELP)
    parser.add_argument(
        "--jobs", type=partial(count, 1), default=1, metavar="N", help="so many at the same time (default %(default)s)"
    )


def validate(arguments: Namespace) -> int:
    """Print the table of a course, and what is wrong with it."""
    from aescratch.classroom.releasing import ReleaseError
    from aescratch.classroom.validating import table_of, validate

    exercises = course(arguments.source)
    try:
        rows, problems = validate(exercises, arguments.jobs)
    except ReleaseError as error:
        return say("it can't be released:", error.problems)
    print(*table_of(rows), sep="\n")
    problems = [problem for row in rows for problem in row.problems] + problems
    arguments.result = {"exercises": [row.cells for row in rows], "problems": problems}
    if problems:
        return say(f"{len(problems)} to put right:", problems)
    print(f"all {len(rows)} do what they should, and a release gives no answer away")
    return RIGHT


def add_release_arguments(parser: ArgumentParser) -> None:
    """Add what release takes."""
    examples = ("my_exercises handout", f"{BUILTIN} week_1 --only dense_forward dense_backward")
    parser.epilog = "examples:\n" + "\n".join(f"  {parser.prog} {example}" for example in examples)
    parser.add_argument("source", metavar="SRC", help=SOURCE_HELP)
    parser.add_argument("out", metavar="OUT", help="the folder to write, which isn't there yet")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="hand out these exercises, not all")
    parser.add_argument(
        "--formulas", action="store_true", help="hand out the third level of the hints too, which is the formula"
    )


def release(arguments: Namespace) -> int:
    """Write the folder to hand out, if nothing in it is an answer."""
    from aescratch.classroom.releasing import ReleaseError, release

    exercises = only(course(arguments.source), arguments.only)
    try:
        release(exercises, Path(arguments.out), formulas=arguments.formulas)
    except ReleaseError as error:
        return say("nothing was written:", error.problems)
    print(f"{arguments.out} is ready to hand out: {len(exercises)} exercises, every one proved, no answer in it")
    print("what it can't hide: the package that students install holds functions of its own, among them most of the "
          "built-in path's answers; grading refuses to import it")  # fmt: skip
    print(f"students go to {arguments.out}, and begin: aescratch exercises list")
    return RIGHT


def course(source: str) -> tuple[Exercise, ...]:
    """Return the exercises of a folder, or the built-in ones.

    Raises
    ------
    UsageError
        If it isn't a course, or was released.
    """
    try:
        exercises = read_course(None if source == BUILTIN else Path(source))
        if released := [exercise.folder.name for exercise in exercises if exercise.released]:
            advice = "name the folder that it was released from"
            raise CourseError(f"expected solution.py in {released[0]}, got none; {advice}")
        for exercise in exercises:
            require_readable(exercise)
    except CourseError as error:
        raise UsageError(str(error)) from error
    return exercises


def only(exercises: tuple[Exercise, ...], names: Sequence[str] | None, advice: str = "") -> tuple[Exercise, ...]:
    """Return the exercises of these names, or all.

    Raises
    ------
    UsageError
        If there is none of a name, nor one that is like it; then with this advice.
    """
    known = [exercise.name for exercise in exercises]
    for name in names or ():
        if name not in known:
            near = did_you_mean(name, known) or f": {', '.join(known)}{advice}"
            raise UsageError(f"there is no exercise {name!r}{near}")
    return tuple(exercise for exercise in exercises if not names or exercise.name in names)


def say(head: str, problems: Sequence[str]) -> int:
    """Print what is wrong, and return the exit status."""
    print(head, *(f"  {problem}" for problem in problems), sep="\n")
    return FAIL


ACTIONS = {
    "new": Action(add_new_arguments, new),
    "validate": Action(add_validate_arguments, validate),
    "release": Action(add_release_arguments, release),
}
