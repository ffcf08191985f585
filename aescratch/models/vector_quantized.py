"""The vector-quantised autoencoder: a code consists of entries of a codebook (van den Oord et al. 2017).

    x -> encoder -> h -> nearest entries -> q, which goes on as z -> decoder -> x_hat
    loss = reconstruction(x_hat, x) + ‖sg[h] − q‖² + beta · ‖h − sg[q]‖² + decay(weights)

So a code is a few whole numbers. They have no slope: the decoder's gradient bypasses them and goes straight to h. The
argument of sg[...] is held constant, so that the second term moves the entries and the third the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.activations import Identity
from aescratch.backend import Array, Number, to_numpy
from aescratch.codes.codebook import Codebook, CodebookLoss, Commitment, StraightThrough
from aescratch.foundations.language import gettext_noop
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng
from aescratch.layers import Layer
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option, UnitStatistic

if TYPE_CHECKING:
    from typing_extensions import Unpack

UNITS_PER_VECTOR = 4


class VectorQuantizedAutoencoder(Autoencoder):
    """Autoencoder whose code consists of entries of a codebook, also in `encode`.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    n_codes : int
        The number of entries in the codebook.
    n_vectors : int
        The number of vectors that a code is split into; all choose from the same codebook. It must divide the code's
        width. A single vector distinguishes at most n_codes examples.
    beta : float
        The weight of the commitment term in the objective.
    moving_average : float, optional
        Instead of the second term, move the entries towards the means of the vectors that chose them, by this fraction
        in each step, above 0 and at most 1; 1 − γ in the paper, where it is 0.01.
    restart : float
        In training, entries chosen at most this often, relative to an even share, are replaced by vectors of the batch
        (Dhariwal et al. 2020); 0 for never.
    **options
        As for `Autoencoder`; `code_activation`, by default none, comes before the codebook.

    Examples
    --------
    >>> model = VectorQuantizedAutoencoder([5, 4], n_codes=3, n_vectors=2, rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.indices(x).shape, len(np.unique(model.encode(x).reshape(-1, 2), axis=0)) <= 3
    ((7, 2), True)
    """

    n_codes: int
    n_vectors: int
    moving_average: float | None
    restart: float
    codebook_loss: CodebookLoss | None

    def __init__(
        self, widths: Sequence[int], n_codes: int = 32, n_vectors: int = 1, *, beta: float = 0.25,
        moving_average: float | None = None, restart: float = 0.1, **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        self.n_codes, self.n_vectors, self.moving_average, self.restart = n_codes, n_vectors, moving_average, restart
        self.commitment: Commitment = Commitment(beta)
        self.beta: float = self.commitment.beta
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers, the codebook, and the path that bypasses it."""
        super().build(rng)
        self.codebook: Codebook = Codebook(
            self.widths[-1], self.n_codes, self.n_vectors, moving_average=self.moving_average, restart=self.restart,
            initializer=self.initializer, dtype=self.dtype, rng=rng,
        )  # fmt: skip
        for parameter in self.codebook.parameters:
            parameter.name = "codebook.E"
        self.straight_through: StraightThrough = StraightThrough()
        self.codebook_loss = CodebookLoss() if self.codebook.parameters else None  # a moving average needs no term

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return Identity: a codebook's entries may have any value."""
        return Identity

    def path_to_code(self) -> list[Layer]:
        """Return the layers from x to h: a classifier's gradient can't pass the codebook."""
        return self.encoder.layers

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        return [*self.encoder.parameters, *self.codebook.parameters, *self.decoder.parameters]

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "codebook": self.codebook, "straight_through": self.straight_through,
            **dict(self.decoder.named("decoder")), "reconstruction": self.reconstruction,
            **({} if self.codebook_loss is None else {"codebook_loss": self.codebook_loss}),
            "commitment": self.commitment, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        q = self.codebook.forward(h, rng)
        z = self.straight_through.forward(h, q)
        x_hat = self.decoder.forward(z, rng)
        loss = self.reconstruction.forward(x_hat, x)
        if self.codebook_loss is not None:
            loss = loss + self.codebook_loss.forward(q, h)
        return loss + self.commitment.forward(h, q) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss, as it is declared."""
        grad_z = self.decoder.backward(self.reconstruction.backward())
        grad_h = self.straight_through.backward(grad_z)  # past the codebook
        if self.codebook_loss is not None:
            self.codebook.backward(self.codebook_loss.backward())
        grad_h += self.commitment.backward()
        self.encoder.backward(grad_h)
        self.decay.backward()

    def encode(self, x: Data) -> Array:
        """Return the code (N, H) of x (N, D): the entries nearest to the encoder's output."""
        return self.codebook.apply(self.encoder.apply(self.as_batch(x)))

    def indices(self, x: Data) -> Array:
        """Return the numbers of these entries, integers (N, n_vectors) from 0 to n_codes − 1."""
        return self.codebook.numbers_of(self.encoder.apply(self.as_batch(x)))

    def perplexity(self, x: Data) -> float:
        """Return the effective number of entries in the codes of x (N, D), exp of the entropy, from 1 to n_codes."""
        return _perplexity(to_numpy(self.indices(x)), self.n_codes)

    word = "vector-quantized"
    order = 90
    objective = "restore x from the entries of a codebook that are nearest to its code"
    formula = "reconstruction(x_hat, x) + ‖sg[h] − q‖² + beta · ‖h − sg[q]‖² + decay(weights)"
    loss_measures_progress = False  # the code, and its distance to q, may grow while x is restored better
    options: ClassVar[Mapping[str, Option]] = {
        "n_codes": Option("count", "number of entries in the codebook", "K"),
        "n_vectors": Option(
            "count", "number of vectors that make a code; 1 in Python, but here vectors of 4 units, if 4 divides the "
            "code's width", "COUNT",
        ),
        "beta": Option("number", "the weight of the commitment term in the objective", "BETA"),
        "moving_average": Option(
            "number", "the share by which a step moves an entry towards the mean of its vectors (default: entries are "
            "trained by gradients)", "SHARE",
        ),
        "restart": Option("number", "redraw an entry whose use falls below this fraction of an even share", "SHARE"),
    }  # fmt: skip

    @classmethod
    def arguments_for(cls, widths: Sequence[int], *, n_classes: int | None = None, rng: Rng = None) -> dict[str, Any]:
        """Return the arguments for these widths: vectors of 4 units if 4 divides the code's width."""
        whole = widths[-1] % UNITS_PER_VECTOR == 0
        return {**super().arguments_for(widths, rng=rng), "n_vectors": widths[-1] // UNITS_PER_VECTOR if whole else 1}

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return, for each code unit, the number of entries that its vector uses for x (N, D); 1 means asleep."""
        chosen = to_numpy(self.indices(x))
        of_vectors = [_perplexity(column, self.n_codes) for column in chosen.T]
        sleeps = [len(np.unique(column)) == 1 for column in chosen.T]
        width = self.codebook.width
        name = gettext_noop("perplexity of the entries")
        return UnitStatistic(name, np.repeat(of_vectors, width), np.repeat(sleeps, width))

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the decoder gets the nearest entries, found by all distances."""

        def entries(h: Array) -> Array:
            E = self.codebook.E.value
            distances = [[np.linalg.norm(e - vector) for e in E] for vector in h.reshape(-1, self.codebook.width)]
            return E[np.argmin(distances, axis=1)].reshape(h.shape)

        opinion = super().second_opinion()
        opinion.code = lambda x: entries(self.encoder.apply(x))
        opinion.terms["reconstruction"] = lambda seen: (self.decoder.apply(entries(self.encoder.apply(seen.x))), seen.x)
        opinion.terms["codebook_loss"] = lambda seen: (entries(self.encoder.apply(seen.x)), self.encoder.apply(seen.x))
        opinion.terms["commitment"] = lambda seen: (self.encoder.apply(seen.x), entries(self.encoder.apply(seen.x)))
        opinion.mistaken["the decoder gets the code before quantisation"] = (
            "reconstruction", lambda seen: (self.decoder.apply(self.encoder.apply(seen.x)), seen.x)
        )  # fmt: skip
        return opinion


def _perplexity(indices: Array, n_codes: int) -> float:
    return float(functions.perplexity(np.bincount(indices.ravel(), minlength=n_codes).astype(np.float64)))
