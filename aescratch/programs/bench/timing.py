"""Timing: sides that are compared take turns in one process, and medians are compared.

The machine's speed drifts; sides that take turns drift together. Between two turns nothing runs for a moment, because
the threads of one side's matrix library look for more work for a while, and would take the processor from the other.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

REST = 0.15  # seconds between two turns; OpenBLAS's threads look for work for an eighth of a second


def median_seconds(sides: Mapping[str, Callable[[], object]], rounds: int, turn: float = 0.1) -> dict[str, float]:
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


def _one_turn(call: Callable[[], object], turn: float) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + turn
    while not taken or time.perf_counter() < end:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken
