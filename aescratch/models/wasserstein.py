"""The Wasserstein autoencoder: its codes together look like samples of the prior (Tolstikhin et al. 2017).

    x -> encoder -> h -> decoder -> x_hat;   z ~ N(0, 1)
    loss = reconstruction(x_hat, x) + weight · MMD²(h, z) + decay(weights)

A variational autoencoder pulls the distribution of every single code towards the prior, so codes overlap. Here only all
codes of a batch together must look like the prior, and each code is a point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch.activations import Identity
from aescratch.backend import Array, Number, array_module, to_numpy
from aescratch.divergences import MaximumMeanDiscrepancy
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng
from aescratch.layers import Layer, Sampling, Sequential
from aescratch.losses import SquaredError
from aescratch.models.autoencoder import AutoencoderSettings
from aescratch.models.generative import GenerativeAutoencoder
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option, UnitStatistic, never_change
from aescratch.training.ending import sampled

if TYPE_CHECKING:
    from typing_extensions import Unpack


class WassersteinAutoencoder(GenerativeAutoencoder):
    """Autoencoder whose codes together look like samples of N(0, 1), so that decoding such samples generates data.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    weight : float
        The discrepancy's weight in the objective, 0 or more; the paper's lambda. Its kernel has C = 2 H, where H is the
        code's width, as in the paper.
    **options
        As for `Autoencoder`, without ``code_activation``: a code that can't have every value can't look like N(0, 1).

    Examples
    --------
    >>> model = WassersteinAutoencoder([5, 4, 2], rng=0)
    >>> model.encode(np.ones((7, 5), np.float32)).shape, model.sample(3, rng=0).shape
    ((7, 2), (3, 5))
    """

    def __init__(self, widths: Sequence[int], weight: float = 10.0, **options: Unpack[AutoencoderSettings]) -> None:
        if options.get("code_activation") is not None:
            message = gettext(
                "expected no code_activation for a WassersteinAutoencoder: its codes should look like samples of "
                "N(0, 1), which can have any value; leave it out"
            )
            raise TypeError(message)
        self.weight: float = weight
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers, the sampler of the prior, and the penalty."""
        super().build(rng)
        self.prior: Sampling = Sampling()
        self.discrepancy: MaximumMeanDiscrepancy = MaximumMeanDiscrepancy(self.weight, C=2.0 * self.widths[-1])
        self.weight = self.discrepancy.weight

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity."""
        return Identity

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")), "prior": self.prior,
            "reconstruction": self.reconstruction, "discrepancy": self.discrepancy, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; new samples of the prior are drawn unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        x_hat = self.decoder.forward(h, rng)
        zero = array_module(h).zeros_like(h)
        z = self.prior.forward(zero, zero, rng)  # mean 0 and log-variance 0
        return self.reconstruction.forward(x_hat, x) + self.discrepancy.forward(h, z) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_h += self.discrepancy.backward()  # the prior has no parameters
        self.encoder.backward(grad_h)
        self.decay.backward()

    word = "wasserstein"
    order = 84
    objective = "restore x from codes that together look like samples of N(0, 1)"
    formula = "reconstruction(x_hat, x) + weight · MMD²(h, z) + decay(weights)"
    options: ClassVar[Mapping[str, Option]] = {
        "weight": Option("number", "the weight of the discrepancy in the objective", "WEIGHT"),
    }

    why_suited: ClassVar[Mapping[str, str]] = {
        "weight": gettext_noop("ten times the variance of the data, summed over the columns"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return a weight that is ten times the variance of the data x (N, D), summed over the columns.

        A discrepancy is at most 2 for any data, while the squared error grows with their variance.
        """
        (sample,) = sampled([x])
        weight = 10 * float(np.var(to_numpy(sample), axis=0, dtype=np.float64).sum())
        return {"weight": weight} if weight > 0 and isinstance(self.reconstruction, SquaredError) else {}

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return the variance of each unit over the examples x (N, D), which is 1 in the prior."""
        h = to_numpy(self.encode(x)).astype(np.float64)
        return UnitStatistic(gettext_noop("variance per unit, 1 in the prior"), h.var(axis=0), never_change(h))

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the discrepancy between the codes and samples of the prior."""

        def compared(seen: Seen) -> tuple[Any, ...]:
            h = self.encoder.apply(seen.x)
            return h, seen.drawn("prior", 0 * h, 0 * h)

        opinion = super().second_opinion()
        opinion.noise["prior"] = Sequential([])  # only the penalty gets it
        opinion.terms["discrepancy"] = compared
        opinion.mistaken["the discrepancy uses x_hat's code instead of the code"] = (
            "discrepancy", lambda seen: (self.encoder.apply(self.decoder.apply(compared(seen)[0])), compared(seen)[1])
        )  # fmt: skip
        return opinion
