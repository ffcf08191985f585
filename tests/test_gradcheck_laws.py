"""Laws that right gradients obey for any formula, and the check's answers to invalid input and side effects."""

import contextlib
import inspect
import itertools
import random
import signal
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.findings import shown_path
from aescratch.inspection.gradcheck.laws import Seen, of_the_batch
from aescratch.inspection.gradcheck.surroundings import kept_random_state

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
DENSE = {"x": X, "W": W, "b": B}
POSITIVE = np.abs(X)


def dense_backward(grad_y, x, W):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)


def tanh(a):
    return np.tanh(a)


def tanh_backward(grad_y, a):
    return grad_y * (1 - np.tanh(a) ** 2)


def check(backward, forward=tanh, **settings):
    return ae.check_function(forward, backward, {"a": X}, explain=False, **settings)


def errors(report):
    return {(f.code, f.tensor) for f in report.findings if f.severity == "error"}


def notes(report):
    return {f.code for f in report.findings if f.severity == "note"}


class TestUpstream:
    """Gradients are linear in the upstream gradient, and 0 where it is."""

    def test_a_part_that_does_not_come_from_the_upstream_is_found_by_name(self):
        def backward(grad_y, x, W):
            return grad_y @ W.T, x.T @ grad_y + 1e-3 * W, grad_y.sum(axis=0)

        report = ae.check_function(functions.dense, backward, DENSE, explain=False)
        assert ("upstream-ignored", "grad_W") in errors(report)
        assert {tensor for code, tensor in errors(report) if code == "upstream-ignored"} == {"grad_W"}
        (finding,) = [f for f in report.findings if f.code == "upstream-ignored"]
        assert "for an upstream gradient of 0, backward gives" in finding.message
        assert finding.question

    @pytest.mark.parametrize(
        "wrong", [np.abs, np.sign, lambda g: g**2, lambda g: np.maximum(g, 0), lambda g: g / np.linalg.norm(g)]
    )
    def test_what_is_not_linear_in_it_is_found(self, wrong):
        report = check(lambda grad_y, a: np.nan_to_num(wrong(grad_y)) * (1 - np.tanh(a) ** 2))
        assert ("not-linear", "grad_a") in errors(report)
        assert ("upstream-ignored", "grad_a") not in errors(report)

    def test_an_upstream_that_is_clipped_is_found_where_the_values_agree(self):
        # Upstream gradients of the comparison are between 0.5 and 1.5 in size.
        report = check(lambda grad_y, a: tanh_backward(np.clip(grad_y, -1.5, 1.5), a))
        assert errors(report) == {("not-linear", "grad_a")}
        assert report.tensors[0].verdict == "pass"
        assert report.verdict == "fail"

    @pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
    def test_right_gradients_keep_both_laws_at_every_scale(self, scale):
        inputs = {name: scale * value for name, value in DENSE.items()}
        assert errors(ae.check_function(functions.dense, dense_backward, inputs)) == set()

    def test_an_upstream_gradient_of_a_number_counts_too(self):
        report = check(lambda grad_y, a: a / N, lambda a: 0.5 * (a * a).sum() / N)
        assert ("upstream-ignored", "grad_a") in errors(report)
        assert report.tensors[0].verdict == "pass"

    def test_an_upstream_of_a_number_is_an_array_every_time(self):
        def backward(grad_loss, a):
            assert type(grad_loss) is np.ndarray
            assert grad_loss.shape == ()
            return grad_loss * a / N

        assert errors(check(backward, lambda a: 0.5 * (a * a).sum() / N)) == set()

    def test_a_loss_without_an_upstream_is_left_alone(self):
        assert errors(check(lambda a: a / N, lambda a: 0.5 * (a * a).sum() / N)) == set()

    def test_a_division_by_the_upstream_is_found(self):
        report = check(lambda grad_y, a: grad_y / grad_y * tanh_backward(grad_y, a))  # NaN for 0
        assert errors(report) == {("not-linear", "grad_a")}

    @pytest.mark.parametrize("odd", [(), None, X[:2], "grad_a", 3.0])
    def test_something_else_for_another_upstream_is_found(self, odd):
        first = []

        def backward(grad_y, a):
            first.append(grad_y)
            return tanh_backward(grad_y, a) if np.array_equal(grad_y, first[0]) else odd

        assert {code for code, _ in errors(check(backward))} == {"not-linear"}

    def test_a_backward_in_single_precision_keeps_both_laws(self):
        report = check(lambda grad_y, a: tanh_backward(grad_y.astype(np.float32), a.astype(np.float32)))
        assert not {"not-linear", "upstream-ignored"} & {code for code, _ in errors(report)}


class InPlace(ae.Tanh):
    """Right values, made in the array that was given."""

    def backward(self, grad_y):
        grad_y *= 1 - self.y**2
        return grad_y


