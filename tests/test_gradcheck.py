"""The checker is checked: it rejects wrong gradients, accepts right ones, and reports cases that it can't decide."""

import functools
import json
import pathlib

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions
from aescratch.inspection.gradcheck.binding import draw_upstream
from aescratch.inspection.gradcheck.numeric import Estimate, estimates
from aescratch.inspection.gradcheck.report import Finding, Report, judge

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
DENSE = {"x": X, "W": W, "b": B}


def dense_backward(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)


def codes(report):
    return {finding.code for finding in report.findings if finding.severity != "note"}


def here(path):
    return pathlib.Path(path).resolve().relative_to(pathlib.Path.cwd()).as_posix()


def test_a_right_pair_passes_with_small_errors():
    report = ae.check_function(functions.dense, dense_backward, DENSE)
    assert report.verdict == "pass"
    assert report.findings == []
    assert 0 < report.max_relative_error < 1e-7
    report.raise_if_failed()


WRONG = {
    "mean over the batch": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y / N, grad_y.sum(axis=0)),
    "sign": lambda grad_y, x, W: (-grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)),
    "two millionths too much": lambda grad_y, x, W: (grad_y @ W.T, 1.000002 * (x.T @ grad_y), grad_y.sum(axis=0)),
    "bias averaged": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y, grad_y.mean(axis=0)),
    "last example only": lambda grad_y, x, W: (grad_y @ W.T, np.outer(x[-1], grad_y[-1]), grad_y.sum(axis=0)),
    "zeros": lambda grad_y, x, W: (0 * x, 0 * W, 0 * grad_y[0]),
    "upstream left out": lambda grad_y, x, W: (
        np.ones_like(grad_y) @ W.T, x.T @ grad_y, grad_y.sum(axis=0)
    ),
}  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_fail_with_numbers(name):
    report = ae.check_function(functions.dense, WRONG[name], DENSE)
    assert report.verdict == "fail"
    laws = {"upstream-ignored"} if name == "upstream left out" else set()
    assert codes(report) - {"cause", "described"} == {"wrong-values"} | laws
    finding = next(f for f in report.findings if f.code == "wrong-values")
    assert finding.evidence["analytic"] != pytest.approx(finding.evidence["numeric"], rel=1e-7)
    assert f"{finding.evidence['numeric']:.9g}" in str(report)
    with pytest.raises(ae.GradientCheckError, match="entries differ"):
        report.raise_if_failed()


MALFORMED = {
    "wrong-count": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y),
    "wrong-shape": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0, keepdims=True)),
    "wrong-type": lambda grad_y, x, W: (grad_y @ W.T, None, grad_y.sum(axis=0)),
    "wrong-dtype": lambda grad_y, x, W: (grad_y @ W.T, (x.T @ grad_y).astype(int), grad_y.sum(axis=0)),
    "not-finite": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y * np.nan, grad_y.sum(axis=0)),
    "raised": lambda grad_y, x, W: grad_y @ W,
}


@pytest.mark.parametrize("code", MALFORMED)
def test_what_is_wrong_beside_the_values_is_a_finding(code):
    report = ae.check_function(functions.dense, MALFORMED[code], DENSE)
    assert report.verdict == "fail"
    assert code in codes(report)


def test_bad_manners_are_remarked_and_fail_nothing_that_is_right():
    def changes_upstream(grad_y, x, W):
        grad_y *= 2
        return grad_y @ W.T / 2, x.T @ grad_y / 2, grad_y.sum(axis=0) / 2

    report = ae.check_function(functions.dense, changes_upstream, DENSE)
    assert (report.verdict, [f.code for f in report.findings]) == ("pass", ["changed-argument"])
    assert "note: backward changed grad_y, one of its arguments; work on a copy" in str(report)
    view = ae.check_function(functions.dense, lambda grad_y, x, W: (x, x.T @ grad_y, grad_y.sum(axis=0)), DENSE)
    assert view.verdict == "fail"  # since x isn't the gradient
    assert (view.findings[0].code, view.findings[0].severity) == ("shared-memory", "note")


@pytest.mark.in_turn(2)
def test_a_tanh_derivative_on_an_exact_gelu_is_seen():
    for seed in range(20):
        a = np.random.default_rng(seed).normal(size=(N, H))
        report = ae.check_function(functions.gelu, functions.gelu_tanh_backward, {"a": a}, rng=seed)
        assert report.verdict == "fail"


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_right_gradients_pass_at_every_scale(scale):
    inputs = {"x_hat": scale * X, "x": scale * rng.normal(size=(N, D))}
    report = ae.check_function(functions.squared_error, functions.squared_error_backward, inputs)
    assert report.verdict == "pass", str(report)


def test_a_number_is_an_objective_of_its_own():
    report = ae.check_function(functions.l1_sparsity, lambda h: np.sign(h), {"h": X})
    assert report.verdict == "fail"
    ratio = report.tensors[0].analytic / report.tensors[0].numeric
    np.testing.assert_allclose(ratio, N, rtol=1e-6)


def test_arguments_are_bound_by_name_and_wrt_names_the_gradients():
    def forward(u, scale, v):
        return u * scale + v

    def backward(grad_z, scale):
        return scale * grad_z, grad_z.copy()

    report = ae.check_function(forward, backward, {"u": X, "v": X + 1, "scale": 3.0}, wrt=("u", "v"))
    assert report.verdict == "pass"
    assert [tensor.name for tensor in report.tensors] == ["grad_u", "grad_v"]


