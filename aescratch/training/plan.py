"""The arguments of a `fit`, validated before anything changes.

The default epochs and learning rate for the command line and the transformer are here, too: a table of 150 rows needs
as many steps as a large one, and so more epochs.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aescratch.backend import Array, batch_size, move
from aescratch.foundations.labels import as_labels
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.recipes import describe
from aescratch.foundations.streams import as_stream, is_streamed
from aescratch.foundations.validation import Rng, require_count, require_rows
from aescratch.training import contract
from aescratch.training.checkpoints import PathLike, checksum_of
from aescratch.training.ending import MOST_ROWS, sampled
from aescratch.training.history import History
from aescratch.training.processes import Processes

STEPS, FEWEST_EPOCHS = 5000, 20
RATE = 5e-3  # of Adam
NEEDED_IN_TRAINING = gettext_noop("{name} needs in training")
NEEDED_IN_VALIDATION = gettext_noop("{name} needs in the validation data too")


def enough_epochs(n_examples: int, batch_size: int) -> int:
    """Return the number of epochs that makes 5,000 steps, at least 20.

    Examples
    --------
    >>> enough_epochs(150, 64), enough_epochs(60000, 64)
    (1667, 20)
    """
    steps = -(-n_examples // require_count("batch_size", batch_size))
    return max(FEWEST_EPOCHS, -(-STEPS // steps))


@dataclass
class Plan:
    """The validated arguments of one `fit`."""

    data: Sequence[Any]  # arrays, of which the first may be a stream
    validation: Sequence[Any] | None
    epochs: int
    batch_size: int
    rng: Rng
    patience: int | None
    progress: bool
    checkpoint: PathLike | None
    observer: Callable[[Any, History], None] | None = None
    stop_when_hopeless: bool = False
    processes: Processes = field(default_factory=Processes)


def data_for_fit(model: Any, x: Any, labels: Any = None) -> Sequence[Any]:
    """Return the validated data of a `fit`, as `contract.as_data` does; if x isn't in memory, a stream of such rows.

    A stream is read once for that, so that nothing has changed if a row is invalid. Labels are kept in memory.

    Raises
    ------
    TypeError, ValueError
        If the data are invalid for this model; the message says what was expected, and in which row.
    """
    if not is_streamed(x):
        return contract.as_data(model, x, labels)
    stream = as_stream(x)
    require_rows(stream, contract.n_inputs_of(model), "x")
    known = () if labels is None else (as_labels(labels, len(stream), contract.n_classes_of(model)),)

    def checked(rows: Array) -> Array:
        arrays = contract.as_data(model, rows, *(labels[: len(rows)] for labels in known))  # any labels are valid here
        if len(arrays) != 1 + len(known):
            message = gettext(
                "expected {kind}.as_data to return as many arrays as it gets for data that aren't in memory, got "
                "{count} arrays; pass numpy.array(x) if it fits there"
            )
            raise TypeError(message.format(kind=type(model).__name__, count=len(arrays)))
        return arrays[0]

    stream = stream.then(checked)
    stream.sample(MOST_ROWS)
    return (stream, *(move(labels, contract.backend_of(model)) for labels in known))


def held_out(model: Any, validation: Any) -> Sequence[Array]:
    """Return the validated validation data; errors in them say so."""
    if isinstance(validation, numbers.Real):
        message = gettext(
            "expected validation to be an array of examples, got the number {validation!r}; hold some out, train, "
            "test = data.split(0.2), and pass test.x"
        )
        raise TypeError(message.format(validation=validation))
    arrays = validation if isinstance(validation, (tuple, list)) else [validation]
    if not 1 <= len(arrays) <= 2:
        message = gettext(
            "expected validation to be an array x, or a pair (x, labels) for a classifier, got a {found} of "
            "{count}; pass numpy.array(x) for rows in a list"
        )
        raise TypeError(message.format(found=type(validation).__name__, count=len(arrays)))
    try:
        return data_for_fit(model, *arrays)
    except (TypeError, ValueError) as error:
        message = gettext("in the validation data: {error}")
        raise type(error)(message.format(error=error)) from error


def what_must_agree(model: Any, plan: Plan, optimizer: Any) -> dict[str, Any]:
    """Return the values that all processes must share, by their names in messages; of long data, a sample."""
    data = [*plan.data, *(plan.validation or ())]
    shapes = [array.shape[1:] if plan.processes.local else array.shape for array in data]
    rows = None if plan.processes.local else [checksum_of(array) for array in sampled(plan.data)]
    return {
        "parameters": [(parameter.name, parameter.shape, contract.dtype_of(model)) for parameter in model.parameters],
        gettext_noop("shapes of x, labels and validation"): shapes, gettext_noop("checksums of x and labels"): rows,
        gettext_noop("epochs, batch_size, patience and local"): (
            plan.epochs, plan.batch_size, plan.patience, plan.processes.local
        ),
        "optimizer": describe(optimizer), gettext_noop("choice of a checkpoint"): plan.checkpoint is not None,
    }  # fmt: skip


def require_large_batches(model: Any, plan: Plan) -> None:
    """Raise before training if the last batch will be too small for a part."""
    for name, part in contract.parts_of(model).items():
        _require_last_batch(plan, plan.data, part.least_examples, name, NEEDED_IN_TRAINING)
        if plan.validation is not None:
            _require_last_batch(plan, plan.validation, part.least_in_use, name, NEEDED_IN_VALIDATION)


def _require_last_batch(plan: Plan, data: Sequence[Array], least: int, name: str, needed: str) -> None:
    n_examples = batch_size(data[0])
    last = plan.processes.last_batch(n_examples, plan.batch_size)
    if last < least:
        advice = gettext("give more examples") if n_examples < least else gettext("choose another batch_size")
        message = gettext(
            "expected batches of at least {least} examples, which {why}, got a last batch of {last}, since "
            "{n_examples} examples are divided into batches of {batch_size}; {advice}"
        )
        raise ValueError(
            message.format(
                least=least,
                why=gettext(needed).format(name=name),
                last=last,
                n_examples=n_examples,
                batch_size=plan.batch_size,
                advice=advice,
            )
        )
