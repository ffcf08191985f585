"""Half the squared error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("squared_error_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on squared_error_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"x_hat": rng.normal(size=(7, 5)), "x": rng.normal(size=(7, 5))}
    yield check_backward(student.squared_error_backward, functions.squared_error, inputs, seed)
