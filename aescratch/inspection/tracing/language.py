"""A small language for formulas entry by entry. A formula is parsed once, and then computed, shown and explained.

    "y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]" --read--> Equation
    Equation + arrays --evaluate--> the array on its left, every entry

A tree consists of lists, so that a page can hold it as JSON and compute it by the same rules:

    1.5                                a number
    ["at", "x", ["n", "i"]]            an entry of an array; a number with a name has no indices
    ["index", "c"]  ["size", "n"]      an index as a number; the number of its values, N for the batch
    ["size", "i", entry]               the number of its values at this entry, as in size(i, W[i,0])
    ["sum", "i", tree]                 a sum over an index; "mean" and "max" likewise
    ["+", left, right]                 and - * / ** < > == and or
    ["call", "exp", [tree]]            a function of numbers
    ["if", condition, then, otherwise]
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array, erf

Tree = Any  # a number, or a list as above

OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Lt: "<", ast.Gt: ">", ast.Eq: "==",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip
BINARY: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "**": np.power, "<": np.less,
    ">": np.greater, "==": np.equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "tanh": np.tanh, "abs": np.abs, "sign": np.sign,
    "erf": lambda x: erf(np.asarray(x, np.float64)), "max": np.maximum, "min": np.minimum,
    "floor": np.floor,
}  # fmt: skip
AGGREGATES: dict[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean, "max": np.max}


@dataclass(frozen=True)
class Equation:
    """``name[indices] = tree``."""

    name: str
    indices: tuple[str, ...]
    tree: Tree


@functools.cache
def read(text: str) -> Equation:
    """Return the equation in a line of text.

    Examples
    --------
    >>> read("rho_hat[j] = mean(n, h[n,j])")
    Equation(name='rho_hat', indices=('j',), tree=['mean', 'n', ['at', 'h', ['n', 'j']]])
    """
    assignment = ast.parse(text).body[0]
    if not isinstance(assignment, ast.Assign):
        raise ValueError(f"expected an equation such as y[n,j] = max(a[n,j], 0), got {text!r}")
    target = assignment.targets[0]
    if isinstance(target, ast.Name):
        return Equation(target.id, (), _tree(assignment.value, frozenset()))
    name, places = _subscript(target)
    indices = tuple(index.id for index in places if isinstance(index, ast.Name))
    return Equation(name, indices, _tree(assignment.value, frozenset(indices)))


def _subscript(node: Any) -> tuple[str, list[ast.expr]]:
    return node.value.id, list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _tree(node: Any, bound: frozenset[str]) -> Tree:
    """Return the tree of a Python expression; `bound` are the indices of the left side and of the enclosing sums."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        numbers = {"pi": np.pi, "N": ["size", "n"]}
        return numbers.get(node.id, ["index", node.id] if node.id in bound else ["at", node.id, []])
    if isinstance(node, ast.Subscript):
        name, indices = _subscript(node)
        return ["at", name, [i.id if isinstance(i, ast.Name) else _tree(i, bound) for i in indices]]
    if isinstance(node, ast.BinOp):
        return [OPERATORS[type(node.op)], _tree(node.left, bound), _tree(node.right, bound)]
    if isinstance(node, ast.UnaryOp):
        return ["-", 0, _tree(node.operand, bound)]
    if isinstance(node, ast.Compare):
        return [OPERATORS[type(node.ops[0])], _tree(node.left, bound), _tree(node.comparators[0], bound)]
    if isinstance(node, ast.BoolOp):
        parts = [_tree(value, bound) for value in node.values]
        return functools.reduce(lambda left, right: [OPERATORS[type(node.op)], left, right], parts)
    if isinstance(node, ast.IfExp):
        return ["if", _tree(node.test, bound), _tree(node.body, bound), _tree(node.orelse, bound)]
    return _call(node, bound)


def _call(node: Any, bound: frozenset[str]) -> Tree:
    name, (first, *rest) = node.func.id, node.args
    if name in (*AGGREGATES, "size") and isinstance(first, ast.Name) and len(rest) == 1:
        return [name, first.id, _tree(rest[0], bound | {first.id})]
    return ["call", name, [_tree(argument, bound) for argument in node.args]]


def parts(tree: Tree) -> list[Any]:
    """Return the parts of a tree, including the letters of indices."""
    return tree[2] if tree[0] in ("at", "call") else tree[1:]


