"""`aescratch exercises package`: the exercises as notebooks, and for the graders that universities use.

    WHAT, exercises, seed -> aescratch.classroom.packaging -> files in OUT, and what to do with them
"""

from __future__ import annotations

import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.packaging.gradescope import write_autograder
from aescratch.classroom.packaging.nbgrader import write_course
from aescratch.classroom.packaging.notebooks import write_notebooks
from aescratch.classroom.packaging.otter import write_assignment
from aescratch.classroom.releasing import ReleaseError, release
from aescratch.classroom.trying import tried, unless
from aescratch.programs.cli.courses import BUILTIN, OWN, course, only
from aescratch.programs.cli.status import RIGHT, UsageError
from aescratch.programs.cli.words import count

SEEDS = 2**31  # to draw from
DESCRIPTION = """Write the exercises for notebooks, or for a grader.

  notebooks    a notebook for each exercise, which checks itself; not for grading
  gradescope   an autograder.zip
  nbgrader     the source of an assignment in the folder of a course
  otter        the master notebook of an assignment
"""
EXAMPLES = """examples:
  aescratch exercises package notebooks handout
  aescratch exercises package gradescope week_1 --only dense_forward dense_backward
  aescratch exercises package nbgrader course --assignment week_1 --only dense_backward relu_backward
  aescratch exercises package otter week_1 --assignment week_1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch exercises package`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument("what", metavar="WHAT", choices=ACTIONS_OF, help=f"one of {', '.join(ACTIONS_OF)}")
    parser.add_argument("out", metavar="OUT", help="the folder to write into, which is made")
    parser.add_argument("--exercises", metavar="SRC", help="a folder of your own exercises, not the built-in ones")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these exercises, not all")
    parser.add_argument("--seed", type=partial(count, 0), metavar="N", help="of the inputs in grading (default: drawn)")
    parser.add_argument("--assignment", metavar="NAME", help="what nbgrader and otter call it (default autoencoders)")
    parser.add_argument(
        "--unconfined", action="store_true", help="for gradescope: grade also where submissions can't be confined"
    )


def run(arguments: Namespace) -> int:
    """Write, say what was written, and return the exit status."""
    refuse_options(arguments)
    some = only(course(arguments.exercises or BUILTIN), arguments.only, "" if arguments.exercises else OWN)
    seed = secrets.randbelow(SEEDS) if arguments.seed is None else arguments.seed
    write, advice = ACTIONS_OF[arguments.what]
    paths = write(arguments, some, seed)
    for path in paths:
        print(path)
    arguments.result = {"files": [str(path) for path in paths], "seed": seed}
    seeded = "" if arguments.what == "notebooks" else f"seed: {seed}; keep it\n"
    print(seeded + advice.format(out=arguments.out, assignment=named(arguments)))
    return RIGHT


def refuse_options(arguments: Namespace) -> None:
    """Refuse an option that this kind of package doesn't take."""
    given = {"--seed": (arguments.seed is not None, ("gradescope", "nbgrader", "otter")),
             "--assignment": (arguments.assignment is not None, ("nbgrader", "otter")),
             "--unconfined": (arguments.unconfined, ("gradescope",)),
             "--exercises": (arguments.exercises is not None, ("notebooks", "gradescope", "nbgrader"))}  # fmt: skip
    for option, (is_given, kinds) in given.items():
        if is_given and arguments.what not in kinds:
            raise UsageError(f"{option} is for {' and '.join(kinds)}, not for {arguments.what}; leave it out")


def named(arguments: Namespace) -> str:
    """Return the name of the assignment."""
    name: str = arguments.assignment or "autoencoders"
    if not name.replace("-", "_").isidentifier():  # it names files and folders, and stands in settings
        raise UsageError(f"expected --assignment to be letters, digits, - and _, such as week_1, got {name!r}")
    return name


def hand_out(arguments: Namespace, some: Sequence[Exercise], folder: Path) -> None:
    """Write what students need of a teacher's own exercises beside their notebooks: all but the answers."""
    if arguments.exercises is not None:
        try:
            release(some, folder)
        except ReleaseError as error:
            raise UsageError(str(error)) from error


def _notebooks(arguments: Namespace, some: Sequence[Exercise], seed: int) -> list[Path]:
    hand_out(arguments, some, Path(arguments.out))
    return write_notebooks(some, Path(arguments.out))


def _gradescope(arguments: Namespace, some: Sequence[Exercise], seed: int) -> list[Path]:
    own = None if arguments.exercises is None else Path(arguments.exercises)
    for exercise in some if own else ():
        outcome = tried(exercise, exercise.shown_solution, explaining=False)
        if problems := unless(outcome.passed, f"{exercise.name}: its solution should pass", outcome):
            raise UsageError(f"{problems[0]}; see aescratch exercises validate {own}")
    return write_autograder(some, Path(arguments.out), seed, own=own, unconfined=arguments.unconfined)


def _nbgrader(arguments: Namespace, some: Sequence[Exercise], seed: int) -> list[Path]:
    own, name = arguments.exercises, named(arguments)
    hand_out(arguments, some, Path(arguments.out, "source", name))
    return write_course(some, Path(arguments.out), name, seed, None if own is None else Path(own))


def _otter(arguments: Namespace, some: Sequence[Exercise], seed: int) -> list[Path]:
    return write_assignment(some, Path(arguments.out), named(arguments), seed)


Writer = Callable[[Namespace, Sequence[Exercise], int], list[Path]]
ACTIONS_OF: dict[str, tuple[Writer, str]] = {
    "notebooks": (_notebooks, "hand them out; a student runs the last cell of one to have it checked"),
    "gradescope": (_gradescope, "upload it as the autograder of a programming assignment, and try it there"),
    "nbgrader": (_nbgrader, "in {out}: nbgrader generate_assignment {assignment}"),
    "otter": (_otter, "in {out}: otter assign {assignment}.ipynb dist"),
}
