"""Formulas compiled for the CPU by Numba, from the text that a formula writes for its kernel.

    formula(symbols) -> Kernel -> a loop in Python (loops.py) --Numba--> machine code, kept on disk (machine_code.py)

This file decides which formulas are computed in that way.

Every NumPy operation is a pass over its arrays; a loop reads and writes each array once. NumPy is the reference: if
Numba isn't installed, arrays are small or of several types, or a formula can't be written as a kernel, NumPy evaluates
it. A loop gives the same numbers except for the last digits, and no warnings. It runs on one thread: a second thread
would wait for the core that the second thread of the matrix products occupies.

The environment variable AESCRATCH_COMPILED=0 turns all this off.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import switch
from aescratch.backend.kernels import write_kernel
from aescratch.backend.loops import ARRAY, LAYOUTS, NUMBER, ROW

SMALLEST = 16_384  # from this many entries on, a loop is faster than NumPy, including its call
NAMES = {np.dtype(name): name for name in LAYOUTS}
told: list[Callable[[str], object]] = []  # listeners for the compilation of a formula


@functools.cache
def why_not() -> str:
    """Return the reason why nothing is compiled, empty if there is none; import Numba if it is installed."""
    if os.environ.get("AESCRATCH_COMPILED") == "0":
        return "turned off by AESCRATCH_COMPILED=0"
    if importlib.util.find_spec("numba") is None:
        return 'not installed: pip install "aescratch[fast]"'
    try:
        importlib.import_module("numba")
    except Exception as error:  # such as a Numba for another NumPy
        return f"installed, but can't be imported ({type(error).__name__}: {error})"
    return ""


@contextlib.contextmanager
def numpy_alone() -> Iterator[None]:
    """Compile nothing within the block, to measure or to compare."""
    global SMALLEST
    before, SMALLEST = SMALLEST, sys.maxsize
    try:
        yield
    finally:
        SMALLEST = before


@contextlib.contextmanager
def telling(listener: Callable[[str], object]) -> Iterator[None]:
    """Call the listener with the name of every formula before it is compiled, which takes about a second."""
    told.append(listener)
    try:
        yield
    finally:
        told.remove(listener)


class Compiled:
    """A formula, and the loops compiled from it."""

    formula: Callable[..., Any]
    names: list[str]

    def __init__(self, formula: Callable[..., Any], names: Sequence[str]) -> None:
        self.formula, self.names = formula, list(names)
        self.loops: dict[Any, Callable[..., Any] | None] = {}  # by the kinds of their arguments

    def __call__(self, arguments: Sequence[Any]) -> Any:
        """Return the formula's result for these arguments, or NotImplemented if no loop can compute it."""
        if not switch.is_fast() or why_not():
            return NotImplemented
        kinds = kinds_of(arguments)
        if kinds is None:
            return NotImplemented
        if kinds not in self.loops:
            self.loops[kinds] = make_loop(self.formula, self.names, kinds)
        loop = self.loops[kinds]
        return NotImplemented if loop is None else loop(arguments)


def kinds_of(arguments: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the arrays' type and dimensions, and the kind of each argument, or None if no loop can take them."""
    first = arguments[0]
    dtype, shape = first.dtype, first.shape
    if dtype not in NAMES:
        return None
    kinds = []
    for argument in arguments:
        if type(argument) is float or type(argument) is int:
            kinds.append(NUMBER)
            continue
        if type(argument) is not np.ndarray or argument.dtype is not dtype:
            return None
        flags = argument.flags
        if not (flags.c_contiguous and flags.aligned):
            return None
        if argument.shape == shape:
            kinds.append(ARRAY)
        elif argument.shape == shape[1:] and len(shape) == 2:
            kinds.append(ROW)
        else:
            return None
    return dtype, len(shape), *kinds


def make_loop(formula: Callable[..., Any], names: Sequence[str], kinds: Sequence[Any]) -> Callable[..., Any] | None:
    """Return a formula's loop for arguments of these kinds, or None if it can't be written or compiled."""
    from aescratch.backend.machine_code import Loop  # imported here, since it needs Numba

    dtype, dimensions, *kinds = kinds
    for listener in told:
        listener(formula.__name__)
    try:
        kernel = write_kernel(formula, names, dtype)
        return Loop(kernel, dict(zip(names, kinds, strict=True)), NAMES[dtype], dimensions)
    except Exception:  # any error, if a formula can't use symbols, or Numba can't compile its loop
        return None
