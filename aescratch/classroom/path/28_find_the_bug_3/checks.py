"""The sample's values first, then its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Slip, check_backward, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("sample", "sample_backward")
### BEGIN REFERENCE
RIGHT = functions.reparameterize
SLIPS = (
    Slip("variance-for-deviation", lambda mu, log_var, eps: mu + np.exp(log_var) * eps,
         "the noise is scaled by the variance",
         "If noise of variance 1 is multiplied by s, what is its variance?"),
    Slip("no-deviation", lambda mu, log_var, eps: mu + eps, "the noise isn't scaled at all",
         "Where do you use log_var?"),
    Slip("logarithm", lambda mu, log_var, eps: mu + log_var * eps, "the noise is scaled by the logarithm",
         "What if log_var is 0: is there no noise then?"),
)  # fmt: skip
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on sample, and if that is right the one on sample_backward."""
    rng = np.random.default_rng(seed)
    draws = [{name: rng.normal(size=(7, 3)) for name in ("mu", "log_var", "eps")} for _ in range(2)]
    report = check_forward(student.sample, RIGHT, draws, "z", SLIPS)
    yield report
    if report.verdict == "pass":
        yield check_backward(student.sample_backward, functions.reparameterize, draws[0], seed, wrt=["mu", "log_var"])
