"""The order of the examples in an epoch, and their division into batches.

    arrays in memory --permuted--> batches
    a stream --pieces, permuted--> blocks --rows of a block, permuted--> batches
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module, batch_size, is_fast
from aescratch.foundations.streams import Stream
from aescratch.training.plan import Plan

BATCHES_AT_ONCE = 16  # batches that one kernel gathers on a GPU


def order_of_epoch(data: Sequence[Array], rng: np.random.Generator) -> Array:
    """Return the rows of the data in the order of an epoch: each once, newly shuffled by rng."""
    return rng.permutation(batch_size(data[0]))


def batches_of_epoch(plan: Plan, rng: np.random.Generator) -> Iterator[list[Array]]:
    """Yield the batches of one epoch: rows of every data array, in an order that rng draws.

    On a GPU several batches are gathered at once, by one kernel. With several processes, each gets its own rows.
    """
    rng, shares, n_examples = plan.processes.order(rng), plan.processes.shares, batch_size(plan.data[0])
    if isinstance(plan.data[0], Stream):
        whole = _regrouped(_shuffled_blocks(plan.data, rng), plan.batch_size)
        yield from shares(whole, n_examples, plan.batch_size)
        return
    xp = array_module(plan.data[0])
    order = xp.asarray(order_of_epoch(plan.data, rng))
    if plan.processes.batch is not None:
        for (rows,) in shares(batches_in_order([order], plan.batch_size), n_examples, plan.batch_size):
            yield [array[rows] for array in plan.data]
        return
    gathered = plan.batch_size * (BATCHES_AT_ONCE if xp is not np and is_fast() else 1)
    for first in range(0, len(order), gathered):
        rows = order[first : first + gathered]
        taken = [array[rows] for array in plan.data]
        for start in range(0, len(rows), plan.batch_size):
            yield [array[start : start + plan.batch_size] for array in taken]


def batches_in_order(data: Sequence[Any], size: int) -> Iterator[list[Array]]:
    """Yield the rows of every data array in their order, in batches of this size."""
    if isinstance(data[0], Stream):
        yield from _regrouped(_pieces_in_order(data), size)
        return
    for start in range(0, batch_size(data[0]), size):
        yield [array[start : start + size] for array in data]


def _shuffled_blocks(data: Sequence[Any], rng: np.random.Generator) -> Iterator[tuple[list[Array], Array]]:
    """Yield blocks of a stream and of its labels, each with the order of its rows.

    A block consists of pieces from all parts of the data, drawn by rng, in the order of the data.
    """
    stream, *labels = data
    starts, n_pieces = stream.starts(), len(stream.spans)
    order = np.arange(n_pieces) if n_pieces <= stream.pieces_per_block else rng.permutation(n_pieces)
    for first in range(0, n_pieces, stream.pieces_per_block):
        numbers = np.sort(order[first : first + stream.pieces_per_block])
        rows = np.concatenate([np.arange(starts[number], starts[number + 1]) for number in numbers])
        yield [stream.together(numbers), *(array[_beside(array, rows)] for array in labels)], rng.permutation(len(rows))


def _pieces_in_order(data: Sequence[Any]) -> Iterator[tuple[list[Array], Array]]:
    """Yield the pieces of a stream and of its labels, each with the order of its rows, unshuffled."""
    stream, *labels = data
    starts = stream.starts()
    for number, (start, stop) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        yield [stream.piece(number), *(array[start:stop] for array in labels)], np.arange(stop - start)


def _regrouped(blocks: Iterator[tuple[list[Array], Array]], size: int) -> Iterator[list[Array]]:
    """Yield the rows of blocks, in the order given with each, in batches of this size; the last may be smaller."""
    parts: list[list[Array]] = []
    missing = size
    for block, order in blocks:
        first = 0
        while first < len(order):
            rows = order[first : first + missing]
            parts.append([array[_beside(array, rows)] for array in block])
            first, missing = first + len(rows), missing - len(rows)
            if not missing:
                yield _joined(parts)
                parts, missing = [], size
        del block  # freed before the next block is read
    if parts:
        yield _joined(parts)


def _joined(parts: list[list[Array]]) -> list[Array]:
    """Return the parts of a batch as one."""
    if len(parts) == 1:
        return parts[0]
    return [array_module(arrays[0]).concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _beside(array: Array, rows: Array) -> Array:
    """Return row numbers on the array's device."""
    return array_module(array).asarray(rows)
