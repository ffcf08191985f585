"""The gradients of a gated autoencoder, by its stop-gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Rule, check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("gated_backward",)


def gated_loss(x: Any, W: Any, b: Any, r: Any, W2: Any, weight: float) -> Any:
    """Return the loss that the exercise gives."""
    p = x @ W
    a_gate, a_mag = functions.gate(p, b), functions.magnitude(p, r, 0 * b)
    h, g = functions.gated(a_gate, a_mag), functions.relu(a_gate)
    restored = functions.squared_error(h @ W2, x) + functions.squared_error(g @ W2, x)
    return restored + weight * functions.l1_sparsity(g)


def by_the_sheet(x: Any, W: Any, b: Any, r: Any, W2: Any, weight: float) -> Any:
    """Return the gradients by the formula sheet."""
    p = x @ W
    a_gate, a_mag = functions.gate(p, b), functions.magnitude(p, r, 0 * b)
    h, g = functions.gated(a_gate, a_mag), functions.relu(a_gate)
    grad_h, grad_W2, _ = functions.dense_backward(functions.squared_error_backward(h @ W2, x), h, W2)
    grad_g, _, _ = functions.dense_backward(functions.squared_error_backward(g @ W2, x), g, W2)
    grad_a_gate, grad_a_mag = functions.gated_backward(grad_h, a_gate, a_mag)
    penalty = weight * functions.l1_sparsity_backward(g)
    grad_a_gate = grad_a_gate + functions.relu_backward(grad_g + penalty, a_gate)
    grad_p, grad_r, _ = functions.magnitude_backward(grad_a_mag, p, r)
    of_gate, grad_b = functions.gate_backward(grad_a_gate)
    _, grad_W, _ = functions.dense_backward(grad_p + of_gate, x, W)
    return grad_W, grad_b, grad_r, grad_W2


RULE = Rule("stop-gradient", by_the_sheet)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on gated_backward."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {
        "x": rng.normal(0, 0.5, size=(13, 7)), "W": rng.normal(size=(7, 5)),
        "b": rng.permutation([-0.9, -0.7, -0.5, 0.5, 0.7]),  # so that many a gate is shut where the magnitude isn't
        "r": rng.normal(size=5), "W2": rng.normal(size=(5, 7)), "weight": 0.4,
    }  # fmt: skip
    yield check_backward(student.gated_backward, gated_loss, inputs, seed, wrt=["W", "b", "r", "W2"], rule=RULE)
