"""In which order an epoch takes the examples, and which of them a batch holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aescratch.backend import Array, array_module, batch_size, is_fast
from aescratch.training.plan import Plan

BATCHES_AT_ONCE = 16  # are gathered by one kernel on a GPU


def order_of_epoch(data: Sequence[Array], rng: np.random.Generator) -> Array:
    """Return the rows of the data in the order in which an epoch takes them: each once, shuffled anew by rng."""
    return rng.permutation(batch_size(data[0]))


def batches_of_epoch(plan: Plan, rng: np.random.Generator) -> Iterator[list[Array]]:
    """Yield the batches of one epoch: rows of every data array, in an order that rng draws.

    On a GPU several batches are gathered at once, by one kernel.
    """
    xp = array_module(plan.data[0])
    order = xp.asarray(order_of_epoch(plan.data, rng))
    gathered = plan.batch_size * (BATCHES_AT_ONCE if xp is not np and is_fast() else 1)
    for first in range(0, len(order), gathered):
        rows = order[first : first + gathered]
        taken = [array[rows] for array in plan.data]
        for start in range(0, len(rows), plan.batch_size):
            yield [array[start : start + plan.batch_size] for array in taken]
