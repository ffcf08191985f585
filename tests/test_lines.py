"""The wrong line of a backward: found by observation, named by the change that repairs it, with everything restored."""

import ast
import inspect
import sys
import time
import types
import weakref

import mistakes
import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch import functions as sheet
from aescratch.inspection.gradcheck import lines
from aescratch.inspection.gradcheck.lines import repairing, source
from aescratch.inspection.gradcheck.lines.edits import edits
from aescratch.inspection.gradcheck.lines.probing import MOST_TURNS, Gradients, Target, recorded
from aescratch.inspection.gradcheck.lines.scene import Slopes, slopes_along
from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.source import definitions_of
from aescratch.inspection.gradcheck.lines.telling import MISTAKES

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
    ("grad_h * slope", "grad_h + slope", 7, "operator", "`grad_h + slope` contains a wrong operation"),
    ("sum(axis=0)", "mean(axis=0)", 8, "mean-or-sum",
     "grad_b1 is the right gradient, times 1/N (N = 7, the number of rows of x)"),
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


@pytest.mark.in_turn
@pytest.mark.parametrize(("old", "new", "line", "kind", "cause"), SLIPS, ids=[slip[1] for slip in SLIPS])
def test_a_slip_in_a_network_is_told_with_its_line(old, new, line, kind, cause):
    finding = told(written(old, new))
    assert (finding.evidence["line"], finding.evidence["edit"], finding.cause) == (line, kind, cause)
    assert finding.question


GIVEN = {name: RNG.normal(size=(N, D)) for name in ("a", "p", "q", "u", "v")}
GIVEN |= {**NETWORK, "kinked": RNG.normal(size=(N, D)), "equal": np.full((N, D), 0.5), "lam": 0.3, "none": 0.0}
GIVEN |= {"W": RNG.normal(size=(D, H)), "V": RNG.normal(size=(H, D)), "b": RNG.normal(size=H)}
GIVEN |= {"mu": RNG.normal(size=(N, H)), "log_var": RNG.normal(size=(N, H)), "eps": RNG.normal(size=(N, H))}
GIVEN |= {"E": RNG.normal(size=(D, H)), "labels": np.array([0, 1, 2, 3, 4, 1, 3])}
GIVEN |= {"c": RNG.normal(size=D), "R": RNG.normal(size=(H, H))}
GIVEN["kinked"][0, 0] = 2e-7
GIVEN["at_kink"] = np.where(np.arange(D) == 1, 0.0, GIVEN["a"])


def masked(a, u, v):
    y = a**2 / 2
    y[u <= 0] = 0
    y[v <= 0] = 0
    return y