def test_labels_and_rates_get_no_gradient():
    inputs = {"logits": X, "labels": np.arange(N) % D}
    backward = functions.softmax_cross_entropy_backward
    report = ae.check_function(functions.softmax_cross_entropy, backward, inputs)
    assert report.verdict == "pass"
    assert [tensor.name for tensor in report.tensors] == ["grad_logits"]


class TestKinks:
    def test_an_entry_at_a_kink_is_counted_and_not_taken_for_an_error(self):
        a = np.linspace(-2, 2, 40).reshape(8, 5)
        a[3, 2] = 0.0
        report = ae.check_function(functions.relu, functions.relu_backward, {"a": a})
        assert report.verdict == "pass"
        assert report.tensors[0].count("kink") == 1

    def test_a_kink_within_the_first_step_is_stepped_around(self):
        a = np.full((1, 1), 1e-6)  # the first step is 3e-5
        report = ae.check_function(functions.relu, functions.relu_backward, {"a": a})
        assert report.verdict == "pass"
        assert report.tensors[0].count("kink") == 0

    def test_at_a_kink_a_value_outside_the_two_slopes_is_wrong(self):
        a = np.zeros((1, 1))
        wrong = ae.check_function(functions.relu, lambda grad_y, a: 1.5 * grad_y, {"a": a})
        between = ae.check_function(functions.relu, lambda grad_y, a: 0.5 * grad_y, {"a": a})
        assert wrong.verdict == "fail"
        assert between.verdict != "fail"

    def test_too_many_kinks_are_inconclusive(self):
        report = ae.check_function(functions.relu, functions.relu_backward, {"a": np.zeros((2, 3))})
        assert report.verdict == "inconclusive"
        assert codes(report) == {"not-settled"}

    def test_a_wrong_smooth_gradient_is_no_kink(self):
        report = ae.check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y), {"a": X})
        assert report.verdict == "fail"
        assert report.tensors[0].count("kink") == 0

    def test_a_models_kinks_are_seen_by_their_pattern(self):
        model = ae.Autoencoder([D, H], dtype="float64", rng=0)
        model.encoder.layers[0].W.value = np.zeros((D, H))
        model.encoder.layers[0].b.value = np.full(H, 1e-12)  # every pre-activation is as good as 0, the kink
        report = ae.check_gradients(model, np.abs(X))
        assert report.verdict == "inconclusive"
        kinks = {tensor.name: tensor.count("kink") for tensor in report.tensors}
        assert kinks["encoder.W1"] == D * H
        assert kinks["decoder.b1"] == 0


    def test_at_a_kink_the_message_gives_the_two_slopes(self):
        report = ae.check_function(functions.relu, lambda grad_y, a: 1.5 * grad_y, {"a": np.zeros((1, 1))})
        (finding,) = [f for f in report.findings if f.code == "wrong-values"]
        assert sorted(np.abs(finding.evidence["slopes"])) == pytest.approx([0, np.abs(report.tensors[0].analytic[0, 0]) / 1.5])
        assert "the slopes on the two sides of the kink there are" in finding.message
        assert "nan" not in str(report)
        assert "-0 " not in str(report)
        json.dumps(report.to_dict(), allow_nan=False)

    def test_a_fifth_of_a_tensor_at_kinks_is_inconclusive(self):
        a = np.arange(1.0, 11.0).reshape(2, 5)
        a[:, 2] = 0
        report = ae.check_function(functions.relu, functions.relu_backward, {"a": a})
        assert (report.tensors[0].count("kink"), report.verdict) == (2, "inconclusive")

    def test_a_kink_by_the_models_pattern_never_fails(self, monkeypatch):
        model = ae.Autoencoder([D, H], dtype="float64", rng=0)
        model.encoder.layers[0].W.value = np.zeros((D, H))
        model.encoder.layers[0].b.value = np.full(H, 1e-12)
        monkeypatch.setattr(functions, "relu_backward", lambda grad_y, a: 100 * grad_y)
        report = ae.check_gradients(model, np.abs(X))
        assert report.tensors[0].count("kink") == D * H
        assert report.verdict == "inconclusive"

    def test_new_models_whose_biases_are_zero_pass(self):
        for seed in range(40):  # of these 8 failed or were inconclusive, at pre-activations of exactly 0
            model = ae.Autoencoder([5, 4, 3], code_activation=ae.Identity, rng=seed)
            report = ae.check_gradients(model, np.random.default_rng(seed).random((7, 5)) - 0.5)
            assert report.verdict == "pass", str(report)
            assert codes(report) == set()
            assert "zero-biases" in {f.code for f in report.findings}
            assert not model.parameters[1].value.any()

    def test_zero_biases_stay_where_nothing_has_kinks(self):
        assert ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), X).findings == []

    def test_a_kink_inside_the_second_look_is_kept_out_of_it(self):
        # The offset lets rounding drown the small steps; the large ones cross the kink at 0, half a slope on each side.
        a = np.full((1, 1), 1e-5)
        report = ae.check_function(lambda a: 1e8 + functions.relu(a), functions.relu_backward, {"a": a})
        assert report.verdict == "inconclusive"


def away_from_zero(seed=0):
    return draw_upstream((N, D), seed)


def tanh_backward(grad_y, a):
    return grad_y * (1 - np.tanh(a) ** 2)


