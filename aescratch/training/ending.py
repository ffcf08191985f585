"""What a `fit` leaves for those who judge it: the model as it ended, and a sample of what it was trained on.

    fit --> history.ending   <-- whoever looks at the history later, and finds out whether the model is still the same

Training judges nothing by itself. A history holds its model weakly, and no more than 2,000 rows of the data.
"""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array, batch_size, to_numpy

MOST_ROWS = 2000


class Ending(NamedTuple):
    """How a training ended.

    Attributes
    ----------
    model : weak reference
        The model.
    values : int
        A checksum of its parameters.
    data, validation : sequence of arrays, or None
        A sample of what it was trained on, and of what it wasn't.
    """

    model: weakref.ref[Any]
    values: int
    data: Sequence[Array]
    validation: Sequence[Array] | None


def ending_of(model: Any, data: Sequence[Array], validation: Sequence[Array] | None) -> Ending | None:
    """Return how a training ended, or None for a model that can't be held weakly."""
    try:
        held = weakref.ref(model)
    except TypeError:
        return None
    return Ending(held, checksum(model), sampled(data), None if validation is None else sampled(validation))


def checksum(model: Any) -> int:
    """Return a number that changes when a parameter does."""
    value = 0
    for parameter in model.parameters:
        value = zlib.crc32(to_numpy(parameter.value).tobytes(), value)
    return value


def sampled(data: Sequence[Array]) -> list[Array]:
    """Return all rows of the arrays, or 2,000 of them that are the same whenever there are as many."""
    n_rows = batch_size(data[0])
    if n_rows <= MOST_ROWS:
        return list(data)
    rows = np.sort(np.random.default_rng(0).choice(n_rows, MOST_ROWS, replace=False))
    return [array[rows] for array in data]
