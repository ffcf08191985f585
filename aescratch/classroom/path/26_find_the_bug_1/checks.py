"""The gradients of a sparse autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("sparse_backward",)


def sparse_loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, rho: float, weight: float) -> Any:
    """Return the loss that the exercise gives."""
    h = functions.sigmoid(functions.dense(x, W1, b1))
    return functions.squared_error(functions.dense(h, W2, b2), x) + weight * functions.kl_sparsity(h, rho)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on sparse_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "W1": (5, 3), "b1": (3,), "W2": (3, 5), "b2": (5,)}
    inputs: dict[str, Any] = {name: rng.normal(0, 0.5, size=shape) for name, shape in shapes.items()}
    inputs |= {"rho": 0.1, "weight": 0.5}
    yield check_backward(student.sparse_backward, sparse_loss, inputs, seed, wrt=["W1", "b1", "W2", "b2"])
