"""The values of the layer, at two draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Slip, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("dense",)
### BEGIN REFERENCE
RIGHT = functions.dense
SLIPS = (
    Slip("no-bias", lambda x, W, b: x @ W, "the bias is left out",
         "Which of the three arguments has no effect on your y?"),
    Slip("bias-subtracted", lambda x, W, b: x @ W - b, "the bias is subtracted",
         "Compare x W with your y: which way did the bias move it?"),
    Slip("bias-scaled", lambda x, W, b: x @ W + b / len(x), "the bias is divided by the number of examples",
         "What does a second example in the batch change for the first one?"),
    Slip("bias-inside", lambda x, W, b: (x.sum(axis=1, keepdims=True) * 0 + 1) * (x.mean(axis=0) @ W) + b,
         "every row is the image of the batch's mean", "Does one example depend on the others?"),
)  # fmt: skip
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on dense."""
    rng = np.random.default_rng(seed)
    draws = [
        {"x": rng.normal(size=(7, 5)), "W": rng.normal(size=(5, 3)), "b": rng.normal(size=3)} for _ in range(2)
    ]
    yield check_forward(student.dense, RIGHT, draws, "y", SLIPS)
