"""Foreign styles: each is accepted unchanged, right code passes, one planted mistake fails, and no cause is false."""

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch.inspection.gradcheck.causes.draws import redraw, structure_of

RNG = np.random.default_rng(11)
X, W, B, T = RNG.normal(size=(N, D)), RNG.normal(size=(D, H)), RNG.normal(size=H), RNG.normal(size=(N, H))
ONE_HOT, LABELS = np.eye(D)[np.arange(N) % D], np.arange(N) % D


def verdicts(report):
    return {tensor.name.removeprefix("grad_"): tensor.verdict for tensor in report.tensors}


def codes(report):
    return [finding.code for finding in report.findings]


def causes(report):
    return [finding.cause for finding in report.findings if finding.cause]


# Functions


def swish(a):
    s = 1 / (1 + np.exp(-a))
    return a * s, lambda dout: dout * s * (1 + a * (1 - s))


def half_swish(a):
    y, back = swish(a)
    return y, lambda dout: back(dout) / 2


def affine_loss(x, w, b, factor=1.0):
    """A loss with a closure that takes nothing."""
    e = x @ w + b - T
    return 0.5 * (e**2).sum() / N, lambda: (e @ w.T / N, factor * x.T @ e / N, e.sum(axis=0) / N)


def split(x, w, factor=1.0):
    """Two outputs, and a closure that takes an upstream gradient for each."""
    left, right = np.tanh(x @ w), x.sum(axis=1)

    def back(dleft, dright):
        da = dleft * (1 - left**2)
        return da @ w.T + factor * dright[:, None], x.T @ da

    return (left, right), back


@pytest.mark.in_turn
def test_closures():
    report = ae.check_function(swish, inputs={"a": X})
    assert (report.verdict, report.findings) == ("pass", []), report
    assert report.title.startswith("gradient check of swish for swish")
    assert ae.check_function(swish, {"a": X}).verdict == "pass"
    assert causes(ae.check_function(half_swish, inputs={"a": X})) == ["grad_a is the right gradient, times 1/2"]
    inputs = {"x": X, "w": W, "b": B}
    assert verdicts(ae.check_function(affine_loss, inputs=inputs)) == dict.fromkeys("xwb", "pass")
    assert verdicts(ae.check_function(affine_loss, inputs={**inputs, "factor": N})) == {"x": "pass", "w": "fail", "b": "pass"}
    assert verdicts(ae.check_function(split, inputs={"x": X, "w": W})) == {"x": "pass", "w": "pass"}
    assert verdicts(ae.check_function(split, inputs={"x": X, "w": W, "factor": 2.0})) == {"x": "fail", "w": "pass"}


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def dropout_forward(x, p=0.5):
    mask = (np.random.rand(*x.shape) < p) / p  # noqa: NPY002 - without a seed, as courses have it
    return x * mask, mask


def dropout_backward(dout, cache):
    return dout * cache


def norm_forward(x):
    centred = x - x.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    return centred / spread, centred, spread


def norm_backward(dout, centred, spread):
    y = centred / spread
    return (dout - dout.mean(axis=0) - y * (dout * y).mean(axis=0)) / spread


def step_forward(x, prev_h, prev_c, Wx):
    gate = np.tanh(x @ Wx + prev_h)
    next_c = gate * prev_c
    next_h = np.tanh(next_c)
    return next_h, next_c, {"x": x, "c": prev_c, "Wx": Wx, "gate": gate, "h": next_h}


def step_backward(dnext_h, dnext_c, cache, through_h=1.0):
    dc = dnext_c + through_h * dnext_h * (1 - cache["h"] ** 2)
    da = dc * cache["c"] * (1 - cache["gate"] ** 2)
    return da @ cache["Wx"].T, da, dc * cache["gate"], cache["x"].T @ da


def cell(x, s):
    """Two outputs, and nothing kept."""
    return np.tanh(x + s), x * s


def cell_backward(dh, dc, x, s):
    da = dh * (1 - np.tanh(x + s) ** 2)
    return da + dc * s, da + dc * x


@pytest.mark.in_turn
def test_caches_and_several_outputs():
    inputs = {"x": X, "w": W, "b": B}
    assert ae.check_function(affine_forward, affine_backward, inputs).verdict == "pass"
    wrong = ae.check_function(affine_forward, lambda d, cache: (*affine_backward(d, cache)[:2], d.mean(axis=0)), inputs)
    assert verdicts(wrong) == {"x": "pass", "w": "pass", "b": "fail"}
    assert any("1/N (N = 7" in cause for cause in causes(wrong)), wrong
    assert ae.check_function(norm_forward, norm_backward, {"x": X}).verdict == "pass"
    forgets = ae.check_function(norm_forward, lambda d, c, s: norm_backward(d, c, s) + d.mean(axis=0) / s, {"x": X})
    assert forgets.verdict == "fail"
    inputs = {"x": X, "prev_h": T, "prev_c": T[::-1] + 1, "Wx": W}
    assert verdicts(ae.check_function(step_forward, step_backward, inputs)) == dict.fromkeys(inputs, "pass")
    wrong = ae.check_function(step_forward, lambda dh, dc, cache: step_backward(dh, dc, cache, 0.0), inputs)
    assert wrong.verdict == "fail"
    assert verdicts(ae.check_function(cell, cell_backward, {"x": X, "s": X + 1})) == {"x": "pass", "s": "pass"}
    wrong = ae.check_function(cell, lambda dh, dc, x, s: (cell_backward(dh, dc, x, s)[0], dc * x), {"x": X, "s": X + 1})
    assert verdicts(wrong) == {"x": "pass", "s": "fail"}


