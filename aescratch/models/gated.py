"""The gated autoencoder: a gate decides which units are on, a magnitude how large they are (Rajamanoharan et al. 2024).

    x -> directions -> p;   p -> gate -> a_gate,   p -> magnitude -> a_mag
    h = H(a_gate) ⊙ max(a_mag, 0) -> decoder -> x_hat
    g = max(a_gate, 0) -> frozen decoder -> x_gate
    loss = reconstruction(x_hat, x) + reconstruction(x_gate, x) + weight · Σ g + decay(weights)

L1 makes units sparse, but also shrinks them. Here it applies only to the gate's g, and h gets its size from the
magnitude. No gradient passes the step H; the gate learns because g has to restore x too, with the decoder's current
values held constant: the decoder doesn't adapt to g, which is shrunk.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.activations import ReLU
from aescratch.backend import Array, Number
from aescratch.codes.gates import Frozen, Gate, Gated, GatedUnits, Magnitude
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng
from aescratch.layers import Linear, Sequential, UnitRowDense
from aescratch.losses import Loss
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.network import name_parameters
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option
from aescratch.penalties import L1Sparsity

if TYPE_CHECKING:
    from typing_extensions import Unpack

REFUSED = ("code_activation", "output_activation", "tied", "dropout", "batch_norm")


class GatedAutoencoder(Autoencoder):
    """Autoencoder in which a gate with an L1 penalty switches code units on, and a magnitude sets their size.

    Parameters
    ----------
    widths : list of int
        Widths of x and of the code; there is no hidden layer.
    weight : float
        The penalty's weight in the objective, 0 or more; usually called lambda.
    **options
        As for `Autoencoder`, without ``code_activation``, ``output_activation``, ``tied``, ``dropout`` and
        ``batch_norm``. The decoder's rows have length 1, and the encoder starts as these rows transposed (Conerly et
        al. 2024, "Update on how we train SAEs").

    Examples
    --------
    >>> model = GatedAutoencoder([5, 3], rng=0)
    >>> code = model.encode(np.random.default_rng(0).random((7, 5), np.float32))
    >>> bool((code >= 0).all())
    True
    """

    gate: Gate
    magnitude: Magnitude
    gated: Gated
    opening: ReLU
    decoder: Sequential
    frozen: Frozen

    def __init__(self, widths: Sequence[int], weight: float = 0.1, **options: Unpack[AutoencoderSettings]) -> None:
        given = [name for name in REFUSED if options.get(name)]
        if given:
            message = gettext(
                "expected no {given} for a GatedAutoencoder, whose gate and magnitude share one matrix, and whose "
                "gate uses the decoder's numbers; leave it out"
            )
            raise ValueError(message.format(given=given[0]))
        self.sparsity: L1Sparsity = L1Sparsity(weight)
        self.weight: float = self.sparsity.weight
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers: the gate and the magnitude with one matrix, the decoder, and a frozen view of it."""
        if len(self.widths) != 2:
            message = gettext(
                "expected no hidden layer for the gated code, as in [64, 32], got widths {widths}; use another "
                "variant for a deep encoder"
            )
            raise ValueError(message.format(widths=self.widths))
        n_in, n_out = self.widths
        restoring = UnitRowDense(n_out, n_in, initializer=self.initializer, dtype=self.dtype, rng=rng)
        start = functions.unit_rows(restoring.V.value).T  # so that few gates start shut for all examples
        self.directions: Linear = Linear(Parameter("W", start, decays=True))
        self.gate, self.magnitude = Gate(n_out, dtype=self.dtype), Magnitude(n_out, dtype=self.dtype)
        self.gated, self.opening = Gated(), ReLU()
        self.encoder: Sequential = Sequential([GatedUnits(self.directions, self.gate, self.magnitude, self.gated)])
        self.decoder, self.frozen = Sequential([restoring]), Frozen(restoring)
        self.auxiliary: Loss = copy.copy(self.reconstruction)
        name_parameters("decoder", self.decoder)
        for parameter, name in zip(self.encoder.parameters, ("W", "gate.b", "magnitude.r", "magnitude.b"), strict=True):
            parameter.name = f"encoder.{name}"

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            "directions": self.directions, "gate": self.gate, "magnitude": self.magnitude, "gated": self.gated,
            **dict(self.decoder.named("decoder")), "opening": self.opening, "frozen": self.frozen,
            "reconstruction": self.reconstruction, "auxiliary": self.auxiliary, "sparsity": self.sparsity,
            "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x = self.as_batch(x)
        p = self.directions.forward(x)
        a_gate, a_mag = self.gate.forward(p), self.magnitude.forward(p)
        h = self.gated.forward(a_gate, a_mag)
        x_hat = self.decoder.forward(h)
        reconstruction = self.reconstruction.forward(x_hat, x)
        g = self.opening.forward(a_gate)
        x_gate = self.frozen.forward(g)
        auxiliary, sparsity = self.auxiliary.forward(x_gate, x), self.sparsity.forward(g)
        return reconstruction + auxiliary + sparsity + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_g = self.frozen.backward(self.auxiliary.backward())  # no gradient for the decoder's parameters here
        grad_g += self.sparsity.backward()  # the penalty enters here, at the gate
        grad_a_gate, grad_a_mag = self.gated.backward(grad_h)  # 0 for the gate, a step
        grad_a_gate += self.opening.backward(grad_g)
        grad_p = self.gate.backward(grad_a_gate) + self.magnitude.backward(grad_a_mag)
        self.directions.backward(grad_p)
        self.decay.backward()

    word = "gated"
    order = 44
    objective = "restore x from a code few of whose units a gate opens, by the gate alone too"
    formula = "reconstruction(x_hat, x) + reconstruction(x_gate, x) + sparsity(g) + decay(weights)"
    n_reconstructions = 2
    hidden_layers = "refused"
    may_be_wide = True
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "weight": Option("number", "the weight of the gate's penalty in the objective", "WEIGHT"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return none: L1 applies to the gate."""
        return {}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the penalty and the second reconstruction from the gate."""

        def opened(seen: Seen) -> Array:
            return np.maximum(self.gate.apply(self.directions.apply(seen.x)), 0)

        opinion = super().second_opinion()
        opinion.terms["auxiliary"] = lambda seen: (self.decoder.apply(opened(seen)), seen.x)
        opinion.terms["sparsity"] = lambda seen: (opened(seen),)
        opinion.mistaken["the penalty is of the code, where it should be of the gate"] = (
            "sparsity", lambda seen: (self.encoder.apply(seen.x),)
        )  # fmt: skip
        opinion.mistaken["the second reconstruction is of the code, where it should be of the gate"] = (
            "auxiliary", lambda seen: (self.decoder.apply(self.encoder.apply(seen.x)), seen.x)
        )  # fmt: skip
        return opinion
