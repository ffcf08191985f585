"""`aescratch exercises`: which action, and its own options; its module is imported when it is asked for.

    words typed -> the action among them -> its parser, its options -> run -> exit status
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from aescratch.foundations.sources import import_from_source
from aescratch.programs.cli.status import UsageError, did_you_mean
from aescratch.programs.cli.writing import add_json, answer

DESCRIPTION = """Write the backward passes yourself, and be told what is wrong and why.

{actions}

NAME is an exercise's name, number or file. Exit status of check: 0 all pass, 1 not yet, 3 can't be judged.
The options of an action: aescratch exercises ACTION --help
"""
EXAMPLES = """examples:
  aescratch exercises init course
  aescratch exercises start dense_backward
  aescratch exercises check --all
  aescratch exercises hint dense_backward --level 2
  aescratch exercises solution dense_backward --give-up
  aescratch exercises release my_exercises handout
"""


class Known(NamedTuple):
    """An action: the words after its name, what it does, and the module that does it."""

    words: str
    summary: str
    module: str


STUDENT, COURSES = "aescratch.programs.cli.student", "aescratch.programs.cli.courses"
ACTIONS = {
    "init": Known("DIR", "make a folder for the exercises", STUDENT),
    "list": Known("", "what there is, and how far you are", STUDENT),
    "start": Known("NAME", "write the file of an exercise: one hole, and what is expected", STUDENT),
    "check": Known("[NAME]", "check the current exercise, or another, or all", STUDENT),
    "watch": Known("[NAME]", "check whenever you save, until Control-C", STUDENT),
    "hint": Known("[NAME]", "a hint that fits what the last check found; ask again for more", STUDENT),
    "reset": Known("NAME", "begin again; your file is kept in backups/", STUDENT),
    "solution": Known("NAME", "ours, once yours passes", STUDENT),
    "new": Known("NAME", "for teachers: write an exercise of your own, to be edited", COURSES),
    "validate": Known("SRC", "for teachers: prove that a folder of exercises does what it should", COURSES),
    "release": Known("SRC OUT", "for teachers: write the folder to hand out, without any answer", COURSES),
    "grade": Known("...", "for teachers: give points for submissions", "aescratch.programs.cli.grading"),
    "package": Known(
        "...", "for teachers: write it for notebooks and grading services", "aescratch.programs.cli.packaging"
    ),
}  # fmt: skip
OPTIONS_OF = {"--all": "check", "--level": "hint", "--give-up": "solution"}  # asked for elsewhere by mistake


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the actions; which one is meant is known when the words are read."""
    parser.description, parser.epilog = DESCRIPTION.format(actions=_summaries()), EXAMPLES
    parser.add_argument("action", metavar="ACTION", choices=ACTIONS, help=f"one of {', '.join(ACTIONS)}")


def read(parser: ArgumentParser, typed: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Return the options of the action that is named among the words, and the words that nothing takes.

    Raises
    ------
    UsageError
        If no action is named, or an option is another action's.
    """
    name = next((word for word in typed if word in ACTIONS), None)
    if name is None:
        return _without_action(parser, typed)
    words = [*typed]
    words.remove(name)
    own = type(parser)(f"{parser.prog} {name}")
    module: Any = importlib.import_module(ACTIONS[name].module)
    own.description = f"{ACTIONS[name].summary[:1].upper()}{ACTIONS[name].summary[1:]}."
    action = module.ACTIONS[name] if hasattr(module, "ACTIONS") else module
    action.add_arguments(own)
    answers = "--json" in own.format_help()
    if not answers and name != "watch":  # which ends with Control-C, and answers nobody
        add_json(own, "what was done, and what is said of it line by line,")
    arguments, rest = own.parse_known_intermixed_args(words)
    if rest:
        refuse(rest[0], name, own)
    arguments.action = name
    arguments.run = action.run if answers or name == "watch" else partial(_answered, action.run)
    return arguments, []


def _answered(action: Callable[[Namespace], int], arguments: Namespace) -> int:
    """Run an action that prints, and with --json print its result, as far as it left one, and its lines as JSON."""
    arguments.result = {}  # for what a program can use
    if not arguments.json:
        return action(arguments)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = action(arguments)
    lines = said.getvalue().splitlines()
    answer(arguments, "", {"action": arguments.action, "status": status, **arguments.result, "said": lines})
    return status


def _without_action(parser: ArgumentParser, typed: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Answer --help, or say which action may have been meant."""
    word = next((word for word in typed if not word.startswith("-")), None)
    if word is None or {"--help", "-h"} & set(typed):
        return ArgumentParser.parse_known_args(parser, list(typed))
    near = did_you_mean(word, ACTIONS) or f"; the actions are {', '.join(ACTIONS)}"
    raise UsageError(f"there is no action {word!r}{near}")


def refuse(word: str, action: str, parser: ArgumentParser) -> None:
    """Raise the `UsageError` for a word that the action doesn't take."""
    option = word.partition("=")[0]
    if option in OPTIONS_OF:
        raise UsageError(f"{option} is for aescratch exercises {OPTIONS_OF[option]}; leave it out")
    if not word.startswith("-"):
        raise UsageError(f"there is one word too many, {word!r}")
    known = [known for action in parser._actions for known in action.option_strings]
    parser.error(f"there is no option {option}{did_you_mean(option, known)}")


def run(arguments: Namespace) -> int:
    """Do what was asked for, and return the exit status.

    Raises
    ------
    UsageError
        If a folder can't be used as it is.
    """
    from aescratch.classroom import WorkspaceError

    import_from_source()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # Σ is a question mark where the terminal has no such letter
    action: Callable[[Namespace], int] = arguments.run
    try:
        return action(arguments)
    except WorkspaceError as error:
        raise UsageError(str(error)) from error


def _summaries() -> str:
    return "\n".join(f"  {f'{name} {known.words}':<16}{known.summary}" for name, known in ACTIONS.items())
