"""The two arrays whose shapes don't fit, in the line of the user's code where NumPy has refused them.

    exception -> the user's last line -> its operations on two arrays, in the order in which they are evaluated
              -> the first one that NumPy refuses again -> its operands and their shapes

Operands are evaluated once more, with the names of the stopped function. They call nothing but NumPy, so nothing else
happens a second time.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import traceback
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.sources import is_users

LONGEST = 60  # characters of an operation that is shown
PRODUCTS = ("dot", "matmul")
OF_PRODUCTS = gettext_noop("Over which index does this product sum, and where does each of the two arrays have it?")
OF_ENTRIES = gettext_noop("Which indices does each of the two arrays have, and which of them should the result have?")


class Misfit(NamedTuple):
    """An operation that NumPy refuses, its operands with their shapes, and a question."""

    operation: str
    left: tuple[str, tuple[int, ...]]
    right: tuple[str, tuple[int, ...]]
    question: str

    def __str__(self) -> str:
        """Return the operation with the shapes, as a part of a sentence."""
        sentence = gettext("in `{operation}`, {left} has shape {shape} and {right} has shape {other}, which don't fit")
        (left, shape), (right, other) = self.left, self.right
        return sentence.format(operation=self.operation, left=left, shape=shape, right=right, other=other)


def misfit_of(error: Exception) -> Misfit | None:
    """Return the operation whose shapes don't fit; None if the exception has another reason, or it isn't found."""
    steps = traceback.walk_tb(error.__traceback__)
    theirs = [(frame, line) for frame, line in steps if is_users(frame.f_code.co_filename)]
    if not isinstance(error, ValueError) or not theirs:
        return None
    frame, line = theirs[-1]
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    names = {**frame.f_globals, **frame.f_locals}
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        for node, *operands in _operations(ast.parse(source), line):
            texts = [" ".join(str(ast.get_source_segment(source, each)).split()) for each in (node, *operands)]
            if max(map(len, texts)) > LONGEST or not _is_numpy_only(node, names):
                continue
            left, right = (_value_of(text, names) for text in texts[1:])
            are_arrays = isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
            if are_arrays and _refuses(node, texts[0], left, right, names, error):
                is_product = isinstance(node, ast.Call) or isinstance(getattr(node, "op", None), ast.MatMult)
                question = gettext(OF_PRODUCTS if is_product else OF_ENTRIES)
                return Misfit(texts[0], (texts[1], left.shape), (texts[2], right.shape), question)
    return None


def _operations(node: ast.AST, line: int) -> Iterator[tuple[ast.AST, ast.expr, ast.expr]]:
    """Yield the operations in a line with their two operands; inner ones, which are evaluated first, come first."""
    for child in ast.iter_child_nodes(node):
        yield from _operations(child, line)
    if not getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", None) or 0):
        return
    if isinstance(node, ast.BinOp):
        yield node, node.left, node.right
    elif isinstance(node, ast.AugAssign):
        yield node, node.target, node.value
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield node, node.targets[0], node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS:
        if len(node.args) == 2:
            yield node, node.args[0], node.args[1]
        elif len(node.args) == 1:  # a.dot(b)
            yield node, node.func.value, node.args[0]


def _is_numpy_only(node: ast.AST, names: dict[str, Any]) -> bool:
    """Whether all calls in a node are NumPy's, and none draws random numbers; inner calls are looked at first."""
    return all(_is_numpys(_value_of(ast.unparse(each.func), names))
               for each in reversed(list(ast.walk(node))) if isinstance(each, ast.Call))  # fmt: skip


def _is_numpys(function: Any) -> bool:
    is_method = isinstance(getattr(function, "__self__", None), np.ndarray)
    return is_method or isinstance(function, np.ufunc) or getattr(function, "__module__", None) == "numpy"


def _value_of(text: str, names: dict[str, Any]) -> Any:
    """Return the value of an expression; it may span several lines."""
    return eval(f"({text})", dict(names))


def _refuses(node: ast.AST, text: str, left: Any, right: Any, names: dict[str, Any], error: Exception) -> bool:
    """Whether NumPy refuses the operation with the words of the exception; an assignment is tried on a copy."""
    try:
        if isinstance(node, ast.AugAssign):
            tried = ast.unparse(ast.AugAssign(ast.Name("left"), node.op, ast.Name("right")))
            exec(tried, {"left": left.copy(), "right": right})
        elif isinstance(node, ast.Assign):
            left.copy()[...] = right
        else:
            _value_of(text, names)
    except ValueError as again:
        return str(again) == str(error)
    return False
