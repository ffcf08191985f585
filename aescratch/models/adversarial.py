"""The adversarial autoencoder: a discriminator mistakes its codes for samples of N(0, 1) (Makhzani et al. 2015).

    x -> encoder -> h -> decoder -> x_hat
                    h -> reversal, joined to samples of N(0, 1) -> discriminator -> logits of being a sample
    loss = reconstruction(x_hat, x) + discrimination(logits) + decay(weights)

One backward pass trains all three. The discriminator lowers the second term. On its way to the encoder the gradient is
reversed (Ganin & Lempitsky 2015), so that the encoder raises it, at best to log 2, the value of guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aescratch.activations import Identity, LeakyReLU
from aescratch.backend import Array, Number, to_numpy
from aescratch.codes.adversary import BesidePrior, Discrimination, GradientReversal
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng, require_count
from aescratch.layers import Dense, Layer, Sequential
from aescratch.models.autoencoder import AutoencoderSettings
from aescratch.models.generative import GenerativeAutoencoder
from aescratch.models.network import name_parameters, without_identity
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AdversarialAutoencoder(GenerativeAutoencoder):
    """Autoencoder whose codes look like samples of N(0, 1) to a discriminator, so that decoding samples generates data.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    weight : float
        The weight of the discriminator in the encoder's gradient, 0 or more; its own gradient isn't multiplied by it.
    n_hidden : int
        The number of the discriminator's hidden units, in one layer.
    **options
        As for `Autoencoder`; `code_activation` is none by default, since samples of N(0, 1) may have any value.

    Examples
    --------
    >>> model = AdversarialAutoencoder([5, 2], n_hidden=8, rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.sample(3, rng=0).shape, 0 <= model.discriminator_accuracy(x, rng=0) <= 1
    ((3, 5), True)
    """

    weight: float
    n_hidden: int

    def __init__(
        self, widths: Sequence[int], weight: float = 0.1, *, n_hidden: int = 64, **options: Unpack[AutoencoderSettings]
    ) -> None:
        self.reversal: GradientReversal = GradientReversal(weight)
        self.weight, self.n_hidden = self.reversal.weight, require_count("n_hidden", n_hidden)
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers of the autoencoder, and those of the discriminator."""
        super().build(rng)
        self.beside_prior: BesidePrior = BesidePrior()
        first, last = (
            Dense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
            for n_in, n_out in ((self.widths[-1], self.n_hidden), (self.n_hidden, 1))
        )
        self.discriminator: Sequential = without_identity([first, LeakyReLU(0.2), last])
        name_parameters("discriminator", self.discriminator)
        self.discrimination: Discrimination = Discrimination()

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity."""
        return Identity

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        return [*self.encoder.parameters, *self.discriminator.parameters, *self.decoder.parameters]

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "reversal": self.reversal, "beside_prior": self.beside_prior,
            **dict(self.discriminator.named("discriminator")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "discrimination": self.discrimination, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; new samples of N(0, 1) are drawn unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        both = self.beside_prior.forward(self.reversal.forward(h), rng)
        logits = self.discriminator.forward(both)
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.discrimination.forward(logits) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the declared gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_both = self.discriminator.backward(self.discrimination.backward())
        grad_h += self.reversal.backward(self.beside_prior.backward(grad_both))  # against the discriminator
        self.encoder.backward(grad_h)
        self.decay.backward()

    def discriminator_accuracy(self, x: Data, rng: Rng = None) -> float:
        """Return the discriminator's accuracy on the codes of x (N, D) and as many samples of N(0, 1).

        At ½ it can't distinguish them; at 1 it wins, and its gradient tells the encoder little.
        """
        h = self.encode(x)
        logits = [to_numpy(self.discriminator.apply(rows)) for rows in (self.prior_samples(len(h), rng), h)]
        return float(((logits[0] > 0).mean() + (logits[1] <= 0).mean()) / 2)

    word = "adversarial"
    order = 100
    objective = "restore x from a code that a discriminator doesn't tell from samples of N(0, 1)"
    formula = "reconstruction(x_hat, x) + discrimination(logits) + decay(weights)"
    loss_measures_progress = False  # the discriminator is trained against the encoder
    options: ClassVar[Mapping[str, Option]] = {
        "weight": Option("number", "the weight of the discriminator's reversed gradient in the encoder", "WEIGHT"),
        "n_hidden": Option("count", "number of hidden units of the discriminator", "COUNT"),
    }

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the discriminator gets samples and codes."""

        def logits(seen: Seen) -> Array:
            both = seen.drawn("beside_prior", self.encoder.apply(seen.x))
            return self.discriminator.apply(both)

        opinion = super().second_opinion()
        opinion.noise["beside_prior"], opinion.prior_units = self.discriminator, self.widths[-1]
        opinion.terms["discrimination"] = lambda seen: (logits(seen),)
        opinion.mistaken["samples and codes have exchanged labels"] = (
            "discrimination", lambda seen: (logits(seen)[::-1],)
        )  # fmt: skip
        return opinion
