"""The gradient of the maximum mean discrepancy for the codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("mmd_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on mmd_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"h": rng.normal(size=(7, 3)) + 0.5, "z": rng.normal(size=(7, 3)), "C": 2.5}
    yield check_backward(student.mmd_backward, functions.mmd, inputs, seed, wrt=["h"])
