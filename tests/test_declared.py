"""Declared gradients: a backward that isn't a derivative is compared with its rule, and what nothing tested doesn't pass."""

import json

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch.foundations.declared import declaration_of
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck import by_rule
from aescratch.programs.cli.program import main
from aescratch.testing import assert_gradients

X = np.random.default_rng(0).random((N, D))
A = np.random.default_rng(1).normal(size=(N, H))
SOURCE = "Rajamanoharan et al. 2024, equation 11"


def one_by_one(part, grad_y):
    """The pseudo-derivative of JumpReLU with a rectangular kernel, entry by entry."""
    grad_a, grad_theta = np.zeros(part.a.shape), np.zeros(part.theta.shape)
    for i, j in np.ndindex(part.a.shape):
        a, theta = float(part.a[i, j]), float(part.theta.value[j])
        grad_a[i, j] = grad_y[i, j] if a > theta else 0.0
        if -part.width / 2 < a - theta < part.width / 2:
            grad_theta[j] -= theta / part.width * grad_y[i, j]
    return {"a": grad_a, "theta": grad_theta}


class JumpReLU(ae.Layer):
    """y = a H(a − theta), a learned theta; nothing is declared."""

    remembers = ("a",)
    on_theta, on_a = 1.0, 1.0

    def __init__(self, n, width=0.5):
        self.theta, self.width = ae.Parameter("theta", np.linspace(0.2, 0.4, n)), width

    @property
    def parameters(self):
        return [self.theta]

    @property
    def kinks(self):
        return self.a > self.theta.value

    def apply(self, a):
        return a * (a > self.theta.value)

    def forward(self, a):
        self.a = a
        return self.apply(a)

    def backward(self, grad_y):
        near = np.abs(self.a - self.theta.value) < self.width / 2
        self.theta.grad = -self.on_theta * (grad_y * near).sum(axis=0) * self.theta.value / self.width
        return self.on_a * grad_y * (self.a > self.theta.value)


class Declared(JumpReLU):
    @ae.surrogate_gradient("pseudo-derivative", "grad_theta = −theta/width K((a − theta)/width) grad_y", SOURCE, one_by_one)
    def backward(self, grad_y):
        return super().backward(grad_y)


class WrongFactor(Declared):
    on_theta = 2.0


class WrongInput(Declared):
    on_a = -1.0


class NoWidth(Declared):
    @ae.surrogate_gradient("pseudo-derivative", "grad_theta = −theta/width K((a − theta)/width) grad_y", SOURCE, one_by_one)
    def backward(self, grad_y):
        grad_a = super().backward(grad_y)
        self.theta.grad *= self.width
        return grad_a


class Stateless(ae.Layer):
    def forward(self, x):
        return self.apply(x)


class Sign(Stateless):
    """y = sign(x), straight-through."""

    factor = 1.0

    def apply(self, x):
        return np.sign(x - 0.1)

    @ae.surrogate_gradient("straight-through", "grad_x = grad_y", "Bengio et al. 2013", lambda part, grad_y: 1.0 * grad_y)
    def backward(self, grad_y):
        return self.factor * grad_y


class Reversal(Stateless):
    """y = x, with the gradient reversed."""

    def apply(self, x):
        return x.copy()

    @ae.surrogate_gradient("gradient reversal", "grad_x = −0.7 grad_y", "Ganin et al. 2016", lambda part, grad_y: 0.0 - grad_y * 0.7)
    def backward(self, grad_y):
        return -0.7 * grad_y


class RoundedPenalty(Part):
    """The number of units above ½, whose gradient is that of their sum."""

    is_term, remembers, factor = True, ("h",), 1.0

    def forward(self, h):
        self.h = h
        return (h > 0.5).sum() / len(h)

    @ae.surrogate_gradient("straight-through", "grad_h = 1/N", "Bengio et al. 2013", lambda part, grad: np.full(part.h.shape, grad / len(part.h)))
    def backward(self):
        return self.factor * np.ones_like(self.h) / len(self.h)


def autoencoder(make, *, tied=False):
    class Model(ae.Autoencoder):
        def code_layers(self):
            return [make(self.widths[-1])]

    return Model([D, H], tied=tied, rng=0)


