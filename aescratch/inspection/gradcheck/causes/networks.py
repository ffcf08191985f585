"""Mistakes inside a network that forward turns out to be: dense layers, activations, perhaps a loss.

    forward's inputs by their shapes -> x W1 + b1 -> φ -> ... -> y, or a loss of it;   the same numbers? then it is that

With its inside known, the backward of the network can be written with one mistake in it and compared with what was
returned. Which activation stands where, and which loss, is found by trying.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.functions import losses
from aescratch.inspection.gradcheck.binding import is_float_array
from aescratch.inspection.gradcheck.causes.hypothesis import Candidate, Hypothesis
from aescratch.inspection.gradcheck.causes.ingredients import ACTIVATIONS, SLOPES
from aescratch.inspection.gradcheck.causes.looks import Look

Function = Callable[[Array], Array]
Loss = tuple[Callable[[Array, Array], Any], Callable[[Array, Array], Array]]

SAME = 1e-10
EVERY = -1  # layer
KNOWN: dict[str, tuple[Function, Function]] = {  # each activation that a layer may have, and its slope
    "none": (lambda a: a, np.ones_like), **{n: (ACTIVATIONS[n], SLOPES[n]) for n in ACTIVATIONS if n in SLOPES},
}  # fmt: skip
OUTPUT_FORMS: dict[str, Function] = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y}


def _squares(times: float, over: Callable[[Array], int]) -> Loss:
    """Return the sum of squares of an output h less a target t, times and over a number, and its gradient for h."""
    return lambda h, t: times * ((h - t) ** 2).sum() / over(t), lambda h, t: 2 * times * (h - t) / over(t)


LOSSES: tuple[Loss, ...] = (
    *(_squares(times, over) for over in (len, lambda t: 1, np.size) for times in (0.5, 1.0)),
    (losses.binary_cross_entropy, losses.binary_cross_entropy_backward),
)


class Dense(NamedTuple):
    """One layer: the names of its weights and bias, and whether the weights are used transposed."""

    weights: str
    bias: str | None
    transposed: bool = False

    def matrix(self, look: Look) -> Array:
        """Return the weights at a look, as they are used."""
        W = look.inputs[self.weights]
        return W.T if self.transposed else W


class Network(NamedTuple):
    """What forward computes: layers, an activation after each, and the loss with its target, if there is one."""

    x: str
    layers: tuple[Dense, ...]
    activations: tuple[str, ...]
    loss: Loss | None = None
    target: str = ""


def network_of(look: Look) -> Network | None:
    """Return the network that gives forward's output at this look, if there is one; it was found at the first look."""
    if "network" not in look.shared:
        look.shared["network"] = next((network for network in _networks(look) if _gives(network, look)), None)
    network = look.shared["network"]
    return network if network is not None and _gives(network, look) else None


def _networks(look: Look) -> Iterator[Network]:
    arrays = {name: value for name, value in look.inputs.items() if is_float_array(value)}
    if len(arrays) != len(look.inputs):
        return
    x = next((name for name, value in arrays.items() if value.ndim == 2), "")
    for layers, rest in _layers(x, arrays) if x else ():
        width = arrays[layers[-1].weights].shape[0 if layers[-1].transposed else 1]
        for activations in itertools.product(KNOWN, repeat=len(layers)):
            if look.output.ndim and not rest:
                yield Network(x, layers, activations)
            if not look.output.ndim:
                targets = rest or [x]
                fitting = len(targets) == 1 and arrays[targets[0]].shape == (len(arrays[x]), width)
                yield from (Network(x, layers, activations, loss, targets[0]) for loss in LOSSES if fitting)


def _layers(x: str, arrays: dict[str, Array]) -> Iterator[tuple[tuple[Dense, ...], list[str]]]:
    """Yield the layers that the inputs make, by their shapes in their order, and the inputs that are left over."""
    weights: list[str] = []
    width = arrays[x].shape[1]
    for name, value in arrays.items():
        if name != x and value.ndim == 2 and value.shape[0] == width:
            weights.append(name)
            width = value.shape[1]
    untied = [(name, False) for name in weights]
    tied = [*untied, *((name, True) for name in reversed(weights))]
    for chain in (untied, tied) if weights else ():
        left, layers = [name for name in arrays if name not in (x, *weights)], []
        for name, transposed in chain:
            width = arrays[name].shape[0 if transposed else 1]
            bias = next((b for b in left if arrays[b].shape == (width,)), None)
            left = [b for b in left if b != bias]
            layers.append(Dense(name, bias, transposed))
        yield tuple(layers), left


def _passes(network: Network, look: Look) -> tuple[list[Array], list[Array]]:
    """Return the input of every layer and the output of the last, and what goes into every activation."""
    h, outputs, before = look.inputs[network.x], [look.inputs[network.x]], []
    for layer, activation in zip(network.layers, network.activations, strict=True):
        before.append(h @ layer.matrix(look) + (look.inputs[layer.bias] if layer.bias else 0.0))
        h = KNOWN[activation][0](before[-1])
        outputs.append(h)
    return outputs, before


def _gives(network: Network, look: Look) -> bool:
    try:
        y = _passes(network, look)[0][-1]
        found = network.loss[0](y, look.inputs[network.target]) if network.loss else y
    except ValueError:
        return False
    return np.shape(found) == look.output.shape and bool(np.allclose(found, look.output, SAME, SAME))


