"""The denoising autoencoder: corrupts its input, and restores the clean x (Vincent et al. 2008).

    x -> corruption -> x_tilde -> encoder -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)

With ``loss_on="hidden"`` it is a masked autoencoder (He et al. 2021): most of x is hidden, and the reconstruction
counts only there, so that copying the visible entries gains nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number
from aescratch.corruptions import Corruption, GaussianNoise, HiddenEntries
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng
from aescratch.losses import SquaredError
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.opinion import SecondOpinion, Seen, with_damaged_input
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack

CORRUPTION = Option("corruption", "the corruption of the input: {words}", "NOISE")


class DenoisingAutoencoder(Autoencoder):
    """Autoencoder that restores a clean x from a corrupted one; `encode` and `reconstruct` corrupt nothing.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`.
    corruption : Corruption
        `GaussianNoise(sigma)`, `MaskingNoise(p)` or `SaltAndPepperNoise(p)`.
    loss_on : str
        ``"all"`` entries of x, or ``"hidden"``: only those that the corruption has replaced, for masking and
        salt-and-pepper noise, with squared error.
    **options
        As for `Autoencoder`.

    Examples
    --------
    >>> import numpy as np
    >>> model = DenoisingAutoencoder([5, 3], corruption=GaussianNoise(0.5), rng=0)
    >>> x = np.zeros((7, 5), np.float32)
    >>> bool(model.loss(x, rng=1) == model.loss(x, rng=1) != model.loss(x, rng=2))
    True
    """

    corruption: Corruption
    loss_on: str

    def __init__(
        self, widths: Sequence[int], corruption: Corruption = GaussianNoise(0.3), *, loss_on: str = "all",
        **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        self.corruption, self.loss_on = check_corruption(corruption), loss_on
        super().__init__(widths, **options)
        self.hidden_entries: HiddenEntries | None = self._check_loss_on()

    def _check_loss_on(self) -> HiddenEntries | None:
        """Return the part that keeps only the hidden entries, or None if all count."""
        if self.loss_on not in ("all", "hidden"):
            message = gettext('expected loss_on to be "all" or "hidden", got {loss_on!r}')
            raise ValueError(message.format(loss_on=self.loss_on))
        if self.loss_on == "all":
            return None
        if not self.corruption.hides:
            message = gettext(
                'expected a corruption that hides entries for loss_on="hidden", such as ae.MaskingNoise(0.75), got '
                "{corruption!r}, which leaves a part of each entry visible"
            )
            raise ValueError(message.format(corruption=self.corruption))
        if not isinstance(self.reconstruction, SquaredError):
            message = gettext(
                'expected SquaredError() with loss_on="hidden", got {reconstruction!r}: visible entries are 0 in x '
                "and in x_hat, and only the squared error is 0 there; leave reconstruction out"
            )
            raise ValueError(message.format(reconstruction=self.reconstruction))
        return HiddenEntries()

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        parts = {"corruption": self.corruption, **super().parts}
        if self.hidden_entries is not None:
            terms = {name: parts.pop(name) for name in ("reconstruction", "decay")}
            parts |= {"hidden_entries": self.hidden_entries, **terms}
        return parts

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; new corruption is drawn unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        x_tilde = self.corruption.forward(x, rng)
        h = self.encoder.forward(x_tilde, rng)
        x_hat = self.decoder.forward(h, rng)
        if self.hidden_entries is not None:
            keep = self.corruption.keep
            x_hat, x = self.hidden_entries.forward(x_hat, keep), functions.hidden_entries(x, keep)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_x_hat = self.reconstruction.backward()
        if self.hidden_entries is not None:
            grad_x_hat = self.hidden_entries.backward(grad_x_hat)
        grad_h = self.decoder.backward(grad_x_hat)
        self.encoder.backward(grad_h)  # the corruption has no parameters, and grad_x is not needed
        self.decay.backward()

    word = "denoising"
    order = 30
    objective = "restore the clean x from a corrupted one"
    figures: ClassVar[tuple[str, ...]] = (*Autoencoder.figures, "denoising")
    options: ClassVar[Mapping[str, Option]] = {
        "corruption": CORRUPTION,
        "loss_on": Option("entries", "entries of x that count in the reconstruction error: all or hidden", "ENTRIES"),
    }

    def settings(self) -> dict[str, Any]:
        """Return the constructor's arguments; loss_on only if it isn't the default, since older files don't have it."""
        settings = super().settings()
        return {name: value for name, value in settings.items() if (name, value) != ("loss_on", "all")}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the code is that of the damaged x, the target is the clean x."""
        opinion = with_damaged_input(super().second_opinion(), self.encoder, self.decoder)
        if self.hidden_entries is None:
            return opinion
        everywhere = opinion.terms["reconstruction"]

        def where(count: Callable[[Array], Array]) -> Callable[[Seen], tuple[Array, Array]]:
            def of(seen: Seen) -> tuple[Array, Array]:
                output, x = everywhere(seen)  # this call records the corruption that was drawn
                counts = count(self.corruption.keep) > 0
                return np.where(counts, output, 0.0), np.where(counts, x, 0.0)

            return of

        opinion.terms["reconstruction"] = where(lambda keep: keep == 0)
        opinion.mistaken["all entries count, where only the hidden ones should"] = "reconstruction", everywhere
        opinion.mistaken["visible entries count, where hidden ones should"] = "reconstruction", where(lambda keep: keep)
        return opinion


def check_corruption(corruption: Any) -> Corruption:
    """Return this model's own copy of the corruption."""
    if not isinstance(corruption, Corruption):
        message = gettext("expected a corruption such as ae.GaussianNoise(0.3), got {corruption!r}")
        raise TypeError(message.format(corruption=corruption))
    return copy.copy(corruption)
