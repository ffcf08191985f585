"""Training on data that arrive in chunks: one epoch over each, as if these were epochs of one training run.

    Between, model, chunk --one epoch--> Between, model
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import require_count
from aescratch.optimizers import ConstantRate, Optimizer
from aescratch.training import contract
from aescratch.training.checkpoints import TrainingState
from aescratch.training.epochs import train_epoch
from aescratch.training.history import History
from aescratch.training.plan import Plan, data_for_fit, require_large_batches


@dataclass
class Between:
    """The state between two chunks, beside the model: plain arrays, so it can be copied and pickled with it."""

    rng: np.random.Generator
    moments: dict[str, Array] = field(default_factory=dict)
    steps: int = 0
    history: History = field(default_factory=History)


def fit_chunk(
    model: Any, x: Any, before: Between, *, optimizer: Optimizer, batch_size: int, epochs: int | None
) -> Between:
    """Train on a chunk for one epoch, and return the state for the next chunk.

    Parameters
    ----------
    model : object
        As for `fit`.
    x : (N, D) array of floats
        The chunk.
    before : Between
        The state after the previous chunk; for the first chunk, a new one.
    optimizer : Optimizer
        Its moments continue, and its schedule counts chunks.
    batch_size : int
        Rows per step.
    epochs : int or None
        The number of chunks that the schedule spans; after them its last rate stays.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; then nothing has changed.
    TrainingDivergedError
        If the loss stops being finite; the model is then as it was before the chunk, as after Control-C.
    """
    if epochs is None and not isinstance(optimizer.schedule, ConstantRate):
        message = gettext("expected epochs, the number of chunks, with a learning-rate schedule, got None; pass epochs")
        raise ValueError(message)
    done = len(before.history)
    planned = 1 if epochs is None else require_count("epochs", epochs)
    plan = Plan(
        data_for_fit(model, x), validation=None, epochs=done + 1, batch_size=require_count("batch_size", batch_size),
        rng=None, patience=None, progress=False, checkpoint=None,
    )  # fmt: skip
    require_large_batches(model, plan)
    rate = optimizer.schedule.rate(min(done, planned - 1), planned)
    state = optimizer.start(model.parameters)
    if before.steps:
        state.restore(before.moments, before.steps)
    training = TrainingState(model, state, before.rng)
    training.history, started = before.history.copy(), time.perf_counter() - before.history.seconds
    training.keep()
    with contract.trusting_batches(model), np.errstate(all="ignore"), training.kept_whole():
        loss, training.history.last_loss = train_epoch(training, plan, rate)
        training.history.append(loss, rate, seconds=time.perf_counter() - started)
    if training.history.stopped == "interrupted":
        raise KeyboardInterrupt
    return Between(before.rng, state.arrays(), state.steps, training.history)
