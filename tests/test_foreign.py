"""Foreign code: caches, losses with their gradient, autograd functions of PyTorch; right code passes, mistakes are named."""

import builtins
import sys
import types

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae

RNG = np.random.default_rng(3)
INPUTS = {"x": RNG.normal(size=(N, D)), "w": RNG.normal(size=(D, H)), "b": RNG.normal(size=H)}


def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def test_a_pair_that_hands_a_cache_on():
    forward, backward = ae.cached_pair(affine_forward, affine_backward)
    report = ae.check_function(forward, backward, INPUTS)
    assert report.verdict == "pass", report
    assert [t.name for t in report.tensors] == ["grad_x", "grad_w", "grad_b"]
    assert report.title.startswith("gradient check of affine_backward for affine_forward")
    assert ae.check_function(*ae.cached_pair(affine_forward, lambda d, c: affine_backward(d, c)[:1]), INPUTS).tensors


def test_its_mistakes_are_named():
    def halved(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw / N, db

    report = ae.check_function(*ae.cached_pair(affine_forward, halved), INPUTS)
    assert [t.verdict for t in report.tensors] == ["pass", "fail", "pass"]
    assert any("1/7" in finding.cause for finding in report.findings), report


def test_a_relu_whose_cache_is_its_input():
    pair = ae.cached_pair(lambda x: (np.maximum(x, 0), x), lambda dout, cache: dout * (cache > 0))
    assert ae.check_function(*pair, {"x": INPUTS["x"]}).verdict == "pass"


def test_a_cache_that_backward_changes():
    def forward(x):
        return np.exp(x), {"y": [np.exp(x)]}

    def backward(dout, cache):
        cache["y"][0] *= dout
        return cache["y"][0]

    report = ae.check_function(*ae.cached_pair(forward, backward), {"x": INPUTS["x"]})
    assert report.verdict == "pass", report
    assert [(f.code, f.severity) for f in report.findings] == [("changed-cache", "note")]
    assert "changed an array in its cache" in report.findings[0].message

    def spoils_input(dout, cache):
        cache[0][...] = 0
        return affine_backward(dout, cache)

    findings = ae.check_function(*ae.cached_pair(affine_forward, spoils_input), INPUTS).findings
    assert "changed-argument" in {finding.code for finding in findings}


@pytest.mark.parametrize(
    ("forward", "backward", "text"),
    [
        (lambda x: x, affine_backward, "to return the pair (output, cache), got ndarray"),
        (lambda x: (x, x, x), affine_backward, "got 3 values"),
        (lambda *x: (x, x), affine_backward, "expected forward to name its arguments"),
        (affine_forward, None, "expected backward to be a function, got NoneType"),
    ],
)
def test_what_is_no_such_pair(forward, backward, text):
    with pytest.raises(TypeError) as caught:
        ae.check_function(*ae.cached_pair(forward, backward), {"x": INPUTS["x"]})
    assert text in str(caught.value)


def svm_loss(x, y):
    """CS231n's, of scores and labels, together with the gradient."""
    correct = x[np.arange(len(x)), y][:, None]
    margins = np.maximum(0, x - correct + 1)
    margins[np.arange(len(x)), y] = 0
    dx = (margins > 0).astype(float)
    dx[np.arange(len(x)), y] -= dx.sum(axis=1)
    return margins.sum() / len(x), dx / len(x)


def test_a_loss_together_with_its_gradient():
    inputs = {"x": INPUTS["x"], "y": np.arange(N) % D}
    assert ae.check_function(*ae.loss_pair(svm_loss), inputs).verdict == "pass"

    def wrong(x, y):
        loss, dx = svm_loss(x, y)
        return loss, dx * N

    report = ae.check_function(*ae.loss_pair(wrong), inputs)
    assert report.verdict == "fail"
    assert report.title.startswith("gradient check of wrong for wrong")


def ridge(x, w, b):
    error = x @ w + b
    grads = {"w": x.T @ error / len(x), "b": error.mean(axis=0)}
    return 0.5 * (error**2).sum() / len(x), grads


def test_gradients_in_a_dictionary_or_a_row():
    report = ae.check_function(*ae.loss_pair(ridge), INPUTS, wrt=["w", "b"])
    assert report.verdict == "pass", report
    assert [t.name for t in report.tensors] == ["grad_w", "grad_b"]

    def in_a_row(w, b):
        loss, grads = ridge(INPUTS["x"], w, b)
        return loss, grads["w"], grads["b"]

    assert ae.check_function(*ae.loss_pair(in_a_row), {"w": INPUTS["w"], "b": INPUTS["b"]}).verdict == "pass"


@pytest.mark.parametrize("key", ["d{}", "d_{}", "g{}", "grad_{}", "{}_grad", "dL_d{}"])
def test_keys_that_say_whose_gradient_they_are(key):
    def named(x, w, b):
        loss, grads = ridge(x, w, b)
        return loss, {key.format(name): grads[name] for name in "wb"}

    report = ae.check_function(named, inputs=INPUTS, wrt=["w", "b"])
    assert report.verdict == "pass", report
    (note,) = report.findings
    assert note.code == "gradient-keys"
    assert sorted(note.evidence["pairs"]) == [f"{key.format(name)} → {name}" for name in "bw"]


def test_keys_that_could_be_two_or_none_are_refused():
    def twice(w):
        return (w**2).sum(), {"dw": 2 * w, "w_grad": 2 * w}

    def unclear(w, w_grad):
        return (w * w_grad).sum(), {"dw_grad": w, "w_grad": w}

    for function in (twice, unclear):
        with pytest.raises(TypeError, match="gradients by the arguments' names, got dw"):
            ae.check_function(function, inputs={"w": INPUTS["w"], "w_grad": INPUTS["w"]} if function is unclear
                              else {"w": INPUTS["w"]})  # fmt: skip


def test_what_returns_no_loss():
    with pytest.raises(TypeError, match="expected <lambda> to return a loss and its gradient, but it returned ndarray first"):
        ae.check_function(*ae.loss_pair(lambda x: (x, x)), {"x": INPUTS["x"]})


def test_without_torch_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="torch_pair needs PyTorch, which is missing; install it with pip install torch"):
        ae.torch_pair(object)