class Spoiling(ae.Tanh):
    """Right values, and what was remembered is gone."""

    def backward(self, grad_y):
        slope = 1 - self.y**2
        self.y *= 0.5
        return grad_y * slope


class TestNothingElseChanges:
    def model(self, activation):
        return ae.Autoencoder([D, H], activation=activation, rng=0)

    def test_a_layer_that_changes_the_gradient_it_is_given_fails_with_right_values(self):
        report = ae.check_gradients(self.model(InPlace), X)
        assert [(f.code, f.evidence) for f in report.findings if f.severity == "error"] == [
            ("changed-upstream", {"part": "encoder.inplace1", "name": "grad_y"})
        ]
        assert {tensor.verdict for tensor in report.tensors} == {"pass"}
        assert report.verdict == "fail"

    def test_a_layer_that_changes_what_it_remembers_fails(self):
        report = ae.check_gradients(self.model(Spoiling), X, explain=False)
        found = [f.evidence for f in report.findings if f.code == "changed-cache"]
        assert found == [{"part": "encoder.spoiling1", "name": "y"}]
        assert report.verdict == "fail"

    def test_right_models_change_nothing(self):
        for make in (ae.Autoencoder, ae.VariationalAutoencoder, ae.ContractiveAutoencoder, ae.DenoisingAutoencoder):
            assert errors(ae.check_gradients(make([D, H], rng=0), X)) == set()

    def test_a_pair_that_changes_its_upstream_is_told_so_beside_right_values(self):
        def backward(grad_y, a):
            result = tanh_backward(grad_y, a)
            grad_y[...] = 0
            return result

        report = check(backward)
        assert [(f.code, f.tensor) for f in report.findings] == [("changed-argument", "grad_y")]
        assert report.verdict == "pass"

    def test_values_that_backward_changes_are_put_right_before_anything_is_compared(self):
        class Training(ae.Autoencoder):
            def backward(self):
                super().backward()
                for parameter in self.parameters:
                    parameter.value = parameter.value - 0.5 * parameter.grad

        report = ae.check_gradients(Training([D, H], activation=ae.Tanh, rng=0), X, explain=False)
        assert {code for code, _ in errors(report)} == {"changed-parameter"}  # a second pass differs for that reason alone
        assert report.tensors[0].verdict == "pass"


class Summed(ae.Autoencoder):
    """Loss and gradient summed over the batch: right, and another convention."""

    def loss(self, x, rng=None):
        self.n = len(x)
        return super().loss(x, rng) * self.n

    def backward(self):
        super().backward()
        for parameter in self.parameters:
            parameter.grad *= self.n


class FirstRowTwice(ae.Autoencoder):
    """Loss and gradient that take one row for more than the others."""

    def loss(self, x, rng=None):
        self.weights = np.ones((len(x), 1))
        self.weights[0] = 2
        self.x, self.x_hat = x, self.decoder.forward(self.encoder.forward(x))
        return (0.5 * self.weights * (self.x_hat - x) ** 2).sum() / len(x)

    def backward(self):
        self.encoder.backward(self.decoder.backward(self.weights * (self.x_hat - self.x) / len(self.x)))


class SevenRows(ae.Autoencoder):
    """A gradient whose number of examples is written into the code."""

    def backward(self):
        grad = self.reconstruction.backward() * len(self.reconstruction.x) / 7
        self.encoder.backward(self.decoder.backward(grad))


class LastRow(ae.Autoencoder):
    def backward(self):
        grad = self.reconstruction.backward()
        grad[:-1] = 0
        self.encoder.backward(self.decoder.backward(grad * len(grad)))


class SevenOnly(ae.Autoencoder):
    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward().reshape(7, -1)))


class OwnNoise(ae.Autoencoder):
    def loss(self, x, rng=None):
        return super().loss(x + 0.1 * self.noise(rng).normal(size=x.shape))


