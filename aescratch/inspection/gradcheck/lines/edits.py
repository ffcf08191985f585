"""Edits of a statement: every way to undo one slip in it.

    statement, its scope -> Edit(kind, was, now, statements in its place, cost)

An edit undoes a typical slip: a wrong name, transpose, sign, constant, axis or sum, or an extra factor or term. Parts
that are missing, and have to be found among the terms, are the subject of `missing`.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.trees import Path, copied, expressions, parsed, put
from aescratch.inspection.gradcheck.lines.variants import of_entry, variants


@dataclass
class Edit:
    """One change of a statement: its kind, the old and the new source, the new statements, and the path to it."""

    kind: str
    was: str
    now: str
    nodes: list[ast.stmt]
    cost: float
    path: Path = ()

    @property
    def repaired(self) -> str:
        """The statement with the edit, as source."""
        return "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in self.nodes)


def edits(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield the edits of a statement."""
    for path, expression, above in expressions(node):
        for kind, was, now, new, cost in variants(expression, above, scope):
            yield Edit(kind, was, now, [put(node, path, new)], cost, path)
    yield from _exchanges(node, scope)
    entries = [(path, each) for path, each, _ in expressions(node) if isinstance(each, ast.Subscript)]
    slices = [(path, each.value) for path, each in entries if isinstance(each.slice, ast.Slice)]
    if len(slices) > 1:
        whole = functools.reduce(lambda new, each: put(new, *each), reversed(slices), node)
        yield Edit("index", ast.unparse(node), "", [whole], 1.6)
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


def _exchanges(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield a statement with two of its terms, which are arrays, exchanged."""
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
    """Return a statement with some terms replaced everywhere."""
    for path, _, text in reversed(leaves):  # v[0] is replaced before the v in it, whose path it would cut off
        if text in names:
            node = put(node, path, parsed(names[text]))
    return node


def _of_the_statement(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield the edits of a whole statement: how it assigns, whether it belongs there, and where."""
    is_left_out = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.AugAssign):
        is_left_out = True
        plain = ast.Assign([copied(node.target)], copied(node.value), lineno=node.lineno)
        yield Edit("accumulates", ast.unparse(node.target), "", [ast.copy_location(plain, node)], 1.0)
        for operator in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            if not isinstance(node.op, operator):
                kind = "sign-of-term" if operator in (ast.Add, ast.Sub) else "operator"
                new = copied(node)
                new.op = operator()
                yield Edit(kind, ast.unparse(node.value), "", [new], 1.1)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        text = ast.unparse(node.targets[0])
        if text in scope.terms or isinstance(node.targets[0], ast.Subscript):
            is_left_out = True
            adding = ast.AugAssign(copied(node.targets[0]), ast.Add(), copied(node.value))
            yield Edit("overwrites", text, "", [ast.copy_location(adding, node)], 1.1)
    if is_left_out:
        yield Edit("statement-extra", ast.unparse(node), "", [ast.copy_location(ast.Pass(), node)], 0.8)
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(target, ast.Subscript) and not isinstance(node, ast.For):
        whole = ast.unparse(target.value)
        for count in scope.counts():
            divided = ast.parse(f"{whole} /= {count}").body[0]
            yield Edit("count-missing", whole, f"1/{count}", [copied(node), ast.copy_location(divided, node)], 1.6)
        way: Path = (("targets", 0) if isinstance(node, ast.Assign) else ("target", None),)
        for kind, was, now, entry, cost in of_entry(target, ast.unparse(target), scope):
            stored: Any = copied(entry)
            stored.ctx = ast.Store()
            yield Edit(kind, was, now, [put(node, way, stored)], cost)