def test_the_package_itself_never_imports_torch(monkeypatch):
    right = builtins.__import__

    def importing(name, *rest, **named):
        assert not name.startswith("torch")
        return right(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)
    ae.check_function(*ae.cached_pair(affine_forward, affine_backward), INPUTS)


def torch_functions():
    torch = pytest.importorskip("torch")

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w, power: int = 2):
            ctx.save_for_backward(x, w)
            ctx.power = power
            return x**power * w

        @staticmethod
        def backward(ctx, grad):
            x, w = ctx.saved_tensors
            return grad * ctx.power * x ** (ctx.power - 1) * w, (grad * x**ctx.power).sum(0), None

    class Forgetful(Scaled):
        @staticmethod
        def backward(ctx, grad):
            x, w = ctx.saved_tensors
            return grad * x * w, (grad * x**2).sum(0), None

    class NewStyle(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return torch.tanh(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, grad):
            (y,) = ctx.saved_tensors
            return grad * (1 - y**2)

    return types.SimpleNamespace(Scaled=Scaled, Forgetful=Forgetful, NewStyle=NewStyle)


def test_an_autograd_function_of_torch():
    theirs = torch_functions()
    inputs = {"x": INPUTS["x"], "w": RNG.normal(size=D), "power": 2}
    report = ae.check_function(*ae.torch_pair(theirs.Scaled), inputs)
    assert report.verdict == "pass", report
    assert [t.name for t in report.tensors] == ["grad_x", "grad_w"]
    assert ae.check_function(*ae.torch_pair(theirs.NewStyle), {"x": INPUTS["x"]}).verdict == "pass"
    wrong = ae.check_function(*ae.torch_pair(theirs.Forgetful), inputs)
    assert [t.verdict for t in wrong.tensors] == ["fail", "pass"]
    assert any("1/2" in finding.cause for finding in wrong.findings), wrong
    with pytest.raises(TypeError, match=r"expected a class built on torch.autograd.Function, got <class 'object'>"):
        ae.torch_pair(object)
