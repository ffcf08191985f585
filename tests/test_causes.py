"""What is wrong with a gradient: the mistakes of the catalogue are named, and nothing is ever named falsely."""

import subprocess
import sys
from pathlib import Path

import mistakes
import mistakes_held_out
import numpy as np
import pytest
import right_styles
from mistakes import told
from numeric import D, H, N

from aescratch import functions as sheet
from aescratch.gradcheck import check_function
from aescratch.gradcheck.binding import bind
from aescratch.gradcheck.causes import HYPOTHESES, explain
from aescratch.gradcheck.causes.draws import Dimension, dimensions_of
from aescratch.gradcheck.causes.readings import read

ROOT = Path(__file__).parent.parent
ALL_NAMED = 0.95  # of the catalogue's gradients


def dense_inputs(rng, n=N, d=D, h=H):
    return {"x": rng.normal(size=(n, d)), "W": rng.normal(size=(d, h)), "b": rng.normal(size=h)}


def averaged(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y / len(x), grad_y.sum(0)


def np_tanh(a):
    return np.tanh(a)


def count(module, seed, some=slice(None)):
    results = [mistakes.judged(m, module.PAIRS, module.wanted(m.pair), seed) for m in module.MISTAKES[some]]
    named, described = sum(r[0] for r in results), sum(r[1] for r in results)
    return named, described, [complaint for r in results for complaint in r[2]]


def test_every_mistake_of_the_catalogue_is_rejected():
    for mistake in mistakes.MISTAKES:
        forward, make, _ = mistakes.PAIRS[mistake.pair]
        inputs = make(np.random.default_rng(0))
        report = check_function(forward, mistake.backward, inputs, wrt=mistakes.wanted(mistake.pair), explain=False)
        assert report.verdict == "fail", mistake.name


def test_the_catalogue_is_named_and_never_falsely():
    named, described, wrong = count(mistakes, seed=0)
    assert not wrong
    assert named >= ALL_NAMED * (named + described)


def test_mistakes_that_no_hypothesis_was_written_for_are_never_named_falsely():
    named, described, wrong = count(mistakes_held_out, seed=0)
    assert not wrong
    assert named > 0
    assert described > 0


@pytest.mark.parametrize(("name", "pair", "backward"), right_styles.STYLES, ids=[style[0] for style in right_styles.STYLES])
def test_right_gradients_in_unusual_styles_are_accepted_at_every_scale(name, pair, backward):
    forward, names = mistakes.PAIRS[pair][0], mistakes.wanted(pair)
    for scale in right_styles.scales_of(pair):
        inputs = right_styles.scaled_inputs(pair, scale, np.random.default_rng(3))
        assert check_function(forward, backward, inputs, wrt=names).verdict == "pass", scale
        assert explain(bind(forward, backward, inputs), names) == [], scale


def test_two_mistakes_at_once_are_never_named_falsely():
    for pair in mistakes.combinations(40, np.random.default_rng(1)):
        assert not mistakes.judged(pair, mistakes.PAIRS, mistakes.wanted(pair.pair))[2]


def test_the_tanh_derivative_on_the_exact_gelu_is_named():
    for seed in range(5):
        a = {"a": np.random.default_rng(seed).normal(size=(N, H))}
        assert told(sheet.gelu_tanh_backward, sheet.gelu, a, ["a"], seed) == {"a": "other-derivative[1]"}


def test_a_replaced_formula_of_ours_is_not_taken_for_the_truth(monkeypatch):
    a = {"a": np.random.default_rng(0).normal(size=(N, H))}
    monkeypatch.setattr(sheet, "gelu_slope", sheet.gelu_tanh_slope)
    assert told(sheet.gelu_backward, sheet.gelu, a, ["a"]) == {"a": "other-derivative[1]"}

    def backward(grad_y, a):
        p = 1 / (1 + np.exp(-a))
        return grad_y * p * (1 - p)

    monkeypatch.setattr(sheet, "sigmoid", np.tanh)  # which sigmoid_slope calls
    assert told(backward, np_tanh, a, ["a"]) == {"a": "other-derivative[1]"}


# Readings


def test_a_factor_is_read_from_how_it_changes_with_the_sizes():
    dimensions = [Dimension("N", 7, (("x", 0),), True), Dimension("H", 3, (("W", 1),), True)]
    bases = {"N": 7, "H": 3}

    def factor(function):
        sizes = [bases, {"N": 8, "H": 3}, {"N": 10, "H": 3}, {"N": 7, "H": 4}, {"N": 7, "H": 6}]
        found = read([(s, function(**s)) for s in sizes], dimensions)
        return found and found.text

    assert factor(lambda N, H: N / (N - 1)) == "N/(N − 1)"
    assert factor(lambda N, H: N / (2 * H)) == "N/(2·H)"  # 7/6 at 7 and 3, as the one before
    assert factor(lambda N, H: 7 / 6) == "7/6"
    assert factor(lambda N, H: -0.37 / N) == "−0.37/N"
    assert factor(lambda N, H: N + H) is None


def test_dimensions_of_one_length_are_told_apart():
    pair = bind(sheet.dense, averaged, dense_inputs(np.random.default_rng(0), 7, 7, 7))
    assert [d.letter for d in dimensions_of(pair) if d.free] == ["N", "D", "H"]
    assert told(averaged, sheet.dense, pair.inputs, ["x", "W", "b"]) == {"W": "scale[1/N]"}


def test_a_size_that_cannot_be_varied_is_said_to_be():
    target = np.random.default_rng(1).normal(size=(N, D))

    def loss(x_hat):
        if x_hat.shape != target.shape:
            raise ValueError
        return 0.5 * ((x_hat - target) ** 2).sum() / N

    inputs = {"x_hat": np.random.default_rng(0).normal(size=(N, D))}
    (finding,) = explain(bind(loss, lambda x_hat: x_hat - target, inputs), ["x_hat"])
    assert "N is 7 here" in finding.cause
    assert "couldn't be varied: use sizes that differ" in finding.cause


def test_a_gradient_of_the_wrong_shape_is_explained_too():
    def backward(grad_y, x, W):
        return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=1)

    inputs = dense_inputs(np.random.default_rng(0))
    assert told(backward, sheet.dense, inputs, ["x", "W"]) == {"b": "not-summed[1]"}


