"""What is wrong with a gradient: the mistakes of the catalogue are named, and nothing is ever named falsely."""

import subprocess
import sys
from pathlib import Path

import mistakes
import mistakes_held_out
import numpy as np
import pytest
import right_styles
from mistakes import dense_with, told, without_source
from numeric import D, H, N

from aescratch import backend
from aescratch import functions as sheet
from aescratch.inspection.gradcheck import check_function
from aescratch.inspection.gradcheck.binding import bind
from aescratch.inspection.gradcheck.causes import HYPOTHESES, explain
from aescratch.inspection.gradcheck.causes.draws import Dimension, Looks, dimensions_of, shrunk
from aescratch.inspection.gradcheck.causes.readings import read

ROOT = Path(__file__).parent.parent
ALL_NAMED = 0.95  # of the catalogue's gradients
SOME = slice(0, None, 24)  # of the mistakes: explaining takes long, and tests/benchmarks/checkers_side_by_side.py counts them all


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


@pytest.mark.in_turn
def test_every_mistake_of_the_catalogue_is_rejected():
    for mistake in mistakes.MISTAKES:
        forward, make, _ = mistakes.PAIRS[mistake.pair]
        inputs = make(np.random.default_rng(0))
        report = check_function(forward, mistake.backward, inputs, wrt=mistakes.wanted(mistake.pair), explain=False)
        assert report.verdict == "fail", mistake.name


@pytest.mark.in_turn
def test_the_catalogue_is_named_and_never_falsely():
    named, described, wrong = count(mistakes, seed=0, some=SOME)
    assert not wrong
    assert named >= ALL_NAMED * (named + described)


@pytest.mark.in_turn(0)
def test_mistakes_that_no_hypothesis_was_written_for_are_never_named_falsely():
    named, described, wrong = count(mistakes_held_out, seed=0, some=SOME)
    assert not wrong
    assert named > 0
    assert described > 0


@pytest.mark.in_turn
@pytest.mark.parametrize(("name", "pair", "backward"), right_styles.STYLES, ids=[style[0] for style in right_styles.STYLES])
def test_right_gradients_in_unusual_styles_are_accepted_at_every_scale(name, pair, backward):
    forward, names = mistakes.PAIRS[pair][0], mistakes.wanted(pair)
    for scale in right_styles.scales_of(pair):
        inputs = right_styles.scaled_inputs(pair, scale, np.random.default_rng(3))
        assert check_function(forward, backward, inputs, wrt=names).verdict == "pass", scale
        assert explain(bind(forward, backward, inputs), names) == [], scale


@pytest.mark.in_turn(1)
def test_two_mistakes_at_once_are_never_named_falsely():
    for pair in mistakes.combinations(4, np.random.default_rng(1)):
        assert not mistakes.judged(pair, mistakes.PAIRS, mistakes.wanted(pair.pair))[2]


@pytest.mark.in_turn
def test_the_tanh_derivative_on_the_exact_gelu_is_named():
    for seed in range(5):
        a = {"a": np.random.default_rng(seed).normal(size=(N, H))}
        assert told(sheet.gelu_tanh_backward, sheet.gelu, a, ["a"], seed) == {"a": "other-derivative[1]"}


def test_a_replaced_formula_of_ours_is_not_taken_for_the_truth(monkeypatch):
    a = {"a": np.random.default_rng(0).normal(size=(N, H))}
    monkeypatch.setattr(sheet, "gelu_slope", sheet.gelu_tanh_slope)
    assert told(lambda grad_y, a: grad_y * sheet.gelu_slope(a), sheet.gelu, a, ["a"]) == {"a": "other-derivative[1]"}

    def backward(grad_y, a):
        p = 1 / (1 + np.exp(-a))
        return grad_y * p * (1 - p)

    monkeypatch.setattr(sheet, "sigmoid", np.tanh)  # which sigmoid_slope calls
    assert told(backward, np_tanh, a, ["a"]) == {"a": "other-derivative[1]"}