class Counting(ae.Autoencoder):
    def __init__(self, widths, **options):
        self.count = RoundedPenalty()
        super().__init__(widths, activation=ae.Sigmoid, **options)

    @property
    def parts(self):
        return {**super().parts, "count": self.count}

    def loss(self, x, rng=None):
        x = self.as_batch(x)
        h = self.encoder.forward(x)
        return self.reconstruction.forward(self.decoder.forward(h), x) + self.count.forward(h)

    def backward(self):
        self.encoder.backward(self.decoder.backward(self.reconstruction.backward()) + self.count.backward())


def rules(report):
    return {tensor.name: tensor.rule for tensor in report.tensors}


# The declaration itself


def test_a_declaration_needs_its_texts_and_a_rule_of_its_own():
    def rule(grad_y):
        return grad_y.copy()

    for texts in (("", "f", "s"), ("r", " ", "s"), ("r", "f", None)):
        with pytest.raises(TypeError, match=r"expected (rule|formula|source) to be a non-empty text"):
            ae.surrogate_gradient(*texts, rule)
    with pytest.raises(TypeError, match="expected again to be a function, got int"):
        ae.surrogate_gradient("r", "f", "s", 3)
    with pytest.raises(TypeError, match="expected smoothed to be a function, got int"):
        ae.surrogate_gradient("r", "f", "s", rule, smoothed=3)
    with pytest.raises(ValueError, match="got the backward itself"):
        ae.surrogate_gradient("r", "f", "s", rule)(rule)
    assert declaration_of(rule) is None


def test_a_backward_that_overrides_a_declared_one_is_a_derivative_again():
    class Plain(Sign):
        def backward(self, grad_y):
            return 0 * grad_y

    assert declaration_of(Sign().backward).rule == "straight-through"
    assert declaration_of(Plain().backward) is None


# Functions


def rounded(a):
    return np.round(a)


def straight_through(factor, **options):
    @ae.surrogate_gradient("straight-through", "grad_a = grad_y", "Bengio et al. 2013", lambda grad_y: 1.0 * grad_y, **options)
    def rounded_backward(grad_y):
        return factor * grad_y

    return rounded_backward


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (2.0, "fail"), (-1.0, "fail"), (0.0, "fail"), (1.001, "fail")])
def test_a_functions_backward_is_compared_with_its_rule(factor, verdict):
    report = ae.check_function(rounded, straight_through(factor), {"a": A})
    assert report.verdict == verdict, str(report)
    assert rules(report) == {"grad_a": "straight-through"}
    if verdict == "fail":
        assert "the declared rule straight-through" in next(f.message for f in report.findings if f.severity == "error")
        assert not [f.cause for f in report.findings if f.cause]


def test_every_form_of_the_report_says_that_a_rule_was_checked_and_not_a_derivative():
    report = ae.check_function(rounded, straight_through(1.0), {"a": A})
    said = "isn't", "declared not to be the derivative of its forward", "straight-through, grad_a = grad_y (Bengio et al. 2013)"
    for text in (str(report), report._repr_html_(), json.dumps(report.to_dict())):
        assert all(part in text for part in said[1:])
    assert "difference quotient" not in report.summary()
    assert report.to_dict()["tensors"][0]["declared_rule"] == "straight-through"
    assert [(f.code, f.severity) for f in report.findings] == [("declared-rule", "note")]


@pytest.mark.parametrize(("smoothed", "verdict"), [(lambda a: a.copy(), "pass"), (lambda a: 2 * a, "fail"), (np.tanh, "fail")])
def test_a_rule_is_compared_with_the_smoothed_forward_that_it_stands_for(smoothed, verdict):
    backward = straight_through(1.0, smoothed=lambda a: smoothed(a))
    report = ae.check_function(rounded, backward, {"a": A})
    assert report.verdict == verdict, str(report)
    assert [(t.name, t.verdict) for t in report.tensors] == [("grad_a", "pass"), ("smoothed_a", verdict)]


def drawn(p, rng):
    return 1.0 * (np.random.default_rng(rng).random(p.shape) < p)


