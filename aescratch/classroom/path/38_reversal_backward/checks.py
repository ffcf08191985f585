"""The gradients of an adversarial autoencoder, by its reversal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Rule, check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("reversal_backward",)


def adversarial_loss(x: Any, z: Any, W1: Any, W2: Any, v: Any, weight: float) -> Any:
    """Return the loss that the exercise gives."""
    h = x @ W1
    logits = functions.join_rows(z, functions.gradient_reversal(h, weight)) @ v[:, None]
    return functions.squared_error(h @ W2, x) + functions.discrimination(logits)


def by_the_sheet(x: Any, z: Any, W1: Any, W2: Any, v: Any, weight: float) -> Any:
    """Return the gradients by the formula sheet."""
    h = x @ W1
    grad_h, grad_W2, _ = functions.dense_backward(functions.squared_error_backward(h @ W2, x), h, W2)
    both = functions.join_rows(z, functions.gradient_reversal(h, weight))
    grad_logits = functions.discrimination_backward(both @ v[:, None])
    grad_both, grad_v, _ = functions.dense_backward(grad_logits, both, v[:, None])
    _, of_codes = functions.join_rows_backward(grad_both, z)
    grad_h = grad_h + functions.gradient_reversal_backward(of_codes, weight)
    _, grad_W1, _ = functions.dense_backward(grad_h, x, W1)
    return grad_W1, grad_W2, grad_v[:, 0]


RULE = Rule("gradient reversal", by_the_sheet)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on reversal_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "z": (7, 3), "W1": (5, 3), "W2": (3, 5), "v": (3,)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["weight"] = 0.6
    yield check_backward(
        student.reversal_backward, adversarial_loss, inputs, seed, wrt=["W1", "W2", "v"], rule=RULE
    )