class TestScales:
    """Right gradients pass at every scale of inputs and values, and wrong ones don't."""

    CASES = {  # noqa: RUF012
        "1/a": (lambda a: 1 / a, lambda grad_y, a: -grad_y / a**2, 1e-6 * away_from_zero()),
        "sin": (np.sin, lambda grad_y, a: grad_y * np.cos(a), 1e5 * X),
        "sin 100": (lambda a: np.sin(100 * a), lambda grad_y, a: 100 * grad_y * np.cos(100 * a), 1e3 * X),
        "root": (
            lambda a: np.sqrt(np.abs(a)), lambda grad_y, a: grad_y * np.sign(a) / (2 * np.sqrt(np.abs(a))),
            1e-6 * away_from_zero(),
        ),
        "cube": (lambda a: a**3, lambda grad_y, a: 3 * grad_y * a**2, 1e-8 * away_from_zero()),
    }  # fmt: skip

    @pytest.mark.parametrize("name", CASES)
    def test_right_gradients_pass(self, name):
        forward, backward, a = self.CASES[name]
        report = ae.check_function(lambda a: forward(a), backward, {"a": a})
        assert report.verdict == "pass", str(report)

    @pytest.mark.in_turn
    @pytest.mark.parametrize("name", CASES)
    @pytest.mark.parametrize("factor", [0, -1, 1.01])
    def test_wrong_gradients_fail(self, name, factor):
        forward, backward, a = self.CASES[name]
        report = ae.check_function(lambda a: forward(a), lambda grad_y, a: factor * backward(grad_y, a), {"a": a})
        assert report.verdict == "fail", str(report)

    @pytest.mark.parametrize(("frequency", "scale"), [(100.0, 1e3), (1e3, 1e3), (1e3, 1e4)])
    def test_steps_beyond_the_scale_of_a_function_prove_nothing_wrong(self, frequency, scale):
        # Quotients at such steps agree now and then, and so with each other: on a value near 0.
        for seed in range(3):
            a = scale * np.random.default_rng(seed).normal(size=(N, D))
            report = ae.check_function(
                lambda a: np.sin(frequency * a), lambda grad_y, a: frequency * grad_y * np.cos(frequency * a), {"a": a},
                rng=seed, explain=False,
            )  # fmt: skip
            assert report.verdict == "pass", str(report)

    @pytest.mark.parametrize(("size", "verdict", "code"), [
        (1e-15, "inconclusive", "not-settled"), (1e-18, "pass", "unseen-gradient")
    ])  # fmt: skip
    def test_a_place_that_only_rounding_makes_flat_proves_nothing_wrong(self, size, verdict, code):
        report = ae.check_function(
            lambda a: 1 + size * np.tanh(a), lambda grad_y, a: size * tanh_backward(grad_y, a), {"a": X}
        )
        assert (report.verdict, {finding.code for finding in report.findings}) == (verdict, {code})

    def test_a_slope_where_there_is_none_fails_soon(self):
        calls = []
        report = ae.check_function(
            lambda a: calls.append(1) or 1 + 0 * a, lambda grad_y, a: 1e-3 * grad_y, {"a": X}, explain=False
        )
        assert report.verdict == "fail"
        assert len(calls) <= 4 * X.size + 3 + 3  # one call tells the style, and two that it isn't a staircase of float32

    @pytest.mark.parametrize("a", [X, X[:1, :1]], ids=["many", "one"])
    @pytest.mark.parametrize("factor", [0, -1])
    def test_a_slope_that_rounding_hides_does_not_pass(self, factor, a):
        wrong = ae.check_function(
            lambda a: 1 + 1e-12 * np.tanh(a), lambda grad_y, a: factor * 1e-12 * tanh_backward(grad_y, a), {"a": a}
        )
        assert wrong.verdict != "pass"

    @pytest.mark.parametrize(("factor", "verdict"), [(1, "pass"), (0, "fail"), (-1, "fail"), (1.01, "fail")])
    def test_a_slope_too_small_for_the_first_look_is_judged_by_the_second(self, factor, verdict):
        report = ae.check_function(
            lambda a: 1 + 1e-7 * np.tanh(a), lambda grad_y, a: factor * 1e-7 * tanh_backward(grad_y, a), {"a": X}
        )
        assert report.verdict == verdict

    @pytest.mark.in_turn
    def test_vanishing_gradients_are_not_taken_for_none(self, monkeypatch):
        widths = [*[D] * 8, H]  # eight layers up to the code, and eight down again
        model = ae.Autoencoder(widths, activation=ae.Sigmoid, initializer=ae.old_uniform, rng=0)
        right = ae.Autoencoder.backward

        def zeroed(self):
            right(self)
            for parameter in self.parameters[:4]:
                parameter.grad = np.zeros(parameter.shape)

        monkeypatch.setattr(ae.Autoencoder, "backward", zeroed)
        assert ae.check_gradients(model, np.abs(X)).verdict != "pass"

    def test_a_gradient_of_zero_everywhere_is_noted(self):
        calls = []
        report = ae.check_function(lambda a: calls.append(1) or 1 + 0 * a, lambda grad_y, a: 0 * grad_y, {"a": X})
        assert report.verdict == "pass"
        assert len(calls) <= 4 * X.size + 4 + 15  # at five other places, too
        assert [(f.code, f.severity) for f in report.findings] == [("zero-gradient", "note")]

    @pytest.mark.parametrize("scale", [1e3, 1e6])
    def test_a_gradient_far_too_small_to_be_seen_passes_with_a_note(self, scale):
        a = scale * (np.abs(X) + 0.1)
        report = ae.check_function(
            functions.tanh, lambda grad_y, a: grad_y / np.cosh(np.minimum(a, 300)) ** 2, {"a": a}
        )
        assert report.verdict == "pass"
        assert [(f.code, f.severity) for f in report.findings] == [("unseen-gradient", "note")]
        assert report.max_relative_error == 0

    @pytest.mark.parametrize("wrong", [1e-10, 1e-13, 1e-3])
    @pytest.mark.parametrize("where", ["everywhere", "one entry"])
    def test_one_that_could_be_seen_does_not_pass_where_nothing_changes(self, wrong, where):
        def backward(grad_y, a):
            entries = np.arange(a.size).reshape(a.shape)
            return (1 - np.tanh(a) ** 2) * grad_y + wrong * (entries >= (0 if where == "everywhere" else a.size - 1))

        assert ae.check_function(functions.tanh, backward, {"a": 1e3 * (np.abs(X) + 0.1)}).verdict != "pass"

    def test_one_hidden_by_a_large_constant_does_not_pass(self):
        assert ae.check_function(lambda a: 1e20 + a, lambda grad_y, a: 5 * grad_y, {"a": X}).verdict != "pass"

    def test_a_step_beside_a_flat_place_does_not_hide_it(self):
        a = 0.01 * away_from_zero()  # within the large step
        report = ae.check_function(lambda a: 1.0 * (a > 0), lambda grad_y, a: 0 * grad_y, {"a": a})
        assert report.verdict == "pass"

    @pytest.mark.parametrize("factor", [0, -1, 2])
    def test_a_failing_entry_costs_few_evaluations(self, factor):
        calls = []
        ae.check_function(
            lambda a: calls.append(1) or np.tanh(a), lambda grad_y, a: factor * tanh_backward(grad_y, a), {"a": X},
            explain=False,
        )  # fmt: skip
        assert len(calls) <= 16 * X.size

    def test_a_forward_in_float32_is_checked_coarser_and_said_to_be(self):
        report = ae.check_function(lambda a: np.tanh(a.astype(np.float32)), tanh_backward, {"a": X})
        assert report.verdict == "pass", report
        assert [(f.code, f.severity) for f in report.findings] == [("single-precision", "note")]
        assert "computes in float32 along a, though the input is float64: differences were taken over steps of 0.02" in str(report)
        assert "entries agree within 0.01" in str(report)


