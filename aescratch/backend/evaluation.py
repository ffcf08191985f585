"""The evaluation of element-wise formulas: as written, in blocks, in one kernel on a GPU, or in one compiled loop.

    formula --elementwise--> small arrays: as written; large ones: block by block; on a GPU: one kernel
    formula --fused--------> on the CPU as written; on a GPU: one kernel
    both, for large arrays, if Numba is installed: one loop

With shortcuts switched off, all formulas are evaluated as written.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from aescratch.backend import compiled, switch
from aescratch.backend.arrays import Array, array_module, batch_size
from aescratch.backend.compiled import Compiled
from aescratch.backend.kernels import Kernel, Symbol, write_kernel
from aescratch.backend.sharing import batch_mean

Formula = TypeVar("Formula", bound=Callable[..., Any])
# With blocks of this many elements, a formula's temporaries fit into the cache, and the allocator reuses them instead
# of mapping and unmapping memory for each.
BLOCK = 65_536


def fused(formula: Formula) -> Formula:
    """Evaluate a formula in one kernel on a GPU, on the CPU as written, or in one loop if that can be compiled.

    The formula is element-wise, and may end in a sum over each row and the `batch_mean` of that.

    Examples
    --------
    >>> @fused
    ... def product(a, b):
    ...     return a * b
    >>> product(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 8.])
    """
    return _evaluated(formula, by_blocks=False)


def _evaluated(formula: Formula, *, by_blocks: bool) -> Formula:
    """Return a formula that is evaluated in a kernel, a loop, or, if allowed and useful, block by block."""
    signature = inspect.signature(formula)
    names = tuple(signature.parameters)
    loops = Compiled(formula, names)

    @functools.wraps(formula)
    def evaluate(*arguments: Any, **named: Any) -> Any:
        if named:
            arguments = signature.bind(*arguments, **named).args
        first = arguments[0]
        if isinstance(first, np.ndarray):
            result = loops(arguments) if first.size >= compiled.SMALLEST else NotImplemented
            if result is not NotImplemented:
                return result
            if by_blocks and first.size > BLOCK and switch.is_fast():
                return _block_by_block(formula, arguments)
            return formula(*arguments)
        if isinstance(first, Symbol) or not (switch.is_fast() and _on_gpu(arguments)):
            return formula(*arguments)
        return _launch(formula, names, arguments)

    evaluate.by_blocks = by_blocks  # type: ignore[attr-defined]
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
    """Whether the arrays among the arguments are CuPy arrays of floats of one type, so that one kernel can take them.

    Raises
    ------
    TypeError
        If arrays of another library, or of both, are among them.
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
    """Launch the formula's kernel with these arguments, and return its result."""
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
    """Evaluate a formula like `fused`, but large arrays on the CPU block by block if nothing is compiled.

    The formula is element-wise: its arguments are arrays of one shape, or scalars; it returns one array or a tuple of
    them. Block by block the result is exactly that of the formula itself; only the temporaries are smaller.

    Examples
    --------
    >>> @elementwise
    ... def square_plus_one(a):
    ...     return a * a + 1
    >>> square_plus_one(np.array([1.0, 2.0]))
    array([2., 5.])
    """
    return _evaluated(formula, by_blocks=True)


def _block_by_block(formula: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Return an element-wise formula's result for large arrays, computed block by block."""
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


def _aligned(arrays: list[Array]) -> bool:
    """Whether all arrays have the same shape and are contiguous, so that their flat blocks correspond."""
    return all(a.shape == arrays[0].shape and a.flags.c_contiguous for a in arrays)
