"""A first exercise of a teacher's own: a small one that works as it is, to be edited.

    NAME -> SRC/NN_NAME/{about.md, solution.py, checks.py, hints.md, mutants.py}: softplus, and its backward
"""

from __future__ import annotations

import re
from pathlib import Path

from aescratch.classroom.exercise import CourseError

ABOUT = """# Softplus, backward
chapter: 1. My chapter
minutes: 15
points: 10

softplus(a) = log(1 + exp(a)) is a ReLU without a corner. Given how the loss reacts to every entry of y = softplus(a),
say how it reacts to every entry of a.
"""
SOLUTION = '''"""Softplus, a smooth ReLU, and its backward."""

import numpy as np


def softplus(a):
    """Return log(1 + exp(a)), entry by entry; this is given."""
    return np.logaddexp(0.0, a)


def softplus_backward(grad_y, a):
    """Return the gradient of a loss with respect to a, where y = softplus(a).

    Parameters
    ----------
    grad_y : array (N, H)
        The gradient of the loss with respect to y, the upstream gradient.
    a : array (N, H)
        What softplus was given.

    Returns
    -------
    grad_a : array (N, H)
    """
    ### BEGIN SOLUTION
    slope = 1.0 / (1.0 + np.exp(-a))
    return grad_y * slope
    ### END SOLUTION
'''
CHECKS = '''"""The backward against differences of the forward, at inputs of sizes that are distinct primes."""

import numpy as np

from aescratch.classroom import check_backward

FUNCTIONS = ("softplus_backward",)


def softplus(a):
    """Return what the student's file gives, too."""
    return np.logaddexp(0.0, a)


def check(student, seed):
    """Yield the report on softplus_backward; another seed draws other inputs."""
    rng = np.random.default_rng(seed)
    yield check_backward(student.softplus_backward, softplus, {"a": rng.normal(0, 1.3, size=(7, 3))}, seed)
'''
HINTS = """# slope-missing slope-misused described
1. Your gradient doesn't depend on a as it should. How steep is softplus far to the left, and far to the right?
2. Whatever comes back is multiplied by the slope of softplus, which goes from 0 to 1.
3. d/da log(1 + exp(a)) = exp(a) / (1 + exp(a)), the sigmoid of a.

# sign
1. Where a grows, softplus grows. Which sign has its slope?
2. A slope that is never negative leaves the sign of what comes back as it is.
3. grad_a = grad_y sigmoid(a), without a minus in front.

# *
1. What is the derivative of log(u), and of u = 1 + exp(a)?
2. Chain the two, and then the upstream gradient.
3. grad_a = grad_y exp(a) / (1 + exp(a)).
"""
MUTANTS = '''"""Typical mistakes: what is replaced in the solution, by what, and how it must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no slope": Mutant("grad_y * slope", "grad_y * np.ones_like(slope)", "slope-missing@grad_a"),
    "minus": Mutant("grad_y * slope", "-grad_y * slope", "sign@grad_a"),
    "halved": Mutant("grad_y * slope", "0.5 * grad_y * slope", "scale@grad_a"),
    "upside down": Mutant("np.exp(-a)", "np.exp(a)", "slope-misused@grad_a"),
}
'''
FILES = {"about.md": ABOUT, "solution.py": SOLUTION, "checks.py": CHECKS, "hints.md": HINTS, "mutants.py": MUTANTS}


def scaffold(name: str, source: Path) -> Path:
    """Write an exercise of a name that works, after those in the folder of a course, and return its own folder."""
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        raise CourseError(f"expected a name of letters, digits and underscores, such as softplus, got {name!r}")
    if source.exists() and not source.is_dir():
        raise CourseError(f"expected a folder of exercises, got {source}, which is a file; name another")
    there = [path.name.partition("_") for path in source.glob("[0-9]*_*")] if source.exists() else []
    if any(other == name for _, _, other in there):
        raise CourseError(f"expected a name of its own, got {name!r}, which is in {source} already; choose another")
    number = max((int(digits) for digits, _, _ in there if digits.isdecimal()), default=0) + 1
    folder = source / f"{number:02}_{name}"
    folder.mkdir(parents=True)
    for file, text in FILES.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder
