"""The L1 penalty, at codes of both signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Slip, check_backward, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("l1_sparsity_backward",)
### BEGIN REFERENCE
RIGHT = functions.l1_sparsity_backward
SLIPS = (
    Slip("slope-at-zero", lambda h: np.where(h >= 0, 1.0, -1.0) / len(h), "at h = 0 the gradient isn't 0",
         "A unit that is exactly 0 is where the penalty wants it. What does your gradient do to it?"),
)  # fmt: skip
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on l1_sparsity_backward."""
    rng = np.random.default_rng(seed)
    report = check_backward(student.l1_sparsity_backward, functions.l1_sparsity, {"h": rng.normal(size=(7, 3))}, seed)
    yield report
    if report.verdict == "pass":  # what no difference quotient can settle: the convention at 0
        draws = [{"h": rng.normal(size=(7, 3)) * (rng.random((7, 3)) > 0.4)} for _ in range(2)]
        yield check_forward(student.l1_sparsity_backward, RIGHT, draws, "grad_h", SLIPS)
