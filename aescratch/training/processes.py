"""Many processes, one training: which rows each takes, what one decides for all, and how all of them end.

    batches of an epoch --shares--> this process's rows, while `backend.sharing` knows of the whole batch
    a check that one fails, a loss that isn't finite, Control-C in one process --told to all--> the same error in all
    any other error in one process, which would leave the others waiting --MPI_Abort--> all end

mpi4py is never imported here: whoever has its communicator brings it. Without one, or with that of a single process,
nothing is sent.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from aescratch.backend import Array
from aescratch.backend.sharing import SharedBatch, SharedNoise, share_batch
from aescratch.foundations.validation import require_flag

Value = TypeVar("Value")
SECONDS_TO_PRINT = 1.0  # which mpirun needs to pass on what was printed, before it ends all


class Processes:
    """The processes that train together.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm, optional
        What joins them; None for this process alone.
    local : bool
        Whether each has rows of its own; else all have the same, of which each takes its share.
    """

    def __init__(self, communicator: Any = None, local: bool = False) -> None:
        wanted = ("Get_rank", "Get_size", "Allreduce", "Allgatherv", "allgather", "bcast", "Abort")
        lacks = [name for name in wanted if communicator is not None and not hasattr(communicator, name)]
        if lacks:
            raise TypeError(
                f"expected communicator to be one of mpi4py, such as MPI.COMM_WORLD, got {communicator!r:.60}, which "
                f"has no {lacks[0]}"
            )
        self.local: bool = require_flag("local", local)
        if local and communicator is None:
            raise ValueError("expected a communicator beside local=True, which says that processes have own rows")
        self.size: int = 1 if communicator is None else int(communicator.Get_size())
        self.batch: SharedBatch | None = SharedBatch(communicator, local) if self.size > 1 else None
        self.is_first: bool = self.batch is None or self.batch.rank == 0
        self.agree_to_fail: bool = False  # whether the error that is raised is raised in all

    def told(self, value: Value) -> list[Value]:
        """Return what each process gives, in their order."""
        return [value] if self.batch is None else self.batch.communicator.allgather(value)

    def from_first(self, value: Value) -> Value:
        """Return what the first process gives."""
        return value if self.batch is None else self.batch.communicator.bcast(value)

    def first_of(self, value: Value | None) -> Value | None:
        """Return what the first process gives that doesn't give None."""
        return next((given for given in self.told(value) if given is not None), None)

    def mean(self, value: float, weight: float) -> float:
        """Return the mean of a number, weighted by what each process says; NaN if it is NaN in one."""
        if self.batch is None:
            return value
        total, weights = self.batch.sum(np.array([value * weight, weight], np.float64))
        return float(total / weights)

    def noise(self, rng: np.random.Generator) -> np.random.Generator:
        """Return a generator that goes on from where rng is, and draws for whole batches."""
        return rng if self.batch is None else SharedNoise(rng.bit_generator)

    def order(self, rng: np.random.Generator) -> np.random.Generator:
        """Return where an epoch's order is drawn from: rng itself, or, for rows of one's own, one of one's own."""
        return rng.of_process(self.batch.rank) if self.batch and self.local and isinstance(rng, SharedNoise) else rng

    def shares(self, batches: Iterator[list[Array]], n_examples: int, size: int) -> Iterator[list[Array]]:
        """Yield this process's rows of each batch, of which the backend knows meanwhile, as long as any has rows left.

        Parameters
        ----------
        batches : iterator of lists of arrays
            Whole batches, or those of this process's own rows.
        n_examples, size : int
            How many rows there are to take, and how many a batch takes of them.
        """
        if self.batch is None:
            yield from batches
            return
        of_all = self.told(n_examples)
        rows: list[Array] = []
        for counts in (self._counts(of_all, size, step) for step in range(-(-max(of_all) // size))):
            self.batch.counts = counts
            batch = next(batches, None)
            if batch is not None:
                rows = batch if self.local else [array[self.batch.here] for array in batch]
            else:
                rows = [array[:1] for array in rows]  # these count for nothing
            share_batch(self.batch)
            yield rows
            share_batch(None)

    def _counts(self, of_all: Sequence[int], size: int, step: int) -> list[int]:
        """Return how many rows each process takes in a step, from 0, of so many that each has."""
        left = [min(size, max(0, n_examples - step * size)) for n_examples in of_all]
        if self.local:
            return left
        each, more = divmod(left[0], self.size)
        return [each + (rank < more) for rank in range(self.size)]

    def last_batch(self, n_examples: int, size: int) -> int:
        """Return how many rows the last batch has."""
        of_all = self.told(n_examples) if self.local else [n_examples]
        return sum(self._counts(of_all, size, step=-(-max(of_all) // size) - 1))

    @contextlib.contextmanager
    def agreed(self) -> Iterator[None]:
        """Let what one process refuses inside be refused by all: the others raise its error, and say whose it is."""
        if self.batch is None:
            yield
            return
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
        refusals = self.told(None if error is None else (_kind_of(error), str(error)))
        for rank, refusal in enumerate(refusals):
            if refusal is not None:
                self.agree_to_fail = True
                kind, text = refusal
                raise error or kind(f"in process {rank} of {self.size}, counted from 0: {text}")

    def require_alike(self, **what: Any) -> None:
        """Refuse processes that were given different things, by their names; the first process is right.

        Raises
        ------
        ValueError
            In all of them.
        """
        first, *others = self.told(what)
        for rank, given in enumerate(others, start=1):
            for name, value in first.items():
                if given[name] != value:
                    self.agree_to_fail = True
                    raise ValueError(
                        f"expected the same {name} in every process, got {value} in process 0 and {given[name]} in "
                        f"process {rank} of {self.size}; give all of them the same arguments, beside local=True with "
                        "rows of their own"
                    )

    def end_epoch(self, fingerprint: Any) -> None:
        """Compare what the processes have become, and end where one was interrupted.

        Raises
        ------
        RuntimeError
            In all of them, if they aren't the same any more.
        KeyboardInterrupt
            In all of them.
        """
        if self.batch is None:
            return
        (first, _), *others = ends = self.told((fingerprint, self.batch.interrupted))
        for rank, (other, _) in enumerate(others, start=1):
            if other != first:
                self.agree_to_fail = True
                raise RuntimeError(
                    f"expected the same weights and random numbers in every process after an epoch, but process {rank} "
                    f"of {self.size} has others than process 0; draw noise by random, uniform, normal or "
                    "standard_normal of the loss's rng, examples first, and let all run on the same libraries"
                )
        if any(interrupted for _, interrupted in ends):
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def ending_together(self, *in_all: type[BaseException]) -> Iterator[None]:
        """Let no process wait for one that has failed: an error that isn't raised in all of them ends all.

        Control-C is kept until the others can be told; a second one ends all at once.

        Parameters
        ----------
        *in_all : kinds of errors
            Those that every process raises.
        """
        batch = self.batch
        if batch is None:
            yield
            return

        def interrupt(number: int, frame: Any) -> None:
            if batch.interrupted:
                raise KeyboardInterrupt
            batch.interrupted = True

        takes_signals = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, interrupt) if takes_signals else None
        try:
            yield
        except BaseException as error:
            if not (self.agree_to_fail or isinstance(error, in_all)):
                text = f"process {batch.rank} of {self.size}, counted from 0, ends all:\n{traceback.format_exc()}"
                print(text, file=sys.stderr, flush=True)
                time.sleep(SECONDS_TO_PRINT)
                batch.communicator.Abort(1)
            raise
        finally:
            share_batch(None)
            if takes_signals:
                signal.signal(signal.SIGINT, before)


def _kind_of(error: BaseException) -> type[BaseException]:
    """Return the nearest class of an error that another process can make of a text alone."""
    for kind in type(error).__mro__:
        with contextlib.suppress(Exception):
            if isinstance(pickle.loads(pickle.dumps(kind("a text"))), kind):
                return kind
    return RuntimeError
