"""Softmax cross-entropy, at logits of a usual size and at large ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("softmax_cross_entropy_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on softmax_cross_entropy_backward, and where exp overflows one more."""
    rng = np.random.default_rng(seed)
    labels = np.array([0, 2, 1, 1, 2, 0, 2])
    for centre in (0.0, 800.0):
        inputs = {"logits": rng.normal(centre, 1.3, size=(7, 3)), "labels": labels}
        backward, at = student.softmax_cross_entropy_backward, "logits near 800" if centre else ""
        report = check_backward(backward, functions.softmax_cross_entropy, inputs, seed, at=at)
        yield report
        if report.verdict != "pass":
            return
