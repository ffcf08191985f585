"""Training: `fit` for anything with loss(), backward() and parameters.

    shuffle -> batch -> loss -> backward -> step,   for every batch of every epoch

After each epoch the model is whole: what goes wrong later, or an interruption, puts it back there.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from aescratch.backend import Array, array_module, batch_size, explained_out_of_memory, is_fast, to_numpy
from aescratch.foundations.validation import Rng, as_generator, own_generator, require_count
from aescratch.optimizers import SGD, Adam, Optimizer, OptimizerState
from aescratch.optimizers.lbfgs import LBFGS
from aescratch.training import contract
from aescratch.training.checkpoints import (
    PathLike,
    Snapshot,
    TrainingState,
    describe_run,
    read_checkpoint,
    write_checkpoint,
)
from aescratch.training.history import History

BATCHES_AT_ONCE = 16  # are gathered by one kernel on a GPU
VALIDATION_SEED = 0  # the same noise in every epoch, so that validation losses can be compared


class TrainingDivergedError(ArithmeticError):
    """The loss stopped being finite; the message names epoch, batch and the first tensor that broke."""


@dataclass
class Plan:
    """The arguments of one `fit`, checked."""

    data: Sequence[Array]
    validation: Sequence[Array] | None
    epochs: int
    batch_size: int
    rng: Rng
    patience: int | None
    progress: bool
    checkpoint: PathLike | None


@explained_out_of_memory()
def fit(
    model: Any, x: Any, labels: Any = None, *, epochs: int = 20, batch_size: int = 64,
    optimizer: Optimizer | LBFGS | None = None, rng: Rng = None, validation: Any = None,
    patience: int | None = None, progress: bool | None = None, checkpoint: PathLike | None = None,
) -> History:  # fmt: skip
    """Train anything that has a loss, a backward and parameters; `model.fit` of our own models is this function.

    Parameters
    ----------
    model : object
        With ``loss(x, rng=None)``, or ``loss(x, labels, rng=None)``, which returns a number; ``backward()``, which
        fills ``parameter.grad``; and ``parameters``, a list of `Parameter` objects, each with a name of its own.
    x : (N, D) array of floats
        One example per row.
    labels : (N,) array of integers, optional
        For a loss that takes them.
    epochs, batch_size, optimizer, rng, validation, patience, progress, checkpoint
        As for `Autoencoder.fit`.

    Returns
    -------
    History
        What happened in each epoch.

    Raises
    ------
    TypeError, ValueError
        If the model or an argument is of no use; nothing has changed then.
    TrainingDivergedError
        If the loss stops being finite; the model is then at its last good epoch.

    Examples
    --------
    >>> import aescratch as ae
    >>> class Mean:
    ...     '''One vector for all examples: loss ½ Σ (m - x)², mean over the batch.'''
    ...
    ...     def __init__(self, width):
    ...         self.m = ae.Parameter("m", np.zeros(width))
    ...         self.parameters, self.error = [self.m], ae.SquaredError()
    ...
    ...     def loss(self, x, rng=None):
    ...         return self.error.forward(np.tile(self.m.value, (len(x), 1)), x)
    ...
    ...     def backward(self):
    ...         self.m.grad = self.error.backward().sum(axis=0)
    >>> model, x = Mean(2), np.array([[1.0, 2.0], [3.0, 6.0]])
    >>> len(ae.fit(model, x, epochs=50, optimizer=ae.SGD(0.5)))
    50
    >>> model.m.value.round(6)
    array([2., 4.])
    """
    contract.require_model(model)
    optimizer = Adam() if optimizer is None else optimizer
    if not isinstance(optimizer, (Optimizer, LBFGS)):
        raise TypeError(f"expected an optimizer such as ae.Adam(1e-3), got {optimizer!r}")
    if isinstance(optimizer, LBFGS) and any(given is not None for given in (validation, patience, checkpoint)):
        raise ValueError("expected neither validation, patience nor checkpoint with LBFGS, which takes no batches")
    if patience is not None and validation is None:
        raise ValueError("expected validation data beside patience: early stopping watches the validation loss")
    if not contract.loss_measures_progress(model) and (patience is not None or isinstance(optimizer, LBFGS)):
        raise ValueError(
            f"expected neither patience nor LBFGS for {type(model).__name__}, whose loss is no measure of progress: "
            "they take the model of the lowest loss for the best; leave them out, and look at what the model is for"
        )
    if isinstance(optimizer, LBFGS):
        for name, part in contract.parts_of(model).items():
            if part.moves_objective:
                raise ValueError(
                    f"expected an objective that stays the same for LBFGS, but {name} follows a running mean; leave "
                    "momentum out, since L-BFGS takes all of the data at once, or use Adam()"
                )
    plan = Plan(
        data=contract.as_data(model, x, labels),
        validation=None if validation is None else _held_out(model, validation),
        epochs=require_count("epochs", epochs),
        batch_size=require_count("batch_size", batch_size),
        rng=rng if rng is None else as_generator(rng),
        patience=None if patience is None else require_count("patience", patience),
        progress=(sys.stderr is not None and sys.stderr.isatty()) if progress is None else progress,
        checkpoint=checkpoint,
    )
    with contract.trusting_batches(model), np.errstate(all="ignore"):  # what overflows is found by its loss
        if isinstance(optimizer, LBFGS):
            return _fit_by_lbfgs(model, plan, optimizer)
        return _fit_by_batches(model, plan, optimizer)


def _held_out(model: Any, validation: Any) -> Sequence[Array]:
    """Return the validation data, checked; what is wrong with them is said to be wrong with them."""
    arrays = validation if isinstance(validation, (tuple, list)) else [validation]
    if not 1 <= len(arrays) <= 2:
        raise TypeError(
            f"expected validation to be an array x, or a pair (x, labels) for a classifier, got a "
            f"{type(validation).__name__} of {len(arrays)}; pass numpy.array(x) for rows in a list"
        )
    try:
        return contract.as_data(model, *arrays)
    except (TypeError, ValueError) as error:
        raise type(error)(f"in the validation data: {error}") from error


def _require_large_batches(model: Any, plan: Plan) -> None:
    """Refuse a last batch that is too small for a part, before the first is taken."""
    n_examples = batch_size(plan.data[0])
    last = n_examples % plan.batch_size or plan.batch_size
    for name, part in contract.parts_of(model).items():
        if last < part.least_examples:
            advice = "give more examples" if n_examples < part.least_examples else "choose another batch_size"
            raise ValueError(
                f"expected batches of at least {part.least_examples} examples, which {name} needs in training, got a "
                f"last batch of {last}: {n_examples} examples by {plan.batch_size}; {advice}"
            )


def _fit_by_batches(model: Any, plan: Plan, optimizer: Optimizer) -> History:
    _require_large_batches(model, plan)
    state = optimizer.start(model.parameters)
    run, saved = _find_checkpoint(model, plan, state)  # one that is refused has changed nothing
    training = TrainingState(model, state, own_generator(contract.rng_of(model) if plan.rng is None else plan.rng))
    if saved is not None:
        training.restart(saved)
    with _progress_bar(plan, len(training.history)) as bar, training.kept_whole():
        _train_epochs(training, plan, run, bar)
        if plan.patience is not None:
            training.put_values(training.best)
    return training.history


def _train_epochs(training: TrainingState, plan: Plan, run: Any, bar: Any) -> None:
    """Train until the last epoch, or until it stops early.

    The loop has a function of its own: in Python 3.13 a Control-C that meets the jump at the end of a loop inside a
    `with` slips past what that is to put back.
    """
    started = time.perf_counter() - training.history.seconds
    while len(training.history) < plan.epochs and training.history.stopped != "early":
        rate = training.optimizer.optimizer.schedule.rate(len(training.history), plan.epochs)
        loss = _train_epoch(training, plan, rate)
        if not np.isfinite(loss):
            _report_divergence(training, plan, rate)
        record = [loss, rate, *_validate(training, plan, rate)]
        training.history.append(*record, seconds=time.perf_counter() - started)
        _log("epoch %d of %d: loss %.6g, rate %g", len(training.history), plan.epochs, loss, rate)
        _watch(training, plan)
        training.keep()
        if plan.checkpoint is not None:
            write_checkpoint(plan.checkpoint, run, training.good)
        bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        bar.update()


def _train_epoch(training: TrainingState, plan: Plan, rate: float) -> float:
    """Take one step per batch and return the mean loss, NaN if a value isn't finite after the last step.

    The device is asked for both in one, at the end.
    """
    model, losses, sizes = training.model, [], []
    with contract.training(model):
        for batch in _shuffled_batches(plan, training.rng):
            losses.append(contract.as_number(model, model.loss(*batch, rng=training.rng)))
            sizes.append(batch_size(batch[0]))
            model.backward()
            training.optimizer.step(rate)
    return float(_unless_broken(_mean_loss(losses, sizes), training))


def _mean_loss(losses: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Return the mean over all examples of the losses of batches of these sizes; the device isn't waited for."""
    xp = np if isinstance(losses[0], float) else array_module(*losses)
    means = xp.stack(losses)
    return (means * xp.asarray(sizes, means.dtype)).sum() / sum(sizes)


