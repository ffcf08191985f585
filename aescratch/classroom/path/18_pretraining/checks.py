"""The prediction, the gradients of the second stage, and then the code that goes up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import Slip, check_backward, check_forward, check_prediction
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("pretraining_backward", "goes_up")
AGAINST = {
    "a": "The first layer was trained for its own task, and is finished. Should it move while the second learns?",
    "c": "How can W2 learn a code that V2 can decode, if V2 keeps its random initial values?",
    "d": "The task says that one of these no longer changes. And what turns the second code back into the first?",
}


### BEGIN REFERENCE
def right(x: Any, keep: Any, W1: Any, W2: Any) -> Any:
    """Return the clean code of the second layer."""
    return np.tanh(np.tanh(x @ W1) @ W2)


RIGHT = right
SLIPS = (
    Slip("damaged-code", lambda x, keep, W1, W2: np.tanh((np.tanh(x @ W1) * keep) @ W2), "the corrupted code goes up",
         "What is the corruption for? Is it still needed after this layer is trained?"),
    Slip("first-code", lambda x, keep, W1, W2: np.tanh(x @ W1), "the first layer's code goes up",
         "Which layer is directly below the third?"),
    Slip("no-activation", lambda x, keep, W1, W2: np.tanh(x @ W1) @ W2, "the second layer's tanh is missing",
         "How does the loss compute h2?"),
)  # fmt: skip
### END REFERENCE


def pretraining_loss(x: Any, keep: Any, W1: Any, W2: Any, V2: Any) -> Any:
    """Return the loss that the exercise gives."""
    h1 = functions.tanh(x @ W1)
    return functions.squared_error(functions.tanh((h1 * keep) @ W2) @ V2, h1)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the reports on the prediction, on pretraining_backward, and if that is right on goes_up."""
    yield check_prediction(student, "b", AGAINST)
    draws = [drawn(np.random.default_rng([seed, draw])) for draw in range(2)]
    report = check_backward(student.pretraining_backward, pretraining_loss, draws[0], seed, wrt=["W2", "V2"])
    yield report
    if report.verdict == "pass":
        yield check_forward(student.goes_up, RIGHT, [without_decoder(draw) for draw in draws], "code", SLIPS)


def drawn(rng: np.random.Generator) -> dict[str, Any]:
    """Return a batch, the entries that stay, and the weights."""
    keep = (rng.permutation(77) % 3 > 0).reshape(11, 7).astype(float)
    shapes = {"x": (11, 5), "W1": (5, 7), "W2": (7, 3), "V2": (3, 7)}
    return {"keep": keep, **{name: rng.normal(0, 0.7, size=shape) for name, shape in shapes.items()}}


def without_decoder(draw: dict[str, Any]) -> dict[str, Any]:
    """Return what goes_up takes of a draw."""
    return {name: draw[name] for name in ("x", "keep", "W1", "W2")}