class TestTrust:
    """The constants by which estimates are judged."""

    def judged(self, analytic, *found):
        return [str(verdict) for verdict in judge("w", np.array(analytic), found, 1e-6).verdicts]

    def test_a_difference_must_be_clear_of_the_error_bound(self):
        assert self.judged([1.0], Estimate(1 + 2e-5, 1e-5)) == ["inconclusive"]
        assert self.judged([1.0], Estimate(1 + 5e-5, 1e-5)) == ["fail"]

    def test_a_rough_estimate_settles_nothing(self):
        assert self.judged([1.0], Estimate(1.0, 1e-2)) == ["inconclusive"]
        assert self.judged([1.0], Estimate(1.0, 1e-5)) == ["pass"]
        assert self.judged([1e-9], Estimate(1e-9, 1e-10)) == ["inconclusive"]  # small, but rough all the same
        assert self.judged([0.0], Estimate(0.0, 1e-10)) == ["pass"]

    def test_small_entries_are_measured_by_a_thousandth_of_the_largest(self):
        large = Estimate(1.0, 1e-12)
        assert self.judged([1.0, 0.01 + 1e-7], large, Estimate(0.01, 1e-12)) == ["pass", "fail"]
        assert self.judged([1.0, 1e-6 + 5e-10], large, Estimate(1e-6, 1e-12)) == ["pass", "pass"]

    def test_noise_hardly_ever_makes_a_right_gradient_fail(self):
        # Two differences agree by chance in a quarter of these; that a third one does too is rare.
        w, verdicts = np.array([0.7]), []
        for seed in range(500):
            r = np.random.default_rng(seed)
            found = estimates(lambda: (float(np.sin(w[0]) + 1e-6 * r.normal()), []), w, np.cos(w), 1e-6)
            verdicts.append(judge("w", np.cos(w), found, 1e-6).verdict)
        assert verdicts.count("fail") <= 5

    def test_the_upstream_has_both_signs(self):
        wrong = ae.check_function(lambda a: np.tanh(a), lambda grad_y, a: tanh_backward(np.abs(grad_y), a), {"a": X})
        assert wrong.verdict == "fail"

    def test_nothing_compared_is_inconclusive(self):
        report = Report("nothing", [], [], 1e-6)
        assert report.verdict == "inconclusive"
        assert str(report).splitlines()[-1] == "inconclusive: no entry was compared; see above"


class TestInputs:
    @pytest.mark.parametrize(
        ("inputs", "error", "text"),
        [
            ({**DENSE, "x": X.astype(int)}, TypeError, "expected x to hold float64 numbers, got int"),
            ({**DENSE, "x": X.astype(np.float16)}, TypeError, "expected x to hold float64 numbers, got float16"),
            ({**DENSE, "x": np.full((N, D), np.nan)}, ValueError, "expected finite numbers in x"),
            ({**DENSE, "x": np.zeros((0, D))}, ValueError, "expected x to hold at least one entry"),
            ({**DENSE, "x": X.tolist()}, TypeError, "expected x to be an array, got list"),
            ({"x": X, "W": W}, TypeError, "expected inputs for every argument of dense, missing"),
            ({**DENSE, "c": 1.0}, TypeError, r"expected inputs with the names of forward's arguments, x, W, b, got c; rename or remove it"),
        ],
    )
    def test_of_no_use_raise(self, inputs, error, text):
        with pytest.raises(error, match=text):
            ae.check_function(functions.dense, dense_backward, inputs)

    def test_are_as_before(self):
        before = {name: value.copy() for name, value in DENSE.items()}
        ae.check_function(functions.dense, WRONG["sign"], DENSE)
        for name, value in DENSE.items():
            np.testing.assert_array_equal(value, before[name])

    def test_float32_is_checked_in_float64(self):
        single = {name: value.astype(np.float32) for name, value in DENSE.items()}
        assert ae.check_function(functions.dense, dense_backward, single).verdict == "pass"

    @pytest.mark.parametrize("argument", ["rng", "tolerance"])
    def test_settings_are_checked(self, argument):
        with pytest.raises((TypeError, ValueError), match=f"expected {argument} to be"):
            ae.check_function(functions.dense, dense_backward, DENSE, **{argument: -1})


