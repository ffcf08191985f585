"""Which step was taken: of which model, on how many examples, by which optimiser, from which seed.

    Taken("Autoencoder", 3, "SGD (rate 0.1)", 0) -> the title of its trace, and of its page in any language
"""

from __future__ import annotations

from typing import NamedTuple

from aescratch.foundations.language import gettext


class Taken(NamedTuple):
    """A training step, as its title says it."""

    model: str
    n: int  # examples
    optimizer: str
    seed: int

    @property
    def title(self) -> str:
        """One line: one training step of Autoencoder, 3 examples, SGD (rate 0.1), float64, rng=0."""
        said = gettext("one training step of {model}, {n} examples, {optimizer}, float64, rng={seed}")
        if self.n == 1:
            said = gettext("one training step of {model}, 1 example, {optimizer}, float64, rng={seed}")
        title: str = said.format(**self._asdict())
        return title