LOSSES = {  # of an output y and a target t, and their gradient for y
    "half the sum over N": (lambda y, t: 0.5 * ((y - t) ** 2).sum() / len(t), lambda y, t: (y - t) / len(t)),
    "the sum over N": (lambda y, t: ((y - t) ** 2).sum() / len(t), lambda y, t: 2 * (y - t) / len(t)),
    "half the sum": (lambda y, t: 0.5 * ((y - t) ** 2).sum(), lambda y, t: y - t),
    "the sum": (lambda y, t: ((y - t) ** 2).sum(), lambda y, t: 2 * (y - t)),
    "half the mean": (lambda y, t: 0.5 * ((y - t) ** 2).mean(), lambda y, t: (y - t) / t.size),
    "the mean": (lambda y, t: ((y - t) ** 2).mean(), lambda y, t: 2 * (y - t) / t.size),
    "cross-entropy": (sheet.binary_cross_entropy, sheet.binary_cross_entropy_backward),
}


@pytest.mark.in_turn
@pytest.mark.parametrize(("loss", "gradient"), LOSSES.values(), ids=LOSSES)
def test_the_inside_of_a_network_is_known_whatever_its_loss(loss, gradient):
    def forward(x, W1, b1, W2, b2):
        return loss(np.tanh(x @ W1 + b1) @ W2 + b2, x)

    def backward(x, W1, b1, W2, b2):  # without the derivative of tanh
        h = np.tanh(x @ W1 + b1)
        grad_y = gradient(h @ W2 + b2, x)
        grad_h = grad_y @ W2.T
        return x.T @ grad_h, grad_h.sum(0), h.T @ grad_y, grad_y.sum(0)

    rng = np.random.default_rng(0)
    shapes = {"x": (N, D), "W1": (D, H), "b1": (H,), "W2": (H, D), "b2": (D,)}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    assert told(backward, forward, inputs, ["W1", "b1", "W2", "b2"]) == {"W1": mistakes.LINE, "b1": mistakes.LINE}


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
    assert "7 is the number of rows of x_hat here" in finding.cause
    assert "couldn't be varied: use sizes that differ" in finding.cause


def test_an_output_whose_columns_are_examples_too_is_explained():
    def gram(x):
        return x @ x.T

    inputs = {"x": np.random.default_rng(0).normal(size=(N, D))}
    assert told(lambda grad_y, x: 3 * (grad_y + grad_y.T) @ x, gram, inputs, ["x"]) == {"x": "scale[3]"}


def test_a_gradient_of_the_wrong_shape_is_explained_too():
    def backward(grad_y, x, W):
        return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=1)

    inputs = dense_inputs(np.random.default_rng(0))
    assert told(backward, sheet.dense, inputs, ["x", "W", "b"]) == {"b": "not-summed[1]"}


@pytest.mark.parametrize("shape", [(), (1,)])
def test_one_number_that_is_the_sum_of_a_right_gradient_is_named_and_no_other_number_is(shape):
    def said(number):
        backward = dense_with(2, lambda grad_y, x, W: np.full(shape, number(grad_y)))
        return told(without_source(backward), sheet.dense, dense_inputs(np.random.default_rng(0)), ["x", "W", "b"])

    assert said(np.sum) == {"b": "collapsed[1]"}
    for other in (np.mean, lambda grad_y: 0.0, lambda grad_y: -grad_y.sum(), lambda grad_y: grad_y[:-1].sum()):
        assert not said(other)


def test_a_zero_is_not_the_sum_of_a_gradient_that_adds_up_to_zero():
    backward = without_source(lambda grad_y, a: np.float64(0))
    inputs = {"a": np.random.default_rng(0).normal(size=(N, D))}
    assert not told(backward, lambda a: a - a.mean(), inputs, ["a"])


def test_large_inputs_are_looked_at_in_small():
    inputs = dense_inputs(np.random.default_rng(0), 256, 784, 100)
    assert told(averaged, sheet.dense, inputs, ["x", "W", "b"]) == {"W": "scale[1/N]"}


def test_inputs_shrink_until_a_cause_can_be_looked_for_and_no_two_lengths_become_equal():
    pair = bind(sheet.dense, averaged, dense_inputs(np.random.default_rng(0), 40, 30, 20))
    small, dimensions = shrunk(pair, dimensions_of(pair), lambda small: small.inputs["x"].size > 20)
    assert small.inputs["x"].size <= 20
    assert len({dimension.size for dimension in dimensions}) == 3
    assert {d.letter: d.size for d in dimensions} == dict(zip("NDH", (*small.inputs["x"].shape, small.inputs["b"].size), strict=True))


