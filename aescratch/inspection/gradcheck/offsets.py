"""Small constants that a forward adds, as in log(p + 1e-7), and that its backward leaves out.

    the source of forward's file -> the constants that it, or a function beside it, adds, and uses for nothing else
    forward with 0 in their places -> other difference quotients; a gradient that is right there differs by them only
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from aescratch.inspection.gradcheck.findings import is_ours

LARGEST = 1e-3  # a constant that is added for the numbers' sake, and not for the formula's
SLIGHT = 1e-2  # how far gradients may be apart, relatively, that differ by such a constant only


class Offsets:
    """The small constants that a forward, or a function or method of its file that it uses, adds; `values` are they."""

    def __init__(self, forward: Callable[..., Any]) -> None:
        function = inspect.unwrap(forward)
        function = getattr(function, "__func__", function)
        self.values: set[float] = set()
        self.codes: dict[FunctionType, CodeType] = {}
        self.globals: dict[str, Any] = getattr(function, "__globals__", {})
        self.names: dict[str, float] = {}  # of the file
        if not isinstance(function, FunctionType) or is_ours(function.__code__.co_filename):
            return
        nodes = _functions_in(function.__code__.co_filename)
        for each in _called(function):
            literals, names = _added(nodes.get(each.__code__.co_firstlineno))
            self.names |= {name: self.globals[name] for name in names if _is_small(self.globals.get(name))}
            if literals:
                consts = tuple(0.0 if value in literals else value for value in each.__code__.co_consts)
                self.codes[each] = each.__code__.replace(co_consts=consts)
                self.values |= literals
        self.values |= set(self.names.values())

    def __str__(self) -> str:
        """Return them as a sentence names them."""
        return " and ".join(f"the {value:g}" for value in sorted(self.values))

    @contextlib.contextmanager
    def left_out(self) -> Iterator[None]:
        """Put 0 in their places, for the block."""
        before = {each: each.__code__ for each in self.codes}
        try:
            for each, code in self.codes.items():
                each.__code__ = code
            self.globals.update(dict.fromkeys(self.names, 0.0))
            yield
        finally:
            for each, code in before.items():
                each.__code__ = code
            self.globals.update(self.names)


def _is_small(value: Any) -> bool:
    return isinstance(value, float) and 0 < value <= LARGEST


def _called(function: FunctionType) -> list[FunctionType]:
    """Return a function, and those functions and methods of its file whose names it uses, or one of them does."""
    kept = list(function.__globals__.values())
    kept += [each for kind in kept if isinstance(kind, type) for each in vars(kind).values()]
    file = function.__code__.co_filename
    others = [each for each in kept if isinstance(each, FunctionType) and each.__code__.co_filename == file]
    found, waiting = list[FunctionType](), [function]
    while waiting:
        found.append(waiting.pop())
        used = found[-1].__code__.co_names
        waiting += [each for each in others if each.__name__ in used and each not in (*found, *waiting)]
    return found


def _functions_in(file: str) -> dict[int, ast.AST]:
    """Return the functions in a file, by the number of their first line; none where it can't be read."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    found = dict[int, ast.AST]()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            found.setdefault(min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]), node)
    return found


def _added(function: ast.AST | None) -> tuple[set[float], set[str]]:
    """Return the small numbers that are only ever added in a function, themselves or by a name, and names that are."""
    nodes = [] if function is None else list(ast.walk(function))
    added = [node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)]
    sums: list[ast.AST] = [side for node in added for side in (node.left, node.right)]
    names = {node.id for node in sums if isinstance(node, ast.Name)}
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    sums += [node.value for node in assigned if any(getattr(target, "id", "") in names for target in node.targets)]
    small = [node for node in nodes if isinstance(node, ast.Constant) and _is_small(node.value)]
    elsewhere = {node.value for node in small if node not in sums}
    return {node.value for node in small if isinstance(node.value, float)} - elsewhere, names
