"""The KL penalty of a code in (0, 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("kl_sparsity_backward",)
AGAINST = {
    "a": "What would the mean do if one of the small entries grew a little? And the penalty?",
    "c": "If one of the small entries grows by 0.01, does the mean stay the same?",
    "d": "By how much does the mean grow if the first entry grows by 0.01? And if the second does?",
}


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on kl_sparsity_backward."""
    yield check_prediction(student, "b", AGAINST)
    rng = np.random.default_rng(seed)
    inputs = {"h": rng.uniform(0.1, 0.9, size=(7, 3)), "rho": 0.1}
    yield check_backward(student.kl_sparsity_backward, functions.kl_sparsity, inputs, seed)
