"""The k-sparse autoencoder: only the k largest code units of each example stay (Makhzani & Frey 2013).

    x -> encoder -> a -> top k -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from aescratch.activations import Identity, TopK
from aescratch.backend import Array, Number
from aescratch.foundations.validation import Rng, require_count
from aescratch.layers import Layer
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack


class KSparseAutoencoder(Autoencoder):
    """Autoencoder whose code has at most k units that aren't zero, also in `encode`.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    k : int
        How many code units stay, at most the code's width.
    **options
        As for `Autoencoder`; `code_activation`, by default none, comes before the selection.

    Examples
    --------
    >>> import numpy as np
    >>> model = KSparseAutoencoder([5, 4], k=2, rng=0)
    >>> (model.encode(np.ones((3, 5), np.float32)) != 0).sum(axis=1)
    array([2, 2, 2])
    """

    def __init__(self, widths: Sequence[int], k: int, **options: Unpack[AutoencoderSettings]) -> None:
        self.k = require_count("k", k)
        super().__init__(widths, **options)
        require_count("k", k, most=self.widths[-1])

    def code_layers(self) -> list[Layer]:
        """Return the code's activation, and the selection."""
        return [*super().code_layers(), TopK(self.k)]

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity: the selection is activation enough."""
        return Identity

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)  # its last layer keeps the k largest
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)  # its last layer lets only the k largest through
        self.decay.backward()

    word = "k-sparse"
    order = 50
    objective = "restore x from the k largest units of its code"
    may_be_wide = True
    figures = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "k": Option("count", "how many code units stay; left out, a quarter of them", "K"),
    }

    @classmethod
    def arguments_for(cls, widths: Sequence[int], *, n_classes: int | None = None, rng: Rng = None) -> dict[str, Any]:
        """Return the arguments for these widths: a quarter of the code units stays."""
        return {**super().arguments_for(widths, rng=rng), "k": max(1, widths[-1] // 4)}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective and the promises once more: a code has at most k units that aren't 0."""
        opinion = super().second_opinion()
        opinion.most_active = self.k
        return opinion
