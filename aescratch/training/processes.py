"""One training run in many processes: the rows of each, the decisions of one for all, and the end of all of them.

    batches of an epoch --shares--> this process's rows, while `backend.sharing` knows the whole batch
    a failed check, a loss that isn't finite, Control-C in one process --sent to all--> the same error in all
    any other error in one process, which would leave the others waiting --MPI_Abort--> all end

mpi4py is never imported here: the caller passes its communicator. Without one, or with that of a single process,
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
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import require_flag

Value = TypeVar("Value")
SECONDS_TO_PRINT = 1.0  # mpirun needs this time to pass on printed output before it ends all


class Processes:
    """The processes that train together.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm, optional
        Connects the processes; None for this process alone.
    local : bool
        Whether each has its own rows; otherwise all have the same rows, and each takes its share.
    """

    def __init__(self, communicator: Any = None, local: bool = False) -> None:
        wanted = ("Get_rank", "Get_size", "Allreduce", "Allgatherv", "allgather", "bcast", "Abort")
        lacks = [name for name in wanted if communicator is not None and not hasattr(communicator, name)]
        if lacks:
            message = gettext(
                "expected communicator to be one of mpi4py, such as MPI.COMM_WORLD, got {communicator!r:.60}, which "
                "has no {lacking}"
            )
            raise TypeError(message.format(communicator=communicator, lacking=lacks[0]))
        self.local: bool = require_flag("local", local)
        if local and communicator is None:
            message = gettext(
                "expected a communicator with local=True, which means that each process has its own rows; pass "
                "MPI.COMM_WORLD"
            )
            raise ValueError(message)
        self.size: int = 1 if communicator is None else int(communicator.Get_size())
        self.batch: SharedBatch | None = SharedBatch(communicator, local) if self.size > 1 else None
        self.is_first: bool = self.batch is None or self.batch.rank == 0
        self.agree_to_fail: bool = False  # whether the current error is raised in all processes

    def told(self, value: Value) -> list[Value]:
        """Return the values of all processes, in their order."""
        return [value] if self.batch is None else self.batch.communicator.allgather(value)

    def from_first(self, value: Value) -> Value:
        """Return the value of the first process."""
        return value if self.batch is None else self.batch.communicator.bcast(value)

    def first_of(self, value: Value | None) -> Value | None:
        """Return the first value that isn't None, in the order of the processes."""
        return next((given for given in self.told(value) if given is not None), None)

    def mean(self, value: float, weight: float) -> float:
        """Return the weighted mean of a number over the processes; NaN if it is NaN in any."""
        if self.batch is None:
            return value
        total, weights = self.batch.sum(np.array([value * weight, weight], np.float64))
        return float(total / weights)

    def noise(self, rng: np.random.Generator) -> np.random.Generator:
        """Return a generator that continues from rng's state, and draws for whole batches."""
        return rng if self.batch is None else SharedNoise(rng.bit_generator)

    def order(self, rng: np.random.Generator) -> np.random.Generator:
        """Return the generator of an epoch's order: rng itself, or, for a process's own rows, its own generator."""
        return rng.of_process(self.batch.rank) if self.batch and self.local and isinstance(rng, SharedNoise) else rng

    def shares(self, batches: Iterator[list[Array]], n_examples: int, size: int) -> Iterator[list[Array]]:
        """Yield this process's rows of each batch, which the backend knows meanwhile, until no process has rows left.

        Parameters
        ----------
        batches : iterator of lists of arrays
            Whole batches, or batches of this process's own rows.
        n_examples, size : int
            The number of rows, and the number of rows in a batch.
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
                rows = [array[:1] for array in rows]  # these have weight 0
            share_batch(self.batch)
            yield rows
            share_batch(None)

    def _counts(self, of_all: Sequence[int], size: int, step: int) -> list[int]:
        """Return the number of rows of each process in a step, counted from 0, given how many each has."""
        left = [min(size, max(0, n_examples - step * size)) for n_examples in of_all]
        if self.local:
            return left
        each, more = divmod(left[0], self.size)
        return [each + (rank < more) for rank in range(self.size)]

    def last_batch(self, n_examples: int, size: int) -> int:
        """Return the number of rows in the last batch."""
        of_all = self.told(n_examples) if self.local else [n_examples]
        return sum(self._counts(of_all, size, step=-(-max(of_all) // size) - 1))

    @contextlib.contextmanager
    def agreed(self) -> Iterator[None]:
        """If one process raises in the block, let all raise its error, with its number."""
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
                message = gettext("in process {rank} of {size}, counted from 0: {problem}")
                raise error or kind(message.format(rank=rank, size=self.size, problem=text))

    def require_alike(self, **what: Any) -> None:
        """Raise if the processes have different values, by their names; those of the first process are right.

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
                    message = gettext(
                        "expected the same {name} in every process, got {value} in process 0 and {found} in process "
                        "{rank} of {size}; pass the same arguments in all, or local=True with each process's own "
                        "rows"
                    )
                    raise ValueError(
                        message.format(name=gettext(name), value=value, found=given[name], rank=rank, size=self.size)
                    )

    def end_epoch(self, fingerprint: Any) -> None:
        """Compare the states of the processes, and end all if one was interrupted.

        Raises
        ------
        RuntimeError
            In all of them, if their states differ.
        KeyboardInterrupt
            In all of them.
        """
        if self.batch is None:
            return
        (first, _), *others = ends = self.told((fingerprint, self.batch.interrupted))
        for rank, (other, _) in enumerate(others, start=1):
            if other != first:
                self.agree_to_fail = True
                message = gettext(
                    "expected the same weights and random numbers in every process after an epoch, but process "
                    "{rank} of {size} differs from process 0; draw noise by random, uniform, normal or "
                    "standard_normal of the loss's rng, examples first, and use the same libraries in all"
                )
                raise RuntimeError(message.format(rank=rank, size=self.size))
        if any(interrupted for _, interrupted in ends):
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def ending_together(self, *in_all: type[BaseException]) -> Iterator[None]:
        """Let no process wait for a failed one: an error that isn't raised in all of them ends all.

        Control-C is held back until the others can be informed; a second one ends all at once.

        Parameters
        ----------
        *in_all : kinds of errors
            Errors that every process raises.
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
                message = gettext("process {rank} of {size}, counted from 0, ends all:")
                said = message.format(rank=batch.rank, size=self.size)
                print(f"{said}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
                time.sleep(SECONDS_TO_PRINT)
                batch.communicator.Abort(1)
            raise
        finally:
            share_batch(None)
            if takes_signals:
                signal.signal(signal.SIGINT, before)


def _kind_of(error: BaseException) -> type[BaseException]:
    """Return the nearest class of an error that another process can create from a text alone."""
    for kind in type(error).__mro__:
        with contextlib.suppress(Exception):
            if isinstance(pickle.loads(pickle.dumps(kind("a text"))), kind):
                return kind
    return RuntimeError
