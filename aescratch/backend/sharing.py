"""A batch that several processes share: what its mathematics takes over all rows is taken here.

    rows of process 0 | rows of process 1 | ...  = the whole batch
    a mean of units, such as rho_hat --batch_mean--> that of all rows: one Allreduce
    a code --all_rows--> that of all rows, where no mean will do --own_rows--> back to one's own
    gradients of the parameters --sum_gradients--> those of the whole batch: one Allreduce

A process's loss and gradients are those of its own rows, with 1/N of their number N. Over the processes they are added,
each weighted by its share of the rows. So a term that is a mean over examples needs nothing from here, and nor does one
that doesn't depend on the batch. Where there is one process, every function here returns what it was given, and asks
nobody.

Whatever is sent is on the host: a GPU's arrays are fetched and brought back, which every MPI can do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from aescratch.backend.arrays import Array, array_module, to_numpy


class SharedBatch:
    """Which rows of the batch at hand each process has.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        What joins the processes.
    local : bool
        Whether each has rows of its own.

    Attributes
    ----------
    counts : list of int
        How many rows each process has. One that has none computes with any row, which counts for nothing.
    interrupted : bool
        Whether this process was asked to end; the next `sum_gradients` tells the others.
    """

    communicator: Any
    rank: int
    local: bool

    def __init__(self, communicator: Any, local: bool) -> None:
        self.communicator, self.rank, self.local = communicator, int(communicator.Get_rank()), local
        self.counts: list[int] = []
        self.interrupted = False
        self._weighted: Array = np.empty(0)

    @property
    def n_rows(self) -> int:
        """How many rows the whole batch has."""
        return sum(self.counts)

    @property
    def share(self) -> float:
        """What part of the rows this process has."""
        return self.counts[self.rank] / self.n_rows

    @property
    def here(self) -> slice:
        """Where in the whole batch this process's rows are."""
        first = sum(self.counts[: self.rank]) if self.counts[self.rank] else 0
        return slice(first, first + max(1, self.counts[self.rank]))

    def sum(self, array: Array) -> Array:
        """Return the sum of what the processes give."""
        sent = np.ascontiguousarray(to_numpy(array))
        total = np.empty_like(sent)
        self.communicator.Allreduce(sent, total)
        return array_module(array).asarray(total)

    def sum_in_one(self, arrays: Sequence[Array]) -> Array:
        """Return the sum, weighted by rows, of flat arrays one after the other; NaN first where one is interrupted."""
        size = sum(array.size for array in arrays)
        if self._weighted.size != size or self._weighted.dtype != arrays[0].dtype:
            self._weighted = np.empty(size, arrays[0].dtype)  # is kept for the next step
        start = 0
        for array in map(to_numpy, arrays):
            np.multiply(array, self.share, out=self._weighted[start : start + array.size])
            start += array.size
        if self.interrupted:
            self._weighted[0] = np.nan
        in_place = len(arrays) == 1 and isinstance(arrays[0], np.ndarray)
        total = arrays[0] if in_place else np.empty_like(self._weighted)
        self.communicator.Allreduce(self._weighted, total)
        return total


_at_hand: ContextVar[SharedBatch | None] = ContextVar("shared batch", default=None)


def share_batch(batch: SharedBatch | None) -> None:
    """Take this batch for the one at hand; None for one that is whole here."""
    _at_hand.set(batch)


def batch_mean(x: Array) -> Any:
    """Return the mean over the batch, the first axis; every average over examples is taken here.

    Where processes share the batch, that of units, x (N, H), is the mean of all rows. That of one number per example,
    x (N,), is a term of the loss, which stays this process's own.

    Examples
    --------
    >>> batch_mean(np.array([[1.0, 2.0], [3.0, 6.0]]))
    array([2., 4.])
    """
    mean, batch = x.mean(axis=0), _at_hand.get()
    return mean if batch is None or getattr(x, "ndim", 1) == 1 else batch.sum(batch.share * mean)


def rows_in_batch(x: Array) -> int:
    """Return of how many rows the whole batch is, of which x has some."""
    batch = _at_hand.get()
    return x.shape[0] if batch is None else batch.n_rows


