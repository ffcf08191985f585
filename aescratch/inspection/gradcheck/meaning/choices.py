"""What parts that choose units of a code should compute in use, and what they may compute by mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.codes.gates import Frozen, Gate, Gated, Magnitude
from aescratch.codes.selection import BatchTopK, JumpReLU, PrefixDense, SilentTopK, StopGradient
from aescratch.foundations.parts import Part
from aescratch.functions import FORMULAS
from aescratch.functions.one_by_one import affine, largest
from aescratch.inspection.gradcheck.meaning import layers
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, readings
from aescratch.layers import Linear

OfX = Callable[[Array], Any]


def _oracle(name: str, right: OfX, cases: Sequence[Array], others: Mapping[str, OfX]) -> Oracle:
    """Return the oracle of a part that computes a formula of the sheet of one array."""
    formula = FORMULAS[name]
    return Oracle(formula.claim, right, [(case,) for case in cases], readings(others), formula.question)


def _cut(theta: Array) -> tuple[OfX, dict[str, OfX]]:
    """Return the cut at a threshold, and what is confused with it."""
    return lambda a: FORMULAS["jump_relu"].second_opinion(a, np.broadcast_to(theta, a.shape[1:]), 1.0), {
        "it cuts off at 0 instead of at the threshold": lambda a: np.where(a > 0, a, 0.0),
        "it subtracts the threshold from active units": lambda a: np.maximum(a - theta, 0.0),
        "it returns the mask, without the values": lambda a: 1.0 * (a > theta),
        "it keeps the values below the threshold": lambda a: np.where(a <= theta, a, 0.0),
        "it compares by absolute value": lambda a: np.where(np.abs(a) > theta, a, 0.0),
    }


def jump_relu(rng: np.random.Generator, layer: JumpReLU) -> Oracle:
    """h = a where a > theta, else 0."""
    theta = np.e ** layer.log_theta.value.astype(float)
    right, others = _cut(theta)
    others["it compares with the logarithm of theta"] = lambda a: np.where(a > layer.log_theta.value, a, 0.0)
    cases = [theta * rng.choice([-2.0, -0.5, 0.5, 2.0], (n, len(theta))) for n in (7, 5)]
    return _oracle("jump_relu", right, cases, others)


def batch_top_k(rng: np.random.Generator, layer: BatchTopK) -> Oracle:
    """h = a where a is above the learnt threshold, else 0: in use an example has no batch."""
    theta, width = layer.threshold.value.astype(float), layer.k + 4
    right, others = _cut(theta)
    others["it chooses from the batch instead of comparing with the threshold"] = lambda a: largest(
        a.reshape(1, -1), layer.k * len(a)).reshape(a.shape)  # fmt: skip
    return _oracle("jump_relu", right, [theta + rng.normal(size=(n, width)) for n in (7, 5)], others)


def silent_top_k(rng: np.random.Generator, part: SilentTopK) -> Oracle:
    """z = the k largest of the silent units."""
    counts, k, after = part.silent_for.value.astype(float), part.k, part.silent_after

    def right(a: Array) -> Any:
        return FORMULAS["silent_top_k"].second_opinion(a, counts, k, after)

    others: dict[str, OfX] = {
        "it chooses from all units instead of the silent ones": lambda a: largest(a, k),
        "it keeps all silent units": lambda a: np.where(counts > after, a, 0.0),
        "it chooses from the units that aren't silent": lambda a: FORMULAS["silent_top_k"].second_opinion(
            a, -counts, k, -after - 1),
        "it cuts negative values off": lambda a: np.maximum(right(a), 0.0),
    }  # fmt: skip
    return _oracle("silent_top_k", right, [rng.normal(size=(n, len(counts))) for n in (7, 5)], others)


def stop_gradient(rng: np.random.Generator, layer: StopGradient) -> Oracle:
    """y = x: only the gradient stops."""
    others: dict[str, OfX] = {"it stops the value too": lambda x: 0 * x}
    return _oracle("stop_gradient", lambda x: x, [rng.normal(size=(7, 5))], others)


def linear(rng: np.random.Generator, layer: Linear) -> Oracle:
    """y = x W."""
    W = layer.W.value.copy()
    others: dict[str, OfX] = {
        "x W is subtracted": lambda x: affine(x, -W, 0 * W[0]),
        "x W is divided by the batch size": lambda x: affine(x, W / len(x), 0 * W[0]),
    }
    cases = [rng.normal(size=(n, len(W))) for n in (7, 3)]
    return _oracle("linear", lambda x: affine(x, W, 0 * W[0]), cases, others)


def prefix_dense(rng: np.random.Generator, layer: PrefixDense) -> Oracle:
    """y = the first units of h, times W, + b."""
    W, b, size = layer.W.value.copy(), layer.b.value.copy(), layer.size
    first = np.arange(len(W)) < size
    others: dict[str, OfX] = {
        "it reads the whole code": lambda h: affine(h, W, b),
        "it reads the last units instead of the first": lambda h: affine(h * first[::-1], W, b),
        "it reads one unit too many": lambda h: affine(h * (np.arange(len(W)) < size + 1), W, b),
        "it reads the units after the prefix": lambda h: affine(h * ~first, W, b),
        "b is left out": lambda h: affine(h * first, W, 0 * b),
    }
    cases = [rng.normal(size=(n, len(W))) for n in (7, 3)]
    return _oracle("prefix_dense", lambda h: affine(h * first, W, b), cases, others)


def gate(rng: np.random.Generator, layer: Gate) -> Oracle:
    """a_gate = p + b."""
    b = layer.b.value.copy()
    others: dict[str, OfX] = {"b is left out": lambda p: p, "b is subtracted": lambda p: p - b}
    return _oracle("gate", lambda p: p + b, [rng.normal(size=(n, len(b))) for n in (7, 3)], others)


def magnitude(rng: np.random.Generator, layer: Magnitude) -> Oracle:
    """a_mag = exp(r) p + b."""
    r, b = layer.r.value.copy(), layer.b.value.copy()
    others: dict[str, OfX] = {
        "it multiplies by r instead of exp(r)": lambda p: r * p + b,
        "r is left out": lambda p: p + b,
        "b is left out": lambda p: np.exp(r) * p,
        "b is scaled too": lambda p: np.exp(r) * (p + b),
    }

    def right(p: Array) -> Any:
        return FORMULAS["magnitude"].second_opinion(p, r, b)

    return _oracle("magnitude", right, [rng.normal(size=(n, len(b))) for n in (7, 3)], others)


def gated(rng: np.random.Generator, part: Gated) -> Oracle:
    """h = max(a_mag, 0) where a_gate > 0, else 0."""
    formula = FORMULAS["gated"]
    others = {
        "the gate and the magnitude are exchanged": lambda g, m: np.where(m > 0, np.maximum(g, 0), 0.0),
        "the gate multiplies, where it should only switch on or off": lambda g, m: np.maximum(g, 0) * np.maximum(m, 0),
        "a negative magnitude isn't cut off": lambda g, m: np.where(g > 0, m, 0.0),
        "the gate is left out": lambda g, m: np.maximum(m, 0),
    }
    cases = [tuple(formula.inputs(rng, n, 5, 3).values()) for n in (7, 5)]
    return Oracle(formula.claim, formula.second_opinion, cases, readings(others), formula.question)


def frozen(rng: np.random.Generator, layer: Frozen) -> Oracle:
    """y = x W + b, with the layer's own numbers."""
    return layers.unit_rows(rng, layer.dense)


OF_CHOICES: dict[type[Part], Callable[[np.random.Generator, Any], Oracle]] = {
    JumpReLU: jump_relu, BatchTopK: batch_top_k, SilentTopK: silent_top_k, StopGradient: stop_gradient, Linear: linear,
    PrefixDense: prefix_dense, Gate: gate, Magnitude: magnitude, Gated: gated, Frozen: frozen,
}  # fmt: skip
