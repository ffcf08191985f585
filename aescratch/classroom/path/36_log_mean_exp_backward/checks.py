"""The logarithm of a mean of exponentials, at small and at large numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("log_mean_exp_backward",)
AGAINST = {
    "a": "Do you differentiate the mean, or its logarithm? Do both samples have the same weight?",
    "c": "That is the derivative of the mean. How does the logarithm change it?",
    "d": "Does y stay the same if the smaller weight grows from 1 to 1.1?",
}


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on log_mean_exp_backward."""
    yield check_prediction(student, "b", AGAINST)
    rng = np.random.default_rng(seed)
    log_w = rng.normal(size=(7, 5))
    yield check_backward(student.log_mean_exp_backward, functions.log_mean_exp, {"log_w": log_w}, seed)
    far = log_w + rng.choice([-900.0, 900.0], size=(7, 1))
    far[0] = np.linspace(-900, 900, 5)  # which overflows unless the largest is taken out
    far[1] = -far[0]
    yield check_backward(
        student.log_mean_exp_backward, functions.log_mean_exp, {"log_w": far}, seed, at="weights far from 1"
    )