class Slip(NamedTuple):
    """One mistake: the code of its hypothesis, words, in which layer, and what stands there in place of what is right.

    The slope is a function of what goes into the activation, of its output, and of the gradient that comes in; what
    stands for the weights on the way back one of them and of their gradient.
    """

    code: str
    words: str
    layer: int
    slope: Callable[[Array, Array, Array], Array] | None = None
    back: Callable[[Array, Array], Array] | None = None
    takes_before: bool = False
    without: bool = False


def _backward(network: Network, look: Look, slip: Slip) -> dict[str, Array]:
    """Return the gradients of a backward through the network with one mistake in it."""
    outputs, before = _passes(network, look)
    delta = look.upstream
    if network.loss:
        delta = network.loss[1](outputs[-1], look.inputs[network.target])
    gradients: dict[str, Array] = {}
    for k in reversed(range(len(network.layers))):
        layer, here = network.layers[k], slip.layer in (k, EVERY)
        slope = (here and slip.slope) or _of_its_input(KNOWN[network.activations[k]][1])
        delta = delta * slope(before[k], outputs[k + 1], delta)
        W, grad = layer.matrix(look), (before[k - 1] if here and slip.takes_before else outputs[k]).T @ delta
        if not (here and slip.without):
            gradients[layer.weights] = gradients.get(layer.weights, 0.0) + (grad.T if layer.transposed else grad)
        if layer.bias:
            gradients[layer.bias] = delta.sum(0)
        delta = delta @ (slip.back(W, grad) if here and slip.back else W.T)
    if network.target != network.x:
        gradients[network.x] = delta
    return gradients


def _slips(network: Network) -> Iterator[Slip]:
    """Yield every mistake with one line of the network's backward."""
    uses = [layer.weights for layer in network.layers]
    activated = [k for k, activation in enumerate(network.activations) if activation != "none"]
    for k, layer in enumerate(network.layers):
        W = layer.weights
        if k in activated:
            after = f"{W} transposed" if layer.transposed else W
            where = f"the derivative of the {network.activations[k]} after {after}"
            yield from _slips_at(k, network.activations[k], where)
        if k - 1 in activated:
            words = f"what goes into {W} is taken before its {network.activations[k - 1]}"
            yield Slip("layer-wrong-activation", words, k, takes_before=True)
        words = f"the gradient goes back through {W} as it went forward, not transposed"
        yield Slip("layer-untransposed", words, k, back=lambda W, grad: W)
        words = f"the gradient goes back through the gradient of {W}, not through {W}"
        yield Slip("layer-gradient-for-weights", words, k, back=lambda W, grad: grad.T)
        if uses.count(W) > 1:
            words = f"the use of {W} {'as a decoder' if layer.transposed else 'as an encoder'} is left out"
            yield Slip("layer-path-missing", words, k, without=True)
    if len(activated) > 1:
        yield Slip("layer-slope-missing", "the derivative of every activation", EVERY, _of_its_input(np.ones_like))


def _slips_at(k: int, name: str, where: str) -> Iterator[Slip]:
    """Yield every mistake with the slope of a layer's activation."""
    slope = SLOPES[name]
    yield Slip("layer-slope-missing", where, k, _of_its_input(np.ones_like))
    yield Slip("layer-slope-twice", where, k, _of_its_input(lambda a: slope(a) ** 2))
    if name == "ReLU":  # whose output is positive where its input is
        words = f"{where} is taken at the gradient that comes in"
        yield Slip("layer-wrong-argument", words, k, lambda a, h, delta: (delta > 0) * 1.0)
    else:
        yield Slip("layer-wrong-argument", f"{where} is taken at its output", k, lambda a, h, delta: slope(h))
    if name in OUTPUT_FORMS:
        words = f"{where}, written for its output, is given its input"
        yield Slip("layer-wrong-argument", words, k, _of_its_input(OUTPUT_FORMS[name]))
    for other in SLOPES:
        if other != name:
            yield Slip("layer-other-derivative", f"{where} is that of {other}", k, _of_its_input(SLOPES[other]))


def _of_its_input(slope: Function) -> Callable[[Array, Array, Array], Array]:
    return lambda a, h, delta: slope(a)


def _predict(code: str, look: Look, name: str) -> Iterator[Candidate]:
    network = network_of(look)
    for slip in _slips(network) if network is not None else ():
        if slip.code == code:
            try:
                gradients = _backward(network, look, slip)  # type: ignore[arg-type]
            except ValueError:  # of shapes: the matrix isn't square
                continue
            if name in gradients:
                yield Candidate(slip.words, gradients[name])


NETWORK_HYPOTHESES = tuple(
    Hypothesis(code, f"in {{tensor}}, {{what}}{said}{{times}}", question, partial(_predict, code), cost)
    for code, said, question, cost in (
        ("layer-slope-missing", " is missing",
         "Follow the gradient back operation by operation: by what does each multiply it?", 1.6),
        ("layer-slope-twice", " is multiplied in twice",
         "Follow the gradient back operation by operation: how often does each appear?", 1.8),
        ("layer-wrong-argument", "",
         "Is the derivative written for what goes into the function, or for what comes out of it?", 1.8),
        ("layer-other-derivative", "", "Which function does the forward apply there, exactly?", 2.0),
        ("layer-wrong-activation", "", "Which array did the forward multiply with these weights?", 1.8),
        ("layer-untransposed", "",
         "Which index of the matrix is summed over on the way forward, and which on the way back?", 1.8),
        ("layer-gradient-for-weights", "",
         "Does the chain rule ask for the weights there, or for what will change them?", 1.8),
        ("layer-path-missing", "", "In how many places does the forward use this parameter?", 1.8),
    )
)  # fmt: skip