def _unless_broken(total: Any, training: TrainingState) -> Any:
    """Return the total, or NaN where a value that the optimizer moves, or a buffer, isn't finite."""
    buffers = contract.buffers_of(training.model).values()
    for values in (*(run.values for run in training.optimizer.runs), *(buffer.value for buffer in buffers)):
        xp = array_module(values)
        total = xp.where(xp.isfinite(values).all(), total, math.nan)
    return total


def _shuffled_batches(plan: Plan, rng: np.random.Generator) -> Iterator[list[Array]]:
    """Yield the batches of one epoch: rows of every data array, in an order that rng draws.

    On a GPU several batches are gathered at once, by one kernel.
    """
    xp = array_module(plan.data[0])
    order = xp.asarray(rng.permutation(batch_size(plan.data[0])))
    gathered = plan.batch_size * (BATCHES_AT_ONCE if xp is not np and is_fast() else 1)
    for first in range(0, len(order), gathered):
        rows = order[first : first + gathered]
        taken = [array[rows] for array in plan.data]
        for start in range(0, len(rows), plan.batch_size):
            yield [array[start : start + plan.batch_size] for array in taken]


def _validate(training: TrainingState, plan: Plan, rate: float) -> list[float]:
    """Return the mean loss on the validation data, in their order, as a list of one; an empty one without data."""
    if plan.validation is None:
        return []
    rng, total, n_examples = as_generator(VALIDATION_SEED), 0.0, batch_size(plan.validation[0])
    with contract.in_use(training.model):
        for start in range(0, n_examples, plan.batch_size):
            batch = [array[start : start + plan.batch_size] for array in plan.validation]
            total = total + training.model.loss(*batch, rng=rng) * batch_size(batch[0])
    loss = float(total) / n_examples
    if not np.isfinite(loss):
        raise TrainingDivergedError(
            f"expected a finite validation loss, but after epoch {len(training.history) + 1} it is {loss}, though the "
            f"training loss is finite; {_where_the_model_is(training)}; look for far larger values in the validation "
            f"data than in x, or try a learning rate below {rate:g}"
        )
    return [loss]


