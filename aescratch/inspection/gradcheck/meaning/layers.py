"""What layers and activations are to compute, and what they compute instead when they don't.

What an activation is to compute is said by its record on the formula sheet; what it may compute instead are the other
activations, and forms that people confuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array
from aescratch.functions.formula import Activation, Formula
from aescratch.functions.one_by_one import affine, each, largest, logistic, rows_of_length_one, slope_of
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, Reading

Scalar = Callable[[float], float]

OTHER_FORMULAS: dict[str, Scalar] = {
    "it is the absolute value": abs,
    "it is a sigmoid of the wrong sign: exp(a), where it should be exp(−a)": lambda a: logistic(-a),
    "it is ½ (1 + tanh a), a sigmoid of 2a": lambda a: logistic(2 * a),
    "it is a · sigmoid(a)": lambda a: a * logistic(a),
    "it is a · sigmoid(1.702 a)": lambda a: a * logistic(1.702 * a),
    "it is a Φ(a) without the √2 under the erf": lambda a: a * 0.5 * (1 + math.erf(a)),
    "it is Φ(a), without the factor a": lambda a: 0.5 * math.erfc(-a / math.sqrt(2)),
    "it is log(1 + exp(a))": lambda a: math.log1p(math.exp(a)),
    "it is min(a, 0)": lambda a: min(a, 0.0),
    "it stops at 6": lambda a: min(max(a, 0.0), 6.0),
    "it stops at 1": lambda a: min(max(a, 0.0), 1.0),
    "it is tanh(½ a)": lambda a: math.tanh(a / 2),
    "it is the sign": lambda a: float(np.sign(a)),
    "it is 1 where a > 0, else 0": lambda a: float(a > 0),
    "it leaves a as it is": float,
}


def activation(rng: np.random.Generator, record: Activation, layer: Any) -> Oracle:
    """y = φ(a), element by element."""
    return _element_wise(rng, record, layer, lambda f: f, record.formulas[0])


def slope(rng: np.random.Generator, record: Activation, layer: Any) -> Oracle:
    """φ'(a), the limit of difference quotients of φ, away from its kinks."""
    return _element_wise(rng, record, layer, slope_of, record.formulas[1])


def _scalar(record: Activation, layer: Any) -> Scalar:
    """Return φ of one number, with the settings of a layer; with usual ones where the layer has none of that name."""
    usual = {name: 0.5 if setting.default is None else setting.default for name, setting in record.settings.items()}
    return record.scalar(*(getattr(layer, name, value) for name, value in usual.items()))


def _element_wise(
    rng: np.random.Generator, record: Activation, layer: Any, of: Callable[[Scalar], Scalar], what: Formula
) -> Oracle:
    def case(shape: tuple[int, int], scale: float) -> tuple[Array]:
        return (scale * rng.choice([-1.0, 1.0], shape) * rng.uniform(0.01, 2.0, shape),)

    formula = _scalar(record, layer)

    def readings() -> Iterator[Reading]:
        others = {
            f"it is {other.layer}: {other.claim}": _scalar(other, layer)
            for name, other in functions.ACTIVATIONS.items()
            if name not in (record.name, "identity")
        }
        for cause, other in {**OTHER_FORMULAS, **others}.items():
            yield Reading(cause, lambda a, f=of(other): each(f, a))
        right = of(formula)
        for factor, cause in (
            (2.0, "it is twice what it should be"),
            (0.5, "it is half of what it should be"),
            (-1.0, "its sign is reversed"),
        ):
            yield Reading(cause, lambda a, factor=factor: factor * each(right, a))
        yield Reading("its argument has the wrong sign", lambda a: each(lambda v: right(-v), a))
        yield Reading("it is φ, where the slope φ' is wanted", lambda a: each(formula, a))
        yield Reading("it is the slope φ', where φ is wanted", lambda a: each(slope_of(formula), a))

    cases = [case((7, 5), 1.0), case((3, 11), 4.0)]
    return Oracle(what.claim, lambda a: each(of(formula), a), cases, list(readings()), what.question)


