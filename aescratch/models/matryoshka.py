"""The Matryoshka autoencoder: each prefix of its code restores x alone (Bussmann et al. 2025; Kusupati et al. 2022).

    x -> encoder -> h -> decoder -> x_hat;   the first m units of h -> the same decoder -> x_hat_m, for each prefix m
    loss = reconstruction(x_hat, x) + Σ_m reconstruction(x_hat_m, x) + decay(weights)

The first units, which belong to every prefix, learn what matters most; a code can be cut after any prefix.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aescratch.backend import Array, Number, array_module
from aescratch.codes.selection import PrefixDense
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng, require_count
from aescratch.layers import Dense
from aescratch.losses import Loss
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import Of, SecondOpinion
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack

REFUSED = ("output_activation", "tied", "dropout")


class MatryoshkaAutoencoder(Autoencoder):
    """Autoencoder whose code is nested: its first units are a complete, smaller code.

    Parameters
    ----------
    widths : list of int
        Widths of the encoder from input to code; the decoder is one dense layer.
    prefixes : list of int, optional
        The lengths of the nested codes, in rising order, the last equal to the code's width; by default an eighth, a
        quarter, a half, and the whole.
    **options
        As for `Autoencoder`, without ``output_activation``, ``tied`` and ``dropout``.

    Examples
    --------
    >>> model = MatryoshkaAutoencoder([5, 4], prefixes=[1, 2, 4], rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.reconstruct(x, prefix=2).shape
    (7, 5)
    """

    nested: dict[int, tuple[PrefixDense, Loss]]

    def __init__(
        self, widths: Sequence[int], prefixes: Sequence[int] | None = None, **options: Unpack[AutoencoderSettings]
    ) -> None:  # fmt: skip
        given = [name for name in REFUSED if options.get(name)]
        if given:
            message = gettext(
                "expected no {given} for a MatryoshkaAutoencoder, whose prefixes all use the same dense decoder; "
                "leave it out"
            )
            raise ValueError(message.format(given=given[0]))
        self.prefixes = prefixes
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers, and for each shorter prefix a view of the decoder and a loss."""
        if len(self.widths) != 2:
            message = gettext(
                "expected no hidden layer for nested codes, since each prefix uses one dense layer, got widths "
                "{widths}; give two widths, as in [64, 32]"
            )
            raise ValueError(message.format(widths=self.widths))
        self.sizes: list[int] = checked_prefixes(self.prefixes, self.widths[-1])
        super().build(rng)
        (dense,) = self.decoder.layers
        assert isinstance(dense, Dense)
        self.nested = {size: (PrefixDense(dense, size), copy.copy(self.reconstruction)) for size in self.sizes[:-1]}

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        nested: dict[str, Part] = {}
        for size, (prefix, error) in self.nested.items():
            nested |= {f"prefix_{size}": prefix, f"reconstruction_{size}": error}
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, **nested, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        x_hat = self.decoder.forward(h)
        loss = self.reconstruction.forward(x_hat, x) + self.decay.forward()
        for prefix, error in self.nested.values():
            x_hat = prefix.forward(h)
            loss = loss + error.forward(x_hat, x)
        return loss

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        for prefix, error in self.nested.values():
            grad_h += prefix.backward(error.backward())  # each adds to what the decoder wrote
        self.encoder.backward(grad_h)
        self.decay.backward()

    def reconstruct(self, x: Data, prefix: int | None = None) -> Array:
        """Return the reconstruction of x (N, D), from the whole code, or from its first units alone.

        Raises
        ------
        ValueError
            If the code has no prefix of this length.
        """
        h = self.encode(x)
        if prefix is None:
            return self.decode(h)
        if prefix not in self.sizes:
            message = gettext("expected prefix to be one of {sizes}, got {prefix!r}")
            raise ValueError(message.format(sizes=", ".join(map(str, self.sizes)), prefix=prefix))
        return self.decode(h * (array_module(h).arange(h.shape[1]) < prefix))

    word = "matryoshka"
    order = 46
    objective = "restore x from its code, and from each prefix of it by itself"
    formula = "reconstruction(x_hat, x) + reconstruction(x_hat_m, x) for each shorter prefix m + decay(weights)"
    hidden_layers = "refused"
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "code-activity")
    options: ClassVar[Mapping[str, Option]] = {
        "prefixes": Option("counts", "lengths of the nested codes, such as 4,8,16,32; the last is the code", "LENGTHS"),
    }

    @property
    def n_reconstructions(self) -> int:  # type: ignore[override]
        """The number of outputs that its loss compares with x: one for each prefix."""
        return len(self.sizes)

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: each prefix is decoded with the units after it at 0."""

        def of_prefix(size: int) -> Of:
            first = np.arange(self.widths[-1]) < size
            return lambda seen: (self.decoder.apply(self.encoder.apply(seen.x) * first), seen.x)

        opinion = super().second_opinion()
        for size in self.nested:
            opinion.terms[f"reconstruction_{size}"] = of_prefix(size)
        return opinion


def checked_prefixes(prefixes: Sequence[int] | None, width: int) -> list[int]:
    """Return the lengths of nested codes of this width: the given ones, or an eighth, a quarter, a half, the whole.

    Raises
    ------
    TypeError, ValueError
        If they aren't whole numbers in rising order up to the width.

    Examples
    --------
    >>> checked_prefixes(None, 32), checked_prefixes(None, 3)
    ([4, 8, 16, 32], [1, 3])
    """
    if prefixes is None:
        return sorted({width // part for part in (8, 4, 2, 1)} - {0})
    sizes = [require_count(gettext("each prefix"), size, most=width) for size in prefixes]
    if not sizes or sizes != sorted(set(sizes)) or sizes[-1] != width:
        message = gettext(
            "expected prefixes in rising order up to the code's width, such as {example}, got {prefixes!r}"
        )
        raise ValueError(message.format(example=[1, width], prefixes=prefixes))
    return sizes
