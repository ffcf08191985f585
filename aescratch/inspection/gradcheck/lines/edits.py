"""Edits: every way in which one expression of a statement may have been meant otherwise, the mistake in the words of one.

    statement, what its terms hold -> Edit(kind, was, now, statements in its place, cost)

An edit undoes a typical slip: another name, a transpose, a sign, a constant, an axis, a sum, a factor or a term too
many. What is missing altogether, and has to be found among the terms, is the subject of `missing`.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.lines.source import SIMPLE, copied

Path = tuple[tuple[str, int | None], ...]
Variant = tuple[str, str, str, ast.AST, float]  # kind, what is there, what belongs there, the node, cost


@dataclass
class Edit:
    """One change of a statement: its kind, the source that is there and that belongs there, and what is put."""

    kind: str
    was: str
    now: str
    nodes: list[ast.stmt]
    cost: float

    @property
    def repaired(self) -> str:
        """The statement with the edit, as source."""
        return "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in self.nodes)


@dataclass
class Scope:
    """What may stand in a statement: its terms and what they hold, how NumPy is called there, functions of one array."""

    terms: Mapping[str, Any]
    numpy: str
    functions: Sequence[str]

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
            for text, size in ((f"len({term})", len(value)), (f"{term}.shape[1]", value.shape[-1]), (f"{term}.size", value.size)):
                if size > 1 and size not in seen and (value.ndim > 1 or "shape" not in text):
                    seen.add(size)
                    whole.append(text)
        return whole


APPLIED = ("sqrt", "exp", "tanh", "log", "abs", "sign")  # what may have been left out
SWAPPED = {
    "sin": ("cos",), "cos": ("sin",), "tanh": ("sin", "cos", "exp"), "exp": ("log", "expm1", "log1p", "tanh"), "log": ("log1p", "exp", "sqrt"),
    "sqrt": ("square", "abs", "log"), "square": ("sqrt", "abs"), "abs": ("sign", "square"), "sign": ("abs", "tanh"),
    "maximum": ("minimum", "add"), "minimum": ("maximum",), "greater": ("less",), "less": ("greater",),
    "zeros_like": ("ones_like",), "ones_like": ("zeros_like",), "sum": ("mean", "max", "prod"), "mean": ("sum",), "max": ("sum", "min", "mean"),
    "min": ("max", "sum"), "median": ("mean", "sum"), "prod": ("sum",), "cumsum": ("sum",), "argmax": ("argmin",), "argmin": ("argmax",),
    "tril": ("triu",), "triu": ("tril",), "outer": ("dot", "multiply"), "dot": ("multiply", "outer"), "multiply": ("dot",), "var": ("std",), "std": ("var",),
    "log1p": ("log",), "expm1": ("exp",),
}  # fmt: skip
CUTTING = {"clip", "maximum", "minimum", "max", "min"}  # whose arguments decide what passes: another one is no sign or factor
DECIDING = {"clip", "max", "min"}  # what is in them decides: whatever makes them pass everything would mend a limit
KINDS = {"sum": "sum-extra", "mean": "sum-extra", "transpose": "transpose-extra"}  # of a call that is one too many
REDUCING = {"sum", "mean", "max", "min", "median", "prod", "cumsum", "var", "std", "argmax", "argmin"}
TIMES = (2.0, 0.5, -1.0, 4.0, 0.25, 3.0, 1 / 3, 10.0, 0.1)
KNOWN = (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -2.0, -0.5, 0.044715, 0.7978845608028654, 0.3989422804014327, 1.4142135623730951, 0.7071067811865476, 1.702, 3.141592653589793)
FLIPPED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.LtE, ast.Lt, ast.GtE), ast.Lt: (ast.GtE, ast.Gt, ast.LtE), ast.GtE: (ast.Lt, ast.Gt, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt, ast.GtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.Mult), ast.Mult: (ast.Div, ast.Add, ast.MatMult, ast.Sub),
    ast.Div: (ast.Mult,), ast.MatMult: (ast.Mult,), ast.FloorDiv: (ast.Div,), ast.Pow: (ast.Mult,),
}  # fmt: skip


def edits(node: ast.stmt, scope: Scope, following: Sequence[ast.stmt] = ()) -> Iterator[Edit]:
    """Yield the edits of a statement; `following` are those after it in its block, behind which it may belong."""
    for path, expression, above in expressions(node):
        for kind, was, now, new, cost in _variants(expression, above, scope):
            yield Edit(kind, was, now, [put(node, path, new)], cost)
    yield from _exchanges(node, scope)
    whole = _Whole()
    new = whole.visit(copied(node)) if isinstance(node, SIMPLE) else node
    if whole.count > 1:
        yield Edit("index", ast.unparse(node), "", [new], 1.6)
    yield from _of_the_statement(node, scope, following)


def _exchanges(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield a statement with two of its terms, which are arrays, in each other's place."""
    arrays = {*scope.arrays(), *scope.scalars()}
    found = [(path, each, ast.unparse(each)) for path, each, _ in expressions(node)]
    leaves = [(path, each, text) for path, each, text in found if text in arrays]
    for (a, first, one), (b, second, other) in itertools.combinations(leaves, 2):
        if one != other and a[: len(b)] != b and b[: len(a)] != a:
            yield Edit("exchanged", one, other, [put(put(node, a, second), b, first)], 1.7)
    texts = [text for _, _, text in leaves]
    for one in dict.fromkeys(texts):
        for other in arrays - {one}:
            if texts.count(one) > 1 and np.ndim(scope.terms[one]) == np.ndim(scope.terms[other]):
                yield Edit("other-name", one, other, [_renamed(node, leaves, {one: other})], 1.9)
    for one, other in itertools.combinations(dict.fromkeys(texts), 2):
        if texts.count(one) + texts.count(other) > 2:
            yield Edit("exchanged", one, other, [_renamed(node, leaves, {one: other, other: one})], 1.8)


