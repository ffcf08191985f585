"""The gradients of a k-sparse autoencoder with an auxiliary term; the residual is made of copies that aren't moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("auxiliary_backward",)
LONG = 10  # examples, for more than which a unit has been 0


def auxiliary_loss(
    x: Any, W1: Any, W2: Any, silent: Any, k: int, weight: float, W1_held: Any, W2_held: Any
) -> Any:  # fmt: skip
    """Return the loss that the exercise gives, with the residual made of the weights that are held."""
    a = x @ W1
    e = x - functions.top_k(x @ W1_held, k) @ W2_held
    e_hat = functions.silent_top_k(a, 2 * LONG * silent, k, LONG) @ W2
    return functions.squared_error(functions.top_k(a, k) @ W2, x) + weight * functions.squared_error(e_hat, e)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on auxiliary_backward."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {
        "x": rng.normal(size=(11, 5)), "W1": rng.normal(size=(5, 7)), "W2": rng.normal(size=(7, 5)),
        "silent": rng.permutation(np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])), "k": 2, "weight": 0.6,
    }  # fmt: skip
    held = {"W1_held": "W1", "W2_held": "W2"}
    yield check_backward(student.auxiliary_backward, auxiliary_loss, inputs, seed, wrt=["W1", "W2"], held=held)