def with_parts(tree: Tree, change: Callable[[Any], Any]) -> Tree:
    """Return the tree with change(part) in place of every part."""
    changed = [change(part) for part in parts(tree)]
    return [tree[0], tree[1], changed] if tree[0] in ("at", "call") else [tree[0], *changed]


def replace(tree: Tree, change: Callable[[Any, list[Any]], Tree]) -> Tree:
    """Return the tree with every ["at", name, indices] replaced by what change(name, indices) returns."""
    if not isinstance(tree, list):
        return tree
    tree = with_parts(tree, lambda part: replace(part, change))
    return change(tree[1], tree[2]) if tree[0] == "at" else tree


def entries(tree: Tree) -> Iterator[tuple[Any, list[Any]]]:
    """Yield name and indices of every entry that a tree reads; entries in an index come before their array's."""
    if isinstance(tree, list):
        for part in parts(tree):
            yield from entries(part)
        if tree[0] == "at":
            yield tree[1], tree[2]


def names_in(tree: Tree) -> list[Any]:
    """Return the names of the arrays that a tree reads, each once, in order."""
    return list(dict.fromkeys(name for name, _ in entries(tree)))


def sizes_in(tree: Tree, values: Mapping[Any, Array]) -> dict[str, int]:
    """Return the number of values of each index, from the arrays that it appears in."""
    return {
        index: size for name, indices in entries(tree)
        for index, size in zip(indices, values[name].shape, strict=True) if isinstance(index, str)
    }  # fmt: skip


def evaluate(equation: Equation, values: Mapping[Any, Array], shape: tuple[int, ...] | None = None) -> Array:
    """Return the array on the left of an equation, from the arrays on its right by their names.

    The shape is needed only if an index of the left side isn't on the right.

    Examples
    --------
    >>> evaluate(read("rho_hat[j] = mean(n, h[n,j])"), {"h": np.array([[1.0, 2.0], [3.0, 6.0]])})
    array([2., 4.])
    """
    indices = dict.fromkeys([*equation.indices, *_summed(equation.tree)])
    axes = {index: place for place, index in enumerate(indices)}
    known = {} if shape is None else dict(zip(equation.indices, shape, strict=True))
    sizes = {**sizes_in(equation.tree, values), **known}
    with np.errstate(all="ignore"):
        result = _value(equation.tree, values, sizes, axes)
    left = [sizes[index] for index in equation.indices]
    full = np.broadcast_to(result, [*left, *[1] * (len(axes) - len(left))])
    return np.array(full.reshape(left), np.float64)


def _summed(tree: Tree) -> Iterator[str]:
    """Yield every index that a sum runs over, the outer ones first."""
    if isinstance(tree, list):
        if tree[0] in AGGREGATES:
            yield tree[1]
        for part in parts(tree):
            yield from _summed(part)


def _value(tree: Tree, values: Mapping[Any, Array], sizes: dict[str, int], axes: dict[str, int]) -> Any:
    """Return a tree's value with one axis for every index of the equation, of length 1 if the tree lacks it."""

    def value(part: Tree) -> Any:
        return _value(part, values, sizes, axes)

    def counted(index: str) -> Array:
        shape = [1] * len(axes)
        shape[axes[index]] = sizes[index]
        return np.arange(sizes[index]).reshape(shape)

    if not isinstance(tree, list):
        return tree
    kind = tree[0]
    if kind == "at":
        places = [counted(i) if isinstance(i, str) else np.asarray(value(i)).astype(int) for i in tree[2]]
        return values[tree[1]][tuple(places)] if places else values[tree[1]]
    if kind == "index":
        return counted(tree[1])
    if kind == "size":
        return (sizes_in(tree[2], values) if len(tree) == 3 else sizes)[tree[1]]
    if kind == "call":
        return FUNCTIONS[tree[1]](*(value(argument) for argument in tree[2]))
    if kind == "if":
        return np.where(*(value(part) for part in tree[1:]))
    if kind in AGGREGATES:
        index, inside = tree[1:]
        sizes = {**sizes, **sizes_in(inside, values)}  # the same letter may have other sizes elsewhere
        return AGGREGATES[kind](_value(inside, values, sizes, axes), axis=axes[index], keepdims=True)
    return BINARY[kind](value(tree[1]), value(tree[2]))
