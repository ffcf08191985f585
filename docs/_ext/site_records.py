"""Content that pages take from the records of the formula sheet: derivations, and classes without their own entry.

    ```{derivations} activations                   a section for each formula of this family that the page has none on
    .. described:: aescratch.activations.LAYERS    an entry for each class of this dictionary that the page has none of
"""

import importlib
import re
from pathlib import Path

from docutils.parsers.rst import Directive

PLACE = re.compile(r"^```\{derivations\} (\w+)\n```$", re.MULTILINE)
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)


def derived(text):
    """Return the formulas for which a page has sections."""
    return {name for title in HEADING.findall(text) for name in title.split(", ")}


def sections(family, there):
    """Return Markdown with a section for each pair of a family that has none yet."""
    made = []
    for record in importlib.import_module(f"aescratch.functions.{family}").RECORDS:
        missing = [formula for formula in record.formulas if formula.backward is not None and formula.name not in there]
        if missing:
            title = ", ".join(formula.name for formula in missing)
            made.append("\n\n".join([f"### {title}", *(f.derivation.strip() for f in missing if f.derivation)]))
    return "\n\n".join(made)


def fill_derivations(app, docname, source):
    """Replace each directive by its sections."""
    if PLACE.search(source[0]):
        there = derived(source[0])
        source[0] = PLACE.sub(lambda place: sections(place[1], there), source[0])


class Described(Directive):
    """An entry for each class of one of the package's dictionaries that the page doesn't list."""

    required_arguments = 1

    def run(self):
        """Insert the entries as if they were written on the page."""
        module, _, dictionary = self.arguments[0].rpartition(".")
        page = Path(self.state.document.settings.env.doc2path(self.state.document.settings.env.docname))
        named = re.findall(r"^\.\. autoclass:: (\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        kinds = getattr(importlib.import_module(module), dictionary).values()
        new = [kind.__name__ for kind in kinds if kind.__name__ not in named]
        lines = [line for name in new for line in (f".. autoclass:: {name}", "   :members:", "")]
        self.state_machine.insert_input(lines, self.arguments[0])
        return []


def setup(app):
    """Add the directive, and read the pages first."""
    app.add_directive("described", Described)
    app.connect("source-read", fill_derivations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
