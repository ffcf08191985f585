"""The gradients of a denoising autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("denoising_backward",)


def denoising_loss(x_tilde: Any, x: Any, W1: Any, W2: Any) -> Any:
    """Return the loss that the exercise gives."""
    return functions.squared_error(functions.tanh(x_tilde @ W1) @ W2, x)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on denoising_backward."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(7, 5))
    x_tilde = x + rng.normal(0, 0.5, size=(7, 5))
    inputs = {"x_tilde": x_tilde, "x": x, "W1": rng.normal(size=(5, 3)), "W2": rng.normal(size=(3, 5))}
    yield check_backward(student.denoising_backward, denoising_loss, inputs, seed, wrt=["W1", "W2"])