class TestBatch:
    """The batch twice over, and its rows in reverse order."""

    def report(self, make, **settings):
        return ae.check_gradients(make([D, H], activation=ae.Tanh, rng=0), X, explain=False, **settings)

    def test_every_variant_is_a_mean_over_exchangeable_rows(self):
        models = [
            ae.Autoencoder([D, H], weight_decay=0.1, rng=0), ae.SparseAutoencoder([D, H], sparsity=ae.KLSparsity(0.1, 1.0), rng=0),
            ae.ContractiveAutoencoder([D, H], rng=0), ae.KSparseAutoencoder([D, H], k=2, rng=0),
            ae.VariationalAutoencoder([D, H], rng=0), ae.DenoisingAutoencoder([D, H], rng=0),
        ]  # fmt: skip
        for model in models:
            report = ae.check_gradients(model, POSITIVE)
            assert report.verdict == "pass"
            assert not {"not-a-batch-mean", "rows-not-exchangeable"} & notes(report)

    def test_a_sum_over_the_batch_is_noted_and_right_all_the_same(self):
        report = self.report(Summed)
        (finding,) = [f for f in report.findings if f.code == "not-a-batch-mean"]
        assert finding.evidence["losses"][1] == pytest.approx(2 * finding.evidence["losses"][0])
        assert "it isn't a mean over the batch" in finding.message
        assert (finding.severity, report.verdict) == ("note", "pass")

    def test_a_loss_that_prefers_a_row_is_noted(self):
        report = self.report(FirstRowTwice)
        assert {"rows-not-exchangeable", "not-a-batch-mean"} <= notes(report)
        assert report.verdict == "pass"

    def test_a_number_of_examples_in_the_code_fails_where_the_values_are_right(self):
        report = self.report(SevenRows)
        assert {tensor.verdict for tensor in report.tensors} == {"pass"}
        assert {code for code, _ in errors(report)} == {"not-a-batch-mean"}
        (finding,) = [f for f in report.findings if f.severity == "error"]
        assert finding.evidence["tensors"] == [tensor.name for tensor in report.tensors]
        assert finding.message == (
            "encoder.W1, encoder.b1, decoder.W1, decoder.b1: repeating the batch leaves the loss unchanged, but gives "
            "another gradient; it has to be the same for the same loss"
        )

    def test_gradients_that_are_0_but_for_rounding_are_left_alone(self):
        """As those of a bias that a shift of all outputs leaves without effect."""
        generator = np.random.default_rng(0)

        def evaluate(rows, seed):
            noise = 1e-19 * generator.normal(size=H)
            return Seen(1.0, {"W": np.ones((D, H)), "b": noise}, [])

        assert of_the_batch(evaluate, [X], 0, {"W": np.ones((D, H)), "b": np.full(H, 1e-19)}) == []

    def test_a_gradient_of_the_last_row_fails(self):
        assert {"wrong-values", "rows-not-exchangeable"} <= {code for code, _ in errors(self.report(LastRow))}

    def test_a_backward_for_one_number_of_rows_only_is_a_finding(self):
        report = self.report(SevenOnly)
        (finding,) = [f for f in report.findings if f.severity == "error"]
        assert finding.code == "raised"
        assert finding.message.endswith("this also happens for the same rows reversed or repeated")

    def test_noise_does_not_follow_its_rows_and_is_left_alone(self):
        for make in (OwnNoise, ae.DenoisingAutoencoder, ae.VariationalAutoencoder):
            assert self.report(make).verdict == "pass"

    def test_a_classifiers_labels_follow_their_rows(self):
        model = ae.SoftmaxClassifier(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), 3, rng=0)
        report = ae.check_gradients(model, X, np.array([0, 0, 0, 1, 1, 2, 2]))
        assert report.verdict == "pass"
        assert not {"not-a-batch-mean", "rows-not-exchangeable"} & notes(report)

    @pytest.mark.parametrize(("crosses", "found"), [(False, 2), (True, 0)])
    def test_a_kink_that_is_crossed_by_rounding_alone_is_no_finding(self, crosses, found):
        def evaluate(batch, seed):
            pattern = batch[0] > 0
            pattern[0, 0] ^= crosses and batch[0] is not X
            return Seen(1.0, {"W": W if batch[0] is X else 2 * W}, [pattern])

        assert len(of_the_batch(evaluate, [X], 0, {"W": W})) == found


class TestKinks:
    """At exactly 0 any value between the slopes on the two sides is right."""

    @pytest.mark.parametrize("subgradient", [0.0, 0.25, 0.5, 1.0])
    def test_of_a_function(self, subgradient):
        a = np.linspace(-2, 2, 40).reshape(8, 5)
        a[3, 2] = 0.0
        report = ae.check_function(
            lambda a: np.maximum(a, 0), lambda grad_y, a: grad_y * np.where(a == 0, subgradient, a > 0), {"a": a}
        )
        assert report.verdict == "pass"

    @pytest.mark.parametrize("subgradient", [-0.5, 1.5])
    def test_of_a_function_beyond_them(self, subgradient):
        a = np.linspace(-2, 2, 40).reshape(8, 5)
        a[3, 2] = 0.0
        report = ae.check_function(
            lambda a: np.maximum(a, 0), lambda grad_y, a: grad_y * np.where(a == 0, subgradient, a > 0), {"a": a},
            explain=False,
        )  # fmt: skip
        assert report.verdict == "fail"

    @pytest.mark.parametrize("subgradient", [0.5, 1.0])
    def test_of_a_model(self, subgradient, monkeypatch):
        monkeypatch.setattr(
            functions, "relu_backward", lambda grad_y, a: grad_y * np.where(a == 0, subgradient, a > 0)
        )
        model = ae.Autoencoder([D, 11], dtype="float64", rng=0)
        for parameter in model.parameters:
            parameter.value = np.random.default_rng(0).normal(size=parameter.shape)
        model.parameters[0].value[:, 4] = 0.0
        model.parameters[1].value[4] = 0.0  # one unit sits on its kink, for every example
        report = ae.check_gradients(model, X)
        assert report.tensors[0].count("kink") == D
        assert report.verdict == "pass", str(report)


