"""The k N largest of a batch, k = 2 of 5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("batch_top_k_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on batch_top_k_backward."""
    rng = np.random.default_rng(seed)
    size_of_row = rng.uniform(0.5, 2, size=(7, 1))  # so that some rows keep more than others
    inputs = {"a": size_of_row * rng.normal(-1.5, 1, size=(7, 5)), "k": 2}  # so that negative entries are kept, too
    yield check_backward(student.batch_top_k_backward, functions.batch_top_k, inputs, seed)