@pytest.mark.in_turn
def test_dropout_without_a_seed_draws_the_same_in_every_call():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    report = ae.check_function(dropout_forward, dropout_backward, {"x": X})
    assert (report.verdict, codes(report)) == ("pass", ["changed-random-state"]), report
    assert report.findings[0].message.startswith("dropout_forward draws from the global random state")
    assert ae.check_function(dropout_forward, lambda dout, cache: dout * (cache > 0), {"x": X}).verdict == "fail"
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(int(before[0]) + 1)  # noqa: NPY002
    again = ae.check_function(dropout_forward, dropout_backward, {"x": X})
    np.testing.assert_array_equal(again.tensors[0].analytic, report.tensors[0].analytic)  # as the seed says


def cost(theta, x, hidden, form=tuple, biases=1.0):
    """Of an autoencoder whose parameters are all in theta, as a course on it has them; one example in each row."""
    cuts = np.cumsum([D * hidden, hidden, hidden * D])
    W1, b1, W2, b2 = np.split(theta, cuts)
    W1, W2 = W1.reshape(D, hidden), W2.reshape(hidden, D)
    h = 1 / (1 + np.exp(-(x @ W1 + b1)))
    e = (h @ W2 + b2 - x) / len(x)
    dh = e @ W2.T * h * (1 - h)
    loss = 0.5 * len(x) * (e**2).sum()
    grad = np.concatenate([(x.T @ dh).ravel(), biases * dh.sum(axis=0), (h.T @ e).ravel(), e.sum(axis=0)])
    return form([np.array([[loss]]) if form is list else loss, grad])


THETA = RNG.normal(size=2 * D * H + H + D)
BLOCKS = {"W1": (D, H), "b1": H, "W2": (H, D), "b2": (D,)}


@pytest.mark.in_turn
@pytest.mark.parametrize("form", [tuple, list])
def test_theta_in_one_array(form):
    inputs = {"theta": THETA, "x": X, "hidden": H, "form": form}
    assert verdicts(ae.check_function(cost, inputs=inputs)) == {"theta": "pass"}
    assert verdicts(ae.check_function(cost, inputs=inputs, blocks=BLOCKS)) == dict.fromkeys(BLOCKS, "pass")
    assert verdicts(ae.check_function(cost, inputs={**inputs, "theta": THETA[:, None][:, 0]}, blocks=BLOCKS))["b2"] == "pass"
    wrong = ae.check_function(cost, inputs={**inputs, "biases": 1 / N}, blocks=BLOCKS)
    assert verdicts(wrong) == {"W1": "pass", "b1": "fail", "W2": "pass", "b2": "pass"}
    assert causes(wrong) == ["grad_b1 is the right gradient, times biases"]


def test_theta_of_two_functions_and_of_wrong_blocks():
    pair = (lambda theta, x: cost(theta, x, H)[0]), (lambda theta, x: cost(theta, x, H)[1])
    inputs = {"theta": THETA, "x": X}
    assert ae.check_function(*pair, inputs, blocks=BLOCKS).verdict == "pass"
    assert ae.check_function(*pair, inputs, blocks=BLOCKS, wrt=list(BLOCKS)).verdict == "pass"
    column = ae.check_function(pair[0], lambda theta, x: pair[1](theta, x)[:, None], inputs, blocks=BLOCKS)
    assert column.findings[0].message.startswith("backward raised ValueError: expected one gradient, of theta's shape (38,)")
    for blocks, text in (
        ({"W1": (D, H)}, "expected the blocks, 15 numbers, to fill an input, got theta 38, x 35"),
        ({**BLOCKS, "x": (0,)}, "expected names of blocks that are not inputs, got x"),
        ([D, H], "expected blocks to map names to shapes"),
    ):
        with pytest.raises((TypeError, ValueError), match=text):
            ae.check_function(*pair, inputs, blocks=blocks)


def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


LOSS = {"y_true": X, "y_pred": X[::-1] + 0.3}


def test_whose_gradient_it_is_is_never_guessed_silently():
    report = ae.check_function(mse, mse_prime, LOSS)
    assert (report.verdict, verdicts(report), codes(report)) == ("pass", {"y_pred": "pass"}, ["belongs-to"]), report
    assert "what backward returned is the gradient of y_pred, not of y_true" in str(report)
    assert ae.check_function(mse, mse_prime, LOSS, wrt=["y_pred"]).findings == []
    wrong = ae.check_function(mse, lambda y_true, y_pred: mse_prime(y_true, y_pred) / 2, LOSS)
    assert verdicts(wrong) == {"y_pred": "fail"}
    assert "was compared with the gradient of y_pred: y_pred and y_true have the same shape" in str(wrong)
    assert causes(wrong) == ["grad_y_pred is the right gradient, times 1/2"]
    told = ae.check_function(mse, mse_prime, LOSS, wrt=["y_true"])
    assert told.verdict == "fail"


