"""The prediction, and then the weights that a draw of uniform numbers gives, for two layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.classroom import Slip, check_forward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("xavier_uniform",)
AGAINST = {
    "a": "Each output is a sum over all inputs. How does its size change with four times as many terms?",
    "b": "One output doesn't use all weights of the layer. Over how many of them does it sum?",
    "c": "The variance is divided by the number of terms. To which power of the bound is it proportional?",
}


### BEGIN REFERENCE
def spread(bound: Callable[[int, int], float], low: float = -1.0, high: float = 1.0) -> Callable[..., Any]:
    """Return a function that spreads the numbers evenly from low to high times the bound."""

    def weights(n_in: int, n_out: int, uniform: Any) -> Any:
        return bound(n_in, n_out) * (low + (high - low) * uniform)

    return weights


SLIPS = (
    Slip("deviation-for-bound", spread(lambda n, m: (2 / (n + m)) ** 0.5),
         "the standard deviation is used as the bound",
         "What is the variance of numbers that are uniform between -1 and 1?"),
    Slip("positive-only", spread(lambda n, m: (6 / (n + m)) ** 0.5, 0, 1), "no weight is negative",
         "Between which two numbers are the given ones, and between which must the weights be?"),
    Slip("half-as-wide", spread(lambda n, m: (6 / (n + m)) ** 0.5, -0.5, 0.5), "the interval is half as wide",
         "How long is the interval from -bound to bound?"),
    Slip("no-root", spread(lambda n, m: 6 / (n + m)), "the root is missing",
         "The variance goes with which power of the bound?"),
    Slip("variance-for-bound", spread(lambda n, m: 2 / (n + m)), "the variance is used as the bound",
         "The variance goes with which power of the bound?"),
    Slip("inputs-only", spread(lambda n, m: (6 / n) ** 0.5), "only the inputs are counted, as for ReLU layers",
         "Which way does your bound think of: forward, backward, or both?"),
    Slip("outputs-only", spread(lambda n, m: (6 / m) ** 0.5), "only the outputs are counted",
         "Which way does your bound think of: forward, backward, or both?"),
    Slip("inputs-only", spread(lambda n, m: (1 / n) ** 0.5), "this is the rule from before Xavier's, 1/√n_in",
         "What is its variance? Does it fit the forward pass, the backward pass, or both?"),
    Slip("product", spread(lambda n, m: (6 / (n * m)) ** 0.5), "inputs and outputs are multiplied, not added",
         "Over how many terms does one output sum, and over how many one gradient on the way back?"),
    Slip("upside-down", spread(lambda n, m: (6 / (n + m)) ** 0.5, 1, -1), "a larger number gives a smaller weight",
         "What does the docstring say of a larger number?"),
)  # fmt: skip
RIGHT = spread(lambda n, m: (6 / (n + m)) ** 0.5)
### END REFERENCE


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction and on xavier_uniform."""
    yield check_prediction(student, "d", AGAINST)
    rng = np.random.default_rng(seed)
    sizes = ((5, 3), (2, 11))
    draws = [{"n_in": n_in, "n_out": n_out, "uniform": rng.random((n_in, n_out))} for n_in, n_out in sizes]
    yield check_forward(student.xavier_uniform, RIGHT, draws, "W", SLIPS)
