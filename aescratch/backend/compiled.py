"""Formulas compiled for the CPU by Numba, the second reader of the text that a formula writes of its own kernel.

    formula(symbols) -> Kernel -> a loop in Python (loops.py) --Numba--> machine code, kept on disk (machine_code.py)

Here is decided what is computed in that way.

Every operation of NumPy's is a pass over its arrays; a loop reads and writes each of them once. NumPy stays the
reference: where Numba isn't installed, arrays are small or of several kinds, or a formula can't be written as a kernel,
it is evaluated as before. A loop gives the same numbers but for the last digits, and warns of nothing. It runs on one
thread: a second would wait for the core that the second thread of the matrix products holds on to.

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

SMALLEST = 16_384  # from this many entries on a loop is faster than NumPy, its call included
NAMES = {np.dtype(name): name for name in LAYOUTS}
told: list[Callable[[str], object]] = []  # who wants to know that a formula is being compiled


@functools.cache
def why_not() -> str:
    """Return why nothing is compiled, or nothing if it is; Numba is imported if it is there."""
    if os.environ.get("AESCRATCH_COMPILED") == "0":
        return "turned off by AESCRATCH_COMPILED=0"
    if importlib.util.find_spec("numba") is None:
        return 'not installed: pip install "aescratch[fast]"'
    try:
        importlib.import_module("numba")
    except Exception as error:  # such as one made for another NumPy
        return f"installed, but can't be imported ({type(error).__name__}: {error})"
    return ""


@contextlib.contextmanager
def numpy_alone() -> Iterator[None]:
    """Compile nothing inside the block, to measure or to compare."""
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
    """A formula, and the loops that were compiled of it."""

    formula: Callable[..., Any]
    names: list[str]

    def __init__(self, formula: Callable[..., Any], names: Sequence[str]) -> None:
        self.formula, self.names = formula, list(names)
        self.loops: dict[Any, Callable[..., Any] | None] = {}  # by what they were compiled for

    def __call__(self, arguments: Sequence[Any]) -> Any:
        """Return what the formula gives for these arguments, or NotImplemented where no loop can compute it."""
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
    """Return the arrays' type and dimensions, and the kind of each argument, or nothing where no loop can take them."""
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
    """Return a formula's loop for arguments of these kinds, or nothing where it can't be written or compiled."""
    from aescratch.backend.machine_code import Loop  # here, for Numba

    dtype, dimensions, *kinds = kinds
    for listener in told:
        listener(formula.__name__)
    try:
        kernel = write_kernel(formula, names, dtype)
        return Loop(kernel, dict(zip(names, kinds, strict=True)), NAMES[dtype], dimensions)
    except Exception:  # of whatever kind, where a formula can't work with symbols, or Numba with its loop
        return None
