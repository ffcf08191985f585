"""Where the parameter is after a few steps, at two draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.classroom import Slip, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("momentum_descent",)


### BEGIN REFERENCE
def descended(
    direction: float = -1.0, stays: float | None = None, averaged: bool = False, moves_first: bool = False,
    looks_ahead: bool = False, last_only: bool = False, begins: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """Return a function that descends, rightly by default."""

    def descend(value: Any, grads: Any, lr: float, mu: float) -> Any:
        share = mu if stays is None else stays
        v = grads[0] if begins else np.zeros_like(value)
        for grad in grads[-1:] if last_only else grads:
            before = v
            v = share * v + ((1 - share) * grad if averaged else grad)
            moved = before if moves_first else grad + share * v if looks_ahead else v
            value = value + direction * lr * moved
        return value

    return descend


SLIPS = (
    Slip("uphill", descended(direction=1.0), "every step goes the wrong way: uphill",
         "Does the loss rise or fall in the direction of the gradient?"),
    Slip("no-momentum", descended(stays=0.0), "nothing of the velocity stays from step to step",
         "From what do you compute v at the second step? Is it reset to 0 somewhere?"),
    Slip("all-stays", descended(stays=1.0), "all of the velocity stays, as if mu were 1",
         "Where does mu enter?"),
    Slip("averaged", descended(averaged=True), "the gradient is weighed by 1 - mu",
         "Is v an average here? Which factor does the task give the gradient?"),
    Slip("moves-first", descended(moves_first=True), "each step moves by the velocity of the step before",
         "What comes first in the task: the new velocity, or the move?"),
    Slip("looks-ahead", descended(looks_ahead=True), "this is Nesterov's step, which adds mu v to the gradient",
         "According to the task, by how much does the parameter move?"),
    Slip("one-step", descended(last_only=True), "only the last gradient counts",
         "How many steps are there?"),
    Slip("begins-moving", descended(begins=True), "the velocity begins at the first gradient",
         "What is v before the first step?"),
)  # fmt: skip
RIGHT = descended()
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on momentum_descent."""
    rng = np.random.default_rng(seed)
    draws = [
        {"value": rng.normal(size=(5, 3)), "grads": rng.normal(size=(steps, 5, 3)), "lr": 0.1, "mu": mu}
        for steps, mu in ((7, 0.9), (2, 0.5))
    ]
    yield check_forward(student.momentum_descent, RIGHT, draws, "new_value", SLIPS)
