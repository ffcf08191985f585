"""check_layer: our layers, and others' in the styles that they are written in; nothing is left changed in any."""

import functools
import sys

import fakecupy
import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch.activations import Slope
from aescratch.penalties import Contraction, GaussianKL, WeightDecay

X = np.random.default_rng(5).normal(size=(N, D))
UNIT = np.random.default_rng(6).uniform(0.1, 0.9, (N, D))
PARTNER = ae.Dense(H, D, rng=0)

OURS = {
    "dense": (ae.Dense(D, H, rng=0), X, ["x", "W", "b"]),
    "dense float64": (ae.Dense(D, H, dtype="float64", rng=0), X, ["x", "W", "b"]),
    "transposed": (ae.TransposedDense(PARTNER), X, ["x", "W", "b"]),
    "unit rows": (ae.UnitRowDense(D, H, rng=0), X, ["x", "V", "b"]),
    "relu": (ae.ReLU(), X, ["a"]),
    "leaky": (ae.LeakyReLU(0.2), X, ["a"]),
    "gelu": (ae.GELU(), X, ["a"]),
    "gelu tanh": (ae.GELUTanh(), X, ["a"]),
    "sigmoid": (ae.Sigmoid(), X, ["a"]),
    "tanh": (ae.Tanh(), X, ["a"]),
    "identity": (ae.Identity(), X, ["a"]),
    "top k": (ae.TopK(2), X, ["a"]),
    "slope": (Slope(ae.GELU()), X, ["a"]),
    "network": (
        ae.Sequential([ae.Dense(D, H, rng=0), ae.GELU(), ae.Dense(H, D, rng=1)]), X,
        ["x", "dense1_W", "dense1_b", "dense2_W", "dense2_b"],
    ),
    "sampling": (ae.Sampling(), {"mu": X, "log_var": UNIT}, ["mu", "log_var"]),
    "noise": (ae.MaskingNoise(0.3), X, ["x"]),
    "squared error": (ae.SquaredError(), {"x_hat": X, "x": UNIT}, ["x_hat"]),
    "cross-entropy": (ae.BinaryCrossEntropy(), {"logits": X, "x": UNIT}, ["logits"]),
    "softmax": (ae.SoftmaxCrossEntropy(), {"logits": X, "labels": np.arange(N) % D}, ["logits"]),
    "kl": (ae.KLSparsity(0.1, 0.5), UNIT, ["h"]),
    "l1": (ae.L1Sparsity(0.5), X, ["h"]),
    "contraction": (Contraction(0.5), {"slope": X, "W": X[:3]}, ["slope", "W"]),
    "divergence": (GaussianKL(0.5), {"mu": X, "log_var": UNIT}, ["mu", "log_var"]),
    "decay": (WeightDecay(0.5, ae.Autoencoder([D, H], rng=0).parameters), {}, ["weights1", "weights2"]),
}  # fmt: skip


def state(value):
    """Everything in an object, as bytes and plain values."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if isinstance(value, dict):
        return {key: state(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [state(inner) for inner in value]
    return state(vars(value)) if hasattr(value, "__dict__") and not callable(value) else value


@pytest.mark.parametrize("name", OURS)
def test_our_layers_pass_and_are_as_before(name):
    layer, x, tensors = OURS[name]
    before = state(layer)
    report = ae.check_layer(layer, x, rng=2)
    assert report.verdict == "pass", report
    assert [tensor.name for tensor in report.tensors] == [f"grad_{tensor}" for tensor in tensors]
    assert state(layer) == before


def test_what_a_layer_remembers_is_there_afterwards():
    layer = ae.Dense(D, H, rng=0)
    y = layer.forward(X.astype(np.float32))
    layer.backward(y)
    before, x = state(layer), layer.x
    ae.check_layer(layer, X)
    assert state(layer) == before
    assert layer.x is x


def test_a_first_layer_has_no_gradient_for_its_input():
    model = ae.Autoencoder([D, H], rng=0)
    layer = model.encoder.layers[0]
    assert [tensor.name for tensor in ae.check_layer(layer, X).tensors] == ["grad_W", "grad_b"]
    assert model.parameters[0].buffer is model.parameters[1].buffer


class Affine:
    """Somebody else's: arrays as attributes, gradients beside them."""

    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.W, self.b = rng.normal(size=(D, H)), np.zeros(H)
        self.factor, self.dW, self.db = factor, None, None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T


class GradAffine(Affine):
    def backward(self, grad):
        self.grad_W, self.grad_b = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T

    def __init__(self, factor=1.0):
        super().__init__(factor)
        del self.dW, self.db


class DictAffine(Affine):
    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.params, self.grads = {"W": rng.normal(size=(D, H)), "b": np.zeros(H)}, {}
        self.factor = factor

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, grad):
        self.grads["W"], self.grads["b"] = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.params["W"].T


class ListAffine(Affine):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.params, self.grads = [self.W, self.b], [np.zeros_like(self.W), np.zeros_like(self.b)]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b

    def backward(self, grad):
        self.grads[0][...], self.grads[1][...] = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.params[0].T


