"""The gradients of a vector-quantised autoencoder; what a stop-gradient holds is a copy that isn't moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("vq_backward",)


def vq_loss(x: Any, W1: Any, E: Any, W2: Any, beta: float, W1_held: Any, E_held: Any) -> Any:
    """Return the loss that the exercise gives, where sg is made of the weights and the codebook that are held."""
    h, h_held = x @ W1, x @ W1_held
    indices = functions.nearest_entries(h_held, E_held)
    q, q_held = functions.codebook_entries(E, indices), functions.codebook_entries(E_held, indices)
    z = q_held + (h - h_held)  # straight through: it moves as h does
    codebook, commitment = functions.quantization_error(h_held, q), functions.quantization_error(h, q_held)
    return functions.squared_error(z @ W2, x) + codebook + beta * commitment


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on vq_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (13, 7), "W1": (7, 5), "E": (3, 5), "W2": (5, 7)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["beta"] = 0.3
    held = {"W1_held": "W1", "E_held": "E"}
    yield check_backward(student.vq_backward, vq_loss, inputs, seed, wrt=["W1", "E", "W2"], held=held)
