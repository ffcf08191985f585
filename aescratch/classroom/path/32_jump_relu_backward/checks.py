"""Both gradients of a JumpReLU: that of theta is the derivative of a ramp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("jump_relu_backward",)


def jump_relu(a: Any, theta: Any, bandwidth: float, a_held: Any, theta_held: Any) -> Any:
    """Return the forward that the exercise gives; where only theta moves, the jump is a ramp."""

    def ramp(at: Any) -> Any:
        within = np.clip(at, a_held - bandwidth / 2, a_held + bandwidth / 2)
        return -(within**2) / (2 * bandwidth)

    return functions.jump_relu(a, theta_held, bandwidth) + ramp(theta) - ramp(theta_held)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on jump_relu_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"a": rng.normal(size=(23, 3)), "theta": rng.uniform(0.2, 0.6, size=3), "bandwidth": 0.7}
    held = {"a_held": "a", "theta_held": "theta"}
    yield check_backward(student.jump_relu_backward, jump_relu, inputs, seed, wrt=["a", "theta"], held=held)