# A forward, a wrong backward, whose gradients it returns, and the kind and the repaired line that are told.
SHORT = [
    (lambda a, p, q, u: p * a - q * u * a**2 / 2, "grad_y, a, p, q, u: grad_y * p - grad_y * q", "a",
     "factor-missing", "grad_y * p - grad_y * q * (a * u)"),
    (lambda a, p: p * a - a**3 / 3, "grad_y, a, p: grad_y * p", "a", "term-missing", "grad_y * p - grad_y * a ** 2"),
    (lambda a: 2 * a.sum(), "a: np.sin(a)", "a", "formula", "2 * a * (1 / a)"),
    (masked, "grad_y, a, u, v: grad_y * a", "a", "factor-missing", "grad_y * a * ((u > 0) * (v > 0))"),
    (lambda a: (np.tanh(a) ** 2).sum() / 2 / len(a), "a: np.tanh(a)", "a",
     "factor-missing", "np.tanh(a) * (1 / len(a) * (1 - np.tanh(a) ** 2))"),
    (lambda a, lam: lam * np.tanh(a), "grad_y, a, lam: 1 * grad_y", "a",
     "factor-missing", "1 * grad_y * (lam * (1 - np.tanh(a) ** 2))"),
    (lambda a, none: np.tanh(a) + none, "g, a, none: 1 * g", "a", "factor-missing", "1 * g * (1 - np.tanh(a) ** 2)"),
    (lambda p, q: (p * np.tanh(q)).sum(), "grad, p, q: (grad * np.tanh(q), p.copy())", "p q",
     "factor-missing", "(grad * np.tanh(q), p.copy() * (grad * (1 - np.tanh(q) ** 2)))"),
    (lambda a: np.tanh(a), "grad_y, a: grad_y * (1 - np.tanh(a) ** 2) * min(1.0, 1.0 / np.linalg.norm(grad_y))", "a",
     "factor-extra", "grad_y * (1 - np.tanh(a) ** 2)"),
    (lambda x, V: x @ V.T, "g, x, V: (V.T @ g, g.T @ x)", "x V", "wrong-product", "(g @ V, g.T @ x)"),
    (lambda kinked: np.maximum(kinked, 0), "grad_y, kinked: grad_y * (kinked < 0)", "kinked",
     "condition", "grad_y * (kinked >= 0)"),
    (lambda at_kink: np.maximum(at_kink, 0), "grad_y, at_kink: at_kink * (grad_y > 0)", "at_kink",
     "exchanged", "grad_y * (at_kink > 0)"),
    (lambda equal: np.tanh(equal) ** 2, "grad_y, equal: 2 * grad_y", "equal",
     "factor-missing", "2 * grad_y * (np.tanh(equal) * (1 - np.tanh(equal) ** 2))"),
    (lambda a, c: np.tanh(a) * c, "grad_y, a, c: (grad_y * c * (1 - np.tanh(a) ** 2), grad_y.sum(axis=0))", "a c",
     "factor-missing",
     "(grad_y * c * (1 - np.tanh(a) ** 2), (grad_y * np.tanh(a)).sum(axis=0))"),
    (lambda a, c: np.tanh(a) * c, "grad_y, a, c: (grad_y * c * (1 - np.tanh(a) ** 2), (grad_y * a).sum(axis=0))", "a c",
     "function-missing",
     "(grad_y * c * (1 - np.tanh(a) ** 2), (grad_y * np.tanh(a)).sum(axis=0))"),
    (lambda x, W: x @ W, "grad_y, x, W: (grad_y @ W.T, x.reshape(7, -1).T @ np.sinh(grad_y))", "x W",
     "function-extra", "(grad_y @ W.T, x.reshape(7, -1).T @ grad_y)"),
    # With another number, or another condition, these lines are right wherever no value reaches the bound.
    (lambda x: x - x.mean(axis=0), "grad_y, x: grad_y - grad_y[-1:].sum(axis=0) / len(x)", "x",
     "index", "grad_y - grad_y.sum(axis=0) / len(x)"),
    (lambda x: x - x.mean(axis=0), "grad_y, x: grad_y - grad_y[:1 * 2].sum(axis=0) / len(x)", "x",
     "index", "grad_y - grad_y.sum(axis=0) / len(x)"),
    (lambda a: np.tanh(a), "grad_y, a: grad_y * (1 - np.tanh(a) ** 2) * (np.abs(grad_y) < 1)", "a",
     "factor-extra", "grad_y * (1 - np.tanh(a) ** 2)"),
    (lambda a: np.tanh(a), "grad_y, a: (grad_y * (1 - np.tanh(a) ** 2)).clip(max=1)", "a",
     "clipped", "grad_y * (1 - np.tanh(a) ** 2)"),
    (lambda x, W: x @ W, "g, x, W: (g @ W.T, x.T @ np.where(g > 1, 1, g))", "x W", "function-extra", "(g @ W.T, x.T @ g)"),
    (lambda x, W: x @ W, "g, x, W: (g @ W.T, x.T @ np.roll(g, 1, axis=0))", "x W",
     "function-extra", "(g @ W.T, x.T @ g)"),
]  # fmt: skip


def blamed(forward, backward, wrt):
    """What is told of a line, the first time that one is told."""
    inputs = {name: GIVEN[name] for name in inspect.signature(forward).parameters}
    report = ae.check_function(forward, backward, inputs, wrt=wrt.split())
    assert report.verdict == "fail"
    return next((f.evidence for f in report.sorted_findings() if "line" in f.evidence), {})


@pytest.mark.in_turn
@pytest.mark.parametrize(("forward", "text", "wrt", "kind", "repaired"), SHORT, ids=[case[1] for case in SHORT])
def test_the_change_of_one_expression_is_found(forward, text, wrt, kind, repaired):
    evidence = blamed(forward, mistakes.written(f"backward = lambda {text}\n"), wrt)
    assert (evidence["edit"], evidence["repaired"]) == (kind, f"return {repaired}")