def _renamed(node: ast.stmt, leaves: Sequence[tuple[Path, ast.expr, str]], names: Mapping[str, str]) -> ast.stmt:
    """Return a statement with other terms for some, wherever they stand."""
    for path, _, text in leaves:
        if text in names:
            node = put(node, path, parsed(names[text]))
    return node


class _Whole(ast.NodeTransformer):
    """Takes all slices off what they are taken of."""

    count = 0

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Return what is sliced, where it is read."""
        inner = self.generic_visit(node)
        if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
            self.count += 1
            return node.value
        return inner


def expressions(node: ast.stmt) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    """Yield the expressions that a statement computes, with the way to each and what it stands in; not in a body."""
    heads = {ast.For: ("iter",), ast.If: ("test",), ast.While: ("test",)}
    fields = heads.get(type(node), tuple(f for f in node._fields if f not in ("targets", "target", "annotation")))
    for field in fields:
        yield from _below(node, field, ())
    for field in ("targets", "target"):  # what is indexed on the left side
        if not isinstance(node, ast.For):
            yield from ((p, e, a) for p, e, a in _below(node, field, ()) if len(p) > 1 and isinstance(a, (ast.Subscript, ast.Slice)) or len(p) > 2)


def _below(node: ast.AST, field: str, path: Path) -> Iterator[tuple[Path, ast.expr, ast.AST]]:
    child = getattr(node, field, None)
    for index, each in enumerate(child) if isinstance(child, list) else ((None, child),):
        if not isinstance(each, ast.AST) or isinstance(each, (ast.FunctionDef, ast.Lambda)):
            continue
        here = (*path, (field, index))
        if isinstance(each, ast.expr):
            yield here, each, node
        if isinstance(each, ast.Call) and len(each.args) > 1 and _name(each) in DECIDING:
            continue
        for inner in each._fields:
            if not (isinstance(each, ast.Call) and inner == "func" and not isinstance(each.func, ast.Attribute)):
                yield from _below(each, inner, here)


def put(node: ast.stmt, path: Path, new: ast.AST) -> ast.stmt:
    """Return a copy of a statement with another node at the end of a way."""
    result = _without_body(node)
    place: Any = result
    for field, index in path[:-1]:
        place = getattr(place, field) if index is None else getattr(place, field)[index]
    field, index = path[-1]
    if index is None:
        setattr(place, field, new)
    else:
        getattr(place, field)[index] = new
    return result


def _without_body(node: Any) -> ast.stmt:
    """Return a copy of a statement which shares its body, if it has one."""
    if not isinstance(node, (ast.For, ast.If, ast.While)):
        return copied(node)
    new: Any = copy.copy(node)
    for field in ("iter", "test", "target"):
        if hasattr(node, field):
            setattr(new, field, copied(getattr(node, field)))
    return new  # type: ignore[no-any-return]


def parsed(text: str) -> ast.expr:
    """Return the expression that a text is."""
    return ast.parse(text, mode="eval").body


def number_of(node: ast.AST) -> float | None:
    """Return the number that a constant is."""
    value = getattr(node, "value", None)
    return value if isinstance(node, ast.Constant) and isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _variants(node: ast.expr, above: ast.AST, scope: Scope) -> Iterator[Variant]:
    text = ast.unparse(node)
    if isinstance(above, ast.Call) and len(above.args) > 1 and _name(above) in CUTTING:
        return
    is_function = isinstance(above, ast.Call) and above.func is node
    if isinstance(node, ast.Constant):
        yield from _of_constant(node, above)
    elif not is_function and not isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
        if text in scope.terms:
            yield from _of_term(node, text, scope)
        if isinstance(node, ast.BinOp):
            yield from _of_operation(node, text)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(above, ast.Slice):
            yield "sign", text, "", node.operand, 1.0
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Invert, ast.Not)):
            yield "condition", text, ast.unparse(node.operand), node.operand, 1.2
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from _of_comparison(node, text)
        elif isinstance(node, ast.Call):
            yield from _of_call(node, text, scope)
        elif isinstance(node, ast.Subscript):
            yield from _of_entry(node, text, scope)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield "transpose-extra", text, ast.unparse(node.value), node.value, 1.0
            if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.MatMult):
                yield from _of_product(node.value.left, node.value.right, text)
        elif isinstance(node, ast.IfExp):
            yield "condition", text, "", ast.IfExp(node.test, node.orelse, node.body), 1.2
        elif isinstance(node, ast.Tuple) and isinstance(above, (ast.Return, ast.Assign)):
            yield from _of_order(node, text)
        yield from _anywhere(node, above, text, scope)
    elif is_function and isinstance(node, ast.Name):
        for other in scope.functions:
            if other != text:
                yield "function", text, other, parsed(other), 1.5


def _name(call: ast.Call) -> str:
    """Return the last part of what a call calls."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _of_term(node: ast.expr, text: str, scope: Scope) -> Iterator[Variant]:
    value = scope.terms[text]
    if isinstance(value, np.ndarray) and value.ndim:
        for other in scope.arrays(value.dtype.kind):
            there = scope.terms[other]
            if other != text and there.ndim == value.ndim and not (there.shape == value.shape and np.array_equal(there, value)):
                yield "other-name", text, other, parsed(other), 1.5 if there.shape == value.shape else 2.0
    else:
        whole = [t for t, v in scope.terms.items() if isinstance(v, (int, np.integer)) and v != value]
        for other in [*scope.scalars(), *whole]:
            if other != text and scope.terms[other] != value:
                yield "other-name", text, other, parsed(other), 1.6
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            for shift, word in ((1, "+ 1"), (-1, "- 1")):
                yield "index", text, f"{text} {word}", parsed(f"{text} {'+' if shift > 0 else '-'} 1"), 1.6


