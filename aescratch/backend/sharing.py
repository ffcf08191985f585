"""A batch that several processes share: all computations over its rows that need other processes.

    rows of process 0 | rows of process 1 | ...  = the whole batch
    a mean of units, such as rho_hat --batch_mean--> that of all rows: one Allreduce
    a code --all_rows--> that of all rows, if a mean isn't enough --own_rows--> this process's rows
    gradients of the parameters --sum_gradients--> those of the whole batch: one Allreduce

A process's loss and gradients are those of its own rows, with 1/N for their number N. They are added over the
processes, each weighted by its share of the rows. So a term that is a mean over examples, or doesn't depend on the
batch, needs nothing from here. With a single process, every function here returns its argument, without communication.

Messages are NumPy arrays: a GPU's arrays are copied to the CPU and back, which works with every MPI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from aescratch.backend.arrays import Array, array_module, to_numpy


class SharedBatch:
    """The rows of the current batch in each process.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        Connects the processes.
    local : bool
        Whether each process has its own rows.

    Attributes
    ----------
    counts : list of int
        The number of rows in each process. A process without rows computes with any row, whose weight is 0.
    interrupted : bool
        Whether this process must end; the next `sum_gradients` informs the others.
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
        """The number of rows in the whole batch."""
        return sum(self.counts)

    @property
    def share(self) -> float:
        """The share of the rows in this process."""
        return self.counts[self.rank] / self.n_rows

    @property
    def here(self) -> slice:
        """The slice of this process's rows in the whole batch."""
        first = sum(self.counts[: self.rank]) if self.counts[self.rank] else 0
        return slice(first, first + max(1, self.counts[self.rank]))

    def sum(self, array: Array) -> Array:
        """Return the sum over the processes."""
        sent = np.ascontiguousarray(to_numpy(array))
        total = np.empty_like(sent)
        self.communicator.Allreduce(sent, total)
        return array_module(array).asarray(total)

    def sum_in_one(self, arrays: Sequence[Array]) -> Array:
        """Return the sum, weighted by rows, of concatenated flat arrays; NaN first if a process is interrupted."""
        size = sum(array.size for array in arrays)
        if self._weighted.size != size or self._weighted.dtype != arrays[0].dtype:
            self._weighted = np.empty(size, arrays[0].dtype)  # kept for the next step
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
    """Set the current shared batch; None if the whole batch is in this process."""
    _at_hand.set(batch)


def batch_mean(x: Array) -> Any:
    """Return the mean over the batch, the first axis; every average over examples is taken here.

    If processes share the batch, the mean of units, x (N, H), is that of all rows. The mean of one number per example,
    x (N,), is a term of the loss, which is computed for this process's rows only.

    Examples
    --------
    >>> batch_mean(np.array([[1.0, 2.0], [3.0, 6.0]]))
    array([2., 4.])
    """
    mean, batch = x.mean(axis=0), _at_hand.get()
    return mean if batch is None or getattr(x, "ndim", 1) == 1 else batch.sum(batch.share * mean)


def rows_in_batch(x: Array) -> int:
    """Return the number of rows in the whole batch, of which x has some."""
    batch = _at_hand.get()
    return x.shape[0] if batch is None else batch.n_rows


def rows_here(x: Array) -> int:
    """Return the number of rows of x that count here."""
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
    """Return this process's rows, from rows of the whole batch."""
    batch = _at_hand.get()
    return x if batch is None else x[batch.here]


def own_gradient(grad: Array) -> Array:
    """Return this process's rows of a gradient for all rows, with 1/N for their number."""
    batch = _at_hand.get()
    return grad if batch is None else grad[batch.here] * (batch.n_rows / max(1, batch.counts[batch.rank]))


def evenly(backward: Callable[..., Any], grad_y: Array, *given: Any) -> Any:
    """Return the result of a backward that takes means of gradients over the batch, with equal weights for all rows.

    With a different 1/N in each process, the weights would differ.
    """
    batch = _at_hand.get()
    if batch is None:
        return backward(grad_y, *given)
    size = grad_y.shape[0] * len(batch.counts) / batch.n_rows
    return tuple(grad / size for grad in backward(size * grad_y, *given))


def sum_gradients(grads: Sequence[Array]) -> None:
    """Replace this process's flat gradients by those of the whole batch, with one Allreduce.

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
    """A generator that draws for the whole batch, so that the draws don't depend on the number of processes.

    Each process draws for all rows, and returns the numbers of its own rows. With separate rows in each process, it
    draws only for them, from a seed that all draw. A draw whose first axis has the length of the rows here, or K times
    that, is a draw for examples, with the K numbers of an example side by side.
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
        """Return this process's rows of a draw for the whole batch."""
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
