"""The progress of what a command does many times, on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def counting(total: int, unit: str) -> Iterator[Callable[[], object]]:
    """Yield what is to be called after each of so many units.

    Without a terminal nothing is shown, and tqdm isn't imported: an autograder's machine needn't have it.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit=unit, leave=False) as bar:
        yield bar.update
