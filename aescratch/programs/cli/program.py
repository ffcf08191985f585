"""The program: find the command, read its options, run it, and turn errors into a sentence and an exit status."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import aescratch as ae
from aescratch.foundations.language import LANGUAGES, VARIABLE, Phrase, gettext, gettext_noop, in_language, language
from aescratch.programs.cli import status
from aescratch.programs.cli.options import Parser, option, switch
from aescratch.programs.cli.status import UsageError, did_you_mean, usage_error

# Each command is a module with add_arguments(parser) and run(arguments), imported on demand; a command with several
# actions also has read(parser, words).
COMMANDS = {
    "tour": (
        "aescratch.programs.tour",
        gettext_noop("check, train and compare the lecture's variants on the digits, and write a report"),
    ),
    "train": (
        "aescratch.programs.cli.train",
        gettext_noop("train a variant, and write model, history and figures into a folder"),
    ),
    "evaluate": ("aescratch.programs.cli.evaluate", gettext_noop("measure a saved model, and compare it with PCA")),
    "encode": ("aescratch.programs.cli.encode", gettext_noop("encode data, and write the codes")),
    "decode": ("aescratch.programs.cli.decode", gettext_noop("decode codes, and write the data")),
    "check": (
        "aescratch.programs.cli.check",
        gettext_noop("check the gradients of a variant, or of your own code, numerically"),
    ),
    "step": (
        "aescratch.programs.cli.step",
        gettext_noop("write a page that walks through one training step, number by number"),
    ),
    "site": ("aescratch.programs.site", gettext_noop("write a site on which the exercises are done in the browser")),
    "playground": (
        "aescratch.programs.playground",
        gettext_noop("write a page that trains autoencoders live, in the browser"),
    ),
    "exercises": (
        "aescratch.programs.cli.exercises",
        gettext_noop("write backward passes yourself, and learn what is wrong and why"),
    ),
    "bench": (
        "aescratch.programs.cli.bench",
        gettext_noop("measure speed and memory on this machine, and compare with PyTorch"),
    ),
    "info": (
        "aescratch.programs.cli.info",
        gettext_noop("show what is in use: versions, matrix library, threads, Numba, CuPy"),
    ),
}
LANGUAGE = "--language"
DESCRIPTION = gettext_noop("Autoencoders from scratch, in NumPy, with hand-written backpropagation.")
EPILOG = gettext_noop(
    """commands:
{commands}

examples:
  aescratch tour
  aescratch train sparse --epochs 50
  aescratch train --help

exit status: 0 right or pass, 1 fail, 2 wrong usage or input, 3 inconclusive, 4 system failure, for example a full disk
"""
)
LANGUAGE_HELP = Phrase(
    "the language of exercises, feedback, grading and help (default: {variable}, or en)", variable=VARIABLE
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in the words after ``aescratch``, and return its exit status."""
    try:
        chosen, words = language_of(list(sys.argv[1:] if argv is None else argv))
    except UsageError as error:
        return fail(str(error), status.WRONG_USAGE)
    with in_language(chosen):
        return outcome_of(words)


def outcome_of(words: list[str]) -> int:
    """Run a command, and return its exit status; its errors are printed as sentences."""
    try:
        outcome = run_command(words)
        sys.stdout.flush()  # so that a failure to print shows here, not when Python ends
        return outcome
    except UsageError as error:
        return fail(str(error), status.WRONG_USAGE)
    except ae.TrainingDivergedError as error:
        message = str(error).replace("clip_norm=", "--clip-norm ").replace("Adam()", "--optimizer adam")
        return fail(gettext("{message}; no model was written").format(message=message), status.FAIL)
    except KeyboardInterrupt:
        return fail(gettext("interrupted"), status.INTERRUPTED)
    except BrokenPipeError:
        return fail("", status.BROKEN)
    except OSError as error:
        place = error.filename or gettext("the output")
        return fail(f"{place}: {error.strerror or error}", status.BROKEN)
    except MemoryError as error:
        return fail(str(error) or gettext("the memory is used up"), status.BROKEN)
    except RuntimeError as error:
        return fail(str(error) or type(error).__name__, status.BROKEN)


def language_of(words: list[str]) -> tuple[str, list[str]]:
    """Return the language that --language names, else the environment's, and the other words; it may be any word."""
    with usage_error(ValueError):
        chosen = language()
    rest: list[str] = []
    following = iter(words)
    for word in following:
        name, equals, value = word.partition("=")
        if name != LANGUAGE:
            rest.append(word)
            continue
        chosen = value if equals else next(following, "")
        if chosen not in LANGUAGES:
            sentence = gettext("expected {option} {languages}, got {chosen!r}")
            raise UsageError(sentence.format(option=LANGUAGE, languages=gettext(" or ").join(LANGUAGES), chosen=chosen))
    return chosen, rest


def run_command(argv: list[str]) -> int:
    """Find the command, read its options, run it, and return its exit status."""
    if not argv or argv[0].startswith("-"):
        return top_level(argv)
    name, *typed = argv
    if name not in COMMANDS:
        commands = gettext("; the commands are {commands}").format(commands=", ".join(COMMANDS))
        near = did_you_mean(name, COMMANDS) or commands
        raise UsageError(gettext("there is no command {name!r}{near}").format(name=name, near=near))
    command = importlib.import_module(COMMANDS[name][0])
    parser = Parser(f"aescratch {name}")
    command.add_arguments(parser)
    try:
        arguments, rest = read_options(command, parser, typed)
    except SystemExit:  # after --help
        return status.RIGHT
    if rest:
        return parser.refuse(rest[0])
    arguments.typed = typed
    outcome: int = command.run(arguments)
    return outcome


def read_options(command: Any, parser: Parser, typed: list[str]) -> tuple[Namespace, list[str]]:
    """Return the typed options and the unknown words; a command may have its own `read`."""
    return getattr(command, "read", Parser.parse_known_intermixed_args)(parser, typed)


def top_level(argv: list[str]) -> int:
    """Answer --help and --version, and a call without a command."""
    parser = Parser("aescratch")
    parser.usage = "aescratch [--help] [--version] [--language {en,ko}] COMMAND ..."
    commands = "\n".join(f"  {name:<12}{gettext(summary)}" for name, (_, summary) in COMMANDS.items())
    parser.description, parser.epilog = gettext(DESCRIPTION), gettext(EPILOG).format(commands=commands)
    switch("--version", "show the version and exit")(parser)
    option(LANGUAGE, choices=LANGUAGES, help=LANGUAGE_HELP)(parser)
    try:
        arguments, rest = parser.parse_known_args(argv)
    except SystemExit:  # after --help
        return status.RIGHT
    if arguments.version and not rest:
        print(f"aescratch {ae.__version__}")
        return status.RIGHT
    if rest:
        return parser.refuse(rest[0])
    return parser.error(gettext("expected a command: {commands}").format(commands=", ".join(COMMANDS)))


def fail(sentence: str, outcome: int) -> int:
    """Print a sentence, if any, on stderr, and return the exit status; nothing more is printed after it."""
    with contextlib.suppress(OSError):
        if sentence:
            print(f"aescratch: {sentence}", file=sys.stderr, flush=True)
    try:
        sys.stdout.flush()
    except OSError:
        # The rest of the output would fail again when Python ends, with a traceback and another status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return outcome
