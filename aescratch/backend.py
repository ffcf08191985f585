"""Where arrays live and how element-wise formulas are evaluated on them.

Everything above this file is written once, for NumPy arrays and for CuPy arrays alike. This file holds the few
places where the two differ, and it is the only one that imports cupy: at the call, nothing cached, so that a
package without a GPU never notices and a test can put a stand-in in its place.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from aescratch.kernels import FUNCTIONS, Kernel, Symbol, write_kernel

Array: TypeAlias = NDArray[Any]
Formula = TypeVar("Formula", bound=Callable[..., Any])

# Blocks of this many elements keep a formula's temporaries in the cache, and small enough for the allocator to
# reuse them instead of mapping and unmapping memory for each.
BLOCK = 65_536

INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)

# erfc(z) exp(z²) / t as a polynomial in t - 3/4, lowest power first, with t = 2 / (2 + z) and 0 <= z <= 6.
ERFC_POLYNOMIAL = (
    0.7190458772408004, 0.9818151674346083, 0.5938770257397837, -0.057265189906756504, -0.2010247171751739,
    0.04964878201928126, 0.07327839149996405, -0.05432475651522891, -0.008865577595769824, 0.034755821383680684,
    -0.01906538977367513, -0.005969926627335116, 0.016791012183213435, -0.01100251373790451, -0.0028286862122010987,
    0.009451738576612516,
)  # fmt: skip


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


def batch_mean(x: Array) -> Any:
    """Return the mean over the batch, the first axis; every average over examples is taken here.

    Examples
    --------
    >>> batch_mean(np.array([[1.0, 2.0], [3.0, 6.0]]))
    array([2., 4.])
    """
    return x.mean(axis=0)


def fused(formula: Formula) -> Formula:
    """Evaluate a formula in one kernel on a GPU, and as it stands on the CPU.

    The formula is element-wise, and may end in a sum over each row and the `batch_mean` of that.

    Examples
    --------
    >>> @fused
    ... def product(a, b):
    ...     return a * b
    >>> product(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 8.])
    """
    signature = inspect.signature(formula)

    @functools.wraps(formula)
    def evaluate(*arguments: Any, **named: Any) -> Any:
        if named:
            arguments = signature.bind(*arguments, **named).args
        if isinstance(arguments[0], (np.ndarray, Symbol)) or not _on_gpu(arguments):
            return formula(*arguments)
        return _launch(formula, tuple(signature.parameters), arguments)

    return cast(Formula, evaluate)


@functools.cache
def biased(formula: Callable[[Array], Any]) -> Callable[[Array, Array], Any]:
    """Return the function that adds a bias b to a product in place, which makes it a, and returns formula(a)."""

    def biased_formula(product: Array, b: Array) -> Any:
        product += b
        return formula(product)

    biased_formula.__name__ = f"biased_{formula.__name__}"
    return fused(biased_formula)


def _on_gpu(arguments: Sequence[Any]) -> bool:
    """Whether the arrays among the arguments are CuPy's, and floats of one type, so that one kernel can take them.

    Raises
    ------
    TypeError
        If there are arrays of another library among them, or of both.
    """
    arrays = [argument for argument in arguments if hasattr(argument, "dtype")]
    kinds = {(type(array).__module__.partition(".")[0], getattr(array.dtype, "name", "")) for array in arrays}
    if kinds in ({("cupy", "float32")}, {("cupy", "float64")}):
        return True
    arrays = [array for array in arrays if not isinstance(array, np.generic)]
    if arrays:
        array_module(*arrays)
    return False


def _launch(formula: Callable[..., Any], names: tuple[str, ...], arguments: Sequence[Any]) -> Any:
    """Start the formula's kernel with these arguments, and return what it gives."""
    first = next(argument for argument in arguments if hasattr(argument, "dtype"))
    xp, given = array_module(first), dict(zip(names, arguments, strict=True))
    kernel, run = _compiled(xp, formula, names, first.dtype.name)
    if "n" in kernel.inputs:
        given["n"] = batch_size(first)
    inputs = [given[name] for name in kernel.inputs]
    if kernel.row_sums:
        rows = run(*inputs, axis=1)
        return batch_mean(rows) if kernel.mean else rows
    if not kernel.changed:
        return run(*inputs)
    changed = [given[name] for name in kernel.changed]
    results = [xp.empty_like(changed[0]) for _ in kernel.results]
    run(*inputs, *changed, *results)
    return tuple(results) if len(results) > 1 else results[0] if results else None


@functools.cache
def _compiled(xp: ModuleType, formula: Callable[..., Any], names: Sequence[str], dtype: str) -> tuple[Kernel, Any]:
    """Return a formula's kernel as text and as CuPy's object, which compiles it at its first launch."""
    kernel = write_kernel(formula, names, dtype)
    make = xp.ReductionKernel if kernel.row_sums else xp.ElementwiseKernel
    return kernel, make(**kernel.source())


