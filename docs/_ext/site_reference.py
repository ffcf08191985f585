"""What the reference adds to the docstrings: formulas, code, and the names that users know.

    autodoc: a docstring's lines --here--> + the formula, entry by entry, as LaTeX    + the source without its docstring

The formulas are those of `aescratch.inspection.tracing.formulas`: every recorded step compares them with the code.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.ext.autosummary import AutoLink
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import aescratch
from aescratch.inspection.tracing.formulas import FORMULAS, RULES
from aescratch.inspection.tracing.language import read
from aescratch.inspection.tracing.writing import latex_letter, latex_of
from aescratch.models import MODELS
from aescratch.models.base import Model

SHEET = "aescratch.functions"
ONE_STEP = "One step of a parameter q with gradient g and learning rate η; (0) marks what was remembered before it:"
GRADIENT = re.compile(r"\bgrad_(\w+)")
ABSOLUTE_VALUE = re.compile(r"\|([^|`]+)\|")


def formula_lines(equations):
    """Return equations as the lines of a math directive."""
    gradients = {name for text in equations for name in GRADIENT.findall(text)}
    letters = {f"grad_{of}": rf"\frac{{\partial J}}{{\partial {latex_letter(of)}INDICES}}" for of in gradients}
    letters["epsilon"] = r"\epsilon"
    rows = [latex_of(read(text), letters).replace(" = ", " &= ", 1) for text in equations]
    body = [r"\begin{aligned}", *(rf"{row} \\" for row in rows), r"\end{aligned}"]
    return ["", ".. math::", "", *(f"   {line}" for line in body), ""]


def code_lines(*functions):
    """Return the source of functions, without their docstrings, as the lines of a code block."""
    code = []
    for function in functions:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
        docstring = ast.parse(source).body[0].body[0]
        lines = source.splitlines()
        code += [*lines[: docstring.lineno - 1], *lines[docstring.end_lineno :], ""]
    return ["", ".. code-block:: python", "", *(f"   {line}" for line in code), ""]


def escape_bars(app, what, name, obj, options, lines):
    """Escape |h|, which reStructuredText would read as a substitution."""
    lines[:] = [line if ">>>" in line else ABSOLUTE_VALUE.sub(r"\|\1\|", line) for line in lines]


def add_to_docstring(app, what, name, obj, options, lines):
    """Append formula and code to the sheet's functions, the rule to an optimiser, both passes to a variant."""
    module, _, own = name.rpartition(".")
    if module == SHEET and what == "function":
        lines += formula_lines(FORMULAS[own]) if own in FORMULAS else []
        lines += code_lines(obj)
    elif what == "class" and own in RULES and obj.__module__ == "aescratch.optimizers":
        lines += ["", ONE_STEP, *formula_lines(RULES[own])]
    elif what == "class" and issubclass(obj, Model):
        lines += ["", f"It is to {obj.objective}: ``loss = {obj.formula}``.", ""] if obj.objective else []
        lines += code_lines(obj.loss, obj.backward) if {"loss", "backward"} <= vars(obj).keys() else []


def name_bases(app, what, name, obj, options, lines):
    """Add the base classes below the first sentence, with the names that users know."""
    bases = obj.__bases__ if what == "class" else ()
    public = [base.__name__ for base in bases if getattr(aescratch, base.__name__, None) is base]
    if public:
        place = lines.index("") if "" in lines else len(lines)
        lines[place:place] = ["", "Built on " + ", ".join(f":py:class:`aescratch.{base}`" for base in public) + ".", ""]


class Variants(SphinxDirective):
    """Every variant that the page doesn't list itself, with its two passes."""

    required_arguments = 1

    def run(self):
        """Insert an entry for each class in the folder of models."""
        page = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        lines = []
        for kind in MODELS:
            if f".. autoclass:: {kind.__name__}\n" not in page:
                lines += [f".. autoclass:: {kind.__name__}", "   :members: loss, backward", ""]
        self.state_machine.insert_input(lines, self.arguments[0])
        return []


class Name(AutoLink):
    """A name in single backticks: a link if it's one of the package, and code in any case."""

    def run(self):
        """Return the link; what autosummary emphasises becomes code."""
        made, errors = super().run()
        return [node if isinstance(node, pending_xref) else nodes.literal("", node.astext()) for node in made], errors


def find_inherited(app, env, node, contnode):
    """Resolve a name in a class's docstring that one of its base classes documents."""
    kind = getattr(aescratch, node.get("py:class") or "", None)
    documented = env.domains.python_domain.objects
    for base in inspect.getmro(kind) if inspect.isclass(kind) else ():
        found = f"aescratch.{base.__name__}.{node['reftarget']}"
        if found in documented:
            entry = documented[found]
            return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, found)
    return None


def setup(app):
    """Connect these to autodoc; formulas come after napoleon has read the sections."""
    app.connect("autodoc-process-docstring", escape_bars, priority=100)
    app.connect("autodoc-process-docstring", add_to_docstring, priority=900)
    app.connect("autodoc-process-docstring", name_bases, priority=900)
    app.add_role("name", Name())
    app.add_directive("variants", Variants)
    app.connect("missing-reference", find_inherited)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
