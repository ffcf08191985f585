"""Training: `fit` for anything with loss(), backward() and parameters, the history it returns, and checkpoints.

    shuffle -> batch -> loss -> backward -> step,   for every batch of every epoch

After each epoch the model is whole: what goes wrong later, or an interruption, puts it back there.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, to_numpy
from aescratch.files import FileFormatError, read_archive, write_archive
from aescratch.optimizers import LBFGS, Adam, Optimizer, OptimizerState
from aescratch.recipes import describe
from aescratch.validation import Rng, as_generator, own_generator, require_count

logger = logging.getLogger(__name__)

VALIDATION_SEED = 0  # the same noise in every epoch, so that validation losses can be compared


class TrainingDivergedError(ArithmeticError):
    """The loss stopped being finite; the message names epoch, batch and the first tensor that broke."""


@dataclass
class History:
    """What happened in each epoch of a `fit`.

    Attributes
    ----------
    loss : list of float
        Mean of the objective over the epoch's examples, measured while training.
    validation_loss : list of float
        The objective on the validation data after the epoch; empty without such data.
    learning_rate : list of float
        The rate of each epoch; empty with L-BFGS.
    seconds : float
        Time spent.
    best_epoch : int or None
        The epoch, from 0, with the lowest validation loss.
    stopped : str
        ``"finished"``, ``"early"`` (no improvement for `patience` epochs) or ``"interrupted"`` (Control-C).
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: float = 0.0
    best_epoch: int | None = None
    stopped: str = "finished"

    def __len__(self) -> int:
        return len(self.loss)

    def __str__(self) -> str:
        if not self.loss:
            return f"no epochs ({self.stopped})"
        text = f"{len(self)} epochs in {self.seconds:.1f} s ({self.stopped}), loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}"
        if self.best_epoch is not None:
            best = self.validation_loss[self.best_epoch]
            text += f", best validation loss {best:.4g} in epoch {self.best_epoch + 1}"
        return text

    def append(self, loss: float, rate: float, *validation_loss: float, seconds: float) -> None:
        """Add an epoch: its loss, its learning rate and, where there is one, its validation loss."""
        self.loss.append(loss)
        self.learning_rate.append(rate)
        self.validation_loss += validation_loss
        self.seconds = seconds
        if validation_loss:
            self.best_epoch = int(np.argmin(self.validation_loss))

    def truncate(self, epochs: int) -> None:
        """Forget what came after the first epochs."""
        for record in (self.loss, self.learning_rate, self.validation_loss):
            del record[epochs:]
        self.best_epoch = int(np.argmin(self.validation_loss)) if self.validation_loss else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as lists and numbers, ready for JSON."""
        return asdict(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw the loss curves and return the matplotlib Axes; a new one if ax is None."""
        from aescratch import plots

        return plots.loss_curves(self, ax=ax)


@dataclass
class Plan:
    """The arguments of one `fit`, checked."""

    data: Sequence[Array]
    validation: Sequence[Array] | None
    epochs: int
    batch_size: int
    optimizer: Optimizer
    patience: int | None
    checkpoint: str | os.PathLike[str] | None
    progress: bool

    def batches(self, order: Array) -> Iterator[list[Array]]:
        """Yield the batches of one epoch: rows of every data array, in this order."""
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield [array[rows] for array in self.data]


