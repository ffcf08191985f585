"""The gradients of a gated autoencoder; what the stop-gradient holds is a copy that isn't moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("gated_backward",)


def gated_loss(x: Any, W: Any, b: Any, r: Any, W2: Any, weight: float, W2_held: Any) -> Any:
    """Return the loss that the exercise gives, with the decoder's weights held in the auxiliary term."""
    p = x @ W
    a_gate, a_mag = functions.gate(p, b), functions.magnitude(p, r, 0 * b)
    h, g = functions.gated(a_gate, a_mag), functions.relu(a_gate)
    restored = functions.squared_error(h @ W2, x) + functions.squared_error(g @ W2_held, x)
    return restored + weight * functions.l1_sparsity(g)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on gated_backward."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {
        "x": rng.normal(0, 0.5, size=(13, 7)), "W": rng.normal(size=(7, 5)),
        "b": rng.permutation([-0.9, -0.7, -0.5, 0.5, 0.7]),  # so that many a gate is shut where the magnitude isn't
        "r": rng.normal(size=5), "W2": rng.normal(size=(5, 7)), "weight": 0.4,
    }  # fmt: skip
    wrt, held = ["W", "b", "r", "W2"], {"W2_held": "W2"}
    yield check_backward(student.gated_backward, gated_loss, inputs, seed, wrt=wrt, held=held)