class TestBadInput:
    """What the caller gives wrong raises, in a sentence."""

    @pytest.mark.parametrize(
        ("a", "error", "text"),
        [
            (X.astype(int), TypeError, r"expected a to hold float64 numbers, got int64; pass a.astype\(float\)"),
            (X > 0, TypeError, "expected a to hold float64 numbers, got bool"),
            (X + 1j, TypeError, "expected a to hold float64 numbers, got complex128; for a complex function, check the real and"),
            (X.astype(object), TypeError, "expected a to hold float64 numbers, got object; an array of Python objects"),
            (X.astype(np.float16), TypeError, "expected a to hold float64 numbers, got float16"),
            (np.full((N, D), np.nan), ValueError, "expected finite numbers in a, got NaN or infinity"),
            (np.full((N, D), np.inf), ValueError, "expected finite numbers in a"),
            (np.zeros((0, D)), ValueError, r"expected a to hold at least one entry, got shape \(0, 5\)"),
            (3.0, TypeError, "expected a to be an array, got float"),
            (None, TypeError, "expected a to be an array, got NoneType"),
            ("a", TypeError, "expected a to be an array, got str"),
            ([0.5, 1.5], TypeError, r"got list; pass numpy.array\(a, float\)$"),
            ([0, 1, 2], TypeError, r"pass numpy.array\(a\) if these are labels or indices, numpy.array\(a, float\) if"),
        ],
    )
    def test_of_a_function(self, a, error, text):
        with pytest.raises(error, match=text):
            ae.check_function(tanh, tanh_backward, {"a": a}, wrt=["a"])

    @pytest.mark.parametrize(
        ("x", "error", "text"),
        [
            (X.astype(int), TypeError, "expected x to hold floats, got int64"),
            (X + 1j, TypeError, "expected x to hold floats, got complex128"),
            (X.astype(object), TypeError, "expected x to hold floats, got object"),
            (np.full((N, D), np.nan), ValueError, "expected finite numbers in x"),
            (np.full((N, D), np.inf), ValueError, "expected finite numbers in x"),
            (np.zeros((0, D)), ValueError, "expected x to hold at least one example"),
            (X[0], ValueError, "expected x to be a matrix"),
            (np.array(1.0), ValueError, "expected x to be a matrix"),
            (X.tolist(), TypeError, "expected x to be an array of floats, got list"),
        ],
    )
    def test_of_a_model(self, x, error, text):
        with pytest.raises(error, match=text):
            ae.check_gradients(ae.Autoencoder([D, H], rng=0), x)

    @pytest.mark.parametrize(
        "a",
        [
            X[::2], X.T, np.asfortranarray(X), X[:, ::-1], np.broadcast_to(X[0], (N, D)), np.array(0.7),
            X[0], X[None, :, :, None], X.astype(">f8"), X.astype(np.longdouble),
        ],
    )  # fmt: skip
    def test_arrays_of_every_layout_are_checked(self, a):
        before = a.copy()
        assert ae.check_function(tanh, tanh_backward, {"a": a}).verdict == "pass"
        np.testing.assert_array_equal(a, before)

    def test_what_cannot_be_written_is_checked_and_stays(self):
        a = X.copy()
        a.flags.writeable = False
        assert ae.check_function(tanh, tanh_backward, {"a": a}).verdict == "pass"
        assert ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), a).verdict == "pass"

    @pytest.mark.parametrize("x", [X[:, ::-1], np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X.astype(np.float16)])
    def test_batches_of_every_layout_are_checked(self, x):
        assert ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), x).verdict == "pass"

    @pytest.mark.parametrize("limit", [0, -1.0, "60", True, float("nan")])
    def test_a_time_limit_is_a_number(self, limit):
        with pytest.raises((TypeError, ValueError), match="expected time_limit to be a number above 0"):
            check(tanh_backward, time_limit=limit)


def sleeps(grad_y, a):
    time.sleep(600)


def loops(grad_y, a):
    while True:
        with contextlib.suppress(Exception):  # so that no exception of the usual kind ends it
            grad_y = grad_y + 1


