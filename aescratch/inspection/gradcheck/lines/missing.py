"""A factor or a term that is missing in a line, found among the terms that the line could have used.

    value of a line, the right gradient -> their quotient, or difference -> functions of terms, times a constant?

Candidates are first compared with the slopes of every value of the forward, which needs no run of the backward.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.lines.edits import Edit
from aescratch.inspection.gradcheck.lines.probing import Gradients, Target
from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.trees import Path, expressions, is_slot, parsed, put
from aescratch.inspection.gradcheck.numeric import broadcasts, largest_size

FUNCTIONS = (
    "{v}", "{v} ** 2", "(1 - {v})", "(1 - {v} ** 2)", "{v} * (1 - {v})", "(1 + {v})", "({v} > 0)", "({v} <= 0)",
    "(1 / {v})", "(1 / {v} ** 2)", "(1 / (1 - {v}))", "(1 / ({v} * (1 - {v})))", "{n}.exp({v})", "{n}.exp(0.5 * {v})",
    "{n}.exp(2 * {v})", "{n}.exp(-{v})", "{n}.exp(-0.5 * {v} ** 2)", "{n}.sign({v})", "{n}.abs({v})", "{n}.sqrt({v})",
    "(1 / {n}.sqrt({v}))", "{n}.log({v})",
    "{n}.tanh({v})", "(1 - {n}.tanh({v}) ** 2)", "(1 / (1 + {n}.exp(-{v})))", "(1 - 2 * {v})", "{v} ** 3",
)  # fmt: skip
FEW = FUNCTIONS[:9]  # of an expression that isn't a name, and where each must be tried in a run
NUMBERS = (  # constants that appear in formulas
    1.0, 2.0, 0.5, 3.0, 4.0, 0.25, 1.5, 1 / 3, 6.0, 0.1, 10.0, np.pi, np.sqrt(2), np.sqrt(0.5), np.sqrt(2 / np.pi),
    1 / np.sqrt(2 * np.pi),
)  # fmt: skip
ALONG = 1e-12  # the squared cosine of two multiples may fall short of 1 by this
SAME = 1e-7
MOST_ENTRIES = 150
MOST_TERMS = 16
MOST_PAIRS = 4  # the simplest of the products with equal values


@dataclass
class Named:
    """An array, and the source that computes it from terms."""

    text: str
    array: Array
    cost: float = 0.0


def missing(
    node: ast.stmt, scope: Scope, targets: Sequence[Target], gradients: Gradients, is_right: bool,
    computed: Sequence[str],
) -> Iterator[Edit]:  # fmt: skip
    """Yield edits that insert a factor or a term which makes the statement's value a gradient."""
    constants = Constants(scope)
    found = [*functions_of_terms(scope), *functions_of_terms(_computed(computed, scope), FEW)]
    for path, part in parts(node):
        value = scope.value(part)
        if value is not None:
            fitting = [target for target in targets if target.array.size == value.size or not value.ndim]
            yield from _factors(node, path, part, found, gradients, scope, constants)
            yield from _by_truth(node, path, part, value, found, fitting, scope, is_right, constants)


def factors(node: ast.stmt, scope: Scope) -> Iterator[Edit]:
    """Yield edits that insert a factor into a statement whose value is no gradient, such as a slope."""
    found = functions_of_terms(scope, FEW)
    for path, part in parts(node):
        yield from _factors(node, path, part, found, None, scope, Constants(scope))


def parts(node: ast.stmt) -> Iterator[tuple[Path, ast.expr]]:
    """Yield the expressions whose values a statement assigns or returns, with the path to each."""
    value = getattr(node, "value", None)
    if isinstance(node, (ast.For, ast.If, ast.While)) or value is None:
        return
    if isinstance(value, (ast.Tuple, ast.List)):
        yield from (((("value", None), ("elts", i)), each) for i, each in enumerate(value.elts))
    elif isinstance(value, ast.Dict):
        yield from (((("value", None), ("values", i)), each) for i, each in enumerate(value.values))
    else:
        yield (("value", None),), value


def _computed(expressions: Sequence[str], scope: Scope) -> Scope:
    """Return a scope of the values of forward's and backward's expressions that are not among the terms yet."""
    known, found = [v for v in scope.terms.values() if isinstance(v, np.ndarray)], dict[str, Any]()
    for text in expressions:
        value = scope.value(parsed(text))
        if value is None or not value.ndim or any(np.array_equal(v, value) for v in known):
            continue
        known.append(value)
        found[f"({text})" if isinstance(parsed(text), ast.BinOp) else text] = value
    return replace(scope, terms=found)


@functools.cache
def _function(template: str, numpy: str) -> ast.expr:
    return parsed(template.format(v="term_", n=numpy))


def functions_of_terms(scope: Scope, templates: Sequence[str] = FUNCTIONS) -> list[Named]:
    """Return usual functions of each array among the terms."""
    found = []
    for term in scope.arrays()[-MOST_TERMS:]:
        own = [f"{function}({{v}})" for function in scope.functions]
        for cost, template in enumerate([*templates, *own]):
            text = template.format(v=term, n=scope.numpy)
            array = scope.value(_function(template, scope.numpy), term_=scope.terms[term])
            if array is not None and np.isfinite(array).all() and np.ptp(array) > SAME * np.abs(array).max():
                found.append(Named(text, array, (0.0 if cost == 0 else 0.3) + (0.3 if templates is FEW else 0.0)))
    return found


def _factors(
    node: ast.stmt, path: Path, part: ast.expr, found: Sequence[Named], gradients: Gradients | None, scope: Scope,
    constants: Constants,
) -> Iterator[Edit]:  # fmt: skip
    """Yield edits with one function of one term as a factor, anywhere in an expression.

    The value is then a multiple of a gradient; if no gradients are given, it may be anything.
    """
    holder = ast.Expr(part)
    for inner, expression, above in expressions(holder):
        if not is_slot(expression, above, of_arrays=True):
            continue
        marked = put(holder, inner, ast.BinOp(expression, ast.Mult(), ast.Name("factor_", ast.Load())))
        assert isinstance(marked, ast.Expr)
        there = scope.value(expression)
        for factor in found:
            if there is None or not broadcasts(factor.array.shape, there.shape) or _divides(factor.text, expression):
                continue
            value = scope.value(marked.value, factor_=factor.array)
            if value is None or not np.isfinite(value).all() or np.ptp(value) <= SAME * largest_size(value):
                continue
            read = [each for n in (gradients.multiples(value) if gradients else ()) for each in constants.read(n)]
            for text, extra in [*read, ("1", 0.5)] if read or gradients is None else ():  # a later line may have it
                now = factor.text if text == "1" else f"{text} * {factor.text}"
                new = put(node, (*path, *inner[1:]), ast.BinOp(expression, ast.Mult(), parsed(f"({now})")))
                yield Edit("factor-missing", ast.unparse(expression), now, new, 2.0 + extra + factor.cost)