def test_the_numbers_of_another_input_may_be_a_mistake():
    def squared(grad_sign):
        return lambda y_pred, y_true: grad_sign * 2 * (y_pred - y_true)

    def loss(y_pred, y_true):
        return ((y_pred - y_true) ** 2).sum()

    assert ae.check_function(loss, squared(1), LOSS).findings == []
    wrong = ae.check_function(loss, squared(-1), LOSS)
    assert verdicts(wrong) == {"y_pred": "fail"}
    assert causes(wrong) == ["grad_y_pred has the wrong sign: it is minus the right gradient, everywhere"]
    assert "is the gradient of y_true, not of y_pred, with whose gradient it was compared" in str(wrong)
    either = ae.check_function(lambda a, b: ((a - b) ** 2).sum(), lambda a, b: 2 * (b - a), {"a": X, "b": X[::-1]})
    assert (either.verdict, verdicts(either)) == ("inconclusive", {"b": "pass"})
    told = ae.check_function(lambda a, b: ((a - b) ** 2).sum(), lambda a, b: 2 * (b - a), {"a": X, "b": X[::-1]}, wrt=["b"])
    assert told.verdict == "pass"


def test_gradients_of_some_inputs_are_found_among_them():
    def ridge(x, w, b):
        return 0.5 * ((x @ w + b) ** 2).sum()

    def ridge_backward(x, w, b, factor=1.0):
        e = x @ w + b
        return x.T @ e, factor * e.sum(axis=0)

    inputs = {"x": X, "w": W, "b": B}
    report = ae.check_function(ridge, ridge_backward, inputs)
    assert (report.verdict, verdicts(report)) == ("pass", {"w": "pass", "b": "pass"}), report
    wrong = ae.check_function(ridge, lambda x, w, b: ridge_backward(x, w, b, 3.0), inputs)
    assert verdicts(wrong) == {"w": "pass", "b": "fail"}
    assert causes(wrong) == ["grad_b is the right gradient, times 3"]


def test_as_many_gradients_as_inputs_come_in_their_order():
    def exchanged(grad_y, a, b):
        return grad_y * a, grad_y * b

    report = ae.check_function(lambda a, b: a * b, exchanged, {"a": X, "b": X + 1})
    assert verdicts(report) == {"a": "fail", "b": "fail"}
    assert "belongs-to" not in codes(report)


def test_element_wise_losses_without_upstream():
    report = ae.check_function(lambda y_true, y_pred: (y_true - y_pred) ** 2, lambda y_true, y_pred: 2 * (y_pred - y_true), LOSS)
    assert (report.verdict, codes(report)) == ("pass", ["no-upstream", "belongs-to"]), report
    assert "takes no upstream gradient: it was checked as the gradient of the sum of <lambda>'s output" in str(report)
    slope = ae.check_function(lambda x: np.tanh(x), lambda x: 1 - np.tanh(x), {"x": X})
    assert slope.verdict == "fail"


def softmax_loss(x, y):
    """Of scores and whole labels."""
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(x)), y]).mean()
    p[np.arange(len(x)), y] -= 1
    return loss, p / len(x)


def test_labels_stay_whole():
    assert ae.check_function(softmax_loss, inputs={"x": X, "y": LABELS}).verdict == "pass"
    wrong = ae.check_function(lambda x, y: (softmax_loss(x, y)[0], N * softmax_loss(x, y)[1]), inputs={"x": X, "y": LABELS})
    assert any("times N" in cause or "times 7" in cause for cause in causes(wrong)), wrong


def test_targets_keep_their_structure_where_inputs_are_drawn_anew():
    """p − y is the gradient for one-hot y only: drawn anew as any numbers, it would be wrong for another reason."""

    def loss(logits, y):
        shifted = logits - logits.max(axis=1, keepdims=True)
        return -(y * (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))).sum() / len(logits)

    def loss_backward(logits, y):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (p / p.sum(axis=1, keepdims=True) - y) / y.shape[1]

    smooth = np.exp(2 * X) / np.exp(2 * X).sum(axis=1, keepdims=True)
    for y in (ONE_HOT, smooth):
        report = ae.check_function(loss, loss_backward, {"logits": X, "y": y}, wrt=["logits"])
        assert len(causes(report)) == 1, report
        assert "N" in causes(report)[0]