class TestManners:
    """What a backward does wrong is a finding with a name, and never anything worse."""

    def test_one_that_is_not_written_yet(self):
        def backward(grad_y, a):
            raise NotImplementedError

        report = check(backward)
        (finding,) = report.findings
        assert (finding.code, report.verdict) == ("not-implemented", "fail")
        assert finding.message.startswith("backward isn't written yet (tests/test_gradcheck_laws.py:")

    def test_one_of_a_model_that_is_not_written_yet(self, monkeypatch):
        def relu_backward(grad_y, a):
            raise NotImplementedError("your turn")

        monkeypatch.setattr(functions, "relu_backward", relu_backward)
        report = ae.check_gradients(ae.Autoencoder([D, H], rng=0), X)
        (finding,) = [f for f in report.findings if f.severity == "error"]
        assert finding.code == "not-implemented"
        assert finding.message.endswith("and says: your turn")

    def test_one_that_returns_nothing(self):
        def backward(grad_y, a):
            tanh_backward(grad_y, a)

        (finding,) = check(backward).findings
        assert (finding.code, finding.message) == ("wrong-type", "backward returns None; end it with a return statement: return grad_a")

    def test_a_view_of_the_upstream(self):
        report = check(lambda grad_y, a: grad_y[::1], lambda a: 1.0 * a)
        assert (report.verdict, [(f.code, f.tensor) for f in report.findings]) == ("pass", [("shared-memory", "grad_y")])

    @pytest.mark.parametrize(
        ("backward", "code"),
        [
            (lambda grad_y, y: grad_y, "shared-memory"),
            (lambda grad_y, y: grad_y * (1 + 0 * np.random.rand()), "changed-random-state"),  # noqa: NPY002
        ],
    )
    def test_a_view_of_the_upstream_or_a_global_draw_keeps_no_cause_from_being_found(self, backward, code):
        report = ae.check_function(functions.tanh, backward, {"a": X})
        assert (report.findings[0].code, report.findings[0].severity) == (code, "note")
        assert (report.verdict, report.findings[-1].code) == ("fail", "cause")
        assert "slope" in report.findings[-1].cause or "derivative" in report.findings[-1].cause

    def test_a_list_is_taken_as_several(self):
        assert ae.check_function(functions.dense, lambda grad_y, x, W: list(dense_backward(grad_y, x, W)), DENSE).verdict == "pass"

    @pytest.mark.parametrize("seed", range(40))
    def test_terms_that_cancel_down_to_their_rounding_are_linear(self, seed):
        generator = np.random.default_rng(seed)
        logits = generator.normal(size=(N, D)) * 10 ** generator.uniform(1, 5)
        report = ae.check_function(
            functions.softmax, lambda grad_y, y: y * (grad_y - (grad_y * y).sum(1, keepdims=True)), {"logits": logits}
        )
        assert errors(report) == set()

    def test_one_that_is_another_in_every_fifth_call_is_seen(self):
        calls = []

        def backward(grad_y, a):
            calls.append(1)
            return (1 if len(calls) % 5 else 2) * tanh_backward(grad_y, a)

        assert ("not-linear", "grad_a") in errors(check(backward))

    @pytest.mark.parametrize("size", [1e-3, 1.0, 1e9])
    def test_one_that_is_not_linear_by_little_is_seen_beside_large_terms_that_cancel(self, size):
        report = check(lambda grad_y, a: size * (grad_y - grad_y * (1 - 1e-6)) + 1e-9 * size * grad_y**2)
        assert ("not-linear", "grad_a") in errors(report)

    def test_one_that_prints_is_let_print_and_noted(self, capsys):
        report = check(lambda grad_y, a: print("here", grad_y.shape) or tanh_backward(grad_y, a))
        assert "here (7, 5)" in capsys.readouterr().out
        assert (report.verdict, "prints" in notes(report)) == ("pass", True)

    def test_one_that_prints_does_so_in_the_first_call_only(self, capsys):
        def forward(a):
            print("forward")
            return np.tanh(a)

        ae.check_function(forward, lambda grad_y, a: print("backward") or grad_y, {"a": X})
        assert capsys.readouterr().out == "forward\nbackward\n"

    def test_a_model_that_prints_does_so_in_the_first_call_only(self, capsys):
        class Talking(ae.Autoencoder):
            def loss(self, x, rng=None):
                print("loss")
                return super().loss(x)

            def backward(self):
                print("backward")
                self.encoder.backward(2 * self.decoder.backward(self.reconstruction.backward()))

        report = ae.check_gradients(Talking([D, H], activation=ae.Tanh, rng=0), X)
        assert capsys.readouterr().out == "loss\nbackward\n"
        assert [f.evidence["by"] for f in report.findings if f.code == "prints"] == ["loss", "backward"]

    def test_a_debugger_is_seen_in_every_call(self, capsys):
        before = sys.gettrace()
        try:
            sys.settrace(lambda frame, event, argument: None)
            check(lambda grad_y, a: print("backward") or tanh_backward(grad_y, a))
        finally:
            sys.settrace(before)
        assert capsys.readouterr().out.count("backward\n") > 2

    def test_one_that_prints_where_there_is_nothing_to_print_to(self, monkeypatch):
        monkeypatch.setattr("sys.stdout", None)
        report = check(lambda grad_y, a: print("here") or tanh_backward(grad_y, a))
        assert (report.verdict, "prints" in notes(report)) == ("pass", True)

    @pytest.mark.parametrize("forever", [sleeps, loops])
    def test_one_that_never_ends(self, forever):
        started, worked = time.monotonic(), time.process_time()
        report = check(forever, time_limit=0.2)
        assert time.process_time() - worked < 5
        assert time.monotonic() - started < 120  # and not the 600 seconds that it sleeps, however busy the machine
        (finding,) = report.findings
        assert (finding.code, report.verdict) == ("timed-out", "fail")
        assert "backward was still running after 0.2 s" in finding.message

    def test_one_of_a_model_that_never_ends(self, monkeypatch):
        monkeypatch.setattr(functions, "relu_backward", sleeps)
        model = ae.Autoencoder([D, H], rng=0)
        values = [parameter.value.copy() for parameter in model.parameters]
        report = ae.check_gradients(model, X, time_limit=0.2)
        assert [f.code for f in report.findings if f.severity == "error"] == ["timed-out"]
        assert report.verdict == "fail"
        for parameter, value in zip(model.parameters, values, strict=True):
            np.testing.assert_array_equal(parameter.value, value)
        assert not any("backward" in part.__dict__ for part in model.parts.values())

    @pytest.mark.parametrize("forever", [sleeps, loops])
    def test_one_that_never_ends_in_another_thread(self, forever):
        reports = []
        thread = threading.Thread(target=lambda: reports.append(check(forever, time_limit=0.2)))
        thread.start()
        thread.join(300)
        assert [f.code for f in reports[0].findings] == ["timed-out"]

    def test_one_that_seeds_everybody(self):
        def backward(grad_y, a):
            np.random.seed(0)  # noqa: NPY002
            random.seed(0)
            return tanh_backward(grad_y, a)

        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        expected = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
        report = check(backward)
        assert (report.verdict, notes(report)) == ("pass", {"changed-random-state"})
        np.testing.assert_array_equal(np.random.get_state()[1], expected[0])  # noqa: NPY002
        assert random.getstate() == expected[1]

    def test_a_backward_that_seeds_is_seen_where_somebody_seeded_alike_before(self):
        def backward(grad_y, y):
            np.random.seed(3)  # noqa: NPY002
            return grad_y * (1 - y**2)

        np.random.seed(3)  # noqa: NPY002
        assert notes(ae.check_function(functions.tanh, backward, {"a": X})) == {"changed-random-state"}

    @pytest.mark.parametrize("who", ["loss", "backward"])
    def test_a_model_that_draws_from_the_global_state(self, monkeypatch, who):
        right = getattr(ae.Autoencoder, who)

        def draws(self, *arguments, **named):
            np.random.random()  # noqa: NPY002
            return right(self, *arguments, **named)

        monkeypatch.setattr(ae.Autoencoder, who, draws)
        before = np.random.get_state()[1:3]  # noqa: NPY002
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=ae.Tanh, rng=0), X)
        (finding,) = [f for f in report.findings if f.code == "changed-random-state"]
        assert (finding.evidence, finding.severity) == ({"by": who}, "error" if who == "backward" else "note")
        for a, b in zip(np.random.get_state()[1:3], before, strict=True):  # noqa: NPY002
            np.testing.assert_array_equal(a, b)

    def test_the_global_state_is_as_before_after_control_c(self):
        def backward(grad_y, a):
            np.random.seed(0)  # noqa: NPY002
            raise KeyboardInterrupt

        np.random.seed(3)  # noqa: NPY002
        expected = np.random.get_state()[1].copy()  # noqa: NPY002
        with pytest.raises(KeyboardInterrupt):
            check(backward)
        np.testing.assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002

    @pytest.mark.parametrize("bad", [sleeps, lambda grad_y, a: np.random.seed(1), lambda grad_y, a: None, lambda grad_y, a: 1 / 0])  # noqa: NPY002
    def test_none_of_them_is_given_a_cause(self, bad):
        report = ae.check_function(tanh, bad, {"a": X}, time_limit=0.2)
        assert report.verdict == "fail"
        assert not any(finding.cause for finding in report.findings)


    @pytest.mark.in_turn
    def test_a_cause_is_looked_for_beside_bad_manners_too(self):
        def doubled(grad_y, a):
            return 2 * tanh_backward(grad_y, a)

        def spoiling(grad_y, a):
            result = doubled(grad_y, a)
            grad_y *= 2
            return result

        def causes(backward, **settings):
            return [f.cause for f in ae.check_function(tanh, backward, {"a": X}, **settings).findings if f.cause]

        assert len(causes(doubled)) == 1
        assert causes(doubled, explain=False) == []
        assert causes(spoiling) == causes(doubled)  # every call is given arguments of its own


    def test_of_a_model_the_place_is_looked_for_unless_it_is_not_asked(self, monkeypatch):
        monkeypatch.setattr(functions, "sigmoid_backward", lambda grad_y, y: grad_y * y)
        model = ae.Autoencoder([D, H], activation=ae.Sigmoid, rng=0)
        assert "first-wrong" in {f.code for f in ae.check_gradients(model, X).findings}
        assert {f.code for f in ae.check_gradients(model, X, explain=False).findings if f.severity == "error"} == {"wrong-values"}


