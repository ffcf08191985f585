"""check_layer: our layers, and others' in the styles that they are written in; nothing is left changed in any."""

import functools
import inspect
import random
import sys

import fakecupy
import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch.activations import LAYERS, Slope
from aescratch.divergences import GaussianKL
from aescratch.losses import LOSSES
from aescratch.penalties import Contraction, WeightDecay

X = np.random.default_rng(5).normal(size=(N, D))
UNIT = np.random.default_rng(6).uniform(0.1, 0.9, (N, D))
PARTNER = ae.Dense(H, D, rng=0)



def given_to(loss):
    """An output and a target, under the names that the loss has for them."""
    return dict(zip(list(inspect.signature(loss.forward).parameters)[1:], (X, UNIT), strict=True))


OURS = {
    "dense": (ae.Dense(D, H, rng=0), X, ["x", "W", "b"]),
    "dense float64": (ae.Dense(D, H, dtype="float64", rng=0), X, ["x", "W", "b"]),
    "transposed": (ae.TransposedDense(PARTNER), X, ["x", "W", "b"]),
    "unit rows": (ae.UnitRowDense(D, H, rng=0), X, ["x", "V", "b"]),
    **{layer: (kind(), X, ["a"]) for layer, kind in LAYERS.items()},
    "top k": (ae.TopK(2), X, ["a"]),
    "slope": (Slope(ae.GELU()), X, ["a"]),
    "network": (
        ae.Sequential([ae.Dense(D, H, rng=0), ae.GELU(), ae.Dense(H, D, rng=1)]), X,
        ["x", "dense1_W", "dense1_b", "dense2_W", "dense2_b"],
    ),
    "sampling": (ae.Sampling(), {"mu": X, "log_var": UNIT}, ["mu", "log_var"]),
    "noise": (ae.MaskingNoise(0.3), X, ["x"]),
    "softmax": (ae.SoftmaxCrossEntropy(), {"logits": X, "labels": np.arange(N) % D}, ["logits"]),
    **{name: (kind(), given_to(kind), list(given_to(kind))[:1]) for name, kind in LOSSES.items()},
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


@pytest.mark.in_turn
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


class SmallGradient(Affine):
    """Right: a gradient of W that is 0 but for rounding is written, and not added."""

    def forward(self, x):
        self.x = x - x.mean(axis=0)
        return self.x @ self.W + self.b


def test_a_gradient_near_0_is_not_taken_for_one_that_is_added():
    layer = SmallGradient()
    layer.backward = lambda grad: Affine.backward(layer, grad - grad.mean(axis=0) + 1e-12)
    report = ae.check_layer(layer, X)
    assert "adds-gradient" not in {finding.code for finding in report.findings}


class Updating(Affine):
    def backward(self, grad):
        grad_x = super().backward(grad)
        self.W = self.W - 0.1 * self.dW
        return grad @ self.W.T if grad_x is not None else None


def test_values_that_backward_changes_are_named_and_nothing_else_is_made_of_what_follows():
    report = ae.check_layer(Updating(), X)
    assert [finding.code for finding in report.findings] == ["changed-parameter", "wrong-values", "updated-too-early"]
    assert report.findings[-1].message.endswith("it is right for the updated values, but wrong for those of the forward pass")


def test_a_layer_that_prints_does_so_in_the_first_call_only(capsys):
    class Talking(Affine):
        def backward(self, grad):
            print("backward")
            return super().backward(grad)

    assert ae.check_layer(Talking(), X).verdict == "pass"
    assert capsys.readouterr().out == "backward\n"


@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState, random.Random])
def test_a_generator_of_a_layer_is_as_before(generator):
    class Scaling:
        def __init__(self):
            self.rng = generator(0)

        def forward(self, x):
            self.factor = self.rng.random()
            return self.factor * x

        def backward(self, grad):
            return self.factor * grad

    layer = Scaling()
    assert ae.check_layer(layer, X).verdict == "pass"
    assert layer.rng.random() == generator(0).random()


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
    assert [report.verdict for report in (raises, trains, changes)] == ["fail", "pass", "pass"]


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
        (ae.Dense, X, "got the class Dense; pass an instance"),
        (3, X, "got int, which has no forward and no backward"),
        (ae.Tanh(), X.astype(int), "expected a to hold float64 numbers, got int64"),
        (ae.Tanh(), X * np.nan, "finite"),
        (ae.Tanh(), X.tolist(), "expected a to be an array, got list"),
        (ae.Tanh(), {"x": X}, "expected only arguments of forward, a, got also x"),
        (ae.Sampling(), X, "missing log_var; pass them in a dict"),
        (functools.partial(int), X, "got partial, which has no backward"),
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


class NestedNet:
    """Layers in a list, with no name of its own for any parameter."""

    def __init__(self, factor=1.0):
        rng = np.random.default_rng(1)
        self.layers = [Affine(factor), Affine(factor)]
        self.layers[1].W, self.layers[1].b = rng.normal(size=(H, D)), np.zeros(D)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class DictNet(NestedNet):
    """Layers of both kinds, deep in a dictionary."""

    def __init__(self, factor=1.0):
        self.blocks = {"first": (Affine(factor),), "second": ae.Dense(H, D, rng=0)}

    @property
    def layers(self):
        return [self.blocks["first"][0], self.blocks["second"]]


def test_the_parameters_of_layers_inside_are_checked():
    names = ["layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b"]
    right, wrong = (ae.check_layer(NestedNet(factor), X) for factor in (1.0, 3.0))
    assert right.verdict == "pass", right
    assert [tensor.name for tensor in right.tensors] == ["grad_x", *(f"grad_{name}" for name in names)]
    assert [t.name for t in wrong.tensors if t.verdict == "fail"] == ["grad_layers[0].W", "grad_layers[1].W"]
    names = [f"grad_blocks[{name}" for name in ("first][0].W", "first][0].b", "second].W", "second].b")]
    right, wrong = (ae.check_layer(DictNet(factor), X) for factor in (1.0, 3.0))
    assert right.verdict == "pass", right
    assert {tensor.name for tensor in right.tensors} == {"grad_x", *names}
    assert [t.name for t in wrong.tensors if t.verdict == "fail"] == [names[0]]


def affine_of(names, gradients, factor=1.0, shape=(D, H)):
    """An affine layer whose weights, biases and their gradients have these names; no gradient is there at first."""
    W, b = names

    class Named:
        def __init__(self):
            rng = np.random.default_rng(0)
            setattr(self, W, rng.normal(size=shape))
            setattr(self, b, rng.normal(size=shape[1]))

        def forward(self, x):
            self.seen = x
            return x @ getattr(self, W) + getattr(self, b)

        def backward(self, grad):
            for name, value in zip(gradients, (factor * self.seen.T @ grad, grad.sum(axis=0)), strict=True):
                setattr(self, name, value)
            return grad @ getattr(self, W).T

    return Named()


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("names", "gradients"),
    [
        (("weights", "bias"), ("weights_gradient", "bias_gradient")),
        (("weights", "biases"), ("delta_weights", "delta_biases")),
        (("W", "b"), ("gW", "gb")),
        (("W", "b"), ("Wgrad", "bgrad")),
        (("w", "b"), ("gradient_w", "gradient_b")),
        (("W", "b"), ("dL_dW", "dL_db")),
        (("weights", "bias"), ("weight_grads", "bias_grads")),
        (("kernel", "offset"), ("first", "second")),
    ],
)
def test_gradients_of_other_names_are_found(names, gradients):
    right, wrong = (ae.check_layer(affine_of(names, gradients, factor), X) for factor in (1.0, 3.0))
    assert right.verdict == "pass", right
    assert [t.name for t in right.tensors] == ["grad_x", *(f"grad_{name}" for name in names)]
    notes = [f.message for f in right.findings if f.code == "gradient-name"]
    assert notes == [f"{g} was taken for the gradient of {n}" for n, g in zip(names, gradients, strict=True)]
    assert [t.verdict for t in wrong.tensors] == ["pass", "fail", "pass"]


def test_names_decide_where_shapes_do_not():
    """The kernel is square, and backward leaves two more arrays of its shape."""
    layer = affine_of(("kernel", "offset"), ("g_kernel", "g_offset"), shape=(D, D))
    backward = layer.backward

    def with_more(grad):
        layer.velocity, layer.other = np.ones((D, D)), np.ones((D, D))
        return backward(grad)

    layer.backward = with_more
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    assert [t.name for t in report.tensors] == ["grad_x", "grad_kernel", "grad_offset"]


class Keeps(Affine):
    """Keeps no gradient of its W; statistics of its inputs, caches and a constant are no parameters."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        del self.dW
        self.running_mean, self.moments = np.zeros(D), np.zeros(D)
        self.shift = np.full(D, 0.5, np.float32)
        self.shift.flags.writeable = False

    def forward(self, x):
        self.moments, self.transposed = 0.9 * self.moments + 0.1 * x.mean(axis=0), self.W.T
        return super().forward(x + self.shift - self.running_mean + 0 * self.moments)

    def backward(self, grad):
        self.db = grad.sum(axis=0)
        return grad @ self.transposed


def test_a_parameter_without_a_gradient_is_not_passed_over():
    layer = Keeps()
    before = state(layer)
    report = ae.check_layer(layer, X)
    assert report.verdict == "inconclusive", report
    (finding,) = report.findings
    assert (finding.code, finding.severity, finding.tensor) == ("not-checked", "inconclusive", "W")
    assert finding.message.startswith("W (5, 3) was not checked: its gradient was not found; name the gradient dW or grad_W")
    assert state(layer) == before


class NewList(Affine):
    """Keeps params and grads, and replaces grads in every backward."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.params, self.grads = [self.W, self.b], [None, None]
        del self.dW, self.db

    def backward(self, grad):
        self.grads = [self.factor * self.x.T @ grad, grad.sum(axis=0)]
        return grad @ self.W.T


class LateList(NewList):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        del self.grads


class NewDict(NewList):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.params, self.grads = {"W": self.W, "b": self.b}, {}

    def backward(self, grad):
        self.grads = {"dW": self.factor * self.x.T @ grad, "db": grad.sum(axis=0)}
        return grad @ self.params["W"].T


class Single(NewList):
    """In float32, and forward reads what params holds too, under another name."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.W, self.b = self.W.astype(np.float32), self.b.astype(np.float32)
        self.params = [self.W, self.b]


class Boxed:
    """An array and its gradient."""

    def __init__(self, data):
        self.data, self.grad = data, None


class OfBoxes(Affine):
    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.W, self.b = Boxed(self.W), Boxed(self.b)
        del self.dW, self.db

    def forward(self, x):
        self.x = x
        return x @ self.W.data + self.b.data

    def backward(self, grad):
        self.W.grad, self.b.grad = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.data.T


class Returning(Affine):
    """Keeps no gradient, and returns them all."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        del self.dW, self.db

    def backward(self, grad):
        return grad @ self.W.T, self.factor * self.x.T @ grad, grad.sum(axis=0)


@pytest.mark.in_turn
@pytest.mark.parametrize("kind", [NewList, LateList, NewDict, Single, OfBoxes, Returning])
def test_gradients_kept_elsewhere_are_found(kind):
    layer = kind()
    before = state(layer)
    right, wrong = ae.check_layer(layer, X), ae.check_layer(kind(factor=3.0), X)
    assert right.verdict == "pass", right
    assert [t.analytic.shape for t in right.tensors] == [(N, D), (D, H), (H,)]
    assert [t.verdict for t in wrong.tensors] == ["pass", "fail", "pass"]
    assert state(layer) == before


class OfTheClass:
    """Has its W from its class."""

    W, dW = np.random.default_rng(0).normal(size=(D, H)), None

    def __init__(self, factor=1.0):
        self.factor, self.b, self.db = factor, np.zeros(H), None

    forward, backward = Affine.forward, Affine.backward


class DeepDict:
    """Dictionaries inside each other, and one array in both params and an attribute."""

    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.params = {"one": {"W": rng.normal(size=(D, H))}, "all": [rng.normal(size=H)]}
        self.factor, self.grads = factor, None
        self.bias = self.params["all"][0]

    def forward(self, x):
        self.x = x
        return x @ self.params["one"]["W"] + self.bias

    def backward(self, grad):
        self.grads = {"one": {"dW": self.factor * self.x.T @ grad}, "all": [grad.sum(axis=0)]}
        return grad @ self.params["one"]["W"].T


class TwoOfAName:
    """An attribute W, and another W in params."""

    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.W, self.params, self.grads = rng.normal(size=(D, H)), {"W": rng.normal(size=H)}, {}
        self.factor = factor

    def forward(self, x):
        self.x = x
        return x @ self.W + self.params["W"]

    def backward(self, grad):
        self.dW, self.grads["W"] = self.factor * self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T


class FlatAffine(Affine):
    """All parameters in one array, and W and b views of it; forward makes another."""

    def __init__(self, factor=1.0):
        super().__init__(factor)
        self.all, self.grad = np.concatenate([self.W.ravel(), self.b]), np.zeros(D * H + H)
        self.W, self.b = self.all[: D * H].reshape(D, H), self.all[D * H :]
        self.dW, self.db = self.grad[: D * H].reshape(D, H), self.grad[D * H :]

    def forward(self, x):
        self.transposed, self.out = self.W.T, super().forward(x)
        return self.out

    def backward(self, grad):
        self.dW[...], self.db[...] = self.factor * self.x.T @ grad, grad.sum(axis=0)
        self.dx = grad @ self.transposed
        return self.dx


class Whole(Affine):
    def __init__(self):
        super().__init__()
        self.W, self.order = np.arange(D * H).reshape(D, H), np.arange(D)

    def forward(self, x):
        return super().forward(x[:, self.order])


class Slotted:
    __slots__ = ("W", "b", "dW", "db", "factor", "x")
    __init__, forward, backward = Affine.__init__, Affine.forward, Affine.backward


def test_the_array_of_a_class_stays_as_it_is():
    before = OfTheClass.W.copy()

    class Interrupted(OfTheClass):
        calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls > 50 and not np.array_equal(self.W, before):
                raise KeyboardInterrupt
            return super().forward(x)

    ae.check_layer(OfTheClass(), X)
    with pytest.raises(KeyboardInterrupt):
        ae.check_layer(Interrupted(), X)
    assert OfTheClass.W.tobytes() == before.tobytes()


def test_an_input_may_be_called_as_a_parameter_is():
    class Product(Affine):
        def forward(self, W):
            return super().forward(W)

    report = ae.check_layer(Product(), X)
    assert report.verdict == "pass", report
    assert [tensor.name for tensor in report.tensors] == ["grad_W", "grad_self.W", "grad_b"]


def test_what_an_optimiser_remembers_is_no_gradient():
    report = ae.check_layer(affine_of(("W", "b"), ("velocity", "db")), X)
    assert [tensor.name for tensor in report.tensors] == ["grad_x", "grad_b"]
    assert [(f.code, f.tensor) for f in report.findings] == [("not-checked", "W")]


@pytest.mark.in_turn
@pytest.mark.parametrize("kind", [OfTheClass, DeepDict, TwoOfAName, FlatAffine])
def test_wherever_they_are_kept(kind):
    layer = kind()
    before = state(layer)
    right, wrong = ae.check_layer(layer, X), ae.check_layer(kind(factor=3.0), X)
    assert right.verdict == "pass", right
    assert sorted(t.analytic.shape for t in right.tensors) == [(H,), (D, H), (N, D)]
    assert [t.analytic.shape for t in wrong.tensors if t.verdict == "fail"] == [(D, H)]
    assert state(layer) == before


def test_what_cannot_be_checked_is_said():
    report = ae.check_layer(Whole(), X)
    assert report.verdict == "inconclusive"
    assert [f.message for f in report.findings if f.code == "not-checked"] == [
        "W was not checked: it holds int64 numbers; make it W.astype(float)"
    ]
    net = NestedNet()
    net.layers[0] = Slotted()
    for layer in (net, Slotted()):
        with pytest.raises(TypeError, match="attributes can be listed, got Slotted; remove its __slots__"):
            ae.check_layer(layer, X)


class Slope1:
    """A learnt number."""

    def __init__(self, factor=1.0):
        self.alpha, self.rate, self.factor = 0.25, 0.1, factor

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x) * (1 + self.rate)

    def backward(self, grad):
        grad = grad * (1 + self.rate)
        self.dalpha = self.factor * float((grad * np.minimum(self.x, 0)).sum())
        return np.where(self.x > 0, grad, self.alpha * grad)


class Unused(ae.Dense):
    """Has a parameter on which nothing depends, here and anywhere."""

    def __init__(self):
        super().__init__(D, H, rng=0)
        self.scale = ae.Parameter("scale", np.ones(H), decays=False)

    def backward(self, grad_y):
        self.scale.grad[...] = 0
        return super().backward(grad_y)


