"""The sparse autoencoder: a penalty on the code keeps most of its units inactive.

    x -> encoder -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + sparsity(h) + decay(weights)

The penalty is a KL divergence of the units' mean activity, for which the code must lie in (0, 1), or L1.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch.activations import ReLU, Sigmoid
from aescratch.backend import Array, Number, to_numpy
from aescratch.foundations.language import Phrase, gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng
from aescratch.layers import Layer, UnitRowDense
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option, UnitStatistic, never_change
from aescratch.penalties import KLSparsity, Sparsity

if TYPE_CHECKING:
    from typing_extensions import Unpack


class SparseAutoencoder(Autoencoder):
    """Autoencoder with a sparse code, by KL divergence or by L1.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    sparsity : Sparsity
        `KLSparsity(rho, weight)`, whose code is a sigmoid, or `L1Sparsity(weight)`, whose code is a ReLU by default.
    unit_norm_decoder : bool
        Whether the decoder's rows that read the code have length 1, so that the code can't shrink for free.
    **options
        As for `Autoencoder`.

    Examples
    --------
    >>> model = SparseAutoencoder([5, 3], sparsity=KLSparsity(rho=0.05, weight=0.5), rng=0)
    >>> code = model.encode(np.zeros((7, 5), np.float32))
    >>> bool((code > 0).all() and (code < 1).all())
    True
    """

    def __init__(
        self, widths: Sequence[int], sparsity: Sparsity = KLSparsity(rho=0.05, weight=0.5), *,
        unit_norm_decoder: bool = False, **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        if not isinstance(sparsity, Sparsity):
            message = gettext("expected sparsity to be ae.KLSparsity(...) or ae.L1Sparsity(...), got {sparsity!r}")
            raise TypeError(message.format(sparsity=sparsity))
        if unit_norm_decoder and options.get("tied"):
            message = gettext("expected tied=False with unit_norm_decoder, since a tied W belongs to the encoder")
            raise ValueError(message)
        self.sparsity: Sparsity = copy.copy(sparsity)
        self.unit_norm_decoder: bool = bool(unit_norm_decoder)
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers; raise for a code that is invalid for a KL penalty."""
        super().build(rng)
        self.sparsity.prepare(self.widths[-1], self.dtype)
        last = self.encoder.layers[-1]
        if isinstance(self.sparsity, KLSparsity) and not isinstance(last, Sigmoid):
            message = gettext(
                "expected a sigmoid code for KLSparsity, whose mean activity must lie in (0, 1), got {last!r}; "
                "leave code_activation out, or use L1Sparsity(weight)"
            )
            raise ValueError(message.format(last=last))

    def decoder_layers(self, encoder: Sequence[Layer], rng: np.random.Generator) -> list[Layer]:
        """Return the decoder's layers, the first with rows of length 1 if unit_norm_decoder is set."""
        layers = super().decoder_layers(encoder, rng)
        if self.unit_norm_decoder:
            n_in, n_out = layers[0].parameters[0].shape
            layers[0] = UnitRowDense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        return layers

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Sigmoid for a KL penalty, ReLU for L1."""
        return Sigmoid if isinstance(self.sparsity, KLSparsity) else ReLU

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "sparsity": self.sparsity, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.sparsity.forward(h) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_h += self.sparsity.backward()  # the penalty enters here, at the code
        self.encoder.backward(grad_h)
        self.decay.backward()  # and here, at the weights

    word = "sparse"
    order = 40
    objective = "restore x from a code few of whose units are active"
    formula = "reconstruction(x_hat, x) + sparsity(h) + decay(weights)"
    may_be_wide = True
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "sparsity": Option(
            "sparsity",
            "the penalty on the code: {words}; with MOMENTUM, kl takes a running mean of the activity", "PENALTY",
        ),
        "unit_norm_decoder": Option("switch", "keep each row of the decoder's first weight matrix at length 1"),
    }  # fmt: skip

    @property
    def wanted_activity(self) -> float | None:
        """The desired mean activity of every code unit: rho, for a KL penalty."""
        return self.sparsity.rho if isinstance(self.sparsity, KLSparsity) else None

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return none: an L1 code needs ReLUs."""
        return {}

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return each code unit's mean activity with a KL penalty, whose target is rho; else the usual statistic."""
        rho = self.wanted_activity
        if rho is None:
            return super().unit_statistic(x)
        h = to_numpy(self.encode(x)).astype(np.float64)
        return UnitStatistic(Phrase("activity per unit, rho = {rho:g}", rho=rho), h.mean(axis=0), never_change(h))

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the penalty from the code."""
        opinion = super().second_opinion()
        opinion.terms["sparsity"] = lambda seen: (self.encoder.apply(seen.x),)
        return opinion