def test_columns_are_examples_as_well_as_rows():
    def forward(W, b, a):
        return np.tanh(W @ a + b)

    def backward(grad_z, W, b, a, factor=1.0):
        delta = grad_z * (1 - np.tanh(W @ a + b) ** 2)
        return delta @ a.T, factor * delta.sum(axis=1, keepdims=True), W.T @ delta

    inputs = {"W": W.T, "b": B[:, None], "a": X.T}
    assert ae.check_function(forward, backward, inputs).verdict == "pass"
    wrong = ae.check_function(forward, lambda grad_z, W, b, a: backward(grad_z, W, b, a, 1 / N), inputs)
    assert verdicts(wrong) == {"W": "pass", "b": "fail", "a": "pass"}


def test_what_is_given_is_looked_at_before_anything_is_called():
    def shaped(x, shape=(N, D)):
        return (x**2).reshape(shape)

    assert ae.check_function(shaped, lambda dout, x: 2 * x * dout, {"x": X}).verdict == "pass"  # a default may be a tuple
    with pytest.raises(TypeError, match="expected x to be an array, got list"):
        ae.check_function(lambda x: swish(x), inputs={"x": X.tolist()})


# Values first


def test_bad_manners_are_said_and_change_no_verdict():
    def relu_backward(dout, x):
        dout[x <= 0] = 0
        print("dout", dout.shape)
        np.random.seed(0)  # noqa: NPY002
        return dout

    def relu(x):
        x[x < 0] = 0
        return x

    report = ae.check_function(relu, relu_backward, {"x": X})
    assert report.verdict == "pass", report
    found = {"changed-argument", "shared-memory", "changed-random-state", "prints"}
    assert set(codes(report)) == found
    assert {finding.severity for finding in report.findings} == {"note"}

    def forgets(dout, x):
        relu_backward(dout, x)
        return dout * 0 + 1

    assert ae.check_function(relu, forgets, {"x": X}).verdict == "fail"
    still = ae.check_function(lambda x: x + RNG.normal(), lambda dout, x: dout.copy(), {"x": X})
    assert (still.verdict, codes(still)[-1]) == ("fail", "not-deterministic")


def conv_like(x, w):
    """Works in float32 whatever it is given, as buffers of a convolution do."""
    buffer = np.zeros(x.shape, np.float32)
    buffer[...] = x
    return buffer @ w


@pytest.mark.parametrize("forward", [conv_like, lambda x, w: (x @ w).astype(np.float32), lambda x, w: x.astype("f4") @ w])
def test_a_forward_in_float32_is_checked_coarser(forward):
    inputs = {"x": X, "w": W}
    report = ae.check_function(forward, lambda dout, x, w: (dout @ w.T, x.T @ dout), inputs)
    assert report.verdict == "pass", report
    assert "computes in float32 along x" in str(report)
    assert "entries agree within 0.01" in str(report)
    wrong = ae.check_function(forward, lambda dout, x, w: (1.05 * dout @ w.T, x.T @ dout), inputs)
    assert verdicts(wrong) == {"x": "fail", "w": "pass"}
    assert causes(wrong) == []


def test_kinks_and_steps_are_no_staircase_of_float32():
    def relu32(x):
        return np.maximum(x.astype(np.float32), 0)

    assert ae.check_function(relu32, lambda dout, x: dout * (x > 0), {"x": X}).verdict == "pass"
    assert ae.check_function(relu32, lambda dout, x: dout * (x > 1), {"x": X}).verdict == "fail"
    steps = ae.check_function(lambda x: np.round(x), lambda dout, x: dout.copy(), {"x": X})
    assert "single-precision" not in codes(steps)
    assert steps.verdict == "fail"
    offset = ae.check_function(lambda x: 1 + 1e-7 * np.tanh(x), lambda dout, x: 2e-7 * dout * (1 - np.tanh(x) ** 2), {"x": X})
    assert (offset.verdict, "single-precision" in codes(offset)) == ("fail", False)


# Objects


class Embedding:
    def __init__(self, factor=1.0):
        self.table, self.dtable, self.factor = np.random.default_rng(0).normal(size=(11, D)), None, factor

    def forward(self, indices):
        self.indices = indices
        return self.table[indices]

    def backward(self, dout):
        self.dtable = np.zeros_like(self.table)
        np.add.at(self.dtable, self.indices, self.factor * dout)


def test_indices_stay_whole():
    indices = np.array([1, 4, 4, 0, 9, 7, 1])
    assert verdicts(ae.check_layer(Embedding(), indices)) == {"table": "pass"}
    assert verdicts(ae.check_layer(Embedding(2.0), indices)) == {"table": "fail"}

    class Affine:
        def __init__(self):
            self.W = np.random.default_rng(0).normal(size=(D, H))

        def forward(self, x):
            return x @ self.W

        def backward(self, dout):
            return dout @ self.W.T

    class Compared:
        """Whole labels that may be floats as well."""

        def forward(self, scores, labels):
            self.is_label = np.arange(D) == labels[:, None]
            return (scores * self.is_label).sum()

        def backward(self):
            return 1.0 * self.is_label

    assert verdicts(ae.check_layer(Compared(), {"scores": X, "labels": LABELS})) == {"scores": "pass"}
    with pytest.raises(TypeError, match=r"expected x to hold float64 numbers, got int64; pass x.astype\(float\)"):
        ae.check_layer(Affine(), np.arange(N * D).reshape(N, D))


