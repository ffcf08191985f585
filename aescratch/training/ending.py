"""What a `fit` leaves for those who judge it: the model as it ended, and a sample of what it was trained on.

    fit --> history.ending   <-- whoever looks at the history later, and finds out whether the model is still the same

Training judges nothing by itself. A history holds its model weakly, and no more than 2,000 rows of the data.
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
    """How a training ended.

    Attributes
    ----------
    model : weak reference
        The model.
    values : list of numbers
        What `fingerprint` made of its parameters.
    data, validation : sequence of arrays, or None
        A sample of what it was trained on, and of what it wasn't.
    """

    model: weakref.ref[Any]
    values: list[Any]
    data: Sequence[Array]
    validation: Sequence[Array] | None


def ending_of(model: Any, data: Sequence[Any], validation: Sequence[Any] | None) -> Ending | None:
    """Return how a training ended, or None for a model that can't be held weakly."""
    try:
        held = weakref.ref(model)
    except TypeError:
        return None
    return Ending(held, fingerprint(model), _kept(data), None if validation is None else _kept(validation))


def _kept(data: Sequence[Any]) -> list[Array]:
    """Return a sample as copies: what is written into the data later is not what the model was trained on."""
    return [array.copy() for array in sampled(data)]


def fingerprint(model: Any) -> list[Any]:
    """Return a number for each parameter that changes when its entries or their order do; a device isn't waited for."""
    values = [parameter.value.ravel() for parameter in model.parameters]
    return [(v * array_module(v).arange(1, v.size + 1, dtype=v.dtype)).sum() for v in values]


def is_as_it_ended(model: Any, ending: Ending) -> bool:
    """Whether the model's parameters are those that it ended with."""
    return [float(number) for number in fingerprint(model)] == [float(number) for number in ending.values]


def sampled(data: Sequence[Any], most: int = MOST_ROWS) -> list[Array]:
    """Return all rows of the arrays, or so many of them that are the same whenever there are as many.

    Of a stream it is of the sample that was taken when it was checked.
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
    """Return data and labels as they are, or a sample of both where the data aren't in memory."""
    if not is_streamed(x):
        return x, labels
    kept, rows = as_stream(x).sample(MOST_ROWS)
    return kept, None if labels is None else as_array(labels, "labels")[rows]


def loss_as_left(model: Any, data: Sequence[Any], size: int, most: int) -> float:
    """Return the objective of the model as it is now, as training computes it, and change nothing.

    It is the mean over whole batches of this size, of which there are as many as fit into `most` rows, one at least.
    """
    rows, rng = sampled(data, max(most, size)), np.random.default_rng(0)
    starts = range(0, max(batch_size(rows[0]) - size, 0) + 1, size)
    with contract.training(model, frozen=True):
        losses = [model.loss(*(array[start : start + size] for array in rows), rng=rng) for start in starts]
    return float(together(*losses).mean(dtype=np.float64))


def together(*numbers: Any) -> Any:
    """Return numbers as an array on the host, fetched from the device in one."""
    arrays = [number for number in numbers if not isinstance(number, float)]
    xp = array_module(*arrays) if arrays else np
    return to_numpy(xp.stack([xp.asarray(number) for number in numbers]))
