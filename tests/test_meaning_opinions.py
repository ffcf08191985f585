"""check_meaning asks a model for its second opinion; if none applies, the verdict is inconclusive, never fail."""

import ast
import pathlib

import numpy as np
import pytest
from numeric import D, H, N

import aescratch as ae
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck import meaning
from aescratch.models.opinion import SecondOpinion

X = np.random.default_rng(0).random((N, D))


class Square(ae.Layer):
    """y = h · h."""

    remembers = ("h",)

    def apply(self, h):
        return h * h

    def forward(self, h):
        self.h = h
        return self.apply(h)

    def backward(self, grad_y):
        return 2 * grad_y * self.h


class Squared(ae.Autoencoder):
    """A part h · h between encoder and decoder."""

    def __init__(self, widths, **options):
        self.square = Square()
        super().__init__(widths, activation=ae.Tanh, **options)

    @property
    def parts(self):
        return {**super().parts, "square": self.square}

    def loss(self, x, rng=None):
        x = self.as_batch(x)
        h = self.square.forward(self.encoder.forward(x))
        return self.reconstruction.forward(self.decoder.forward(h), x) + self.decay.forward()

    def backward(self):
        grad_h = self.square.backward(self.decoder.backward(self.reconstruction.backward()))
        self.encoder.backward(grad_h)
        self.decay.backward()

    def encode(self, x):
        return self.square.apply(super().encode(x))


class SquaredAndSaid(Squared):
    def second_opinion(self):
        opinion = super().second_opinion()
        encoder, decoder = self.encoder, self.decoder
        opinion.code = lambda x: encoder.apply(x) ** 2
        opinion.terms["reconstruction"] = lambda seen: (decoder.apply(encoder.apply(seen.x) ** 2), seen.x)
        return opinion


class SquaredAndSaidWrong(SquaredAndSaid):
    def loss(self, x, rng=None):
        return 2 * super().loss(x, rng)


class Winners(ae.Layer):
    """Of every unit the largest half of the batch stays; in use all of it does."""

    remembers = ("keep",)

    def apply(self, a):
        return np.maximum(a, 0)

    def forward(self, a):
        self.keep = (a >= np.median(a, axis=0)) & (a > 0)
        return a * self.keep

    def backward(self, grad_y):
        return grad_y * self.keep


class WinnerTakeAll(ae.Autoencoder):
    def code_layers(self):
        return [Winners()]


class Cube(Square):
    """Another unknown kind, whose apply is its forward."""

    def apply(self, h):
        return h**3

    def backward(self, grad_y):
        return 3 * grad_y * self.h**2


class WithCube(ae.Autoencoder):
    def code_layers(self):
        return [Cube()]


def codes(report):
    return {(finding.code, finding.severity) for finding in report.findings}


# Right models that the check doesn't know


def test_a_part_between_encoder_and_decoder_is_inconclusive_and_named():
    assert ae.check_gradients(Squared([D, H], rng=0), X).verdict == "pass"
    report = ae.check_meaning(Squared([D, H], rng=0))
    assert report.verdict == "inconclusive", str(report)
    assert ("no-second-opinion", "inconclusive") in codes(report)
    assert "which doesn't know square (Square)" in str(report)
    assert not [look for look in report.looks if look.verdict == "fail"]
    assert not [finding for finding in report.findings if finding.cause]
    with pytest.raises(ae.GradientCheckError):
        report.raise_if_failed()


def test_a_class_that_says_its_objective_is_compared_with_that():
    report = ae.check_meaning(SquaredAndSaid([D, H], rng=0))
    assert {look.part: look.verdict for look in report.looks if look.part in ("loss", "encode")} == {"loss": "pass", "encode": "pass"}
    assert codes(report) == {("not-looked-at", "inconclusive")}  # what Square is to compute, nobody says
    report = ae.check_meaning(SquaredAndSaidWrong([D, H], rng=0))
    assert report.verdict == "fail"
    assert {look.part: look.verdict for look in report.looks}["loss"] == "fail"


def test_winner_take_all_whose_apply_is_not_its_forward_is_inconclusive():
    report = ae.check_meaning(WinnerTakeAll([D, H], rng=0))
    assert report.verdict == "inconclusive", str(report)
    assert "winners1 (Winners), whose apply isn't its forward" in str(report)
    assert {look.part: look.verdict for look in report.looks if look.part in ("loss", "encode", "decode")} == {
        "loss": "inconclusive", "encode": "pass", "decode": "pass"}  # fmt: skip


def test_a_layer_of_no_known_kind_in_the_path_is_inconclusive_and_a_term_of_ones_own_a_note():
    report = ae.check_meaning(WithCube([D, H], rng=0))
    assert report.verdict == "inconclusive"
    assert codes(report) == {("not-looked-at", "inconclusive")}
    assert {look.part: look.verdict for look in report.looks}["loss"] == "pass"


def test_a_subclass_with_a_loss_and_parts_of_its_own_is_inconclusive():
    class Absolute(Part):
        is_term, remembers = True, ("d",)

        def forward(self, x_hat, x):
            self.d = x_hat - x
            return np.abs(self.d).sum() / len(x)

        def backward(self):
            return np.sign(self.d) / len(self.d)

    class Robust(ae.Autoencoder):
        def build(self, rng):
            super().build(rng)
            self.absolute = Absolute()

        @property
        def parts(self):
            return {**dict(self.encoder.named("encoder")), **dict(self.decoder.named("decoder")), "absolute": self.absolute}

        def loss(self, x, rng=None):
            x = self.as_batch(x)
            return self.absolute.forward(self.decoder.forward(self.encoder.forward(x)), x)

        def backward(self):
            self.encoder.backward(self.decoder.backward(self.absolute.backward()))

    report = ae.check_meaning(Robust([D, H], activation=ae.Tanh, rng=0))
    assert report.verdict == "inconclusive", str(report)
    assert "which doesn't know absolute (Absolute)" in str(report)


# Wrong ones that it does know


def test_a_wrong_loss_of_the_same_parts_stays_a_fail():
    class Wrong(ae.SparseAutoencoder):
        def loss(self, x, rng=None):
            x = self.as_batch(x)
            h = self.encoder.forward(x)
            return 2 * self.reconstruction.forward(self.decoder.forward(h), x) + self.sparsity.forward(h)

    assert ae.check_meaning(Wrong([D, H], rng=0)).verdict == "fail"


def test_a_wrong_part_of_a_known_kind_stays_a_fail_in_a_model_with_parts_of_its_own():
    class Unscaled(ae.SquaredError):
        def forward(self, x_hat, x):
            return 2 * super().forward(x_hat, x)

    report = ae.check_meaning(Squared([D, H], reconstruction=Unscaled(), rng=0))
    assert report.verdict == "fail"
    assert "the ½ is missing" in str(report)


@pytest.mark.parametrize("wrong", ["corruption", "layer"])
def test_a_wrong_layer_of_a_stack_stays_a_fail(monkeypatch, wrong):
    from aescratch.models.stacked import StackLayer

    if wrong == "layer":
        right = StackLayer.loss
        monkeypatch.setattr(StackLayer, "loss", lambda self, x, rng=None: 2 * right(self, x, rng))
    else:
        monkeypatch.setattr(ae.MaskingNoise, "forward", lambda self, x, rng: x + 0.0)
    model = ae.StackedAutoencoder([D, 4, H], ae.MaskingNoise(0.3), rng=0)
    assert ae.check_meaning(model).verdict == "fail"


@pytest.mark.parametrize("kind", [ae.KSparseAutoencoder, ae.ContractiveAutoencoder])
def test_each_promise_of_a_variant_is_asked_for(kind):
    class Wrong(kind):
        def encode(self, x):
            return super().encode(x) + 1.0

    options = {"k": 2} if kind is ae.KSparseAutoencoder else {}
    report = ae.check_meaning(Wrong([D, H], rng=0, **options))
    assert "encode" in {look.part for look in report.looks if look.verdict == "fail"}
    if kind is ae.KSparseAutoencoder:
        assert "at most 2 units of an example" in str(report)


def test_the_contractive_penalty_is_compared_with_the_jacobian_of_encode():
    class Elsewhere(ae.ContractiveAutoencoder):
        def encode(self, x):
            return 2 * super().encode(x)

    wrong = {look.claim for look in ae.check_meaning(Elsewhere([D, H], rng=0)).looks if look.verdict == "fail"}
    assert "‖∂h/∂x‖² of the encoder, by differences" in wrong


