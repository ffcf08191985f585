"""The wrong line of a backward: found by looking on, named by the change that mends it, and everything put back."""

import ast
import time

import mistakes
import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions as sheet
from aescratch.inspection.gradcheck import lines
from aescratch.inspection.gradcheck.lines import repairing
from aescratch.inspection.gradcheck.lines.edits import edits
from aescratch.inspection.gradcheck.lines.evaluating import evaluated
from aescratch.inspection.gradcheck.lines.scene import slopes_along
from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.telling import QUESTIONS, SENTENCES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, D))
NETWORK = {"x": X, "W1": RNG.normal(size=(D, H)), "b1": RNG.normal(size=H), "W2": RNG.normal(size=(H, D))}
WRT = ["W1", "b1", "W2"]


def loss(x, W1, b1, W2):
    h = np.tanh(x @ W1 + b1)
    return 0.5 * ((h @ W2 - x) ** 2).sum() / len(x)


RIGHT = """def backward(x, W1, b1, W2):
    h = np.tanh(x @ W1 + b1)
    grad_x_hat = (h @ W2 - x) / len(x)
    grad_W2 = h.T @ grad_x_hat
    grad_h = grad_x_hat @ W2.T
    slope = 1 - h**2
    grad_a = grad_h * slope
    return x.T @ grad_a, grad_a.sum(axis=0), grad_W2
"""
# What stands there, what is put there, and the line, the kind and the cause that are told.
SLIPS = [
    ("(h @ W2 - x) / len(x)", "(h @ W2 - x)", 3, "count-missing", "the factor 1/len(x) is missing at `h @ W2 - x`"),
    ("h.T @ grad_x_hat", "x.T @ grad_x_hat", 4, "other-name", "`x` stands where `h` belongs"),
    ("grad_x_hat @ W2.T", "grad_x_hat @ grad_W2.T", 5, "other-name", "`grad_W2` stands where `W2` belongs"),
    ("1 - h**2", "1 + h**2", 6, "sign-of-term", "the term `h ** 2` has the wrong sign"),
    ("1 - h**2", "1 - h**3", 6, "power", "the exponent 3 should be 2"),
    ("grad_h * slope", "grad_h", 7, "factor-missing", "the factor `slope` is missing at `grad_h`"),
    ("grad_h * slope", "grad_h + slope", 7, "operator", "`grad_h + slope` has the wrong operation in it"),
    ("sum(axis=0)", "mean(axis=0)", 8, "mean-or-sum", "grad_b1 is the right gradient, times 1/N (N = 7, the number of rows of x)"),
    ("x.T @ grad_a, grad_a", "x[:-1].T @ grad_a[:-1], grad_a", 8, "index",
     "`return (x[:-1].T @ grad_a[:-1], grad_a.sum(axis=0), grad_W2)` takes the wrong entries"),
]  # fmt: skip


def written(old, new):
    assert RIGHT.count(old) == 1
    return mistakes.written(RIGHT.replace(old, new))


def told(backward, forward=loss, inputs=NETWORK, wrt=WRT):
    report = ae.check_function(forward, backward, inputs, wrt=wrt)
    assert report.verdict == "fail"
    return next((f for f in report.sorted_findings() if f.cause), None)


@pytest.mark.parametrize(("old", "new", "line", "kind", "cause"), SLIPS, ids=[slip[1] for slip in SLIPS])
def test_a_slip_in_a_network_is_told_with_its_line(old, new, line, kind, cause):
    finding = told(written(old, new))
    assert (finding.evidence["line"], finding.evidence["edit"], finding.cause) == (line, kind, cause)
    assert finding.question


def test_the_change_that_is_told_gives_the_right_gradients():
    finding = told(written("grad_h * slope", "grad_h"))
    repaired = RIGHT.replace("    grad_a = grad_h * slope", "    " + finding.evidence["repaired"])
    assert ae.check_function(loss, mistakes.written(repaired), NETWORK, wrt=WRT).verdict == "pass"
    assert finding.evidence["mends"] == ["W1", "b1"]


