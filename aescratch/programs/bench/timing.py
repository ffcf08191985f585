"""Timing: sides that are compared take turns, and medians are compared.

The machine's speed drifts; sides that take turns drift together. Between two turns nothing runs for a moment, because
the threads of one side's matrix library look for more work for a while, and would take the processor from the other.

Sides of several threads take turns in processes of their own: within one, a thread of OpenBLAS's that looks for more
work slows whatever runs next, and that is another side, too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection

import numpy as np

Call = Callable[[], object]

REST = 0.15  # seconds between two turns; OpenBLAS's threads look for work for an eighth of a second


def median_seconds(sides: Mapping[str, Call], rounds: int, turn: float = 0.1) -> dict[str, float]:
    """Return the median time of one call, by side; each side has so many turns, of so many seconds at least.

    A turn has one call before, which finds the caches as another side left them.

    Examples
    --------
    >>> sorted(median_seconds({"one": lambda: 1, "two": lambda: 2}, rounds=2, turn=0))
    ['one', 'two']
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            time.sleep(REST)
            call()
            times[name] += _one_turn(call, turn)
    return {name: statistics.median(taken) for name, taken in times.items()}


def median_seconds_apart(makers: Mapping[str, Callable[[], Call]], rounds: int, turn: float = 0.1) -> dict[str, float]:
    """Return the same of sides that each run in a process of its own, made there by a function that can be pickled.

    Raises
    ------
    RuntimeError
        If one of the processes ends; it has printed why.
    """
    with contextlib.ExitStack() as running:
        ends = {name: running.enter_context(_process(make)) for name, make in makers.items()}
        times = _in_turns(ends, rounds, turn)
    return {name: statistics.median(taken) for name, taken in times.items()}


def _in_turns(ends: Mapping[str, Connection], rounds: int, turn: float) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ends}
    for _ in range(rounds):
        for name, end in ends.items():
            time.sleep(REST)
            try:
                end.send(turn)
                times[name] += end.recv()
            except (EOFError, ConnectionError):
                raise RuntimeError(f"expected {name} to be measured in its own process, but that ended") from None
    return times


@contextlib.contextmanager
def _process(make: Callable[[], Call]) -> Iterator[Connection]:
    """Run a side in a process, which takes a turn of so many seconds for each number sent, and sends what it took."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_take_turns, args=(make, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()  # at which it ends
        process.join()


def _take_turns(make: Callable[[], Call], end: Connection) -> None:
    call = make()
    with contextlib.suppress(EOFError), np.errstate(all="ignore"):
        while True:
            turn = end.recv()
            call()
            end.send(_one_turn(call, turn))


def _one_turn(call: Call, turn: float) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + turn
    while not taken or time.perf_counter() < end:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken
