"""ReLU at inputs of both signs, some of them exactly 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Slip, check_backward, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("relu_backward",)
### BEGIN REFERENCE
RIGHT = functions.relu_backward
SLIPS = (
    Slip("slope-at-zero", lambda grad_y, a: grad_y * (a >= 0), "at a = 0 the gradient passes",
         "The task gives the slope at exactly 0. What does your condition give there?"),
)  # fmt: skip
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on relu_backward."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(7, 3))
    a.flat[rng.choice(a.size, 2, replace=False)] = 0  # so few that a check isn't one of kinks
    inputs = {"a": a}
    report = check_backward(student.relu_backward, functions.relu, inputs, seed)
    yield report
    if report.verdict == "pass":  # what no difference quotient can settle: the convention at 0
        draws = [{"grad_y": rng.normal(size=(7, 3)), "a": inputs["a"] * (rng.random((7, 3)) > 0.4)} for _ in range(2)]
        yield check_forward(student.relu_backward, RIGHT, draws, "grad_a", SLIPS)
