"""The three gradients, with a random upstream gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("dense_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on dense_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"x": rng.normal(size=(7, 5)), "W": rng.normal(size=(5, 3)), "b": rng.normal(size=3)}
    yield check_backward(student.dense_backward, functions.dense, inputs, seed)
