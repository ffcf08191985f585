"""Where arrays live: NumPy's on the host, or CuPy's on an NVIDIA GPU.

Everything above the backend is written once, for both. Here are the few places where the two differ, and cupy is
imported here only: at the call, nothing cached, so that a package without a GPU never notices and a test can put a
stand-in in its place.
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

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = "np.floating[Any]"
"""A number that lies where the arrays do: of no dimensions."""


def array_module(*arrays: Array) -> ModuleType:
    """Return the module, numpy or cupy, that owns these arrays.

    Parameters
    ----------
    *arrays : numpy.ndarray or cupy.ndarray
        One or more arrays; NumPy scalars count as NumPy.

    Raises
    ------
    TypeError
        If there is something else among them, or both libraries.

    Examples
    --------
    >>> array_module(np.zeros(3)).__name__
    'numpy'
    """
    if len(arrays) == 1 and type(arrays[0]) is np.ndarray:  # nearly always, and in a small step often
        return np
    names = {type(array).__module__.partition(".")[0] for array in arrays}
    if len(names) != 1 or not names <= {"numpy", "cupy"}:
        if arrays and all(isinstance(array, Symbol) for array in arrays):
            return cast(ModuleType, FUNCTIONS)
        kinds = ", ".join(sorted({f"{type(a).__module__}.{type(a).__name__}" for a in arrays})) or "nothing"
        raise TypeError(
            f"expected arrays of one library, NumPy or CuPy, got {kinds}; move them to the same place first, "
            "with ae.to_numpy(x) or cupy.asarray(x)"
        )
    return sys.modules[names.pop()]


def to_numpy(x: Any) -> Array:
    """Return the array on the host, as a NumPy array; a NumPy array comes back as it is.

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
        If the backend has another name.
    RuntimeError
        If CuPy isn't installed or finds no GPU.
    MemoryError
        If the GPU's memory doesn't suffice.

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
    """Raise, in a sentence that says what to do, unless the backend can compute: one kernel, one matrix product.

    CuPy looks for CUDA's libraries only when it needs them, which would be in the middle of the first step.

    Raises
    ------
    ValueError
        If the backend has another name.
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
        raise RuntimeError(
            f"CuPy finds a GPU but can't compute on it ({_first_line(error)}); CUDA's own libraries are probably "
            'missing: pip install "cupy-cuda12x[ctk]" or "cupy-cuda13x[ctk]", whichever is there, or stay on the CPU '
            'with model.to("numpy")'
        ) from error


@contextlib.contextmanager
def explained_out_of_memory() -> Iterator[None]:
    """Say what to do where the GPU's memory doesn't suffice; a MemoryError of the CPU's passes as it is.

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
        raise MemoryError(
            f"the GPU's memory is full ({_first_line(error)}); take a smaller batch_size or fewer examples, or stay on "
            'the CPU with model.to("numpy")'
        ) from error


def _cupy(backend: str) -> ModuleType:
    """Return cupy for the backend of that name, if it finds a GPU."""
    if backend != "cupy":
        raise ValueError(f'expected the backend "numpy" or "cupy", got {backend!r}')
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            raise RuntimeError(
                "CuPy is not installed, so nothing can be moved to a GPU; install it with "
                'pip install "aescratch[cuda12]" or "aescratch[cuda13]", to match your driver, or stay on the CPU with '
                'model.to("numpy")'
            ) from error
        raise RuntimeError(
            f"CuPy is installed but can't be imported ({_first_line(error)}); install it anew with "
            'pip install --force-reinstall "aescratch[cuda12]" or "aescratch[cuda13]", to match your driver'
        ) from error
    try:
        found = cupy.is_available()
    except Exception:  # of CUDA's own kinds
        found = False
    if not found:
        raise RuntimeError(f'{_why_no_gpu(cupy)}, or stay on the CPU with model.to("numpy")')
    return cupy


def _why_no_gpu(cupy: ModuleType) -> str:
    """Return why CuPy finds no GPU, and what to do; CUDA itself says the same of no driver and of an old one."""
    try:
        driver, needed = cupy.cuda.runtime.driverGetVersion(), cupy.cuda.runtime.runtimeGetVersion()
    except Exception:  # not even that can be asked
        return "CuPy is installed but finds no GPU; check the driver with nvidia-smi"
    if driver == 0:
        return "CuPy is installed but finds no NVIDIA driver; install one, until nvidia-smi shows your GPU"
    if driver // 1000 < needed // 1000:
        return (
            f"CuPy is installed but the NVIDIA driver is too old for it, made for CUDA {_cuda_version(driver)} and not "
            f"{_cuda_version(needed)}; update the driver"
        )
    return "CuPy is installed but finds no GPU; check with nvidia-smi, and CUDA_VISIBLE_DEVICES if it is set"


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _first_line(error: Exception) -> str:
    """Return an error's kind and the first line of its text that says something, to stand inside a sentence."""
    lines = [line.strip(" =").rstrip(".") for line in str(error).splitlines()]
    return f"{type(error).__name__}: {next((line for line in lines if line), 'no reason given')}"


def keep_freed_memory() -> None:
    """Let the C library keep the memory of freed arrays for the next ones, instead of giving it back each time.

    A training step makes and frees the same few arrays again and again. glibc gives the memory of large ones back to
    the system, which then clears it anew, page by page, as the next step writes to it: up to a third of a step. It
    stops doing so, for arrays up to a size, once an array of that size has been freed; 32 MiB is the largest size it
    learns from. Other C libraries are left as they are.

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
