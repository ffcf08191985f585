"""Syntax trees of statements: the expressions in them, each with its path, and copies with one changed.

    statement -> (way, expression, its parent), ...;   put(statement, way, expression) -> another statement

A way is a path to a node. A statement itself is never changed: others hold it, and it is put back in its place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)
Path = tuple[tuple[str, int | None], ...]
CUTTING = {"clip", "maximum", "minimum", "max", "min"}  # functions that limit values
NO_ARRAY = (  # expressions that no factor, sign or function can be put around
    ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred, ast.JoinedStr,
)  # fmt: skip
SUMMING = {"sum", "mean", "dot"}  # methods of an object at which a factor may be missing


def expressions(node: ast.stmt) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    """Yield the expressions that a statement computes, with the path to each and its parent; not those in a body."""
    heads = {ast.For: ("iter",), ast.If: ("test",), ast.While: ("test",)}
    fields = heads.get(type(node), tuple(f for f in node._fields if f not in ("targets", "target", "annotation")))
    for field in fields:
        yield from _below(node, field, ())
    for field in ("targets", "target") if not isinstance(node, ast.For) else ():  # the indexed array on the left side
        for path, expression, above in _below(node, field, ()):
            if len(path) > 2 or (len(path) > 1 and isinstance(above, (ast.Subscript, ast.Slice))):
                yield path, expression, above


def _below(node: ast.AST, field: str, path: Path) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    child = getattr(node, field, None)
    for index, each in enumerate(child) if isinstance(child, list) else ((None, child),):
        if not isinstance(each, ast.AST) or isinstance(each, (ast.FunctionDef, ast.Lambda)):
            continue
        here = (*path, (field, index))
        if isinstance(each, ast.expr):
            yield here, each, node
        for inner in each._fields:
            if not (isinstance(each, ast.Call) and inner == "func" and not isinstance(each.func, ast.Attribute)):
                yield from _below(each, inner, here)


def put(node: Node, path: Path, new: ast.AST) -> Node:
    """Return a statement with another node at the end of a way; all nodes off the way are shared."""
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
    """Return the expression of a text."""
    return ast.parse(text, mode="eval").body


def number_of(node: ast.AST) -> float | None:
    """Return the value of a constant number."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def called(call: ast.Call) -> str:
    """Return the last part of the name of the called function."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def root_of(node: ast.expr) -> str:
    """Return the name at the root of a chain of attributes; empty if it isn't a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_slot(node: ast.expr, above: ast.AST, of_arrays: bool = False) -> bool:
    """Whether a factor put here differs from the same factor put around the parent: not within a product."""
    if isinstance(node, NO_ARRAY):
        return False
    if isinstance(above, ast.BinOp):
        products = ast.Mult if of_arrays else (ast.Mult, ast.MatMult)
        return not (isinstance(above.op, products) or (isinstance(above.op, ast.Div) and above.left is node))
    if isinstance(above, ast.Attribute):
        return above.attr in SUMMING
    return not isinstance(above, (ast.UnaryOp, ast.Subscript, ast.Slice, ast.keyword, ast.Compare))


def copied(node: Any) -> Any:
    """Return a copy of a tree, much faster than copy.deepcopy."""
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
