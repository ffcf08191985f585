"""Syntax trees of statements: the expressions in them, each with the way to it, and one of them changed.

    statement -> (way, expression, what it stands in), ...;   put(statement, way, expression) -> another statement

A statement itself is never changed: others hold it, and it is put back where it stood.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)
Path = tuple[tuple[str, int | None], ...]
CUTTING = {"clip", "maximum", "minimum", "max", "min"}  # their arguments decide what passes, and are no factors
NO_ARRAY = (  # what no factor, sign or function can be put around
    ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred, ast.JoinedStr,
)  # fmt: skip
DECIDING = {"clip", "max", "min"}  # what is in them decides: whatever makes them pass everything would mend a limit
SUMMING = {"sum", "mean", "dot"}  # methods of what a factor may be missing at


def expressions(node: ast.stmt) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    """Yield the expressions that a statement computes, with the way to each and what it stands in; not in a body."""
    heads = {ast.For: ("iter",), ast.If: ("test",), ast.While: ("test",)}
    fields = heads.get(type(node), tuple(f for f in node._fields if f not in ("targets", "target", "annotation")))
    for field in fields:
        yield from _below(node, field, ())
    for field in ("targets", "target"):  # what is indexed on the left side
        if not isinstance(node, ast.For):
            yield from (
                (p, e, a)
                for p, e, a in _below(node, field, ())
                if (len(p) > 1 and isinstance(a, (ast.Subscript, ast.Slice))) or len(p) > 2
            )


def _below(node: ast.AST, field: str, path: Path) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    child = getattr(node, field, None)
    for index, each in enumerate(child) if isinstance(child, list) else ((None, child),):
        if not isinstance(each, ast.AST) or isinstance(each, (ast.FunctionDef, ast.Lambda)):
            continue
        here = (*path, (field, index))
        if isinstance(each, ast.expr):
            yield here, each, node
        if isinstance(each, ast.Call) and len(each.args) > 1 and called(each) in DECIDING:
            continue
        for inner in each._fields:
            if not (isinstance(each, ast.Call) and inner == "func" and not isinstance(each.func, ast.Attribute)):
                yield from _below(each, inner, here)


def put(node: Node, path: Path, new: ast.AST) -> Node:
    """Return a statement with another node at the end of a way; whatever isn't on the way is shared."""
    (field, index), *rest = path
    result, there = _shallow(node), getattr(node, field)
    below = there if index is None else there[index]
    changed = put(below, tuple(rest), new) if rest else new
    setattr(result, field, changed if index is None else [*there[:index], changed, *there[index + 1 :]])
    return result


def _shallow(node: Node) -> Node:
    new = type(node).__new__(type(node))
    vars(new).update(vars(node))
    return new


def parsed(text: str) -> ast.expr:
    """Return the expression that a text is."""
    return ast.parse(text, mode="eval").body


def number_of(node: ast.AST) -> float | None:
    """Return the number that a constant is."""
    value = getattr(node, "value", None)
    return (
        value
        if isinstance(node, ast.Constant) and isinstance(value, (int, float)) and not isinstance(value, bool)
        else None
    )


def called(call: ast.Call) -> str:
    """Return the last part of what a call calls."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def root_of(node: ast.expr) -> str:
    """Return the name that attributes are taken of, directly or not; empty where it is no name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_slot(node: ast.expr, above: ast.AST, of_arrays: bool = False) -> bool:
    """Whether a factor put here is another one than the same factor put around: not within a product."""
    products = ast.Mult if of_arrays else (ast.Mult, ast.MatMult)
    if isinstance(above, ast.BinOp) and isinstance(above.op, products):
        return False
    if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div) and above.left is node:
        return False
    if isinstance(above, ast.Attribute) and above.attr in SUMMING:
        return not isinstance(node, NO_ARRAY)
    if isinstance(above, (ast.Attribute, ast.UnaryOp, ast.Subscript, ast.Slice, ast.keyword, ast.Compare)):
        return False
    return not isinstance(node, NO_ARRAY)


def copied(node: Any) -> Any:
    """Return a copy of a tree, in a fraction of the time that copy.deepcopy takes."""
    if isinstance(node, list):
        return [copied(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    new = _shallow(node)
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, (list, ast.AST)):
            setattr(new, field, copied(value))
    return new
