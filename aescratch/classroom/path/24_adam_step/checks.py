"""The value after a step, at two draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.classroom import Slip, check_forward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("adam_step",)


### BEGIN REFERENCE
def stepped(
    direction: float = -1.0, correct_m: bool = True, correct_v: bool = True, eps_inside: bool = False,
    root: bool = True, square: bool = True, shift: int = 0,
) -> Callable[..., Any]:  # fmt: skip
    """Return a function that makes a step, right by default."""

    def step(
        value: Any, grad: Any, m: Any, v: Any, t: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * (grad**2 if square else np.abs(grad))
        m_hat = m / (1 - beta1 ** (t + shift)) if correct_m else m
        v_hat = v / (1 - beta2 ** (t + shift)) if correct_v else v
        if not root:
            return value + direction * lr * m_hat / (v_hat + eps)
        below = np.sqrt(v_hat + eps) if eps_inside else np.sqrt(v_hat) + eps
        return value + direction * lr * m_hat / below

    return step


SLIPS = (
    Slip("uphill", stepped(direction=1.0), "the step goes the wrong way: uphill",
         "Does the loss rise or fall in the direction of the gradient?"),
    Slip("no-correction", stepped(correct_m=False, correct_v=False), "neither average is corrected for its start at 0",
         "At the first step, with beta1 = 0.9, m is a tenth of the gradient. How large should it be?"),
    Slip("one-correction", stepped(correct_m=False), "m isn't corrected for its start at 0",
         "Which of the two averages begin at 0?"),
    Slip("one-correction", stepped(correct_v=False), "v isn't corrected for its start at 0",
         "Which of the two averages begin at 0?"),
    Slip("eps-inside", stepped(eps_inside=True), "eps is added under the root",
         "Where does the task say that eps is added?"),
    Slip("no-root", stepped(root=False), "the root is missing",
         "v has the unit of a squared gradient. Which unit must the denominator have?"),
    Slip("not-squared", stepped(square=False), "v averages the gradient's size, not its square",
         "Of which quantity is v the average?"),
    Slip("step-number", stepped(shift=1), "the step number in the corrections is too high by one",
         "What is t at the very first step?"),
)  # fmt: skip
RIGHT = stepped()
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on adam_step."""
    rng = np.random.default_rng(seed)
    draws = [
        {
            **{name: rng.normal(size=(5, 3)) for name in ("value", "grad", "m")}, "v": rng.uniform(0.1, 1, (5, 3)),
            "t": t, "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 0.01,
        }
        for t in (1, 3)
    ]  # fmt: skip
    yield check_forward(student.adam_step, RIGHT, draws, "new_value", SLIPS)
