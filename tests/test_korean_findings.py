"""What reports say of a wrong forward in Korean holds no English word beside names, formulas and codes."""

import re

import numpy as np
import pytest
from sentences import NAMES
from test_meaning_check import CLASS_MUTANTS, MUTANTS, X, labels_of, put
from test_second_opinions import PARTS, part

import aescratch as ae
from aescratch.foundations.language import gettext, in_language
from aescratch.inspection.gradcheck.meaning.choosing import oracle_of
from aescratch.models import MODELS

WORD = re.compile(r"[A-Za-z_]{2,}")
# Names in Python and in formulas, the same in every language.
SAME = NAMES | {"GELU", "eps", "float", "mean", "rng", "sigma", "slope", "softmax", "variance"}


def english_in(text, names=()):
    """The words of a text that are neither names nor parts of formulas."""
    return {word for word in WORD.findall(text) if word not in SAME} - {word for name in names for word in WORD.findall(name)}


def names_of(model):
    """The names that a report on a model may hold: classes, parts, methods."""
    return [type(model).__name__, *dir(model), *model.parts, *(type(each).__name__ for each in model.parts.values())]


def sentences_of(oracle):
    """What is said if a forward differs from an oracle, by any of its readings, as it is shown."""
    return [gettext(words) for words in (oracle.claim, oracle.question, *(reading.cause for reading in oracle.readings))]


@pytest.mark.parametrize("name", PARTS)
def test_all_that_a_formula_may_compute_instead_is_told_in_korean(name):
    layers = [record.layer for record in ae.functions.ACTIVATIONS.values()]
    with in_language("ko"):
        told = sentences_of(oracle_of(part(name), np.random.default_rng(0)))
    assert len(told) > 5
    assert {words: found for words in told if (found := english_in(words, layers))} == {}


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.word)
def test_what_the_parts_of_a_variant_compute_is_told_in_korean(kind):
    model = kind(**kind.arguments_for([5, 3], n_classes=3, rng=0))
    layers = [record.layer for record in ae.functions.ACTIVATIONS.values()]
    with in_language("ko"):
        oracles = [oracle_of(each, np.random.default_rng(0)) for each in model.parts.values()]
        told = {words for oracle in oracles if oracle is not None for words in sentences_of(oracle)}
        report = str(ae.check_meaning(model))
    assert {words: found for words in told if (found := english_in(words, layers))} == {}
    assert english_in(report, names_of(model)) == set()


@pytest.mark.parametrize("name", CLASS_MUTANTS)
def test_wrong_noise_and_wrong_wiring_are_told_in_korean(name):
    model = CLASS_MUTANTS[name][0]()
    with in_language("ko"):
        report = ae.check_meaning(model)
        told = str(report)
    assert report.verdict == "fail"
    assert english_in(told, names_of(model)) == set()


@pytest.mark.in_turn
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_forward_is_told_in_korean(monkeypatch, name):
    function, make, forward, _ = MUTANTS[name]
    model = make()
    put(monkeypatch, function, forward)
    with in_language("ko"):
        report = str(ae.check_meaning(model, X, labels_of(model)))
    assert english_in(report, [*names_of(model), *(record.layer for record in ae.functions.ACTIVATIONS.values())]) == set()
