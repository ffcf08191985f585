"""Building a network from widths: the layers of an encoder, and of the decoder that mirrors it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aescratch import activations
from aescratch.activations import Activation, Identity, TopK
from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import require_count
from aescratch.layers import Dense, Layer, Sequential, TransposedDense, begins_stage

Initializer = Callable[..., Array]
Between = Callable[[int], list[Layer]]
"""Returns the layers between two dense layers, for this width."""


def check_widths(widths: Any) -> list[int]:
    """Return widths as a list of at least two positive integers, from the input to the code."""
    if not isinstance(widths, (list, tuple)) or len(widths) < 2:
        message = gettext("expected widths from input to code as a list, such as [64, 32], got {widths!r}")
        raise ValueError(message.format(widths=widths))
    return [require_count(gettext("each width"), width) for width in widths]


def make_activation(name: str, activation: Any) -> Layer:
    """Return a new layer of the given activation class or partial; `name` is the argument's name in errors."""
    maker = activation.func if isinstance(activation, functools.partial) else activation
    if not (isinstance(maker, type) and issubclass(maker, (Activation, TopK)) and maker is not Activation):
        advice = ""
        if isinstance(activation, (Activation, TopK)):
            advice = gettext("; write ae.{name}, without brackets").format(name=type(activation).__name__)
        elif isinstance(activation, str):
            names = [kind for kind in dir(activations) if kind.lower() == activation.lower()]
            advice = gettext("; write ae.{name}, without quotation marks").format(name=names[0]) if names else ""
        message = gettext(
            "expected {name} to be a class such as ae.ReLU, or functools.partial(ae.LeakyReLU, alpha=0.1), got "
            "{activation!r}{advice}"
        )
        raise TypeError(message.format(name=name, activation=activation, advice=advice))
    layer: Layer = activation()
    return layer


def dense_layers(
    widths: Sequence[int], between: Between, initializer: Initializer, dtype: str, rng: Any
) -> list[Layer]:
    """Return a dense layer for each step between widths, with an activation between any two of them."""
    layers: list[Layer] = []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        dense = Dense(n_in, n_out, initializer=initializer, dtype=dtype, rng=rng)
        layers += [*between(n_in), dense] if layers else [dense]
    return layers


def tied_decoder_layers(encoder: Sequence[Layer], between: Between) -> list[Layer]:
    """Return the mirror image of an encoder's dense layers, each with the transposed weights of its partner."""
    layers: list[Layer] = []
    for partner in reversed([layer for layer in encoder if isinstance(layer, Dense)]):
        mirror = TransposedDense(partner)
        layers += [*between(partner.W.shape[1]), mirror] if layers else [mirror]
    return layers


def without_identity(layers: Sequence[Layer]) -> Sequential:
    """Return the layers as a Sequential, without identities."""
    return Sequential([layer for layer in layers if type(layer) is not Identity])


def mark_first(network: Sequential) -> None:
    """Mark a network's first layer, whose input needs no gradient."""
    if network.layers and isinstance(network.layers[0], Dense):
        network.layers[0].is_first = True


def name_parameters(prefix: str, network: Sequential) -> None:
    """Name the parameters of a network's layers ``prefix.W1``, ``prefix.b1``, ``prefix.W2``, ..."""
    number = 0
    for layer in network.layers:
        number += begins_stage(layer)
        for parameter in layer.parameters:
            parameter.name = f"{prefix}.{parameter.name}{number}"


def stages(network: Sequential) -> Iterator[list[Layer]]:
    """Yield each dense layer with the layers up to the next one, and the first also with those before it."""
    stage: list[Layer] = []
    for layer in network.layers:
        if begins_stage(layer) and any(map(begins_stage, stage)):
            yield stage
            stage = []
        stage.append(layer)
    yield stage