def test_large_inputs_that_cannot_shrink_are_said_to_take_too_long():
    weights = np.random.default_rng(1).normal(size=(500, 3))
    pair = bind(lambda a: a @ weights, lambda grad_y, a: grad_y @ weights.T / 2, {"a": np.random.default_rng(0).normal(size=(7, 500))})
    (finding,) = explain(pair, ["a"])
    assert (finding.code, finding.evidence) == ("described", {"entries": 3500})
    assert "takes too long with 3500 entries, and no smaller inputs were found that forward takes" in finding.message


def test_a_length_that_can_only_be_doubled_is_varied_so():
    """Half of the columns are gates of the others; an odd number of columns has no halves."""

    def gated(a):
        first, second = np.split(a, 2, axis=1)
        return first * second

    @without_source
    def backward(grad_y, a):
        first, second = np.split(a, 2, axis=1)
        return np.hstack([grad_y * second, grad_y * first]) / a.shape[1]

    pair = bind(gated, backward, {"a": np.random.default_rng(0).normal(size=(7, 6))})
    assert [(d.size, d.step, d.free) for d in dimensions_of(pair)] == [(7, 1, True), (6, 6, True)]
    assert told(backward, gated, pair.inputs, ["a"]) == {"a": "scale[1/D]"}


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

    pair = bind(sheet.dense, without_source(backward), dense_inputs(np.random.default_rng(0)))
    (finding,) = explain(pair, ["x", "W", "b"])
    assert (finding.code, finding.tensor, finding.severity, finding.cause) == ("described", "grad_x", "note", "")
    assert "5 of 35 entries are wrong, all in rows 2" in finding.message
    assert 0.9 < finding.evidence["cosine"] < 1
    assert "sign" in finding.evidence["ruled_out"]


# Values at which many formulas are one


def like_ones(rng, *shape):
    return np.sign(rng.normal(size=shape))


def zeros_and_ones(rng, *shape):
    return (rng.normal(size=shape) > 0) * 1.0


def whole(rng, *shape):
    return np.round(2 * rng.normal(size=shape))


def constant(rng, *shape):
    return np.full(shape, 1e-3)


def tiny(rng, *shape):
    return 1e-3 * rng.normal(size=shape)


def positive(rng, *shape):
    return np.abs(rng.normal(size=shape))


def negative(rng, *shape):
    return -positive(rng, *shape)


def silu_like(grad_y, a):
    return grad_y * (backend.normal_cdf(a) - a * backend.normal_density(a))


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("forward", "backward", "draw", "true"),
    [
        (sheet.relu, lambda grad_y, a: 0.5 * grad_y * (a > 0), whole, "scale[1/2]"),
        (sheet.relu, lambda grad_y, a: 0.5 * grad_y * (a > 0), zeros_and_ones, "scale[1/2]"),
        (sheet.relu, lambda grad_y, a: grad_y * (a <= 0), negative, "slope-misused[1]"),
        (sheet.relu, lambda grad_y, a: grad_y * (a <= 0), positive, "slope-misused[1]"),
        (sheet.sigmoid, lambda grad_y, y: grad_y * y, like_ones, "factor-missing[1]"),
        (sheet.sigmoid, lambda grad_y: grad_y.copy(), like_ones, "slope-missing[1]"),
        (sheet.tanh, lambda grad_y, a: grad_y / np.cosh(a), tiny, "described"),
        (sheet.tanh, lambda grad_y, a: grad_y / np.cosh(a), like_ones, "described"),
        (sheet.tanh, lambda grad_y, y: grad_y * (1 + y * y), tiny, "derivative-replaced[1]"),
        (sheet.gelu, silu_like, zeros_and_ones, "described"),
        (sheet.gelu, lambda grad_y: 0.5 * grad_y, constant, "slope-missing[1/2]"),
        (sheet.gelu, lambda grad_y, a: grad_y * (a > 0), positive, "other-derivative[1]"),
    ],
)  # fmt: skip
def test_no_cause_is_claimed_that_holds_only_at_the_values_given(forward, backward, draw, true):
    found = told(backward, forward, {"a": draw(np.random.default_rng(3), N, D)}, ["a"])
    assert found["a"] in {true, "described", mistakes.LINE}  # what a change of the line mends holds at other values too
    if true.startswith("scale"):
        assert found["a"] == true