def elementwise(formula: Formula) -> Formula:
    """Evaluate an element-wise formula block by block where its arrays are large, and in one kernel on a GPU.

    The formula's arguments are arrays of one shape, or scalars; it returns one array or a tuple of them. On the CPU
    the result is the same to the last bit as that of the formula itself; only the temporaries are smaller.

    Examples
    --------
    >>> @elementwise
    ... def square_plus_one(a):
    ...     return a * a + 1
    >>> square_plus_one(np.array([1.0, 2.0]))
    array([2., 5.])
    """
    signature = inspect.signature(formula)
    in_one_kernel = fused(formula)

    @functools.wraps(formula)
    def evaluate(*arguments: Any, **named: Any) -> Any:
        if named:
            arguments = signature.bind(*arguments, **named).args
        if not isinstance(arguments[0], np.ndarray):
            return in_one_kernel(*arguments)
        if arguments[0].size <= BLOCK:
            return formula(*arguments)
        is_array = [isinstance(argument, np.ndarray) and argument.ndim > 0 for argument in arguments]
        arrays = list(itertools.compress(arguments, is_array))
        if not _aligned(arrays):
            return formula(*arguments)
        flat = [a.reshape(-1) if sliced else a for a, sliced in zip(arguments, is_array, strict=True)]
        shape = arrays[0].shape
        results: list[Array] = []
        for start in range(0, math.prod(shape), BLOCK):
            here = slice(start, start + BLOCK)
            block = formula(*(a[here] if sliced else a for a, sliced in zip(flat, is_array, strict=True)))
            blocks = block if isinstance(block, tuple) else (block,)
            results = results or [np.empty(shape, part.dtype) for part in blocks]
            for result, part in zip(results, blocks, strict=True):
                result.reshape(-1)[here] = part
        return tuple(results) if isinstance(block, tuple) else results[0]

    evaluate.by_blocks = True  # type: ignore[attr-defined]
    return cast(Formula, evaluate)


def _aligned(arrays: list[Array]) -> bool:
    """Whether all arrays have one shape and lie contiguous in memory, so that flat blocks of them correspond."""
    return all(a.shape == arrays[0].shape and a.flags.c_contiguous for a in arrays)


def erf(x: Array) -> Array:
    """Return the error function, element by element.

    In float64 the absolute error is below 1e-15, in float32 below 4e-7.

    Parameters
    ----------
    x : array of floats
        Any shape; NaN stays NaN.

    Notes
    -----
    erf(x) = 2/√π ∫₀ˣ exp(−t²) dt. float64: erfc(z) = t exp(−z²) P(t) with t = 2/(2 + z) and P a polynomial, fitted so
    that the largest error of erfc itself is least, 5e-17 before rounding; the form is that of Hastings 1955.
    float32: erf(a/√2) = tanh(a R(a²)) with R a rational function.

    Examples
    --------
    >>> bool(abs(erf(np.array(0.5)) - 0.5204998778130465) < 1e-15)
    True
    """
    xp = array_module(x)
    return cast(Array, _erf_single(xp, x) if x.dtype == np.float32 else _erf_double(xp, x))


def _erf_double(xp: ModuleType, x: Array) -> Any:
    z = xp.minimum(xp.abs(x), 6.0)  # beyond 6 erf is 1 to the last bit
    t = 2 / (2 + z)
    v = t - 0.75
    polynomial = ERFC_POLYNOMIAL[-1] * v
    polynomial += ERFC_POLYNOMIAL[-2]
    for coefficient in ERFC_POLYNOMIAL[-3::-1]:
        polynomial *= v
        polynomial += coefficient
    return xp.copysign(1 - t * xp.exp(-z * z) * polynomial, x)


def _erf_single(xp: ModuleType, x: Array) -> Any:
    # Beyond 4.5 erf is 1 to the last bit of float32, and so is this.
    return _erf_of_scaled(xp, 1.4142135 * xp.clip(x, -4.5, 4.5))


def _erf_of_scaled(xp: ModuleType, a: Array) -> Any:
    """Return erf(a/√2) to the accuracy of float32; in place wherever it can be, which is a sixth faster."""
    z = a * a
    q = 1382.3488464 / (z + 45.3085963809)
    q += z
    q -= 23.5900528005
    z *= 0.018137920976
    z += 1.18332040765
    z -= 2.66705130511 / q
    z *= a
    return xp.tanh(z)


def normal_cdf(a: Array) -> Array:
    """Return Φ(a) = ½ (1 + erf(a/√2)), the distribution function of the standard normal, element by element.

    The absolute error is below 1e-15 in float64 and 3e-7 in float32; NaN stays NaN.

    Examples
    --------
    >>> normal_cdf(np.array([0.0, 1.96])).round(3)
    array([0.5  , 0.975])
    """
    xp = array_module(a)
    half = 0.5 * (_erf_of_scaled(xp, a) if a.dtype == np.float32 else erf(math.sqrt(0.5) * a))
    half += 0.5
    return cast(Array, half)


def normal_density(a: Array) -> Array:
    """Return p(a) = exp(−a²/2) / √(2π), the density of the standard normal, element by element.

    Examples
    --------
    >>> normal_density(np.array([0.0, 1.0])).round(3)
    array([0.399, 0.242])
    """
    xp = array_module(a)
    exponent = -0.5 * a
    exponent *= a
    density = xp.exp(exponent)
    density *= INVERSE_SQRT_2PI
    return cast(Array, density)
