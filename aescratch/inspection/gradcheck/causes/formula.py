"""Mistakes within a formula: a missing, extra or wrong factor or term; another function's derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase
from aescratch.inspection.gradcheck.causes.hypothesis import COLUMN, CONSTANT, ROW, Candidate, Hypothesis, Predict
from aescratch.inspection.gradcheck.causes.ingredients import (
    CURVATURES_AT,
    FUNCTIONS,
    PLAIN,
    SLOPES,
    SLOPES_AT,
    VALUES,
    Feature,
    features,
)
from aescratch.inspection.gradcheck.causes.looks import Look
from aescratch.inspection.gradcheck.causes.paths import elementwise_slope

SLOPE_OF = dict(zip(SLOPES_AT, SLOPES, strict=True)) | {"({} > 0)": "ReLU"}
STEPS = {"({} > 0)", "({} ≤ 0)", "sign({})"}  # equal by chance at numbers that are themselves 0 and 1, or −1 and 1
MEANS = {"the mean of {0} {1}, {}", "the sum of {0} {1}, {}"}
USUAL_TERMS = set(VALUES) | set(PLAIN) - STEPS | MEANS
# Quotients of activations equal quotients of other exponentials.
IN_NO_QUOTIENT = {*CURVATURES_AT, *SLOPE_OF, *VALUES}
# y (1 − y) is sigmoid's slope and 1 − y² is tanh's if y is the output; for another argument they are wrong.
OUTPUT_FORM = {"{} (1 − {})": "sigmoid", "(1 − {}²)": "tanh", "({} > 0)": "ReLU"}
RECIPROCAL = "1/"  # in a function: multiplying by it is dividing by another one, which is stated instead
NEARLY = 1e-6  # a pair is examined if its cosine falls short of 1 by no more


def _beside_the_upstream(look: Look, name: str) -> list[Feature]:
    """Return what can be multiplied with the upstream gradient, entry by entry, if that has the shape of the input."""
    shape = look.inputs[name].shape
    return features(look, shape) if look.upstream.ndim and look.upstream.shape == shape else []


def _own_activations(look: Look, name: str) -> set[str]:
    """Return the names of the activations whose slope at the input is forward's derivative."""
    slope = elementwise_slope(look, name)
    if slope is None:
        return set()
    value = look.inputs[name]
    known, near = look.usable(name), 1e-8 * np.abs(slope).max()
    return {n for words, n in SLOPE_OF.items() if (np.abs(FUNCTIONS[words](value) - slope)[known] <= near).all()}


def _other_slope(look: Look, name: str) -> Iterator[Candidate]:
    own = _own_activations(look, name)
    for feature in _beside_the_upstream(look, name):
        activation = SLOPE_OF.get(feature.function)
        if activation and feature.of == name and activation not in own:
            yield Candidate(activation, look.upstream * feature.array)


def _wrong_argument(look: Look, name: str) -> Iterator[Candidate]:
    own = _own_activations(look, name)
    for feature in _beside_the_upstream(look, name):
        elsewhere = SLOPE_OF.get(feature.function) in own and feature.of != name
        if elsewhere or OUTPUT_FORM.get(feature.function) in own:
            yield Candidate(feature.words, look.upstream * feature.array)


def _factors(look: Look, name: str) -> list[Feature]:
    found = features(look, look.inputs[name].shape)
    return [f for f in found if RECIPROCAL not in f.function and f.function not in CURVATURES_AT]


def _changed_by_a_factor(change: Callable[[Array, Array], Array]) -> Predict:
    """Return the prediction of the right gradient divided by a factor, or multiplied by it; none is infinite."""
    return lambda look, name: (Candidate(f.words, change(look.truth(name), f.array)) for f in _factors(look, name))


def _elementwise(look: Look, name: str) -> Iterator[Candidate]:
    for feature in _beside_the_upstream(look, name):
        words = Phrase("the upstream gradient times {factor}", factor=feature.words)
        yield Candidate(words, look.upstream * feature.array)


def _another_formula(look: Look, name: str) -> Iterator[Candidate]:
    for feature in features(look, look.inputs[name].shape):
        yield Candidate(feature.words, feature.array)


def _groups(look: Look, found: list[Feature], without: set[str]) -> Iterator[list[Feature]]:
    """Yield the functions of each ingredient, each function of all ingredients, and the plain functions of all inputs.

    Input over output is a plain function of many forwards too, and says nothing about the origin of a mistake.
    """
    by_ingredient: dict[str, list[Feature]] = {}
    by_function: dict[str, list[Feature]] = {}
    for feature in found:
        if feature.function not in without:
            by_ingredient.setdefault(feature.of, []).append(feature)
        if feature.of in look.inputs or feature.function not in PLAIN:
            by_function.setdefault(feature.function, []).append(feature)
    yield from by_ingredient.values()
    yield from by_function.values()


def _near(group: list[Feature], cosines: Array) -> Iterator[tuple[Feature, Feature]]:
    """Yield the pairs that point in almost the same direction as the array that they are compared with."""
    yield from ((group[i], group[j]) for i, j in np.argwhere(np.abs(cosines) > 1 - NEARLY) if i != j)


