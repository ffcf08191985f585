"""The wrong line of a model's own code.

    model, batch -> scenes: this batch, another one, one with more examples -> the line, by observing the run

The parts' own lines are searched too: a user's layer is code like any other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import joined
from aescratch.inspection.gradcheck.deadline import OutOfTime
from aescratch.inspection.gradcheck.lines import Scene, WrongLine, wrong_lines
from aescratch.inspection.gradcheck.report import Finding

MORE_ROWS = 4
LEFT_OVER_SEED = 1  # of the numbers in parameter.grad before a pass


def with_line(found: list[Finding], model: Any, batch: Sequence[Array], seed: int) -> list[Finding]:
    """Add the line where the gradients go wrong, if it is found, to the findings, and return them.

    The line's cause leads; what is known of the gradient that a part gets is told with its place.
    """
    line = None
    with contextlib.suppress(Exception, OutOfTime):  # the code under check may raise
        line = _line(model, batch, seed)
    first = found[0]
    if line is None or (first.cause and not line.cause):  # a cause needs no suspicion of a line beside it
        return found
    first.evidence |= line.evidence
    if line.cause:
        first.message = joined(": ", filter(None, [line.message(line.mended), first.cause]))
        first.cause, first.question, first.proof, first.severity = line.cause, line.question, line.proof, "error"
    else:
        first.message += joined("", [line.remark, ". ", line.advice]) if line.advice else line.remark
    return found


def _line(model: Any, batch: Sequence[Array], seed: int) -> WrongLine | None:
    names = [parameter.name for parameter in model.parameters]
    rows = len(batch[0])
    scenes = [_scene(model, batch, seed)]
    for count in (rows, rows + MORE_ROWS):
        with contextlib.suppress(Exception):  # the number of examples may be fixed in the code
            other = _scene(model, _another_batch(batch, count), seed + 1)
            other.objective()
            scenes.append(other)
    right = scenes[0].right(names)
    return next(iter(wrong_lines(scenes, names, [name for name in names if name not in right])), None)


def _scene(model: Any, batch: Sequence[Array], seed: int) -> Scene:
    def objective() -> float:
        return float(model.loss(*batch, rng=seed))

    def gradients() -> Mapping[str, Array]:
        rng = np.random.default_rng(LEFT_OVER_SEED)
        for parameter in model.parameters:
            parameter.grad[...] = rng.standard_normal(parameter.shape)
        model.loss(*batch, rng=seed)
        model.backward()
        return {parameter.name: parameter.grad.copy() for parameter in model.parameters}

    return Scene({parameter.name: parameter.value for parameter in model.parameters}, objective, gradients, batch)


def _another_batch(batch: Sequence[Array], n: int) -> list[Array]:
    """Return a batch of n examples between those of this one, with the labels of the nearer ones."""
    rows = len(batch[0])
    first, second = np.arange(n) % rows, (2 * np.arange(n) + 1) % rows
    return [
        0.7 * array[first] + 0.3 * array[second] if array.dtype.kind == "f" else array[first] for array in batch
    ]