def _watch(training: TrainingState, plan: Plan) -> None:
    """Keep the values of the best epoch so far, and end the training once it is `patience` epochs old."""
    history = training.history
    if plan.patience is None or history.best_epoch is None:
        return
    age = len(history) - 1 - history.best_epoch
    if age == 0:
        training.best = training.values()
    if age >= plan.patience:
        history.stopped = "early"


def _find_checkpoint(model: Any, plan: Plan, state: OptimizerState) -> tuple[Any, Snapshot | None]:
    """Return what the checkpoint must agree with, and the snapshot in it if the file is there."""
    if plan.checkpoint is None:
        return None, None
    run = describe_run(
        model, plan.data, plan.validation, plan.rng, optimizer=state.optimizer, batch_size=plan.batch_size,
        patience=plan.patience,
    )  # fmt: skip
    if not os.path.exists(plan.checkpoint):
        return run, None
    saved = read_checkpoint(plan.checkpoint, run, model, state, keeps_best=plan.patience is not None)
    if len(saved.history) > plan.epochs:
        raise ValueError(
            f"expected epochs of at least {len(saved.history)}, as many as {os.fspath(plan.checkpoint)} has behind it, "
            f"got {plan.epochs}; ask for more, or give another path to start anew"
        )
    _log("resuming %s after epoch %d", os.fspath(plan.checkpoint), len(saved.history))
    return run, saved


