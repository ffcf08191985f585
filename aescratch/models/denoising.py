"""The denoising autoencoder: the input is corrupted, the loss is taken against the clean x (Vincent et al. 2008).

    x -> corruption -> x_tilde -> encoder -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from aescratch.backend import Array, Number
from aescratch.corruptions import Corruption, GaussianNoise
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion, with_damaged_input
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack

CORRUPTION = Option("corruption", "what damages the input: {words}", "NOISE")


class DenoisingAutoencoder(Autoencoder):
    """Autoencoder that restores a clean x from a corrupted one; `encode` and `reconstruct` corrupt nothing.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    corruption : Corruption
        `GaussianNoise(sigma)`, `MaskingNoise(p)` or `SaltAndPepperNoise(p)`.
    **options
        As for `Autoencoder`.

    Examples
    --------
    >>> import numpy as np
    >>> model = DenoisingAutoencoder([5, 3], corruption=GaussianNoise(0.5), rng=0)
    >>> x = np.zeros((7, 5), np.float32)
    >>> bool(model.loss(x, rng=1) == model.loss(x, rng=1) != model.loss(x, rng=2))
    True
    """

    def __init__(
        self, widths: Sequence[int], corruption: Corruption = GaussianNoise(0.3), **options: Unpack[AutoencoderSettings]
    ) -> None:
        self.corruption = check_corruption(corruption)
        super().__init__(widths, **options)

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {"corruption": self.corruption, **super().parts}

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; the corruption is drawn anew unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        x_tilde = self.corruption.forward(x, rng)
        h = self.encoder.forward(x_tilde, rng)
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)  # the corruption has no parameters, and nothing asks for grad_x
        self.decay.backward()

    word = "denoising"
    order = 30
    objective = "restore the clean x from a corrupted one"
    figures = (*Autoencoder.figures, "denoising")
    options: ClassVar[Mapping[str, Option]] = {"corruption": CORRUPTION}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective once more: the code is that of the damaged x, and the target the clean one."""
        return with_damaged_input(super().second_opinion(), self.encoder, self.decoder)


def check_corruption(corruption: Any) -> Corruption:
    """Return a copy of the corruption for this model alone."""
    if not isinstance(corruption, Corruption):
        raise TypeError(f"expected corruption to be one such as ae.GaussianNoise(0.3), got {corruption!r}")
    return copy.copy(corruption)
