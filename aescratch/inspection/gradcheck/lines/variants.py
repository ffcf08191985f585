"""Variants: what an expression may have been meant to be, one at a time, each undoing a typical slip.

    expression, its parent, the scope -> Variant(kind, what is there, what belongs there, expression, cost)

A common slip has a low cost: of two variants with the same effect, the cheaper is reported.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.trees import CUTTING, NO_ARRAY, called, is_slot, number_of, parsed, root_of

Variant = tuple[str, str, str, ast.AST, float]  # kind, what is there, what belongs there, the node, cost

APPLIED = ("sqrt", "exp", "tanh", "log", "abs", "sign")  # functions that may have been left out
SWAPPED: dict[str, tuple[str, ...]] = {  # functions that are often confused
    "sin": ("cos",), "cos": ("sin",), "tanh": ("sin", "cos", "exp"), "exp": ("log", "expm1", "log1p", "tanh"),
    "log": ("log1p", "exp", "sqrt"), "sqrt": ("square", "abs", "log"), "square": ("sqrt", "abs"),
    "abs": ("sign", "square"), "sign": ("abs", "tanh"), "maximum": ("minimum", "add"), "minimum": ("maximum",),
    "greater": ("less",), "less": ("greater",), "zeros_like": ("ones_like",), "ones_like": ("zeros_like",),
    "sum": ("mean", "max", "prod"), "mean": ("sum",), "max": ("sum", "min", "mean"), "min": ("max", "sum"),
    "median": ("mean", "sum"), "prod": ("sum",), "cumsum": ("sum",), "argmax": ("argmin",), "argmin": ("argmax",),
    "tril": ("triu",), "triu": ("tril",), "outer": ("dot", "multiply"), "dot": ("multiply", "outer"),
    "multiply": ("dot",), "var": ("std",), "std": ("var",), "log1p": ("log",), "expm1": ("exp",),
}  # fmt: skip
KINDS = {"sum": "sum-extra", "mean": "sum-extra", "transpose": "transpose-extra"}  # superfluous calls
REDUCING = {"sum", "mean", "max", "min", "median", "prod", "cumsum", "var", "std", "argmax", "argmin"}
TIMES = (2.0, 0.5, -1.0, 4.0, 0.25, 3.0, 1 / 3, 10.0, 0.1)
KNOWN = (  # numbers that appear in formulas
    0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -2.0, -0.5, 0.044715, 1.702, np.pi, np.sqrt(2), np.sqrt(0.5), np.sqrt(2 / np.pi),
    1 / np.sqrt(2 * np.pi),
)  # fmt: skip
MISSING_NUMBERS = (
    "2", "0.5", "4", "0.25", "3", "1 / {n}.sqrt(2 * {n}.pi)", "1 / {n}.sqrt(2)", "{n}.sqrt(2)", "{n}.sqrt(2 / {n}.pi)",
)  # fmt: skip
FLIPPED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.LtE, ast.Lt, ast.GtE), ast.Lt: (ast.GtE, ast.Gt, ast.LtE), ast.GtE: (ast.Lt, ast.Gt, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt, ast.GtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.Mult), ast.Mult: (ast.Div, ast.Add, ast.MatMult, ast.Sub),
    ast.Div: (ast.Mult,), ast.MatMult: (ast.Mult,), ast.FloorDiv: (ast.Div,), ast.Pow: (ast.Mult,),
}  # fmt: skip


def variants(node: ast.expr, above: ast.AST, scope: Scope) -> Iterator[Variant]:
    """Yield what an expression may have been meant to be within its parent."""
    text = ast.unparse(node)
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
            yield from of_entry(node, text, scope)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield "transpose-extra", text, ast.unparse(node.value), node.value, 1.0
            if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.MatMult):
                yield from _of_product(node.value.left, node.value.right, text)
        elif isinstance(node, ast.IfExp):
            yield "condition", text, "", ast.IfExp(node.test, node.orelse, node.body), 1.2
        elif isinstance(node, (ast.Tuple, ast.List)) and isinstance(above, (ast.Return, ast.Assign, ast.Call)):
            yield from _of_order(node, text)  # of gradients, also of those that a call joins
        yield from _anywhere(node, above, text, scope)
    elif is_function and isinstance(node, ast.Name):
        for other in scope.functions:
            if other != text:
                yield "function", text, other, parsed(other), 1.5


def _of_term(node: ast.expr, text: str, scope: Scope) -> Iterator[Variant]:
    value = scope.terms[text]
    if isinstance(value, np.ndarray) and value.ndim:
        for other in scope.arrays(value.dtype.kind):
            there = scope.terms[other]
            if other != text and there.ndim == value.ndim and not np.array_equal(there, value):
                yield "other-name", text, other, parsed(other), 1.5 if there.shape == value.shape else 2.0
    else:
        whole = [t for t, v in scope.terms.items() if isinstance(v, (int, np.integer)) and v != value]
        for other in [*scope.scalars(), *whole]:
            if other != text and scope.terms[other] != value:
                yield "other-name", text, other, parsed(other), 1.6
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            for shifted in (f"{text} + 1", f"{text} - 1"):
                yield "index", text, shifted, parsed(shifted), 1.6


def _of_operation(node: ast.BinOp, text: str) -> Iterator[Variant]:
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        minus = ast.UnaryOp(ast.USub(), node.right) if isinstance(node.op, ast.Sub) else node.right
        yield "term-extra", right, "", node.left, 1.1
        yield "term-extra", left, "", minus, 1.1
        yield "sign", text, "", ast.BinOp(ast.UnaryOp(ast.USub(), node.left), node.op, node.right), 1.2
    elif isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
        kind = "divisor-extra" if isinstance(node.op, ast.Div) else "factor-extra"
        yield kind, right, "", node.left, 1.1
        if not isinstance(node.op, ast.Div):
            yield "factor-extra", left, "", node.right, 1.1
        else:
            yield "upside-down", text, f"{right} / {left}", ast.BinOp(node.right, ast.Div(), node.left), 1.5
        if isinstance(node.op, ast.MatMult):
            yield from _of_product(node.left, node.right, text)
    for operator in OPERATORS.get(type(node.op), ()):
        new = ast.BinOp(node.left, operator(), node.right)
        if {type(node.op), operator} == {ast.Add, ast.Sub}:
            yield "sign-of-term", right, ast.unparse(new), new, 1.0
        else:
            yield "operator", text, ast.unparse(new), new, 1.6


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
    """Return the transpose of an expression; for a transpose, the original."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _of_constant(node: ast.Constant, above: ast.AST) -> Iterator[Variant]:
    number, was = number_of(node), ast.unparse(node)
    if number is None:
        return
    is_axis = isinstance(above, ast.keyword) and above.arg in ("axis", "keepdims")
    if is_axis or isinstance(above, (ast.Subscript, ast.Slice)):
        places: tuple[Any, ...] = (0, 1, -1, None, number + 1, number - 1)
        for place in places if isinstance(number, int) else ():
            if place != number and not (place is None and isinstance(above, ast.Subscript)):
                yield ("axis" if is_axis else "index"), was, str(place), ast.Constant(place), 1.0
        return
    tried = [*(number * factor for factor in TIMES), number + 1, number - 1, *KNOWN]
    if number > 0:
        tried += [1 / number, np.sqrt(number), number * np.pi, number * np.sqrt(2), number / np.sqrt(2)]
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
    is_method = isinstance(function, ast.Attribute) and root_of(function) not in scope.modules
    name = called(node)
    inner = function.value if is_method and isinstance(function, ast.Attribute) else arguments[0] if arguments else None
    if isinstance(inner, ast.expr):
        kind = KINDS.get(name, "clipped" if name in CUTTING else "function-extra")
        yield kind, text, ast.unparse(inner), inner, 1.5
    if name == "where" and len(arguments) == 3:
        yield "condition", text, "", ast.Call(function, [arguments[0], arguments[2], arguments[1]], []), 1.2
    for argument in arguments[1:]:
        kind = "clipped" if name in CUTTING else "function-extra"
        yield kind, text, ast.unparse(argument), argument, 1.8
    if isinstance(function, ast.Attribute):
        for other in SWAPPED.get(name, ()):
            new = ast.Call(ast.Attribute(function.value, other, ast.Load()), arguments, node.keywords)
            yield ("mean-or-sum" if name in REDUCING else "function"), name, other, new, 1.1
        for other in scope.functions if not is_method else ():
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
    """Yield a reduction over another axis, over all axes, and with the axis kept or dropped."""
    rest = [k for k in node.keywords if k.arg != "axis"]
    leading = node.args[:0] if is_method else node.args[:1]
    for axis in (None, 0, 1, -1):
        keywords = [*rest, *([] if axis is None else [ast.keyword("axis", ast.Constant(axis))])]
        new = ast.Call(node.func, list(leading), keywords)
        if ast.unparse(new) != text:
            yield "axis", text, ast.unparse(new), new, 0.9
    axis_there = node.args[len(leading) :]
    without = [k for k in node.keywords if k.arg != "keepdims"]
    kept, keeping = without != node.keywords, ast.keyword("keepdims", ast.Constant(value=True))
    for axis in (0, 1, -1) if not (kept or axis_there) and rest == node.keywords else ():  # both are missing
        new = ast.Call(node.func, list(leading), [*rest, ast.keyword("axis", ast.Constant(axis)), keeping])
        yield "axis", text, ast.unparse(new), new, 1.0
    changed = without if kept else [*without, keeping]
    new = ast.Call(node.func, [*leading, *axis_there], changed)
    yield "kept-axis", text, ast.unparse(new), new, 1.3