def _log(text: str, *values: Any) -> None:
    """Log how a training goes on, for whoever listens to ``aescratch.training``."""
    import logging  # here, since it would be a fifth of what importing the package takes

    logging.getLogger("aescratch.training").info(text, *values)


def _report_divergence(training: TrainingState, plan: Plan, rate: float) -> NoReturn:
    """Put the model where it was before the epoch, and raise TrainingDivergedError with what broke first in it."""
    training.go_back()
    with contract.training(training.model):
        batch, tensor = _replay(training, plan, rate)
    raise TrainingDivergedError(
        f"expected a finite loss, but in epoch {len(training.history) + 1}, batch {batch}, {tensor} is the first "
        f"tensor that is NaN or infinite; {_where_the_model_is(training)}; try a learning rate below {rate:g}, or "
        "clip_norm=1.0"
    )


def _where_the_model_is(training: TrainingState) -> str:
    done = len(training.history)
    return f"the model is as it was after epoch {done}" if done else "the model is as it was before training"


def _replay(training: TrainingState, plan: Plan, rate: float) -> tuple[int, str]:
    """Go through an epoch again, looking at everything; return the batch, from 1, and the first tensor that broke."""
    model, number = training.model, 0
    for number, batch in enumerate(_shuffled_batches(plan, training.rng), start=1):
        loss = model.loss(*batch, rng=training.rng)
        if not _is_finite(loss):
            return number, _first_broken_part(model)
        model.backward()
        for parameter in model.parameters:
            if not _is_finite(parameter.grad):
                return number, f"{parameter.name}.grad"
        training.optimizer.step(rate)
        for name, holder in training.holders.items():
            if not _is_finite(holder.value):
                return number, f"{name}.value"
    return number, "the sum of the losses"


def _first_broken_part(model: Any) -> str:
    """Return the name of the first thing, in forward order, that a part remembers and that isn't finite."""
    parts = contract.parts_of(model)
    for part_name, part in parts.items():
        for name in part.remembers:
            array: Any = part.__dict__.get(name)
            if hasattr(array, "dtype") and array.dtype.kind == "f" and not _is_finite(array):
                return f"{name} of {part_name}"
    reasons = [part.infinite_where for part in parts.values() if part.infinite_where]
    return f"the loss ({'; '.join(reasons)})" if reasons else "the loss"


def _is_finite(array: Any) -> bool:
    return bool(np.isfinite(to_numpy(array)).all())


def _fit_by_lbfgs(model: Any, plan: Plan, optimizer: LBFGS) -> History:
    """Let SciPy minimise the loss of all data; noise is drawn once, since a line search needs one function."""
    rng = own_generator(contract.rng_of(model) if plan.rng is None else plan.rng)
    training = TrainingState(model, SGD(1.0).start([]), rng)  # L-BFGS has a state of its own
    seed, started = int(training.rng.integers(2**63)), time.perf_counter()

    def evaluate() -> Any:
        with contract.training(model, frozen=True):  # one objective for all evaluations of an iteration
            loss = model.loss(*plan.data, rng=seed)
        if not _is_finite(loss):
            raise TrainingDivergedError(
                f"expected a finite loss, but in iteration {len(training.history) + 1} of L-BFGS "
                f"{_first_broken_part(model)} is the first tensor that is NaN or infinite; "
                f"{_where_the_model_is(training)}; rescale the data, or use Adam()"
            )
        model.backward()
        return loss

    def after(loss: float) -> None:
        if contract.buffers_of(model):
            with contract.training(model):
                model.loss(*plan.data, rng=seed)
        training.history.loss.append(loss)
        training.history.seconds = time.perf_counter() - started
        training.keep()
        bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        bar.update()

    with _progress_bar(plan, 0) as bar, training.kept_whole():
        optimizer.run(model.parameters, evaluate, plan.epochs, after)
    return training.history


def _progress_bar(plan: Plan, done: int) -> Any:
    """Return the bar that shows the progress, or what does nothing in its place."""
    if not plan.progress:
        return _NoBar()
    from tqdm.auto import tqdm

    return tqdm(total=plan.epochs, initial=done, unit="epoch", leave=False)


class _NoBar(contextlib.AbstractContextManager["_NoBar"]):
    """A progress bar that shows nothing."""

    def __exit__(self, *error: object) -> None:
        """Leave nothing behind."""

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        """Show no text."""

    def update(self) -> None:
        """Show no progress."""
