"""The contractive autoencoder: the code should change little when the input does (Rifai et al. 2011).

    x -> W1, b1 -> a -> φ -> h -> decoder -> x_hat
    loss = reconstruction(x_hat, x) + weight · ‖∂h/∂x‖² + decay(weights),   ∂h_j/∂x_i = φ'(a_j) W1_ij

The penalty reaches W1 twice: directly, and through the slope φ'(a), whose derivative is φ''(a).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aescratch.activations import Activation, Identity, Sigmoid, Slope
from aescratch.backend import Array, Number
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng
from aescratch.layers import Layer, Sequential
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option
from aescratch.penalties import Contraction

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ContractiveAutoencoder(Autoencoder):
    """Autoencoder of one hidden layer whose code is locally insensitive to the input.

    Parameters
    ----------
    widths : list of two int
        Input and code.
    weight : float
        The penalty's weight in the objective, 0 or more.
    **options
        As for `Autoencoder`; the code is a sigmoid by default.

    Examples
    --------
    >>> model = ContractiveAutoencoder([5, 3], weight=0.1, rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> loss = model.loss(x)
    >>> model.backward()
    """

    dense: Layer
    code: Activation | Identity
    slope: Slope

    def __init__(self, widths: Sequence[int], weight: float = 0.1, **options: Unpack[AutoencoderSettings]) -> None:
        self.contraction: Contraction = Contraction(weight)
        self.weight: float = self.contraction.weight
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers; raise for a deeper encoder, whose Jacobian isn't so simple."""
        if len(self.widths) != 2:
            message = gettext(
                "expected one hidden layer for the contractive penalty, such as [64, 32], got widths {widths}; use "
                "another variant for a deep encoder"
            )
            raise ValueError(message.format(widths=self.widths))
        if self.batch_norm:
            message = gettext(
                "expected no batch_norm with the contractive penalty, whose Jacobian is that of h = φ(x W + b); "
                "leave it out"
            )
            raise ValueError(message)
        super().build(rng)
        self.dense, *after = self.encoder.layers
        code = after[0] if after else Identity()
        if not isinstance(code, Activation):
            message = gettext("expected a code_activation with a slope, such as ae.Sigmoid, got {code!r}")
            raise TypeError(message.format(code=code))
        self.code, self.slope = code, Slope(code)
        self.encoder: Sequential = Sequential([self.dense, self.code])

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Sigmoid."""
        return Sigmoid

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "slope": self.slope, "contraction": self.contraction,
            "decay": self.decay,
        }  # fmt: skip

    @property
    def W(self) -> Parameter:
        """The encoder's weights (D, H)."""
        return self.dense.parameters[0]

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        a = self.dense.forward(x)
        h = self.code.forward(a)
        x_hat = self.decoder.forward(h, rng)
        slope = self.slope.forward(a)
        contraction = self.contraction.forward(slope, self.W.value)
        return self.reconstruction.forward(x_hat, x) + contraction + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        grad_slope, grad_W = self.contraction.backward()
        grad_a = self.code.backward(grad_h) + self.slope.backward(grad_slope)  # the penalty enters here, at the slope
        self.dense.backward(grad_a)
        self.W.grad += grad_W  # and here, at the weights
        self.decay.backward()

    word = "contractive"
    order = 60
    objective = "restore x from a code that changes little when x does"
    formula = "reconstruction(x_hat, x) + weight · ‖∂h/∂x‖² + decay(weights)"
    hidden_layers = "refused"
    options: ClassVar[Mapping[str, Option]] = {
        "weight": Option("number", "the weight of the contraction in the objective", "WEIGHT"),
    }

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the penalty from the Jacobian, the code's slopes times W."""
        opinion = super().second_opinion()
        opinion.terms["contraction"] = lambda seen: (self.code.slope(self.dense.apply(seen.x)), self.W.value)
        opinion.contraction = "contraction"
        return opinion
