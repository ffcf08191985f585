"""Mistakes inside a network that forward turns out to be: dense layers, activations, perhaps a loss.

    forward's inputs by their shapes -> x W1 + b1 -> φ -> ... -> y, or a loss of it;   the same numbers? then it is that

With its inside known, the backward of the network can be written with one mistake in it and compared with what was
returned. Which activation stands where, and which loss, is found by trying.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from aescratch.backend import Array, Number
from aescratch.functions import losses
from aescratch.inspection.gradcheck.causes.hypothesis import Candidate, Hypothesis
from aescratch.inspection.gradcheck.causes.ingredients import ACTIVATIONS, SLOPES
from aescratch.inspection.gradcheck.causes.looks import Look

SAME = 1e-10
EVERY = -1  # layer
KNOWN = ("none", *(name for name in ACTIVATIONS if name in SLOPES))
OUTPUT_FORMS: dict[str, Callable[[Array], Array]] = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y}
# Losses of an output h and a target t, and their gradient for h.
LOSSES: dict[str, tuple[Callable[[Array, Array], Number | float], Callable[[Array, Array], Array]]] = {
    "½ sum / N": (lambda h, t: 0.5 * ((h - t) ** 2).sum() / len(t), lambda h, t: (h - t) / len(t)),
    "½ sum": (lambda h, t: 0.5 * ((h - t) ** 2).sum(), lambda h, t: h - t),
    "sum / N": (lambda h, t: ((h - t) ** 2).sum() / len(t), lambda h, t: 2 * (h - t) / len(t)),
    "sum": (lambda h, t: ((h - t) ** 2).sum(), lambda h, t: 2 * (h - t)),
    "mean": (lambda h, t: ((h - t) ** 2).mean(), lambda h, t: 2 * (h - t) / t.size),
    "½ mean": (lambda h, t: 0.5 * ((h - t) ** 2).mean(), lambda h, t: (h - t) / t.size),
    "cross-entropy": (losses.binary_cross_entropy, losses.binary_cross_entropy_backward),
}


@dataclass(frozen=True)
class Dense:
    """One layer: the names of its weights and bias, and whether the weights are used transposed."""

    weights: str
    bias: str | None
    transposed: bool = False


@dataclass(frozen=True)
class Network:
    """What forward computes: layers, an activation after each, and the loss with its target, if there is one."""

    x: str
    layers: tuple[Dense, ...]
    activations: tuple[str, ...]
    loss: str = ""
    target: str = ""


def network_of(look: Look) -> Network | None:
    """Return the network that gives forward's output at this look, if there is one; it was found at the first look."""
    if "network" not in look.shared:
        found = (n for n in _networks(look) if _gives(n, look))
        look.shared["network"] = next(found, None)
    network: Network | None = look.shared["network"]
    return network if network is not None and _gives(network, look) else None


