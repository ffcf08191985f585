"""The KL penalty of a code in (0, 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.exercises.comparing import check_backward
from aescratch.gradcheck import Report

FUNCTIONS = ("kl_sparsity_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on kl_sparsity_backward."""
    rng = np.random.default_rng(seed)
    inputs = {"h": rng.uniform(0.1, 0.9, size=(7, 3)), "rho": 0.1}
    yield check_backward(student.kl_sparsity_backward, functions.kl_sparsity, inputs)