@pytest.mark.in_turn
@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (2.0, "fail"), (0.0, "fail")])
def test_a_rule_may_be_right_in_the_mean_over_the_draws_only(factor, verdict):
    @ae.surrogate_gradient("straight-through", "grad_p = grad_y", "Bengio et al. 2013", lambda grad_y: grad_y * factor, in_the_mean=True)
    def drawn_backward(grad_y):
        return factor * grad_y

    p = np.array([[0.3, 0.6]])
    report = ae.check_function(drawn, drawn_backward, {"p": p, "rng": 0})
    assert report.tensors[1].name == "mean_p"
    assert report.tensors[1].verdict == verdict, str(report)
    assert "within 6 standard errors" in str(report)
    with pytest.raises(TypeError, match="expected rounded to take a seed as its argument rng"):
        ae.check_function(rounded, straight_through(1.0, in_the_mean=True), {"a": A})


def test_a_rule_that_raises_or_has_another_shape_leaves_the_check_inconclusive():
    for again, code in ((lambda grad_y: 1 / 0, "rule-raised"), (lambda grad_y: grad_y[:2], "rule-shape")):
        backward = ae.surrogate_gradient("r", "f", "s", again)(lambda grad_y: grad_y.copy())
        report = ae.check_function(rounded, backward, {"a": A})
        assert report.verdict == "inconclusive"
        assert code in {finding.code for finding in report.findings}


def jump(a, theta, width):
    return a * (a > theta)


def jump_backward(grad_y, a, theta, width):
    return grad_y * (a > theta), -(grad_y * (np.abs(a - theta) < width / 2)).sum(axis=0) * theta / width


def jump_again(grad_y, a, theta, width):
    at = np.where((a < theta + width / 2) & (a > theta - width / 2), theta, 0.0)
    return np.where(a > theta, grad_y, 0.0), -np.einsum("ij,ij->j", grad_y, at) / width


@pytest.mark.parametrize("is_declared", [False, True])
@pytest.mark.parametrize(("width", "verdict"), [(0.5, "pass"), (1e-7, "inconclusive")])
def test_a_threshold_that_no_unit_is_near_is_not_tested(width, verdict, is_declared):
    backward = jump_backward
    if is_declared:
        backward = ae.surrogate_gradient("pseudo-derivative", "f", SOURCE, jump_again)(lambda grad_y, a, theta, width: jump_backward(grad_y, a, theta, width))
    inputs = {"a": A, "theta": np.array([0.2, 0.3, 0.4]), "width": width}
    report = ae.check_function(jump, backward, inputs, wrt=["a", "theta"])
    assert report.verdict == (verdict if is_declared or width < 0.1 else "fail"), str(report)


def test_a_backward_of_zeros_is_not_tested_where_the_forward_is_flat_only_here():
    def kept(a):
        return np.maximum(a, 0.0)

    def kept_backward(grad_y, a):
        return 0.0 * grad_y

    a = -np.random.default_rng(0).uniform(0.5, 1.0, (7, 3))  # all off, so that 0 is right here
    report = ae.check_function(kept, kept_backward, {"a": a})
    assert report.verdict == "inconclusive", str(report)
    assert "tests nothing" in str(report)


def test_what_is_0_wherever_one_looks_passes_with_a_note():
    stopped = ae.surrogate_gradient("stop-gradient", "grad_a = 0", "Chen & He 2021", lambda grad_y: np.zeros(grad_y.shape))
    for forward, backward in (
        (np.copy, stopped(lambda grad_y: 0 * grad_y)),
        (lambda a: 1.0 * (a > 0), lambda grad_y, a: 0 * grad_y),
    ):
        report = ae.check_function(lambda a, forward=forward: forward(a), backward, {"a": A})
        assert report.verdict == "pass", str(report)
        assert ("zero-gradient", "note") in {(f.code, f.severity) for f in report.findings}
    leaking = stopped(lambda grad_y: 1e-6 * grad_y)
    assert ae.check_function(lambda a: a.copy(), leaking, {"a": A}).verdict == "fail"


# Layers


@pytest.mark.parametrize(("kind", "verdict"), [(JumpReLU, "fail"), (Declared, "pass"), (WrongFactor, "fail"), (WrongInput, "fail"), (NoWidth, "fail")])
def test_a_declared_layer_is_compared_with_its_rule_its_parameter_too(kind, verdict):
    report = ae.check_layer(kind(H), A)
    assert report.verdict == verdict, str(report)
    if kind is Declared:
        assert rules(report) == {"grad_a": "pseudo-derivative", "grad_theta": "pseudo-derivative"}
        assert "by the declared rule pseudo-derivative" in report.title


