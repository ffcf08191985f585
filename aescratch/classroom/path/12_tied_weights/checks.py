"""The gradients of an autoencoder with tied weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("tied_backward",)
AGAINST = {
    "a": "If an entry of W grows a little, does the decoder stay the same?",
    "b": "In w · w, w is used twice too. What is its slope at w = 3, and what does each use contribute?",
    "d": "If both paths from W change the loss, does the smaller change disappear?",
}


def tied_loss(x: Any, W: Any, b: Any, c: Any) -> Any:
    """Return the loss that the exercise gives."""
    h = functions.tanh(functions.dense(x, W, b))
    return functions.squared_error(functions.dense(h, W.T, c), x)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on tied_backward."""
    yield check_prediction(student, "c", AGAINST)
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "W": (5, 3), "b": (3,), "c": (5,)}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    yield check_backward(student.tied_backward, tied_loss, inputs, seed, wrt=["W", "b", "c"])
