"""The winner-take-all autoencoder: of each code unit, only the largest activations of a batch count (Makhzani & Frey 2015).

    x -> encoder -> h -> winners over the batch -> z -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)

Every unit wins for the same share of the examples, so none dies, and none is always on. That is for training: `encode`
is the plain encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aescratch.activations import ReLU
from aescratch.backend import Array, array_module
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng, require_number
from aescratch.models.autoencoder import Autoencoder
from aescratch.models.statements import Option, TourRow


class Winners(Part):
    """Keep, of each unit, the share of the batch with the largest activations: z = keep ⊙ h."""

    remembers = ("keep",)

    def __init__(self, share: float) -> None:
        self.share = share

    def forward(self, h: Array) -> Array:
        """Return z (N, H): in training h where it is among the largest of its column, 0 elsewhere; in use, h."""
        n_kept = max(1, round(self.share * len(h))) if self.in_training else len(h)
        smallest_kept = array_module(h).sort(h, axis=0)[-n_kept]
        self.keep = h >= smallest_kept
        return h * self.keep

    def backward(self, grad_z: Array) -> Array:
        """Return grad_h (N, H)."""
        return grad_z * self.keep

    @property
    def kinks(self) -> Array:
        """Which activations win."""
        return self.keep

    def __repr__(self) -> str:
        return f"Winners(share={self.share})"


class WinnerTakeAllAutoencoder(Autoencoder):
    """Autoencoder whose code units each win for a share of the batch, and are 0 for the others.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    share : float
        Of the examples of a batch for which a unit keeps its activation, above 0 and at most 1.
    **options
        As for `Autoencoder`; the code is a ReLU by default.

    Examples
    --------
    >>> import numpy as np
    >>> model = WinnerTakeAllAutoencoder([5, 3], share=0.25, rng=0)
    >>> with model.training():
    ...     loss = model.loss(np.random.default_rng(0).random((8, 5), np.float32))
    >>> model.winners.keep[:, 0].sum()
    np.int64(2)
    """

    def __init__(self, widths: Sequence[int], share: float = 0.25, **options: Any) -> None:
        self.share = require_number("share", share, above=0, most=1)
        self.winners = Winners(self.share)
        super().__init__(widths, **options)

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "winners": self.winners, **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "decay": self.decay,
        }  # fmt: skip

    def default_code_activation(self) -> Any:
        """Return ReLU."""
        return ReLU

    def loss(self, x: Array, rng: Rng = None) -> Any:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        z = self.winners.forward(h)
        x_hat = self.decoder.forward(z, rng)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_z = self.decoder.backward(self.reconstruction.backward())
        grad_h = self.winners.backward(grad_z)
        self.encoder.backward(grad_h)
        self.decay.backward()

    word = "winner-take-all"
    order = 55
    objective = "restore x from a code each of whose units is active for a share of the batch"
    figures = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "share": Option("number", "for which share of a batch a unit keeps its activation", "SHARE"),
    }
    tour = (
        TourRow(
            "winner-take-all", "Winner-take-all autoencoder",
            "Of each of 32 code units, only the quarter of the batch on which it is most active counts in training "
            "(Makhzani & Frey 2015). So no unit dies, and none is always on.",
            (64, 32), epochs=100, learning_rate=2e-3,
        ),
    )  # fmt: skip
