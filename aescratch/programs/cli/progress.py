"""A progress bar on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def counting(total: int, unit: str) -> Iterator[Callable[[], object]]:
    """Yield a function to call after each of `total` units.

    Without a terminal nothing is shown, and tqdm is not imported, since an autograder's machine may not have it.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit=unit, leave=False) as bar:
        yield bar.update
