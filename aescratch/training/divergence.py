"""The first tensor that isn't finite, when a loss has diverged: the epoch is replayed, and every value checked."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.foundations.language import gettext
from aescratch.training import contract
from aescratch.training.batches import batches_of_epoch
from aescratch.training.checkpoints import TrainingState
from aescratch.training.ending import MOST_ROWS, loss_as_left
from aescratch.training.plan import Plan


class TrainingDivergedError(ArithmeticError):
    """The loss stopped being finite; the message names epoch, batch and the first tensor that isn't."""

    __module__ = "aescratch"  # the name in a traceback is the one that it is imported by


def report_divergence(training: TrainingState, plan: Plan, rate: float) -> NoReturn:
    """Restore the model from before the epoch, and raise TrainingDivergedError with the first invalid tensor."""
    training.go_back()
    with contract.training(training.model):
        batch, tensor = _replay(training, plan, rate)
    message = gettext(
        "expected a finite loss, but in epoch {epoch}, batch {batch}, {tensor} is the first tensor that is NaN or "
        "infinite; {where}; try a learning rate ten times smaller, or clip_norm=1.0"
    )
    place = {"epoch": len(training.history) + 1, "batch": batch, "tensor": tensor}
    raise TrainingDivergedError(message.format(where=where_the_model_is(training), **place))


def where_the_model_is(training: TrainingState) -> str:
    """Return a sentence about the epoch that the model has been restored to."""
    done = len(training.history)
    if not done:
        return gettext("the model is as it was before training")
    return gettext("the model is restored to the end of epoch {epoch}").format(epoch=done)


def _replay(training: TrainingState, plan: Plan, rate: float) -> tuple[int, str]:
    """Replay an epoch with all checks; return the batch, from 1, and the first tensor that isn't finite."""
    model, number, first_of = training.model, 0, plan.processes.first_of  # all check until one finds it
    for number, batch in enumerate(batches_of_epoch(plan, training.rng), start=1):
        loss = model.loss(*batch, rng=training.rng)
        if broken := first_of(None if is_finite(loss) else first_broken_part(model)):
            return number, broken
        model.backward()
        gradients = {f"{parameter.name}.grad": parameter.grad for parameter in model.parameters}
        if broken := first_of(_first_broken(gradients)):
            return number, broken
        training.optimizer.step(rate)
        values = {f"{name}.value": holder.value for name, holder in training.holders.items()}
        if broken := first_of(_first_broken(values)):
            return number, broken
    if not is_finite(loss_as_left(model, plan.data, plan.batch_size, MOST_ROWS)):
        part = gettext("{part}, recomputed after the last step,").format(part=first_broken_part(model))
        return number, part
    return number, gettext("the sum of the losses")


def _first_broken(arrays: dict[str, Array]) -> str | None:
    """Return the name of the first array that isn't finite."""
    return next((name for name, array in arrays.items() if not is_finite(array)), None)


def first_broken_part(model: Any) -> str:
    """Return the name of the first value, in forward order, that a part remembers and that isn't finite."""
    parts = contract.parts_of(model)
    for part_name, part in parts.items():
        for name in part.remembers:
            array: Any = part.__dict__.get(name)
            if hasattr(array, "dtype") and array.dtype.kind == "f" and not is_finite(array):
                return gettext("{name} of {part}").format(name=name, part=part_name)
    reasons = [gettext(part.infinite_where) for part in parts.values() if part.infinite_where]
    loss = gettext("the loss")
    return gettext("{loss} ({reasons})").format(loss=loss, reasons="; ".join(reasons)) if reasons else loss


def is_finite(array: Any) -> bool:
    """Whether an array or a number, of NumPy or CuPy, has neither NaN nor infinity."""
    return bool(np.isfinite(to_numpy(array)).all())
