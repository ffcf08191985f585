"""Formulas as kernels: a formula of the sheet writes the text of its own kernel, for GPU and CPU.

    formula(symbols) --each operation writes a line of C--> Kernel --CuPy--> one launch
                                                               └───--Numba--> one loop

On a GPU every operation of an array expression would launch its own kernel, and a small network mostly waits for these
launches. So a formula is called once with symbols in place of arrays; each operation on a symbol adds a line to the
body of one kernel, and returns the symbol of its result. The text is valid both as CUDA C and as Python, one statement
per line, so that it can be tested without a GPU, by a C++ compiler and by NumPy.

Nothing here depends on CuPy or Numba; `evaluation` launches the kernels, and `compiled` turns them into loops.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Functions that C lacks, or that differ in NumPy, where a maximum with NaN is NaN.
PREAMBLE = """
template <class T> __device__ inline T maximum(T x, T y) { return x < y || y != y ? y : x; }
template <class T> __device__ inline T minimum(T x, T y) { return y < x || y != y ? y : x; }
template <class T> __device__ inline T sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
"""


@dataclass
class Kernel:
    """The text of a kernel.

    Attributes
    ----------
    name : str
        The formula's name.
    inputs : list of str
        The arguments that are read only, arrays and numbers.
    changed : list of str
        The arguments that the formula changes in place.
    results : list of str
        The variables that the formula returns.
    lines : list of str
        The body, which computes one entry: ``"T t0 = a * T(0.5);"``.
    takes_n : bool
        Whether the formula uses the number of examples, which is then an input called n.
    row_sums : bool
        Whether the single result is summed over each row.
    mean : bool
        Whether the mean over the batch is taken of these sums.
    """

    name: str
    inputs: list[str]
    changed: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    takes_n: bool = False
    row_sums: bool = False
    mean: bool = False

    def source(self) -> dict[str, str]:
        """Return the arguments of CuPy's ElementwiseKernel, or of its ReductionKernel if rows are summed."""
        inputs = _parameters(self.inputs)
        if self.row_sums:
            body = "\n".join([*self.lines, f"return {self.results[0]};"])
            read = [f"x{i}" for i in range(len(self.inputs))]
            return {
                "in_params": _parameters(read), "out_params": "T y", "map_expr": f"summand({', '.join(read)})",
                "reduce_expr": "a + b", "post_map_expr": "y = a", "identity": "0", "name": self.name,
                "preamble": f"{PREAMBLE}template <class T> __device__ inline T summand({inputs}) {{\n{body}\n}}",
            }  # fmt: skip
        returned = [f"y{i}" for i in range(len(self.results))]
        assignments = [f"{y} = {result};" for y, result in zip(returned, self.results, strict=True)]
        return {
            "in_params": inputs, "out_params": _parameters(self.changed + returned),
            "operation": "\n".join(self.lines + assignments), "name": self.name, "preamble": PREAMBLE,
        }  # fmt: skip


def _parameters(names: Sequence[str]) -> str:
    return ", ".join(f"T {name}" for name in names)


def write_kernel(formula: Callable[..., Any], names: Sequence[str], dtype: Any) -> Kernel:
    """Return the kernel of an element-wise formula whose arguments have these names, for floats of this type.

    The formula may end in a sum over each row, ``(...).sum(axis=1)``, and in the `batch_mean` of that.
    """
    kernel = Kernel(formula.__name__.strip("_"), list(names))
    returned = formula(*(Symbol(kernel, name, np.dtype(dtype)) for name in names))
    if isinstance(returned, RowSums):
        kernel.row_sums, kernel.mean = True, returned.mean_taken
        returned = returned.terms
    symbols = returned if isinstance(returned, tuple) else () if returned is None else (returned,)
    kernel.results = [symbol.name for symbol in symbols]
    kernel.inputs = [name for name in names if name not in kernel.changed] + ["n"] * kernel.takes_n
    return kernel


