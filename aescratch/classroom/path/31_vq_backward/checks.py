"""The gradients of a vector-quantised autoencoder, by its stop-gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Rule, check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("vq_backward",)


def vq_loss(x: Any, W1: Any, E: Any, W2: Any, beta: float) -> Any:
    """Return the loss that the exercise gives."""
    h = x @ W1
    q = functions.codebook_entries(E, functions.nearest_entries(h, E))
    return functions.squared_error(q @ W2, x) + (1 + beta) * functions.quantization_error(h, q)


def by_the_sheet(x: Any, W1: Any, E: Any, W2: Any, beta: float) -> Any:
    """Return the gradients by the formula sheet."""
    h = x @ W1
    indices = functions.nearest_entries(h, E)
    q = functions.codebook_entries(E, indices)
    grad_z, grad_W2, _ = functions.dense_backward(functions.squared_error_backward(q @ W2, x), q, W2)
    committed, _ = functions.quantization_error_backward(h, q)
    _, grad_q = functions.quantization_error_backward(h, q)
    grad_h = functions.straight_through_backward(grad_z) + beta * committed
    _, grad_W1, _ = functions.dense_backward(grad_h, x, W1)
    return grad_W1, functions.codebook_entries_backward(grad_q, E, indices), grad_W2


RULE = Rule("straight-through", by_the_sheet)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on vq_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (13, 7), "W1": (7, 5), "E": (3, 5), "W2": (5, 7)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["beta"] = 0.3
    yield check_backward(student.vq_backward, vq_loss, inputs, seed, wrt=["W1", "E", "W2"], rule=RULE)
