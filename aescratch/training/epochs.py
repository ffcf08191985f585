"""Training by batches, epoch after epoch; after each the model is in a consistent state.

    shuffle -> batch -> loss -> backward -> step,   for every batch of every epoch

An error or an interruption restores the model to the end of its last good epoch.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import array_module, batch_size
from aescratch.backend.sharing import rows_here
from aescratch.foundations.language import gettext
from aescratch.foundations.showing import can_be_shown, shown
from aescratch.foundations.validation import as_generator, own_generator
from aescratch.optimizers import Optimizer, OptimizerState
from aescratch.training import contract
from aescratch.training.batches import batches_in_order, batches_of_epoch
from aescratch.training.checkpoints import CheckpointFile, Snapshot, TrainingState, describe_run, read_checkpoint
from aescratch.training.divergence import TrainingDivergedError, report_divergence, where_the_model_is
from aescratch.training.ending import MOST_ROWS, loss_as_left, together
from aescratch.training.history import History
from aescratch.training.plan import Plan, require_large_batches
from aescratch.training.progress import progress_bar

LOOKS = 20  # checks during a training whether it is hopeless
RISEN = 2.0  # times the least loss so far: the model after the epoch is evaluated
LOOKED_AT = 50  # of an epoch's rows, every so many are evaluated
CONTINUING = "aescratch.training.continuing"  # the logger of what a training continues
VALIDATION_SEED = 0  # the same noise in every epoch, so that validation losses can be compared


def fit_by_batches(model: Any, plan: Plan, optimizer: Optimizer) -> History:
    """Train by batches, from the start or from the plan's checkpoint, and return the history."""
    processes = plan.processes
    state = optimizer.start(model.parameters)
    with processes.agreed():  # a refused checkpoint changes nothing
        require_large_batches(model, plan)
        run, saved = find_checkpoint(model, plan, state) if processes.is_first else (None, None)
    rng = own_generator(contract.rng_of(model) if plan.rng is None else plan.rng)
    training = TrainingState(model, state, processes.noise(rng))
    if processes.batch is not None:
        saved = processes.from_first(saved or training.good)
    if saved is not None:
        training.restart(saved)
    file = CheckpointFile(plan.checkpoint if processes.is_first else None, run, len(training.history))
    with progress_bar(plan, len(training.history)) as bar, file.complete(training), training.kept_whole():
        _train_epochs(training, plan, file, bar)
        if plan.patience is not None:
            training.put_values(training.best)
    return training.history


def _train_epochs(training: TrainingState, plan: Plan, file: CheckpointFile, bar: Any) -> None:
    """Train until the last epoch, or until it stops early.

    The loop is in a separate function: in Python 3.13, a Control-C at the jump at the end of a loop inside a `with`
    would bypass the cleanup.
    """
    started, processes = time.perf_counter() - training.history.seconds, plan.processes
    levels = _said_above("levels", training.model, plan.data) if plan.progress else ""
    while len(training.history) < plan.epochs and training.history.stopped not in ("early", "hopeless"):
        rate = training.optimizer.optimizer.schedule.rate(len(training.history), plan.epochs)
        loss, left = train_epoch(training, plan, rate)
        record = [loss, rate, *_validate(training, plan)]
        training.history.append(*record, seconds=processes.from_first(time.perf_counter() - started))
        is_what_stays = len(training.history) == plan.epochs and plan.patience is None
        training.history.last_loss = left if is_what_stays else None
        if processes.is_first:
            _log("epoch %d of %d: loss %.6g, rate %g", len(training.history), plan.epochs, loss, rate)
        _watch(training, plan)
        training.keep()
        file.offer(training.good)
        if plan.observer is not None and processes.is_first:
            plan.observer(training.model, training.history)
        bar.set_postfix_str(f"loss {loss:.4g}{levels}", refresh=False)
        bar.update()
        if processes.batch is not None:
            processes.end_epoch(training.fingerprint())
    file.write(training.good)


def train_epoch(training: TrainingState, plan: Plan, rate: float) -> tuple[float, float | None]:
    """Train for one epoch; return its loss and, if needed, that of the model after it.

    Raises
    ------
    TrainingDivergedError
        If one of them isn't finite; everything is then restored to the state before the epoch.
    """
    loss = _mean_loss_of_steps(training, plan, rate)
    left = _loss_as_left(training, plan, loss)
    if not np.isfinite([loss, 0.0 if left is None else left]).all():
        report_divergence(training, plan, rate)
    return loss, left


def _mean_loss_of_steps(training: TrainingState, plan: Plan, rate: float) -> float:
    """Take one step per batch and return the mean loss, NaN if a value isn't finite after the last step.

    Both are fetched from the device at once, at the end.
    """
    model, losses, sizes = training.model, [], []
    with contract.training(model):
        for batch in batches_of_epoch(plan, training.rng):
            losses.append(contract.as_number(model, model.loss(*batch, rng=training.rng)))
            sizes.append(rows_here(batch[0]))
            model.backward()
            training.optimizer.step(rate)
    total = _unless_broken(_mean_loss(losses, sizes), training)
    mean = plan.processes.mean
    if training.history.first_loss is None:
        first, total = (float(number) for number in together(losses[0], total))
        training.history.first_loss = mean(first, sizes[0])
    return mean(float(total), sum(sizes))