def _of_operation(node: ast.BinOp, text: str) -> Iterator[Variant]:
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        minus = ast.UnaryOp(ast.USub(), node.right) if isinstance(node.op, ast.Sub) else node.right
        yield "term-extra", right, "", node.left, 1.5
        yield "term-extra", left, "", minus, 1.5
        yield "sign", text, "", ast.BinOp(ast.UnaryOp(ast.USub(), node.left), ast.Add() if isinstance(node.op, ast.Add) else ast.Sub(), node.right), 1.2
        if isinstance(node.op, ast.Sub):
            yield "sign", text, f"{right} - {left}", ast.BinOp(node.right, ast.Sub(), node.left), 1.1
    elif isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
        kind = "divisor-extra" if isinstance(node.op, ast.Div) else "factor-extra"
        yield kind, right, "", node.left, 1.5
        if not isinstance(node.op, ast.Div):
            yield "factor-extra", left, "", node.right, 1.5
        else:
            yield "upside-down", text, f"{right} / {left}", ast.BinOp(node.right, ast.Div(), node.left), 1.5
        if isinstance(node.op, ast.MatMult):
            yield from _of_product(node.left, node.right, text)
    elif isinstance(node.op, ast.Pow):
        yield "power-extra", text, left, node.left, 1.0
    for operator in OPERATORS.get(type(node.op), ()):
        new = ast.BinOp(node.left, operator(), node.right)
        is_sign = {type(node.op), operator} == {ast.Add, ast.Sub}
        yield ("sign-of-term" if is_sign else "operator"), (right if is_sign else text), ast.unparse(new), new, 1.0 if is_sign else 1.6


