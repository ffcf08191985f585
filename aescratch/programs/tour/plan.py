"""What a tour is to do, and the command that does it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from aescratch.programs.tour.variants import VARIANTS


@dataclass(frozen=True)
class Plan:
    """What a tour is to do; the same plan gives the same table, seconds aside."""

    variants: tuple[str, ...]
    seed: int
    quick: bool

    @property
    def command(self) -> str:
        """The command that repeats this tour."""
        words = ["aescratch", "tour", "--seed", str(self.seed), *(["--quick"] if self.quick else [])]
        if self.variants != tuple(VARIANTS):
            words += [word for name in self.variants for word in ("--variant", name)]
        return shlex.join(words)
