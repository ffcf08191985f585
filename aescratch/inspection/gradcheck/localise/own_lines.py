"""The wrong line of a model's own code, where what its parts returned doesn't tell the mistake.

    model, batch -> scenes: this batch, another one, one of more examples -> the line, by looking on while it runs

The parts' own lines are looked into too: a layer of the user's is code like any other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.deadline import OutOfTime
from aescratch.inspection.gradcheck.lines import Scene, WrongLine, wrong_lines
from aescratch.inspection.gradcheck.localise.factors import MORE_ROWS, another_batch
from aescratch.inspection.gradcheck.report import Finding

LEFT_OVER_SEED = 1  # of the numbers that stand in parameter.grad before a pass


def with_line(found: list[Finding], model: Any, batch: Sequence[Array], seed: int) -> list[Finding]:
    """Return findings without a cause with the line that the gradients go wrong at, if it is found."""
    line = None
    with contextlib.suppress(Exception, OutOfTime):  # of the code under check
        line = _line(model, batch, seed)
    if line is None:
        return found
    first = found[0]
    first.evidence |= line.evidence
    if line.cause:
        first.cause, first.question, first.proof, first.severity = line.cause, line.question, line.proof, "error"
        first.message = line.message(line.mended)
    else:
        first.message += line.remark
    return found


def _line(model: Any, batch: Sequence[Array], seed: int) -> WrongLine | None:
    names = [parameter.name for parameter in model.parameters]
    rows = len(batch[0])
    scenes = [_scene(model, batch, seed)]
    for count in (rows, rows + MORE_ROWS):
        with contextlib.suppress(Exception):  # of a number of examples that is written into the code
            other = _scene(model, another_batch(batch, count), seed + 1)
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
