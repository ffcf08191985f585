"""`aescratch exercises package`: write the exercises as notebooks, and for the graders that universities use.

    WHAT, exercises, seed -> aescratch.classroom.packaging -> files in OUT, and advice on how to use them
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.grading.proving import solution_problems
from aescratch.classroom.grading.seeds import SEED_FILE
from aescratch.classroom.packaging.cells import write_notebooks
from aescratch.classroom.packaging.classroom50 import write_bundle
from aescratch.classroom.packaging.gradescope import write_autograder
from aescratch.classroom.packaging.nbgrader import write_course
from aescratch.classroom.packaging.otter import write_assignment
from aescratch.classroom.packaging.prairielearn import write_questions
from aescratch.classroom.releasing import ReleaseError, release
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.programs.cli.courses import chosen
from aescratch.programs.cli.options import SOURCE, Option, command, option, switch
from aescratch.programs.cli.status import RIGHT, UsageError, usage_error

DESCRIPTION = gettext_noop(
    """Write the exercises as notebooks, or for a grader.

  notebooks    a notebook for each exercise, which checks itself; not for grading
  gradescope   an autograder.zip
  prairielearn a question for each exercise, in the folder of a course
  classroom50  the folder of an assignment, with its autograder.py
  nbgrader     the source of an assignment in the folder of a course
  otter        the master notebook of an assignment
"""
)
EXAMPLES = """examples:
  aescratch exercises package notebooks handout
  aescratch exercises package gradescope week_1 --only dense_forward dense_backward
  aescratch exercises package prairielearn pl-course --only dense_forward dense_backward
  aescratch exercises package classroom50 week-1 --only dense_forward dense_backward
  aescratch exercises package nbgrader course --assignment week_1 --only dense_backward relu_backward
  aescratch exercises package otter week_1 --assignment week_1
"""


def run(arguments: Namespace) -> int:
    """Write the package, print its files, and return the exit status."""
    refuse_options(arguments)
    some = chosen(arguments.exercises, arguments.only)
    kind = KINDS[arguments.what]
    with usage_error(CourseError):
        paths = kind.write(arguments, some)
    for path in paths:
        print(path)
    arguments.result = {"files": [str(path) for path in paths]}
    if kind.seed:
        print(gettext(kind.seed).format(file=SEED_FILE))
    print(gettext(kind.advice).format(out=arguments.out, assignment=named(arguments)))
    return RIGHT


def refuse_options(arguments: Namespace) -> None:
    """Raise `UsageError` for an option that this kind of package doesn't take."""
    for name in ("seed", "assignment", "unconfined", "exercises"):
        taking = [kind for kind in KINDS if name in KINDS[kind].options]
        if getattr(arguments, name) not in (None, False) and arguments.what not in taking:
            sentence = gettext("--{name} is for {others}, not for {what}; leave it out")
            raise UsageError(sentence.format(name=name, others=gettext(" and ").join(taking), what=arguments.what))


def named(arguments: Namespace) -> str:
    """Return the name of the assignment."""
    name: str = arguments.assignment or "autoencoders"
    if not name.replace("-", "_").isidentifier():  # it is used for files and folders, and in settings
        sentence = gettext("expected --assignment to be letters, digits, - and _, such as week_1, got {name!r}")
        raise UsageError(sentence.format(name=name))
    return name


def hand_out(arguments: Namespace, some: Sequence[Exercise], folder: Path) -> None:
    """Release a teacher's own exercises, without the answers, into the folder of the students' notebooks."""
    if arguments.exercises is not None:
        with usage_error(ReleaseError):
            release(some, folder)


def _notebooks(arguments: Namespace, some: Sequence[Exercise]) -> list[Path]:
    hand_out(arguments, some, Path(arguments.out))
    return write_notebooks(some, Path(arguments.out))


def _autograder(arguments: Namespace, some: Sequence[Exercise]) -> list[Path]:
    own = None if arguments.exercises is None else Path(arguments.exercises)
    for exercise in some if own else ():
        if problems := solution_problems(exercise):
            sentence = gettext("{problem}; see aescratch exercises validate {own}")
            raise UsageError(sentence.format(problem=problems[0], own=own))
    written = {"gradescope": write_autograder, "prairielearn": write_questions}[arguments.what]
    return written(some, Path(arguments.out), arguments.seed, own=own, unconfined=arguments.unconfined)


def _classroom50(arguments: Namespace, some: Sequence[Exercise]) -> list[Path]:
    return write_bundle(some, Path(arguments.out))


def _nbgrader(arguments: Namespace, some: Sequence[Exercise]) -> list[Path]:
    own, name = arguments.exercises, named(arguments)
    hand_out(arguments, some, Path(arguments.out, "source", name))
    return write_course(some, Path(arguments.out), name, arguments.seed, None if own is None else Path(own))


def _otter(arguments: Namespace, some: Sequence[Exercise]) -> list[Path]:
    return write_assignment(some, Path(arguments.out), named(arguments), arguments.seed)


class Kind(NamedTuple):
    """A kind of package: its writer, advice on how to use it, its options, and a sentence on its seed."""

    write: Callable[[Namespace, Sequence[Exercise]], list[Path]]
    advice: str
    options: Sequence[str]
    seed: str = gettext_noop("{file} beside them is secret; keep it")


KINDS = {
    "notebooks": Kind(
        _notebooks, gettext_noop("hand them out; a student runs the last cell of one to have it checked"),
        ["exercises"], seed="",
    ),
    "gradescope": Kind(
        _autograder, gettext_noop("upload it as the autograder of a programming assignment, and try it there"),
        ["exercises", "seed", "unconfined"],
    ),
    "prairielearn": Kind(
        _autograder,
        gettext_noop("commit both folders of {out} in the course's repository, sync, and try a question there"),
        ["exercises", "seed", "unconfined"], seed=gettext_noop("{file} in the first folder is secret; keep it"),
    ),
    "classroom50": Kind(
        _classroom50,
        gettext_noop(
            "put it into the repository classroom50 as CLASSROOM/autograders/ASSIGNMENT, and try it there"
        ),
        [], seed="",
    ),
    "nbgrader": Kind(
        _nbgrader, gettext_noop("in {out}: nbgrader generate_assignment {assignment}"),
        ["exercises", "seed", "assignment"],
    ),
    "otter": Kind(_otter, gettext_noop("in {out}: otter assign {assignment}.ipynb dist"), ["seed", "assignment"]),
}  # fmt: skip

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    option("what", metavar="WHAT", choices=KINDS, help=Phrase("one of {names}", names=", ".join(KINDS))),
    option("out", metavar="OUT", help="the folder to write into, which is created"),
    SOURCE,
    option("--only", nargs="+", metavar="NAME", help="package only these exercises"),
    option("--seed", metavar="SECRET", help="the secret seed of inputs in grading (by default drawn once and kept)"),
    option("--assignment", metavar="NAME", help="the assignment's name in nbgrader and otter (default autoencoders)"),
    switch("--unconfined", "for gradescope and prairielearn: grade even if submissions can't be confined"),
)  # fmt: skip