def dense(rng: np.random.Generator, W: Array, b: Array, transposed: bool) -> Oracle:
    """y = x W + b, with W as it acts, transposed already for a tied decoder."""
    cases = [(rng.normal(size=(n, W.shape[0])),) for n in (7, 3)]
    without = np.zeros_like(b)
    others: dict[str, Callable[[Array], Array]] = {
        "b is left out": lambda x: affine(x, W, without),
        "b is subtracted, where it should be added": lambda x: affine(x, W, -b),
        "b is added twice": lambda x: affine(x, W, 2 * b),
        "b is divided by the batch size": lambda x: affine(x, W, b / len(x)),
        "the first bias is added to every unit": lambda x: affine(x, W, without + b[0]),
        "the mean of b is added to every unit": lambda x: affine(x, W, without + b.mean()),
        "x W is divided by the batch size": lambda x: affine(x, W, without) / len(x) + b,
        "x W is divided by the number of inputs": lambda x: affine(x, W, without) / W.shape[0] + b,
        "x W is divided by the square root of the number of inputs": lambda x: (
            affine(x, W, without) / math.sqrt(W.shape[0]) + b
        ),
        "everything is divided by the batch size": lambda x: affine(x, W, b) / len(x),
        "x W is subtracted": lambda x: affine(x, -W, b),
        "x W is counted twice": lambda x: affine(x, 2 * W, b),
        "it centres x first": lambda x: affine(x - x.mean(axis=0), W, b),
        "it uses the absolute values of W": lambda x: affine(x, np.abs(W), b),
    }
    if W.shape[0] == W.shape[1]:
        others["W is transposed"] = lambda x: affine(x, W.T, b)
    claim = "x Wᵀ + b" if transposed else "x W + b"
    question = functions.FORMULAS["dense"].question
    return Oracle(claim, lambda x: affine(x, W, b), cases, [Reading(*item) for item in others.items()], question)


def unit_rows(rng: np.random.Generator, V: Array, b: Array) -> Oracle:
    """y = x W + b with the rows of V divided by their lengths."""
    cases = [(rng.normal(size=(n, V.shape[0])),) for n in (7, 3)]
    norms = np.array([[math.hypot(*row)] for row in V])
    columns = np.array([[math.hypot(*column) for column in V.T]])
    others: dict[str, Array] = {
        "its rows are as they are, not of length one": V,
        "its columns have length one, where its rows should": V / columns,
        "its rows are divided by the square of their length": V / norms**2,
        "its rows are divided by the sum of absolute values": V / np.abs(V).sum(axis=1, keepdims=True),
        "its rows are divided by their largest entry": V / np.abs(V).max(axis=1, keepdims=True),
        "all of it is divided by one length": V / math.hypot(*V.ravel()),
        "its rows are multiplied by their length": V * norms,
        "its rows are divided by the root of their length": V / np.sqrt(norms),
    }
    readings = [Reading(cause, lambda x, W=W: affine(x, W, b)) for cause, W in others.items()]
    readings.append(Reading("b is left out", lambda x: affine(x, rows_of_length_one(V), 0 * b)))
    question = functions.FORMULAS["unit_rows"].question
    return Oracle(
        "x W + b, W's rows of length one",
        lambda x: affine(x, rows_of_length_one(V), b),
        cases,
        readings,
        question,
    )


def top_k(rng: np.random.Generator, k: int, width: int) -> Oracle:
    """Keep the k largest entries of each row, by value; of equal ones the first."""
    ties = np.round(rng.normal(size=(7, width)))
    cases = [(rng.normal(size=(n, width)),) for n in (7, 5)] + [(ties,)]

    def at_least(a: Array) -> Array:
        return np.where(a >= np.sort(a, axis=1)[:, [-k]], a, 0.0)

    def over_batch(a: Array) -> Array:
        flat = np.sort(a.ravel())[-min(a.size, k * len(a))]
        return np.where(a >= flat, a, 0.0)

    others: dict[str, Callable[[Array], Any]] = {
        "it keeps the largest by absolute value, where it should by value": lambda a: largest(a, k, abs),
        "it keeps the smallest": lambda a: largest(a, k, lambda v: -v),
        f"it keeps {k - 1} units, one too few": lambda a: largest(a, k - 1),
        f"it keeps {k + 1} units, one too many": lambda a: largest(a, k + 1),
        "it drops the k largest": lambda a: a - largest(a, k),
        "it keeps all of those that tie, and so more than k": at_least,
        "of those that tie it keeps the last": lambda a: largest(a[:, ::-1], k)[:, ::-1],
        "it chooses over the whole batch, where it should for each example": over_batch,
        "it chooses examples for each unit, where it should choose units for each example": lambda a: largest(a.T, k).T,
        "it cuts negative values off as well": lambda a: np.maximum(largest(a, k), 0.0),
        "it returns the mask, without the values": lambda a: (largest(a + 1e3, k) > 0).astype(float),
        "it subtracts the smallest value that is kept": lambda a: np.where(
            largest(a + 1e3, k) > 0, a - np.sort(a, axis=1)[:, [-k]], 0.0),
    }  # fmt: skip
    question = functions.FORMULAS["top_k"].question
    return Oracle(
        f"the {k} largest of each row",
        lambda a: largest(a, k),
        cases,
        [Reading(*item) for item in others.items()],
        question,
    )