class TestDeadline:
    def test_a_call_in_time_gives_what_it_gives(self):
        assert limited(lambda: 6 * 7, 10.0) == 42
        assert limited(lambda: 6 * 7, None) == 42
        with pytest.raises(KeyError):
            limited(lambda: {}["a"], 10.0)

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
    def test_what_cleans_up_when_the_time_is_over_is_left_to_end(self, monkeypatch):
        lost, ended = [], []
        monkeypatch.setattr(sys, "unraisablehook", lost.append)

        class Slow:
            def __del__(self):
                time.sleep(0.3)
                ended.append(self)

        def call():
            Slow()
            time.sleep(60)

        with pytest.raises(OutOfTime):
            limited(call, 0.1)
        assert lost == []
        assert len(ended) == 1

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
    def test_a_limit_that_python_drops_comes_again_and_nothing_is_printed(self, monkeypatch):
        lost, ended = [], []
        monkeypatch.setattr(sys, "unraisablehook", lost.append)

        class Thing:
            pass

        def cleaning(reference):  # no __del__: its exceptions are dropped all the same
            try:
                time.sleep(0.3)
            except OutOfTime:
                ended.append("cut")
                raise

        def call():
            thing = Thing()
            reference = weakref.ref(thing, cleaning)
            del thing
            ended.append(reference() is None)
            time.sleep(60)

        started = time.monotonic()
        with pytest.raises(OutOfTime):
            limited(call, 0.1)
        assert ended == ["cut", True]
        assert lost == []
        assert time.monotonic() - started < 30

        def failing():
            thing = Thing()
            reference = weakref.ref(thing, lambda reference: 1 / 0)
            del thing
            return reference

        limited(failing, 10.0)
        assert [one.exc_type for one in lost] == [ZeroDivisionError]
        assert sys.unraisablehook == lost.append

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
    def test_a_signal_at_any_step_leaves_no_timer_behind(self):
        """On a busy machine the signal of a short limit arrives before the call has begun, or after its end."""
        file, before = inspect.getsourcefile(limited), (signal.getsignal(signal.SIGALRM), sys.unraisablehook)

        def called_with_a_signal_at(step):
            """Whether limited ran as far as this step, counted in instructions."""
            steps = itertools.count(1)

            def trace(frame, event, argument):
                if frame.f_code.co_filename != file or frame.f_code.co_name in ("ring", "drop"):
                    return None
                frame.f_trace_opcodes = True
                if event == "opcode" and next(steps) == step:
                    signal.raise_signal(signal.SIGALRM)
                return trace

            signal.signal(signal.SIGALRM, lambda number, frame: None)  # as an outer limit's, which comes again
            sys.settrace(trace)
            try:
                found = limited(lambda: 6 * 7, 60.0)
            except OutOfTime:
                found = None
            finally:
                sys.settrace(None)
                left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before[0])
            assert (left, sys.unraisablehook) == (0.0, before[1]), f"at instruction {step}"
            return found, next(steps) > step

        outcomes = []
        while not outcomes or outcomes[-1][1]:
            outcomes.append(called_with_a_signal_at(len(outcomes) + 1))
        assert len(outcomes) > 50
        assert {found for found, _ in outcomes} == {42, None}

    def in_a_thread(self, call):
        found = []

        def run():
            try:
                found.append(call())
            except BaseException as error:
                found.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(300)
        return found[0]

    def sleeping(self):
        """Sleep longer than the limit; not much, since Python 3.11 hangs in sys.setprofile until a thread that was
        sent an exception wakes up.
        """
        time.sleep(1)

    def test_elsewhere_than_in_the_main_thread_too(self):
        assert self.in_a_thread(lambda: limited(lambda: 6 * 7, 10.0)) == 42
        assert isinstance(self.in_a_thread(lambda: limited(lambda: {}["a"], 10.0)), KeyError)
        assert isinstance(self.in_a_thread(lambda: limited(self.sleeping, 0.1)), OutOfTime)

    def test_the_settings_of_the_thread_hold_in_the_call(self):
        def call():
            with np.errstate(divide="raise"):
                return limited(lambda: np.geterr()["divide"], 10.0)

        assert self.in_a_thread(call) == "raise"

    def test_a_system_without_signals_has_a_time_limit_too(self, monkeypatch):
        import signal

        monkeypatch.delattr(signal, "setitimer")
        assert limited(lambda: 6 * 7, 10.0) == 42
        with pytest.raises(OutOfTime):
            limited(self.sleeping, 0.1)

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
    def test_somebody_elses_timer_goes_on(self):
        import signal

        rung = []
        handler = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
        try:
            signal.setitimer(signal.ITIMER_REAL, 300)
            assert limited(lambda: 6 * 7, 10.0) == 42
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300
            assert rung == []
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            limited(lambda: time.sleep(0.2), 60.0)  # meanwhile it would have rung
            started = time.monotonic()
            while not rung and time.monotonic() - started < 60:
                time.sleep(0.01)
            assert rung == [1]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)