def _by_truth(
    node: ast.stmt, path: Path, part: ast.expr, value: Array, found: Sequence[Named], targets: Sequence[Target],
    scope: Scope, is_right: bool, constants: Constants,
) -> Iterator[Edit]:  # fmt: skip
    """Yield edits with a product of two functions of terms, as a factor, as a term, or alone."""
    if value.size > MOST_ENTRIES:
        return
    arrays = [*found, *_products(scope)]
    by_shape: dict[tuple[int, ...], tuple[list[Named], Array]] = {}
    for target in targets:
        shape = value.shape or target.array.shape
        if shape not in by_shape:
            fitting = [each for each in arrays if broadcasts(each.array.shape, shape)]
            flat = [np.broadcast_to(each.array, shape).reshape(-1) for each in fitting]
            by_shape[shape] = fitting, np.stack(flat) if flat else np.zeros((0, 0))
        fitting, rows = by_shape[shape]
        truth = target.gradient if fitting else None
        if truth is None or (truth.shape != value.shape and value.ndim):
            continue
        if np.allclose(truth, value, SAME, SAME * np.abs(truth).max()):
            continue
        for inner, addend, sign in _addends(part):
            alone = scope.value(addend)
            if alone is None or not broadcasts(alone.shape, shape):
                continue
            wanted = truth - value + sign * alone
            with np.errstate(all="ignore"):
                quotient = np.where(alone != 0, wanted / alone, np.nan) * sign
            if (np.abs(wanted[np.broadcast_to(alone == 0, shape)]) > SAME * np.abs(truth).max()).any():
                quotient = np.full(shape, np.nan)  # no factor turns 0 into another value
            for now, cost in _pairs(fitting, rows, quotient, constants):
                if _divides(now, addend) or isinstance(addend, ast.Constant):
                    continue
                new = ast.BinOp(addend, ast.Mult(), parsed(f"({now})"))
                yield Edit("factor-missing", ast.unparse(addend), now, put(node, (*path, *inner), new), 2.2 + cost)
        for now, cost in _pairs(fitting, rows, truth - value, constants):
            negative = now.startswith("-")
            text = now[1:] if negative else now
            new = ast.BinOp(part, ast.Sub() if negative else ast.Add(), parsed(text))
            yield Edit("term-missing", ast.unparse(part), now, put(node, path, new), 2.3 + cost)
        for now, cost in () if is_right else _pairs(fitting, rows, truth, constants):
            yield Edit("formula", ast.unparse(part), now, put(node, path, parsed(now)), 3.0 + cost)


def _addends(part: ast.expr, path: Path = (), sign: float = 1.0) -> Iterator[tuple[Path, ast.expr, float]]:
    """Yield the terms of a sum, with the path to each and its sign; the whole sum first."""
    yield path, part, sign
    if isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Add, ast.Sub)):
        yield from _addends(part.left, (*path, ("left", None)), sign)
        yield from _addends(part.right, (*path, ("right", None)), -sign if isinstance(part.op, ast.Sub) else sign)


def _products(scope: Scope) -> list[Named]:
    """Return matrix products of two terms, and sums of one over its rows or columns."""
    found = []
    matrices = [(t, scope.terms[t]) for t in scope.arrays() if scope.terms[t].ndim == 2][-MOST_TERMS:]
    for (a, A), (b, B) in itertools.product(matrices, repeat=2):
        for text, left, right in ((f"{a} @ {b}", A, B), (f"{a}.T @ {b}", A.T, B), (f"{a} @ {b}.T", A, B.T)):
            if left.shape[1] == right.shape[0] and a != b:
                found.append(Named(f"({text})", left @ right, 0.4))
    for labels in scope.arrays("iu"):
        value = scope.terms[labels]
        widths = {A.shape[1]: a for a, A in matrices if value.ndim == 1 and len(A) == len(value)}
        for width, a in widths.items():
            if value.min() >= 0 and value.max() < width:
                found.append(Named(f"{scope.numpy}.eye({a}.shape[1])[{labels}]", np.eye(width)[value], 0.5))
    for a, A in matrices:
        found.append(Named(f"{a}.sum(axis=0)", A.sum(0), 0.2))
        found.append(Named(f"{a}.sum(axis=1, keepdims=True)", A.sum(1, keepdims=True), 0.3))
        found.append(Named(f"{a}.mean(axis=0)", A.mean(0), 0.3))
        if A.shape[0] == A.shape[1]:
            found.append(Named(f"{a}.T", A.T, 0.2))
    return found


