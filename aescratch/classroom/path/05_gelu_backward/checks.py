"""The exact GELU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("gelu_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on gelu_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"a": rng.normal(0, 1.3, size=(7, 3))}
    yield check_backward(student.gelu_backward, functions.gelu, inputs, seed)
