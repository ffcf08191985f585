"""`aescratch exercises`: find the action and its options; each action is imported on demand.

    typed words -> the action among them -> its parser, its options -> run -> exit status
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from aescratch.classroom import WorkspaceError
from aescratch.classroom.hints import LEVELS
from aescratch.classroom.running import TIME_LIMIT
from aescratch.foundations.language import Phrase, Sentence, gettext, gettext_noop, joined
from aescratch.foundations.sources import import_from_source
from aescratch.programs.cli.options import Option, Parser, command, json_of, option, switch, whole
from aescratch.programs.cli.status import UsageError, did_you_mean, usage_error
from aescratch.programs.cli.writing import answer

DESCRIPTION = gettext_noop(
    """Write backward passes yourself, and get feedback that says what is wrong and why.

{actions}

NAME is the name, number or file of an exercise. Exit status of check: 0 all pass, 1 not yet, 3 inconclusive.
For the options of an action: aescratch exercises ACTION --help
"""
)
EXAMPLES = """examples:
  aescratch exercises init course
  aescratch exercises start dense_backward
  aescratch exercises check --all
  aescratch exercises hint dense_backward --level 2
  aescratch exercises solution dense_backward --give-up
  aescratch exercises release my_exercises handout
"""


class Action(NamedTuple):
    """An action: the words after its name, a summary, its function, its examples and its options."""

    words: str
    summary: str
    place: str
    examples: Sequence[str] = ()
    options: Sequence[Option] = ()


NAME = option("name", metavar="NAME", nargs="?", help="the exercise: its name, number or file")
SRC = option(
    "source", metavar="SRC", help="a folder with folders NN_name, or builtin for the exercises of the package"
)
SECONDS = whole("--time-limit", "time limit of a check", "SECONDS", int(TIME_LIMIT))
JSON = switch("--json", "print the result as JSON")
ACTIONS = {
    "init": Action(
        "DIR", "create a folder for the exercises", "student:init", ["course"],
        [option("name", metavar="DIR", nargs="?", help="the name of the folder")],
    ),
    "list": Action("", "list all exercises and your progress", "student:list_all", ["", "--json"], [JSON]),
    "start": Action(
        "NAME", "write the file of an exercise, and print its task", "student:start",
        ["dense_backward", "2"], [NAME],
    ),
    "check": Action(
        "[NAME]", "check the current exercise, or another, or all", "student:check",
        ["", "dense_backward", "--all", "--all --json"],
        [NAME, switch("--all", "check every exercise that was started"), SECONDS, JSON],
    ),
    "watch": Action(
        "[NAME]", "check whenever you save, until Control-C", "student:watch_files", ["", "dense_backward"],
        [NAME, SECONDS],
    ),
    "hint": Action(
        "[NAME]", "show a hint for what the last check found; ask again for more", "student:hint",
        ["dense_backward", "dense_backward --level 2", "dense_backward --answer"],
        [
            NAME, whole("--level", Phrase("level of the hint, 1 to {levels}", levels=LEVELS)),
            switch("--answer", "show the last level, which tells what to write"),
        ],
    ),
    "reset": Action(
        "NAME", "start again; your file is kept in backups/", "student:reset", ["dense_backward"], [NAME]
    ),
    "solution": Action(
        "NAME", "show the solution, once yours passes", "student:solution",
        ["dense_backward", "dense_backward --give-up"],
        [NAME, switch("--give-up", "show it before yours passes; this is recorded")],
    ),
    "new": Action(
        "NAME", "for teachers: write an exercise of your own, ready to edit", "courses:new",
        ["softplus --in my_exercises", "softplus"],
        [
            option("name", metavar="NAME", help="the name of the exercise, such as softplus_backward"),
            option(
                "--in", dest="source", metavar="SRC", default=".",
                help="the folder to write it into (default: the current one)",
            ),
        ],
    ),
    "validate": Action(
        "SRC", "for teachers: validate a folder of exercises", "courses:validate",
        ["my_exercises", "builtin --jobs 4"], [SRC, whole("--jobs", "number of parallel jobs", default=1)],
    ),
    "release": Action(
        "SRC OUT", "for teachers: write the folder to hand out, without any answer", "courses:release",
        ["my_exercises handout", "builtin week_1 --only dense_forward dense_backward"],
        [
            SRC, option("out", metavar="OUT", help="the folder to write, which must not exist yet"),
            option("--only", nargs="+", metavar="NAME", help="hand out only these exercises"),
            switch("--formulas", "hand out the third level of the hints, too, which is the formula"),
        ],
    ),
    "grade": Action("...", "for teachers: grade submissions", "grading:run"),
    "package": Action("...", "for teachers: package the exercises for notebooks and graders", "packaging:run"),
}  # fmt: skip
ANSWERING = ("list", "check", "watch")  # for the others, --json prints their output
# Options that users may expect at another action.
OPTIONS_OF = {"--all": "check", "--level": "hint", "--answer": "hint", "--give-up": "solution"}
SUMMARIES = joined("\n", (
    joined("", [f"  {f'{name} {action.words}':<16}", Sentence(action.summary)]) for name, action in ACTIONS.items()
))  # fmt: skip

# The action and its options are known only when the words are read.
add_arguments: Option = command(
    Phrase(DESCRIPTION, actions=SUMMARIES), EXAMPLES,
    option("action", metavar="ACTION", choices=ACTIONS, help=Phrase("one of {names}", names=", ".join(ACTIONS))),
)  # fmt: skip


def read(parser: Parser, typed: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Return the options of the action named among the words, and an empty list of unknown words."""
    name = next((word for word in typed if word in ACTIONS), None)
    if name is None:
        return without_action(parser, typed)
    words, action, own = [*typed], ACTIONS[name], Parser(f"{parser.prog} {name}")
    words.remove(name)
    place, _, function = action.place.partition(":")
    # Import only this action's module: grading takes 50 ms more than the student's side.
    module = importlib.import_module(f"aescratch.programs.cli.{place}")
    if action.options:
        summary = gettext(action.summary)
        description = f"{summary[0].upper()}{summary[1:]}."
        examples = "\n".join(["examples:", *(f"  {own.prog} {example}".rstrip() for example in action.examples)])
        command(description, examples, *action.options)(own)
    else:
        module.add_arguments(own)
    run = getattr(module, function)
    if name not in ANSWERING:
        json_of("the result and the lines of output")(own)
        run = partial(answered, run)
    arguments, rest = own.parse_known_intermixed_args(words)
    if rest:
        refuse(rest[0], own)
    arguments.action, arguments.run = name, run
    return arguments, []


