"""A sample as a function of mean and logarithm of the variance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("reparameterize_backward",)
AGAINST = {
    "b": "With eps = -1: if σ grows, does z grow or shrink? Does that lower the loss?",
    "c": "Once eps is drawn, it is a fixed number. Is z then a function of log_var?",
    "d": "What is σ if log_var is 0? Does z stay the same if log_var grows a little?",
}


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on reparameterize_backward."""
    yield check_prediction(student, "a", AGAINST)
    rng = np.random.default_rng(seed)
    inputs = {name: rng.normal(size=(7, 3)) for name in ("mu", "log_var", "eps")}
    yield check_backward(student.reparameterize_backward, functions.reparameterize, inputs, seed, wrt=["mu", "log_var"])
