"""`aescratch info`: the libraries that the package uses on this machine, and why it doesn't use others."""

from __future__ import annotations

from argparse import Namespace

from aescratch.backend import compiled, is_fast
from aescratch.foundations.columns import padded
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.programs.bench.machine import what_is_in_use
from aescratch.programs.cli.options import Option, command, json_of
from aescratch.programs.cli.status import RIGHT
from aescratch.programs.cli.writing import answer

DESCRIPTION = gettext_noop(
    """Show what is in use: versions, the library of the matrix products with its kernel and threads, whether
formulas are compiled, whether a GPU can be used; and if not, why. Include the output in a bug report.
"""
)
EXAMPLES = """examples:
  aescratch info
  aescratch info --json
"""

add_arguments: Option = command(DESCRIPTION, EXAMPLES, json_of("what is in use"))


def run(arguments: Namespace) -> int:
    """Print what is in use; return the exit status."""
    facts = what_is_in_use()
    if not compiled.why_not():
        from aescratch.backend.machine_code import folder_of_loops  # here, for Numba

        said = gettext("formulas of {smallest:,} numbers and more, kept in {folder}")
        facts[gettext_noop("compiled")] = said.format(smallest=compiled.SMALLEST, folder=folder_of_loops())
    if not is_fast():
        facts[gettext_noop("as written")] = gettext("AESCRATCH_AS_WRITTEN is set: nothing is done for speed")
    lines = [f"{padded(gettext(name), 13)}{value}" for name, value in facts.items()]
    answer(arguments, "\n".join(lines), facts)
    return RIGHT
