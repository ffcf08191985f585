"""Which step was taken: of which model, on how many examples, by which optimiser, from which seed.

    Taken("Autoencoder", 3, "SGD (rate 0.1)", 0) -> the title of its trace, and of its page in any language
"""

from __future__ import annotations

from typing import NamedTuple


class Taken(NamedTuple):
    """A training step, as its title says it."""

    model: str
    n: int  # examples
    optimizer: str
    seed: int

    @property
    def title(self) -> str:
        """One line: one training step of Autoencoder, 3 examples, SGD (rate 0.1), float64, rng=0."""
        examples = f"{self.n} example{'s' if self.n > 1 else ''}"
        return f"one training step of {self.model}, {examples}, {self.optimizer}, float64, rng={self.seed}"
