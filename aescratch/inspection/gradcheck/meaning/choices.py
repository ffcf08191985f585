"""What parts that choose units of a code are to compute, in use, and what they compute instead when they don't."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.functions import FORMULAS
from aescratch.functions.one_by_one import affine, largest
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, readings
from aescratch.selection import BatchTopK, JumpReLU, SilentTopK, StopGradient, WithoutBias

OfX = Callable[[Array], Any]


def _oracle(name: str, right: OfX, cases: Sequence[Array], others: Mapping[str, OfX]) -> Oracle:
    """Return the oracle of a part that computes a formula of the sheet of one array."""
    formula = FORMULAS[name]
    return Oracle(formula.claim, right, [(case,) for case in cases], readings(others), formula.question)


def _cut(theta: Array) -> tuple[OfX, dict[str, OfX]]:
    """Return what cuts off at a threshold, and what is taken for it."""
    return lambda a: FORMULAS["jump_relu"].second_opinion(a, np.broadcast_to(theta, a.shape[1:]), 1.0), {
        "it cuts off at 0, where it should at the threshold": lambda a: np.where(a > 0, a, 0.0),
        "it takes the threshold away from what is on": lambda a: np.maximum(a - theta, 0.0),
        "it returns the mask, without the values": lambda a: 1.0 * (a > theta),
        "it keeps what is below the threshold": lambda a: np.where(a <= theta, a, 0.0),
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
    """h = a where a is above the threshold that was learnt, else 0: in use an example has no batch."""
    theta, width = layer.threshold.value.astype(float), layer.k + 4
    right, others = _cut(theta)
    others["it chooses from the batch, where it should compare with the threshold"] = lambda a: largest(
        a.reshape(1, -1), layer.k * len(a)).reshape(a.shape)  # fmt: skip
    return _oracle("jump_relu", right, [theta + rng.normal(size=(n, width)) for n in (7, 5)], others)


def silent_top_k(rng: np.random.Generator, part: SilentTopK) -> Oracle:
    """z = the k largest of the silent units."""
    counts, k, after = part.silent_for.value.astype(float), part.k, part.silent_after

    def right(a: Array) -> Any:
        return FORMULAS["silent_top_k"].second_opinion(a, counts, k, after)

    others: dict[str, OfX] = {
        "it chooses from all units, where it should from the silent ones": lambda a: largest(a, k),
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


def without_bias(rng: np.random.Generator, layer: WithoutBias) -> Oracle:
    """y = x W, without b."""
    W, b = layer.dense.W.value.copy(), layer.dense.b.value.copy()
    others: dict[str, OfX] = {
        "b is added, though it belongs to the whole output": lambda x: affine(x, W, b),
        "x W is subtracted": lambda x: affine(x, -W, 0 * b),
    }
    return _oracle("dense", lambda x: affine(x, W, 0 * b), [rng.normal(size=(n, len(W))) for n in (7, 3)], others)