def _replaced(look: Look, name: str) -> Iterator[Candidate]:
    """Yield the pairs of functions whose quotient is near that of the returned and the right gradient.

    The right gradient times A/B is A as a factor where B belongs, or B as a divisor where A belongs: both are stated.
    """
    truth, returned = look.truth(name), look.returned[name]
    if returned.shape != truth.shape:
        return
    known = look.usable(name) & (truth != 0)
    plain = [feature for feature in features(look, truth.shape) if RECIPROCAL not in feature.function]
    for group in _groups(look, plain, IN_NO_QUOTIENT):
        rows = np.stack([feature.array[known] for feature in group])
        wanted = rows * (returned / np.where(known, truth, 1.0))[known]
        for wrong, right in _near(group, _unit(rows) @ _unit(wanted).T):
            words = Phrase("times {wrong} and divided by {right}", wrong=wrong.words, right=right.words)
            yield Candidate(words, truth * (wrong.array / right.array))


def _unit(rows: Array) -> Array:
    lengths = np.sqrt((rows * rows).sum(1, keepdims=True))
    return rows / np.where(lengths > 0, lengths, np.inf)


def _term(look: Look, name: str) -> Iterator[Candidate]:
    truth, shape, u = look.truth(name), look.inputs[name].shape, look.upstream
    yield Candidate(CONSTANT, np.ones(shape), truth)
    for other in look.names:
        if other != name and look.inputs[other].shape == shape:
            yield Candidate(Phrase("the gradient for {other}", other=other), look.truth(other), truth)
    yield from (candidate._replace(offset=truth) for candidate in _another_formula(look, name))
    if u.ndim and u.shape == shape:
        yield Candidate(Phrase("the upstream gradient"), u, truth)
        for axis, line in enumerate((COLUMN, ROW)[: u.ndim]):
            mean = np.broadcast_to(u.mean(axis, keepdims=True), shape)
            yield Candidate(Phrase("the mean of the upstream gradient over every {line}", line=line), mean, truth)


def _upstream_term(look: Look, name: str) -> Iterator[Candidate]:
    for candidate in _elementwise(look, name):
        yield candidate._replace(offset=look.truth(name))


def _term_replaced(look: Look, name: str) -> Iterator[Candidate]:
    """Yield the pairs of functions whose difference is nearly parallel to returned minus right gradient."""
    truth, returned = look.truth(name), look.returned[name]
    if returned.shape != truth.shape:
        return
    known = look.usable(name)
    off = (returned - truth)[known]
    usual = [f for f in features(look, truth.shape) if f.function in USUAL_TERMS or "softmax" in f.function]
    for group in _groups(look, usual, set()):
        rows = np.stack([feature.array[known] for feature in group])
        along, squares, products = rows @ off, (rows * rows).sum(1), rows @ rows.T
        lengths = np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 1e-300) * (off @ off))
        for wrong, right in _near(group, (along[:, None] - along) / lengths):
            words = Phrase("{wrong} stands where {right} belongs", wrong=wrong.words, right=right.words)
            yield Candidate(words, wrong.array - right.array, truth)


FORMULA_HYPOTHESES = (
    Hypothesis("other-derivative", "{tensor} uses the derivative of {what}, which isn't forward's{times}",
               "Which function does the forward compute, exactly? Is the one that you differentiated the same?",
               _other_slope, 1.5),
    Hypothesis("wrong-argument", "in {tensor}, forward's derivative is taken at the wrong values: as {what}{times}",
               "Is your derivative written for what goes into the function, or for what comes out of it?",
               _wrong_argument, 1.5),
    Hypothesis("factor-missing",
               "{tensor} is the right gradient without the factor {what} (or divided by it once too often){times}",
               "Go through the forward factor by factor: where does each appear in your backward?",
               _changed_by_a_factor(np.divide), 2.0),
    Hypothesis("factor-extra",
               "{tensor} is the right gradient with a factor too many, {what} (or not divided by it){times}",
               "Where does each factor of your formula come from? Which one has no reason to be there?",
               _changed_by_a_factor(np.multiply), 2.3),
    Hypothesis("derivative-replaced", "{tensor} is {what}{times}, where forward's own derivative belongs",
               "What is the derivative of what the forward computes, entry by entry?", _elementwise, 3.0),
    Hypothesis("term", "{tensor} has a term too many, or lacks one: it is the right gradient {added}",
               "List the terms of the forward. Which of them has no counterpart in your backward, or one too many?",
               _term, 2.5),
    Hypothesis("upstream-term", "{tensor} has a term too many, or lacks one: the right gradient {added}",
               "By how many paths does this input reach the output? What does each path contribute?",
               _upstream_term, 3.5),
)  # fmt: skip
PAIR_HYPOTHESES = (
    Hypothesis("formula-replaced", "{tensor} is {what}{times}, where the right gradient belongs",
               "What is the derivative of what the forward computes, entry by entry?", _another_formula, 3.7),
    Hypothesis("factor-replaced",
               "{tensor} is the right gradient {what}{times}: the first is a factor where the second belongs, or "
               "the second is a divisor where the first belongs",
               "Which function of which array does the forward apply, and what is its derivative?", _replaced, 3.9),
    Hypothesis("term-replaced", "in {tensor}, {what} as a term{times}",
               "Which function of which array does the forward apply before it subtracts?", _term_replaced, 3.5),
)  # fmt: skip