class Recurrent:
    """Goes on from where the last call has left it, and so does what is inside it."""

    def __init__(self, through=1.0):
        rng = np.random.default_rng(0)
        self.cell = {"inner": Cell(rng, through)}
        self.state = np.zeros((N, H))

    def forward(self, x):
        self.state = self.cell["inner"].forward(x, self.state)
        return self.state

    def backward(self, dout):
        return self.cell["inner"].backward(dout)

    @property
    def gradients(self):
        return self.cell["inner"].gradients


class Cell:
    def __init__(self, rng, through):
        self.parameters = {"Wx": rng.normal(size=(D, H)), "Wh": rng.normal(size=(H, H))}
        self.gradients, self.calls, self.through = {}, 0, through

    def forward(self, x, h):
        self.calls += 1
        self.x, self.h = x, h
        self.out = np.tanh(x @ self.parameters["Wx"] + h @ self.parameters["Wh"])
        return self.out

    def backward(self, dout):
        da = dout * (1 - self.out**2)
        self.gradients = {"Wx": self.x.T @ da, "Wh": self.through * self.h.T @ da}
        return da @ self.parameters["Wx"].T


def test_state_between_calls_is_put_back_before_each():
    layer, wrong = Recurrent(), Recurrent(0.0)
    layer.forward(X), wrong.forward(X)
    state, calls = layer.state.copy(), layer.cell["inner"].calls
    report = ae.check_layer(layer, X)
    assert report.verdict == "pass", report
    assert list(verdicts(report).values()) == ["pass"] * 3
    np.testing.assert_array_equal(layer.state, state)
    assert layer.cell["inner"].calls == calls
    assert sorted(verdicts(ae.check_layer(wrong, X)).values()) == ["fail", "pass", "pass"]


class TwoOutputs:
    def __init__(self, factor=1.0):
        self.params, self.grads, self.factor = [np.random.default_rng(0).normal(size=(D, H))], [None], factor

    def fprop(self, x, h, c):
        self.seen = x, h, c
        self.g = np.tanh(x @ self.params[0] + h)
        self.h = np.tanh(self.g * c)
        return self.h, self.g * c

    def bprop(self, dh, dc):
        x, _, c = self.seen
        dc = dc + self.factor * dh * (1 - self.h**2)
        da = dc * c * (1 - self.g**2)
        self.grads = [x.T @ da]
        return da @ self.params[0].T, da, dc * self.g


@pytest.mark.in_turn
def test_a_layer_of_two_outputs_under_other_names():
    inputs = {"x": X, "h": T, "c": T[::-1] + 1}
    report = ae.check_layer(TwoOutputs(), inputs)
    assert (report.verdict, len(report.tensors)) == ("pass", 4), report
    assert ae.check_layer(TwoOutputs(0.0), inputs).verdict == "fail"


