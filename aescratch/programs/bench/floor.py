"""The lower bound of a training step: the matrix products alone, and one pass over the arrays of Adam.

    x W  for every layer;   xᵀ grad_y  for every layer;   grad_y Wᵀ  for every layer but the first
    values, gradients, two moments: each read once, all but the gradients written once

No step with NumPy's matrix products is faster. The products write into existing arrays, and the pass goes block by
block, so that each array is read from memory once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from aescratch.backend import BLOCK
from aescratch.programs.bench.cases import Case, make_model, random_data


def floor_step(case: Case) -> Callable[[], None]:
    """Return the smallest possible training step of this case."""
    model = make_model(case)
    buffer = model.parameters[0].buffer
    values, grads = buffer.values, buffer.grads
    m, v = np.zeros_like(values), np.zeros_like(values)
    weights = [parameter for parameter in model.parameters if parameter.decays]
    rows = [random_data(case.batch, width) for width in case.path]
    grad_rows = [np.full_like(row, 1e-6) for row in rows]  # so small that the values stay what they are

    def step() -> None:
        for W, (x, y) in zip(weights, itertools.pairwise(rows), strict=True):
            np.matmul(x, W.value, out=y)
        for i in reversed(range(len(weights))):
            W, grad_y = weights[i], grad_rows[i + 1]
            np.matmul(rows[i].T, grad_y, out=W.grad)
            if i > 0:
                np.matmul(grad_y, W.value.T, out=grad_rows[i])
        for start in range(0, values.size, BLOCK):
            here = slice(start, start + BLOCK)
            np.subtract(grads[here], m[here], out=m[here])
            np.subtract(grads[here], v[here], out=v[here])
            values[here] += m[here]

    return step
