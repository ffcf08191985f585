"""Both gradients of the contractive penalty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("contraction_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on contraction_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"slope": rng.uniform(0.05, 0.25, size=(7, 3)), "W": rng.normal(size=(5, 3))}
    yield check_backward(student.contraction_backward, functions.contraction, inputs, seed)