def _of_product(left: ast.expr, right: ast.expr, text: str) -> Iterator[Variant]:
    """Yield a matrix product with its factors in the other order, and with each of them transposed or not."""
    for first, second in ((left, right), (right, left)):
        for ways in itertools.product((False, True), repeat=2):
            factors = [_transposed(each) if way else each for each, way in zip((first, second), ways, strict=True)]
            new = ast.BinOp(factors[0], ast.MatMult(), factors[1])
            kind = "wrong-product" if first is right or all(ways) else "transpose-missing"
            if ast.unparse(new) != text:
                yield kind, text, ast.unparse(new), new, 1.2 + 0.2 * sum(ways) + (0.3 if first is right else 0.0)


def _transposed(node: ast.expr) -> ast.expr:
    """Return the transpose of an expression, of a transpose what it is of."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _of_constant(node: ast.Constant, above: ast.AST) -> Iterator[Variant]:
    number, was = number_of(node), ast.unparse(node)
    if node.value is None or isinstance(node.value, bool):
        for other in (0, 1) if node.value is None and isinstance(above, ast.keyword) and above.arg == "axis" else ():
            yield "axis", was, str(other), ast.Constant(other), 0.9
        return
    if number is None:
        return
    if isinstance(above, ast.keyword) and above.arg in ("axis", "keepdims") or isinstance(above, (ast.Subscript, ast.Slice)):
        for other in (0, 1, -1, None, number + 1, number - 1) if isinstance(number, int) else ():
            if other != number and not (other is None and isinstance(above, ast.Subscript)):
                yield ("axis" if isinstance(above, ast.keyword) else "index"), was, str(other), ast.Constant(other), 1.0
        return
    tried = [*(number * factor for factor in TIMES), number + 1, number - 1, *KNOWN]
    tried += [1 / number, np.sqrt(number), number * np.pi, number * np.sqrt(2), number / np.sqrt(2)] if number > 0 else []
    seen = {float(number)}
    for other in tried:
        if float(other) not in seen and np.isfinite(other):
            seen.add(float(other))
            value: Any = int(other) if float(other).is_integer() and isinstance(number, int) else float(other)
            is_power = isinstance(above, ast.BinOp) and isinstance(above.op, ast.Pow) and above.right is node
            yield ("power" if is_power else "constant"), was, f"{value:g}", ast.Constant(value), 1.0


def _of_comparison(node: ast.Compare, text: str) -> Iterator[Variant]:
    for operator in FLIPPED.get(type(node.ops[0]), ()):
        new = ast.Compare(node.left, [operator()], node.comparators)
        yield "condition", text, ast.unparse(new), new, 1.0


def _of_call(node: ast.Call, text: str, scope: Scope) -> Iterator[Variant]:
    function, arguments = node.func, list(node.args)
    is_method = isinstance(function, ast.Attribute) and ast.unparse(function.value) not in (scope.numpy, "functions", "ae", "sheet")
    name = _name(node)
    inner = function.value if is_method and isinstance(function, ast.Attribute) else arguments[0] if arguments else None
    if isinstance(inner, ast.expr):
        kind = KINDS.get(name, "clipped" if name in CUTTING else "function-extra")
        yield kind, text, ast.unparse(inner), inner, 1.5
    if name == "where" and len(arguments) == 3:
        yield "condition", text, "", ast.Call(function, [arguments[0], arguments[2], arguments[1]], []), 1.2
        yield "function-extra", text, ast.unparse(arguments[1]), arguments[1], 1.6
    if len(arguments) > 1:
        for i, j in itertools.combinations(range(len(arguments)), 2):
            swapped = list(arguments)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            yield "order-of-arguments", text, "", ast.Call(function, swapped, node.keywords), 1.5
        for index in range(1, len(arguments)):
            kind = "clipped" if name in CUTTING else "function-extra"
            yield kind, text, ast.unparse(arguments[index]), arguments[index], 1.8
    for other in SWAPPED.get(name, ()):
        attribute = ast.Attribute(function.value, other, ast.Load()) if isinstance(function, ast.Attribute) else None
        if attribute is not None:
            yield ("mean-or-sum" if name in REDUCING else "function"), name, other, ast.Call(attribute, arguments, node.keywords), 1.1
    if not is_method and isinstance(function, ast.Attribute):
        for other in scope.functions:
            if other != ast.unparse(function):
                yield "function", ast.unparse(function), other, ast.Call(parsed(other), arguments, node.keywords), 1.6
    if name == "dot" and (len(arguments) == 2 or (is_method and arguments)):
        pair = (inner, arguments[0]) if is_method else (arguments[0], arguments[1])
        if isinstance(pair[0], ast.expr):
            yield from _of_product(pair[0], pair[1], text)
    if name in ("reshape", "transpose", "swapaxes") and isinstance(inner, ast.expr):
        yield "transpose-missing", text, "", ast.Attribute(inner, "T", ast.Load()), 1.2
    if name in REDUCING:
        yield from _of_reduction(node, is_method, text)


def _of_reduction(node: ast.Call, is_method: bool, text: str) -> Iterator[Variant]:
    """Yield a reduction over another axis, over all, and with the axis kept or not."""
    rest = [k for k in node.keywords if k.arg != "axis"]
    leading = node.args[:0] if is_method else node.args[:1]
    for axis in (None, 0, 1, -1):
        keywords = [*rest, *([] if axis is None else [ast.keyword("axis", ast.Constant(axis))])]
        new = ast.Call(node.func, list(leading), keywords)
        if ast.unparse(new) != text:
            yield "axis", text, ast.unparse(new), new, 0.9
    axis_there = node.args[len(leading) :]
    without = [k for k in node.keywords if k.arg != "keepdims"]
    kept = any(k.arg == "keepdims" for k in node.keywords)
    changed = without if kept else [*without, ast.keyword("keepdims", ast.Constant(value=True))]
    new = ast.Call(node.func, [*leading, *axis_there], changed)
    yield "kept-axis", text, ast.unparse(new), new, 1.3


def _of_entry(node: ast.Subscript, text: str, scope: Scope) -> Iterator[Variant]:
    whole = ast.unparse(node.value)
    yield "index", text, whole, node.value, 1.3
    if isinstance(node.slice, ast.Slice):
        for lower, upper in ((None, None), (None, -1), (1, None)):
            bounds = [None if bound is None else ast.Constant(bound) for bound in (lower, upper)]
            new = ast.Subscript(node.value, ast.Slice(bounds[0], bounds[1], None), node.ctx)
            if ast.unparse(new) != text:
                yield "index", text, ast.unparse(new), new, 1.3
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        first, second = node.slice.elts
        yield "index", text, "", ast.Subscript(node.value, ast.Tuple([second, first], ast.Load()), node.ctx), 1.4
    labels = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for label in labels:
        if isinstance(scope.terms.get(ast.unparse(label)), np.ndarray):
            rows = parsed(f"{scope.numpy}.arange(len({ast.unparse(label)}))")
            yield "index", text, "", ast.Subscript(node.value, ast.Tuple([rows, label], ast.Load()), node.ctx), 1.4


def _of_order(node: ast.Tuple, text: str) -> Iterator[Variant]:
    for i, j in itertools.combinations(range(len(node.elts)), 2):
        swapped = list(node.elts)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield "order-of-results", text, "", ast.Tuple(swapped, node.ctx), 1.0


def is_slot(node: ast.expr, above: ast.AST, of_arrays: bool = False) -> bool:
    """Whether a factor put here is another one than the same factor put around: not within a product."""
    products = ast.Mult if of_arrays else (ast.Mult, ast.MatMult)
    if isinstance(above, ast.BinOp) and isinstance(above.op, products):
        return False
    if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div) and above.left is node:
        return False
    if isinstance(above, (ast.Attribute, ast.UnaryOp, ast.Subscript, ast.Slice, ast.keyword, ast.Compare)):
        return False
    return not isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred, ast.JoinedStr))


def _anywhere(node: ast.expr, above: ast.AST, text: str, scope: Scope) -> Iterator[Variant]:
    """Yield what may be missing around any expression: a sign, a constant, a size, a number, a transpose, a sum, a power."""
    if isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Compare, ast.Slice, ast.Starred, ast.JoinedStr)):
        return
    if isinstance(above, (ast.Slice, ast.Subscript)) and not (isinstance(above, ast.Subscript) and above.value is node):
        return
    in_call_name = isinstance(above, ast.Call) and above.func is node
    if in_call_name:
        return
    yield "transpose-missing", text, f"{text}.T", ast.Attribute(node, "T", ast.Load()), 1.0 if text in scope.terms else 1.4
    yield "square-missing", text, f"{text} ** 2", ast.BinOp(node, ast.Pow(), ast.Constant(2)), 1.4
    for axis in (0, 1):
        yield "sum-missing", text, "", parsed(f"({text}).sum(axis={axis})"), 1.6
    for function in [*(f"{scope.numpy}.{each}" for each in APPLIED), *scope.functions]:
        yield "function-missing", text, function, parsed(f"{function}({text})"), 1.8
    if isinstance(above, ast.BinOp) and isinstance(above.op, (ast.Mult, ast.Div)):
        yield "one-minus-missing", text, f"1 - {text}", parsed(f"(1 - ({text}))"), 1.5
    if not is_slot(node, above):
        return
    if not isinstance(above, ast.Compare):
        yield "sign", text, "", ast.UnaryOp(ast.USub(), node), 1.0
    for number in (2.0, 0.5, 4.0, 0.25, 3.0):
        shown = f"{number:g}"
        yield "constant-missing", text, shown, ast.BinOp(ast.Constant(number), ast.Mult(), node), 1.3
    for count in scope.counts():
        yield "count-missing", text, f"1/{count}", ast.BinOp(node, ast.Div(), parsed(count)), 1.3
        yield "count-missing", text, count, ast.BinOp(node, ast.Mult(), parsed(count)), 1.5
    for scalar in scope.scalars():
        yield "number-missing", text, scalar, ast.BinOp(parsed(scalar), ast.Mult(), node), 1.2
        yield "number-missing", text, f"1/{scalar}", ast.BinOp(node, ast.Div(), parsed(scalar)), 1.6
        yield "number-missing", text, f"1 - {scalar}", parsed(f"(1 - {scalar}) * ({text})"), 1.8
        yield "number-missing", text, f"1/(1 - {scalar})", parsed(f"({text}) / (1 - {scalar})"), 1.8


def _of_the_statement(node: ast.stmt, scope: Scope, following: Sequence[ast.stmt]) -> Iterator[Edit]:
    """Yield the edits of a statement as a whole: how it assigns, whether it belongs there, and where."""
    if isinstance(node, ast.AugAssign):
        target = copied(node.target)
        whole = ast.unparse(target)
        plain = ast.Assign([target], copied(node.value), lineno=node.lineno)
        yield Edit("accumulates", whole, "", [ast.copy_location(plain, node)], 1.0)
        for operator, kind in ((ast.Add, "sign-of-term"), (ast.Sub, "sign-of-term"), (ast.Mult, "operator"), (ast.Div, "operator")):
            if not isinstance(node.op, operator):
                new = copied(node)
                new.op = operator()
                yield Edit(kind, ast.unparse(node.value), "", [new], 1.1)
        yield Edit("statement-extra", ast.unparse(node), "", [ast.copy_location(ast.Pass(), node)], 0.8)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        text = ast.unparse(target)
        if text in scope.terms or isinstance(target, ast.Subscript):
            adding = ast.AugAssign(copied(target), ast.Add(), copied(node.value))
            yield Edit("overwrites", text, "", [ast.copy_location(adding, node)], 1.1)
            yield Edit("statement-extra", ast.unparse(node), "", [ast.copy_location(ast.Pass(), node)], 0.8)
    for field in ("target", "targets"):
        found = getattr(node, field, None)
        target = found[0] if isinstance(found, list) else found
        if isinstance(target, ast.Subscript) and not isinstance(node, ast.For):
            for kind, was, now, new, cost in _of_entry(target, ast.unparse(target), scope):
                stored: Any = copied(new)
                stored.ctx = ast.Store()
                yield Edit(kind, was, now, [put(node, ((field, 0 if isinstance(found, list) else None),), stored)], cost)
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield Edit("statement-extra", ast.unparse(node), "", [ast.copy_location(ast.Pass(), node)], 0.8)
