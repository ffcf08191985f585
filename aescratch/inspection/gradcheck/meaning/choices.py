"""What layers that choose units of a code are to compute, and what they compute instead when they don't."""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.functions import FORMULAS
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, readings
from aescratch.selection import JumpReLU


def jump_relu(rng: np.random.Generator, layer: JumpReLU) -> Oracle:
    """h = a where a > theta, else 0."""
    theta = np.e ** layer.log_theta.value.astype(float)
    others = {
        "it cuts off at 0, where it should at theta": lambda a: np.where(a > 0, a, 0.0),
        "it takes the threshold away from what is on": lambda a: np.maximum(a - theta, 0.0),
        "it returns the mask, without the values": lambda a: 1.0 * (a > theta),
        "it keeps what is below the threshold": lambda a: np.where(a <= theta, a, 0.0),
        "it compares by absolute value": lambda a: np.where(np.abs(a) > theta, a, 0.0),
        "it compares with the logarithm of theta": lambda a: np.where(a > layer.log_theta.value, a, 0.0),
    }

    def right(a: Array) -> Any:
        return FORMULAS["jump_relu"].second_opinion(a, theta, layer.bandwidth)

    cases = [(theta * rng.choice([-2.0, -0.5, 0.5, 2.0], (n, len(theta))),) for n in (7, 5)]
    return Oracle("a where a > theta, else 0", right, cases, readings(others), FORMULAS["jump_relu"].question)