def test_a_layers_parameter_that_nothing_depends_on_here_is_inconclusive():
    for kind in (JumpReLU, Declared):
        report = ae.check_layer(kind(H, width=1e-7), A)
        assert {t.name: t.verdict for t in report.tensors} == {"grad_a": "pass", "grad_theta": "inconclusive"}
        assert report.verdict == "inconclusive"

    class Unused(ae.ReLU):
        def __init__(self):
            self.scale = ae.Parameter("scale", np.ones(3))

        @property
        def parameters(self):
            return [self.scale]

        def backward(self, grad_y):
            self.scale.grad = np.zeros(3)
            return super().backward(grad_y)

    report = ae.check_layer(Unused(), A)
    assert {t.name: t.verdict for t in report.tensors} == {"grad_a": "pass", "grad_scale": "inconclusive"}


class Bernoulli(Part):
    """h drawn with the probability p, straight-through."""

    remembers, factor = ("p",), 1.0

    def forward(self, p, rng):
        self.p = p
        return 1.0 * (rng.random(p.shape) < p)

    @ae.surrogate_gradient(
        "straight-through", "grad_p = grad_h", "Bengio et al. 2013", lambda part, grad_h: part.factor * grad_h, in_the_mean=True,
        smoothed=lambda part, p: part.factor * p,
    )  # fmt: skip
    def backward(self, grad_h):
        return self.factor * grad_h


@pytest.mark.in_turn
def test_a_part_that_draws_is_right_in_the_mean_and_for_its_smoothed_forward(monkeypatch):
    monkeypatch.setattr(by_rule, "DRAWS", 2000)  # enough for a factor of 2
    p = np.array([[0.3, 0.6]])
    right, wrong = Bernoulli(), Bernoulli()
    wrong.factor = 2.0
    verdicts = [{t.name: t.verdict for t in ae.check_layer(part, p).tensors} for part in (right, wrong)]
    assert verdicts[0] == {"grad_p": "pass", "smoothed_p": "pass", "mean_p": "pass"}
    assert verdicts[1] == {"grad_p": "pass", "smoothed_p": "pass", "mean_p": "fail"}


# Models


def test_an_undeclared_threshold_does_not_pass():
    report = ae.check_gradients(autoencoder(lambda n: JumpReLU(n, 1e-7)), X)
    assert report.verdict == "inconclusive"
    assert {t.name: t.verdict for t in report.tensors}["encoder.theta2"] == "inconclusive"
    assert "encoder.theta2: the gradient is 0 everywhere" in str(report)
    report = ae.check_gradients(autoencoder(JumpReLU), X)
    assert report.verdict == "fail"
    assert "declare the rule with ae.surrogate_gradient" in str(report)


@pytest.mark.parametrize("tied", [False, True])
def test_a_declared_threshold_is_tested_through_the_whole_network(tied):
    report = ae.check_gradients(autoencoder(Declared, tied=tied), X)
    assert report.verdict == "pass", str(report)
    assert "by declared rules: pseudo-derivative at encoder.declared2" in report.title
    through = {name for name, rule in rules(report).items() if rule}
    assert through == {"encoder.W1", "encoder.b1", "encoder.theta2"}
    assert report.to_dict()["findings"][0]["evidence"]["parameters"] == ["encoder.W1", "encoder.b1", "encoder.theta2"]


@pytest.mark.parametrize(("kind", "wrong"), [(WrongFactor, {"encoder.theta2"}), (NoWidth, {"encoder.theta2"}), (WrongInput, {"encoder.W1", "encoder.b1"})])
def test_a_wrong_factor_in_a_declared_part_is_found_and_the_part_and_its_rule_are_named(kind, wrong):
    report = ae.check_gradients(autoencoder(kind), X)
    assert {t.name for t in report.tensors if t.verdict == "fail"} == wrong
    (finding,) = [f for f in report.findings if f.code == "not-the-rule"]
    assert finding.tensor == f"encoder.{kind.__name__.lower()}2"
    assert "doesn't follow its declared rule pseudo-derivative" in finding.message
    assert not [f for f in report.findings if f.code in ("first-wrong", "not-localised") or f.cause]


