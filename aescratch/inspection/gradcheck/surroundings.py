"""What code under check does to the process around it: it may draw from the global random state, print, or never end.

    with watched("backward", findings): ...      a finding for each, and the random states put back
    raised(error), timed_out(seconds)            what a call that didn't come back becomes
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.report import Finding


class Counting:
    """A stream that passes everything on, unless there is none, and counts the characters."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.written = stream, 0

    def write(self, text: str) -> Any:
        """Write the text, and count it."""
        self.written += len(text)
        return len(text) if self.stream is None else self.stream.write(text)

    def flush(self) -> None:
        """Pass on what is still waiting."""
        if self.stream is not None:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def watched(who: str, findings: list[Finding], severity: str = "error") -> Iterator[None]:
    """Add a finding if the block changes a global random state, which is put back, and a note if it prints."""
    out = Counting(sys.stdout)
    with kept_random_state() as changed, contextlib.redirect_stdout(out):
        try:
            yield
        finally:
            if changed():
                message = (
                    f"{who} changed the global random state, which was put back; everybody's random numbers follow "
                    "from it: draw from a numpy.random.default_rng of your own"
                )
                findings.append(Finding("changed-random-state", None, severity, message, {"by": who}))
            if out.written:
                message = f"{who} prints; take it out when you are done looking, a check calls it many times"
                findings.append(Finding("prints", None, "note", message, {"by": who}))


@contextlib.contextmanager
def kept_random_state() -> Iterator[Any]:
    """Put the global random states of Python and NumPy back afterwards; inside, the given call says if they changed."""
    ours, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global state is what this is about

    def changed() -> bool:
        now = np.random.get_state()  # noqa: NPY002
        return random.getstate() != ours or any(not np.array_equal(a, b) for a, b in zip(now, numpys, strict=True))

    try:
        yield changed
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)  # noqa: NPY002
