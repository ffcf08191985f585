"""The k-sparse autoencoder: only the k largest code units of each example stay (Makhzani & Frey 2013).

    x -> encoder -> a -> top k -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)

A unit that is never among the k largest gets no gradient, and stays silent. With `auxiliary`, silent units restore the
residual of the others (Gao et al. 2024):

    a -> the largest of the silent units -> z -> z W -> e_hat;   loss + auxiliary · ½ ‖e_hat − (x − x_hat)‖²

where x − x_hat is held constant, and W is the decoder's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch.activations import Identity, TopK
from aescratch.backend import Array, Number
from aescratch.codes.selection import BatchTopK, SilentTopK, StopGradient
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng, require_count, require_flag, require_number
from aescratch.layers import Dense, Layer, Linear, Sequential
from aescratch.losses import SquaredError
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option
from aescratch.penalties import ResidualError

if TYPE_CHECKING:
    from typing_extensions import Unpack


class KSparseAutoencoder(Autoencoder):
    """Autoencoder whose code has at most k nonzero units, also in `encode`.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    k : int
        The number of code units to keep, at most the code's width.
    batch : bool
        Whether, in training, the k N largest units of a batch of N are kept instead of k of each example; in use, those
        above a threshold that follows the smallest kept unit (Bussmann et al. 2024).
    auxiliary : float
        The weight of the silent units' error in the objective; 1/32 in the paper, 0 for none. It needs two widths, and
        an untied decoder with squared error.
    auxiliary_k : int, optional
        The number of silent units that restore each example's residual; by default half of the number of columns.
    silent_after : int
        The number of training examples for which a unit must have been 0 to count as silent.
    **options
        As for `Autoencoder`; `code_activation`, by default none, comes before the selection.

    Examples
    --------
    >>> import numpy as np
    >>> model = KSparseAutoencoder([5, 4], k=2, rng=0)
    >>> (model.encode(np.ones((3, 5), np.float32)) != 0).sum(axis=1)
    array([2, 2, 2])
    """

    k: int
    batch: bool
    auxiliary: float
    auxiliary_k: int | None
    silent_after: int
    residual: StopGradient
    directions: Linear

    def __init__(
        self, widths: Sequence[int], k: int, *, batch: bool = False, auxiliary: float = 0.0,
        auxiliary_k: int | None = None, silent_after: int = 1000, **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        self.k, self.batch = require_count("k", k), require_flag("batch", batch)
        self.restoring: ResidualError = ResidualError(require_number("auxiliary", auxiliary, least=0))
        self.auxiliary, self.auxiliary_k, self.silent_after = self.restoring.weight, auxiliary_k, silent_after
        super().__init__(widths, **options)
        require_count("k", k, most=self.widths[-1])

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers; raise for a decoder that can't restore the residual if silent units should."""
        super().build(rng)
        self.selection: Layer = self.encoder.layers[-1]
        self.path_to_selection: Sequential = Sequential(self.encoder.layers[:-1])
        decoder = self.decoder.layers[-1]
        n_in, n_out, asked = self.widths[-1], self.widths[0], self.auxiliary_k
        self.silent: SilentTopK = SilentTopK(
            n_in, min(n_in, -(-n_out // 2)) if asked is None else require_count("auxiliary_k", asked, most=n_in),
            silent_after=self.silent_after, dtype=self.dtype,
        )  # fmt: skip
        self.can_restore: bool = (
            len(self.widths) == 2 and type(decoder) is Dense and isinstance(self.reconstruction, SquaredError)
        )
        if not self.auxiliary:
            return
        if not (self.can_restore and isinstance(decoder, Dense)):
            expected = gettext("tied=False and no output_activation with auxiliary")
            if len(self.widths) != 2:
                expected = gettext("two widths with auxiliary, got {widths}").format(widths=list(self.widths))
            elif not isinstance(self.reconstruction, SquaredError):
                expected = gettext("SquaredError() with auxiliary, got {loss!r}").format(loss=self.reconstruction)
            message = gettext(
                "expected {expected}; its silent units restore x − x_hat by the decoder's weights, so change this, "
                "or leave auxiliary out"
            )
            raise ValueError(message.format(expected=expected))
        self.residual, self.directions = StopGradient(), Linear(decoder.W, adds=True)

    def code_layers(self) -> list[Layer]:
        """Return the code's activation, and the selection."""
        return [*super().code_layers(), BatchTopK(self.k, dtype=self.dtype) if self.batch else TopK(self.k)]

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity: the selection acts as the activation."""
        return Identity

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        if not self.auxiliary:
            return super().parts
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "residual": self.residual, "silent": self.silent,
            "directions": self.directions, "auxiliary": self.restoring, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        a = self.path_to_selection.forward(x, rng)
        h = self.selection.forward(a)  # keeps the k largest
        x_hat = self.decoder.forward(h, rng)
        loss = self.reconstruction.forward(x_hat, x) + self.decay.forward()
        if self.auxiliary:
            e = self.residual.forward(x - x_hat)  # held constant
            z = self.silent.forward(a)  # the largest of the silent units
            e_hat = self.directions.forward(z)
            loss = loss + self.restoring.forward(e_hat, e)
            self.silent.count(h)
        return loss

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_x_hat = self.reconstruction.backward()
        if self.auxiliary:
            grad_e_hat, grad_e = self.restoring.backward()
            grad_x_hat -= self.residual.backward(grad_e)  # none: the residual is held constant
        grad_h = self.decoder.backward(grad_x_hat)
        grad_a = self.selection.backward(grad_h)  # passes the k largest only
        if self.auxiliary:
            grad_z = self.directions.backward(grad_e_hat)  # after the decoder, to whose W.grad it adds
            grad_a += self.silent.backward(grad_z)
        self.path_to_selection.backward(grad_a)
        self.decay.backward()

    def settings(self) -> dict[str, Any]:
        """Return the constructor's arguments and their values, except rng and newer arguments at their default."""
        unsaid = {"batch": False, "auxiliary": 0.0, "auxiliary_k": None, "silent_after": 1000}
        return {name: value for name, value in super().settings().items() if unsaid.get(name, ...) != value}

    word = "k-sparse"
    order = 50
    objective = "restore x from the k largest units of its code"
    may_be_wide = True
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "k": Option("count", "number of code units that are kept (default: a quarter of them)", "K"),
        "batch": Option("switch", "in training, choose units over the whole batch; after training, by a threshold"),
        "auxiliary": Option("number", "the weight of the error of silent units, which restore the residual", "SHARE"),
        "auxiliary_k": Option(
            "count", "number of silent units that restore the residual (default: half the columns)", "K"
        ),
        "silent_after": Option("count", "number of examples for which a unit is 0 before it counts as silent", "N"),
    }

    @classmethod
    def arguments_for(cls, widths: Sequence[int], *, n_classes: int | None = None, rng: Rng = None) -> dict[str, Any]:
        """Return the arguments for these widths: a quarter of the code units is kept."""
        return {**super().arguments_for(widths, rng=rng), "k": max(1, widths[-1] // 4)}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective and the promises, computed independently: a code has at most k nonzero units."""

        def restored(seen: Seen) -> tuple[Array, Array]:
            a = self.path_to_selection.apply(seen.x)
            asleep = self.silent.silent_for.value > self.silent_after
            largest = np.argsort(np.argsort(np.where(asleep, -a, np.inf), axis=1, kind="stable"), axis=1)
            z = np.where(asleep & (largest < self.silent.k), a, 0)
            return z @ self.directions.W.value, seen.x - self.decoder.apply(self.selection.apply(a))

        opinion = super().second_opinion()
        opinion.most_active = None if self.batch else self.k
        if self.auxiliary:
            opinion.terms["auxiliary"] = restored
            opinion.mistaken["the silent units restore x, where they should restore x − x_hat"] = (
                "auxiliary", lambda seen: (restored(seen)[0], seen.x)
            )  # fmt: skip
            opinion.mistaken["the silent units restore x_hat − x, where they should restore x − x_hat"] = (
                "auxiliary", lambda seen: (restored(seen)[0], -restored(seen)[1])
            )  # fmt: skip
        return opinion
