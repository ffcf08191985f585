"""Formulas compiled for the CPU by Numba, the second reader of the text that a formula writes of its own kernel.

    formula(symbols) -> Kernel -> a loop in Python (loops.py) --Numba--> machine code, which is kept on disk

Every operation of NumPy's is a pass over its arrays; a loop reads and writes each of them once. NumPy stays the
reference: where Numba isn't installed, arrays are small or of several kinds, or a formula can't be written as a kernel,
it is evaluated as before. A loop gives the same numbers but for the last digits, and warns of nothing. It runs on one
thread: a second would wait for the core that the second thread of the matrix products holds on to.

The environment variable AESCRATCH_COMPILED=0 turns all this off.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from aescratch.backend import switch
from aescratch.backend.arrays import batch_mean
from aescratch.backend.kernels import Kernel, write_kernel
from aescratch.backend.loops import ARRAY, LAYOUTS, NUMBER, RESULT, ROW, SUMS, loop_text

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

    def __init__(self, formula: Callable[..., Any], names: Sequence[str]) -> None:
        self.formula, self.names = formula, list(names)
        self.loops: dict[Any, Loop | None] = {}  # by what they were compiled for

    def __call__(self, arguments: Sequence[Any]) -> Any:
        """Return what the formula gives for these arguments, or NotImplemented where no loop can compute it."""
        kinds = kinds_of(arguments) if switch.is_fast() else None
        if kinds is None:
            return NotImplemented
        if kinds not in self.loops:
            self.loops[kinds] = None if why_not() else make_loop(self.formula, self.names, kinds)
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


def make_loop(formula: Callable[..., Any], names: Sequence[str], kinds: Sequence[Any]) -> Loop | None:
    """Return a formula's loop for arguments of these kinds, or nothing where it can't be written or compiled."""
    dtype, dimensions, *kinds = kinds
    try:
        kernel = write_kernel(formula, names, dtype)
        return Loop(kernel, dict(zip(names, kinds, strict=True)), NAMES[dtype], dimensions)
    except Exception:  # of whatever kind, where a formula can't work with symbols, or Numba with its loop
        return None


class Loop:
    """A formula's loop, compiled for arguments of one kind each, and arrays of so many dimensions."""

    def __init__(self, kernel: Kernel, kinds: dict[str, str], dtype: str, dimensions: int) -> None:
        truths = {line.split()[1] for line in kernel.lines if line.startswith("bool ")}
        if truths & set(kernel.results) or {kinds[name] for name in kernel.changed} - {ARRAY}:
            raise TypeError(f"expected {kernel.name} to return floats, and to change arrays that aren't repeated")
        if kernel.row_sums and dimensions != 2:
            raise TypeError(f"expected arrays of two dimensions for the sums of {kernel.name}")
        for listener in told:
            listener(kernel.name)
        self.kernel, self.changed = kernel, [list(kinds).index(name) for name in kernel.changed]
        numbers = {"n": NUMBER} if kernel.takes_n else {}
        results = {f"y{i}": SUMS if kernel.row_sums else RESULT for i in range(len(kernel.results))}
        self.run = compiled(kernel, {**kinds, **numbers, **results}, dtype, dimensions)

    def __call__(self, arguments: Sequence[Any]) -> Any:
        """Return what the formula returns, or NotImplemented where NumPy has an error to raise."""
        first, kernel = arguments[0], self.kernel
        for i in self.changed:
            if not arguments[i].flags.writeable:
                return NotImplemented
        shape = first.shape[:1] if kernel.row_sums else first.shape
        results = [np.empty(shape, first.dtype) for _ in kernel.results]
        self.run(*arguments, *((shape[0],) if kernel.takes_n else ()), *results)
        if kernel.row_sums:
            return batch_mean(results[0]) if kernel.mean else results[0]
        return tuple(results) if len(results) > 1 else results[0] if results else None


def compiled(kernel: Kernel, kinds: dict[str, str], dtype: str, dimensions: int) -> Callable[..., None]:
    """Return a kernel's loop as machine code."""
    numba: Any = importlib.import_module("numba")

    def type_of(name: str, kind: str) -> Any:
        is_written = kind in (RESULT, SUMS) or name in kernel.changed
        ndim = 1 if kind in (ROW, SUMS) else dimensions
        return numba.types.Array(getattr(numba, dtype), ndim, "C", readonly=not is_written)

    types = [numba.float64 if kind == NUMBER else type_of(name, kind) for name, kind in kinds.items()]
    return machine_code(f"# {dimensions} dimensions\n{loop_text(kernel, kinds, dtype)}", numba.void(*types))


def machine_code(text: str, signature: Any) -> Callable[..., None]:
    """Return the loop that a text defines, from disk if it is there; else compiled, and kept there if it can be."""
    numba: Any = importlib.import_module("numba")
    options = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
    with contextlib.suppress(Exception):  # where nothing can be written
        loop = numba.njit(cache=True, **options)(loop_of(text, kept_at(text)))
        with contextlib.suppress(Exception):  # where what is there is damaged
            loop.compile(signature)
            return cast(Callable[..., None], loop)
        loop._cache.flush()
        loop.compile(signature)
        return cast(Callable[..., None], loop)
    loop = numba.njit(**options)(loop_of(text, "<a formula's loop>"))
    loop.compile(signature)
    return cast(Callable[..., None], loop)


def loop_of(text: str, path: str) -> Callable[..., None]:
    """Return the loop that a text defines; the path is named where something goes wrong."""
    # Numba asks for the module, by its name, when it has found a loop on disk.
    names = {"__name__": __name__, "np": np, "math": math, "numba": importlib.import_module("numba")}
    exec(compile(text, path, "exec"), names)
    return cast(Callable[..., None], names["loop"])


def kept_at(text: str) -> str:
    """Return the path of a file with this text, beside which Numba keeps what it compiles of it.

    The file is named by its text, so no version of a formula is taken for another, and two processes that start at
    once write the same.

    Raises
    ------
    OSError
        If nothing can be written there, or somebody else can.
    """
    folder = folder_of_loops()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and (folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022):
        raise PermissionError(f"{folder} isn't ours alone")
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.py"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)
    return str(path)


def folder_of_loops() -> Path:
    """Return where loops are kept, for this Numba and this processor: NUMBA_CACHE_DIR, or the user's own caches."""
    numba: Any = importlib.import_module("numba")
    processor = importlib.import_module("llvmlite.binding").get_host_cpu_name()
    caches = numba.config.CACHE_DIR or importlib.import_module("numba.misc.appdirs").user_cache_dir("aescratch", False)
    return Path(caches) / f"{numba.__version__}-{processor}"
