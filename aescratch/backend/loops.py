"""A kernel's text as a loop in Python, which Numba compiles for the CPU.

    T t0 = a * T(0.5);        for i in range(a_.shape[0]):
                                  for j in range(a_.shape[1]):
                        --->          a = a_[i, j]
                                      t0 = T(a * T(0.5))
                                      y0_[i, j] = t0

The functions that the loop calls come before it. The text is complete: the compiled code depends on nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aescratch.backend import vectors
from aescratch.backend.kernels import Kernel, write_kernel

# Numba's options for the functions and for a loop. Products may be added without intermediate rounding, and the terms
# of a sum may be added in any order; no other change is allowed.
PREAMBLE = """
fabs, sqrt, copysign, inf, nan = math.fabs, math.sqrt, math.copysign, np.inf, np.nan
T, Integer = np.{dtype}, np.{integer}
inlined = numba.njit(fastmath={{"contract"}}, error_model="numpy", forceinline=True)
@numba.njit(fastmath={{"reassoc"}}, forceinline=True)
def plus(x, y): return x + y
@inlined
def maximum(x, y): return y if (x < y) | (y != y) else x
@inlined
def minimum(x, y): return y if (y < x) | (y != y) else x
@inlined
def sign(x): return T(1) if x > T(0) else T(-1) if x < T(0) else x
@inlined
def choose(condition, x, y): return x if condition else y
@inlined
def scaled(x, k):
    whole = np.int32(k)
    half = np.int32(whole >> 1)
    first = Integer((Integer(half) + {bias}) << {digits}).view(T)
    second = Integer((Integer(whole - half) + {bias}) << {digits}).view(T)
    return x if x != x else x * first * second
@inlined
def exponent(x): return T(np.int32((T(x).view(Integer) - {root}) >> {digits}))
"""
# The layout of a float: the integer of its size, the digits of its fraction, the bias of its exponent, √½.
LAYOUTS: dict[str, dict[str, str | int]] = {
    "float32": {"integer": "int32", "digits": 23, "bias": 127, "root": 0x3F3504F3},
    "float64": {"integer": "int64", "digits": 52, "bias": 1023, "root": 0x3FE6A09E667F3BCD},
}
# Kinds of arguments: arrays, one row for all their rows, or numbers; and of results: arrays, or a number for each row.
ARRAY, ROW, NUMBER, RESULT, SUMS = "array", "row", "number", "result", "sums"


def loop_text(kernel: Kernel, kinds: Mapping[str, str], dtype: str) -> str:
    """Return the Python text of a kernel's loop, whose arguments and results are of these kinds, by name."""
    of_kind = {kind: [name for name in kinds if kinds[name] == kind] for kind in (ARRAY, ROW, NUMBER, RESULT, SUMS)}
    first = of_kind[ARRAY][0]
    # Arrays that need not be processed row by row are processed as one row.
    in_rows = "{}_given" if of_kind[ROW] or kernel.row_sums else "{0}_given.reshape((1, {0}_given.size))"
    body = [f"{name} = {name}_[i, j]" for name in of_kind[ARRAY]] + [f"{name} = {name}_[j]" for name in of_kind[ROW]]
    body += python_lines(kernel)
    body += [f"{name}_[i, j] = {name}" for name in kernel.changed]
    body += [f"{y}_[i, j] = {result}" for y, result in zip(of_kind[RESULT], kernel.results)]  # noqa: B905
    body += [f"total = plus(total, np.float64({result}))" for result in kernel.results[: len(of_kind[SUMS])]]
    return "\n".join([
        PREAMBLE.format(dtype=dtype, **LAYOUTS[dtype]),
        *(function_text(name, dtype) for name in ("exp", "tanh", "log1p")),
        f"def loop({', '.join(f'{name}_given' for name in kinds)}):",
        *(f"    {name} = T({name}_given)" for name in of_kind[NUMBER]),
        *(f"    {name}_ = {name}_given" for name in of_kind[ROW] + of_kind[SUMS]),
        *(f"    {name}_ = {in_rows.format(name)}" for name in of_kind[ARRAY] + of_kind[RESULT]),
        f"    for i in range({first}_.shape[0]):",
        "        total = 0.0",
        f"        for j in range({first}_.shape[1]):",
        *(f"            {line}" for line in body),
        *(f"        {name}_[i] = T(total)" for name in of_kind[SUMS]),
    ])  # fmt: skip


def function_text(name: str, dtype: str) -> str:
    """Return the Python text of one of the functions of `vectors`."""
    kernel = write_kernel(getattr(vectors, name), ("x",), dtype)
    lines = [*python_lines(kernel), f"return {kernel.results[0]}"]
    return "\n".join(["@inlined", f"def {name}(x):", *(f"    {line}" for line in lines)])


def python_lines(kernel: Kernel) -> Sequence[str]:
    """Return a kernel's statements in Python; true and false are 1 and 0."""
    return [re.sub(r"^(?:T |bool )?(\w+) = (.*);$", r"\1 = T(\2)", line) for line in kernel.lines]
