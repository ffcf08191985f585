"""The four gradients of a two-layer autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("autoencoder_backward",)
AGAINST = {
    "a": "Twice as many examples use b2. But how much does each of them count in the loss now?",
    "b": "Each example counts half as much in the mean. But how many of them use b2 now?",
    "d": "Write grad_b2 as a sum over the examples, with what the loss divides by. Which two things change?",
}


def autoencoder_loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """Return the loss that the exercise gives."""
    x_hat = functions.dense(functions.sigmoid(functions.dense(x, W1, b1)), W2, b2)
    return functions.squared_error(x_hat, x)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on autoencoder_backward."""
    yield check_prediction(student, "c", AGAINST)
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "W1": (5, 3), "b1": (3,), "W2": (3, 5), "b2": (5,)}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    yield check_backward(student.autoencoder_backward, autoencoder_loss, inputs, seed, wrt=["W1", "b1", "W2", "b2"])