@pytest.mark.parametrize("make", [lambda n: Sign(), lambda n: Reversal(), Declared], ids=["straight-through", "reversal", "jump"])
@pytest.mark.parametrize("mode", ["exhaustive", "directional", "sampled"])
def test_right_declared_models_pass_in_every_mode(make, mode):
    report = ae.check_gradients(autoencoder(make), X, mode=mode)
    assert report.verdict == "pass", str(report)


def test_what_a_reversal_does_upstream_is_compared_with_the_rule_and_not_with_the_derivative():
    class Forgotten(Reversal):
        def backward(self, grad_y):
            return grad_y.copy()

    assert ae.check_gradients(autoencoder(lambda n: Forgotten()), X).verdict == "pass"  # it is the derivative

    class NotReversed(Reversal):
        @ae.surrogate_gradient("gradient reversal", "grad_x = −0.7 grad_y", "Ganin et al. 2016", lambda part, grad_y: -0.7 * grad_y)
        def backward(self, grad_y):
            return grad_y.copy()

    report = ae.check_gradients(autoencoder(lambda n: NotReversed()), X)
    assert {t.name: t.verdict for t in report.tensors} == {"encoder.W1": "fail", "encoder.b1": "fail", "decoder.W1": "pass", "decoder.b1": "pass"}


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (0.5, "fail")])
def test_a_penalty_may_be_declared(factor, verdict):
    model = Counting([D, H], rng=0)
    model.count.factor = factor
    report = ae.check_gradients(model, X)
    assert report.verdict == verdict, str(report)
    assert {name for name, rule in rules(report).items() if rule} == {"encoder.W1", "encoder.b1"}


def test_a_wrong_line_of_the_models_own_is_located_behind_a_declared_part():
    class Doubled(ae.Autoencoder):
        def code_layers(self):
            return [Declared(self.widths[-1])]

        def backward(self):
            self.encoder.backward(2 * self.decoder.backward(self.reconstruction.backward()))

    report = ae.check_gradients(Doubled([D, H], rng=0), X)
    assert report.verdict == "fail"
    (first,) = [finding for finding in report.findings if finding.code == "first-wrong"]
    assert first.evidence["function"] == "Doubled.backward"
    assert first.evidence["kind"] == "wiring"


def test_a_wrong_layer_before_a_declared_part_is_located():
    class Wrong(ae.Tanh):
        def backward(self, grad_y):
            return 0.5 * super().backward(grad_y)

    class Model(ae.Autoencoder):
        def code_layers(self):
            return [Wrong(), Declared(self.widths[-1])]

    report = ae.check_gradients(Model([D, H], rng=0), X)
    (first,) = [finding for finding in report.findings if finding.code == "first-wrong"]
    assert first.tensor == "encoder.wrong1"


def test_a_fault_is_located_though_every_unit_sits_on_the_jump():
    class Doubled(ae.Autoencoder):
        def __init__(self, widths, **options):
            self.jump = Declared(widths[-1])
            super().__init__(widths, activation=ae.Tanh, **options)

        @property
        def parameters(self):
            return [*self.encoder.parameters, *self.jump.parameters, *self.decoder.parameters]

        @property
        def parts(self):
            return {**super().parts, "jump": self.jump}

        def loss(self, x, rng=None):
            x = self.as_batch(x)
            return self.reconstruction.forward(self.decoder.forward(self.jump.forward(self.encoder.forward(x))), x)

        def backward(self):
            grad_h = self.jump.backward(self.decoder.backward(self.reconstruction.backward()))
            self.encoder.backward(2 * grad_h)

    model = Doubled([D, H], dtype="float64", rng=0)
    model.jump.theta.value = model.encode(X[:1])[0] - 1e-9
    report = ae.check_gradients(model, X[:1])
    (first,) = [f for f in report.findings if f.code == "first-wrong"]
    assert (first.tensor, first.evidence["function"]) == ("encoder.tanh1", "Doubled.backward"), str(report)


