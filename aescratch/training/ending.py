"""What a `fit` keeps for its diagnosis: the model after training, and a sample of its data.

    fit --> history.ending   <-- read later by the diagnosis, which checks whether the model has changed

Training itself judges nothing. A history refers weakly to its model, and keeps at most 2,000 rows of the data.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array, array_module, batch_size, to_numpy
from aescratch.foundations.streams import Stream, as_stream, is_streamed, sample_rows
from aescratch.foundations.validation import as_array
from aescratch.training import contract

MOST_ROWS = 2000


class Ending(NamedTuple):
    """The end of a training run.

    Attributes
    ----------
    model : weak reference
        The model.
    values : list of numbers
        The fingerprints of its parameters.
    data, validation : sequence of arrays, or None
        A sample of the training data, and of the validation data.
    """

    model: weakref.ref[Any]
    values: list[Any]
    data: Sequence[Array]
    validation: Sequence[Array] | None


def ending_of(model: Any, data: Sequence[Any], validation: Sequence[Any] | None) -> Ending | None:
    """Return the end of a training run, or None for a model without weak references."""
    try:
        held = weakref.ref(model)
    except TypeError:
        return None
    return Ending(held, fingerprint(model), _kept(data), None if validation is None else _kept(validation))


def _kept(data: Sequence[Any]) -> list[Array]:
    """Return copies of a sample, which later changes of the data don't affect."""
    return [array.copy() for array in sampled(data)]


def fingerprint(model: Any) -> list[Any]:
    """Return a number for each parameter that depends on its entries and their order; don't wait for the device."""
    values = [parameter.value.ravel() for parameter in model.parameters]
    return [(v * array_module(v).arange(1, v.size + 1, dtype=v.dtype)).sum() for v in values]


def is_as_it_ended(model: Any, ending: Ending) -> bool:
    """Whether the model's parameters are unchanged since the end of training."""
    return [float(number) for number in fingerprint(model)] == [float(number) for number in ending.values]


def sampled(data: Sequence[Any], most: int = MOST_ROWS) -> list[Array]:
    """Return all rows of the arrays, or a sample of them that depends only on their number.

    For a stream, the sample is part of the one taken at its validation.
    """
    if isinstance(data[0], Stream):
        kept, rows = data[0].sample(most)
        data = [kept, *(labels[array_module(labels).asarray(rows)] for labels in data[1:])]
    n_rows = batch_size(data[0])
    if n_rows <= most:
        return list(data)
    rows = array_module(data[0]).asarray(sample_rows(n_rows, most))
    return [array[rows] for array in data]


def some_rows(x: Any, labels: Any = None) -> tuple[Any, Any]:
    """Return data and labels, or a sample of both if the data aren't in memory."""
    if not is_streamed(x):
        return x, labels
    kept, rows = as_stream(x).sample(MOST_ROWS)
    return kept, None if labels is None else as_array(labels, "labels")[rows]


def loss_as_left(model: Any, data: Sequence[Any], size: int, most: int) -> float:
    """Return the objective of the current model in training mode, and change nothing.

    It is the mean over whole batches of this size, as many as fit into `most` rows, at least one.
    """
    rows, rng = sampled(data, max(most, size)), np.random.default_rng(0)
    starts = range(0, max(batch_size(rows[0]) - size, 0) + 1, size)
    with contract.training(model, frozen=True):
        losses = [model.loss(*(array[start : start + size] for array in rows), rng=rng) for start in starts]
    return float(together(*losses).mean(dtype=np.float64))


def together(*numbers: Any) -> Any:
    """Return numbers as a NumPy array, fetched from the device at once."""
    arrays = [number for number in numbers if not isinstance(number, float)]
    xp = array_module(*arrays) if arrays else np
    return to_numpy(xp.stack([xp.asarray(number) for number in numbers]))