def _loss_as_left(training: TrainingState, plan: Plan, loss: float) -> float | None:
    """Return the loss of the model after an epoch of this loss, if needed, else None.

    An epoch's loss is measured before each step, so it doesn't show the effect of the last step. The next epoch does.
    So this is computed after the first and the last epoch, and after an epoch whose loss has risen.
    """
    earlier, epochs = training.history.loss, len(training.history) + 1
    is_last, has_risen = epochs == plan.epochs, not earlier or loss > RISEN * abs(min(earlier))
    if not np.isfinite(loss) or not (is_last or has_risen):
        return None
    most = min(epochs * batch_size(plan.data[0]) // LOOKED_AT, MOST_ROWS) if is_last else 0
    return plan.processes.mean(loss_as_left(training.model, plan.data, plan.batch_size, most), 1)


def _mean_loss(losses: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Return the mean over all examples of the losses of batches of these sizes, without waiting for the device."""
    xp = np if isinstance(losses[0], float) else array_module(*losses)
    means = xp.stack(losses)
    return (means * xp.asarray(sizes, means.dtype)).sum() / max(1, sum(sizes))  # 0 if other processes have all rows


def _unless_broken(total: Any, training: TrainingState) -> Any:
    """Return the total, or NaN if a trained value or a buffer isn't finite."""
    buffers = contract.buffers_of(training.model).values()
    for values in (*(run.values for run in training.optimizer.runs), *(buffer.value for buffer in buffers)):
        xp = array_module(values)
        total = xp.where(xp.isfinite(values).all(), total, math.nan)
    return total


def _validate(training: TrainingState, plan: Plan) -> list[float]:
    """Return the mean loss on the validation data, in their order, in a list; an empty list without data."""
    if plan.validation is None:
        return []
    rng, total, n_examples = plan.processes.noise(as_generator(VALIDATION_SEED)), 0.0, 0
    batches = batches_in_order(plan.validation, plan.batch_size)
    with contract.in_use(training.model):
        for batch in plan.processes.shares(batches, batch_size(plan.validation[0]), plan.batch_size):
            total = total + training.model.loss(*batch, rng=rng) * rows_here(batch[0])
            n_examples += rows_here(batch[0])
    loss = plan.processes.mean(float(total) / max(1, n_examples), n_examples)
    if not np.isfinite(loss):
        message = gettext(
            "expected a finite validation loss, but after epoch {epoch} it is {loss}, though the training loss is "
            "finite; {where}; look for far larger values in the validation data than in x, or try a learning rate "
            "ten times smaller"
        )
        raise TrainingDivergedError(
            message.format(epoch=len(training.history) + 1, loss=loss, where=where_the_model_is(training))
        )
    return [loss]


def _watch(training: TrainingState, plan: Plan) -> None:
    """Keep the best epoch's values; end the run if that epoch is `patience` epochs old, or if training is hopeless."""
    history = training.history
    is_time = plan.stop_when_hopeless and len(history) % max(1, plan.epochs // LOOKS) == 0
    if is_time and plan.processes.from_first(_said_above("is hopeless", training.model, plan.data)):
        history.stopped = "hopeless"
    if plan.patience is None or history.best_epoch is None:
        return
    age = len(history) - 1 - history.best_epoch
    if age == 0:
        training.best = training.values()
    if age >= plan.patience:
        history.stopped = "early"


def _said_above(what: str, model: Any, data: Sequence[Any]) -> Any:
    """Return the registered judgement about the model on these data, or nothing if there is none."""
    return shown(model, what, data=data) if can_be_shown(model, what) else ""


def find_checkpoint(model: Any, plan: Plan, state: OptimizerState) -> tuple[Any, Snapshot | None]:
    """Return the description that the checkpoint must match, and its snapshot if the file exists."""
    if plan.checkpoint is None:
        return None, None
    # A process's own rows may have been redistributed.
    data, validation = ((), None) if plan.processes.local else (plan.data, plan.validation)
    run = describe_run(
        model, data, validation, plan.rng, optimizer=state.optimizer, batch_size=plan.batch_size,
        patience=plan.patience,
    )  # fmt: skip
    if not os.path.exists(plan.checkpoint):
        return run, None
    saved = read_checkpoint(plan.checkpoint, run, model, state, keeps_best=plan.patience is not None)
    if len(saved.history) > plan.epochs:
        message = gettext(
            "expected epochs of at least {completed}, as many as {path} has completed, got {epochs}; pass more "
            "epochs, or another path to start again"
        )
        raise ValueError(
            message.format(completed=len(saved.history), path=os.fspath(plan.checkpoint), epochs=plan.epochs)
        )
    _log_continuing(plan, saved.history, state.optimizer)
    return run, saved


def _log_continuing(plan: Plan, history: History, optimizer: Optimizer) -> None:
    """Log what the training continues, and whether the rates so far were for another number of epochs."""
    path, done, epochs = os.fspath(plan.checkpoint or ""), len(history), plan.epochs
    if done == epochs or history.stopped in ("early", "hopeless"):
        text = gettext(
            "%s is complete after epoch %d of %d: nothing is left to train; pass another path to start again"
        )
        _log(text, path, done, epochs, logger=CONTINUING)
    else:
        _log(gettext("continues %s after epoch %d of %d"), path, done, epochs, logger=CONTINUING)
    rates = [optimizer.schedule.rate(epoch, epochs) for epoch in range(done)]
    if not np.allclose(history.learning_rate, rates, atol=0.0):
        text = gettext(
            "the learning rates up to epoch %d were scheduled for another number of epochs, so the result differs from "
            "an uninterrupted run of %d epochs; pass the earlier number to get the same"
        )
        _log(text, done, epochs, logger=CONTINUING)


def _log(text: str, *values: Any, logger: str = "aescratch.training") -> None:
    """Log the progress of a training run."""
    import logging  # imported here, since it would be a fifth of the package's import time

    logging.getLogger(logger).info(text, *values)
