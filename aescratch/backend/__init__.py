"""Array libraries, and the evaluation of formulas on them.

    arrays      NumPy or CuPy: the only file that imports cupy
    evaluation  a formula as written, in blocks, as one kernel, or as one loop
    kernels     a formula writes the text of its own kernel
    compiled    that text as machine code for the CPU, by Numba, in machine_code, which alone needs it
    loops       the text as a loop;   vectors   its exp, tanh and log1p
    normal      erf, and the normal distribution's Φ and density
    passes      faster replacements of a layer's passes
    sharing     a batch that several processes share: means and rows of the whole batch
    switch      turns off all shortcuts

Nothing here depends on a layer, a formula of the sheet, or a model.
"""

from aescratch.backend.arrays import (
    Array,
    Number,
    array_module,
    batch_size,
    explained_out_of_memory,
    keep_freed_memory,
    move,
    require_backend,
    to_numpy,
)
from aescratch.backend.evaluation import BLOCK, biased, elementwise, fused
from aescratch.backend.normal import erf, normal_cdf, normal_density
from aescratch.backend.sharing import all_rows, batch_mean, evenly, own_gradient, own_rows, rows_in_batch
from aescratch.backend.switch import as_written, is_fast

__all__ = [
    "BLOCK", "Array", "Number", "all_rows", "array_module", "as_written", "batch_mean", "batch_size", "biased",
    "elementwise", "erf", "evenly", "explained_out_of_memory", "fused", "is_fast", "keep_freed_memory", "move",
    "normal_cdf", "normal_density", "own_gradient", "own_rows", "require_backend", "rows_in_batch", "to_numpy",
]  # fmt: skip
