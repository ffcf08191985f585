"""What layers and activations should compute, and what they may compute by mistake.

The formula sheet decides what is right. Tried instead are the other activations, the same formula of other arguments,
and forms that are often confused. Dropout and batch normalisation are checked in use mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aescratch.activations import TopK
from aescratch.backend import Array
from aescratch.batch_norm import BatchNorm
from aescratch.dropout import Dropout
from aescratch.foundations.language import Phrase, Sentence
from aescratch.functions import ACTIVATIONS, FORMULAS
from aescratch.functions.formula import Activation
from aescratch.functions.one_by_one import affine, each, largest, logistic, rows_of_length_one, slope_of
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, readings
from aescratch.layers import Dense, TransposedDense, UnitRowDense

Scalar = Callable[[float], float]
OfX = Callable[[Array], Any]

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


def _scalar(record: Activation, layer: Any) -> Scalar:
    """Return φ of one number, with the settings of a layer, or the usual ones if the layer has none of that name."""
    usual = {name: 0.5 if setting.default is None else setting.default for name, setting in record.settings.items()}
    return record.scalar(*(getattr(layer, name, value) for name, value in usual.items()))


def activation(rng: np.random.Generator, record: Activation, layer: Any, *, slope: bool = False) -> Oracle:
    """y = φ(a), element by element, or φ'(a), the limit of difference quotients of φ, away from its kinks."""

    def case(shape: tuple[int, int], scale: float) -> tuple[Array]:
        return (scale * rng.choice([-1.0, 1.0], shape) * rng.uniform(0.01, 2.0, shape),)

    def of(formula: Scalar) -> Scalar:
        return slope_of(formula) if slope else formula

    formula, what = _scalar(record, layer), record.formulas[int(slope)]
    right = of(formula)
    activations: dict[str, Scalar] = {
        Phrase("it is {name}: {formula}", name=other.layer, formula=Sentence(other.claim)): _scalar(other, layer)
        for name, other in ACTIVATIONS.items()
        if name not in (record.name, "identity")
    }
    others = {cause: of(other) for cause, other in {**OTHER_FORMULAS, **activations}.items()} | {
        "it is twice what it should be": lambda a: 2 * right(a),
        "it is half of what it should be": lambda a: 0.5 * right(a),
        "its sign is reversed": lambda a: -right(a),
        "its argument has the wrong sign": lambda a: right(-a),
        "it is φ instead of the slope φ'": formula,
        "it is the slope φ' instead of φ": slope_of(formula),
    }
    cases = [case((7, 5), 1.0), case((3, 11), 4.0)]
    by_entry = {cause: lambda a, other=other: each(other, a) for cause, other in others.items()}
    return Oracle(what.claim, lambda a: each(right, a), cases, readings(by_entry), what.question)


def dense(rng: np.random.Generator, layer: Dense | TransposedDense) -> Oracle:
    """y = x W + b, with the effective W, transposed for a tied decoder."""
    transposed = isinstance(layer, TransposedDense)
    W, b = (layer.W.value.T if transposed else layer.W.value).copy(), layer.b.value.copy()
    without = np.zeros_like(b)
    others: dict[str, OfX] = {
        "b is left out": lambda x: affine(x, W, without),
        "b is subtracted, where it should be added": lambda x: affine(x, W, -b),
        "b is added twice": lambda x: affine(x, W, 2 * b),
        "b is divided by the batch size": lambda x: affine(x, W, b / len(x)),
        "the first bias is added to every unit": lambda x: affine(x, W, without + b[0]),
        "the mean of b is added to every unit": lambda x: affine(x, W, without + b.mean()),
        "x W is divided by the batch size": lambda x: affine(x, W / len(x), b),
        "x W is divided by the number of inputs": lambda x: affine(x, W / len(W), b),
        "x W is divided by the square root of the number of inputs": lambda x: affine(x, W / math.sqrt(len(W)), b),
        "everything is divided by the batch size": lambda x: affine(x, W, b) / len(x),
        "x W is subtracted": lambda x: affine(x, -W, b),
        "x W is counted twice": lambda x: affine(x, 2 * W, b),
        "it centres x first": lambda x: affine(x - x.mean(axis=0), W, b),
        "it uses the absolute values of W": lambda x: affine(x, np.abs(W), b),
    }
    if W.shape[0] == W.shape[1]:
        others["W is transposed"] = lambda x: affine(x, W.T, b)
    claim = "x Wᵀ + b" if transposed else "x W + b"
    return _of_batches(rng, len(W), "dense", claim, lambda x: affine(x, W, b), others)


def unit_rows(rng: np.random.Generator, layer: UnitRowDense) -> Oracle:
    """y = x W + b with the rows of V divided by their lengths."""
    V, b = layer.V.value.copy(), layer.b.value.copy()
    norms = np.array([[math.hypot(*row)] for row in V])
    matrices: dict[str, Array] = {
        "its rows are not normalised to length 1": V,
        "its columns have length 1, where its rows should": rows_of_length_one(V.T).T,
        "its rows are divided by the square of their length": V / norms**2,
        "its rows are divided by the sum of absolute values": V / np.abs(V).sum(axis=1, keepdims=True),
        "its rows are divided by their largest entry": V / np.abs(V).max(axis=1, keepdims=True),
        "all of it is divided by one length": V / math.hypot(*V.ravel()),
        "its rows are multiplied by their length": V * norms,
        "its rows are divided by the square root of their length": V / np.sqrt(norms),
    }

    def with_matrix(W: Array, b: Array = b) -> OfX:
        return lambda x: affine(x, W, b)

    W = rows_of_length_one(V)
    others = {cause: with_matrix(matrix) for cause, matrix in matrices.items()}
    others["b is left out"] = with_matrix(W, 0 * b)
    return _of_batches(rng, len(V), "unit_rows", "x W + b, W's rows of length 1", with_matrix(W), others)


def _of_batches(
    rng: np.random.Generator, width: int, name: str, claim: str, right: OfX, others: Mapping[str, OfX]
) -> Oracle:
    """Return the oracle of a layer of this width, at two batches."""
    cases = [(rng.normal(size=(n, width)),) for n in (7, 3)]
    return Oracle(claim, right, cases, readings(others), FORMULAS[name].question)


def top_k(rng: np.random.Generator, layer: TopK) -> Oracle:
    """Keep the k largest entries of each row, by value; of equal ones the first."""
    k, width = layer.k, layer.k + 4
    ties = np.round(rng.normal(size=(7, width)))
    cases = [(rng.normal(size=(n, width)),) for n in (7, 5)] + [(ties,)]

    def from_value(a: Array, least: Any) -> Array:
        return np.where(a >= least, a, 0.0)

    def mask(a: Array) -> Array:
        return largest(a + 1e3, k) > 0

    others: dict[str, OfX] = {
        "it keeps the largest by absolute value instead of by value": lambda a: largest(a, k, abs),
        "it keeps the smallest": lambda a: largest(a, k, lambda v: -v),
        Phrase("it keeps {count} units, one too few", count=k - 1): lambda a: largest(a, k - 1),
        Phrase("it keeps {count} units, one too many", count=k + 1): lambda a: largest(a, k + 1),
        "it drops the k largest": lambda a: a - largest(a, k),
        "it keeps all entries that tie, and so more than k": lambda a: from_value(a, np.sort(a, axis=1)[:, [-k]]),
        "of entries that tie it keeps the last": lambda a: largest(a[:, ::-1], k)[:, ::-1],
        "it chooses over the whole batch instead of for each example": lambda a: from_value(
            a, np.sort(a, axis=None)[-k * len(a)]),
        "it chooses examples for each unit, where it should choose units for each example": lambda a: largest(a.T, k).T,
        "it cuts negative values off as well": lambda a: np.maximum(largest(a, k), 0.0),
        "it returns the mask, without the values": lambda a: mask(a).astype(float),
        "it subtracts the smallest kept value": lambda a: np.where(
            mask(a), a - np.sort(a, axis=1)[:, [-k]], 0.0),
    }  # fmt: skip
    claim, question = Phrase("the {k} largest of each row", k=k), FORMULAS["top_k"].question
    return Oracle(claim, lambda a: largest(a, k), cases, readings(others), question)


def dropout(rng: np.random.Generator, layer: Dropout) -> Oracle:
    """y = x: in use every unit is kept, unscaled."""
    p = layer.p
    others: dict[str, OfX] = {
        "it scales by 1 − p in use, though training scales by 1/(1 − p) already": lambda x: (1 - p) * x,
        "it scales by 1/(1 − p) in use, which belongs to training": lambda x: x / (1 - p),
    }
    question = "How many units are dropped in use, and how are the others scaled?"
    cases = [(rng.normal(size=(7, 5)),)]
    return Oracle("in use, x itself", lambda x: x, cases, readings(others if p else {}), question)


def batch_norm(rng: np.random.Generator, layer: BatchNorm) -> Oracle:
    """y = gamma (x − mean) / √(variance + epsilon) + beta, with the running mean and variance."""
    mean, variance, gamma, beta = (
        array.value.copy() for array in (layer.running_mean, layer.running_variance, layer.gamma, layer.beta)
    )

    def given(
        x: Array, mean: Array = mean, variance: Array = variance, gamma: Array = gamma, beta: Array = beta,
        epsilon: float = layer.epsilon,
    ) -> Any:  # fmt: skip
        return FORMULAS["running_norm"].again(x, gamma, beta, mean, variance, epsilon)

    behind, instead = (np.sqrt(variance) + layer.epsilon) ** 2, (variance + layer.epsilon) ** 2
    others: dict[str, OfX] = {
        "it takes the batch's own mean and variance, which belong to training": lambda x: given(
            x, mean=x.mean(axis=0), variance=x.var(axis=0)),
        "it divides by the variance instead of its square root": lambda x: given(x, variance=instead, epsilon=0.0),
        "epsilon is left out": lambda x: given(x, epsilon=0.0),
        "epsilon is added after the root": lambda x: given(x, variance=behind, epsilon=0.0),
        "the mean isn't subtracted": lambda x: given(x, mean=0 * mean),
        "gamma is left out": lambda x: given(x, gamma=np.ones_like(gamma)),
        "beta is left out": lambda x: given(x, beta=0 * beta),
    }  # fmt: skip
    claim = "in use, gamma (x − mean) / √(variance + epsilon) + beta, both running"
    question = "Which mean and variance are used for a single example?"
    return Oracle(claim, given, [(rng.normal(size=(7, len(mean))),)], readings(others), question)


def move_from_the_start(part: BatchNorm, rng: np.random.Generator) -> None:
    """Give a new normalisation, whose mean is 0 and whose variance and gamma are 1, values that show if left out."""
    shape = part.gamma.shape
    if not part.running_mean.value.any():
        part.running_mean.value = rng.normal(0, 0.3, shape)
    if (part.running_variance.value == 1).all():
        part.running_variance.value = rng.uniform(0.5, 2.0, shape)
    if (part.gamma.value == 1).all():
        part.gamma.value = rng.uniform(0.5, 2.0, shape)