class Descent:
    """Plain gradient descent, as an object in a layer."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def update(self, w, gradient):
        return w - self.learning_rate * gradient


class Updating:
    def __init__(self, factor=1.0, rate=0.01):
        self.w, self.b = np.random.default_rng(0).normal(size=(D, H)), np.ones((1, H))
        self.optimiser, self.factor = Descent(rate), factor

    def forward_pass(self, X, training=True):
        self.X = X
        return X @ self.w + self.b

    def backward_pass(self, accum_grad):
        w = self.w
        self.w = self.optimiser.update(self.w, self.factor * self.X.T @ accum_grad)
        self.b = self.optimiser.update(self.b, accum_grad.sum(axis=0, keepdims=True))
        return accum_grad @ w.T


class Momentum(Descent):
    """Its first step is that of plain descent; a second one goes on with what the first has left."""

    velocity = 0.0

    def update(self, w, gradient):
        self.velocity = 0.9 * np.max(self.velocity) + gradient
        return super().update(w, self.velocity)


class Hasty(Updating):
    def backward_pass(self, accum_grad):
        super().backward_pass(accum_grad)
        return accum_grad @ self.w.T  # of the weights that are new already


class Told(Updating):
    def backward(self, dout, learning_rate):
        w = self.w
        self.w = w - learning_rate * self.factor * self.X.T @ dout
        self.b -= learning_rate * dout.sum(axis=0, keepdims=True)
        return dout @ w.T

    backward_pass = None


@pytest.mark.in_turn
def test_a_backward_that_updates():
    for kind in (Updating, Told):
        report = ae.check_layer(kind(), X)
        assert (report.verdict, verdicts(report)) == ("pass", {"X": "pass", "w": "pass", "b": "pass"}), report
        assert codes(report).count("updated-parameter") == 2
        wrong = ae.check_layer(kind(1 / N), X)
        assert verdicts(wrong) == {"X": "pass", "w": "fail", "b": "pass"}
        assert causes(wrong) == ["grad_w is the right gradient, times 1/7"]
    assert ae.check_layer(Told(), X, learning_rate=0.5).verdict == "pass"
    assert ae.check_layer(Updating(), X, learning_rate=0.02).verdict == "fail"
    hasty = ae.check_layer(Hasty(), X)
    assert verdicts(hasty) == {"X": "fail", "w": "pass", "b": "pass"}
    assert causes(hasty) == ["grad_X is computed with the parameters that backward has already updated"]
    assert {"not-linear", "described"}.isdisjoint(codes(hasty)), hasty
    heavy = Updating()
    heavy.optimiser = {"w": Momentum(0.01)}
    heavy.backward_pass = lambda accum_grad: (
        accum_grad @ heavy.w.T, setattr(heavy, "w", heavy.optimiser["w"].update(heavy.w, heavy.X.T @ accum_grad))
    )[0]  # fmt: skip
    assert verdicts(ae.check_layer(heavy, X)) == {"X": "pass", "w": "pass"}
    unknown = Updating()
    unknown.optimiser.learning_rate = np.float32(0.01)
    report = ae.check_layer(unknown, X)
    assert report.verdict == "inconclusive"
    assert "w (5, 3) was not checked: backward updates it with an unknown learning rate" in str(report)
    with pytest.raises(ValueError, match="expected learning_rate to be"):
        ae.check_layer(Updating(), X, learning_rate=0)


class Loss:
    """Element by element, and the first argument is what it compares with."""

    def __call__(self, y_true, y_pred):
        self.difference = y_pred - y_true
        return self.difference**2

    def backprop(self):
        return 2 * self.difference


def test_a_loss_as_an_object():
    report = ae.check_layer(Loss(), LOSS)
    assert (report.verdict, verdicts(report)) == ("pass", {"y_pred": "pass"}), report
    assert "what backward returned is the gradient of y_pred, not of y_true" in str(report)
    assert "wrt" not in str(report)

    class Wrong(Loss):
        def backprop(self):
            return self.difference

    assert verdicts(ae.check_layer(Wrong(), LOSS)) == {"y_pred": "fail"}


class Anything:
    def forward(self, *inputs):
        self.inputs = inputs
        return inputs[0] * inputs[1]

    def backward(self, *upstream):
        return upstream[0] * self.inputs[1], upstream[0] * self.inputs[0]


def test_arguments_without_names():
    assert verdicts(ae.check_layer(Anything(), {"u": X, "v": X + 1})) == {"u": "pass", "v": "pass"}

    class Wrong(Anything):
        def backward(self, dout):
            return dout * self.inputs[0], dout * self.inputs[0]

    assert verdicts(ae.check_layer(Wrong(), {"u": X, "v": X + 1})) == {"u": "fail", "v": "pass"}


class Cached:
    """Hands a cache on, as functions do."""

    def __init__(self):
        self.W, self.dW = np.random.default_rng(0).normal(size=(D, H)), None

    def forward(self, x):
        return x @ self.W, x

    def backward(self, dout, cache):
        self.dW = cache.T @ dout
        return dout @ self.W.T


class First(Cached):
    def __init__(self):
        super().__init__()
        del self.dW

    def backward(self, dout):
        return dout @ self.W.T


class Unclear(Cached):
    def backward(self, dout, cache, more):
        return dout @ self.W.T


def test_a_layer_that_hands_a_cache_on():
    assert verdicts(ae.check_layer(Cached(), X)) == {"x": "pass", "W": "pass"}
    first = ae.check_layer(First(), X)
    assert (first.verdict, verdicts(first), codes(first)) == ("inconclusive", {"x": "pass"}, ["first-output", "not-checked"])
    assert "of the values that First.forward returns, only the first is checked" in str(first)
    with pytest.raises(TypeError, match=r"got tuple of 2 values, .*\n    forward = lambda x: forward\(x\)\[0\]\n    backward = "):
        ae.check_layer(Unclear(), X)


class Remembering:
    def __init__(self):
        self.scale, self.seen = 2.0, 0

    def forward(self, x):
        self.x, self.seen = x, self.seen + 1
        return self.scale * self.seen * x**2

    def backward(self, dout):
        return 2 * self.scale * self.seen * self.x * dout

    def halved(self, dout):
        return self.backward(dout) / 2


def test_two_methods_of_an_object():
    it = Remembering()
    assert ae.check_function(it.forward, it.backward, {"x": X}).verdict == "pass"
    assert causes(ae.check_function(it.forward, it.halved, {"x": X})) == ["grad_x is the right gradient, times 1/2"]
    assert vars(it) == {"scale": 2.0, "seen": 0}


def test_a_function_of_torch():
    torch = pytest.importorskip("torch")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a**2

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad * ctx.saved_tensors[0]

    class Wrong(Square):
        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    assert ae.check_function(Square, inputs={"a": X}).verdict == "pass"
    assert causes(ae.check_function(Wrong, inputs={"a": X})) == ["grad_a is the right gradient, times 1/2"]


def test_what_is_not_recognised_is_shown_the_lines_that_adapt_it():
    def both(x, w):
        return x @ w, x

    with pytest.raises(TypeError) as caught:
        ae.check_function(both, lambda dout, w: dout @ w.T, {"x": X, "w": W})
    said = str(caught.value)
    assert "expected both to return one array of floats, got tuple of 2 values" in said
    assert said.endswith(
        "    forward = lambda x, w: both(x, w)[0]\n    backward = lambda grad_y, x, w: <lambda>(grad_y, w)"
    )
    with pytest.raises(TypeError, match="got an object of Embedding, which has both; check it with ae"):
        ae.check_function(Embedding(), inputs={"indices": LABELS})
    with pytest.raises(TypeError, match=r"(?s)expected a backward for both: only a function that returns .* def both_backward\(grad_y, x, w\): \.\.\."):
        ae.check_function(both, inputs={"x": X, "w": W})


def test_what_is_drawn_anew_keeps_its_structure():
    rng = np.random.default_rng(0)
    shape = (11, 5)
    kinds = {
        "one-hot": (ONE_HOT, lambda a: (a.sum(axis=1) == 1).all() and set(a.flat) == {0, 1}),
        "one-hot columns": (ONE_HOT.T, lambda a: (a.sum(axis=0) == 1).all() and set(a.flat) == {0, 1}),
        "whole one-hot": (ONE_HOT.astype(int), lambda a: (a.sum(axis=1) == 1).all() and a.dtype.kind == "i"),
        "probabilities": (np.exp(X) / np.exp(X).sum(axis=1, keepdims=True), lambda a: (abs(a.sum(axis=1) - 1) < 1e-9).all() and a.min() > 0),
        "mask": ((X > 0).astype(float), lambda a: set(a.flat) == {0, 1} and len(set(a.sum(axis=1))) > 1),
        "scaled mask": (np.where(X > 0, 1.25, 0), lambda a: set(a.flat) == {0, 1.25}),
    }  # fmt: skip
    for name, (array, holds) in kinds.items():
        drawn = structure_of(array)(rng, shape)
        assert drawn.shape == shape
        assert holds(drawn), name
        assert holds(redraw({"y": array}, {("y", 0): 11}, rng)["y"]), name
    assert structure_of(X) is None
    assert structure_of(np.abs(X)) is None
    assert set(redraw({"i": LABELS}, {}, rng)["i"]) <= set(LABELS)


# What is added for the numbers' sake


DELTA = 1e-6


def cross_entropy(p, y):
    eps = 1e-7
    return -(y * np.log(p + eps)).sum() / len(p)


def by_a_name_of_the_file(p, y):
    return -(y * np.log(p + DELTA)).sum() / len(p)


class SoftmaxWithLoss:
    """The constant is in a function that forward calls."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.t, self.y = t, e / e.sum(axis=1, keepdims=True)
        return cross_entropy(self.y, t)

    def backward(self, dout=1):
        return dout * self.factor * (self.y - self.t) / len(self.t)


