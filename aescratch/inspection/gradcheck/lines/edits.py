"""Edits of a statement: every way to undo one slip in it.

    statement, its scope -> Edit(kind, was, now, the statement in its place, cost)

An edit undoes a typical slip: a wrong name, transpose, sign, constant, axis or sum, or an extra factor or term. Parts
that are missing, and have to be found among the terms, are the subject of `missing`.
"""

from __future__ import annotations

import ast
import collections
import functools
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.trees import Path, called, copied, expressions, number_of, parsed, put
from aescratch.inspection.gradcheck.lines.variants import of_entry, variants

SAME = 1e-9  # relative: a number of forward
NUMBERS = ("2", "0.5", "3", "4", "0.25", "10", "0.1")  # which formulas have, so that a setting may be taken for one


@dataclass
class Edit:
    """One change of a statement: its kind, the old and the new source, the new statement, and the path to it."""

    kind: str
    was: str
    now: str
    node: ast.stmt
    cost: float
    path: Path = ()

    @property
    def repaired(self) -> str:
        """The statement with the edit, as source."""
        return ast.unparse(ast.fix_missing_locations(self.node))


def edits(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield the edits of a statement."""
    for path, expression, above in expressions(node):
        for kind, was, now, new, cost in variants(expression, above, scope):
            yield Edit(kind, was, now, put(node, path, new), cost, path)
    yield from _exchanges(node, scope)
    entries = [(path, each) for path, each, _ in expressions(node) if isinstance(each, ast.Subscript)]
    slices = [(path, each.value) for path, each in entries if isinstance(each.slice, ast.Slice)]
    if len(slices) > 1:
        whole = functools.reduce(lambda new, each: put(new, *each), reversed(slices), node)
        yield Edit("index", ast.unparse(node), "", whole, 1.6)
    yield from _of_the_statement(node, scope)


def rivals(node: ast.stmt, edit: Edit) -> Iterator[ast.stmt]:
    """Yield the statement without what stands around the place of an edit: a call, an index, a condition, a `.T`.

    If one of them is right, too, that is the cause: the edit only takes its effect away, as a bound that no value
    reaches does.
    """
    for path, around, _ in expressions(node):
        if edit.path[: len(path)] == path:
            within = [around, getattr(around, "func", None)]
            ways = [each.value for each in within if isinstance(each, (ast.Attribute, ast.Subscript))]
            ways += getattr(around, "args", [])
            if isinstance(around, ast.Compare):
                ways = [ast.Compare(around.left, [always], [around.left]) for always in (ast.Eq(), ast.NotEq())]
            changed = (put(node, path, way) for way in ways)
            yield from (each for each in changed if ast.unparse(each) != edit.repaired)


def changed_numbers(node: ast.stmt, edit: Edit, scope: Scope) -> collections.Counter[str]:
    """Return the numbers, sizes and settings that an edit inserts or takes away, as source."""
    before, after = (collections.Counter(_numbers(each, scope).values()) for each in (node, edit.node))
    return (after - before) + (before - after)


def _numbers(node: ast.stmt, scope: Scope) -> dict[Path, str]:
    """Return the expressions that are single numbers, and no indices or axes, by the path to each."""
    found = {}
    for path, expression, above in expressions(node):
        value = None if isinstance(above, (ast.Subscript, ast.Slice, ast.keyword)) else scope.value(expression)
        if value is not None and value.ndim == 0:
            found[path] = ast.unparse(expression)
    return found


def doubles(edit: Edit, changed: Collection[str], scope: Scope, code: Sequence[ast.AST]) -> Iterator[ast.stmt]:
    """Yield an edit's statement with another number or setting of the same value in place of one that it inserts.

    If one of them is right, too, wherever that was tried, nobody knows which is meant. What the code computes may be
    the same as what it is compared with, such as n = len(x), and counts only against a number.
    """
    made = {ast.unparse(node) for node in code if isinstance(getattr(node, "ctx", None), ast.Store)}
    assigned = [node for node in code if isinstance(node, ast.Assign) and number_of(node.value) is not None]
    constants = {ast.unparse(target) for node in assigned for target in node.targets}
    used = {ast.unparse(each): each for node in code for each in _operands(node) if number_of(each) is None}
    values = {text: v for text, each in used.items() if (v := scope.value(each)) is not None and not v.ndim}
    settings = {text: v for text, v in values.items() if text in scope.terms and text not in made}
    settings |= {number: np.float64(number) for number in NUMBERS}
    for path, text in _numbers(edit.node, scope).items():
        value = scope.value(parsed(text)) if text in changed else None
        others = values if number_of(parsed(text)) else {} if text in constants else settings
        for other, number in others.items() if value and value != 1 else ():
            if other != text and value in (number, 1 / (number or 1)):
                yield put(edit.node, path, parsed(other if value == number else f"(1 / {other})"))


def of_its_product(node: ast.stmt, edit: Edit, of_forward: set[float | None]) -> Edit:
    """Return the edit of a number in a product as that of the number there which becomes one of forward's.

    With any other of its numbers changed, the product is right, too: unless one is known, it is told as a whole.
    """
    products = ({p: rest for p, *rest in _literals(each, path)} for path, each, _ in expressions(node))
    numbers = next((found for found in products if edit.path in found), {})
    if len(numbers) < 2:
        return edit
    new = {path: number_of(each) for path, each, _ in expressions(edit.node)}[edit.path] or 0.0
    was, power = numbers[edit.path]
    times = (new / was) ** power
    known = [
        (path, value, number) for path, (value, power) in numbers.items() for number in of_forward
        if number and abs(value * times**power - number) <= SAME * abs(number)
    ]  # fmt: skip
    if len(known) == 1:
        path, value, number = known[0]
        return replace(edit, was=f"{value}", now=f"{number}", node=put(node, path, ast.Constant(number)))
    whole = np.prod([value**power for value, power in numbers.values()])
    shown = " * ".join(f"{value}" if power > 0 else f"(1 / {value})" for value, power in numbers.values())
    return replace(edit, kind="constants", was=shown, now=f"{whole * times:.6g}")


def _literals(node: ast.expr, path: Path, power: int = 1) -> Iterator[tuple[Path, float, int]]:
    """Yield the numbers that are factors or divisors in a product, with the path to each, and -1 for a divisor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        yield from _literals(node.left, (*path, ("left", None)), power)
        yield from _literals(node.right, (*path, ("right", None)), -power if isinstance(node.op, ast.Div) else power)
    elif number := number_of(node):
        yield path, number, power


def _operands(node: ast.AST) -> list[ast.expr]:
    """Return what a product, a quotient, a power or a square root is made of."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.Pow)):
        return [node.left, node.right]
    return node.args if isinstance(node, ast.Call) and called(node) == "sqrt" else []


def _exchanges(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield a statement with two of its terms, which are arrays, exchanged."""
    arrays = {*scope.arrays(), *scope.scalars()}
    found = [(path, each, ast.unparse(each)) for path, each, _ in expressions(node)]
    leaves = [(path, each, text) for path, each, text in found if text in arrays]
    for (a, first, one), (b, second, other) in itertools.combinations(leaves, 2):
        if one != other and a[: len(b)] != b and b[: len(a)] != a:
            yield Edit("exchanged", one, other, put(put(node, a, second), b, first), 1.7)
    texts = [text for _, _, text in leaves]
    for one in dict.fromkeys(texts):
        for other in arrays - {one}:
            if texts.count(one) > 1 and np.ndim(scope.terms[one]) == np.ndim(scope.terms[other]):
                yield Edit("other-name", one, other, _renamed(node, leaves, {one: other}), 1.9)
    for one, other in itertools.combinations(dict.fromkeys(texts), 2):
        if texts.count(one) + texts.count(other) > 2:
            yield Edit("exchanged", one, other, _renamed(node, leaves, {one: other, other: one}), 1.8)


def _renamed(node: ast.stmt, leaves: Sequence[tuple[Path, ast.expr, str]], names: Mapping[str, str]) -> ast.stmt:
    """Return a statement with some terms replaced everywhere."""
    for path, _, text in reversed(leaves):  # v[0] is replaced before the v in it, whose path it would cut off
        if text in names:
            node = put(node, path, parsed(names[text]))
    return node


def _of_the_statement(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield the edits of a whole statement: how it assigns, whether it belongs there, and where."""
    is_left_out = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    target: Any = getattr(node, "target", None)
    way: Path = (("target", None),)
    if isinstance(node, ast.AugAssign):
        is_left_out, text = True, ast.unparse(node.target)
        yield Edit("accumulates", text, "", ast.copy_location(ast.Assign([node.target], node.value), node), 1.0)
        for operator in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            if not isinstance(node.op, operator):
                kind = "sign-of-term" if operator in (ast.Add, ast.Sub) else "operator"
                yield Edit(kind, ast.unparse(node.value), "", put(node, (("op", None),), operator()), 1.1)
    if isinstance(node, ast.Assign):
        target, way = node.targets[0], (("targets", 0),)
        text = ast.unparse(target)
        if len(node.targets) == 1 and (text in scope.terms or isinstance(target, ast.Subscript)):
            is_left_out, adding = True, ast.AugAssign(target, ast.Add(), node.value)
            yield Edit("overwrites", text, "", ast.copy_location(adding, node), 1.1)
    if is_left_out:
        yield Edit("statement-extra", ast.unparse(node), "", ast.copy_location(ast.Pass(), node), 0.8)
    if isinstance(target, ast.Subscript) and not isinstance(node, ast.For):
        for kind, was, now, entry, cost in of_entry(target, ast.unparse(target), scope):
            stored: Any = copied(entry)
            stored.ctx = ast.Store()
            yield Edit(kind, was, now, put(node, way, stored), cost)
