"""The vanilla autoencoder: an encoder compresses x into a code h, a decoder restores x from it.

    x -> encoder -> h -> decoder -> x_hat;   loss = reconstruction(x_hat, x) + decay(weights)

Each of the other variants changes one thing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypedDict

import numpy as np

from aescratch.activations import GELU, Identity, ReLU
from aescratch.backend import Array, Number, move, to_numpy
from aescratch.batch_norm import BatchNorm
from aescratch.dropout import Dropout
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.scaling import Scaling
from aescratch.foundations.streams import as_stream, is_streamed, pieces_of
from aescratch.foundations.validation import (
    Data,
    Rng,
    as_array,
    as_generator,
    as_matrix,
    require_dtype,
    require_flag,
    require_number,
    require_rows,
)
from aescratch.initializers import xavier_uniform
from aescratch.layers import Dense, Layer, Sequential
from aescratch.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy, SquaredError
from aescratch.models.base import Model
from aescratch.models.network import (
    check_widths,
    dense_layers,
    make_activation,
    mark_first,
    name_parameters,
    tied_decoder_layers,
    without_identity,
)
from aescratch.models.opinion import SecondOpinion, of_code
from aescratch.models.statements import Option, UnitStatistic, never_change
from aescratch.penalties import WeightDecay


class AutoencoderSettings(TypedDict, total=False):
    """The arguments of `Autoencoder` that variants take as ``**options``, for type checkers and editors."""

    activation: Callable[..., Layer]
    code_activation: Callable[..., Layer] | None
    output_activation: Callable[..., Layer] | None
    tied: bool
    reconstruction: Loss
    weight_decay: float
    dropout: float
    batch_norm: bool
    initializer: Callable[..., Array]
    dtype: str
    rng: Rng


class Autoencoder(Model):
    """Vanilla autoencoder.

    Parameters
    ----------
    widths : list of int
        Widths of the encoder from input to code; the decoder mirrors them.
    activation : class, or functools.partial of one
        The activation between layers.
    code_activation : class, optional
        The activation of the code; None means the variant's default, here the same as `activation`.
    output_activation : class, optional
        The activation of the decoder's output; None means none.
    tied : bool
        Whether the decoder uses the transposed weights of the encoder.
    reconstruction : Loss
        `SquaredError()`, or `BinaryCrossEntropy()` for data in [0, 1], with which the decoder emits logits.
    weight_decay : float
        lam in the term (lam/2) Σ W², biases excluded.
    dropout : float
        The probability, in [0, 1), with which `Dropout` drops hidden units and code units in training.
    batch_norm : bool
        Whether `BatchNorm` comes before the activation of every hidden layer and of the code.
    initializer : callable
        Draws the weights, by default `xavier_uniform`.
    dtype : str
        ``"float32"`` or ``"float64"``.
    rng : int or numpy.random.Generator, optional
        Draws the weights and the model's own noise.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; the message says what was expected.

    Examples
    --------
    >>> model = Autoencoder([5, 3], rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model.encode(x).shape, model.reconstruct(x).shape
    ((7, 3), (7, 5))
    >>> loss = model.loss(x)
    >>> model.backward()
    >>> [parameter.name for parameter in model.parameters]
    ['encoder.W1', 'encoder.b1', 'decoder.W1', 'decoder.b1']
    """

    activation: Callable[..., Layer]
    code_activation: Callable[..., Layer] | None
    output_activation: Callable[..., Layer] | None
    tied: bool
    batch_norm: bool
    encoder: Sequential

    def __init__(
        self, widths: Sequence[int], *, activation: Callable[..., Layer] = ReLU,
        code_activation: Callable[..., Layer] | None = None, output_activation: Callable[..., Layer] | None = None,
        tied: bool = False, reconstruction: Loss = SquaredError(), weight_decay: float = 0.0, dropout: float = 0.0,
        batch_norm: bool = False, initializer: Callable[..., Array] = xavier_uniform, dtype: str = "float32",
        rng: Rng = None,
    ) -> None:  # fmt: skip
        self.widths: list[int] = check_widths(widths)
        make_activation("activation", activation)
        self.activation, self.code_activation, self.output_activation = activation, code_activation, output_activation
        self.tied, self.batch_norm = require_flag("tied", tied), require_flag("batch_norm", batch_norm)
        self.dropout: float = require_number("dropout", dropout, least=0, below=1)
        self.reconstruction: Loss = _check_reconstruction(reconstruction, output_activation)
        self.initializer = initializer
        self.dtype: str = require_dtype(dtype)
        generator = as_generator(rng)
        self.build(generator)
        self.decay: WeightDecay = WeightDecay(weight_decay, self.parameters)
        self.weight_decay: float = self.decay.lam
        self.settle(generator)

    def build(self, rng: np.random.Generator) -> None:
        """Make the layers: the encoder with the code's activation, and the decoder."""
        encoder = dense_layers(self.widths, self.between, self.initializer, self.dtype, rng)
        decoder = self.decoder_layers(encoder, rng)
        self.encoder = without_identity([*encoder, *self.normalization(self.widths[-1]), *self.code_layers()])
        self.decoder: Sequential = without_identity([*self.silenced(), *decoder, self.output_layer()])
        mark_first(self.encoder)
        name_parameters("encoder", self.encoder)
        name_parameters("decoder", self.decoder)

    def between(self, width: int) -> list[Layer]:
        """Return the layers between two dense layers: the activation, and normalisation and dropout if set."""
        return [*self.normalization(width), make_activation("activation", self.activation), *self.silenced()]

    def normalization(self, width: int) -> list[Layer]:
        """Return a new batch normalisation of this width, if the model has it."""
        return [BatchNorm(width, dtype=self.dtype)] if self.batch_norm else []

    def silenced(self) -> list[Layer]:
        """Return a new dropout layer, if the model has dropout."""
        return [Dropout(self.dropout)] if self.dropout else []

    def decoder_layers(self, encoder: Sequence[Layer], rng: np.random.Generator) -> list[Layer]:
        """Return the decoder's dense layers, mirroring the encoder's, with activations between them."""
        if not self.tied:
            return dense_layers(self.widths[::-1], self.between, self.initializer, self.dtype, rng)
        for layer in encoder:
            if isinstance(layer, Dense):
                layer.adds = True  # the decoder's backward comes first, and writes W.grad
        return tied_decoder_layers(encoder, self.between)

    def code_layers(self) -> list[Layer]:
        """Return the layers after the encoder's last dense layer: the code's activation."""
        return [make_activation("code_activation", self.code_activation or self.default_code_activation())]

    def default_code_activation(self) -> Callable[..., Layer]:
        """Return the default class of the code's activation."""
        return self.activation

    def output_layer(self) -> Layer:
        """Return the layers after the decoder's last dense layer."""
        return make_activation("output_activation", self.output_activation or Identity)

    def path_to_code(self) -> list[Layer]:
        """Return the layers from x to the code."""
        return self.encoder.layers

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, in forward order, encoder first."""
        return [*self.encoder.parameters, *self.decoder.parameters]

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs.

        Parameters
        ----------
        x : (N, D) array of floats
            A batch.
        rng : int or numpy.random.Generator, optional
            Draws the noise, if the variant has any; a seed freezes it. By default the model's own generator.
        """
        x, rng = self.as_batch(x), self.noise(rng)
        h = self.encoder.forward(x, rng)
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()

    def encode(self, x: Data) -> Array:
        """Return the code h (N, H) of x (N, D)."""
        return self.encoder.apply(self.as_input(x))

    def decode(self, h: Data) -> Array:
        """Return the reconstruction (N, D) from a code h (N, H); probabilities with cross-entropy."""
        code = self.require_same_backend(as_matrix(h, self.dtype, self.widths[-1], gettext("the code")))
        return self.reconstruction.to_data(self.decoder.apply(code))

    def reconstruct(self, x: Data) -> Array:
        """Return decode(encode(x)), (N, D)."""
        return self.decode(self.encode(x))

    def as_batch(self, x: Any) -> Array:
        """Return x (N, D), validated as a batch for the loss, in the model's dtype.

        Raises
        ------
        TypeError, ValueError
            If the batch is invalid for this model or its loss; the message says what was expected.
        """
        x = self.as_input(x)
        if not self.trusts_batches:
            self.reconstruction.check_data(x)
        return x

    def as_input(self, x: Any) -> Array:
        """Return x (N, D), validated as input of the encoder, not for the loss, in the model's dtype."""
        if self.trusts_batches:
            checked: Array = x
            return checked
        return self.require_same_backend(as_matrix(x, self.dtype, self.widths[0]))

    def as_data(self, x: Any, labels: Any = None) -> Sequence[Array]:
        """Return the data that `loss` takes, x alone, validated and moved to the model's device."""
        if labels is not None:
            message = gettext(
                "expected no labels: an autoencoder learns from x alone; ae.SoftmaxClassifier takes labels"
            )
            raise TypeError(message)
        x = as_matrix(x, self.dtype, self.widths[0])
        self.reconstruction.check_data(x)
        return (move(x, self.backend),)

    def scaling_for(self, x: Data, how: str = "auto") -> Scaling | None:
        """Return the scaling for data x (N, D), or None if they need none.

        If the loss needs data in [0, 1], ``"auto"`` means ``"minmax"`` for other data, and ``"standardize"`` is an
        error.
        """
        if is_streamed(x):
            x = as_stream(x)
            require_rows(x, self.widths[0], "x")
        else:
            given = as_array(x)
            x = as_matrix(given, given.dtype.name, self.widths[0])
        if how == "auto" and isinstance(self.reconstruction, BinaryCrossEntropy):
            how = "none" if all(rows.min() >= 0 and rows.max() <= 1 for rows in pieces_of(x)) else "minmax"
        if how == "standardize" and isinstance(self.reconstruction, BinaryCrossEntropy):
            message = gettext(
                "expected minmax or auto for binary cross-entropy, got standardize, whose values are outside of [0, 1]"
            )
            raise ValueError(message)
        scaling = Scaling.fit(x, how)
        return None if scaling.changes_nothing else scaling

    why_suited: ClassVar[Mapping[str, str]] = {
        "code_activation": gettext_noop("units of a ReLU code can die"),
    }

    def suited_settings(self, x: Array) -> dict[str, Any]:
        """Return better defaults for data x (N, D), which are scaled already.

        A ReLU code may lose units permanently; a GELU code is also non-linear, and loses none.
        """
        wanted = self.code_activation or self.default_code_activation()
        return {"code_activation": GELU} if wanted is ReLU else {}

    def unit_statistic(self, x: Data) -> UnitStatistic:
        """Return the share of the examples x (N, D) for which each code unit isn't 0; constant ones are asleep."""
        h = to_numpy(self.encode(x)).astype(np.float64)
        return UnitStatistic(gettext_noop("share of the code that isn't 0"), (h != 0).mean(axis=0), never_change(h))

    word = "vanilla"
    order = 10
    objective = "restore x from its code"
    formula = "reconstruction(x_hat, x) + decay(weights)"
    figures: ClassVar[tuple[str, ...]] = ("filters", "reconstructions")
    options: ClassVar[Mapping[str, Option]] = {
        "activation": Option("activation", "between layers: {words}", "NAME"),
        "code_activation": Option("activation", "activation of the code (default: the variant's own)", "NAME"),
        "output_activation": Option("activation", "activation of the decoder's output (default: none)", "NAME"),
        "tied": Option("switch", "let the decoder use the encoder's weights, transposed"),
        "reconstruction": Option("reconstruction", "{words} (bce in short, for data in [0, 1])", "LOSS"),
        "weight_decay": Option("number", "lam in the term (lam/2) Σ W²", "LAM"),
        "dropout": Option(
            "number", "the share of hidden units and code units that are set to 0 in training", "P"
        ),
        "batch_norm": Option("switch", "normalise hidden layers and code over the batch, before their activation"),
        "initializer": Option("initializer", "{words}", "NAME"),
        "dtype": Option(
            "dtype",
            "the type of the parameters, float32 or float64; step and check compute in float64", "TYPE"
        ),
    }  # fmt: skip

    @property
    def autoencoder(self) -> Autoencoder:
        """The model itself; a classifier has another one, whose encoder it uses."""
        return self

    @property
    def n_inputs(self) -> int:
        """The width of an example."""
        return self.widths[0]

    def second_opinion(self) -> SecondOpinion:
        """Return the objective and the promises, computed independently: the target of x_hat, and the code."""

        def code(x: Array) -> Array:
            for layer in self.path_to_code():
                x = layer.apply(x)
            return x

        opinion = of_code(self.encoder, self.decoder)
        opinion.code, opinion.output = code, self.decoder.apply
        return opinion


def _check_reconstruction(reconstruction: Any, output_activation: Any) -> Loss:
    """Return this model's own copy of the loss."""
    if not isinstance(reconstruction, Loss) or isinstance(reconstruction, SoftmaxCrossEntropy):
        got = repr(reconstruction)
        if isinstance(reconstruction, type) and issubclass(reconstruction, Loss):
            got = gettext("the class; write ae.{name}(), with brackets").format(name=reconstruction.__name__)
        message = gettext("expected reconstruction to be a loss such as ae.SquaredError(), got {got}")
        raise TypeError(message.format(got=got))
    if isinstance(reconstruction, BinaryCrossEntropy) and output_activation not in (None, Identity):
        message = gettext(
            "expected no output_activation with BinaryCrossEntropy, whose decoder emits logits; leave "
            "output_activation out: decode returns probabilities anyway"
        )
        raise ValueError(message)
    return copy.copy(reconstruction)
