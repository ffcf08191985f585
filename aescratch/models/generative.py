"""The base of autoencoders whose codes are distributed like N(0, 1): decoding samples of it generates data.

    z ~ N(0, 1) -> decoder -> a new example
"""

from __future__ import annotations

from typing import ClassVar

from aescratch.backend import Array, move
from aescratch.foundations.validation import Rng, require_count
from aescratch.models.autoencoder import Autoencoder


class GenerativeAutoencoder(Autoencoder):
    """Base of the autoencoders whose prior p(z) is N(0, 1)."""

    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "latent-traversal", "samples")

    def sample(self, n: int, rng: Rng = None) -> Array:
        """Return n new examples (n, D): decoded samples of the prior N(0, 1), drawn by rng or the model's own."""
        return self.decode(self.prior_samples(require_count("n", n), rng))

    def prior_samples(self, n: int, rng: Rng) -> Array:
        """Return n samples (n, H) of the prior, drawn from rng, on the CPU in float64."""
        z = self.noise(rng).standard_normal((n, self.widths[-1])).astype(self.dtype, copy=False)
        return move(z, self.backend)