def _pairs(arrays: Sequence[Named], rows: Array, wanted: Array, constants: Constants) -> Iterator[tuple[str, float]]:
    """Yield products of a constant and at most two arrays that equal the target, as source, with a cost."""
    target = wanted.reshape(-1)
    known = np.isfinite(target)
    if known.sum() < max(3, 0.25 * known.size) or not target[known].any():
        return
    target, rows = target[known], np.concatenate([np.ones((1, known.sum())), rows[:, known]])  # the first: no array
    seen: list[tuple[float, str]] = []
    for i, j in _along(rows, target):
        product = rows[i] * rows[j]
        number = float(product @ target / (product @ product)) if product.any() else 0.0
        if number and np.abs(number * product - target).max() <= SAME * np.abs(target).max():
            chosen = [arrays[place - 1] for place in (i, j) if place]
            text, cost = " * ".join(each.text for each in chosen), sum(each.cost for each in chosen) + 0.5 * len(chosen)
            for constant, extra in constants.read(number):
                plain = {"1": text, "-1": f"-{text}"}.get(constant) if text else constant
                seen.append((cost + extra, plain or f"{constant} * {text}"))
    yield from ((whole, cost) for cost, whole in sorted(seen)[:MOST_PAIRS])


def _along(rows: Array, target: Array) -> list[tuple[int, int]]:
    """Return the pairs of rows whose product is parallel to the target: the target over one is parallel to the other.

    If both rows contain zeros, as masks do, the products themselves are compared.
    """
    dividing = (rows != 0).all(1)
    quotients, unit = target / rows[dividing], rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    quotients = quotients / np.linalg.norm(quotients, axis=1, keepdims=True)
    found = np.argwhere(np.abs(quotients @ unit.T) >= 1 - ALONG)
    pairs = {tuple(sorted((int(np.flatnonzero(dividing)[i]), int(j)))) for i, j in found}
    masks = np.flatnonzero(~dividing)
    for place, i in enumerate(masks):
        products = rows[masks[place:]] * rows[i]
        near = (products @ target) ** 2 >= (1 - 2 * ALONG) * (products**2).sum(1) * (target @ target)
        pairs |= {(int(i), int(j)) for j in masks[place:][near & products.any(1)]}
    return sorted(pairs)  # type: ignore[arg-type]


class Constants:
    """Numbers as source: a usual constant, multiplied or divided by a size or by a number among the terms."""

    texts: list[Any]
    values: Array
    costs: Array

    def __init__(self, scope: Scope) -> None:
        sizes: list[tuple[str, float, float]] = [("", 1.0, 0.0)]
        for count in scope.counts():
            value = scope.value(parsed(f"1.0 * {count}"))
            if value is not None:
                cost = 0.6 if "." in count else 0.3
                sizes += [(f" / {count}", 1 / float(value), cost), (f" * {count}", float(value), 2 * cost)]
        scalars: list[tuple[str, float, float]] = [("", 1.0, 0.0)]
        for scalar in scope.scalars():
            number = float(scope.terms[scalar])
            if number not in (0.0, 1.0):
                scalars += [
                    (f" * {scalar}", number, 0.3),
                    (f" / {scalar}", 1 / number, 0.6),
                    (f" * (1 - {scalar})", 1 - number, 0.6),
                ]
        self.texts, values, costs = [], [], []
        for (size, a, cost), (scalar, b, more), number in itertools.product(sizes, scalars, NUMBERS):
            shown = "1" if number == 1.0 else f"{number:.17g}"
            self.texts.append(f"{shown}{scalar}{size}".removeprefix("1 * "))
            values.append(a * b * number)
            costs.append(cost + more + (0.0 if number == 1.0 else 0.2))
        self.values, self.costs = np.array(values), np.array(costs)

    def read(self, number: float) -> list[tuple[str, float]]:
        """Return the simplest source texts for a number, with their costs."""
        near = np.flatnonzero(np.abs(self.values - abs(number)) <= SAME * abs(number))
        simplest = near[np.argsort(self.costs[near], kind="stable")][:8]
        sign = "-" if number < 0 else ""
        return [(f"{sign}{self.texts[i]}", float(self.costs[i]) + (0.1 if sign else 0.0)) for i in simplest]


def _divides(factor: str, expression: ast.expr) -> bool:
    """Whether a factor divides by its own expression: that says only that another expression belongs there."""
    text = ast.unparse(expression)
    return any(f"(1 / {each}{end}" in factor for each in (text, f"({text})") for end in ") ")
