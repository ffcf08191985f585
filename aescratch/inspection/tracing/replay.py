"""Difference quotients for a recorded step: the model's loss again, with one entry of one quantity moved."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.naming import layer_suffixes
from aescratch.inspection.tracing.recorder import Recorder
from aescratch.training.contract import buffers_of, parts_of, trusting_batches

STEP = 1e-5  # of a difference quotient
KINK = 1e-3  # if the slopes on the two sides differ by more, there is a kink


class Replay:
    """The model's loss again, with one entry of one quantity moved."""

    model: Any
    batch: Sequence[Array]
    rng: int

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        self.model, self.batch, self.rng = model, batch, rng
        self.places: dict[int, int] = {}
        self.parameters: dict[int, Any] = {}
        self.known: dict[int, Array] = {}  # the quotients of each target
        self.loss: float = 0.0

    def run(self, recorder: Recorder) -> tuple[Any, list[Quantity]]:
        """Return the loss, and the quantities of the batch and the parameters."""
        traced = []
        for array, name in zip(self.batch, ("x", "labels"), strict=False):
            given = recorder.give(array, "input", name)
            traced.append(recorder.traced(array.copy(), given))
        parameters = []
        for parameter in self.model.parameters:
            given = recorder.give(parameter.value, "parameter", parameter.name)
            parameter._value = recorder.traced(parameter.value, given)
            parameter._grad = recorder.traced(parameter.grad, None)
            parameters.append(given)
        suffixes = layer_suffixes(parts_of(self.model))
        for place, buffer in buffers_of(self.model).items():
            part = place.rpartition(".")[0]
            given = recorder.give(buffer.value, "state", buffer.name + (suffixes[part] if "." in part else ""))
            buffer._value = recorder.traced(buffer.value, given)
        with trusting_batches(self.model):
            return self.model.loss(*traced, rng=self.rng), [*recorder.given[: len(traced)], *parameters]

    def numeric(self, gradient: Quantity) -> Array | None:
        """Return the difference quotients of a whole gradient, entry by entry; None for everything else.

        Quantities from outside of the recording can't be moved, and have none either. Nor do gradients after a backward
        that is declared not to be a derivative.
        """
        target = gradient.target
        movable = id(target) in self.places or id(target) in self.parameters
        if target is None or gradient.share or not movable or target.by_rule:
            return None
        if id(target) not in self.known:
            self.known[id(target)] = self._quotients(target)
        return self.known[id(target)]

    def _quotients(self, target: Quantity) -> Array:
        for parameter in self.model.parameters:
            parameter.bind(parameter.buffer, parameter.start)  # plain arrays outside of a recording
        found = np.empty(target.value.size)
        recorder = Recorder(self.model)
        # A parameter is moved in place, which needs no recording.
        with contextlib.nullcontext() if id(target) in self.parameters else recorder.watching():
            for entry, value in enumerate(target.value.reshape(-1)):
                h = STEP * max(1.0, abs(float(value)))
                above, below = (self._loss(recorder, target, entry, by) for by in (h, -h))
                right, left = (above - self.loss) / h, (self.loss - below) / h
                kink = abs(right - left) > KINK * max(1.0, abs(right), abs(left))
                found[entry] = np.nan if kink else (above - below) / (2 * h)
        return found.reshape(target.value.shape)

    def _loss(self, recorder: Recorder, target: Quantity, entry: int, by: float) -> float:
        """Return the loss with one entry of a quantity moved."""
        if id(target) in self.places:
            recorder.restart((self.places[id(target)], entry, by))
            return float(self.run(recorder)[0])
        flat = self.parameters[id(target)].value.reshape(-1)
        before = flat[entry]
        flat[entry] += by
        with trusting_batches(self.model):
            try:
                return float(self.model.loss(*self.batch, rng=self.rng))
            finally:
                flat[entry] = before