class TestModels:
    def broken(self, monkeypatch, name, wrong):
        monkeypatch.setattr(functions, name, wrong)
        return ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Sigmoid, rng=0), np.abs(X))

    def test_a_wrong_formula_fails_where_it_matters(self, monkeypatch):
        report = self.broken(monkeypatch, "sigmoid_backward", lambda grad_y, y: grad_y * y)
        assert report.verdict == "fail"
        verdicts = {tensor.name: tensor.verdict for tensor in report.tensors}
        assert verdicts == {
            "encoder.W1": "fail", "encoder.b1": "fail", "decoder.W1": "pass", "decoder.b1": "pass",
        }  # fmt: skip

    def test_a_gradient_that_nobody_writes_fails(self, monkeypatch):
        monkeypatch.setattr(ae.Autoencoder, "backward", lambda self: self.decoder.backward(self.reconstruction.backward()))
        report = ae.check_gradients(ae.Autoencoder([D, H], rng=0), np.abs(X))
        assert report.verdict == "fail"
        assert {f.tensor for f in report.findings if f.code == "never-written"} == {"encoder.W1", "encoder.b1"}
        assert not {"not-a-batch-mean", "rows-not-exchangeable"} & codes(report)

    def test_a_backward_that_accumulates_fails(self, monkeypatch):
        def accumulate(self):
            self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))
            self.parameters[0].grad += 1e-3 * np.ones(self.parameters[0].shape) * self.calls
            self.calls += 1

        monkeypatch.setattr(ae.Autoencoder, "backward", accumulate)
        model = ae.Autoencoder([D, H], activation=ae.Tanh, rng=0)
        model.calls = 0
        report = ae.check_gradients(model, np.abs(X))
        assert {(f.code, f.tensor) for f in report.findings} == {("not-repeatable", "encoder.W1")}

    def test_a_backward_that_updates_fails(self, monkeypatch):
        right = ae.Autoencoder.backward

        def update(self):
            right(self)
            self.parameters[0].value -= 1e-9 * self.parameters[0].grad

        monkeypatch.setattr(ae.Autoencoder, "backward", update)
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), np.abs(X))
        assert {(f.code, f.tensor) for f in report.findings} == {("changed-parameter", "encoder.W1")}
        assert report.verdict == "fail"

    def test_one_that_updates_too_early_gets_no_cause_of_anything_else(self):
        class Decayed(ae.Autoencoder):
            def backward(self):
                grad = self.reconstruction.backward()
                self.decoder.layers[0].W.value = self.decoder.layers[0].W.value * 0.9
                self.encoder.backward(self.decoder.backward(grad))

        report = ae.check_gradients(Decayed([D, H], activation=ae.Tanh, rng=0), np.abs(X))
        assert codes(report) == {"changed-parameter", "wrong-values"}

    def test_a_loss_that_draws_anew_fails(self, monkeypatch):
        monkeypatch.setattr(ae.DenoisingAutoencoder, "noise", lambda self, rng: self.rng)
        report = ae.check_gradients(ae.DenoisingAutoencoder([D, H], rng=0), np.abs(X))
        assert "not-deterministic" in codes(report)
        assert report.verdict == "fail"

    @pytest.mark.parametrize("weight", [1e200, np.nan])
    def test_a_loss_that_is_not_finite_is_inconclusive_and_nothing_else(self, weight):
        model = ae.Autoencoder([D, H], dtype="float64", rng=0)
        model.parameters[0].value[...] = weight
        report = ae.check_gradients(model, np.abs(X))
        assert report.verdict == "inconclusive"
        assert [(f.code, f.severity) for f in report.findings] == [("not-finite", "inconclusive")]
        assert report.tensors == []

    @pytest.mark.parametrize("make", [ae.Autoencoder, ae.DenoisingAutoencoder, ae.VariationalAutoencoder])
    def test_a_model_is_as_before_to_the_last_bit(self, make):
        model = make([D, H], rng=0)
        x = np.abs(X).astype(np.float32)
        model.loss(x, rng=1)
        model.backward()
        values = [p.value.copy() for p in model.parameters]
        gradients = [p.grad.copy() for p in model.parameters]
        buffer, state = model.parameters[0].buffer, model.rng.bit_generator.state
        ae.check_gradients(model, x)
        assert model.parameters[0].buffer is buffer
        assert model.rng.bit_generator.state == state
        model.backward()  # of the loss from before the check
        for parameter, value, gradient in zip(model.parameters, values, gradients, strict=True):
            assert parameter.value.dtype == np.float32
            np.testing.assert_array_equal(parameter.value, value)
            np.testing.assert_array_equal(parameter.grad, gradient)

    def test_a_model_is_as_before_after_control_c(self, monkeypatch):
        model = ae.Autoencoder([D, H], rng=0)
        values, calls = [p.value.copy() for p in model.parameters], []
        right = ae.Autoencoder.loss

        def interrupted(self, x, rng=None):
            calls.append(1)
            if len(calls) == 20:
                raise KeyboardInterrupt
            return right(self, x, rng)

        monkeypatch.setattr(ae.Autoencoder, "loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ae.check_gradients(model, np.abs(X))
        for parameter, value in zip(model.parameters, values, strict=True):
            assert parameter.value.dtype == np.float32
            np.testing.assert_array_equal(parameter.value, value)

    def test_bad_batches_raise(self):
        with pytest.raises(ValueError, match="expected x to have 5 columns"):
            ae.check_gradients(ae.Autoencoder([D, H]), np.zeros((N, D + 1)))


    def test_a_parameter_that_the_model_leaves_out_is_found(self, monkeypatch):
        class Forgetful(ae.Autoencoder):
            @property
            def parameters(self):
                return [p for p in super().parameters if p.name != "decoder.b1"]

        report = ae.check_gradients(Forgetful([D, H], activation=ae.Tanh, rng=0), X)
        (finding,) = [f for f in report.findings if f.code == "left-out"]
        assert (finding.tensor, finding.evidence) == ("decoder.b1", {"layer": "decoder.dense1"})
        assert "decoder.b1 of decoder.dense1 is missing in model.parameters" in finding.message
        assert report.verdict == "fail"
        assert str(report).splitlines()[-1] == "fail: the values of 33 of 33 entries agree; see above"

    def test_a_backward_that_raises_is_a_finding_with_its_place(self, monkeypatch):
        def slip(grad_x):
            return grad_x @ np.zeros(D + H)

        def broken(self):
            slip(self.decoder.backward(self.reconstruction.backward()))

        monkeypatch.setattr(ae.Autoencoder, "backward", broken)
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), X)
        (finding,) = report.findings
        assert (finding.code, finding.evidence["exception"], report.verdict) == ("raised", "ValueError", "fail")
        assert finding.evidence["file"] == here(__file__)
        assert finding.evidence["line"] == slip.__code__.co_firstlineno + 1
        assert finding.message.startswith("backward raised ValueError (")
        assert "which don't fit (matmul: " in finding.message
        assert f"({here(__file__)}:{finding.evidence['line']}): in `" in finding.message

    @pytest.mark.parametrize(
        ("loss", "text"),
        [
            (lambda self, x, rng=None: None, "expected Autoencoder.loss to return a number, got NoneType; return the sum"),
            (lambda self, x, rng=None: x.sum(axis=1), r"expected Autoencoder.loss to return .*, got an array of shape \(7,\)"),
        ],
    )
    def test_a_loss_that_is_no_number_raises(self, monkeypatch, loss, text):
        monkeypatch.setattr(ae.Autoencoder, "loss", loss)
        with pytest.raises(TypeError, match=text):
            ae.check_gradients(ae.Autoencoder([D, H], rng=0), X)

    def test_a_loss_in_float32_is_inconclusive(self, monkeypatch):
        right = ae.Autoencoder.loss
        monkeypatch.setattr(ae.Autoencoder, "loss", lambda self, x, rng=None: np.float32(right(self, x, rng)))
        report = ae.check_gradients(ae.Autoencoder([D, H], rng=0), X)
        assert (report.verdict, codes(report)) == ("inconclusive", {"single-precision"})

    @pytest.mark.parametrize("who", ["loss", "backward"])
    def test_what_changes_the_batch_is_found(self, monkeypatch, who):
        right = getattr(ae.Autoencoder, who)

        def loss(self, x, rng=None):
            value = right(self, x, rng)
            x += 1
            return value

        def backward(self):
            right(self)
            self.encoder.layers[0].x -= 1

        monkeypatch.setattr(ae.Autoencoder, who, locals()[who])
        x = X.copy()
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), x)
        assert ("changed-batch", {"by": who}) in [(f.code, f.evidence) for f in report.findings]
        assert report.verdict == "fail"
        assert "wrong-values" not in codes(report)  # the batch is put right before anything is compared
        assert "changed-cache" not in codes(report)  # what the first layer remembers is the batch
        np.testing.assert_array_equal(x, X)

    @pytest.mark.parametrize("model", [None, np.tanh, ae.Dense(D, H), ae.Autoencoder])
    def test_anything_else_raises(self, model):
        with pytest.raises(TypeError, match=r"expected a model of aescratch, such as ae.Autoencoder\(\[64, 32\]\), got"):
            ae.check_gradients(model, X)

    def test_the_models_own_noise_goes_on_as_if_nothing_had_been(self, monkeypatch):
        monkeypatch.setattr(ae.DenoisingAutoencoder, "noise", lambda self, rng: self.rng)  # whatever rng says
        model, twin = ae.DenoisingAutoencoder([D, H], rng=0), ae.DenoisingAutoencoder([D, H], rng=0)
        ae.check_gradients(model, X)
        x = X.astype(np.float32)
        assert [float(model.loss(x)) for _ in range(3)] == [float(twin.loss(x)) for _ in range(3)]