def test_one_of_our_layers_with_nothing_but_its_backward_declared_is_checked_by_the_rule():
    class Open(ae.ReLU):
        @ae.surrogate_gradient("straight-through", "grad_a = grad_y", "Bengio et al. 2013", lambda part, grad_y: 1.0 * grad_y)
        def backward(self, grad_y):
            return grad_y.copy()

    report = ae.check_gradients(ae.Autoencoder([D, H], code_activation=Open, rng=0), X)
    assert report.verdict == "pass", str(report)


def test_a_rule_that_is_not_linear_or_raises_is_inconclusive():
    for again in (lambda part, grad_y: grad_y**2, lambda part, grad_y: 1 / 0, lambda part, grad_y: {"z": grad_y}, lambda part, grad_y: grad_y[:1]):
        class Odd(Sign):
            backward = ae.surrogate_gradient("r", "f", "s", again)(lambda self, grad_y: grad_y.copy())

        report = ae.check_gradients(autoencoder(lambda n, kind=Odd: kind()), X)
        assert report.verdict == "inconclusive", str(report)
        assert [f.code for f in report.findings if f.severity == "inconclusive"] == ["rule-raised"]


def test_one_declared_part_in_two_places_keeps_its_two_base_points():
    class Twice(ae.Autoencoder):
        def __init__(self, widths, **options):
            self.sign = Reversal()
            super().__init__(widths, **options)

        @property
        def parts(self):
            return {"sign": self.sign, **super().parts}

        def loss(self, x, rng=None):
            x = self.as_batch(x)
            h = self.sign.forward(0.5 * self.sign.forward(self.encoder.forward(x)))
            return self.reconstruction.forward(self.decoder.forward(h), x)

        def backward(self):
            grad_h = self.decoder.backward(self.reconstruction.backward())
            self.encoder.backward(self.sign.backward(0.5 * self.sign.backward(grad_h)))

    report = ae.check_gradients(Twice([D, H], activation=ae.Tanh, rng=0), X)
    assert report.verdict == "pass", str(report)


@pytest.mark.parametrize(("kind", "verdict"), [(Declared, "pass"), (WrongFactor, "fail")])
def test_a_declared_part_is_checked_in_training_too(kind, verdict):
    class Model(ae.Autoencoder):
        def code_layers(self):
            return [kind(self.widths[-1])]

    model = Model([D, 4, H], activation=ae.Tanh, dropout=0.3, batch_norm=True, rng=0)
    report = ae.check_gradients(model, X, training=True)
    assert report.verdict == verdict, str(report)
    assert "training mode" in report.title
    assert rules(report)["encoder.W1"] == "pseudo-derivative"


class Binary(ae.Autoencoder):
    """A code of drawn bits, straight-through."""

    def __init__(self, widths, **options):
        self.bits = Bernoulli()
        super().__init__(widths, activation=ae.Sigmoid, **options)

    @property
    def parts(self):
        return {**super().parts, "bits": self.bits}

    def loss(self, x, rng=None):
        x = self.as_batch(x)
        h = self.bits.forward(self.encoder.forward(x), self.noise(rng))
        return self.reconstruction.forward(self.decoder.forward(h), x)

    def backward(self):
        self.encoder.backward(self.bits.backward(self.decoder.backward(self.reconstruction.backward())))


def test_a_part_that_draws_is_replaced_at_its_draw():
    for seed in range(3):
        report = ae.check_gradients(Binary([D, H], rng=0), X, rng=seed)
        assert report.verdict == "pass", str(report)
        assert {name for name, rule in rules(report).items() if rule} == {"encoder.W1", "encoder.b1"}


def test_a_check_leaves_no_trace_of_a_surrogate():
    model = autoencoder(Declared)
    part = model.parts["encoder.declared2"]
    before = dict(vars(part)), float(model.loss(X))
    ae.check_gradients(model, X)
    assert set(vars(part)) == {*before[0], "a"}
    assert float(model.loss(X)) == before[1]
    assert "forward" not in vars(part)


# What nothing tested


class DeadLayer(ae.Autoencoder):
    """All of its units are off for any input: nothing reaches the first layer."""

    def __init__(self, widths, **options):
        super().__init__(widths, **options)
        self.parameters[1].value = np.full(widths[1], -100.0)


