"""What parts that choose units of a code should compute in use, by the second opinion of the formula sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.codes.gates import Frozen, Gate, Gated, Magnitude
from aescratch.codes.selection import BatchTopK, JumpReLU, PrefixDense, SilentTopK, StopGradient
from aescratch.foundations.parts import Part
from aescratch.functions import FORMULAS
from aescratch.functions.one_by_one import affine
from aescratch.inspection.gradcheck.meaning import layers
from aescratch.inspection.gradcheck.meaning.comparing import Oracle
from aescratch.layers import Linear

OfX = Callable[[Array], Any]


def _oracle(name: str, right: OfX, cases: Sequence[Array]) -> Oracle:
    """Return the oracle of a part that computes a formula of the sheet of one array."""
    formula = FORMULAS[name]
    return Oracle(formula.claim, right, [(case,) for case in cases], [], formula.question)


def _cut(theta: Array, cases: Sequence[Array]) -> Oracle:
    """Return the oracle of a cut at a threshold."""
    jump = FORMULAS["jump_relu"].second_opinion
    return _oracle("jump_relu", lambda a: jump(a, np.broadcast_to(theta, a.shape[1:]), 1.0), cases)


def jump_relu(rng: np.random.Generator, layer: JumpReLU) -> Oracle:
    """h = a where a > theta, else 0."""
    theta = np.e ** layer.log_theta.value.astype(float)
    return _cut(theta, [theta * rng.choice([-2.0, -0.5, 0.5, 2.0], (n, len(theta))) for n in (7, 5)])


def batch_top_k(rng: np.random.Generator, layer: BatchTopK) -> Oracle:
    """h = a where a is above the learnt threshold, else 0: in use an example has no batch."""
    theta = layer.threshold.value.astype(float)
    return _cut(theta, [theta + rng.normal(size=(n, layer.k + 4)) for n in (7, 5)])


def silent_top_k(rng: np.random.Generator, part: SilentTopK) -> Oracle:
    """z = the k largest of the silent units."""
    counts = part.silent_for.value.astype(float)

    def right(a: Array) -> Any:
        return FORMULAS["silent_top_k"].second_opinion(a, counts, part.k, part.silent_after)

    return _oracle("silent_top_k", right, [rng.normal(size=(n, len(counts))) for n in (7, 5)])


def stop_gradient(rng: np.random.Generator, layer: StopGradient) -> Oracle:
    """y = x: only the gradient stops."""
    return _oracle("stop_gradient", lambda x: x, [rng.normal(size=(7, 5))])


def linear(rng: np.random.Generator, layer: Linear) -> Oracle:
    """y = x W."""
    W = layer.W.value.copy()
    return _oracle("linear", lambda x: affine(x, W, 0 * W[0]), [rng.normal(size=(n, len(W))) for n in (7, 3)])


def prefix_dense(rng: np.random.Generator, layer: PrefixDense) -> Oracle:
    """y = the first units of h, times W, + b."""
    W, b = layer.W.value.copy(), layer.b.value.copy()
    first = np.arange(len(W)) < layer.size
    return _oracle("prefix_dense", lambda h: affine(h * first, W, b), [rng.normal(size=(n, len(W))) for n in (7, 3)])


def gate(rng: np.random.Generator, layer: Gate) -> Oracle:
    """a_gate = p + b."""
    b = layer.b.value.copy()
    return _oracle("gate", lambda p: p + b, [rng.normal(size=(n, len(b))) for n in (7, 3)])


def magnitude(rng: np.random.Generator, layer: Magnitude) -> Oracle:
    """a_mag = exp(r) p + b."""
    r, b = layer.r.value.copy(), layer.b.value.copy()

    def right(p: Array) -> Any:
        return FORMULAS["magnitude"].second_opinion(p, r, b)

    return _oracle("magnitude", right, [rng.normal(size=(n, len(b))) for n in (7, 3)])


def gated(rng: np.random.Generator, part: Gated) -> Oracle:
    """h = max(a_mag, 0) where a_gate > 0, else 0."""
    formula = FORMULAS["gated"]
    cases = [tuple(formula.inputs(rng, n, 5, 3).values()) for n in (7, 5)]
    return Oracle(formula.claim, formula.second_opinion, cases, [], formula.question)


def frozen(rng: np.random.Generator, layer: Frozen) -> Oracle:
    """y = x W + b, with the layer's own numbers."""
    return layers.unit_rows(rng, layer.dense)


OF_CHOICES: dict[type[Part], Callable[[np.random.Generator, Any], Oracle]] = {
    JumpReLU: jump_relu, BatchTopK: batch_top_k, SilentTopK: silent_top_k, StopGradient: stop_gradient, Linear: linear,
    PrefixDense: prefix_dense, Gate: gate, Magnitude: magnitude, Gated: gated, Frozen: frozen,
}  # fmt: skip
