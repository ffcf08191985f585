"""A formula's loop as machine code, made by Numba, called, and kept on disk.

    Kernel, kinds of arguments -> text of a loop (loops.py) -> a file of the user's caches -> Numba's cache beside it

Imported only if Numba is installed and a formula is to be compiled.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from aescratch.backend.kernels import Kernel
from aescratch.backend.loops import NUMBER, RESULT, ROW, SUMS, loop_text
from aescratch.backend.sharing import batch_mean

numba: Any = importlib.import_module("numba")
# Products may be added without intermediate rounding; NaN and infinities keep their meaning.
OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}


class Loop:
    """A formula's loop, compiled for one kind of each argument, and arrays of this many dimensions."""

    kernel: Kernel
    changed: list[int]

    def __init__(self, kernel: Kernel, kinds: dict[str, str], dtype: str, dimensions: int) -> None:
        truths = {line.split()[1] for line in kernel.lines if line.startswith("bool ")}
        if truths & set(kernel.results):
            raise TypeError(f"expected {kernel.name} to return floats")
        if kernel.row_sums and dimensions != 2:
            raise TypeError(f"expected arrays of two dimensions for the sums of {kernel.name}")
        self.kernel, self.changed = kernel, [list(kinds).index(name) for name in kernel.changed]
        numbers = {"n": NUMBER} if kernel.takes_n else {}
        results = {f"y{i}": SUMS if kernel.row_sums else RESULT for i in range(len(kernel.results))}
        self.run: Callable[..., None] = compiled(kernel, {**kinds, **numbers, **results}, dtype, dimensions)

    def __call__(self, arguments: Sequence[Any]) -> Any:
        """Return the formula's result, or NotImplemented if NumPy would raise an error."""
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

    def type_of(name: str, kind: str) -> Any:
        is_written = kind in (RESULT, SUMS) or name in kernel.changed
        ndim = 1 if kind in (ROW, SUMS) else dimensions
        return numba.types.Array(getattr(numba, dtype), ndim, "C", readonly=not is_written)

    types = [numba.float64 if kind == NUMBER else type_of(name, kind) for name, kind in kinds.items()]
    # The text contains everything that the machine code depends on, and is its key on disk.
    text = f"# {dimensions} dimensions, {OPTIONS}\n{loop_text(kernel, kinds, dtype)}"
    return machine_code(text, numba.void(*types))


def machine_code(text: str, signature: Any) -> Callable[..., None]:
    """Return the loop that a text defines, from disk if possible; otherwise compile it, and keep it if possible."""
    with contextlib.suppress(Exception):  # if nothing can be written
        loop = numba.njit(cache=True, **OPTIONS)(loop_of(text, kept_at(text)))
        with contextlib.suppress(Exception):  # if the file is damaged
            loop.compile(signature)
            return cast(Callable[..., None], loop)
        loop._cache.flush()
        loop.compile(signature)
        return cast(Callable[..., None], loop)
    loop = numba.njit(**OPTIONS)(loop_of(text, "<a formula's loop>"))
    loop.compile(signature)
    return cast(Callable[..., None], loop)


def loop_of(text: str, path: str) -> Callable[..., None]:
    """Return the loop that a text defines; errors name the path."""
    # Numba asks for the module, by its name, when it has found a loop on disk.
    names = {"__name__": __name__, "np": np, "math": math, "numba": numba}
    exec(compile(text, path, "exec"), names)
    return cast(Callable[..., None], names["loop"])


def kept_at(text: str) -> str:
    """Return the path of a file with this text, beside which Numba keeps the compiled code.

    The file is named by its text, so versions of a formula are never confused, and two processes that start at once
    write the same file.

    Raises
    ------
    OSError
        If the folder isn't writable, or others can write to it.
    """
    folder = folder_of_loops()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and (folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022):
        raise PermissionError(f"{folder} is writable by others")
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.py"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)
    return str(path)


def folder_of_loops() -> Path:
    """Return the folder of the loops for this Numba and processor: in NUMBA_CACHE_DIR, or in the user's caches."""
    processor = importlib.import_module("llvmlite.binding").get_host_cpu_name()
    caches = numba.config.CACHE_DIR or importlib.import_module("numba.misc.appdirs").user_cache_dir("aescratch", False)
    return Path(caches) / f"{numba.__version__}-{processor}"
