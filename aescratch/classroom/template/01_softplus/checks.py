"""Compare the backward with difference quotients of the forward, at sizes that are distinct primes."""

import numpy as np

from aescratch.classroom import check_backward

FUNCTIONS = ("softplus_backward",)


def softplus(a):
    """Return softplus(a), as in the student's file."""
    return np.logaddexp(0.0, a)


def check(student, seed):
    """Yield the report on softplus_backward; another seed draws other inputs."""
    rng = np.random.default_rng(seed)
    yield check_backward(student.softplus_backward, softplus, {"a": rng.normal(0, 1.3, size=(7, 3))}, seed)