def test_the_report_begins_at_the_line():
    report = str(ae.check_function(loss, written("grad_h * slope", "grad_h"), NETWORK, wrt=WRT))
    first = report.partition("verdict\n")[2].splitlines()[len(WRT)]
    assert first.startswith("error: grad_W1 and grad_b1 go wrong at ")
    assert first.endswith(", line 7")


def test_functions_are_as_before_afterwards():
    backward = written("grad_h * slope", "grad_h")
    code = backward.__code__, loss.__code__
    told(backward)
    assert (backward.__code__, loss.__code__) == code


def test_a_change_that_makes_a_loop_endless_is_given_up():
    def backward(grad_y, a):
        grad, n = np.zeros_like(a), 0
        while n < len(a):
            grad[n] = grad_y[n] * (1 - np.tanh(a[n]))
            n += 1
        return grad

    start = time.process_time()
    finding = told(backward, lambda a: np.tanh(a), {"a": X}, ["a"])
    assert finding.evidence["source"] == "grad[n] = grad_y[n] * (1 - np.tanh(a[n]))"
    assert time.process_time() - start < 20


def test_what_a_helper_lacks_is_told_where_it_is_computed():
    def backward(grad_y, a):
        cdf = ae.backend.normal_cdf(a)
        density = np.exp(-(a**2) / 2)
        return grad_y * (cdf + a * density)

    finding = told(backward, sheet.gelu, {"a": X}, ["a"])
    assert finding.evidence["source"] == "density = np.exp(-(a**2) / 2)"
    assert finding.cause == "the number 1 / np.sqrt(2 * np.pi) is missing as a factor at `np.exp(-a ** 2 / 2)`"


def test_one_slip_that_is_made_twice_in_a_line_is_told_once():
    text = RIGHT.replace("x.T @ grad_a, grad_a.sum(axis=0)", "x.T @ grad_h, grad_h.sum(axis=0)")
    report = ae.check_function(loss, mistakes.written(text), NETWORK, wrt=WRT)
    (finding,) = [f for f in report.findings if f.cause]
    assert (finding.cause, finding.evidence["mends"]) == ("`grad_h` stands where `grad_a` belongs", ["W1", "b1"])


def test_a_mistake_in_each_of_two_lines_is_told_of_each():
    text = RIGHT.replace("1 - h**2", "1 - h").replace("h.T @ grad_x_hat", "-h.T @ grad_x_hat")
    report = ae.check_function(loss, mistakes.written(text), NETWORK, wrt=WRT)
    found = [(f.evidence["line"], f.cause) for f in report.sorted_findings() if f.cause]
    sign = "grad_W2 has the wrong sign: it is minus the right gradient, everywhere"
    assert found == [(6, "`h` lacks a square"), (4, sign)]


def test_an_exception_gets_the_line_and_its_mistake():
    report = ae.check_function(loss, written("grad_x_hat @ W2.T", "grad_x_hat @ W2"), NETWORK, wrt=WRT)
    (finding,) = [f for f in report.findings if f.code == "raised"]
    assert finding.cause == "`W2` stands as it is where its transpose belongs"
    assert finding.evidence["line"] == 5


def test_closures_methods_and_caches_are_looked_into():
    class Layer:
        def __init__(self):
            self.W = RNG.normal(size=(D, H))

        def forward(self, x):
            self.x = x
            self.y = np.tanh(x @ self.W)
            return self.y

        def backward(self, grad_y):
            grad_a = grad_y * (1 - self.y)
            self.dW = self.x.T @ grad_a
            return grad_a @ self.W.T

    report = ae.check_layer(Layer(), X)
    finding = next(f for f in report.findings if f.cause)
    assert finding.cause == "`self.y` lacks a square"

    def forward(x, W):
        y = np.tanh(x @ W)

        def back(grad_y):
            grad_a = grad_y * (1 - y)
            return grad_a @ W.T, x.T @ grad_a

        return y, back

    report = ae.check_function(forward, inputs={"x": X, "W": RNG.normal(size=(D, H))}, backward=None)
    finding = next(f for f in report.findings if f.cause)
    assert finding.cause == "`y` lacks a square"


