"""The variational autoencoder: a generative model, whose encoder serves to train the decoder (Kingma & Welling 2013).

    x -> encoder -> hidden -> mean -> mu, log_variance -> log_var;   z = mu + exp(½ log_var) eps -> decoder -> x_hat
    loss = reconstruction(x_hat, x) + beta · KL(N(mu, σ²) ‖ N(0, 1)) + decay(weights)

With squared error the decoder is a Gaussian of variance 1, with binary cross-entropy a Bernoulli distribution, and at
beta = 1 the loss is the negative variational bound, up to a constant. A code without information about x is a minimum
in which training may end; free bits and a beta that rises from 0 avoid it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch.backend import Array, Number
from aescratch.codes.bounds import FittedGaussian
from aescratch.divergences import GaussianKL
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng
from aescratch.layers import Sampling
from aescratch.losses import Loss, SquaredError
from aescratch.models.autoencoder import AutoencoderSettings
from aescratch.models.gaussian_code import GaussianCode
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack


class VariationalAutoencoder(GaussianCode):
    """Autoencoder whose code is a distribution near N(0, 1), so that decoding samples of N(0, 1) generates data.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`; the last layer exists twice, for mu and for log_var.
    beta : float
        The divergence's weight in the objective; 1 is the variational bound.
    free_bits : float
        The nats of divergence that each unit has for free, on average over the batch (Kingma et al. 2016).
    warm_up : int
        The number of training steps over which beta rises from 0 to its value (Sønderby et al. 2016); in use mode beta
        has its value.
    variance : str, optional
        ``"fitted"``: the decoder is a Gaussian whose variance is the mean squared error (Rybkin et al. 2021): that of
        the batch in training, a running mean in use. Only for squared error. By default the variance is 1.
    **options
        As for `Autoencoder`, without ``tied`` and ``code_activation``; ``dropout`` and ``batch_norm`` apply to hidden
        layers only.

    Examples
    --------
    >>> model = VariationalAutoencoder([5, 4, 2], rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.encode(x).shape, model.sample(3, rng=0).shape
    ((7, 2), (3, 5))
    """

    beta: float
    free_bits: float

    def __init__(
        self, widths: Sequence[int], beta: float = 1.0, *, free_bits: float = 0.0, warm_up: int = 0,
        variance: str | None = None, **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        self.refuse(options)
        if variance not in (None, "fitted"):
            message = gettext(
                'expected variance to be "fitted", or to be left out, got {variance!r}; with squared error, set '
                "beta for a given variance of the decoder"
            )
            raise ValueError(message.format(variance=variance))
        self.divergence: GaussianKL = GaussianKL(beta, free_bits, warm_up)
        self.beta, self.free_bits = self.divergence.beta, self.divergence.free_bits
        self.warm_up: int = self.divergence.warm_up
        if self.warm_up:
            self.loss_measures_progress = False
        self.variance = variance
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers, the sampling, and the terms."""
        super().build(rng)
        self.sampling: Sampling = Sampling()
        self.divergence.prepare(self.dtype)
        if self.variance == "fitted" and not isinstance(self.reconstruction, SquaredError):
            message = gettext(
                "expected SquaredError() with a fitted variance, which belongs to a Gaussian, got "
                "{reconstruction!r}; leave one of the two out"
            )
            raise ValueError(message.format(reconstruction=self.reconstruction))
        self.fitted: FittedGaussian | None = FittedGaussian(self.dtype) if self.variance == "fitted" else None

    @property
    def likelihood(self) -> Loss:
        """The term that compares x_hat with x: the reconstruction, or a Gaussian with a fitted variance."""
        return self.reconstruction if self.fitted is None else self.fitted

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "mean": self.mean, "log_variance": self.log_variance,
            "sampling": self.sampling, **dict(self.decoder.named("decoder")),
            "reconstruction": self.likelihood, "divergence": self.divergence, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; one new sample per example is drawn unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        hidden = self.encoder.forward(x, rng)
        mu, log_var = self.mean.forward(hidden), self.log_variance.forward(hidden)
        z = self.sampling.forward(mu, log_var, rng)
        x_hat = self.decoder.forward(z, rng)
        return self.likelihood.forward(x_hat, x) + self.divergence.forward(mu, log_var) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_z = self.decoder.backward(self.likelihood.backward())
        grad_mu, grad_log_var = self.sampling.backward(grad_z)
        divergence_mu, divergence_log_var = self.divergence.backward()
        grad_mu += divergence_mu
        grad_log_var += divergence_log_var
        grad_hidden = self.mean.backward(grad_mu) + self.log_variance.backward(grad_log_var)
        self.encoder.backward(grad_hidden)
        self.decay.backward()

    word = "variational"
    order = 80
    objective = "restore x from a sample of its code's distribution, which is to be near N(0, 1)"
    formula = "reconstruction(x_hat, x) + beta · KL(N(mu, σ²) ‖ N(0, 1)) + decay(weights)"
    options: ClassVar[Mapping[str, Option]] = {
        "beta": Option("number", "the weight of the divergence in the objective", "BETA"),
        "free_bits": Option("number", "nats of divergence that each code unit may have at no cost", "NATS"),
        "warm_up": Option("whole", "number of steps in which beta rises from 0 to its value", "STEPS"),
        "variance": Option("variance", "fitted: the decoder's variance is the mean squared error", "VARIANCE"),
    }

    @property
    def decoder_variance(self) -> float:
        """The variance of a Gaussian decoder: the fitted one, or beta, for which loss / beta is that decoder's bound.

        Raises
        ------
        ValueError
            If beta is 0, for squared error.
        """
        if self.fitted is not None:
            return self.fitted.variance
        if isinstance(self.reconstruction, SquaredError) and self.beta == 0:
            message = gettext("expected beta above 0, since it is the decoder's variance here, got 0; set beta")
            raise ValueError(message)
        return self.beta

    why_suited: ClassVar[Mapping[str, str]] = {
        "beta": gettext_noop("the mean variance that PCA of the code's width leaves out"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return beta as the best variance of the decoder's noise for these data (N, D), by PCA.

        With squared error, loss / beta is the loss of a Gaussian decoder of variance beta. The likelihood is largest at
        the mean of the variances that PCA of the code's width leaves out (Tipping & Bishop 1999, equation 8), here at
        least a thousandth of a column's. With another loss, or a fitted variance, beta is not changed.
        """
        if not isinstance(self.reconstruction, SquaredError) or self.variance is not None:
            return {}
        beta = self.noise_variance(x)
        return {"beta": beta} if beta > 0 else {}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the output from a sample z, the divergence from mu, log_var."""

        def z(seen: Seen) -> Array:
            return seen.drawn("sampling", *self.distribution(seen))

        opinion = super().second_opinion()
        opinion.noise["sampling"] = self.decoder
        opinion.heads, opinion.prior_units = (self.mean, self.log_variance), self.widths[-1]
        opinion.terms["reconstruction"] = lambda seen: (self.decoder.apply(z(seen)), seen.x)
        opinion.terms["divergence"] = self.distribution
        opinion.mistaken["the divergence uses z instead of mu"] = (
            "divergence", lambda seen: (z(seen), self.distribution(seen)[1])
        )  # fmt: skip
        return opinion
