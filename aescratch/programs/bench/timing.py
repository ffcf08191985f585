"""Timing: the compared sides take turns, and their medians are compared.

The machine's speed drifts, but equally for sides that take turns. Between two turns there is a pause, because the
threads of one side's matrix library wait actively for more work, and would take processor time from the other side.

Sides with several threads take turns in processes of their own: in a common process, a thread of OpenBLAS that waits
for work would slow down the next side, too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection

import numpy as np

from aescratch.foundations.language import gettext

Call = Callable[[], object]

REST = 0.15  # seconds between two turns; OpenBLAS's threads wait actively for an eighth of a second


def median_seconds(sides: Mapping[str, Call], rounds: int, turn: float = 0.1) -> dict[str, float]:
    """Return the median time of one call, by side; each side has `rounds` turns of at least `turn` seconds.

    Each turn begins with a call that doesn't count, since the caches still have another side's data.

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
    """Return the same for sides in processes of their own, made there by functions that can be pickled.

    Raises
    ------
    RuntimeError
        If one of the processes ends; it prints the reason.
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
                sentence = gettext("expected {name} to be measured in its own process, but that has ended")
                raise RuntimeError(sentence.format(name=name)) from None
    return times


@contextlib.contextmanager
def _process(make: Callable[[], Call]) -> Iterator[Connection]:
    """Run a side in a process, which takes a turn for each number of seconds that is sent, and returns the times."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_take_turns, args=(make, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()  # which ends the process
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