def test_a_parameter_on_which_nothing_depends_tests_nothing():
    report = ae.check_layer(Unused(), X)
    assert report.verdict == "inconclusive", report
    assert [(f.code, f.tensor, f.severity) for f in report.findings] == [("zero-gradient", "grad_scale", "inconclusive")]


def test_a_number_that_is_learnt_is_a_parameter():
    right, wrong = (ae.check_layer(Slope1(factor), X) for factor in (1.0, 3.0))
    assert right.verdict == "pass", right
    assert [t.name for t in right.tensors] == ["grad_x", "grad_alpha"]
    assert [t.verdict for t in wrong.tensors] == ["pass", "fail"]


class Tutorial:
    """Updates its weights in backward, as many tutorials do."""

    def __init__(self, factor=1.0):
        rng = np.random.default_rng(0)
        self.weights, self.bias, self.factor = rng.normal(size=(D, H)), rng.normal(size=(1, H)), factor

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, grad, learning_rate=0.1):
        grad_x = self.factor * grad @ self.weights.T
        self.weights -= learning_rate * self.x.T @ grad
        self.bias = self.bias - learning_rate * grad.sum(axis=0, keepdims=True)
        return grad_x


def test_gradients_of_weights_that_backward_updates_are_read_from_the_change():
    layer = Tutorial()
    before = state(layer)
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    assert [(t.name, t.verdict) for t in report.tensors] == [(f"grad_{n}", "pass") for n in ("x", "weights", "bias")]
    assert [f.message for f in report.findings if f.code == "updated-parameter"] == [
        f"backward updates {name}: its gradient was read from the change, (before − after) / 1" for name in ("weights", "bias")
    ]
    assert state(layer) == before
    wrong = ae.check_layer(Tutorial(factor=2.0), X)
    assert [t.verdict for t in wrong.tensors] == ["fail", "pass", "pass"]
    assert any("times 2" in finding.cause for finding in wrong.findings), wrong
    trains = ae.check_layer(Trains(), X)
    assert (trains.verdict, [t.verdict for t in trains.tensors]) == ("pass", ["pass", "pass", "pass"]), trains
    assert [(f.severity, f.message) for f in trains.findings] == [
        ("note", "backward changed the value of W; only an optimiser may")
    ]


class GlobalDropout(Dropout):
    draws_in_backward = False

    def forward(self, x):
        self.mask = np.random.random(x.shape) < 0.5 + 0.1 * random.random()  # noqa: NPY002 - what this is about
        self.mask = self.mask * random.random()
        return x * self.mask

    def backward(self, grad):
        if self.draws_in_backward:
            np.random.random(), random.random()  # noqa: NPY002
        return grad * self.mask


def test_who_changed_the_global_random_state_is_said():
    layer = GlobalDropout()
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    (note,) = report.findings
    assert (note.code, note.severity) == ("changed-random-state", "note")
    assert note.message.startswith("GlobalDropout.forward draws from the global random state")
    layer.draws_in_backward = True
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    assert [f.evidence["by"] for f in report.findings] == ["GlobalDropout.forward", "backward"]


def test_the_title_says_what_was_covered():
    assert ae.check_layer(Affine(), X).title == "gradient check of Affine, (7, 5) in, rng=0"
    title = ae.check_layer(Affine(), X, mode="directional").title
    assert title.startswith("gradient check of Affine, (7, 5) in, rng=0, directional: ")


class Halves(Affine):
    """Every weight is -0.5, and backward keeps the change of W, by which it has already changed it."""

    def __init__(self):
        super().__init__()
        self.W = np.full((D, H), -0.5)
        del self.dW

    def backward(self, grad):
        grad_x, self.db = grad @ self.W.T, grad.sum(axis=0)
        self.delta_W = 0.1 * self.x.T @ grad
        self.W -= self.delta_W
        return grad_x


def test_a_change_of_weights_is_not_taken_for_their_gradient():
    report = ae.check_layer(Halves(), X)
    assert [(t.name, t.verdict) for t in report.tensors] == [("grad_x", "pass"), ("grad_b", "pass")]
    assert {f.code for f in report.findings} == {"changed-parameter", "not-checked"}