class NotDamaged(ae.DenoisingAutoencoder):
    def loss(self, x, rng=None):
        x = self.as_batch(x)
        self.corruption.forward(x, self.noise(rng))
        return self.reconstruction.forward(self.decoder.apply(self.encoder.apply(x)), x)


class DivergenceOfTheSample(ae.VariationalAutoencoder):
    def loss(self, x, rng=None):
        x = self.as_batch(x)
        hidden = self.encoder.forward(x)
        mu, log_var = self.mean.forward(hidden), self.log_variance.forward(hidden)
        z = self.sampling.forward(mu, log_var, self.noise(rng))
        return self.reconstruction.forward(self.decoder.forward(z), x) + self.divergence.forward(z, log_var)


@pytest.mark.parametrize(("kind", "cause"), [(NotDamaged, "the input isn't damaged"), (DivergenceOfTheSample, "the divergence uses z instead of mu")])
def test_what_may_be_mistaken_for_what_is_named(kind, cause):
    report = ae.check_meaning(kind([D, H], rng=0), X)
    assert report.verdict == "fail"
    assert cause in {finding.cause for finding in report.findings}, str(report)


def test_a_classifiers_predictions_are_asked_for():
    class Unlikely(ae.SoftmaxClassifier):
        def predict(self, x):
            return self.predict_probabilities(x).argmin(axis=1)

    report = ae.check_meaning(Unlikely(ae.Autoencoder([D, H], rng=0), 3, rng=0))
    assert report.verdict == "fail"
    assert "it is the least probable class" in str(report)


# Parts with a mode are looked at in use


def stateful():
    model = ae.Autoencoder([D, 4, H], activation=ae.Tanh, dropout=0.3, batch_norm=True, rng=0)
    with model.training():
        model.loss(X, rng=0)  # so that the running statistics aren't those of the beginning
    return model


def test_dropout_and_batch_norm_are_looked_at_in_use_whatever_mode_the_model_is_in():
    model = stateful()
    assert ae.check_meaning(model).verdict == "pass", str(ae.check_meaning(model))
    with model.training():
        report = ae.check_meaning(model)
        assert report.verdict == "pass", str(report)
        assert all(part.in_training for part in model.parts.values())
    assert not any(part.in_training for part in model.parts.values())


MODE_MUTANTS = {
    "dropout scales in use": (ae.Dropout, lambda self, x: (1 - self.p) * x, "it scales by 1 − p in use"),
    "norm of the batch": (ae.BatchNorm, lambda self, x: self.gamma.value * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + self.epsilon) + self.beta.value, "the batch's own mean and variance"),
    "divided by the variance": (ae.BatchNorm, lambda self, x: self.gamma.value * (x - self.running_mean.value) / (self.running_variance.value + self.epsilon) + self.beta.value, "divides by the variance"),
    "no gamma": (ae.BatchNorm, lambda self, x: (x - self.running_mean.value) / np.sqrt(self.running_variance.value + self.epsilon) + self.beta.value, "gamma is left out"),
    "no mean": (ae.BatchNorm, lambda self, x: self.gamma.value * x / np.sqrt(self.running_variance.value + self.epsilon) + self.beta.value, "the mean isn't subtracted"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODE_MUTANTS)
def test_a_wrong_use_mode_is_a_fail(monkeypatch, name):
    kind, apply, cause = MODE_MUTANTS[name]
    model = ae.Autoencoder([D, 4, H], activation=ae.Tanh, dropout=0.3, batch_norm=True, rng=0)
    before = {name: buffer.value.copy() for name, buffer in model.buffers.items()}
    monkeypatch.setattr(kind, "apply", apply)
    monkeypatch.setattr(kind, "forward", lambda self, x, rng=None: apply(self, x))
    report = ae.check_meaning(model)
    assert report.verdict == "fail"
    for name, buffer in model.buffers.items():
        np.testing.assert_array_equal(buffer.value, before[name])
    assert any(cause in finding.cause for finding in report.findings), str(report)


# Strangers


class Stranger:
    """Nothing of ours but its parts and its parameters."""

    def __init__(self):
        self.dense, self.error = ae.Dense(D, D, rng=0), ae.SquaredError()
        self.parts = {"dense": self.dense, "error": self.error}
        self.parameters = self.dense.parameters

    def loss(self, x, rng=None):
        return self.error.forward(self.dense.forward(x), x)

    def backward(self):
        self.dense.backward(self.error.backward())