class TestCalls:
    """What two calls of a forward and a backward show."""

    def test_a_forward_that_draws_anew_fails(self):
        r = np.random.default_rng(0)
        report = ae.check_function(lambda a: a + r.normal(), lambda grad_y, a: grad_y.copy(), {"a": X})
        assert (report.verdict, codes(report)) == ("fail", {"not-deterministic"})

    def test_a_forward_that_gives_nan_is_deterministic(self):
        report = ae.check_function(lambda a: np.sqrt(a * np.nan), lambda grad_y, a: grad_y.copy(), {"a": X})
        assert report.verdict == "inconclusive"
        assert "not-deterministic" not in codes(report)

    def test_a_forward_that_changes_its_argument_is_told_so(self):
        def relu(a):
            a[a < 0] = 0
            return a

        a = X.copy()
        report = ae.check_function(relu, functions.relu_backward, {"a": a})
        assert (report.verdict, [f.code for f in report.findings]) == ("pass", ["changed-argument"])
        assert "relu changed a, one of its arguments" in report.findings[0].message
        np.testing.assert_array_equal(a, X)

    def test_a_backward_that_adds_up_from_call_to_call_fails(self):
        total = np.zeros_like(X)

        def backward(grad_y, a):
            nonlocal total
            total += tanh_backward(grad_y, a)
            return total

        report = ae.check_function(functions.tanh, backward, {"a": X})
        assert (report.verdict, codes(report)) == ("fail", {"not-repeatable"})
        assert str(report).splitlines()[-1] == "fail: the values of 35 of 35 entries agree; see above"

    def test_a_backward_that_raises_names_the_place(self):
        report = ae.check_function(functions.dense, lambda grad_y, x, W: grad_y @ W, DENSE)
        assert report.findings[0].evidence["file"] == here(__file__)


