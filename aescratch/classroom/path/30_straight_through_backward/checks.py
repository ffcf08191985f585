"""The straight-through rule of a binary code, as the derivative of the ramp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("straight_through_backward",)
AGAINST = {
    "a": "That is the rule's answer. If a goes from 0.3 to 0.31, does z change?",
    "c": "At which a is the step? Is a = 0.3 at the step?",
    "d": "If a goes from 0.3 to 0.31, does z change?",
}


def ramp(a: Any) -> Any:
    """Return what the rule takes the binary code for."""
    return np.clip(a, -1, 1)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on straight_through_backward."""
    yield check_prediction(student, "b", AGAINST)
    rng = np.random.default_rng(seed)
    yield check_backward(student.straight_through_backward, ramp, {"a": 1.5 * rng.normal(size=(7, 5))}, seed)
