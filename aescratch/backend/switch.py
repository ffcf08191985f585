"""The switch of everything that is there for speed alone.

NumPy's numbers don't change by it; those of a GPU and of compiled formulas do in their last digits.

Off, every formula is evaluated as it stands, in one piece and without kernels, and every layer takes the passes that
its file shows: to step through them, or to see whether a result depends on a shortcut. The environment variable
AESCRATCH_AS_WRITTEN, set to anything, starts with the switch off.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_off_from_the_start = bool(os.environ.get("AESCRATCH_AS_WRITTEN"))
_lock = threading.Lock()
_blocks = 0  # that are inside `as_written` now, of all threads


def is_fast() -> bool:
    """Whether shortcuts are taken."""
    return not (_blocks or _off_from_the_start)


@contextlib.contextmanager
def as_written() -> Iterator[None]:
    """Take no shortcut inside the block, in any thread.

    Examples
    --------
    >>> import aescratch as ae
    >>> layer = ae.GELU()
    >>> with as_written():
    ...     y = layer.forward(np.ones((1, 2)))
    >>> "kept_slope" in vars(layer)
    False
    """
    global _blocks
    with _lock:
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
