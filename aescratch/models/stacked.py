"""The stacked autoencoder: trained one layer after the other, then as a whole (Bengio et al. 2007).

    pretrain:  x -> layer 1 -> x_hat;  then h1 -> layer 2 -> h1_hat;  ...   each an autoencoder on the codes below it
    fit:       x -> encoder -> h -> decoder -> x_hat                        the whole stack, unrolled, from there

Before Xavier initialisation this was the way to initialise a deep network. Pre-training works on the stack's own
parameters, so nothing is copied afterwards. Corruption, if any, belongs to pre-training: the codes for the next layer
are clean, and fine-tuning is that of the vanilla autoencoder.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from aescratch.backend import Array, Number
from aescratch.corruptions import Corruption
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.foundations.streams import Stream
from aescratch.foundations.validation import Data, Rng, as_matrix
from aescratch.layers import Layer, Sequential
from aescratch.losses import Loss, SquaredError
from aescratch.models.autoencoder import Autoencoder, AutoencoderSettings
from aescratch.models.base import Model
from aescratch.models.denoising import CORRUPTION, check_corruption
from aescratch.models.network import mark_first, stages
from aescratch.models.opinion import SecondOpinion, of_code, with_damaged_input
from aescratch.models.statements import Option
from aescratch.optimizers import Optimizer
from aescratch.optimizers.lbfgs import LBFGS
from aescratch.penalties import WeightDecay
from aescratch.training.history import History
from aescratch.training.plan import data_for_fit

if TYPE_CHECKING:
    from typing_extensions import Unpack


class PretrainSettings(TypedDict, total=False):
    """The arguments of `fit` that `pretrain` passes on, for type checkers and editors."""

    epochs: int
    batch_size: int
    optimizer: Optimizer | LBFGS | None
    progress: bool | None
    communicator: Any
    local: bool


class StackedAutoencoder(Autoencoder):
    """Deep autoencoder with greedy layer-wise pre-training.

    Parameters
    ----------
    widths : list of int
        As for `Autoencoder`; every step between them is a layer of the stack.
    corruption : Corruption, optional
        Damages each layer's input during pre-training, which makes a stack of denoising autoencoders.
    **options
        As for `Autoencoder`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> model = StackedAutoencoder([5, 4, 3], rng=0)
    >>> [len(history) for history in model.pretrain(x, epochs=2, rng=0)]
    [2, 2]
    >>> len(model.fit(x, epochs=3, rng=0))
    3
    """

    def __init__(
        self, widths: Sequence[int], corruption: Corruption | None = None, **options: Unpack[AutoencoderSettings]
    ) -> None:
        self.corruption: Corruption | None = None if corruption is None else check_corruption(corruption)
        super().__init__(widths, **options)

    def pretrain(
        self, x: Data, labels: None = None, *, rng: Rng = None, **options: Unpack[PretrainSettings]
    ) -> list[History]:
        """Train the layers one after the other, the first on x, each further one on the codes of those below it.

        Parameters
        ----------
        x : (N, D) array of floats
            One example per row.
        labels
            Refused: pre-training takes none.
        rng : int or numpy.random.Generator, optional
            Shuffles the data and draws the corruption; by default the model's own generator.
        **options
            Options of `fit`, without validation and checkpoint; the same for every layer.

        Returns
        -------
        list of History
            One per layer, from the first; after Control-C, up to the layer that was interrupted.
        """
        for name in ("validation", "patience", "checkpoint"):
            if options.get(name) is not None:
                message = gettext("expected no {name} in pretrain, which trains several models; pass it to fit")
                raise ValueError(message.format(name=name))
        (inputs,) = data_for_fit(self, x, labels)
        generator = self.noise(rng)
        histories = []
        for layer in self.stack():
            histories.append(layer.fit(inputs, rng=generator, **options))
            if histories[-1].stopped == "interrupted":
                break
            codes = layer.encoder.apply
            inputs = inputs.then(codes) if isinstance(inputs, Stream) else codes(inputs)
        return histories

    def stack(self) -> list[StackLayer]:
        """Return each layer as a separate autoencoder on this model's parameters."""
        encoders, decoders = list(stages(self.encoder)), list(stages(self.decoder))[::-1]
        layers = []
        for number, (encoder, decoder) in enumerate(zip(encoders, decoders, strict=True)):
            reconstruction = copy.copy(self.reconstruction) if number == 0 else SquaredError()
            layers.append(StackLayer(encoder, decoder, self.corruption, reconstruction, self))
        return layers

    word = "stacked"
    order = 70
    objective = "restore x from its code, after each layer has learned to restore its own input"
    hidden_layers = "wanted"
    options: ClassVar[Mapping[str, Option]] = {"corruption": CORRUPTION}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective, computed independently, with pre-training's layers, each on the codes below it."""

        def inner(x: Array) -> Iterator[tuple[StackLayer, Array]]:
            for layer in self.stack():
                yield layer, x
                x = layer.encoder.apply(x)

        opinion = super().second_opinion()
        opinion.inner = inner
        return opinion


class StackLayer(Model):
    """One layer of a stack: the encoder's and the decoder's layer, as an autoencoder on the same parameters."""

    corruption: Corruption | None
    reconstruction: Loss
    dtype: str

    def __init__(
        self, encoder: Sequence[Layer], decoder: Sequence[Layer], corruption: Corruption | None, reconstruction: Loss,
        whole: StackedAutoencoder,
    ) -> None:  # fmt: skip
        self.encoder: Sequential = Sequential([copy.copy(layer) for layer in encoder])
        self.decoder: Sequential = Sequential([copy.copy(layer) for layer in decoder])
        mark_first(self.encoder)
        self.corruption, self.reconstruction = copy.copy(corruption), reconstruction
        self.decay: WeightDecay = WeightDecay(whole.weight_decay, self.parameters)
        self.dtype, self.rng = whole.dtype, whole.rng

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters of both halves, encoder first."""
        return [*self.encoder.parameters, *self.decoder.parameters]

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        first: dict[str, Part] = {} if self.corruption is None else {"corruption": self.corruption}
        return {
            **first, **dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")),
            "reconstruction": self.reconstruction, "decay": self.decay,
        }  # fmt: skip

    def as_data(self, x: Any) -> Sequence[Array]:
        """Return x, the codes of the layer below, validated."""
        return (self.as_batch(x),)

    def as_batch(self, x: Any) -> Array:
        """Return x (N, n_in), validated, in the model's dtype."""
        if self.trusts_batches:
            checked: Array = x
            return checked
        return self.require_same_backend(as_matrix(x, self.dtype, self.encoder.layers[0].parameters[0].shape[0]))

    def loss(self, x: Array, rng: Rng = None) -> Number:
        """Return the objective of this batch, a number, every term included; remember what backward needs."""
        x, rng = self.as_batch(x), self.noise(rng)
        x_tilde = x if self.corruption is None else self.corruption.forward(x, rng)
        h = self.encoder.forward(x_tilde, rng)
        x_hat = self.decoder.forward(h, rng)
        return self.reconstruction.forward(x_hat, x) + self.decay.forward()

    def __repr__(self) -> str:
        return f"StackLayer({self.encoder!r}, {self.decoder!r})"

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.decoder.backward(self.reconstruction.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()

    def second_opinion(self) -> SecondOpinion:
        """Return the objective computed independently: that of a plain or denoising autoencoder on the codes below."""
        opinion = of_code(self.encoder, self.decoder)
        return opinion if self.corruption is None else with_damaged_input(opinion, self.encoder, self.decoder)