def tied(x, W):
    h = np.tanh(x @ W)
    return 0.5 * ((h @ W.T - x) ** 2).sum()


def two_tanh(x, W1, W2):
    h = np.tanh(x @ W1)
    return 0.5 * ((np.tanh(h @ W2) - x) ** 2).sum()


def swish(a):
    return a / (1 + np.exp(-a))


def powers(a):
    mean = a.mean(axis=0)
    return (mean**3 + mean**2).sum()


def recurrent(x, W, R):
    h, total = np.zeros(len(R)), 0.0
    for row in x:
        h = np.tanh(row @ W + h @ R)
        total += (h**2).sum()
    return total


BODIES = {
    "a term that is a matrix product": (tied, "W", 4, "term-missing", """
    h = np.tanh(x @ W)
    grad_x_hat = h @ W.T - x
    return x.T @ (grad_x_hat @ W * (1 - h**2))"""),
    "between what is right and what works with wrong values": (loss, "W1 b1", 4, "sign", """
    h = np.tanh(x @ W1 + b1)
    grad_x_hat = (h @ W2 - x) / len(x)
    grad_h = np.array([-row @ W2.T for row in grad_x_hat])
    grad_a = np.multiply(grad_h, 1 - h**2)
    return x.T @ grad_a, grad_a.sum(axis=0)"""),
    "within what a method is called of": (two_tanh, "W1 W2", 4, "factor-missing", """
    h = np.tanh(x @ W1)
    y = np.tanh(h @ W2)
    grad_z = y - x
    return x.T @ (grad_z @ W2.T * (1 - h**2)), h.T @ grad_z"""),
    "within a forward of the sheet": (sheet.reparameterize, "mu log_var", 2, "factor-missing", """
    grad_std = -grad_y
    grad_log_var = grad_std * 0.5 * np.exp(0.5 * log_var)
    return grad_y.copy(), grad_log_var"""),
    "entries that come twice": (lambda E, labels: E[labels], "E", 4, "overwrites", """
    grad_E = np.zeros_like(E)
    for i in range(len(labels)):
        grad_E[labels[i]] = grad_y[i]
    return grad_E"""),
    "a number that comes in a later line": (loss, "W1 b1", 4, "factor-missing", """
    h = np.tanh(x @ W1 + b1)
    grad_x_hat = (h @ W2 - x) / len(x)
    delta = len(x) * grad_x_hat @ W2.T
    return x.T @ delta / len(x), delta.sum(axis=0) / len(x)"""),
    "a helper that is no gradient": (swish, "a", 3, "factor-missing", """
    s = 1 / (1 + np.exp(-a))
    slope = s + a * s
    return grad_y * slope"""),
    "a helper that lacks a mean over the rows": (powers, "a", 2, "sum-missing", """
    mean = a
    return np.ones_like(a) * (3 * mean**2 + 2 * mean) / len(a)"""),
    "in a loop, what the turn before hands on": (recurrent, "W R", 8, "term-missing", """
    hs = [np.zeros(len(R))]
    for row in x:
        hs.append(np.tanh(row @ W + hs[-1] @ R))
    grad_W, grad_R = np.zeros_like(W), np.zeros_like(R)
    carried = np.zeros(len(R))
    for t in reversed(range(len(x))):
        grad_h = 2 * hs[t + 1]
        grad_a = grad_h * (1 - hs[t + 1] ** 2)
        grad_W += np.outer(x[t], grad_a)
        grad_R += np.outer(hs[t], grad_a)
        carried = R @ grad_a
    return grad_W, grad_R"""),
    "no change of the line mends it": (loss, "W1 b1", 5, None, """
    h = np.tanh(x @ W1 + b1)
    grad_x_hat = (h @ W2 - x) / len(x)
    grad_a = grad_x_hat @ W2.T
    grad_a *= np.sinh(h)
    return x.T @ grad_a, grad_a.sum(axis=0)"""),
    "changes of the lines that work with wrong values would": (sheet.dense, "x W b", 2, None, """
    grad_a = np.array([np.sinh(2 * row) for row in grad_y])
    grad_b = grad_a.sum(axis=0)
    grad_W = x.T @ grad_a
    return grad_y @ W.T, grad_W, grad_b"""),
}  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.parametrize("case", BODIES)
def test_the_line_is_found_among_others(case):
    forward, wrt, line, kind, body = BODIES[case]
    upstream = [] if forward in (tied, loss, two_tanh, powers, recurrent) else ["grad_y"]
    names = ", ".join([*upstream, *inspect.signature(forward).parameters])
    evidence = blamed(forward, mistakes.written(f"def backward({names}):{body}\n"), wrt)
    assert (evidence["line"], evidence.get("edit")) == (line, kind)