def test_large_inputs_are_looked_at_in_small():
    inputs = dense_inputs(np.random.default_rng(0), 256, 784, 100)
    assert told(averaged, sheet.dense, inputs, ["x", "W", "b"]) == {"W": "scale[1/N]"}


# What goes wrong on the way


def raises(grad_y, x, W):
    raise KeyError("x")


@pytest.mark.parametrize(
    "backward",
    [
        raises,
        lambda grad_y, x, W: None,
        lambda grad_y, x, W: (None, "W", 3),
        lambda grad_y, x, W: (np.nan * x, np.inf * W, grad_y.sum(0)),
        lambda grad_y, x, W: (x, W),
        lambda grad_y, x, W: (x.astype(int), W > 0, grad_y.astype(complex)),
    ],
)
def test_it_never_raises(backward):
    inputs = dense_inputs(np.random.default_rng(0))
    assert all(not finding.cause for finding in explain(bind(sheet.dense, backward, inputs), ["x", "W", "b"]))


def test_nothing_is_changed():
    inputs = dense_inputs(np.random.default_rng(0))
    before = {name: value.copy() for name, value in inputs.items()}
    state = np.random.get_state()[1].copy()  # noqa: NPY002

    def careless(grad_y, x, W):
        x *= 2
        grad_y *= 2
        return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)

    explain(bind(sheet.dense, careless, inputs), ["x", "W", "b"])
    assert all(np.array_equal(before[name], inputs[name]) for name in inputs)
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_a_batch_of_one_and_a_single_number_get_no_false_cause():
    one = dense_inputs(np.random.default_rng(0), n=1)
    assert not any(code != "described" for code in told(averaged, sheet.dense, one, ["x", "W", "b"]).values())
    number = {"a": np.array([0.3])}
    assert told(lambda grad_y, a: 1.7 * grad_y + a, sheet.tanh, number, ["a"]) == {"a": "described"}


def test_a_description_holds_the_facts():
    def backward(grad_y, x, W):
        grad_x = grad_y @ W.T
        grad_x[2] += 0.1 * np.sin(100 * grad_x[2])
        return grad_x, x.T @ grad_y, grad_y.sum(0)

    (finding,) = explain(bind(sheet.dense, backward, dense_inputs(np.random.default_rng(0))), ["x", "W", "b"])
    assert (finding.code, finding.tensor, finding.severity, finding.cause) == ("described", "grad_x", "note", "")
    assert "5 of 35 entries are wrong, all in rows 2" in finding.message
    assert 0.9 < finding.evidence["cosine"] < 1
    assert "sign" in finding.evidence["ruled_out"]


# The catalogue of hypotheses


def test_hypotheses_are_statements_with_a_question():
    assert len({hypothesis.code for hypothesis in HYPOTHESES}) == len(HYPOTHESES)
    for hypothesis in HYPOTHESES:
        assert hypothesis.cause.startswith(("{tensor}", "in {tensor}"))
        assert "?" not in hypothesis.cause
        assert "?" in hypothesis.question
        assert "=" not in hypothesis.question


def test_the_page_of_the_catalogue_is_up_to_date():
    made = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "make_causes.py"), "--print"], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert made.stdout == (ROOT / "docs" / "causes.md").read_text(encoding="utf-8")
