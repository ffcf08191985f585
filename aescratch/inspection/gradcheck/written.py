"""How backward treats parameter.grad: whether it writes it, in part or never, adds to it, or writes NaN.

    parameter.grad = NaN        backward -> all numbers? then it was written
    parameter.grad = numbers, then 0       backward twice more, if not -> which entries stayed, which were added to
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.report import Finding

NEVER_WRITTEN, ADDS = "never-written", "adds-gradient"
ADDS_QUESTION = "What stands in grad before backward begins, and who is to write over it?"
NEVER_QUESTION = "Which line of backward is to write it, and is that line ever reached?"
SAME = 1e-9  # relative: two gradients are one


class Left(NamedTuple):
    """What backward leaves in a parameter.grad in which NaN, numbers and zeros stood before."""

    on_nan: Array
    numbers: Array
    on_numbers: Array
    on_zeros: Array

    @property
    def adds(self) -> bool:
        """Whether backward adds to what stood there, wherever it doesn't write."""
        open_ones, own = ~np.isfinite(self.on_nan), self.on_numbers - self.numbers
        return bool(
            self.on_zeros[open_ones].any() and np.isfinite(self.on_zeros).all()
            and np.allclose(own[open_ones], self.on_zeros[open_ones], SAME, SAME * np.abs(self.numbers).max())
        )  # fmt: skip

    @property
    def gradient(self) -> Array:
        """The gradient to be compared: what is added counts as if it had been written."""
        return self.on_zeros if self.adds else self.on_nan


def findings_on(name: str, left: Left) -> Iterator[Finding]:
    """Yield what there is to say about a parameter's gradient that isn't simply written."""
    open_ones = ~np.isfinite(left.on_nan)
    if left.adds:
        message = f"backward adds to {name}.grad instead of writing it: what stood there before is still in it"
        yield Finding(ADDS, name, "error", message, {}, "", ADDS_QUESTION)
        return
    untouched = open_ones & (left.on_numbers == left.numbers)
    if untouched.any():
        count, size = int(untouched.sum()), untouched.size
        some = f"{name}.grad was written in part: backward left {count} of {size} entries as they were"
        message = f"{name}.grad was never written: backward left it as it was" if count == size else some
        yield Finding(NEVER_WRITTEN, name, "error", message, {"entries": count}, "", NEVER_QUESTION)
    broken = ~np.isfinite(left.on_zeros) & open_ones & ~untouched
    if broken.any():
        message = f"backward writes {int(broken.sum())} entries of {name}.grad that are NaN or infinite"
        yield Finding("not-finite", name, "error", message, {"entries": int(broken.sum())})
    if (open_ones & ~untouched & ~broken).any():
        message = f"backward works with what stood in {name}.grad before, where it is to write it"
        yield Finding(ADDS, name, "error", message, {}, "", ADDS_QUESTION)
