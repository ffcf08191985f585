"""The value of an expression whose terms hold known values, computed without running its function.

    expression, what its terms hold, the function's global names -> an array of floats, or None if unknown

Thousands of changed expressions are tried in this way; running the function for each would cost too much.
"""

from __future__ import annotations

import ast
import builtins
import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aescratch.backend import Array

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.MatMult: operator.matmul, ast.Pow: operator.pow, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
}  # fmt: skip
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def source_of(node: ast.expr) -> str:
    """Return a node's source; changed statements share their unchanged nodes."""
    return ast.unparse(node)


def evaluated(expression: ast.expr, terms: Mapping[str, Any], names: Mapping[str, Any]) -> Array | None:
    """Return the value of an expression as an array of floats, or None if unknown."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(value_of(expression, terms, names))
    except Exception:  # of shapes, or of unknown values
        return None
    value = value.astype(float) if value.dtype.kind in "biu" else value
    return value if value.dtype.kind == "f" and value.size else None


def value_of(node: Any, terms: Mapping[str, Any], names: Mapping[str, Any]) -> Any:
    """Return the value of a node; raise if unknown."""

    def of(each: Any) -> Any:
        return None if each is None else value_of(each, terms, names)

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id in terms:
            return terms[node.id]
        return names[node.id] if node.id in names else getattr(builtins, node.id)
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](of(node.left), of(node.right))
    if isinstance(node, ast.UnaryOp):
        return UNARY[type(node.op)](of(node.operand))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return COMPARISONS[type(node.ops[0])](of(node.left), of(node.comparators[0]))
    if isinstance(node, ast.Call):
        named = {str(keyword.arg): of(keyword.value) for keyword in node.keywords}
        return of(node.func)(*(of(each) for each in node.args), **named)
    if isinstance(node, ast.IfExp):
        return of(node.body) if of(node.test) else of(node.orelse)
    if isinstance(node, (ast.Tuple, ast.List)):
        found = [of(each) for each in node.elts]
        return tuple(found) if isinstance(node, ast.Tuple) else found
    if isinstance(node, ast.Slice):
        return slice(of(node.lower), of(node.upper), of(node.step))
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        text = source_of(node)
        if text in terms:
            return terms[text]
        return getattr(of(node.value), node.attr) if isinstance(node, ast.Attribute) else of(node.value)[of(node.slice)]
    raise TypeError(type(node))
