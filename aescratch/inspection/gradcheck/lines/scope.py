"""What may appear in a statement: its terms, their values there, and the values of expressions of them.

    Scope(terms, ...) -> arrays(), scalars(), counts(): names, attributes and entries, as source
    Scope.value(expression) -> an array of floats, or None if unknown

The terms are read from a run of the statement, not from its text: unbound names are not among them. Thousands of
changed expressions are tried by their values alone; running the function for each would cost too much.
"""

from __future__ import annotations

import ast
import builtins
import functools
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.lines.trees import parsed

OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.MatMult: operator.matmul, ast.Pow: operator.pow, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
    ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


@dataclass
class Scope:
    """What may appear in a statement: its terms, NumPy's name there, functions of one array, modules, global names.

    `roots` are square roots in the code, of which those of numbers matter.
    """

    terms: Mapping[str, Any]
    numpy: str
    functions: Sequence[str]
    modules: Collection[str]
    names: Mapping[str, Any]
    roots: Sequence[str] = ()

    def value(self, expression: ast.expr, **more: Any) -> Array | None:
        """Return the value of an expression of the terms, and of more terms, as floats, or None if unknown."""
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(_value_of(expression, {**self.terms, **more} if more else self.terms, self.names))
        except Exception:  # of shapes, or of unknown values
            return None
        value = value.astype(float) if value.dtype.kind in "biu" else value
        return value if value.dtype.kind == "f" and value.size else None

    def arrays(self, kinds: str = "f") -> list[str]:
        """Return the terms that hold arrays of these kinds."""
        return [t for t, v in self.terms.items() if isinstance(v, np.ndarray) and v.ndim and v.dtype.kind in kinds]

    def scalars(self) -> list[str]:
        """Return the terms that hold plain numbers."""
        numbers = [t for t, v in self.terms.items() if np.ndim(v) == 0 and isinstance(v, (float, np.ndarray))]
        return [t for t in numbers if np.asarray(self.terms[t]).dtype.kind == "f"]

    def counts(self) -> list[str]:
        """Return how many examples and entries there are, as source."""
        whole = [t for t, v in self.terms.items() if isinstance(v, (int, np.integer)) and v > 1]
        seen = {int(self.terms[t]) for t in whole}
        for term in self.arrays():
            value = self.terms[term]
            for text, size in (
                (f"len({term})", len(value)),
                (f"{term}.shape[1]", value.shape[-1]),
                (f"{term}.size", value.size),
            ):
                if size > 1 and size not in seen and (value.ndim > 1 or "shape" not in text):
                    seen.add(size)
                    whole.append(text)
        values = ((text, self.value(parsed(text))) for text in self.roots)
        return whole + [text for text, value in values if value is not None and not value.ndim]


@functools.lru_cache(maxsize=4096)
def _source_of(node: ast.expr) -> str:
    """Return a node's source; changed statements share their unchanged nodes."""
    return ast.unparse(node)


def _value_of(node: Any, terms: Mapping[str, Any], names: Mapping[str, Any]) -> Any:
    """Return the value of a node; raise if unknown."""

    def of(each: Any) -> Any:
        return None if each is None else _value_of(each, terms, names)

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id in terms:
            return terms[node.id]
        return names[node.id] if node.id in names else getattr(builtins, node.id)
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](of(node.left), of(node.right))
    if isinstance(node, ast.UnaryOp):
        return OPERATIONS[type(node.op)](of(node.operand))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return OPERATIONS[type(node.ops[0])](of(node.left), of(node.comparators[0]))
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
        text = _source_of(node)
        if text in terms:
            return terms[text]
        return getattr(of(node.value), node.attr) if isinstance(node, ast.Attribute) else of(node.value)[of(node.slice)]
    raise TypeError(type(node))