class WithoutParts(Stranger):
    def __init__(self):
        super().__init__()
        del self.parts


class Spoken(Stranger):
    factor, n_inputs = 1.0, D

    def loss(self, x, rng=None):
        return self.factor * super().loss(x, rng)

    def second_opinion(self):
        return SecondOpinion(terms={"error": lambda seen: (self.dense.apply(seen.x), seen.x)})


@pytest.mark.parametrize("kind", [Stranger, WithoutParts])
def test_a_strangers_model_is_inconclusive_with_the_reason(kind):
    model = kind()
    before = [parameter.value.copy() for parameter in model.parameters]
    report = ae.check_meaning(model, X)
    assert report.verdict == "inconclusive"
    assert codes(report) == {("no-second-opinion", "inconclusive")}
    assert f"{kind.__name__} has no second opinion" in str(report)
    assert {look.part for look in report.looks} == ({"dense", "error"} if kind is Stranger else set())
    for parameter, value in zip(model.parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)
        assert parameter.value.dtype == value.dtype
    assert "dtype" not in vars(model)


def test_a_stranger_that_has_a_second_opinion_passes_or_fails_by_it():
    right = Spoken()
    assert ae.check_meaning(right).verdict == "pass"
    right.tied = True  # which says nothing of an encoder and a decoder
    assert ae.check_meaning(right).verdict == "pass"
    wrong = Spoken()
    wrong.factor = 2.0
    report = ae.check_meaning(wrong)
    assert report.verdict == "fail"
    assert "the term error is counted twice" in str(report)


def test_a_wrong_part_of_a_stranger_is_a_fail():
    class Unscaled(ae.SquaredError):
        def forward(self, x_hat, x):
            return 2 * super().forward(x_hat, x)

    model = Stranger()
    model.parts["error"] = model.error = Unscaled()
    assert ae.check_meaning(model, X).verdict == "fail"


class WithoutDecoder(ae.Autoencoder):
    """Inherits an opinion about a decoder that it doesn't have."""

    def build(self, rng):
        super().build(rng)
        self.square = Square()
        del self.decoder

    @property
    def parameters(self):
        return self.encoder.parameters

    @property
    def parts(self):
        return {**dict(self.encoder.named("encoder")), "square": self.square, "reconstruction": self.reconstruction}

    def loss(self, x, rng=None):
        x = self.as_batch(x)
        return self.reconstruction.forward(self.square.forward(self.encoder.forward(x)), x)

    def backward(self):
        self.encoder.backward(self.square.backward(self.reconstruction.backward()))


class LateDecoder(WithoutDecoder):
    """The same, where the opinion shows only when it is asked what a term is of."""

    def second_opinion(self):
        return SecondOpinion(terms={"reconstruction": lambda seen: (self.decoder.apply(seen.x), seen.x)})


class LateDecoderInherited(LateDecoder):
    def build(self, rng):
        super().build(rng)
        self.cube = Cube()

    @property
    def parts(self):
        return {**super().parts, "cube": self.cube}


def test_an_inherited_opinion_that_raises_is_inconclusive():
    assert ae.check_gradients(WithoutDecoder([D, D], activation=ae.Tanh, rng=0), X).verdict == "pass"
    report = ae.check_meaning(WithoutDecoder([D, D], activation=ae.Tanh, rng=0), X)
    assert report.verdict == "inconclusive"
    assert "has a second opinion that raised AttributeError" in str(report)
    report = ae.check_meaning(LateDecoderInherited([D, D], activation=ae.Tanh, rng=0), X)
    assert report.verdict == "inconclusive"
    assert "loss raised AttributeError" in str(report)
    assert ae.check_meaning(LateDecoder([D, D], activation=ae.Tanh, rng=0), X).verdict == "fail"  # its own is wrong


# The house


def test_the_check_knows_no_models_class():
    folder = pathlib.Path(meaning.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("aescratch.models")]
        assert set(imported) <= {"aescratch.models.opinion"}, path.name
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        kinds = {name for name in ae.__all__ if "Autoencoder" in name or "Classifier" in name}
        assert not kinds & names, path.name
