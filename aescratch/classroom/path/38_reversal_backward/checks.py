"""The gradients of an adversarial autoencoder, by a code that moves the other way for the discriminator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("reversal_backward",)


def adversarial_loss(x: Any, z: Any, W1: Any, W2: Any, v: Any, weight: float, W1_held: Any) -> Any:
    """Return the loss that the exercise gives; what the discriminator is given moves against h, and weight as far."""
    h, h_held = x @ W1, x @ W1_held
    reversed_h = h_held - weight * (h - h_held)
    logits = functions.join_rows(z, reversed_h) @ v[:, None]
    return functions.squared_error(h @ W2, x) + functions.discrimination(logits)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on reversal_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "z": (7, 3), "W1": (5, 3), "W2": (3, 5), "v": (3,)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["weight"] = 0.6
    wrt, held = ["W1", "W2", "v"], {"W1_held": "W1"}
    yield check_backward(student.reversal_backward, adversarial_loss, inputs, seed, wrt=wrt, held=held)