def answered(action: Callable[[Namespace], int], arguments: Namespace) -> int:
    """Run an action that prints; with --json, print its result, if it has one, and its lines as JSON."""
    arguments.result = {}  # actions store here what a program can use
    if not arguments.json:
        return action(arguments)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = action(arguments)
    lines = said.getvalue().splitlines()
    answer(arguments, "", {"action": arguments.action, "status": status, **arguments.result, "said": lines})
    return status


def without_action(parser: Parser, typed: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Answer --help, or raise `UsageError` with the nearest action."""
    word = next((word for word in typed if not word.startswith("-")), None)
    if word is None or {"--help", "-h"} & set(typed):
        return parser.parse_known_args(list(typed))
    actions = gettext("; the actions are {actions}").format(actions=", ".join(ACTIONS))
    near = did_you_mean(word, ACTIONS) or actions
    raise UsageError(gettext("there is no action {word!r}{near}").format(word=word, near=near))


def refuse(word: str, parser: Parser) -> None:
    """Raise `UsageError` for a word that an action doesn't take."""
    name = word.partition("=")[0]
    if name in OPTIONS_OF:
        sentence = gettext("{name} is for aescratch exercises {action}; leave it out")
        raise UsageError(sentence.format(name=name, action=OPTIONS_OF[name]))
    if not word.startswith("-"):
        raise UsageError(gettext("unexpected argument {word!r}; leave it out").format(word=word))
    parser.refuse_option(name)


def run(arguments: Namespace) -> int:
    """Do what was asked for, and return the exit status."""
    import_from_source()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Σ shows a question mark
    with usage_error(WorkspaceError):
        outcome: int = arguments.run(arguments)
    return outcome
