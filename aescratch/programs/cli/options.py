"""A layer above argparse: a parser whose errors are one sentence, and options as rows of a table.

    option("--code", type=positive) -> a row;   command(description, examples, row, row, ...) -> add_arguments(parser)

The rows are in English, and are sentences of the catalogue; the help is in the language in force.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any, NoReturn

from aescratch.foundations.columns import FILLER, columns_of, stretched
from aescratch.foundations.language import Phrase, Sentence, gettext, gettext_noop, joined
from aescratch.programs.cli.status import UsageError, did_you_mean
from aescratch.programs.cli.words import positive

Option = Callable[[Any], object]
# Words of argparse: errors that it reports itself.
REQUIRED = "the following arguments are required"
OF_ARGPARSE = (gettext_noop("expected one argument"), gettext_noop("expected at least one argument"))


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Lays the help out by the width of its letters, with argparse's own words in the language in force."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the line that shows how the command is written."""
        usage = usage and usage.replace("[options]", f"[{gettext('options')}]")
        super().add_usage(usage, actions, groups, stretched(gettext("usage: ")) if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(stretched(text), width)

    def format_help(self) -> str:
        """Return the text, without the fillers by which it was laid out."""
        return super().format_help().replace(FILLER, "")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, and whose help keeps its lines."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, allow_abbrev=False, formatter_class=Formatter, add_help=False)
        self._positionals.title, self._optionals.title = gettext("positional arguments"), gettext("options")
        self.add_argument("-h", "--help", action="help", help=gettext("show this help message and exit"))

    def error(self, message: str) -> NoReturn:
        """Raise a `UsageError` instead of printing the usage."""
        message = _told(message)
        raise UsageError(gettext("{message} (see {program} --help)").format(message=message, program=self.prog))

    def format_usage(self) -> str:
        """Return the usage; argparse itself cuts off its first letters, as many as its own heading has."""
        return "usage: " + super().format_usage().removeprefix(gettext("usage: "))

    def print_help(self, file: Any = None) -> None:
        """Print the help; argparse itself would hide a failure to print."""
        print(self.format_help(), end="", file=file)

    def refuse(self, word: str) -> NoReturn:
        """Raise `UsageError` for a word that no option or argument takes."""
        name = word.partition("=")[0]
        if not word.startswith("-"):
            self.error(gettext("unexpected argument {word!r}; leave it out").format(word=word))
        if re.search(rf"^  {name.lstrip('-').upper()}\b", self.format_help(), re.MULTILINE):
            self.error(gettext("there is no option {name}; leave it out, and write only its value").format(name=name))
        self.refuse_option(name)

    def refuse_option(self, name: str) -> NoReturn:
        """Raise `UsageError` for an unknown option."""
        known = {option.lstrip("-"): option for option in re.findall(r"--[a-z-]+", self.format_help())}
        short = {"".join(word[0] for word in bare.split("-")): bare for bare in known}  # lr for learning-rate
        bare = name.lstrip("-")
        near = did_you_mean(short.get(bare, bare), known, "--")
        self.error(gettext("there is no option {name}{near}").format(name=name, near=near))


def _told(message: str) -> str:
    """Return an error message of argparse in the language in force, and any other message as it is."""
    start, _, rest = message.partition(": ")
    if start == REQUIRED:
        return gettext("the following arguments are required: {names}").format(names=rest)
    kind, _, name = start.partition(" ")
    if kind != "argument":
        return message
    return gettext("argument {name}: {message}").format(name=name, message=gettext(rest))


def option(*names: str, **settings: Any) -> Option:
    """Return a row of a table of options: a function that adds the option to a parser or a group."""
    return lambda parser: parser.add_argument(*names, **{**settings, "help": gettext(settings["help"])})


def switch(name: str, text: str) -> Option:
    """Return an option that takes no value."""
    return option(name, action="store_true", help=text)


def add(parser: Any, *options: Option) -> None:
    """Add options to a parser, or to a group of one."""
    for each in options:
        each(parser)


def group(title: str, *options: Option) -> Option:
    """Return options that the help shows together under a title."""
    return lambda parser: add(parser.add_argument_group(gettext(title)), *options)


def command(description: str, epilog: str, *options: Option, usage: str | None = None) -> Option:
    """Return a command's `add_arguments`, which sets its help and its options."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        heading = columns_of(gettext("usage: "))
        parser.usage = usage and usage.replace("\n", "\n" + " " * heading)
        parser.description = gettext(description)
        parser.epilog = gettext(epilog).replace("examples:", gettext("examples:"), 1)  # most have no other words
        add(parser, *options)

    return add_arguments


def json_of(what: str) -> Option:
    """Return --json."""
    return switch("--json", Phrase("print {what} as JSON, and nothing else on stdout", what=Sentence(what)))


def whole(name: str, text: str, metavar: str = "N", default: int | None = None) -> Option:
    """Return an option that takes a whole number of at least 1; its help shows the default."""
    help = text if default is None else joined("", [Sentence(text), Phrase(" (default %(default)s)")])
    return option(name, type=positive, default=default, metavar=metavar, help=help)


SOURCE = option("--exercises", metavar="SRC", help="a folder of your own exercises, not the built-in ones")
