"""The importance-weighted autoencoder: a bound from several samples of each code (Burda et al. 2015).

    x -> encoder -> hidden -> mean -> mu, log_variance -> log_var;   z_k = mu + exp(½ log_var) eps_k, k = 1 ... K
    z_k -> decoder -> x_hat_k -> likelihood -> log p(x|z_k)
    w_k = p(x|z_k) p(z_k) / q(z_k|x);   loss = −log 1/K Σ_k w_k, mean over the batch + decay(weights)

With one sample it is the variational bound, with a sampled divergence; with more samples it comes nearer to −log p(x).
All constants are included. The share of sample k in the gradient is w_k / Σ_l w_l, a softmax of log w.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number
from aescratch.codes.bounds import (
    DoublyReparameterizedBound,
    DoublyReparameterizedSamples,
    ImportanceBound,
    SeveralSamples,
    likelihood_of,
)
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Rng, require_count, require_number
from aescratch.losses import SquaredError
from aescratch.models.autoencoder import AutoencoderSettings
from aescratch.models.gaussian_code import GaussianCode
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ImportanceWeightedAutoencoder(GaussianCode):
    """Autoencoder trained with a bound on log p(x) from several samples of each example's code.

    Parameters
    ----------
    widths : list of int
        As for `VariationalAutoencoder`.
    n_samples : int
        K, the samples of each code, at least 1.
    estimator : str
        ``"plain"``, whose gradient is the derivative of the loss; or ``"dreg"``, the doubly reparameterised one (Tucker
        et al. 2018), which has the same mean, and far less noise for the encoder if q is near the posterior.
    variance : float
        The variance of a Gaussian decoder, above 0; unused with binary cross-entropy.
    **options
        As for `Autoencoder`, without ``tied`` and ``code_activation``; `reconstruction` is `SquaredError()` for a
        Gaussian decoder, or `BinaryCrossEntropy()`.

    Examples
    --------
    >>> model = ImportanceWeightedAutoencoder([5, 4, 2], n_samples=3, rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> loss = model.loss(x, rng=0)
    >>> model.bound.weights.shape
    (7, 3)
    """

    n_samples: int
    bound: DoublyReparameterizedBound | ImportanceBound

    def __init__(
        self, widths: Sequence[int], n_samples: int = 5, *, estimator: str = "plain", variance: float = 1.0,
        **options: Unpack[AutoencoderSettings],
    ) -> None:  # fmt: skip
        self.refuse(options)
        if estimator not in ("plain", "dreg"):
            message = gettext('expected estimator to be "plain" or "dreg", got {estimator!r}')
            raise ValueError(message.format(estimator=estimator))
        self.n_samples, self.estimator = require_count("n_samples", n_samples), estimator
        self.variance: float = require_number("variance", variance, above=0)
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers, the sampling, the likelihood and the bound."""
        super().build(rng)
        doubly = self.estimator == "dreg"
        kind: type[SeveralSamples] = DoublyReparameterizedSamples if doubly else SeveralSamples
        self.sampling: DoublyReparameterizedSamples | SeveralSamples = kind(self.n_samples)
        self.likelihood: Any = likelihood_of(self.reconstruction, self.variance, "an ImportanceWeightedAutoencoder")
        self.bound = DoublyReparameterizedBound() if doubly else ImportanceBound()

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "mean": self.mean, "log_variance": self.log_variance,
            "sampling": self.sampling, **dict(self.decoder.named("decoder")),
            "likelihood": self.likelihood, "bound": self.bound, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; K new samples per example are drawn unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        hidden = self.encoder.forward(x, rng)
        mu, log_var = self.mean.forward(hidden), self.log_variance.forward(hidden)
        z = self.sampling.forward(mu, log_var, rng)  # (N, K, H)
        x_hat = self.decoder.forward(functions.as_rows(z, self.n_samples), rng)
        log_p = self.likelihood.forward(x_hat, x)
        bound = self.bound.forward(log_p, z, mu, log_var)
        if isinstance(self.sampling, DoublyReparameterizedSamples):
            self.sampling.weigh(self.bound.weights)
        return bound + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss, or the estimator's."""
        grad_log_p, grad_z, grad_mu, grad_log_var = self.bound.backward()
        grad_rows = self.decoder.backward(self.likelihood.backward(grad_log_p))
        grad_z += functions.as_rows_backward(grad_rows, self.n_samples)
        sampled_mu, sampled_log_var = self.sampling.backward(grad_z)
        grad_mu += sampled_mu
        grad_log_var += sampled_log_var
        grad_hidden = self.mean.backward(grad_mu) + self.log_variance.backward(grad_log_var)
        self.encoder.backward(grad_hidden)
        self.decay.backward()

    word = "importance-weighted"
    order = 82
    objective = "make x likely, by a bound from several samples of its code's distribution"
    formula = "bound(p(x|z) p(z) / q(z|x)) + decay(weights)"
    options: ClassVar[Mapping[str, Option]] = {
        "n_samples": Option("count", "number of samples of each code in the bound", "K"),
        "estimator": Option(
            "estimator", "the estimator of the encoder's gradient: plain or dreg (doubly reparameterised)", "NAME"
        ),
        "variance": Option("variance", "a number, the variance of a Gaussian decoder", "VARIANCE"),
    }

    @property
    def decoder_variance(self) -> float:
        """The variance of a Gaussian decoder."""
        return self.variance

    why_suited: ClassVar[Mapping[str, str]] = {
        "variance": gettext_noop("the mean variance that PCA of the code's width leaves out"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return the best variance of the decoder's noise for these data (N, D), by PCA."""
        variance = self.noise_variance(x) if isinstance(self.reconstruction, SquaredError) else 0.0
        return {"variance": variance} if variance > 0 else {}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: the bound from likelihoods, samples, mu and log_var."""

        def rows(seen: Seen) -> Array:
            return seen.drawn("sampling", *self.distribution(seen)).reshape(-1, self.widths[-1])

        def weighed(seen: Seen) -> tuple[Array, ...]:
            z = rows(seen)
            log_p = self.likelihood.apply(self.decoder.apply(z), seen.x)
            return log_p, z.reshape(len(seen.x), -1, z.shape[1]), *self.distribution(seen)

        opinion = super().second_opinion()
        del opinion.terms["reconstruction"]
        opinion.against = ""
        opinion.noise["sampling"] = self.decoder
        opinion.heads = self.mean, self.log_variance
        opinion.terms["bound"] = weighed
        return opinion