class Scaling:
    """A forward and a backward as callable objects."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, a):
        return self.factor * a


class ScalingBackward(Scaling):
    def __call__(self, grad_y):
        return self.factor * grad_y


def leaky(a, alpha=0.1):
    return np.where(a > 0, a, alpha * a)


def leaky_backward(grad_y, a, alpha):
    return np.where(a > 0, grad_y, alpha * grad_y)


def by_position(a, b, /):
    return a * b


@functools.wraps(by_position)
def wrapped(*arguments):
    return by_position(*arguments)


def by_name(*, a, b):
    return a * b


def by_position_backward(grad_y, a, b, /):
    return grad_y * b, grad_y * a


def by_name_backward(*, grad_y, a, b):
    return grad_y * b, grad_y * a


class TestBinding:
    PRODUCT = {"a": X, "b": X + 1}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("forward", "backward", "inputs"),
        [
            (leaky, leaky_backward, {"a": X}),
            (leaky, leaky_backward, {"a": X, "alpha": 0.3}),
            (functools.partial(leaky, alpha=0.3), functools.partial(leaky_backward, alpha=0.3), {"a": X}),
            (by_position, by_position_backward, PRODUCT),
            (wrapped, by_name_backward, PRODUCT),
            (by_name, by_name_backward, PRODUCT),
            (by_position, by_name_backward, PRODUCT),
            (Scaling(3.0), ScalingBackward(3.0), {"a": X}),
            (functions.tanh, lambda grad_y, *, y: grad_y * (1 - y**2), {"a": X}),
        ],
    )
    def test_every_way_to_take_arguments_works(self, forward, backward, inputs):
        report = ae.check_function(forward, backward, inputs)
        assert report.verdict == "pass", str(report)
        assert report.findings == []

    def test_partials_and_objects_have_names(self):
        report = ae.check_function(functools.partial(leaky, alpha=0.3), ScalingBackward(1.0), {"a": np.abs(X)})
        assert report.title == "gradient check of ScalingBackward for leaky, rng=0"

    def test_another_name_is_taken_for_the_output_and_said(self):
        report = ae.check_function(functions.tanh, lambda grad_y, t: grad_y * (1 - t**2), {"a": X})
        assert report.verdict == "pass"
        assert [(f.severity, f.message) for f in report.findings] == [("note", "t was taken for tanh's output")]

    @pytest.mark.parametrize(
        ("forward", "backward", "text"),
        [
            (functions.tanh, lambda grad_y, y, t: grad_y, "expected <lambda> to take the upstream gradient, .*, got y and t; "),
            (functions.tanh, lambda *gradients: gradients, r"expected backward to name its arguments, got <lambda> with \*gradients"),
            (lambda **inputs: X, tanh_backward, r"expected forward to name its arguments, got <lambda> with \*\*inputs"),
            (np.tanh, tanh_backward, r"expected forward to have a signature, got tanh, which .*, such as lambda a: tanh\(a\)"),
            ("tanh", tanh_backward, "expected forward to be a function, got str"),
            (functions.tanh, None, r"expected a backward for tanh: only a function that returns .*\n    def tanh_backward"),
            (lambda a: [a, a], tanh_backward, "expected <lambda> to return one array of floats, got list"),
            (lambda a: (a, a), tanh_backward, "expected <lambda> to return one array of floats, got tuple"),
            (lambda a: a > 0, tanh_backward, "expected <lambda> to return one array of floats, got bool"),
        ],
    )
    def test_what_cannot_be_bound_raises(self, forward, backward, text):
        with pytest.raises(TypeError, match=text):
            ae.check_function(forward, backward, {"a": X})

    @pytest.mark.parametrize("inputs", [None, X, [X], "a"])
    def test_inputs_are_a_mapping(self, inputs):
        with pytest.raises(TypeError, match="expected inputs to map the names of forward's arguments to their values, got"):
            ae.check_function(functions.tanh, tanh_backward, inputs)

    @pytest.mark.parametrize(
        ("wrt", "error", "text"),
        [
            ("a", TypeError, "expected wrt to be a list of names of inputs, got 'a'"),
            ([0], TypeError, r"expected wrt to be a list of names of inputs, got \[0\]"),
            (["q"], ValueError, r"expected wrt to name inputs, each once, out of a, k, got \['q'\]"),
            (["a", "a"], ValueError, "each once"),
            ([], ValueError, "expected wrt to name inputs"),
            (["k"], TypeError, "expected k to be an array, got float"),
        ],
    )
    def test_wrt_names_float_arrays(self, wrt, error, text):
        with pytest.raises(error, match=text):
            ae.check_function(lambda a, k: k * a, lambda grad_y, k: k * grad_y, {"a": X, "k": 2.0}, wrt=wrt)

    def test_masked_inputs_are_refused(self):
        with pytest.raises(TypeError, match="expected a to be a plain array, got a masked one"):
            ae.check_function(functions.tanh, tanh_backward, {"a": np.ma.masked_array(X)})

    @pytest.mark.in_turn
    @pytest.mark.parametrize(
        ("returned", "code", "text"),
        [
            ((X, X), "wrong-count", "backward returns 2 gradients, expected 1, for a"),
            ((), "wrong-count", "backward returns 0 gradients, expected 1, for a"),
            (None, "wrong-type", "backward returns None; end it with a return statement: return grad_a"),
            ((None,), "wrong-type", "grad_a is None, expected an array of shape (7, 5); return the gradient"),
            ([1.0, 2.0], "wrong-count", "expected 1, for a; a list is taken as several gradients"),
            ([1.0], "wrong-type", "grad_a has type float, expected an array of shape (7, 5); a list is taken as several"),
            (np.ma.masked_array(X), "wrong-type", "grad_a has type MaskedArray"),
        ],
    )
    @pytest.mark.parametrize("forward", [functions.tanh, lambda a: np.tanh(a)])
    def test_what_cannot_be_compared_is_a_finding(self, forward, returned, code, text):
        report = ae.check_function(forward, lambda grad_y, a: returned, {"a": X})
        assert report.verdict == "fail"
        assert [f.code for f in report.findings] == [code]
        assert text in report.findings[0].message


class TestReport:
    def test_the_summary_names_what_could_not_be_compared(self):
        def swapped(grad_y, x, W):
            return x.T @ grad_y, grad_y @ W.T, grad_y.sum(axis=0)

        last = str(ae.check_function(functions.dense, swapped, DENSE, explain=False)).splitlines()[-1]
        said = "the values of 3 of 3 entries agree, but grad_x, grad_W can't be compared; see above"
        assert last == f"fail: {said}"

    def test_prints_a_table_then_findings_then_a_summary(self):
        text = str(ae.check_function(functions.dense, WRONG["sign"], DENSE, explain=False)).splitlines()
        assert text[0].startswith("gradient check of <lambda> for dense, rng=0")
        assert text[1].split() == ["tensor", "shape", "entries", "kinks", "relative", "error", "at", "verdict"]
        assert text[2].split()[0] == "grad_x"
        assert text[2].split()[-1] == "fail"
        assert text[-2].startswith("error: grad_x: 35 of 35 entries differ")
        assert text[-1].startswith("fail: 18 of 53 entries agree")

    def test_goes_into_json(self):
        report = ae.check_function(functions.dense, WRONG["sign"], DENSE)
        again = json.loads(json.dumps(report.to_dict()))
        assert again["verdict"] == "fail"
        assert [row["verdict"] for row in again["tensors"]] == ["fail", "pass", "pass"]
        assert again["findings"][0]["tensor"] == "grad_x"

    def test_goes_into_json_without_nan_and_infinity(self):
        finding = Finding("odd", None, "note", "odd", {"a": [np.nan, 1.5], "b": {"c": -np.inf}})
        report = Report("x", [], [finding], 1e-6)
        again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        assert again["findings"][0]["evidence"] == {"a": [None, 1.5], "b": {"c": None}}


def test_an_estimate_says_how_far_to_trust_it():
    # A noisy objective: no step gives more than a few digits, and the check must not call that a wrong gradient.
    w, r = np.array([0.7]), np.random.default_rng(0)

    def noisy():
        return float(np.sin(w[0]) + 1e-6 * r.normal()), []

    (found,) = estimates(noisy, w, np.array([np.cos(0.7)]), 1e-6)
    assert found.error > 1e-7
    assert abs(found.value - np.cos(0.7)) < 10 * found.error
    assert w[0] == 0.7


def test_the_check_takes_two_evaluations_per_entry():
    model = ae.Autoencoder([D, H], activation=ae.Tanh, rng=0)
    calls = []
    right = model.loss
    model.loss = lambda *a, **k: calls.append(1) or right(*a, **k)
    ae.check_gradients(model, np.abs(X))
    assert len(calls) <= 2 * model.n_parameters + len(model.parameters) + 12  # for the laws, the audit and the mode


@pytest.mark.parametrize("names", ["u, y", "error, a"])
def test_an_upstream_gradient_under_another_name_is_asked_for_and_not_called_wrong(names):
    # A right backward whose upstream isn't called grad_ would be given the output in its place, and fail.
    first, second = names.split(", ")
    forward = functions.tanh if second == "y" else functions.relu
    backward = eval(f"lambda {names}: {first} * (1 - {second} ** 2)")
    with pytest.raises(TypeError, match=r"upstream gradient.* grad_y"):
        ae.check_function(forward, backward, {"a": X})


def test_a_gradient_of_a_wrong_shape_gets_its_cause_too():
    rng = np.random.default_rng(0)
    inputs = {"x": rng.normal(size=(7, 5)), "W": rng.normal(size=(5, 3)), "b": rng.normal(size=3)}

    def not_summed(grad_y, x, W):
        return grad_y @ W.T, x.T @ grad_y, grad_y.copy()

    report = ae.check_function(ae.functions.dense, not_summed, inputs)
    codes = {finding.code for finding in report.findings if finding.tensor == "grad_b"}
    assert report.verdict == "fail"
    assert codes == {"wrong-shape", "cause"}
    assert [t.verdict for t in report.tensors] == ["pass", "pass"]