class AddingAffine(Affine):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.dW, self.db = np.zeros((D, H)), np.zeros(H)

    def backward(self, grad):
        self.dW += self.factor * self.x.T @ grad
        self.db += grad.sum(axis=0)
        return grad @ self.W.T


@pytest.mark.parametrize("kind", [Affine, GradAffine, DictAffine, ListAffine, AddingAffine])
def test_the_styles_of_others(kind):
    layer = kind()
    before = state(layer)
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    assert [t.analytic.shape for t in report.tensors] == [(N, D), (D, H), (H,)]
    wrong = ae.check_layer(kind(factor=1 / N), X)
    assert [t.verdict for t in wrong.tensors] == ["pass", "fail", "pass"]
    assert any("1/7" in finding.cause for finding in wrong.findings), wrong
    assert state(layer) == before


def test_a_gradient_that_is_added_is_a_note_of_others_and_an_error_of_ours():
    (note, *_) = ae.check_layer(AddingAffine(), X).findings
    assert (note.code, note.severity, note.tensor) == ("adds-gradient", "note", "W")

    class Adding(ae.Dense):
        def backward(self, grad_y):
            self.W.grad += self.x.T @ grad_y
            self.b.grad = grad_y.sum(axis=0)
            return grad_y @ self.W.value.T

    report = ae.check_layer(Adding(D, H, rng=0), X)
    assert report.verdict == "fail"
    assert [f.tensor for f in report.findings if f.code == "adds-gradient"] == ["W"]


class Dropout:
    """Draws its mask from a generator of its own."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        self.mask = self.rng.random(x.shape) < 0.5
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Deep:
    """A Dropout inside."""

    def __init__(self):
        self.steps = {"dropout": Dropout()}

    def forward(self, x):
        return self.steps["dropout"].forward(x)

    def backward(self, grad):
        return self.steps["dropout"].backward(grad)


class Endless(Affine):
    def backward(self, grad):
        while True:
            pass


class Raises(Affine):
    def backward(self, grad):
        raise NotImplementedError


class Trains(Affine):
    def backward(self, grad):
        grad_x = super().backward(grad)
        self.W -= 0.1 * self.dW
        return grad_x


class Changes(Affine):
    def backward(self, grad):
        grad *= 2
        return super().backward(grad / 2)


def test_what_a_layer_does_wrong_is_a_finding():
    for kind in (Dropout, Deep):
        layer = kind()
        before = state(layer)
        assert ae.check_layer(layer, X).verdict == "pass"
        assert state(layer) == before
    assert [f.code for f in ae.check_layer(Endless(), X, time_limit=0.2).findings] == ["timed-out"]
    raises, trains, changes = (ae.check_layer(kind(), X) for kind in (Raises, Trains, Changes))
    assert [f.code for f in raises.findings] == ["not-implemented"]
    assert "changed-parameter" in {f.code for f in trains.findings}
    assert "changed-argument" in {f.code for f in changes.findings}
    assert {report.verdict for report in (raises, trains, changes)} == {"fail"}


def test_a_cause_is_named_and_the_layer_in_the_title(monkeypatch):
    monkeypatch.setattr(ae.functions, "tanh_backward", lambda grad_y, y: grad_y * (1 - y))
    report = ae.check_layer(ae.Tanh(), X)
    assert report.verdict == "fail"
    assert report.title.startswith("gradient check of Tanh()")
    assert any(finding.cause for finding in report.findings), report


@pytest.mark.parametrize(
    ("layer", "x", "text"),
    [
        (ae.Autoencoder([D, H], rng=0), X, "got the model Autoencoder; use ae.check_gradients"),
        (ae.Dense, X, "got the class Dense; make one first"),
        (3, X, "got int, which has no forward and no backward"),
        (ae.Tanh(), X.astype(int), "expected a to hold float64 numbers, got int64"),
        (ae.Tanh(), X * np.nan, "finite"),
        (ae.Tanh(), X.tolist(), "expected a to be an array, got list"),
        (ae.Tanh(), {"x": X}, "expected arguments of forward, a, got x too"),
        (ae.Sampling(), X, "missing log_var; pass a dict"),
        (functools.partial(int), X, "has no forward"),
    ],
)
def test_bad_input(layer, x, text):
    with pytest.raises((TypeError, ValueError)) as caught:
        ae.check_layer(layer, x)
    assert text in str(caught.value)


def test_control_c_leaves_the_layer_as_it_was():
    class Interrupted(Affine):
        calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls == 20:
                raise KeyboardInterrupt
            return super().forward(x)

    layer = Interrupted()
    before = state(layer)
    with pytest.raises(KeyboardInterrupt):
        ae.check_layer(layer, X)
    assert state(layer) == before


def test_a_layer_on_a_gpu_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fakecupy.cupy)
    model = ae.Autoencoder([D, H], rng=0).to("cupy")
    with pytest.raises(TypeError, match="expected a layer on numpy, got one on cupy"):
        ae.check_layer(model.encoder.layers[0], X)
