"""The softmax classifier: a head on an autoencoder's encoder, to fine-tune a pre-trained stack with labels.

    x -> encoder -> h -> head -> logits;   loss = cross_entropy(logits, labels) + decay(weights)

It trains the autoencoder's own parameters, so `autoencoder.encode` uses what the encoder learns here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from aescratch import functions
from aescratch.backend import Array, Number, move, to_numpy
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.labels import as_labels
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter, pack
from aescratch.foundations.parts import Part
from aescratch.foundations.validation import Data, Rng, as_generator, as_matrix, own_generator, require_count
from aescratch.initializers import xavier_uniform
from aescratch.layers import Dense, Sequential
from aescratch.losses import SoftmaxCrossEntropy
from aescratch.models.autoencoder import Autoencoder
from aescratch.models.base import Model
from aescratch.models.opinion import SecondOpinion
from aescratch.models.statements import Option
from aescratch.penalties import WeightDecay


class SoftmaxClassifier(Model):
    """Softmax head on the encoder of an autoencoder, trained together with it.

    Parameters
    ----------
    autoencoder : Autoencoder
        The autoencoder whose encoder is used and trained; its decoder doesn't change.
    n_classes : int
        The number of classes, 2 or more; labels count from 0.
    weight_decay : float
        lam in the term (lam/2) Σ W², biases excluded.
    initializer : callable
        Draws the head's weights.
    rng : int or numpy.random.Generator, optional
        Draws the head's weights and the model's own noise.

    Examples
    --------
    >>> model = SoftmaxClassifier(Autoencoder([5, 3], rng=0), n_classes=2, rng=0)
    >>> x = np.random.default_rng(0).random((7, 5), np.float32)
    >>> labels = np.array([0, 1, 0, 1, 0, 1, 0])
    >>> len(model.fit(x, labels, epochs=3, rng=0))
    3
    >>> model.predict(x).shape
    (7,)
    """

    autoencoder: Autoencoder
    dtype: str
    initializer: Callable[..., Array]

    def __init__(
        self, autoencoder: Autoencoder, n_classes: int, *, weight_decay: float = 0.0,
        initializer: Callable[..., Array] = xavier_uniform, rng: Rng = None,
    ) -> None:  # fmt: skip
        if not isinstance(autoencoder, Autoencoder):
            message = gettext("expected an autoencoder of this package, got {autoencoder!r}")
            raise TypeError(message.format(autoencoder=autoencoder))
        self.autoencoder, self.dtype, self.initializer = autoencoder, autoencoder.dtype, initializer
        self.n_classes: int = require_count("n_classes", n_classes, least=2)
        self.encoder: Sequential = Sequential([copy.copy(layer) for layer in autoencoder.path_to_code()])
        for layer in self.encoder.layers:
            if isinstance(layer, Dense):
                layer.adds = False  # no decoder has written W.grad before
        generator = as_generator(rng)
        n_code = autoencoder.widths[-1]
        self.head: Dense = Dense(n_code, n_classes, initializer=initializer, dtype=self.dtype, rng=generator)
        self.head.W.name, self.head.b.name = "head.W", "head.b"
        pack(self.head.parameters, self.dtype, autoencoder.backend)
        self.cross_entropy: SoftmaxCrossEntropy = SoftmaxCrossEntropy()
        self.decay: WeightDecay = WeightDecay(weight_decay, self.parameters)
        self.weight_decay: float = self.decay.lam
        self.rng: np.random.Generator = own_generator(generator)

    @property
    def parameters(self) -> list[Parameter]:
        """The encoder's parameters, shared with the autoencoder, and the head's."""
        return [*self.encoder.parameters, *self.head.parameters]

    @property
    def saved_parameters(self) -> list[Parameter]:
        """The whole autoencoder's parameters, including its decoder's, and the head's."""
        return [*self.autoencoder.parameters, *self.head.parameters]

    @property
    def saved_buffers(self) -> dict[str, Buffer]:
        """The whole autoencoder's buffers, which its encoder shares with the classifier."""
        return self.autoencoder.saved_buffers

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The generators whose state is saved, the classifier's and the autoencoder's."""
        return {"rng": self.rng, "autoencoder_rng": self.autoencoder.rng}

    @property
    def parts(self) -> dict[str, Part]:
        """Everything with a forward and a backward, by name, in forward order."""
        return {
            **dict(self.encoder.named("encoder")), "head": self.head, "cross_entropy": self.cross_entropy,
            "decay": self.decay,
        }  # fmt: skip

    def loss(self, x: Array, labels: Array, rng: Rng = None) -> Number:  # type: ignore[override]
        """Return the objective of this batch, a number; remember what backward needs.

        Parameters
        ----------
        x : (N, D) array of floats
            A batch.
        labels : (N,) array of integers
            The class of each example, from 0.
        rng : int or numpy.random.Generator, optional
            Draws dropout, if the autoencoder has any; by default the model's own generator.
        """
        x, labels = self.as_batch(x, labels)
        h = self.encoder.forward(x, self.noise(rng))
        logits = self.head.forward(h)
        return self.cross_entropy.forward(logits, labels) + self.decay.forward()

    def backward(self) -> None:
        """Fill parameter.grad of every parameter with the gradient of the last loss."""
        grad_h = self.head.backward(self.cross_entropy.backward())
        self.encoder.backward(grad_h)
        self.decay.backward()

    def as_batch(self, x: Any, labels: Any) -> tuple[Array, Array]:
        """Return x (N, D) and labels (N,), validated."""
        if self.trusts_batches:
            return x, labels
        x = self.as_input(x)
        return x, self.require_same_backend(as_labels(labels, len(x), self.n_classes))

    def as_input(self, x: Any) -> Array:
        """Return x (N, D), validated, in the model's dtype."""
        return self.require_same_backend(as_matrix(x, self.dtype, self.autoencoder.widths[0]))

    def as_data(self, x: Any, labels: Any = None) -> Sequence[Array]:
        """Return x and labels, validated and moved to the model's device."""
        x = move(as_matrix(x, self.dtype, self.autoencoder.widths[0]), self.backend)
        return x, move(as_labels(labels, len(x), self.n_classes), self.backend)

    def to(self, backend: str) -> SoftmaxClassifier:
        """Move the classifier, and the whole autoencoder with it."""
        self.autoencoder.to(backend)
        pack(self.head.parameters, self.dtype, backend)
        for part in self.parts.values():
            part.forget()
        return self

    def logits(self, x: Data) -> Array:
        """Return the head's logits (N, n_classes) for x (N, D)."""
        return self.head.apply(self.encoder.apply(self.as_input(x)))

    def predict_probabilities(self, x: Data) -> Array:
        """Return the probability of each class, (N, n_classes), for x (N, D)."""
        return functions.softmax(self.logits(x))

    def predict(self, x: Data) -> Array:
        """Return the most probable class of each example, (N,), for x (N, D)."""
        return self.cross_entropy.to_data(self.logits(x))

    def score(self, x: Data, labels: Data) -> float:
        """Return the share of examples whose predicted class is their label, in [0, 1]."""
        batch, known = self.as_batch(x, labels)
        return float(np.mean(to_numpy(self.predict(batch)) == to_numpy(known)))

    word = "classifier"
    order = 90
    objective = "give each example its label"
    formula = "cross_entropy(logits, labels) + decay(weights)"
    takes_labels = True
    options: ClassVar[Mapping[str, Option]] = {
        "weight_decay": Autoencoder.options["weight_decay"],
        "initializer": Autoencoder.options["initializer"],
        "autoencoder": Option(
            "model", "a saved model, whose encoder gets the head (default: a new vanilla one)", "MODEL"
        ),
        "n_classes": Option("count", "number of classes (default: from the labels)", "N"),
    }  # fmt: skip

    @classmethod
    def arguments_for(cls, widths: Sequence[int], *, n_classes: int | None = None, rng: Rng = None) -> dict[str, Any]:
        """Return the arguments for these widths: a new vanilla autoencoder, and two classes by default."""
        n_classes = 2 if n_classes is None else n_classes
        return {"autoencoder": Autoencoder(widths, rng=rng), "n_classes": n_classes, "rng": rng}

    def second_opinion(self) -> SecondOpinion:
        """Return the objective and the promises, computed independently: the cross-entropy from the head's logits."""

        def logits(x: Array) -> Array:
            return self.head.apply(self.encoder.apply(x))

        return SecondOpinion(
            terms={"cross_entropy": lambda seen: (logits(seen.x), seen.labels), "decay": lambda seen: ()},
            logits=logits,
        )
