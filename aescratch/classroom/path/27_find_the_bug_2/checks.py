"""The gradients of a classifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("classifier_backward",)


def classifier_loss(x: Any, labels: Any, W1: Any, W2: Any, W3: Any) -> Any:
    """Return the loss that the exercise gives."""
    h = functions.relu(functions.relu(x @ W1) @ W2)
    return functions.softmax_cross_entropy(h @ W3, labels)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on classifier_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (11, 7), "W1": (7, 5), "W2": (5, 3), "W3": (3, 2)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["labels"] = np.arange(11) % 2
    yield check_backward(student.classifier_backward, classifier_loss, inputs, seed, wrt=["W1", "W2", "W3"])