def of_entry(node: ast.Subscript, text: str, scope: Scope) -> Iterator[Variant]:
    """Yield other entries of the same array, or the whole array."""
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


def _of_order(node: ast.Tuple | ast.List, text: str) -> Iterator[Variant]:
    for i, j in itertools.combinations(range(len(node.elts)), 2):
        swapped = list(node.elts)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield "order-of-results", text, "", type(node)(swapped, node.ctx), 1.0


def _anywhere(node: ast.expr, above: ast.AST, text: str, scope: Scope) -> Iterator[Variant]:
    """Yield what may be missing around any expression: a sign, a number, a size, a transpose, a sum, a power."""
    if isinstance(node, NO_ARRAY):
        return
    if isinstance(above, (ast.Slice, ast.Subscript)) and not (isinstance(above, ast.Subscript) and above.value is node):
        return
    transposed = ast.Attribute(node, "T", ast.Load())
    yield "transpose-missing", text, f"{text}.T", transposed, 1.0 if text in scope.terms else 1.4
    yield "square-missing", text, f"{text} ** 2", ast.BinOp(node, ast.Pow(), ast.Constant(2)), 1.4
    for name, how in itertools.product(("sum", "mean"), ("axis=0", "axis=1", "axis=1, keepdims=True")):
        yield "sum-missing", text, "", parsed(f"({text}).{name}({how})"), 1.6
    is_constant = not any(isinstance(each, ast.Name) for each in ast.walk(node))  # whose sign is 1, as any factor's
    for function in [] if is_constant else [*(f"{scope.numpy}.{each}" for each in APPLIED), *scope.functions]:
        yield "function-missing", text, function, parsed(f"{function}({text})"), 1.8
    if isinstance(above, ast.BinOp) and isinstance(above.op, (ast.Mult, ast.Div)):
        yield "one-minus-missing", text, f"1 - {text}", parsed(f"(1 - ({text}))"), 1.5
    if not is_slot(node, above) or root_of(node) in scope.modules:
        return
    if not isinstance(above, ast.Compare):
        yield "sign", text, "", ast.UnaryOp(ast.USub(), node), 1.0
    for template in MISSING_NUMBERS:
        number = template.format(n=scope.numpy)
        yield "constant-missing", text, number, ast.BinOp(parsed(number), ast.Mult(), node), 1.3
    for count in scope.counts():
        yield "count-missing", text, f"1/{count}", ast.BinOp(node, ast.Div(), parsed(count)), 1.3
        yield "count-missing", text, count, ast.BinOp(node, ast.Mult(), parsed(count)), 1.5
    for scalar in scope.scalars():
        yield "number-missing", text, scalar, ast.BinOp(parsed(scalar), ast.Mult(), node), 1.2
        yield "number-missing", text, f"1/{scalar}", ast.BinOp(node, ast.Div(), parsed(scalar)), 1.6
        yield "number-missing", text, f"1 - {scalar}", parsed(f"(1 - {scalar}) * ({text})"), 1.8
        yield "number-missing", text, f"1/(1 - {scalar})", parsed(f"({text}) / (1 - {scalar})"), 1.8