def decaying(w, x):
    """Its small number is a factor, and is no such constant."""
    return 0.5 * ((x @ w) ** 2).sum() + 0.5e-3 * (w**2).sum() + 1e-7


@pytest.mark.parametrize("loss", [cross_entropy, by_a_name_of_the_file, lambda p, y: -(y * np.log(p + 1e-7)).sum() / len(p)])
def test_a_constant_inside_a_logarithm_is_known_as_such(loss):
    inputs = {"p": 1e-2 + 0.1 * np.exp(X), "y": ONE_HOT}
    report = ae.check_function(loss, lambda p, y: -y / p / len(p), inputs, wrt=["p"])
    assert (report.verdict, codes(report)) == ("pass", ["left-out-constant"]), report
    added = "1e-06" if loss is by_a_name_of_the_file else "1e-07"
    assert f"without the {added} that it adds; backward leaves it out, so that the gradient is off by up to " in str(report)
    assert DELTA == 1e-6
    assert cross_entropy(np.zeros((1, 1)), np.ones((1, 1))) == pytest.approx(16.118, abs=1e-3)  # it is there again
    wrong = ae.check_function(loss, lambda p, y: -y / p, inputs, wrt=["p"])
    assert wrong.verdict == "fail"
    assert causes(wrong) == ["grad_p is the right gradient, times N (N = 7, the number of rows of p)"]


def test_one_that_the_differences_hardly_see_leaves_no_doubt():
    def loss(p, y):  # of a size at whose rounding a difference of a millionth can't be judged
        return 5000 - (y * np.log(p + 1e-8)).sum()

    report = ae.check_function(loss, lambda p, y: -y / p, {"p": 1e-2 + 1e-3 * X, "y": ONE_HOT}, wrt=["p"])
    assert (report.verdict, codes(report)) == ("pass", ["left-out-constant"]), report


def test_such_a_constant_in_a_function_that_a_layer_calls():
    inputs = {"x": 3 * X, "t": ONE_HOT}
    report = ae.check_layer(SoftmaxWithLoss(), inputs)
    assert (report.verdict, codes(report)) == ("pass", ["left-out-constant"]), report
    wrong = ae.check_layer(SoftmaxWithLoss(2.0), inputs)
    assert (wrong.verdict, causes(wrong)) == ("fail", ["grad_x is the right gradient, times 2"]), wrong