def fit(
    model: Any, data: Sequence[Any], *, epochs: int = 20, batch_size: int = 64, optimizer: Optimizer | LBFGS | None = None,
    rng: Rng = None, validation: Any = None, patience: int | None = None, progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> History:  # fmt: skip
    """Train a model; see `Model.fit` for the arguments."""
    optimizer = Adam() if optimizer is None else optimizer
    if not isinstance(optimizer, (Optimizer, LBFGS)):
        raise TypeError(f"expected an optimizer such as ae.Adam(1e-3), got {optimizer!r}")
    if patience is not None and validation is None:
        raise ValueError("expected validation data beside patience: early stopping watches the validation loss")
    epochs, batch_size = require_count("epochs", epochs), require_count("batch_size", batch_size)
    patience = None if patience is None else require_count("patience", patience)
    checked = model.as_data(*data)
    held_out = None if validation is None else model.as_data(*_as_tuple(validation))
    show = sys.stderr is not None and sys.stderr.isatty() if progress is None else progress
    generator = own_generator(model.rng) if rng is None else own_generator(rng)
    with model.trusting_batches(), np.errstate(all="ignore"):  # what overflows is found by its loss
        if isinstance(optimizer, LBFGS):
            return _fit_by_lbfgs(model, checked, optimizer, epochs, generator, show, (held_out, patience, checkpoint))
        plan = Plan(checked, held_out, epochs, batch_size, optimizer, patience, checkpoint, show)
        return _fit_by_batches(model, plan, generator)


def _as_tuple(validation: Any) -> tuple[Any, ...]:
    return tuple(validation) if isinstance(validation, (tuple, list)) else (validation,)


def _fit_by_batches(model: Any, plan: Plan, rng: np.random.Generator) -> History:
    history, state = History(), plan.optimizer.start(model.parameters)
    fingerprint = _fingerprint(model, plan, rng) if plan.checkpoint is not None else None
    best: list[Array] = []
    if plan.checkpoint is not None and os.path.exists(plan.checkpoint):
        history, best = _resume(plan.checkpoint, fingerprint, model, state, rng)
    started = time.perf_counter() - history.seconds
    bar = _progress_bar(plan.progress, len(history), plan.epochs)
    good = Snapshot(state, rng, epochs=len(history))
    try:
        while len(history) < plan.epochs and history.stopped != "early":
            epoch = len(history)
            rate = plan.optimizer.schedule.rate(epoch, plan.epochs)
            order = rng.permutation(len(plan.data[0]))
            loss = _train_epoch(model, plan, order, state, rate, rng)
            if not np.isfinite(loss) or not _finite(model):
                good.restore(state, rng)
                rng.permutation(len(order))
                problem = _replay(model, plan, order, state, rate, rng)
                good.restore(state, rng)
                raise TrainingDivergedError(_diverged(epoch, problem, rate))
            record = [loss, rate]
            if plan.validation is not None:
                record.append(_evaluate(model, plan.validation, plan.batch_size))
            history.append(*record, seconds=time.perf_counter() - started)
            good = Snapshot(state, rng, epochs=len(history))
            if plan.patience is not None and history.best_epoch is not None:
                if history.best_epoch == epoch:
                    best = [parameter.value.copy() for parameter in model.parameters]
                history.stopped = "early" if epoch - history.best_epoch >= plan.patience else "finished"
            if plan.checkpoint is not None:
                _save_checkpoint(plan.checkpoint, fingerprint, history, best, model, state, rng)
            bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            bar.update()
    except KeyboardInterrupt:
        good.restore(state, rng)
        history.truncate(good.epochs)
        history.stopped = "interrupted"
    finally:
        bar.close()
    if history.stopped != "interrupted" and plan.patience is not None:
        for parameter, value in zip(model.parameters, best, strict=True):
            parameter.value = value
    return history


def _train_epoch(
    model: Any, plan: Plan, order: Array, state: OptimizerState, rate: float, rng: np.random.Generator
) -> float:
    """Take one step per batch and return the mean loss; the device is asked for it once, at the end."""
    total = 0.0
    for batch in plan.batches(_beside(plan.data[0], order)):
        loss = model.loss(*batch, rng=rng)
        model.backward()
        state.step(rate)
        total = total + loss * len(batch[0])
    return float(total) / len(order)


def _beside(x: Array, order: Array) -> Array:
    """Return the order on the device where x is."""
    return order if isinstance(x, np.ndarray) else array_module(x).asarray(order)


def _evaluate(model: Any, data: Sequence[Array], batch_size: int) -> float:
    """Return the mean loss on data, in their order and with the noise of `VALIDATION_SEED`."""
    rng = as_generator(VALIDATION_SEED)
    total, n_examples = 0.0, len(data[0])
    for start in range(0, n_examples, batch_size):
        batch = [array[start : start + batch_size] for array in data]
        total = total + model.loss(*batch, rng=rng) * len(batch[0])
    return float(total) / n_examples


class Snapshot:
    """A copy of everything that training changes: values, moments, steps, and the generator's state."""

    def __init__(self, state: OptimizerState, rng: np.random.Generator, epochs: int) -> None:
        self.epochs = epochs
        self.values = [run.values.copy() for run in state.runs]
        self.moments = [{name: moment.copy() for name, moment in run.moments.items()} for run in state.runs]
        self.steps = state.steps
        self.rng = copy.deepcopy(rng.bit_generator.state)

    def restore(self, state: OptimizerState, rng: np.random.Generator) -> None:
        """Put everything back in place."""
        for run, values, moments in zip(state.runs, self.values, self.moments, strict=True):
            run.values[...] = values
            for name, moment in moments.items():
                run.moments[name][...] = moment
        state.steps = self.steps
        rng.bit_generator.state = copy.deepcopy(self.rng)


def _finite(model: Any) -> bool:
    return all(bool(array_module(p.value).isfinite(p.value).all()) for p in model.parameters)


def _replay(
    model: Any, plan: Plan, order: Array, state: OptimizerState, rate: float, rng: np.random.Generator
) -> tuple[int, str]:
    """Go through an epoch again, looking at everything, and return the batch, from 0, and the first tensor that broke."""
    number = 0
    for number, batch in enumerate(plan.batches(_beside(plan.data[0], order))):
        loss = model.loss(*batch, rng=rng)
        if not np.isfinite(float(loss)):
            return number, next(_broken_parts(model), "the loss")
        model.backward()
        for parameter in model.parameters:
            if not array_module(parameter.grad).isfinite(parameter.grad).all():
                return number, f"{parameter.name}.grad"
        state.step(rate)
        for parameter in model.parameters:
            if not array_module(parameter.value).isfinite(parameter.value).all():
                return number, f"{parameter.name}.value"
    return number, "the mean of the losses"


def _broken_parts(model: Any) -> Iterator[str]:
    """Yield the names of what the parts of a model remember that isn't finite, in forward order."""
    for part_name, part in model.parts.items():
        for name in part.remembers:
            array = part.__dict__.get(name)
            if array is not None and array.dtype.kind == "f" and not array_module(array).isfinite(array).all():
                yield f"{name} of {part_name}"


def _diverged(epoch: int, problem: tuple[int, str], rate: float) -> str:
    batch, tensor = problem
    return (
        f"expected a finite loss, but in epoch {epoch + 1}, batch {batch + 1}, {tensor} is the first tensor that is NaN "
        f"or infinite; the model is as it was after epoch {epoch}; try a learning rate below {rate:g}, or clip_norm=1.0"
    )


def _fit_by_lbfgs(
    model: Any, data: Sequence[Array], optimizer: LBFGS, epochs: int, rng: np.random.Generator, show: bool,
    unused: tuple[Any, Any, Any],
) -> History:  # fmt: skip
    if any(argument is not None for argument in unused):
        raise ValueError("expected neither validation, patience nor checkpoint with LBFGS, which takes no batches")
    history, started = History(), time.perf_counter()
    seed = int(rng.integers(2**63))  # one draw of the noise throughout: the line search needs a function that stays
    bar = _progress_bar(show, 0, epochs)
    good = [parameter.value.copy() for parameter in model.parameters]

    def evaluate() -> Any:
        loss = model.loss(*data, rng=seed)
        model.backward()
        return loss

    def after(loss: float) -> None:
        good[:] = [parameter.value.copy() for parameter in model.parameters]
        history.loss.append(loss)
        bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        bar.update()

    try:
        optimizer.run(model.parameters, evaluate, epochs, after)
    except BaseException as error:
        for parameter, value in zip(model.parameters, good, strict=True):
            parameter.value = value
        if not isinstance(error, KeyboardInterrupt):
            raise
        history.stopped = "interrupted"
    finally:
        bar.close()
    history.seconds = time.perf_counter() - started
    return history


def _progress_bar(show: bool, done: int, epochs: int) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=epochs, initial=done, disable=not show, unit="epoch", leave=False)


