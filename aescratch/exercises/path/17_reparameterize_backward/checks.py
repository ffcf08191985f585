"""A sample as a function of mean and logarithm of the variance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.exercises.comparing import check_backward
from aescratch.gradcheck import Report

FUNCTIONS = ("reparameterize_backward",)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on reparameterize_backward."""
    rng = np.random.default_rng(seed)
    inputs = {name: rng.normal(size=(7, 3)) for name in ("mu", "log_var", "eps")}
    yield check_backward(student.reparameterize_backward, functions.reparameterize, inputs, wrt=["mu", "log_var"])
