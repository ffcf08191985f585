"""Small constants that a forward adds, as in log(p + 1e-7), but its backward leaves out.

    the source of forward and the functions that it uses -> the constants that are only added there
    forward with 0 in their places -> other difference quotients; a gradient that agrees with these differs only by them
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from aescratch.foundations.language import gettext
from aescratch.foundations.sources import is_others

LARGEST = 1e-3  # a constant that is added for numerical reasons, not as part of the formula
SLIGHT = 1e-2  # the largest relative difference that such a constant may cause


class Offsets:
    """The small constants, in `values`, that a forward, or a function or method that it uses, adds.

    Those in logarithms only keep these finite; elsewhere, as in a normalisation, they belong to the formula.
    """

    def __init__(self, forward: Callable[..., Any], in_logarithms: bool) -> None:
        function = inspect.unwrap(forward)
        function = getattr(function, "__func__", function)
        self.values: set[float] = set()
        self.codes: list[tuple[FunctionType, CodeType, CodeType]] = []  # with the constants, and without
        self.names: list[tuple[dict[str, Any], str, float]] = []  # of files
        for each in _used(function):
            literals, names = _added(each, in_logarithms)
            small = {name: each.__globals__[name] for name in names if _is_small(each.__globals__.get(name))}
            self.names += [(each.__globals__, name, value) for name, value in small.items()]
            code = each.__code__
            without = code.replace(co_consts=tuple(0.0 if value in literals else value for value in code.co_consts))
            self.codes += [(each, code, without)] if literals else []
            self.values |= {*literals, *small.values()}

    def __str__(self) -> str:
        """Return the constants in words."""
        return gettext(" and ").join(gettext("the {value:g}").format(value=value) for value in sorted(self.values))

    @contextlib.contextmanager
    def left_out(self) -> Iterator[None]:
        """Replace the constants by 0 within the block."""
        try:
            for function, _, without in self.codes:
                function.__code__ = without
            for space, name, _ in self.names:
                space[name] = 0.0
            yield
        finally:
            for function, code, _ in self.codes:
                function.__code__ = code
            for space, name, value in self.names:
                space[name] = value


def _is_small(value: Any) -> bool:
    return isinstance(value, float) and 0 < value <= LARGEST


def _used(function: Any) -> list[FunctionType]:
    """Return a function, and the user's functions and methods that it uses by name, directly or indirectly."""
    found, waiting = list[FunctionType](), [function]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, FunctionType) or each in found or not is_others(each.__code__.co_filename):
            continue
        found.append(each)
        kinds = [kind for kind in each.__globals__.values() if isinstance(kind, type)]
        for name in each.__code__.co_names:
            waiting += [each.__globals__.get(name), *(vars(kind).get(name) for kind in kinds)]
    return found


def _node_of(function: FunctionType) -> ast.AST | None:
    """Return the syntax tree of a function's definition, if its file can be read."""
    code = function.__code__
    for node in _functions_in("".join(linecache.getlines(code.co_filename))):
        if code.co_firstlineno == min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]):
            return node
    return None


@functools.lru_cache(maxsize=8)
def _functions_in(text: str) -> list[ast.FunctionDef | ast.Lambda]:
    try:
        return [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    except SyntaxError:
        return []


def _added(function: FunctionType, in_logarithms: bool) -> tuple[set[float], set[str]]:
    """Return the small numbers, and the names of numbers, that are only added in a function."""
    definition = _node_of(function)
    nodes = [] if definition is None else list(ast.walk(definition))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    logarithms = [node for node in calls if getattr(node.func, "attr", getattr(node.func, "id", "")).startswith("log")]
    inside = [node for each in logarithms for node in ast.walk(each)] if in_logarithms else nodes
    added = [node for node in inside if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)]
    sums: list[ast.AST] = [side for node in added for side in (node.left, node.right)]
    names = {node.id for node in sums if isinstance(node, ast.Name)}
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    sums += [node.value for node in assigned if any(getattr(target, "id", "") in names for target in node.targets)]
    small = [node for node in nodes if isinstance(node, ast.Constant) and _is_small(node.value)]
    elsewhere = {node.value for node in small if node not in sums}
    return {node.value for node in small if isinstance(node.value, float)} - elsewhere, names
