"""Small constants that a forward adds, as in log(p + 1e-7), but its backward leaves out.

    the functions that forward runs -> the constants that are only added there
    forward with 0 in their places -> other difference quotients; a gradient that agrees with these differs only by them
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.lines.source import Definition, definitions_of, in_force
from aescratch.inspection.gradcheck.lines.trees import called

LARGEST = 1e-3  # a constant that is added for numerical reasons, not as part of the formula
SLIGHT = 1e-2  # the largest relative difference that such a constant may cause


class Offsets(ast.NodeTransformer):
    """The small constants, in `values`, that the user's functions add that a call of forward runs.

    Those in logarithms only keep these finite; elsewhere, as in a normalisation, they belong to the formula.
    """

    def __init__(self, forward: Callable[[], Any], in_logarithms: bool) -> None:
        self.values: set[float] = set()
        self.changed: list[Definition] = []  # with 0 in their places
        self.added: dict[ast.AST, float] = {}
        for definition in definitions_of(forward):
            self.added = _added(definition, in_logarithms)
            if self.added:
                self.visit(definition.module)
                self.changed.append(definition)
                self.values |= {*self.added.values()}

    def __str__(self) -> str:
        """Return the constants in words."""
        return gettext(" and ").join(gettext("the {value:g}").format(value=value) for value in sorted(self.values))

    def visit(self, node: ast.AST) -> Any:
        """Return the node, or 0 in the place of a constant."""
        return ast.copy_location(ast.Constant(0.0), node) if node in self.added else super().visit(node)

    def left_out(self) -> contextlib.AbstractContextManager[None]:
        """Replace the constants by 0 within the block."""
        return in_force(self.changed)


def _added(definition: Definition, in_logarithms: bool) -> dict[ast.AST, float]:
    """Return the small numbers that are only added in a function, and the names of such, with their values."""
    nodes = list(ast.walk(definition.node))
    logarithms = [node for node in nodes if isinstance(node, ast.Call) and called(node).startswith("log")]
    inside: Iterable[ast.AST] = (inner for each in logarithms for inner in ast.walk(each)) if in_logarithms else nodes
    added = [node for node in inside if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)]
    sums: list[ast.AST] = [side for node in added for side in (node.left, node.right)]
    names = {node.id for node in sums if isinstance(node, ast.Name)}
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    sums += [node.value for node in assigned if any(getattr(target, "id", "") in names for target in node.targets)]
    function = definition.functions[0]
    local = function.__code__.co_varnames
    outer = {name: value for name, value in function.__globals__.items() if name not in local}
    values = {node: getattr(node, "value", outer.get(getattr(node, "id", ""))) for node in nodes}
    small = {node: value for node, value in values.items() if isinstance(value, float) and 0 < value <= LARGEST}
    elsewhere = {value for node, value in small.items() if isinstance(node, ast.Constant) and node not in sums}
    return {node: value for node, value in small.items() if node in sums and value not in elsewhere}