def test_a_number_is_not_fitted_to_inputs_of_hardly_any_values():
    def odd(grad_y, a):
        return 1.2345678 * grad_y * (1 - np.tanh(a) ** 2)

    rng = np.random.default_rng(0)
    assert told(without_source(odd), sheet.tanh, {"a": like_ones(rng, N, D)}, ["a"]) == {"a": "described"}
    near_one = {"a": 1 + 1e-3 * rng.normal(size=(N, D))}
    assert told(without_source(odd), sheet.tanh, near_one, ["a"]) == {"a": "described"}
    assert told(odd, sheet.tanh, {"a": rng.normal(size=(N, D))}, ["a"]) == {"a": "scale[1.234568]"}


def test_nothing_is_claimed_where_forward_is_flat():
    a = np.random.default_rng(0).normal(size=(N, D))
    backward = without_source(lambda grad_y, y: grad_y * (1 - y))
    for scale, code in ((1, "factor-missing[1]"), (60, "described"), (1000, "described")):
        assert told(backward, sheet.tanh, {"a": scale * a}, ["a"]) == {"a": code}


def test_inputs_that_forward_takes_only_as_they_are_get_a_description():
    def forward(a):
        if (np.abs(np.abs(a) - 1) > 0.01).any():
            raise ValueError
        return np.tanh(a)

    inputs = {"a": like_ones(np.random.default_rng(0), N, D)}
    (finding,) = explain(bind(forward, lambda grad_y, y: 2 * grad_y * y, inputs), ["a"])
    assert (finding.code, "No cause was looked for" in finding.message) == ("described", True)


def test_probabilities_and_counts_are_looked_at_within_their_domain():
    def entropy(p):
        return -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum()

    p = {"p": np.random.default_rng(0).uniform(size=(N, D))}
    assert told(lambda p: 2 * np.log((1 - p) / p), entropy, p, ["p"]) == {"p": "scale[2]"}


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1e3, 1e6])
def test_something_is_said_at_every_scale(scale):
    rng = np.random.default_rng(0)
    a = {"a": scale * rng.normal(size=(N, D))}
    halves = told(lambda grad_y, y: 0.5 * grad_y * y * (1 - y), sheet.sigmoid, a, ["a"]) if scale < 1 else None
    assert halves in (None, {"a": "scale[1/2]"})
    inputs = {"x": scale * rng.normal(size=(N, D)), "W": rng.normal(size=(D, H)), "b": rng.normal(size=H)}
    assert told(averaged, sheet.dense, inputs, ["x", "W", "b"])["W"] in {"scale[1/N]", "described"}


def test_a_kink_at_an_entry_itself_is_no_derivative_of_one_half():
    a = whole(np.random.default_rng(0), N, D)
    look = Looks.at(bind(sheet.relu, lambda grad_y, a: grad_y, {"a": a}), ["a"], [], 0).given
    assert (a == 0).any()
    assert np.array_equal(look.usable("a"), a != 0)


def test_what_is_told_does_not_change_with_the_load(monkeypatch):
    def messages():
        inputs = dense_inputs(np.random.default_rng(0))
        return [f.message for f in explain(bind(sheet.dense, averaged, inputs), ["x", "W", "b"])]

    before, now = messages(), iter(range(10**6))
    monkeypatch.setattr("time.perf_counter", lambda: next(now) * 2e-3)  # 2 ms for each call of forward
    assert messages() == before


# Statements


def cause_of(forward, backward, inputs, name):
    (finding,) = [f for f in explain(bind(forward, backward, inputs), list(inputs)) if f.tensor == f"grad_{name}"]
    return finding.cause


