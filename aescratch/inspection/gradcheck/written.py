"""How backward treats parameter.grad: whether it writes all of it, part of it or nothing, adds to it, or writes NaN.

    parameter.grad = NaN        backward -> all finite? then it was written
    parameter.grad = numbers, then 0       otherwise backward twice more -> which entries stayed, which were added to
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.report import Finding

NEVER_WRITTEN, ADDS = "never-written", "adds-gradient"
ADDS_QUESTION = gettext_noop("What does grad contain before backward begins, and which line must overwrite it?")
NEVER_QUESTION = gettext_noop("Which line of backward should write it, and is that line ever reached?")
SAME = 1e-9  # relative: nearer gradients are equal


class Left(NamedTuple):
    """The results of backward in a parameter.grad that held NaN, numbers and zeros before."""

    on_nan: Array
    numbers: Array
    on_numbers: Array
    on_zeros: Array

    @property
    def adds(self) -> bool:
        """Whether backward adds to the old value, wherever it doesn't write."""
        open_ones, own = ~np.isfinite(self.on_nan), self.on_numbers - self.numbers
        return bool(
            self.on_zeros[open_ones].any() and np.isfinite(self.on_zeros).all()
            and np.allclose(own[open_ones], self.on_zeros[open_ones], SAME, SAME * np.abs(self.numbers).max())
        )  # fmt: skip

    @property
    def gradient(self) -> Array:
        """The gradient to compare: an added value counts as if it had been written."""
        return self.on_zeros if self.adds else self.on_nan


def findings_on(name: str, left: Left) -> Iterator[Finding]:
    """Yield findings on a parameter's gradient that isn't simply written."""
    open_ones = ~np.isfinite(left.on_nan)
    if left.adds:
        message = gettext("backward adds to {name}.grad instead of writing it: the old value is still in it")
        yield Finding(ADDS, name, "error", message.format(name=name), {}, "", gettext(ADDS_QUESTION))
        return
    untouched = open_ones & (left.on_numbers == left.numbers)
    if untouched.any():
        count, size = int(untouched.sum()), untouched.size
        message = gettext("{name}.grad was written only in part: backward left {count} of {entries} entries unchanged")
        if count == size:
            message = gettext("{name}.grad was never written: backward left it unchanged")
        message = message.format(name=name, count=count, entries=size)
        yield Finding(NEVER_WRITTEN, name, "error", message, {"entries": count}, "", gettext(NEVER_QUESTION))
    broken = ~np.isfinite(left.on_zeros) & open_ones & ~untouched
    if broken.any():
        message = gettext("backward writes {count} entries of {name}.grad that are NaN or infinite")
        message = message.format(name=name, count=int(broken.sum()))
        yield Finding("not-finite", name, "error", message, {"entries": int(broken.sum())})
    if (open_ones & ~untouched & ~broken).any():
        message = gettext("backward computes with the old value of {name}.grad, where it should overwrite it")
        yield Finding(ADDS, name, "error", message.format(name=name), {}, "", gettext(ADDS_QUESTION))
