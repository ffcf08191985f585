"""The k largest of each row, k = 2 of 5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.exercises.comparing import check_backward
from aescratch.gradcheck import Report

FUNCTIONS = ("top_k_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on top_k_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"a": rng.normal(size=(7, 5)), "k": 2}
    yield check_backward(student.top_k_backward, functions.top_k, inputs)
