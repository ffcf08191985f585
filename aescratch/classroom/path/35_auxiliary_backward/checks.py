"""The gradients of a k-sparse autoencoder with an auxiliary term, by its stop-gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Rule, check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("auxiliary_backward",)
LONG = 10  # examples, for more than which a unit has been 0


def auxiliary_loss(x: Any, W1: Any, W2: Any, silent: Any, k: int, weight: float) -> Any:
    """Return the loss that the exercise gives."""
    a = x @ W1
    x_hat = functions.top_k(a, k) @ W2
    e_hat = functions.silent_top_k(a, 2 * LONG * silent, k, LONG) @ W2
    return functions.squared_error(x_hat, x) + weight * functions.squared_error(e_hat, x - x_hat)


def by_the_sheet(x: Any, W1: Any, W2: Any, silent: Any, k: int, weight: float) -> Any:
    """Return the gradients by the formula sheet."""
    a, silent_for = x @ W1, 2 * LONG * silent
    h, z = functions.top_k(a, k), functions.silent_top_k(a, silent_for, k, LONG)
    x_hat = h @ W2
    grad_h, grad_W2, _ = functions.dense_backward(functions.squared_error_backward(x_hat, x), h, W2)
    grad_e_hat = weight * functions.squared_error_backward(z @ W2, x - x_hat)
    grad_z, second, _ = functions.dense_backward(grad_e_hat, z, W2)
    grad_a = functions.top_k_backward(grad_h, a, k) + functions.silent_top_k_backward(grad_z, a, silent_for, k, LONG)
    _, grad_W1, _ = functions.dense_backward(grad_a, x, W1)
    return grad_W1, grad_W2 + second


RULE = Rule("stop-gradient", by_the_sheet)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on auxiliary_backward."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {
        "x": rng.normal(size=(11, 5)), "W1": rng.normal(size=(5, 7)), "W2": rng.normal(size=(7, 5)),
        "silent": rng.permutation(np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])), "k": 2, "weight": 0.6,
    }  # fmt: skip
    yield check_backward(student.auxiliary_backward, auxiliary_loss, inputs, seed, wrt=["W1", "W2"], rule=RULE)