class TestNames:
    @pytest.mark.parametrize("name", ["dout", "dy", "grad", "upstream", "grad_output", "dout_hidden", "g", "delta", "dA", "accum_grad"])
    def test_of_other_courses_are_taken_for_the_upstream(self, name):
        backward = eval(f"lambda {name}, x, W: ({name} @ W.T, x.T @ {name}, {name}.sum(axis=0))")
        report = ae.check_function(functions.dense, backward, DENSE)
        assert report.verdict == "pass"
        assert report.findings == []

    def test_beside_a_name_of_ours_they_are_not(self):
        report = check(lambda grad_y, dout: grad_y * (1 - dout**2))
        assert report.verdict == "pass"
        assert "output-name" in notes(report)

    def test_an_input_of_that_name_is_an_input(self):
        report = ae.check_function(lambda dy: np.tanh(dy), lambda grad_y, dy: tanh_backward(grad_y, dy), {"dy": X})
        assert report.verdict == "pass"

    def test_an_input_that_begins_with_grad_is_an_input(self):
        report = ae.check_function(
            lambda grad_y, a: tanh_backward(grad_y, a),
            lambda grad_grad_a, grad_y, a: (
                tanh_backward(grad_grad_a, a), -2 * grad_grad_a * grad_y * np.tanh(a) * (1 - np.tanh(a) ** 2)
            ),
            {"grad_y": X + 1, "a": X},
        )  # fmt: skip
        assert report.verdict == "pass", str(report)

    def test_two_of_them_are_refused(self):
        assert check(lambda dout, delta: dout * (1 - delta**2)).verdict == "pass"  # the output, beside a clearer name
        with pytest.raises(TypeError, match="got dout and dy"):
            check(lambda dout, dy: dout)

    @pytest.mark.parametrize("name", ["cache", "caches"])
    def test_a_cache_that_forward_does_not_return_is_missed(self, name):
        backward = eval(f"lambda dout, {name}: dout")
        with pytest.raises(TypeError, match=rf"got {name}; let tanh return the pair \(output, {name}\), or name the arguments that backward needs"):
            check(backward)

    def test_a_forward_that_returns_more_than_its_backward_takes_is_shown_two_lines_that_adapt_it(self):
        def two(a):
            return np.tanh(a), a

        with pytest.raises(TypeError, match=r"got tuple of 2 values, .*\n    forward = lambda a: two\(a\)\[0\]\n") as caught:
            check(tanh_backward, two)
        assert str(caught.value).endswith("\n    backward = lambda grad_y, a: tanh_backward(grad_y, a)")


class TestPaths:
    def test_are_shown_from_the_working_directory_or_by_name(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert shown_path(str(tmp_path / "week3" / "layers.py")) == "week3/layers.py"
        assert shown_path(str(tmp_path.parent / "layers.py")) == "layers.py"


def test_what_is_not_ours_is_not_asked_how_many_gradients_there_are(monkeypatch):
    monkeypatch.setattr(functions, "tanh_backward", lambda grad_y, y: 1 / 0)
    report = ae.check_function(functions.tanh, lambda grad_y, y: grad_y * (1 - y * y), {"a": X})
    assert report.verdict == "pass"


def test_the_global_random_state_is_kept():
    with kept_random_state() as changed:
        assert not changed()
        np.random.random()  # noqa: NPY002
        assert changed()
