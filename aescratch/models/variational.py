"""The variational autoencoder: a generative model, whose encoder is there to train the decoder (Kingma & Welling 2013).

    x -> encoder -> hidden -> mean -> mu, log_variance -> log_var;   z = mu + exp(½ log_var) eps -> decoder -> x_hat
    loss = reconstruction(x_hat, x) + beta · KL(N(mu, σ²) ‖ N(0, 1)) + decay(weights)

With squared error the decoder is a Gaussian of variance one, with binary cross-entropy a Bernoulli distribution, and
at beta = 1 the loss is the negative variational bound, up to a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number, move, to_numpy
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.principal import principal_variances
from aescratch.foundations.validation import Data, Rng, require_count
from aescratch.layers import Dense, Layer, Sampling
from aescratch.losses import SquaredError
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.network import dense_layers, mark_first, name_parameters, without_identity
from aescratch.models.opinion import SecondOpinion, Seen
from aescratch.models.statements import Option, UnitStatistic
from aescratch.penalties import GaussianKL
from aescratch.training.ending import sampled

if TYPE_CHECKING:
    from typing_extensions import Unpack

AWAKE = 0.01  # nats


class VariationalAutoencoder(Autoencoder):
    """Autoencoder whose code is a distribution near N(0, 1), so that decoding samples of N(0, 1) generates data.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`; the last step is made twice, once for mu and once for log_var.
    beta : float
        The divergence's share in the objective; 1 is the variational bound.
    **options
        As for `Autoencoder`, without ``tied`` and ``code_activation``; ``dropout`` and ``batch_norm`` are of the hidden
        layers alone.

    Examples
    --------
    >>> model = VariationalAutoencoder([5, 4, 2], rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.encode(x).shape, model.sample(3, rng=0).shape
    ((7, 2), (3, 5))
    """

    def __init__(self, widths: Sequence[int], beta: float = 1.0, **options: Unpack[AutoencoderSettings]) -> None:
        if options.get("tied") or options.get("code_activation") is not None:
            raise TypeError(
                "expected neither tied nor code_activation for a VariationalAutoencoder: its code is the mean of a "
                "distribution, with no activation and no weights to share; leave them out"
            )
        self.divergence = GaussianKL(beta)
        self.beta = self.divergence.beta
        super().__init__(widths, **options)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers: the encoder up to the last hidden layer, the two heads, and the decoder."""
        trunk = dense_layers(self.widths[:-1], self.between, self.initializer, self.dtype, rng)
        self.encoder = without_identity([*trunk, *self.between(self.widths[-2])] if trunk else [])
        mark_first(self.encoder)
        n_in, n_out = self.widths[-2:]
        self.mean = Dense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        self.log_variance = Dense(n_in, n_out, initializer=self.initializer, dtype=self.dtype, rng=rng)
        self.sampling = Sampling()
        self.decoder = without_identity([*self.decoder_layers([], rng), self.output_layer()])
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

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "mean": self.mean, "log_variance": self.log_variance,
            "sampling": self.sampling, **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "divergence": self.divergence, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number; one sample per example, drawn anew unless rng is a seed."""
        x, rng = self.as_batch(x), self.noise(rng)
        hidden = self.encoder.forward(x, rng)
        mu, log_var = self.mean.forward(hidden), self.log_variance.forward(hidden)
        z = self.sampling.forward(mu, log_var, rng)
        x_hat = self.decoder.forward(z, rng)
        return self.reconstruction.forward(x_hat, x) + self.divergence.forward(mu, log_var) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_z = self.decoder.backward(self.reconstruction.backward())
        grad_mu, grad_log_var = self.sampling.backward(grad_z)
        divergence_mu, divergence_log_var = self.divergence.backward()
        grad_mu += divergence_mu
        grad_log_var += divergence_log_var
        grad_hidden = self.mean.backward(grad_mu) + self.log_variance.backward(grad_log_var)
        self.encoder.backward(grad_hidden)
        self.decay.backward()

    def encode(self, x: Data) -> Array:
        """Return the code (N, H) of x (N, D): the mean mu."""
        return self.mean.apply(self.encoder.apply(self.as_batch(x)))

    def sample(self, n: int, rng: Rng = None) -> Array:
        """Return n new examples (n, D): decoded samples of the prior N(0, 1), drawn by rng or the model's own."""
        z = self.noise(rng).standard_normal((require_count("n", n), self.widths[-1])).astype(self.dtype, copy=False)
        return self.decode(move(z, self.backend))

    word = "variational"
    order = 80
    objective = "restore x from a sample of its code's distribution, which is to be near N(0, 1)"
    formula = "reconstruction(x_hat, x) + beta · KL(N(mu, σ²) ‖ N(0, 1)) + decay(weights)"
    figures = (*Autoencoder.figures, "latent-traversal", "samples")
    options: ClassVar[Mapping[str, Option]] = {
        "beta": Option("number", "the divergence's share in the objective", "BETA"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return beta as the variance of the decoder's noise that PCA finds best for these data (N, D).

        With squared error, the loss over beta is that of a Gaussian decoder of variance beta. The likelihood is largest
        at the mean of the variances that PCA of the code's width leaves out (Tipping & Bishop 1999, equation 8); here
        it is at least a thousandth of a column's. With another loss beta stays what it is.
        """
        if not isinstance(self.reconstruction, SquaredError):
            return {}
        (sample,) = sampled([x])
        variances = principal_variances(sample)
        left = variances[self.widths[-1] :].sum() / max(x.shape[1] - self.widths[-1], 1)
        beta = max(float(left), 1e-3 * float(variances.sum()) / x.shape[1])
        return {"beta": beta} if beta > 0 else {}

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return each unit's divergence from N(0, 1) in nats, mean over the examples x (N, D); 0.01 keep it awake."""
        hidden = self.encoder.apply(self.as_batch(x))
        mu, log_var = (to_numpy(head.apply(hidden)).astype(np.float64) for head in (self.mean, self.log_variance))
        units = zip(mu.T[:, :, None], log_var.T[:, :, None], strict=True)
        with np.errstate(over="ignore"):  # far from what it was trained on the divergence is infinite
            divergence = np.array([functions.gaussian_kl(*unit) for unit in units])
        return UnitStatistic("divergence per unit, in nats", divergence, divergence < AWAKE)

    def second_opinion(self) -> SecondOpinion:
        """Return the objective once more: the output is of the sample z, the divergence of mu and log_var."""

        def distribution(seen: Seen) -> tuple[Array, Array]:
            hidden = self.encoder.apply(seen.x)
            return self.mean.apply(hidden), self.log_variance.apply(hidden)

        def z(seen: Seen) -> Array:
            return seen.drawn("sampling", *distribution(seen))

        opinion = super().second_opinion()
        opinion.noise["sampling"] = self.decoder
        opinion.heads, opinion.prior_units = (self.mean, self.log_variance), self.widths[-1]
        opinion.terms["reconstruction"] = lambda seen: (self.decoder.apply(z(seen)), seen.x)
        opinion.terms["divergence"] = distribution
        opinion.mistaken["the divergence takes z for mu"] = (
            "divergence", lambda seen: (z(seen), distribution(seen)[1])
        )  # fmt: skip
        return opinion
