"""The switch of all code that exists only for speed.

It doesn't change NumPy's numbers; those of a GPU and of compiled formulas change in their last digits.

Switched off, every formula is evaluated as written, in one piece and without kernels, and every layer runs the passes
in its file: to step through them, or to see whether a result depends on a shortcut. The environment variable
AESCRATCH_AS_WRITTEN, set to any value, starts with the switch off.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_off_from_the_start = bool(os.environ.get("AESCRATCH_AS_WRITTEN"))
_lock = threading.Lock()
_blocks = 0  # blocks of `as_written` that are active now, in all threads


def is_fast() -> bool:
    """Whether shortcuts are taken."""
    return not (_blocks or _off_from_the_start)


@contextlib.contextmanager
def as_written() -> Iterator[None]:
    """Take no shortcuts within the block, in any thread.

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