def wave(a):
    return np.sin(a)


def test_no_change_is_told_that_makes_another_loss():
    assert not blamed(lambda a: wave(a), lambda grad_y, a: grad_y * wave(a), "a")


def test_a_line_that_only_the_loss_depends_on_is_not_suspected(monkeypatch):
    suspected = []

    def suspects(search, own=repairing.Search._suspects):
        suspected.append({line.statement.node.lineno: line.moves for line in search.lines})
        return [suspected.append(line.statement.node.lineno) or line for line in own(search)]

    monkeypatch.setattr(repairing.Search, "_suspects", suspects)
    both = mistakes.written(
        "def backward(x, W):\n"
        "    error = x @ W - 1\n"
        "    value = 0.5 * (error**2).sum() / len(x)\n"
        "    grad_W = x.T @ error\n"
        "    return value, grad_W\n"
    )
    report = ae.check_function(both, None, {"x": X, "W": NETWORK["W1"]}, wrt=["W"])
    assert [f.evidence["line"] for f in report.findings if f.cause] == [4]
    moves, *numbers = suspected
    assert (moves[3], moves[4]) == ({""}, {"W"})
    assert 4 in numbers
    assert not {2, 3} & set(numbers)


def test_no_factor_is_tried_where_something_is_0_and_more_is_due(monkeypatch):
    tried = []

    def missing(*arguments, own=repairing.missing):
        tried.extend(found := list(own(*arguments)))
        return found

    monkeypatch.setattr(repairing, "missing", missing)
    backward = mistakes.written("backward = lambda grad_y, a, u: grad_y * np.maximum(u, 0)\n")
    assert "edit" not in blamed(lambda a, u: a * np.abs(a) * u / 2, backward, "a")
    assert "np.abs(a)" not in [edit.now for edit in tried]


class MeanSquare:
    def forward(self, x):
        self.n = len(x)
        self.x = x
        return 0.5 * (x**2).mean(axis=1).sum() / len(x)

    def backward(self, grad_y):
        return np.array([grad_y * row / self.n for row in self.x])


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_y):
        return 1 * grad_y


@pytest.mark.parametrize(("layer", "kind", "number"), [(MeanSquare, "count-missing", 7), (Tanh, "factor-missing", 6)])
def test_of_a_layer_a_line_of_backward_is_told_which_may_lack_what_forward_keeps(layer, kind, number):
    evidence = next(f.evidence for f in ae.check_layer(layer(), X).findings if "edit" in f.evidence)
    assert (evidence["edit"], evidence["line"] - inspect.getsourcelines(layer)[1]) == (kind, number)


def test_two_functions_of_one_line_are_not_taken_for_each_other():
    assert not blamed(lambda a: np.exp(a).sum(), lambda a: 3 * np.exp(a), "a")


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


def test_what_a_line_lacks_because_a_helper_has_too_much_is_told_at_the_helper():
    def sample(mu, log_var, eps):
        return mu + np.exp(0.5 * log_var) * eps

    def backward(grad_z, log_var, eps):
        sigma = np.exp(np.exp(0.5 * log_var))
        grad_sigma = grad_z * eps
        return grad_z * 1, 0.5 * grad_sigma * sigma

    finding = told(backward, sample, {name: GIVEN[name] for name in ("mu", "log_var", "eps")}, ["mu", "log_var"])
    assert (finding.evidence["source"], finding.evidence["edit"]) == ("sigma = np.exp(np.exp(0.5 * log_var))", "function-extra")


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
    assert finding.cause == "`W2` stands where its transpose belongs"
    assert finding.evidence["line"] == 5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("forward", "text", "code", "cause"),
    [
        (lambda a: np.maximum(a, 0), "grad_y, a: a > 0", "wrong-dtype", "the factor `grad_y` is missing at `a > 0`"),
        (lambda p, q: (p**2 + q**2).sum() / 2, "p, q: (p.copy(), 0.25)", "wrong-type",
         "this isn't the gradient of what the forward computes"),
        (lambda a: np.sqrt((a**2).sum(axis=1)), "grad_y, a: a * (grad_y / np.sqrt((a**1).sum(axis=1)))[:, None]",
         "not-finite", "the exponent 1 should be 2"),
    ],
)  # fmt: skip
def test_a_gradient_that_cannot_be_compared_gets_the_line_and_its_mistake(forward, text, code, cause):
    inputs = {name: GIVEN[name] for name in inspect.signature(forward).parameters}
    report = ae.check_function(forward, mistakes.written(f"backward = lambda {text}\n"), inputs)
    finding = next(f for f in report.findings if f.code == code)
    assert (finding.cause, finding.evidence["line"]) == (cause, 1)


