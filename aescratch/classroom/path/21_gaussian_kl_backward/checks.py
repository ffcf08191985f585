"""The KL divergence from the standard normal distribution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("gaussian_kl_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on gaussian_kl_backward."""
    rng = np.random.default_rng(seed)
    inputs = {name: rng.normal(size=(7, 3)) for name in ("mu", "log_var")}
    yield check_backward(student.gaussian_kl_backward, functions.gaussian_kl, inputs, seed)