class Symbol:
    """A number inside a kernel, by the name of the variable that holds it."""

    kernel: Kernel
    name: str
    dtype: Any

    def __init__(self, kernel: Kernel, name: str, dtype: Any) -> None:
        self.kernel, self.name, self.dtype = kernel, name, dtype

    @property
    def shape(self) -> tuple[Symbol]:
        """The number of examples."""
        self.kernel.takes_n = True
        return (Symbol(self.kernel, "n", self.dtype),)

    def result(self, expression: str, kind: str = "T") -> Symbol:
        """Return the symbol of a new variable that holds the expression."""
        name = f"t{len(self.kernel.lines)}"
        self.kernel.lines.append(f"{kind} {name} = {expression};")
        return Symbol(self.kernel, name, self.dtype)

    def change(self, expression: str) -> Symbol:
        """Assign the expression to this symbol's variable."""
        self.kernel.lines.append(f"{self.name} = {expression};")
        is_argument = self.name in self.kernel.inputs
        if is_argument and self.name not in self.kernel.changed:
            self.kernel.changed.append(self.name)
        return self

    def astype(self, dtype: Any) -> Symbol:
        """Return the number, or 1 for true and 0 for false, as a float; all floats of a kernel have the same type."""
        return self.result(f"T({self.name})")

    def copy(self) -> Symbol:
        """Return the same number in a new variable."""
        return self.result(self.name)

    def sum(self, axis: int) -> RowSums:
        """Return the sum over each row."""
        if axis != 1:
            raise ValueError(f"expected the sum over axis 1 in a kernel, got axis {axis}")
        return RowSums(self)

    def __bool__(self) -> bool:
        raise TypeError("expected a formula that computes every entry alike, got one that uses a number as a condition")

    def __neg__(self) -> Symbol:
        return self.result(f"-{self.name}")


class RowSums:
    """The sums of a formula over each row."""

    terms: Symbol
    mean_taken: bool

    def __init__(self, terms: Symbol) -> None:
        self.terms, self.mean_taken = terms, False

    def __rmul__(self, factor: float) -> RowSums:
        """Return the sums of the terms times a number."""
        return RowSums(self.terms.result(f"{written(factor)} * {self.terms.name}"))

    def mean(self, axis: int) -> RowSums:
        """Return the mean over the batch, axis 0."""
        self.mean_taken = True
        return self


def written(value: Any) -> str:
    """Return a symbol's variable, or a number, as text."""
    return value.name if isinstance(value, Symbol) else f"T({float(value)!r})"


def _infix(sign: str) -> tuple[Callable[..., Symbol], Callable[..., Symbol], Callable[..., Symbol]]:
    """Return the methods of an infix operator: x op y, y op x for a number y, and x op= y."""

    def forwards(self: Symbol, other: Any) -> Symbol:
        return self.result(f"{self.name} {sign} {written(other)}")

    def backwards(self: Symbol, other: Any) -> Symbol:
        return self.result(f"{written(other)} {sign} {self.name}")

    def in_place(self: Symbol, other: Any) -> Symbol:
        return self.change(f"{self.name} {sign} {written(other)}")

    return forwards, backwards, in_place


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    for _prefix, _method in zip(("", "r", "i"), _infix(_sign), strict=True):
        setattr(Symbol, f"__{_prefix}{_name}__", _method)


def _comparison(sign: str) -> Callable[..., Symbol]:
    return lambda self, other: self.result(f"{self.name} {sign} {written(other)}", "bool")


for _name, _sign in {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}.items():
    setattr(Symbol, f"__{_name}__", _comparison(_sign))


def function_named(name: str) -> Callable[..., Any]:
    """Return the function that writes a call of the kernel's function of this name."""

    def function(*arguments: Any, out: Symbol | None = None) -> Symbol:
        expression = f"{name}({', '.join(map(written, arguments))})"
        if out is not None:
            return out.change(expression)
        return next(argument for argument in arguments if isinstance(argument, Symbol)).result(expression)

    return function


# The functions of an array module that formulas call, under NumPy's names; C's names are their own.
FUNCTIONS: Any = types.SimpleNamespace(
    **{name: function_named(name) for name in ("exp", "log1p", "tanh", "sqrt", "copysign")},
    **{name: function_named(name) for name in ("maximum", "minimum", "sign")},
    abs=function_named("fabs"),
    divide=lambda x, y, out: out.change(f"{written(x)} / {written(y)}"),
    clip=lambda x, low, high: FUNCTIONS.minimum(FUNCTIONS.maximum(x, low), high),
)
