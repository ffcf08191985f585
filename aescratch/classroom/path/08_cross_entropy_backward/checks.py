"""Cross-entropy of pixels, at logits of a usual size and at large ones of both signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("binary_cross_entropy_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on binary_cross_entropy_backward, and where exp overflows one more."""
    rng = np.random.default_rng(seed)
    for size in (0.0, 800.0):
        logits = rng.normal(0, 1.3, size=(7, 5)) + size * rng.choice([-1, 1], size=(7, 5))
        inputs = {"logits": logits, "x": rng.uniform(0.1, 0.9, size=(7, 5))}
        backward, at = student.binary_cross_entropy_backward, "logits near -800 and 800" if size else ""
        report = check_backward(backward, functions.binary_cross_entropy, inputs, seed, at=at)
        yield report
        if report.verdict != "pass":
            return