def rows_here(x: Array) -> int:
    """Return how many rows of x count here."""
    batch = _at_hand.get()
    return x.shape[0] if batch is None else batch.counts[batch.rank]


def all_rows(x: Array) -> Array:
    """Return the rows of the whole batch, (N, ...), of which x has some."""
    batch = _at_hand.get()
    if batch is None:
        return x
    sent = np.ascontiguousarray(to_numpy(x)[: batch.counts[batch.rank]])
    rows = np.empty((batch.n_rows, *x.shape[1:]), sent.dtype)
    width = rows[0].size
    batch.communicator.Allgatherv(sent, [rows, [count * width for count in batch.counts]])
    return array_module(x).asarray(rows)


def own_rows(x: Array) -> Array:
    """Return of rows of the whole batch those that are here."""
    batch = _at_hand.get()
    return x if batch is None else x[batch.here]


def own_gradient(grad: Array) -> Array:
    """Return, of a gradient for all rows, that for the rows here, with 1/N of their number."""
    batch = _at_hand.get()
    return grad if batch is None else grad[batch.here] * (batch.n_rows / max(1, batch.counts[batch.rank]))


def evenly(backward: Callable[..., Any], grad_y: Array, *given: Any) -> Any:
    """Return what a backward gives that takes means of gradients over the batch, in which every row counts alike.

    With 1/N of another number of rows in each process, they wouldn't.
    """
    batch = _at_hand.get()
    if batch is None:
        return backward(grad_y, *given)
    size = grad_y.shape[0] * len(batch.counts) / batch.n_rows
    return tuple(grad / size for grad in backward(size * grad_y, *given))


def sum_gradients(grads: Sequence[Array]) -> None:
    """Put the gradients of the whole batch in the place of this process's, flat arrays, by one Allreduce.

    Raises
    ------
    KeyboardInterrupt
        In every process, if one of them was interrupted.
    """
    batch = _at_hand.get()
    if batch is None:
        return
    total = batch.sum_in_one(grads)
    if np.isnan(total[0]) and any(batch.communicator.allgather(batch.interrupted)):
        raise KeyboardInterrupt
    start = 0
    for grad in grads:
        if total is not grad:
            grad[...] = array_module(grad).asarray(total[start : start + grad.size])
        start += grad.size


class SharedNoise(np.random.Generator):
    """A generator whose draws are for the whole batch, so that they don't depend on how many processes share it.

    Each process draws for all rows, and gives out what belongs to those that are here. Where it has rows of its own, it
    draws for them alone, from a seed that all draw. A draw whose first axis is as long as the rows here, or K times as
    long, is one for examples, with the K numbers of an example side by side.
    """

    def random(self, size: Any = None, *given: Any, **named: Any) -> Any:
        """Return numbers from [0, 1)."""
        return self._drawn(lambda rng, size: np.random.Generator.random(rng, size, *given, **named), size)

    def standard_normal(self, size: Any = None, *given: Any, **named: Any) -> Any:
        """Return numbers from N(0, 1)."""
        return self._drawn(lambda rng, size: np.random.Generator.standard_normal(rng, size, *given, **named), size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Return numbers from N(loc, scale²)."""
        return self._drawn(lambda rng, size: np.random.Generator.normal(rng, loc, scale, size), size)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Return numbers from [low, high)."""
        return self._drawn(lambda rng, size: np.random.Generator.uniform(rng, low, high, size), size)

    def of_process(self, rank: int) -> np.random.Generator:
        """Return a new generator of one process, from a seed that all processes draw."""
        return np.random.default_rng([int(self.integers(2**63)), rank])

    def _drawn(self, draw: Callable[[np.random.Generator, Any], Any], size: Any) -> Any:
        """Return, of what is drawn for the whole batch, what belongs to the rows here."""
        batch = _at_hand.get()
        if batch is None or not isinstance(size, tuple) or not size:
            return draw(self, size)
        here = batch.here
        each, more = divmod(size[0], here.stop - here.start)
        if more:
            return draw(self, size)
        if batch.local:
            return draw(self.of_process(batch.rank), size)
        return draw(self, (each * batch.n_rows, *size[1:]))[each * here.start : each * here.stop]
