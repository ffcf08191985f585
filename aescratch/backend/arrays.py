"""Array libraries: NumPy on the CPU, or CuPy on an NVIDIA GPU.

All code above the backend is written once, for both. The few differences are handled here, and only here cupy is
imported: at the call, without caching, so that nothing happens without a GPU, and a test can replace it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from aescratch.backend.kernels import FUNCTIONS, Symbol
from aescratch.backend.sentences import gettext

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = "np.floating[Any]"
"""A zero-dimensional number on the arrays' device."""


def array_module(*arrays: Array) -> ModuleType:
    """Return the module, numpy or cupy, that owns these arrays.

    Parameters
    ----------
    *arrays : numpy.ndarray or cupy.ndarray
        One or more arrays; NumPy scalars count as NumPy.

    Raises
    ------
    TypeError
        If another object is among them, or arrays of both libraries.

    Examples
    --------
    >>> array_module(np.zeros(3)).__name__
    'numpy'
    """
    if len(arrays) == 1 and type(arrays[0]) is np.ndarray:  # the usual case, which a small step calls often
        return np
    names = {type(array).__module__.partition(".")[0] for array in arrays}
    if len(names) != 1 or not names <= {"numpy", "cupy"}:
        if arrays and all(isinstance(array, Symbol) for array in arrays):
            return cast(ModuleType, FUNCTIONS)
        kinds = ", ".join(sorted({f"{type(a).__module__}.{type(a).__name__}" for a in arrays})) or gettext("nothing")
        message = gettext(
            "expected arrays of one library, NumPy or CuPy, got {kinds}; move them to the same place first, with "
            "ae.to_numpy(x) or cupy.asarray(x)"
        )
        raise TypeError(message.format(kinds=kinds))
    return sys.modules[names.pop()]


def to_numpy(x: Any) -> Array:
    """Return the array as a NumPy array; a NumPy array is returned unchanged.

    Parameters
    ----------
    x : numpy.ndarray or cupy.ndarray
        Any shape.

    Examples
    --------
    >>> to_numpy(np.ones(2))
    array([1., 1.])
    """
    return x.get() if type(x).__module__.partition(".")[0] == "cupy" else np.asarray(x)


def move(x: Any, backend: str) -> Array:
    """Return the array on the named backend, ``"numpy"`` or ``"cupy"``.

    Raises
    ------
    ValueError
        If the backend is unknown.
    RuntimeError
        If CuPy isn't installed or finds no GPU.
    MemoryError
        If the GPU has too little memory.

    Examples
    --------
    >>> move(np.ones(2), "numpy")
    array([1., 1.])
    """
    if backend == "numpy":
        return to_numpy(x)
    with explained_out_of_memory():
        return cast(Array, _cupy(backend).asarray(x))


def require_backend(backend: str) -> None:
    """Raise, with advice, unless the backend can compute: one kernel, one matrix product.

    CuPy looks for CUDA's libraries only when it needs them, which would be during the first step.

    Raises
    ------
    ValueError
        If the backend is unknown.
    RuntimeError
        If CuPy isn't installed, finds no GPU, or can't compute on it.
    """
    if backend == "numpy":
        return
    cupy = _cupy(backend)
    try:
        ones = cupy.ones((2, 2), np.float32)
        bool((ones @ ones == 2).all())
    except Exception as error:
        message = gettext(
            "CuPy finds a GPU but can't compute on it ({error}); CUDA's own libraries are probably missing: pip "
            'install "cupy-cuda12x[ctk]" or "cupy-cuda13x[ctk]", as installed, or stay on the CPU with '
            'model.to("numpy")'
        )
        raise RuntimeError(message.format(error=_first_line(error))) from error


@contextlib.contextmanager
def explained_out_of_memory() -> Iterator[None]:
    """Raise with advice if the GPU has too little memory; a MemoryError of the CPU is not changed.

    Raises
    ------
    MemoryError
        In place of CuPy's.
    """
    try:
        yield
    except MemoryError as error:
        if type(error).__module__.partition(".")[0] != "cupy":
            raise
        message = gettext(
            "the GPU's memory is full ({error}); take a smaller batch_size or fewer examples, or stay on the CPU with "
            'model.to("numpy")'
        )
        raise MemoryError(message.format(error=_first_line(error))) from error


def _cupy(backend: str) -> ModuleType:
    """Return cupy for the backend "cupy", or raise if it finds no GPU."""
    if backend != "cupy":
        message = gettext('expected the backend "numpy" or, for a GPU, "cupy", got {backend!r}')
        raise ValueError(message.format(backend=backend))
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            message = gettext(
                "CuPy is not installed, so nothing can be moved to a GPU; install it with pip install "
                '"aescratch[cuda12]" or "aescratch[cuda13]", to match your driver, or stay on the CPU with '
                'model.to("numpy")'
            )
            raise RuntimeError(message) from error
        message = gettext(
            "CuPy is installed but can't be imported ({error}); reinstall it with pip install --force-reinstall "
            '"aescratch[cuda12]" or "aescratch[cuda13]", to match your driver'
        )
        raise RuntimeError(message.format(error=_first_line(error))) from error
    try:
        found = cupy.is_available()
    except Exception:  # CUDA's own errors
        found = False
    if not found:
        message = gettext('{reason}, or stay on the CPU with model.to("numpy")')
        raise RuntimeError(message.format(reason=_why_no_gpu(cupy)))
    return cupy


def _why_no_gpu(cupy: ModuleType) -> str:
    """Return why CuPy finds no GPU, and what to do; CUDA itself reports a missing and an old driver alike."""
    try:
        driver, needed = cupy.cuda.runtime.driverGetVersion(), cupy.cuda.runtime.runtimeGetVersion()
    except Exception:  # not even the version is available
        return gettext("CuPy is installed but finds no GPU; check the driver with nvidia-smi")
    if driver == 0:
        return gettext("CuPy is installed but finds no NVIDIA driver; install one, until nvidia-smi shows your GPU")
    if driver // 1000 < needed // 1000:
        message = gettext(
            "CuPy is installed but the NVIDIA driver is too old for it, made for CUDA {driver} and not {needed}; "
            "update the driver"
        )
        return message.format(driver=_cuda_version(driver), needed=_cuda_version(needed))
    return gettext("CuPy is installed but finds no GPU; check with nvidia-smi, and CUDA_VISIBLE_DEVICES if it is set")


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _first_line(error: Exception) -> str:
    """Return an error's class and the first non-empty line of its text, for use in a sentence."""
    lines = [line.strip(" =").rstrip(".") for line in str(error).splitlines()]
    return f"{type(error).__name__}: {next((line for line in lines if line), gettext('no reason given'))}"


def keep_freed_memory() -> None:
    """Let the C library keep the memory of freed arrays for the next ones, instead of returning it each time.

    A training step allocates and frees the same few arrays again and again. glibc returns the memory of large arrays to
    the system, which then clears it again, page by page, when the next step writes to it: up to a third of a step's
    time. It stops doing so, for arrays up to a size, once an array of that size has been freed; 32 MiB is the largest
    such size. Other C libraries are not changed.

    Examples
    --------
    >>> keep_freed_memory()
    """
    np.empty(32 * 2**20 - 8192, np.uint8)  # never written to, so it takes no memory itself


def batch_size(x: Array) -> int:
    """Return the number of examples of a batch, its rows.

    Examples
    --------
    >>> batch_size(np.zeros((7, 5)))
    7
    """
    return x.shape[0]