@pytest.mark.in_turn
def test_a_factor_is_told_so_that_it_is_true_wherever_it_stands():
    rng = np.random.default_rng(0)
    inputs = dense_inputs(rng)
    norm = cause_of(sheet.dense, lambda grad_y, x, W: (*averaged(grad_y, x, W)[:2], np.sqrt((grad_y**2).sum(0))), inputs, "b")
    assert norm.startswith("grad_b is the norm of each column of the upstream gradient, where the right gradient belongs")
    assert "1/" not in norm
    extra = cause_of(sheet.dense, lambda grad_y, x, W: (*averaged(grad_y, x, W)[:2], grad_y.sum(0) * W.sum(0)), inputs, "b")
    assert extra == "grad_b is the right gradient with a factor too many, the sum of W over its rows (or not divided by it)"
    uses_y = cause_of(sheet.dense, lambda grad_y, x, W, y: (*averaged(grad_y, x, W)[:2], (grad_y * y).sum(0)), inputs, "b")
    assert uses_y == "in grad_b, the upstream gradient is multiplied by y: a factor too many"
    squared = cause_of(sheet.sigmoid, lambda grad_y, y: grad_y * y * y * (1 - y), {"a": rng.normal(size=(N, D))}, "a")
    assert squared == "in grad_a, the upstream gradient is multiplied by y: a factor too many"


def test_a_divisor_that_is_squared_is_not_told_as_one_thing_for_another():
    def backward(h, rho):
        mean = h.mean(0)
        return np.broadcast_to((mean - rho) / (mean * (1 - mean)) ** 2 / len(h), h.shape)

    inputs = {"h": np.random.default_rng(0).uniform(0.1, 0.9, (N, H)), "rho": 0.1}
    (finding,) = explain(bind(sheet.kl_sparsity, backward, inputs), ["h"])
    assert "without the factor (the mean of h over its rows) (1 − (the mean of h over its rows)) (or divided by it" in finding.cause


def test_sizes_are_told_in_words_unless_their_letter_is_sure():
    h = {"h": np.random.default_rng(0).normal(size=(N, H))}
    mean = cause_of(sheet.l1_sparsity, lambda h: np.sign(h) / h.size, h, "h")
    assert mean == "grad_h is the right gradient, times 1/(the number of columns of h, 3)"
    fixed = cause_of(sheet.l1_sparsity, lambda h: np.sign(h) / 32, h, "h")
    assert fixed == "grad_h is the right gradient, times N/32 (N = 7, the number of rows of h)"
    inverted = cause_of(sheet.relu, lambda grad_y, a: grad_y * (a <= 0), {"a": h["h"]}, "a")
    assert inverted == "in grad_a, forward's derivative is replaced by one minus itself"
    added = cause_of(sheet.l1_sparsity, lambda h: (np.sign(h) + 0.5) / len(h), h, "h")
    assert added.endswith("plus 1/(2·N) (N = 7, the number of rows of h) in every entry")


def test_a_description_never_says_that_nothing_is_wrong():
    def spoilt(by, relative):
        def backward(grad_y, x, W):
            grad_W = x.T @ grad_y
            return grad_y @ W.T, by * grad_W * (1 + relative * np.sin(np.arange(grad_W.size).reshape(W.shape))), grad_y.sum(0)

        pair = bind(sheet.dense, without_source(backward), dense_inputs(np.random.default_rng(0)))
        (finding,) = explain(pair, ["x", "W", "b"])
        return finding.message

    assert "float32's rounding" in spoilt(1, 5e-8)
    assert " 0 of " not in spoilt(1, 5e-8)
    assert "they are 2 times the right ones" in spoilt(2, 1e-6)


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


@pytest.mark.parametrize("seed", range(7))
def test_every_length_is_drawn_longer_also_where_a_one_hot_target_may_hide_what_was_added(seed):
    def loss(z, t):
        return -(t * np.log(z)).sum() / len(z)

    inputs = {"z": np.random.default_rng(0).uniform(0.1, 0.9, (N, 3)), "t": np.eye(3)[np.arange(N) % 3]}
    pair = bind(loss, lambda z, t: -t / z / len(z), inputs)
    looks = Looks.at(pair, ["z"], dimensions_of(pair), seed)
    shapes = [look.inputs["z"].shape for look in looks.drawn(looks.given, {})]
    assert shapes == [(N, 3), (N, 3), (N + 1, 3), (N, 4)]


def test_a_description_says_where_a_ratio_is_none():
    """Where relu's slope is 0, the upstream gradient, cut off, is no multiple of the right one."""
    pair = bind(sheet.relu, without_source(lambda grad_y, a: np.clip(grad_y, -1, 1)), {"a": np.random.default_rng(0).normal(size=(7, 5))})
    (finding,) = explain(pair, ["a"])
    assert "times the right ones, where the right ones aren't 0; the cosine" in finding.message
