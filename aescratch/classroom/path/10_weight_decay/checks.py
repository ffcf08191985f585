"""The penalty on the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("weight_decay_backward",)


def weight_decay(W: Any, lam: float) -> Any:
    """Return the penalty that the exercise gives."""
    return lam * functions.weight_decay(W)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on weight_decay_backward."""
    inputs = {"W": np.random.default_rng(seed).normal(size=(5, 3)), "lam": 0.3}
    yield check_backward(student.weight_decay_backward, weight_decay, inputs, seed)