def test_what_a_dictionary_holds_may_belong_in_a_line():
    def forward(x, W):
        y = np.tanh(x @ W)
        return y, {"x": x, "W": W, "y": y, "a": x @ W}

    def backward(grad_y, cache):
        grad_a = grad_y * (1 - cache["a"] ** 2)
        return grad_a @ cache["W"].T, cache["x"].T @ grad_a

    report = ae.check_function(forward, backward, {"x": X, "W": GIVEN["W"]})
    finding = next(f for f in report.findings if f.cause)
    assert finding.cause == "`cache['a']` stands where `cache['y']` belongs"


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
    assert finding.proof.endswith(" come out right in 3 draws of inputs and sizes")
    assert finding.evidence["source"] == "self.encoder.backward(np.clip(grad_h, -0.001, 0.001))"


def test_every_kind_of_edit_has_a_sentence_and_a_question_of_its_own():
    terms = {"x": X, "W": GIVEN["W"], "g": RNG.normal(size=(N, H)), "h": RNG.normal(size=(N, H)), "lam": 0.3}
    scope = Scope(terms, "np", ["sigmoid"], {"np"}, {"np": np})
    texts = ["y = -(g * (1 - h**2) / len(x)) + 2 * lam * h", "W += x.T @ g", "y[g > 0] = np.tanh(h)",
             "return g, h, x", "y = np.where(g > 0, h.sum(axis=0), h[1:])", "y = np.clip(g / h, -1, 1).T"]  # fmt: skip
    kinds = {edit.kind for text in texts for edit in edits(ast.parse(text).body[0], scope)}
    assert kinds <= set(MISTAKES)
    assert len(kinds) > 25


def test_a_sign_is_tried_once_for_a_whole_product():
    scope = Scope({"g": X, "h": X + 1}, "np", [], {"np"}, {"np": np})
    tried = [edit.was for edit in edits(ast.parse("y = g * h").body[0], scope) if edit.kind == "sign"]
    assert tried == ["g * h"]


