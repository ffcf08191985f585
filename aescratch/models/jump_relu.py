"""The JumpReLU autoencoder: a unit is on above its own threshold, which is learnt (Rajamanoharan et al. 2024).

    x -> encoder -> a -> jump -> h = a ⊙ H(a − theta) -> decoder -> x_hat
    loss = reconstruction(x_hat, x) + weight · number of units above theta + decay(weights)

The penalty counts active units, and so doesn't shrink them, as L1 does. Both steps have the derivative 0 in theta. A
rule replaces it, by which only examples near a unit's threshold move it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.activations import Identity
from aescratch.backend import Array, Number
from aescratch.codes.selection import JumpReLU
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng
from aescratch.layers import Layer, UnitRowDense
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option
from aescratch.penalties import L0Sparsity

if TYPE_CHECKING:
    from typing_extensions import Unpack


class JumpReLUAutoencoder(Autoencoder):
    """Autoencoder whose code units are on above a learnt threshold, with a cost for each active unit.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    weight : float
        The cost of an active unit: with squared error, it must reduce half the squared error by more than that.
    theta : float
        The initial value of every threshold, above 0.
    bandwidth : float
        The width around a threshold in which examples move it, above 0: a wide one uses many examples, a narrow one
        those that matter. On the scale of the pre-activations a.
    **options
        As for `Autoencoder`, without ``tied``; `code_activation`, by default none, comes before the threshold. The
        decoder's rows that read the code have length 1, and the encoder starts as these rows transposed.

    Examples
    --------
    >>> model = JumpReLUAutoencoder([5, 3], theta=0.2, rng=0)
    >>> code = model.encode(np.random.default_rng(0).random((7, 5), np.float32))
    >>> bool(((code == 0) | (code > 0.2)).all())
    True
    """

    weight: float
    bandwidth: float
    theta: float

    def __init__(
        self, widths: Sequence[int], weight: float = 0.05, *, theta: float = 0.1, bandwidth: float = 0.2,
        **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        if options.get("tied"):
            message = gettext("expected tied=False for a JumpReLUAutoencoder, whose decoder has rows of length 1")
            raise ValueError(message)
        self.sparsity: L0Sparsity = L0Sparsity(weight, bandwidth)
        self.weight, self.bandwidth, self.theta = self.sparsity.weight, self.sparsity.bandwidth, theta
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers: the encoder up to a, the thresholds, and the decoder."""
        self.jump: JumpReLU = JumpReLU(self.widths[-1], theta=self.theta, bandwidth=self.bandwidth, dtype=self.dtype)
        self.jump.log_theta.name = "jump.log_theta"
        super().build(rng)

    def decoder_layers(self, encoder: Sequence[Layer], rng: np.random.Generator) -> list[Layer]:
        """Return the decoder's layers, the first with rows of length 1: otherwise a code could grow for free.

        The encoder's last matrix starts as these rows, transposed, so that few units begin below their threshold for
        all examples (Conerly et al. 2024, "Update on how we train SAEs").
        """
        layers = super().decoder_layers(encoder, rng)
        n_in, n_out = layers[0].parameters[0].shape
        restoring = UnitRowDense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        encoder[-1].parameters[0].value = functions.unit_rows(restoring.V.value).T
        return [restoring, *layers[1:]]

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity: the threshold acts as the activation."""
        return Identity

    def path_to_code(self) -> list[Layer]:
        """Return the layers from x to the code."""
        return [*self.encoder.layers, self.jump]

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        return [*self.encoder.parameters, *self.jump.parameters, *self.decoder.parameters]

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "jump": self.jump, **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "sparsity": self.sparsity, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        a = self.encoder.forward(x, rng)
        h = self.jump.forward(a)
        x_hat = self.decoder.forward(h, rng)
        sparsity = self.sparsity.forward(a, self.jump.theta)
        return self.reconstruction.forward(x_hat, x) + sparsity + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_a = self.jump.backward(grad_h)
        penalty_a, penalty_theta = self.sparsity.backward()
        grad_a += penalty_a  # 0: the number of active units doesn't change with a
        penalty_log_theta = functions.threshold_backward(penalty_theta, self.jump.theta)
        self.jump.log_theta.grad += penalty_log_theta  # the penalty enters here, at the thresholds
        self.encoder.backward(grad_a)
        self.decay.backward()

    def encode(self, x: Data) -> Array:
        """Return the code h (N, H) of x (N, D)."""
        return self.jump.apply(self.encoder.apply(self.as_input(x)))

    word = "jump-relu"
    order = 42
    objective = "restore x from a code few of whose units are above their thresholds"
    formula = "reconstruction(x_hat, x) + sparsity(a, theta) + decay(weights)"
    may_be_wide = True
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "weight": Option("number", "the cost of each active code unit", "WEIGHT"),
        "theta": Option("number", "the initial value of all thresholds", "THETA"),
        "bandwidth": Option(
            "number", "units in an interval of this width around a threshold give the threshold a gradient", "BANDWIDTH"
        ),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return none: the thresholds make the code sparse."""
        return {}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the penalty from a and theta, the output from active units."""
        log_theta = self.jump.log_theta
        opinion = super().second_opinion()
        opinion.terms["reconstruction"] = lambda seen: (self.decoder.apply(self.encode(seen.x)), seen.x)
        opinion.terms["sparsity"] = lambda seen: (self.encoder.apply(seen.x), np.exp(log_theta.value))
        opinion.mistaken["the decoder gets a instead of h"] = (
            "reconstruction", lambda seen: (self.decoder.apply(self.encoder.apply(seen.x)), seen.x)
        )  # fmt: skip
        opinion.mistaken["the penalty uses the logarithm of theta instead of theta"] = (
            "sparsity", lambda seen: (self.encoder.apply(seen.x), log_theta.value)
        )  # fmt: skip
        return opinion