def test_a_constant_that_matters_is_missed():
    report = ae.check_function(lambda x: np.sqrt(x**2 + 1e-3).sum(), lambda x: np.sign(x), {"x": 0.1 * X})
    assert (report.verdict, "left-out-constant" in codes(report)) == ("fail", False)


def normalised(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def test_a_constant_of_a_normalisation_is_of_the_formula():
    def backward(dout, x, eps):
        spread = np.sqrt(x.var(axis=0) + eps)
        y = (x - x.mean(axis=0)) / spread
        return (dout - dout.mean(axis=0) - y * (dout * y).mean(axis=0)) / spread

    assert ae.check_function(normalised, lambda dout, x: backward(dout, x, 1e-5), {"x": X}).verdict == "pass"
    report = ae.check_function(normalised, lambda dout, x: backward(dout, x, 0.0), {"x": X})
    assert report.verdict == "fail"
    assert causes(report) == ["grad_x is right for normalised without the 1e-05 that it adds"]
    assert "described" not in codes(report)


def test_a_small_factor_is_no_such_constant():
    report = ae.check_function(decaying, lambda w, x: x.T @ x @ w, {"w": W, "x": X}, wrt=["w"])
    assert (report.verdict, "left-out-constant" in codes(report)) == ("fail", False)
    with_it = ae.check_function(decaying, lambda w, x: x.T @ x @ w + 1e-3 * w, {"w": W, "x": X}, wrt=["w"])
    assert (with_it.verdict, codes(with_it)) == ("pass", [])


# Arguments under other names, and what is made in the first call


class Act:
    """A function and its derivative, each with a name of its own for the same number."""

    def fn(self, z):
        return np.where(z > 0, z, 0.1 * z)

    def grad(self, x):
        return np.where(x > 0, 1, 0.1)

    def wrong(self, x):
        return np.where(x > 0, 1, 0.2)

    def whole(self, x):
        return (x > -np.inf).astype(int)


def test_a_derivative_with_other_names_for_its_arguments():
    it = Act()
    report = ae.check_function(it.fn, it.grad, {"z": X})
    assert (report.verdict, codes(report)) == ("pass", ["argument-name"]), report
    assert "x of grad: taken for fn's z, and the result for the gradient of the sum of fn's output" in str(report)
    assert ae.check_function(it.fn, it.wrong, {"z": X}).verdict == "fail"
    assert ae.check_function(lambda z: 1.0 * z, it.whole, {"z": X}).verdict == "pass"  # whole numbers are numbers
    output = ae.check_function(lambda z: 1 / (1 + np.exp(-z)), lambda s: s * (1 - s), {"z": X})
    assert (output.verdict, codes(output)) == ("pass", ["argument-name"]), output
    assert "s of <lambda>: taken for <lambda>'s output" in str(output)
    two = ae.check_function(mse, lambda target, out: 2 * (out - target) / out.size, LOSS)
    assert (two.verdict, verdicts(two)) == ("pass", {"y_pred": "pass"}), two
    with pytest.raises(TypeError, match="upstream gradient"):
        ae.check_function(Remembering().forward, Unsaid().backward, {"x": X})


class Unsaid(Remembering):
    def backward(self, first, second):
        return first


class Lazy:
    """Makes its weights in the first call, keeps a list of all states, and returns two of them."""

    def __init__(self, factor=1.0):
        self.params, self.grads, self.states, self.factor = {}, {}, [], factor

    def forward(self, x):
        if not self.params:
            self.params = {"W": np.random.normal(size=(D, H)), "U": np.random.normal(size=(H, H))}  # noqa: NPY002
            self.states = [np.zeros((len(x), H))]
        self.x = x
        self.states.append(np.tanh(x @ self.params["W"] + self.states[-1] @ self.params["U"]))
        return self.states[-1], 2 * self.states[-1]

    def backward(self, dout):
        da = dout * (1 - self.states[-1] ** 2)
        self.grads = {"W": self.x.T @ da, "U": self.factor * self.states[-2].T @ da}
        return da @ self.params["W"].T


def test_weights_that_are_made_in_the_first_call_are_found():
    layer = Lazy()
    report = ae.check_layer(layer, X)
    assert (report.verdict, verdicts(report)) == ("pass", {"x": "pass", "W": "pass", "U": "pass"}), report
    assert "first-output" in codes(report)
    assert (layer.params, layer.states) == ({}, [])
    assert verdicts(ae.check_layer(Lazy(2.0), X)) == {"x": "pass", "W": "pass", "U": "fail"}


def test_a_forward_that_refuses_other_values_of_what_it_compares_with():
    def loss(y, p):
        assert set(y.flat) <= {0, 1}
        return -(y * np.log(p)).sum()

    report = ae.check_function(loss, lambda y, p: -y / p, {"y": ONE_HOT, "p": np.abs(X) + 0.1})
    assert (report.verdict, verdicts(report)) == ("pass", {"p": "pass"}), report
