"""The switch of everything that is there for speed alone, which changes no result beyond rounding.

Off, every formula is evaluated as it stands, in one piece and without kernels, and every layer takes the passes that
its file shows: to step through them, or to see whether a result depends on a shortcut. The environment variable
AESCRATCH_AS_WRITTEN, set to anything, starts with the switch off.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_on = not os.environ.get("AESCRATCH_AS_WRITTEN")


def is_fast() -> bool:
    """Whether shortcuts are taken."""
    return _on


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
    global _on
    before, _on = _on, False
    try:
        yield
    finally:
        _on = before