EXPRESSIONS = [
    "x @ W", "x.T @ g / len(x)", "np.where(g > 0, g, 0.0).sum(axis=1)", "x[1:, 0] ** 2 - 1", "-g.mean()", "x <= x",
    "(x >= x) & (x != 0)", "(x < 0) | (x == x)", "~(x > 0)", "x // 0.3 % 2", "x if len(x) > 7 else -x",
    "np.stack([x, +x])", "float(not 0)",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_evaluated_as_python_does(text):
    terms = {"x": X, "W": RNG.normal(size=(D, H)), "g": RNG.normal(size=(N, H))}
    value = Scope(terms, "np", [], {"np"}, {"np": np}).value(ast.parse(text, mode="eval").body)
    assert np.array_equal(value, eval(text, {"np": np, **terms}))


def test_what_is_not_known_has_no_value():
    for text in ("unknown + 1", "x @ x", "[i for i in x]"):
        assert Scope({"x": X}, "np", [], {"np"}, {"np": np}).value(ast.parse(text, mode="eval").body) is None


@pytest.mark.parametrize(("distance", "are_known"), [(1.0, True), (3e-5, True), (5e-6, True), (2e-7, False), (0.0, False)])
def test_slopes_are_told_beside_a_kink_but_not_where_it_is_too_near(distance, are_known):
    directions = RNG.uniform(0.5, 1.5, (3, D))
    upstream = RNG.normal(size=D)

    def at(change):
        return float(upstream @ np.maximum(distance + change, 0))

    slopes = slopes_along(at, directions, 1.0, at(np.zeros(D)))
    assert slopes.are_known == are_known
    assert slopes.fits(upstream) == are_known
    assert not slopes.fits(upstream * 1.001)


@pytest.mark.parametrize(("limit", "least"), [("MOST_RUNS", 0), ("SECONDS", 0.0)])
def test_a_search_that_is_given_up_says_so(limit, least, monkeypatch):
    monkeypatch.setattr(repairing, limit, least)
    report = ae.check_function(loss, written("grad_h * slope", "np.sinh(grad_h)"), NETWORK, wrt=WRT)
    (told,) = [f for f in report.findings if "Look first at" in f.message]
    assert "line 7: what it computes is used as the gradient of `x @ W1 + b1`, but isn't that. The evidence: " in told.message
    assert told.message.endswith("; " + lines.GIVEN_UP)
    assert not told.cause


# Where no change of a line is known: where to look is proved, or it is said from where on values are wrong.
def clipped(z, w):
    return np.sin(np.clip(z * w, -1, 1)) * (1 + np.tanh(z) + np.tanh(w))


CLIPPED = """def slope(s):
    return 1 - s**2


def backward(grad_y, z, w):
    raw, s, t = z * w, np.tanh(z), np.tanh(w)
    kept = np.clip(raw, -1, 1)
    grad_kept = grad_y * np.cos(kept) * (1 + s + t)
    grad_raw = grad_kept * (np.abs(raw) < 1)
    grad_sum = grad_y * np.sin(kept)
    grad_z = grad_raw * w + grad_sum * slope(s)
    grad_w = grad_raw * z + grad_sum * slope(t)
    return grad_z, grad_w
"""


@pytest.fixture
def where(monkeypatch):
    monkeypatch.setattr(repairing, "MOST_RUNS", 0)  # no changes are tried
    return told_of_clipped


def told_of_clipped(old, new):
    """Return the finding that tells where values are wrong."""
    assert CLIPPED.count(old) == 1
    inputs = {name: np.random.default_rng(seed).normal(size=(N, D)) for seed, name in enumerate("zw")}
    report = ae.check_function(clipped, mistakes.written(CLIPPED.replace(old, new)), inputs)
    assert not any(f.cause for f in report.findings)
    (finding,) = [f for f in report.findings if "line" in f.evidence or "wrong_from" in f.evidence]
    return finding


def test_a_line_is_blamed_if_a_gradient_in_place_of_its_value_makes_all_right(where):
    finding = where("np.cos(kept) * (1 + s + t)", "np.arctan(np.cos(kept) * np.exp(s + t))")
    assert finding.evidence["line"] == 8
    assert "what it computes is used as the gradient of `np.clip(z * w, -1, 1)`, but isn't that." in finding.message


def test_a_right_gradient_that_is_used_as_another_is_blamed_and_not_the_lines_that_use_it(where):
    finding = where(" * (np.abs(raw) < 1)", "")
    assert finding.evidence["line"] == 9
    assert "is used as the gradient of `z * w`, but isn't that." in finding.message


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [("return 1 - s**2", "return np.arctan(1 - s)", 2), ("raw, s, t =", "raw, t, s =", 6)],
    ids=["a function", "a value"],
)
def test_a_line_that_may_be_right_is_not_blamed_for_what_it_reads_or_calls(old, new, cause, where):
    finding = where(old, new)
    assert "line" not in finding.evidence
    assert cause in finding.evidence["comes_from"]
    wrong_from, sources = finding.evidence["wrong_from"], ", ".join(map(str, finding.evidence["comes_from"]))
    assert f"line {wrong_from} on; what it reads and calls comes from lines {sources}." in finding.message


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


def test_a_search_that_is_given_up_before_any_line_is_known_says_so(monkeypatch):
    monkeypatch.setattr(repairing, "MOST_RUNS", 0)
    backward = mistakes.written("backward = lambda a: np.sinh(a[::-1]) ** 3\n")
    report = ae.check_function(lambda a: (a**2).sum(), backward, {"a": X}, wrt=["a"])
    assert [f.message.endswith("; " + lines.GIVEN_UP) for f in report.findings if f.code == "described"] == [True]


def test_a_backward_that_takes_too_long_is_not_right():
    def gradients():
        end = time.monotonic() + 3
        while time.monotonic() < end:
            pass
        return {"a": np.ones(D)}

    a = RNG.normal(size=D)
    scene = lines.Scene({"a": a}, lambda: float(a.sum()), gradients, seconds=0.1)
    assert scene.right() == set()
    assert scene.is_right("a", np.ones(D))