def test_a_dead_layer_is_inconclusive_everywhere(tmp_path, capsys, monkeypatch):
    model = DeadLayer([D, H], rng=0)
    report = ae.check_gradients(model, X)
    assert report.verdict == "inconclusive"
    assert [t.name for t in report.tensors if t.verdict == "inconclusive"] == ["encoder.W1", "encoder.b1", "decoder.W1"]
    assert [r[-1] for r in report.rows()[1:]] == ["inconclusive", "inconclusive", "inconclusive", "pass"]
    with pytest.raises(ae.GradientCheckError, match="tests nothing"):
        assert_gradients(model, X)
    (tmp_path / "dead_models.py").write_text(
        "import numpy as np\nimport aescratch as ae\nmodel = ae.Autoencoder([5, 3], rng=0)\nmodel.parameters[1].value = np.full(3, -100.0)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["check", "dead_models.py:model"]) == 3
    assert "tests nothing" in capsys.readouterr().out


def test_a_bias_before_a_mean_is_taken_away_passes():
    class Centred(Stateless):
        def apply(self, x):
            return x - x.mean(axis=0)

        def backward(self, grad_y):
            return grad_y - grad_y.mean(axis=0)

    class Model(ae.Autoencoder):
        def code_layers(self):
            return [Centred()]

    report = ae.check_gradients(Model([D, H], rng=0), X)
    assert report.verdict == "pass", str(report)


def test_a_declared_model_on_a_gpu_is_checked_there(monkeypatch):
    import sys

    import fakecupy

    monkeypatch.setitem(sys.modules, "cupy", fakecupy.cupy)
    for factor, verdict in ((1.0, "pass"), (2.0, "fail")):

        class Scaled(Sign):
            pass

        Scaled.factor = factor
        Scaled.apply = lambda self, x: ae.array_module(x).where(x > 0.1, 1.0, -1.0)
        model = autoencoder(lambda n, kind=Scaled: kind()).to("cupy")
        report = ae.check_gradients(model, X)
        assert report.verdict == verdict, str(report)
        assert model.backend == "cupy"


def test_each_gradient_may_belong_to_a_smoothed_forward_of_its_own():
    def gated(a, theta):
        return a * (a > theta)

    def ramp(a, theta):
        return a * np.clip((a - theta) / 0.5 + 0.5, 0, 1)

    def rule(grad_y, a, theta):
        return grad_y * (a > theta), -(2 * a * grad_y * (np.abs(a - theta) < 0.25)).sum(axis=0)

    def report(smoothed):
        @ae.surrogate_gradient("pseudo-derivative", "as above", SOURCE, lambda grad_y, a, theta: rule(grad_y, a, theta), smoothed=smoothed)
        def gated_backward(grad_y, a, theta):
            return rule(grad_y, a, theta)

        a = 0.3 + np.array([[-0.1, 0.4], [0.1, 0.15], [-0.5, -0.2]])
        return {t.name: t.verdict for t in ae.check_function(gated, gated_backward, {"a": a, "theta": np.full(2, 0.3)}).tensors}

    right = {"grad_a": "pass", "grad_theta": "pass", "smoothed_a": "pass", "smoothed_theta": "pass"}
    assert report({"a": gated, "theta": ramp}) == right
    assert report({"theta": ramp}) == {name: verdict for name, verdict in right.items() if name != "smoothed_a"}
    assert report({"a": ramp})["smoothed_a"] == "fail"
    assert report(ramp)["smoothed_a"] == "fail", "one forward for all has another derivative in a"
    with pytest.raises(TypeError, match="expected smoothed to be a function, got str"):
        report({"a": "ramp"})


@pytest.mark.parametrize("returned", ["one", "wrong shape"])
def test_the_rule_isnt_blamed_for_what_a_backward_returns(returned):
    @ae.surrogate_gradient("straight-through", "g, g", "a paper", lambda grad_y: (+grad_y, 2.0 * grad_y))
    def backward(grad_y):
        return grad_y.copy() if returned == "one" else (grad_y.copy(), grad_y.T)

    inputs = {name: np.random.default_rng(0).normal(size=(7, 3)) for name in "ab"}
    report = ae.check_function(lambda a, b: np.sign(a) + np.sign(b), backward, inputs, wrt=["a", "b"])
    assert report.verdict == "fail"
    assert "rule-raised" not in {finding.code for finding in report.findings}
    assert [tensor.name for tensor in report.tensors] == ([] if returned == "one" else ["grad_a"])
