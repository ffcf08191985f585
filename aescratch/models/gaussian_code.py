"""The base of autoencoders whose code is a normal distribution: its two heads, and log-likelihoods.

    x -> encoder -> hidden -> mean -> mu, log_variance -> log_var;   q(z|x) = N(mu, σ²),  p(z) = N(0, 1)

The variants' files define how they are trained.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, array_module, move, to_numpy
from aescratch.codes.bounds import likelihood_of
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.principal import principal_variances
from aescratch.foundations.validation import Data, Rng, require_count
from aescratch.layers import Dense, Layer, Sequential
from aescratch.models.generative import GenerativeAutoencoder
from aescratch.models.network import dense_layers, mark_first, name_parameters, without_identity
from aescratch.models.opinion import Seen
from aescratch.models.statements import UnitStatistic
from aescratch.training.ending import sampled

AWAKE = 0.01  # nats
ROWS = 4096  # rows in the decoder at a time, for any number of samples


class GaussianCode(GenerativeAutoencoder):
    """Base of the autoencoders whose code is the mean of a distribution N(mu, σ²) for each example."""

    def refuse(self, options: Any) -> None:
        """Raise TypeError for options of a deterministic code."""
        if options.get("tied") or options.get("code_activation") is not None:
            kind = type(self).__name__
            who = (gettext("an {kind}") if kind[0] in "AEIO" else gettext("a {kind}")).format(kind=kind)
            message = gettext(
                "expected neither tied nor code_activation for {who}: its code is the mean of a "
                "distribution, with no activation and no weights to share; leave them out"
            )
            raise TypeError(message.format(who=who))

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers: the encoder up to the last hidden layer, the two heads, and the decoder."""
        trunk = dense_layers(self.widths[:-1], self.between, self.initializer, self.dtype, rng)
        self.encoder: Sequential = without_identity([*trunk, *self.between(self.widths[-2])] if trunk else [])
        mark_first(self.encoder)
        n_in, n_out = self.widths[-2:]
        self.mean: Dense = Dense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        self.log_variance: Dense = Dense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        self.decoder: Sequential = without_identity([*self.decoder_layers([], rng), self.output_layer()])
        name_parameters("encoder", self.encoder)
        name_parameters("decoder", self.decoder)
        for name, head in (("mean", self.mean), ("log_variance", self.log_variance)):
            head.W.name, head.b.name = f"{name}.W", f"{name}.b"

    def path_to_code(self) -> list[Layer]:
        """Return the layers from x to the code, the mean."""
        return [*self.encoder.layers, self.mean]

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        heads = [*self.mean.parameters, *self.log_variance.parameters]
        return [*self.encoder.parameters, *heads, *self.decoder.parameters]

    def encode(self, x: Data) -> Array:
        """Return the code (N, H) of x (N, D): the mean mu."""
        return self.mean.apply(self.encoder.apply(self.as_input(x)))

    @property
    def decoder_variance(self) -> float:
        """The variance of a Gaussian decoder, for `log_likelihood`."""
        raise NotImplementedError

    def log_likelihood(self, x: Data, n_samples: int = 1000, rng: Rng = None) -> Array:
        """Return log p(x) (N,) of every example x (N, D), in nats, estimated by importance sampling, in float64.

        log 1/K Σ_k p(x|z_k) p(z_k) / q(z_k|x) with K samples z_k of q(z|x), all constants such as −D/2 log 2π included
        (Burda et al. 2015, equation 8). Its mean is below log p(x); more samples make the difference smaller. The
        decoder gets 4,096 rows at a time, or one for each example.

        Parameters
        ----------
        x : (N, D) array of floats
            Examples.
        n_samples : int
            K, at least 1.
        rng : int or numpy.random.Generator, optional
            Draws the samples; by default the model's own generator.

        Raises
        ------
        ValueError
            If the decoder is neither Gaussian nor Bernoulli, or has no variance.

        Examples
        --------
        >>> model = ae.VariationalAutoencoder([5, 4, 2], rng=0)
        >>> model.log_likelihood(np.zeros((7, 5), np.float32), n_samples=100, rng=0).shape
        (7,)
        """
        x, rng, left = self.as_batch(x), self.noise(rng), require_count("n_samples", n_samples)
        likelihood = likelihood_of(self.reconstruction, self.decoder_variance, "a log-likelihood")
        hidden, xp = self.encoder.apply(x), array_module(x)
        mu, log_var = (head.apply(hidden).astype("float64") for head in (self.mean, self.log_variance))
        x, total = x.astype("float64"), xp.full(len(x), -math.inf)
        while left:
            k = min(left, max(1, ROWS // len(x)))
            eps = move(rng.standard_normal((len(x), k, mu.shape[1])), self.backend)
            z = functions.several_samples(mu, log_var, eps)
            output = self.decoder.apply(functions.as_rows(z, k).astype(self.dtype)).astype("float64")
            log_w = functions.log_weights(likelihood.apply(output, x), z, mu, log_var)
            total = xp.logaddexp(total, functions.log_mean_exp(log_w) + math.log(k))
            left -= k
        found: Array = total - math.log(n_samples)
        return found

    def noise_variance(self, x: Array) -> float:
        """Return the best variance of a Gaussian decoder's noise for data x (N, D), by PCA.

        It is the mean of the variances that PCA of the code's width leaves out (Tipping & Bishop 1999, equation 8),
        here at least a thousandth of a column's.
        """
        (sample,) = sampled([x])
        variances = principal_variances(sample)
        left = variances[self.widths[-1] :].sum() / max(x.shape[1] - self.widths[-1], 1)
        return max(float(left), 1e-3 * float(variances.sum()) / x.shape[1])

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return each unit's divergence from N(0, 1), in nats, over the examples x (N, D); below 0.01 it is asleep."""
        hidden = self.encoder.apply(self.as_input(x))
        mu, log_var = (to_numpy(head.apply(hidden)).astype(np.float64) for head in (self.mean, self.log_variance))
        units = zip(mu.T[:, :, None], log_var.T[:, :, None], strict=True)
        with np.errstate(over="ignore"):  # far from the training data the divergence is infinite
            divergence = np.array([functions.gaussian_kl(*unit) for unit in units])
        return UnitStatistic(gettext_noop("divergence per unit, in nats"), divergence, divergence < AWAKE)

    def distribution(self, seen: Seen) -> tuple[Array, Array]:
        """Return mu and log_var of a batch, for second opinions."""
        hidden = self.encoder.apply(seen.x)
        return self.mean.apply(hidden), self.log_variance.apply(hidden)
