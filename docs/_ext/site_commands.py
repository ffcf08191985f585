"""The command line in the reference: `.. command-line::` becomes the output of every command with --help."""

import contextlib
import io
import os

from docutils import nodes
from docutils.parsers.rst import Directive

from aescratch.programs.cli import main
from aescratch.programs.cli.exercises import ACTIONS
from aescratch.programs.cli.program import COMMANDS

COLUMNS = "100"  # argparse's own measure of a terminal


def help_of(*words):
    """Return a command's output for --help."""
    before, os.environ["COLUMNS"] = os.environ.get("COLUMNS"), COLUMNS
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            if main([*words, "--help"]) != 0:
                raise RuntimeError(f"`aescratch {' '.join(words)} --help` failed")
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return said.getvalue()


def section(*words):
    """Return a section for a command, with its help, and one below it for each action that it has."""
    title = " ".join(("aescratch", *words))
    made = nodes.section("", nodes.title(title, title), ids=["-".join(words) or "aescratch"], names=[title])
    text = help_of(*words)
    made += nodes.literal_block(text, text, language="text")
    if words == ("exercises",):
        made.extend(section(*words, action) for action in ACTIONS)
    return made


class CommandLine(Directive):
    """One section for each command."""

    def run(self):
        """Return the sections, the program's own first."""
        return [section(), *(section(name) for name in COMMANDS)]


def setup(app):
    """Add the directive; its page is read in every build, since Sphinx can't know on which files it depends."""
    app.add_directive("command-line", CommandLine)
    app.connect("env-get-outdated", lambda app, env, added, changed, removed: {"reference/command-line"} - added)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