def _fingerprint(model: Any, plan: Plan, rng: np.random.Generator) -> dict[str, Any]:
    """Return what must be the same for a run to be the same: model, optimiser, data, batches, and the generator."""
    checksum = 0
    for array in [*plan.data, *(plan.validation or ())]:
        checksum = zlib.crc32(np.ascontiguousarray(to_numpy(array)).view(np.uint8).data, checksum)
    fingerprint = {
        "model": describe(model), "optimizer": describe(plan.optimizer), "batch_size": plan.batch_size,
        "patience": plan.patience, "data": checksum, "rng": rng.bit_generator.state,
    }  # fmt: skip
    return dict(json.loads(json.dumps(fingerprint)))


def _save_checkpoint(
    path: str | os.PathLike[str], fingerprint: Any, history: History, best: list[Array], model: Any,
    state: OptimizerState, rng: np.random.Generator,
) -> None:  # fmt: skip
    header = {
        "kind": "checkpoint", "run": fingerprint, "history": history.to_dict(), "steps": state.steps,
        "rng": rng.bit_generator.state,
    }  # fmt: skip
    arrays = {f"value {p.name}": p.value for p in model.parameters}
    arrays.update({f"best {p.name}": value for p, value in zip(model.parameters, best, strict=False)})
    arrays.update({f"moment {name}": moment for name, moment in state.arrays().items()})
    write_archive(path, header, arrays)


def _resume(
    path: str | os.PathLike[str], fingerprint: Any, model: Any, state: OptimizerState, rng: np.random.Generator
) -> tuple[History, list[Array]]:
    """Put a checkpoint back into model, state and generator, and return its history and its best values."""
    header, arrays = read_archive(path, "checkpoint")
    if header.get("run") != fingerprint:
        changed = [k for k, v in fingerprint.items() if not isinstance(header.get("run"), dict) or header["run"].get(k) != v]
        raise ValueError(
            f"expected a checkpoint of this very run, but {os.fspath(path)} differs in {', '.join(changed)}; "
            "give the same arguments to go on, or another path to start anew"
        )
    try:
        for parameter in model.parameters:
            parameter.value = array_module(parameter.value).asarray(arrays[f"value {parameter.name}"])
        moments = {name.removeprefix("moment "): a for name, a in arrays.items() if name.startswith("moment ")}
        state.restore(moments, int(header["steps"]))
        rng.bit_generator.state = header["rng"]
        history = History(**header["history"])
        best = [array_module(p.value).asarray(arrays[f"best {p.name}"]) for p in model.parameters] if history.validation_loss else []
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"expected a whole checkpoint, but {os.fspath(path)} lacks or damages {error}") from error
    logger.info("resuming %s after epoch %d", os.fspath(path), len(history))
    return history, best
