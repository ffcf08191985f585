"""Both gradients of a JumpReLU, that of theta by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Rule, check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("jump_relu_backward",)
RULE = Rule("pseudo-derivative", functions.jump_relu_backward)


def jump_relu(a: Any, theta: Any, bandwidth: float) -> Any:
    """Return the forward that the exercise gives."""
    return functions.jump_relu(a, theta, bandwidth)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on jump_relu_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"a": rng.normal(size=(23, 3)), "theta": rng.uniform(0.2, 0.6, size=3), "bandwidth": 0.7}
    yield check_backward(
        student.jump_relu_backward, jump_relu, inputs, seed, wrt=["a", "theta"], rule=RULE
    )