def test_a_gradient_is_recognised_transposed_too_but_not_out_of_order():
    W, truth = RNG.normal(size=(D, H)), RNG.normal(size=(D, H))
    scene = lines.Scene({"W": W}, lambda: float((truth * W).sum()), dict)
    known = Gradients([Target("W", W, scene.slopes("W"), lambda: truth)])
    found = [known.fits(value) for value in (truth, truth.T, truth.reshape(-1), truth.reshape(H, D), -truth)]
    assert found == [True, True, True, False, False]


def test_of_a_loop_the_first_turns_are_noted_each_by_itself():
    def total(x=np.ones((MOST_TURNS + 3, 2))):
        y = 0.0
        for row in x:
            y = y + row.sum()
        return y

    (definition,) = definitions_of(total)
    runs = recorded([definition], total)
    assert [run.values for run in runs[2]] == [[2.0 * turn] for turn in range(1, MOST_TURNS + 1)]
    assert [run.values for run in runs[3]] == [[2.0 * MOST_TURNS + 6]]


def test_a_profiler_that_was_set_is_set_again():
    before = sys.getprofile()
    sys.setprofile(lambda *event: None)
    try:
        profiler = sys.getprofile()
        definitions_of(lambda: None)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)


CLOSURE = """
def made(part):
    return lambda grad_y, y: part(grad_y, y)

def part(grad_y, y):
    return grad_y * (1 - y)

backward = made(part)
"""


def closure(folder):
    """Return a backward whose error is in a function that only its closure holds, of a file of its own."""
    (folder / "closure.py").write_text(CLOSURE)
    space = {}
    exec(compile(CLOSURE, str(folder / "closure.py"), "exec"), space)
    del space["part"], space["made"]
    return space.pop("backward")


def test_a_function_made_elsewhere_is_found_without_looking_through_all_objects(monkeypatch, tmp_path):
    monkeypatch.setattr(source.gc, "get_referrers", None)
    found = told(closure(tmp_path), ae.functions.tanh, {"a": X}, None)
    assert found.evidence["source"] == "return grad_y * (1 - y)"


def test_no_way_is_gone_that_leads_to_too_many_objects(monkeypatch, tmp_path):
    seen = []
    referents = source.gc.get_referents
    monkeypatch.setattr(source.gc, "get_referents", lambda each: seen.append(each) or referents(each))
    backward = closure(tmp_path)
    backward.__globals__["everything"] = [[] for _ in range(10 * source.FARTHEST)]
    found = told(backward, ae.functions.tanh, {"a": X}, None)
    assert found.evidence["source"] == "return grad_y * (1 - y)"
    assert len(seen) <= 2 * (source.FARTHEST + 1), "one way for the backward, one for the forward"


def test_a_function_that_nothing_but_a_module_holds_is_found():
    elsewhere = types.ModuleType("elsewhere")
    exec(compile("def put(part): elsewhere.part = part", "<string>", "exec"), space := {"elsewhere": elsewhere})

    def part(grad_y, y):
        return grad_y * (1 - y)

    space["put"](part)
    del part
    backward = lambda grad_y, y: elsewhere.part(grad_y, y)  # noqa: E731
    assert told(backward, ae.functions.tanh, {"a": X}, None).evidence["source"] == "return grad_y * (1 - y)"


def test_a_proxy_of_what_is_gone_is_no_obstacle():
    backward = written("h.T @ grad_x_hat", "x.T @ grad_x_hat")
    backward.__dict__["gone"] = weakref.proxy(set())
    with pytest.raises(ReferenceError):
        isinstance(backward.gone, int)
    assert told(backward).cause == "`x` stands where `h` belongs"


def test_a_gradient_too_large_to_be_summed_is_never_right():
    directions = np.ones((3, 4))
    slopes = Slopes(directions, np.full(3, 2.0), np.zeros(3))
    with np.errstate(all="ignore"):
        assert slopes.fits(np.full(4, 0.5))
        assert not slopes.fits(np.array([1.8e308, 1.8e308, 0.5, 0.5]))
        assert not slopes.fits(np.array([1.7e308, 1.7e308, 0.5, 0.5]))
