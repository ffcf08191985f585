"""The code beside a formula: the lines of a function that compute one of its quantities.

    dense, "y"      -> aescratch/functions/affine.py:14-15   y = x @ W
                                                            y += b
    softmax_cross_entropy_backward, "p"               its whole body, since no line of it computes p alone
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2]  # the path by which this package was imported, which its files' names share


@functools.cache
def lines_of(function: Callable[..., Any], wish: str, result: bool = False) -> tuple[str, str]:
    """Return file, lines and text of the code that computes the quantity of this name in a function.

    These are the lines that write it, if they read only arguments, and if a result is returned as they leave it.
    Otherwise it is the whole body.

    Examples
    --------
    >>> lines_of(ae.functions.dense_backward, "grad_b", result=True)[1]
    'grad_b = grad_y.sum(axis=0)'
    """
    function = inspect.unwrap(function)
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError):  # typed in at a prompt, or not written in Python
        return "", ""
    first, last = 1, len(lines)
    try:
        definition = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except SyntaxError:  # of a lambda within a longer expression
        definition = None
    if isinstance(definition, ast.FunctionDef):
        statements = _computing(definition, wish, result)
        first, last = statements[0].lineno, statements[-1].end_lineno or last
    place = f"{first + start - 1}-{last + start - 1}" if last > first else str(first + start - 1)
    text = textwrap.dedent("".join(lines[first - 1 : last])).rstrip()
    return f"{short(inspect.getsourcefile(function) or '')}:{place}", text


def _computing(definition: ast.FunctionDef, wish: str, result: bool) -> Sequence[ast.stmt]:
    """Return the statements that compute a quantity, from the first to the last."""
    body = definition.body
    if ast.get_docstring(definition) is not None and len(body) > 1:
        body = body[1:]
    while len(body) > 1 and _asks_for_module(body[0]):
        body = body[1:]
    places = [place for place, statement in enumerate(body) if wish in _written(statement)]
    if not places or (result and wish not in _returned(body[-1])):
        return body
    own = body[places[0] : places[-1] + 1]
    arguments = {argument.arg for argument in [*definition.args.args, *definition.args.kwonlyargs]}
    others = set().union(*map(_written, body)) - arguments - {wish}
    return body if others & set().union(*map(_read, own)) else own


def _asks_for_module(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "array_module"


def _written(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds, or whose arrays it changes."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.keyword) and node.arg == "out":
            node = node.value
        elif not isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        while isinstance(node, (ast.Subscript, ast.Attribute)):
            node = node.value
        if isinstance(node, ast.Name):
            found.add(node.id)
    return found


def _read(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _returned(statement: ast.stmt) -> set[str]:
    """Return the names that a statement returns unchanged; without a return, arrays were written in place."""
    if not isinstance(statement, ast.Return):
        return _written(statement)
    value = statement.value
    return {part.id for part in (value.elts if isinstance(value, ast.Tuple) else [value]) if isinstance(part, ast.Name)}


def function_around(where: str) -> tuple[int, str] | None:
    """Return the whole function around some lines of a file, after the number of its first line; None if unknown.

    Examples
    --------
    >>> first, code = function_around(lines_of(ae.functions.dense_backward, "grad_b")[0])
    >>> code.partition("(")[0]
    'def dense_backward'
    """
    path, _, lines = where.rpartition(":")
    wanted = int(lines.partition("-")[0])
    around = [(first, last) for first, last in _functions_in(path) if first <= wanted <= last]
    if not around:
        return None
    first, last = max(around)  # the innermost
    text = linecache.getlines(str(PACKAGE.parent / path))[first - 1 : last]
    return first, textwrap.dedent("".join(text)).rstrip()


@functools.cache
def _functions_in(path: str) -> list[tuple[int, int]]:
    """Return the first and the last line of every function of a file, without its decorators."""
    try:
        nodes = list(ast.walk(ast.parse("".join(linecache.getlines(str(PACKAGE.parent / path))))))
    except SyntaxError:  # of a notebook's cell, perhaps
        return []
    return [(node.lineno, node.end_lineno or node.lineno) for node in nodes if isinstance(node, ast.FunctionDef)]


def calling_line() -> tuple[str, str]:
    """Return file, line and text of the running code outside of this folder."""
    frame = sys._getframe(1)
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent == Path(__file__).parent:
        frame = frame.f_back
    path, line = frame.f_code.co_filename, frame.f_lineno
    return f"{short(path)}:{line}", linecache.getline(path, line).strip()


def short(path: str) -> str:
    """Return a file's path from the package's folder on, or the whole path."""
    file = Path(path)
    return str(file.relative_to(PACKAGE.parent)) if file.is_relative_to(PACKAGE) else path
