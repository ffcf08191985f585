"""The gradients of a head and of the two layers below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("fine_tuning_backward",)


def fine_tuning_loss(x: Any, labels: Any, W1: Any, W2: Any, W3: Any, b3: Any) -> Any:
    """Return the loss that the exercise gives."""
    h = functions.tanh(functions.tanh(x @ W1) @ W2)
    return functions.softmax_cross_entropy(functions.dense(h, W3, b3), labels)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on fine_tuning_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (11, 7), "W1": (7, 5), "W2": (5, 3), "W3": (3, 2), "b3": (2,)}
    inputs: dict[str, Any] = {name: rng.normal(0, 0.6, size=shape) for name, shape in shapes.items()}
    inputs["labels"] = rng.permutation(11) % 2
    yield check_backward(student.fine_tuning_backward, fine_tuning_loss, inputs, seed, wrt=["W1", "W2", "W3", "b3"])
