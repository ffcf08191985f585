"""The checker is checked: it rejects wrong gradients, accepts right ones, and tells both from what it can't judge."""

import json

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions
from aescratch.gradcheck.numeric import estimates

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
DENSE = {"x": X, "W": W, "b": B}


def dense_backward(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)


def codes(report):
    return {finding.code for finding in report.findings}


def test_a_right_pair_passes_with_small_errors():
    report = ae.check_function(functions.dense, dense_backward, DENSE)
    assert report.verdict == "pass"
    assert report.findings == []
    assert 0 < report.max_relative_error < 1e-7
    report.raise_if_failed()


WRONG = {
    "mean over the batch": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y / N, grad_y.sum(axis=0)),
    "sign": lambda grad_y, x, W: (-grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)),
    "a millionth too much": lambda grad_y, x, W: (grad_y @ W.T, 1.00001 * (x.T @ grad_y), grad_y.sum(axis=0)),
    "bias averaged": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y, grad_y.mean(axis=0)),
    "last example only": lambda grad_y, x, W: (grad_y @ W.T, np.outer(x[-1], grad_y[-1]), grad_y.sum(axis=0)),
    "zeros": lambda grad_y, x, W: (0 * x, 0 * W, 0 * grad_y[0]),
    "upstream left out": lambda grad_y, x, W: (
        np.ones_like(grad_y) @ W.T, x.T @ grad_y, grad_y.sum(axis=0)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_fail_with_numbers(name):
    report = ae.check_function(functions.dense, WRONG[name], DENSE)
    assert report.verdict == "fail"
    assert codes(report) == {"wrong-values"}
    finding = report.findings[0]
    assert finding.evidence["analytic"] != pytest.approx(finding.evidence["numeric"], rel=1e-7)
    assert f"{finding.evidence['numeric']:.9g}" in str(report)
    with pytest.raises(ae.GradientCheckError, match="entries differ"):
        report.raise_if_failed()


def changes_upstream(grad_y, x, W):
    grad_y *= 2
    return grad_y @ W.T / 2, x.T @ grad_y / 2, grad_y.sum(axis=0) / 2


MALFORMED = {
    "wrong-count": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y),
    "wrong-shape": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0, keepdims=True)),
    "wrong-type": lambda grad_y, x, W: (grad_y @ W.T, None, grad_y.sum(axis=0)),
    "wrong-dtype": lambda grad_y, x, W: (grad_y @ W.T, (x.T @ grad_y).astype(int), grad_y.sum(axis=0)),
    "not-finite": lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y * np.nan, grad_y.sum(axis=0)),
    "raised": lambda grad_y, x, W: grad_y @ W,
    "changed-argument": changes_upstream,
    "shared-memory": lambda grad_y, x, W: (x, x.T @ grad_y, grad_y.sum(axis=0)),
}


@pytest.mark.parametrize("code", MALFORMED)
def test_what_is_wrong_beside_the_values_is_a_finding(code):
    report = ae.check_function(functions.dense, MALFORMED[code], DENSE)
    assert report.verdict == "fail"
    assert code in codes(report)


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
        model.encoder.layers[0].W.value = np.zeros((D, H))  # every pre-activation is 0, the kink
        report = ae.check_gradients(model, np.abs(X))
        assert report.verdict == "inconclusive"
        kinks = {tensor.name: tensor.count("kink") for tensor in report.tensors}
        assert kinks["encoder.W1"] == D * H
        assert kinks["decoder.b1"] == 0


class TestInputs:
    @pytest.mark.parametrize(
        ("inputs", "error", "text"),
        [
            ({**DENSE, "x": X.astype(int)}, TypeError, "expected x to hold float64 numbers, got int"),
            ({**DENSE, "x": X.astype(np.float16)}, TypeError, "expected x to hold float64 numbers, got float16"),
            ({**DENSE, "x": np.full((N, D), np.nan)}, ValueError, "expected finite numbers in x"),
            ({**DENSE, "x": np.zeros((0, D))}, ValueError, "expected x to hold at least one entry"),
            ({**DENSE, "x": X.tolist()}, TypeError, "expected x to be an array, got list"),
            ({"x": X, "W": W}, TypeError, "expected inputs for every argument of dense, but missing"),
            ({**DENSE, "c": 1.0}, TypeError, r"expected inputs named after the forward's arguments .*got \['c'\] too"),
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
        assert {f.tensor for f in report.findings if f.code == "not-finite"} == {"encoder.W1", "encoder.b1"}

    def test_a_backward_that_accumulates_fails(self, monkeypatch):
        def accumulate(self):
            self.encoder.backward(self.decoder.backward(self.reconstruction.backward()))
            self.parameters[0].grad += 1e-3 * np.ones(self.parameters[0].shape) * self.calls
            self.calls += 1

        monkeypatch.setattr(ae.Autoencoder, "backward", accumulate)
        model = ae.Autoencoder([D, H], rng=0)
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
        assert ("changed-parameter", "encoder.W1") in {(f.code, f.tensor) for f in report.findings}
        assert report.verdict == "fail"

    def test_a_loss_that_draws_anew_fails(self, monkeypatch):
        monkeypatch.setattr(ae.DenoisingAutoencoder, "noise", lambda self, rng: self.rng)
        report = ae.check_gradients(ae.DenoisingAutoencoder([D, H], rng=0), np.abs(X))
        assert "not-deterministic" in codes(report)
        assert report.verdict == "fail"

    def test_a_loss_that_is_not_finite_is_inconclusive_or_fails(self):
        model = ae.Autoencoder([D, H], dtype="float64", rng=0)
        model.parameters[0].value = np.full((D, H), 1e200)
        report = ae.check_gradients(model, np.abs(X))
        assert report.verdict != "pass"
        assert "not-finite" in codes(report)

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


class TestReport:
    def test_prints_a_table_then_findings_then_a_summary(self):
        text = str(ae.check_function(functions.dense, WRONG["sign"], DENSE)).splitlines()
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
    assert len(calls) <= 2 * model.n_parameters + len(model.parameters) + 2
