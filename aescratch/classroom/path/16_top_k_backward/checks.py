"""The k largest of each row, k = 2 of 5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("top_k_backward",)
AGAINST = {
    "a": "If the second entry of a grows from 1 to 1.1, does y change?",
    "c": "Which array decides what is kept? If the last entry of a grows from 0.5 to 0.6, does y change?",
    "d": "If the first entry of a grows by 0.1, by how much does y grow? Is that 3 times as much?",
}


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on top_k_backward."""
    yield check_prediction(student, "b", AGAINST)
    rng = np.random.default_rng(seed)
    inputs = {"a": rng.normal(size=(7, 5)), "k": 2}
    yield check_backward(student.top_k_backward, functions.top_k, inputs, seed)
