"""Mistakes within a formula: a missing, extra or wrong factor or term; another function's derivative."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aescratch.foundations.language import Phrase, gettext_noop
from aescratch.inspection.gradcheck.causes.hypothesis import COLUMN, CONSTANT, ROW, Candidate, Hypothesis
from aescratch.inspection.gradcheck.causes.ingredients import SLOPES, Feature, features, slope_of
from aescratch.inspection.gradcheck.causes.looks import Look
from aescratch.inspection.gradcheck.causes.paths import elementwise_slope

SLOPE_OF = {slope_of(name): name for name in SLOPES} | {"({} > 0)": "ReLU"}
# y (1 − y) is sigmoid's slope and 1 − y² is tanh's if y is the output; for another argument they are wrong.
OUTPUT_FORM = {"{} (1 − {})": "sigmoid", "(1 − {}²)": "tanh", "({} > 0)": "ReLU"}
RECIPROCAL = "1/"  # in a function: multiplying by it is dividing by another one, which is stated instead


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
    return {n for n, phi in SLOPES.items() if (np.abs(phi(value) - slope)[known] <= near).all()}


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
    return [f for f in features(look, look.inputs[name].shape) if RECIPROCAL not in f.function]


def _missing(look: Look, name: str) -> Iterator[Candidate]:
    for feature in _factors(look, name):
        if feature.array.all():
            yield Candidate(feature.words, look.truth(name) / feature.array)


def _extra(look: Look, name: str) -> Iterator[Candidate]:
    for feature in _factors(look, name):
        yield Candidate(feature.words, look.truth(name) * feature.array)


def _elementwise(look: Look, name: str) -> Iterator[Candidate]:
    for feature in _beside_the_upstream(look, name):
        words = Phrase("the upstream gradient times {factor}", factor=feature.words)
        yield Candidate(words, look.upstream * feature.array)


def _another_formula(look: Look, name: str) -> Iterator[Candidate]:
    for feature in features(look, look.inputs[name].shape):
        yield Candidate(feature.words, feature.array)


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


FORMULA_HYPOTHESES = (
    Hypothesis("other-derivative", gettext_noop("{tensor} uses the derivative of {what}, which isn't forward's{times}"),
               gettext_noop(
                   "Which function does the forward compute, exactly? Is the one that you differentiated the same?"
               ),
               _other_slope, 1.5),
    Hypothesis("wrong-argument",
               gettext_noop("in {tensor}, forward's derivative is taken at the wrong values: as {what}{times}"),
               gettext_noop("Is your derivative written for what goes into the function, or for what comes out of it?"),
               _wrong_argument, 1.5),
    Hypothesis("factor-missing",
               gettext_noop(
                   "{tensor} is the right gradient without the factor {what} (or divided by it once too often){times}"
               ),
               gettext_noop("Go through the forward factor by factor: where does each appear in your backward?"),
               _missing, 2.0),
    Hypothesis("factor-extra",
               gettext_noop(
                   "{tensor} is the right gradient with a factor too many, {what} (or not divided by it){times}"
               ),
               gettext_noop("Where does each factor of your formula come from? Which one has no reason to be there?"),
               _extra, 2.3),
    Hypothesis("derivative-replaced", gettext_noop("{tensor} is {what}{times}, where forward's own derivative belongs"),
               gettext_noop("What is the derivative of what the forward computes, entry by entry?"), _elementwise, 3.0),
    Hypothesis("term", gettext_noop("{tensor} has a term too many, or lacks one: it is the right gradient {added}"),
               gettext_noop(
                   "List the terms of the forward. Which of them has no counterpart in your backward, or one too many?"
               ),
               _term, 2.5),
    Hypothesis("upstream-term", gettext_noop("{tensor} has a term too many, or lacks one: the right gradient {added}"),
               gettext_noop("By how many paths does this input reach the output? What does each path contribute?"),
               _upstream_term, 3.5),
)  # fmt: skip