def test_a_model_of_ones_own_is_looked_into():
    class Own(ae.Autoencoder):
        def backward(self):
            grad_h = self.decoder.backward(self.reconstruction.backward())
            self.encoder.backward(np.clip(grad_h, -0.001, 0.001))

    report = ae.check_gradients(Own([D, H], activation=ae.Tanh, rng=0), X)
    finding = report.sorted_findings()[0]
    assert finding.cause == "`np.clip(grad_h, -0.001, 0.001)` cuts values off"
    assert finding.evidence["source"] == "self.encoder.backward(np.clip(grad_h, -0.001, 0.001))"


def test_every_kind_of_edit_has_a_sentence_and_a_question_of_its_own():
    assert set(SENTENCES) == set(QUESTIONS)
    terms = {"x": X, "W": RNG.normal(size=(D, H)), "g": RNG.normal(size=(N, H)), "h": RNG.normal(size=(N, H)), "lam": 0.3}
    scope = Scope(terms, "np", ["sigmoid"], {"np"})
    texts = ["y = -(g * (1 - h**2) / len(x)) + 2 * lam * h", "W += x.T @ g", "y = np.where(g > 0, h.sum(axis=0), h[1:])",
             "return g, h, x", "y[g > 0] = np.tanh(h)", "y = np.clip(g / h, -1, 1).T"]  # fmt: skip
    kinds = {edit.kind for text in texts for edit in edits(ast.parse(text).body[0], scope)}
    assert kinds <= set(SENTENCES)
    assert len(kinds) > 25


@pytest.mark.parametrize("text", ["x @ W", "x.T @ g / len(x)", "np.where(g > 0, g, 0.0).sum(axis=1)", "x[1:, 0] ** 2 - 1", "-g.mean()"])
def test_an_expression_is_evaluated_as_python_does(text):
    terms = {"x": X, "W": RNG.normal(size=(D, H)), "g": RNG.normal(size=(N, H))}
    value = evaluated(ast.parse(text, mode="eval").body, terms, {"np": np})
    assert np.array_equal(value, eval(text, {"np": np, **terms}))


def test_what_is_not_known_has_no_value():
    for text in ("unknown + 1", "x @ x", "[i for i in x]"):
        assert evaluated(ast.parse(text, mode="eval").body, {"x": X}, {"np": np}) is None


@pytest.mark.parametrize(("distance", "are_known"), [(1.0, True), (3e-5, True), (5e-6, True), (2e-7, False)])
def test_slopes_are_told_beside_a_kink_but_not_where_it_is_too_near(distance, are_known):
    directions = RNG.uniform(0.5, 1.5, (3, D))
    upstream = RNG.normal(size=D)
    slopes = slopes_along(lambda change: float(upstream @ np.maximum(distance + change, 0)), directions, 1.0, 1.0)
    assert slopes.are_known == are_known
    assert slopes.fits(upstream) == are_known
    assert not slopes.fits(upstream * 1.001)


def test_a_search_that_is_given_up_says_so(monkeypatch):
    monkeypatch.setattr(repairing, "MOST_RUNS", 0)
    report = ae.check_function(loss, written("grad_h * slope", "np.sinh(grad_h)"), NETWORK, wrt=WRT)
    (told,) = [f for f in report.findings if "fits no gradient" in f.message]
    assert told.message.endswith("line 7; " + lines.GIVEN_UP)
    assert not told.cause


def test_control_c_ends_the_search_and_leaves_what_is_known(monkeypatch):
    calls = []

    def right(scene, names=None, *, own=lines.Scene.right):
        calls.append(scene)
        if len(calls) == 40:
            raise KeyboardInterrupt
        return own(scene, names)

    monkeypatch.setattr(lines.Scene, "right", right)
    backward = written("grad_h * slope", "np.sinh(grad_h)")
    code = backward.__code__, loss.__code__
    report = ae.check_function(loss, backward, NETWORK, wrt=WRT)
    assert len(calls) == 40
    assert [tensor.verdict for tensor in report.tensors] == ["fail", "fail", "pass"]
    assert [f.code for f in report.findings][-1] == "interrupted"
    assert (backward.__code__, loss.__code__) == code