def _networks(look: Look) -> Iterator[Network]:
    arrays = {k: v for k, v in look.inputs.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
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
    rest, weights, width = [name for name in arrays if name != x], [], arrays[x].shape[1]
    for name in list(rest):
        if arrays[name].ndim == 2 and arrays[name].shape[0] == width:
            weights.append(name)
            width = arrays[name].shape[1]
            rest.remove(name)
    chains = [[(name, False) for name in weights]]
    chains.append([*chains[0], *((name, True) for name in reversed(weights))])
    for chain in chains if weights else []:
        left, layers = list(rest), []
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
        W = look.inputs[layer.weights]
        a = h @ (W.T if layer.transposed else W) + (look.inputs[layer.bias] if layer.bias else 0.0)
        h = a if activation == "none" else ACTIVATIONS[activation](a)
        before.append(a)
        outputs.append(h)
    return outputs, before


def _gives(network: Network, look: Look) -> bool:
    try:
        y = _passes(network, look)[0][-1]
        found = LOSSES[network.loss][0](y, look.inputs[network.target]) if network.loss else y
    except ValueError:
        return False
    return np.shape(found) == look.output.shape and bool(np.allclose(found, look.output, SAME, SAME))


@dataclass(frozen=True)
class Slip:
    """One mistake: in which layer, words, and what stands in place of its slope, of its input, of its weights.

    What stands for the weights on the way back is a function of them and of their gradient.
    """

    layer: int
    words: str
    slope: Callable[[Array, Array, Array], Array] | None = None
    through: str = ""
    back: Callable[[Array, Array], Array] | None = None
    without: bool = False


def _backward(network: Network, look: Look, slip: Slip) -> dict[str, Array]:
    """Return the gradients of a backward through the network with one mistake in it."""
    outputs, before = _passes(network, look)
    delta = look.upstream
    if network.loss:
        delta = LOSSES[network.loss][1](outputs[-1], look.inputs[network.target])
    gradients: dict[str, Array] = {}
    for k in reversed(range(len(network.layers))):
        layer, activation, a, here = network.layers[k], network.activations[k], before[k], slip.layer in (k, EVERY)
        if here and slip.slope is not None:
            delta = delta * slip.slope(a, outputs[k + 1], delta)
        elif activation != "none":
            delta = delta * SLOPES[activation](a)
        W = look.inputs[layer.weights].T if layer.transposed else look.inputs[layer.weights]
        into = before[k - 1] if here and slip.through else outputs[k]
        grad = into.T @ delta
        if not (here and slip.without):
            gradients[layer.weights] = gradients.get(layer.weights, 0.0) + (grad.T if layer.transposed else grad)
        if layer.bias:
            gradients[layer.bias] = delta.sum(0)
        delta = delta @ (slip.back(W, grad) if here and slip.back is not None else W.T)
    if network.target != network.x:
        gradients[network.x] = delta
    return gradients


def _missing_slopes(network: Network) -> Iterator[Slip]:
    for k, where in _activated(network):
        yield Slip(k, where, lambda a, h, delta: np.ones_like(a))
    if len(list(_activated(network))) > 1:
        yield Slip(EVERY, "the derivative of every activation", lambda a, h, delta: np.ones_like(a))


def _double_slopes(network: Network) -> Iterator[Slip]:
    for k, where in _activated(network):
        slope = SLOPES[network.activations[k]]
        yield Slip(k, where, lambda a, h, delta, slope=slope: slope(a) ** 2)  # type: ignore[misc]


def _wrong_arguments(network: Network) -> Iterator[Slip]:
    for k, where in _activated(network):
        name = network.activations[k]
        if name != "ReLU":  # whose output is positive where its input is
            slope = SLOPES[name]
            yield Slip(k, f"{where} is taken at its output", lambda a, h, d, slope=slope: slope(h))  # type: ignore[misc]
        else:
            yield Slip(k, f"{where} is taken at the gradient that comes in", lambda a, h, delta: (delta > 0) * 1.0)
        if name in OUTPUT_FORMS:
            form = OUTPUT_FORMS[name]
            words = f"{where}, written for its output, is given its input"
            yield Slip(k, words, lambda a, h, delta, form=form: form(a))  # type: ignore[misc]


def _other_slopes(network: Network) -> Iterator[Slip]:
    for k, where in _activated(network):
        for name, slope in SLOPES.items():
            if name != network.activations[k]:
                yield Slip(k, f"{where} is that of {name}", lambda a, h, d, slope=slope: slope(a))  # type: ignore[misc]


def _wrong_inputs(network: Network) -> Iterator[Slip]:
    for k in range(1, len(network.layers)):
        if network.activations[k - 1] != "none":
            words = f"what goes into {network.layers[k].weights} is taken before its {network.activations[k - 1]}"
            yield Slip(k, words, through="before")


def _untransposed(network: Network) -> Iterator[Slip]:
    for k, layer in enumerate(network.layers):
        yield Slip(k, f"the gradient goes back through {layer.weights} as it went forward, not transposed",
                   back=lambda W, grad: W)  # fmt: skip


def _gradient_for_weights(network: Network) -> Iterator[Slip]:
    for k, layer in enumerate(network.layers):
        words = f"the gradient goes back through the gradient of {layer.weights}, not through {layer.weights}"
        yield Slip(k, words, back=lambda W, grad: grad.T)


def _one_use(network: Network) -> Iterator[Slip]:
    uses = [layer.weights for layer in network.layers]
    for k, layer in enumerate(network.layers):
        if uses.count(layer.weights) > 1:
            words = "as a decoder" if layer.transposed else "as an encoder"
            yield Slip(k, f"the use of {layer.weights} {words} is left out", without=True)


def _activated(network: Network) -> Iterator[tuple[int, str]]:
    """Yield the layers that have an activation, and words for its derivative."""
    for k, activation in enumerate(network.activations):
        if activation != "none":
            layer = network.layers[k]
            after = f"{layer.weights} transposed" if layer.transposed else layer.weights
            yield k, f"the derivative of the {activation} after {after}"


def _predict(slips: Callable[[Network], Iterator[Slip]], look: Look, name: str) -> Iterator[Candidate]:
    network = network_of(look)
    for slip in slips(network) if network is not None else ():
        try:
            gradients = _backward(network, look, slip)  # type: ignore[arg-type]
        except ValueError:  # of shapes: the matrix isn't square
            continue
        if name in gradients:
            yield Candidate(slip.words, gradients[name])


NETWORK_HYPOTHESES = (
    Hypothesis("layer-slope-missing", "in {tensor}, {what} is missing{times}",
               "Follow the gradient back operation by operation: by what does each multiply it?",
               partial(_predict, _missing_slopes), 1.6),
    Hypothesis("layer-slope-twice", "in {tensor}, {what} is multiplied in twice{times}",
               "Follow the gradient back operation by operation: how often does each appear?",
               partial(_predict, _double_slopes), 1.8),
    Hypothesis("layer-wrong-argument", "in {tensor}, {what}{times}",
               "Is the derivative written for what goes into the function, or for what comes out of it?",
               partial(_predict, _wrong_arguments), 1.8),
    Hypothesis("layer-other-derivative", "in {tensor}, {what}{times}",
               "Which function does the forward apply there, exactly?", partial(_predict, _other_slopes), 2.0),
    Hypothesis("layer-wrong-activation", "in {tensor}, {what}{times}",
               "Which array did the forward multiply with these weights?", partial(_predict, _wrong_inputs), 1.8),
    Hypothesis("layer-untransposed", "in {tensor}, {what}{times}",
               "Which index of the matrix is summed over on the way forward, and which on the way back?",
               partial(_predict, _untransposed), 1.8),
    Hypothesis("layer-gradient-for-weights", "in {tensor}, {what}{times}",
               "Does the chain rule ask for the weights there, or for what will change them?",
               partial(_predict, _gradient_for_weights), 1.8),
    Hypothesis("layer-path-missing", "in {tensor}, {what}{times}",
               "In how many places does the forward use this parameter?", partial(_predict, _one_use), 1.8),
)  # fmt: skip
