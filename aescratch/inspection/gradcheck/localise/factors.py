"""How often a gradient contains a share, in words: a fraction, the batch size, or a number that changes with it.

    a wrong factor here, and at another batch -> the same: a constant;  like the number of examples: stated;
                                                 otherwise: not a factor but, for example, a norm or a limit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext

SIMPLE = 12  # the largest denominator of a number that is written as a fraction
NEAR = 1e-5  # of the factor: the fraction must be as near
STEADY = 1e-4  # of the factor: its numeric error between two batches
MORE_ROWS = 4


@dataclass
class Factor:
    """A factor at the batch, and at another batch with another number of examples; equal factors if that is unknown."""

    here: float
    there: float
    n_here: int
    n_there: int

    @property
    def changes(self) -> bool:
        """Whether it differs at the other batch, but not like the number of examples."""
        return not any(self._grows(power) for power in (0, 1, -1))

    def _grows(self, power: int) -> bool:
        if power and self.n_here == self.n_there:
            return False
        wanted = self.here * (self.n_there / self.n_here) ** power
        return abs(self.there - wanted) <= STEADY * abs(wanted)

    def in_words(self) -> str:
        """Return words such as ``"half of what it should be"``."""
        here, there = times(self.here), times(self.there)
        said = gettext("{times} what it should be").format(times=here)
        if self.changes:
            return gettext("{times} what it should be, and {there} with another batch").format(times=here, there=there)
        if self._grows(1) or self._grows(-1):
            n_is = gettext(" ({n} is the number of examples; with {other} examples it is {there})")
            return said + n_is.format(n=self.n_here, other=self.n_there, there=there.replace(" of", ""))
        if self.n_here < 2 or all(abs(factor * self.n_here - 1) >= NEAR for factor in (1 / self.here, self.here)):
            return said
        n_is = gettext(" ({n} is the number of examples)")
        if self.n_there != self.n_here:
            n_is = gettext(" ({n} is the number of examples, but it is the same with {other})")
        return said + n_is.format(n=self.n_here, other=self.n_there)

    @property
    def is_twice(self) -> bool:
        """Whether the share appears twice as often as it should."""
        return number(self.here) == "2" and self.in_words() == gettext(
            "{times} what it should be"
        ).format(times=times(2))


def number(value: float) -> str:
    """Return a number as a simple fraction if it is one, or as a decimal number."""
    fraction = Fraction(value).limit_denominator(SIMPLE)
    near = fraction and abs(float(fraction) / value - 1) < NEAR
    return str(fraction) if near else f"{value:.4g}"


def times(value: float) -> str:
    """Return a factor in words, to be put before the noun."""
    text = number(value)
    in_words = {"2": gettext("twice"), "1/2": gettext("half of")}
    many = gettext("{fraction} of") if text.startswith("1/") else gettext("{fraction} times")
    return in_words.get(text, many.format(fraction=text))


def another_batch(batch: Sequence[Array], n: int) -> list[Array]:
    """Return a batch of n examples between those of this one, with the labels of the nearer ones."""
    rows = len(batch[0])
    first, second = np.arange(n) % rows, (2 * np.arange(n) + 1) % rows
    return [
        0.7 * array[first] + 0.3 * array[second] if array.dtype.kind == "f" else array[first] for array in batch
    ]
