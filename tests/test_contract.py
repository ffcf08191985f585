"""Models that are built on no class of ours: trained, checked, localised, traced, checkpointed and saved like ours."""

import functools

import numpy as np
import pytest

import aescratch as ae
from aescratch.foundations import recipes
from aescratch.foundations.parts import Part
from aescratch.programs import cli
from aescratch.training import contract


class Stranger:
    """An autoencoder from parts, with nothing but the three things that every model has."""

    def __init__(self, widths, dtype="float32", rng=None):
        self.widths, n_inputs, n_code = widths, widths[0], widths[1]
        rng = np.random.default_rng(rng)
        self.encoder, self.tanh = ae.Dense(n_inputs, n_code, dtype=dtype, rng=rng), ae.Tanh()
        self.decoder, self.error = ae.Dense(n_code, n_inputs, dtype=dtype, rng=rng), ae.SquaredError()
        for name, layer in (("encoder", self.encoder), ("decoder", self.decoder)):
            layer.W.name, layer.b.name = f"{name}.W", f"{name}.b"

    @property
    def parameters(self):
        return [*self.encoder.parameters, *self.decoder.parameters]

    def loss(self, x, rng=None):
        return self.error.forward(self.decoder.forward(self.tanh.forward(self.encoder.forward(x))), x)

    def backward(self):
        grad_h = self.decoder.backward(self.error.backward())
        self.encoder.backward(self.tanh.backward(grad_h))


class Named(Stranger):
    @property
    def parts(self):
        return {"encoder": self.encoder, "tanh": self.tanh, "decoder": self.decoder, "error": self.error}


class Classifying:
    """A softmax regression, whose loss takes labels."""

    def __init__(self, rng=None):
        self.dense, self.error = ae.Dense(5, 3, rng=rng), ae.SoftmaxCrossEntropy()
        self.parameters = self.dense.parameters

    def loss(self, x, labels, rng=None):
        return self.error.forward(self.dense.forward(x), labels)

    def backward(self):
        self.dense.backward(self.error.backward())


@recipes.register
class Saved(Named):
    def settings(self):
        return {"widths": self.widths}


def data(n=31, width=5):
    return np.random.default_rng(1).random((n, width), np.float32)


def values(model):
    return [parameter.value.copy() for parameter in model.parameters]


def assert_same(model, other):
    for a, b in zip(model.parameters, other.parameters, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


# Training


def test_it_is_trained_as_ours_is():
    model, ours = Stranger([5, 3], rng=0), ae.Autoencoder([5, 3], activation=ae.Tanh, rng=1)
    for parameter, mine in zip(ours.parameters, model.parameters, strict=True):
        parameter.value = mine.value
    options = {"epochs": 5, "batch_size": 7, "rng": 0, "validation": data(7)}
    history = ae.fit(model, data(), **options)
    assert history.loss == ours.fit(data(), **options).loss
    assert_same(model, ours)
    assert len(ae.fit(model, data(), epochs=3, optimizer=ae.SGD(0.1), validation=data(7), patience=2, rng=0)) == 3


def test_fit_of_our_models_is_the_same_function():
    one, other = ae.Autoencoder([5, 3], rng=0), ae.Autoencoder([5, 3], rng=0)
    assert ae.fit(one, data(), epochs=2, rng=0).loss == other.fit(data(), epochs=2, rng=0).loss
    assert_same(one, other)


def test_lbfgs_trains_it():
    pytest.importorskip("scipy")
    model = Stranger([5, 3], dtype="float64", rng=0)
    history = ae.fit(model, data(), epochs=20, optimizer=ae.LBFGS(), rng=0)
    assert history.loss[-1] < 0.5 * history.loss[0]


def test_its_data_are_checked():
    model = Stranger([5, 3], rng=0)
    before = values(model)
    with pytest.raises(ValueError, match="got 1 that are NaN"):
        ae.fit(model, np.where(np.arange(35).reshape(7, 5) == 3, np.nan, 1.0))
    with pytest.raises(TypeError, match="expected x to hold floats, got int"):
        ae.fit(model, np.ones((7, 5), int))
    with pytest.raises(TypeError, match=r"expected no labels, since Stranger\.loss takes none"):
        ae.fit(model, data(7), np.zeros(7, int))
    with pytest.raises(TypeError, match="in the validation data: expected x to hold floats"):
        ae.fit(model, data(7), validation=np.ones((7, 5), int))
    model.n_inputs = 5
    with pytest.raises(ValueError, match="expected x to have 5 columns"):
        ae.fit(model, data(7, width=3))
    for parameter, value in zip(model.parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


def test_float64_data_are_rounded_to_the_parameters_dtype():
    seen = []

    class Seeing(Stranger):
        def loss(self, x, rng=None):
            seen.append(x.dtype)
            return super().loss(x, rng)

    ae.fit(Seeing([5, 3], rng=0), data().astype(np.float64), epochs=1, rng=0)
    assert set(seen) == {np.dtype(np.float32)}


def test_labels_are_asked_for_by_the_loss_and_checked():
    model, labels = Classifying(rng=0), np.arange(31) % 3
    assert ae.fit(model, data(), labels, epochs=50, rng=0).loss[-1] < np.log(3) + 0.1
    with pytest.raises(TypeError, match="expected labels"):
        ae.fit(model, data())
    with pytest.raises(TypeError, match="array of integers, got float64"):
        ae.fit(model, data(), labels.astype(float))
    with pytest.raises(ValueError, match="expected one label per example"):
        ae.fit(model, data(), labels[:-1])
    with pytest.raises(ValueError, match="expected labels from 0"):
        ae.fit(model, data(), labels - 1)
    model.n_classes = 2
    with pytest.raises(ValueError, match="expected labels from 0 to 1"):
        ae.fit(model, data(), labels)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"loss": lambda self, x: 0.0}, TypeError, r"expected Other\.loss to take rng, got loss\(x\); write def loss"),
        ({"backward": None}, TypeError, "got Other without backward; a model of your own needs"),
        ({"parameters": ()}, TypeError, r"expected Other\.parameters to be a list of ae\.Parameter, with at least one"),
        ({"parameters": [np.ones(3)]}, TypeError, "to hold ae.Parameter objects, got ndarray"),
        ({"parameters": [ae.Parameter("W", np.ones(3)), ae.Parameter("W", np.ones(3))]}, ValueError, "'W' 2 times"),
        ({"parts": {"encoder": 3}}, TypeError, "to hold parts, such as layers and losses, got int as 'encoder'"),
    ],
)
@pytest.mark.parametrize("ask", [ae.fit, ae.check_gradients, ae.trace])
def test_what_is_no_model_is_answered_before_anything_changes(ask, change, error, text):
    model = type("Other", (Stranger,), change)([5, 3], rng=0)
    rng = np.random.default_rng(5)
    options = {"rng": rng} if ask is ae.fit else {}
    with pytest.raises(error, match=text):
        ask(model, data(7), **options)
    assert rng.bit_generator.state == np.random.default_rng(5).bit_generator.state


def test_a_class_and_other_things_are_answered():
    with pytest.raises(TypeError, match="got the class Stranger; make one first"):
        ae.fit(Stranger, data(7))
    with pytest.raises(TypeError, match="got int without loss, backward, parameters"):
        ae.fit(3, data(7))


def test_a_loss_that_is_no_number_is_answered_and_the_model_put_back():
    class Summed(Stranger):
        def loss(self, x, rng=None):
            return (super().loss(x) * np.ones(3, np.float32)).view()

    model = Summed([5, 3], rng=0)
    with pytest.raises(TypeError, match=r"expected Summed\.loss to return a number, got an array of shape \(3,\)"):
        ae.fit(model, data(), rng=0)
    assert_same(model, Stranger([5, 3], rng=0))


def test_divergence_puts_it_back_and_names_what_broke():
    model = Named([5, 3], rng=0)
    with pytest.raises(ae.TrainingDivergedError, match="is the first tensor that is NaN or infinite"):
        ae.fit(model, data(), batch_size=7, optimizer=ae.SGD(1e30), rng=0)
    assert_same(model, Stranger([5, 3], rng=0))


def test_its_own_generator_is_the_default_and_moves_on():
    one, other = Stranger([5, 3], rng=0), Stranger([5, 3], rng=0)
    one.rng, other.rng = np.random.default_rng(3), np.random.default_rng(3)
    assert ae.fit(one, data(), epochs=2).loss == ae.fit(other, data(), epochs=2).loss
    assert ae.fit(one, data(), epochs=2).loss != ae.fit(Stranger([5, 3], rng=0), data(), epochs=2, rng=8).loss


# Checkpoints and files


def test_resumed_is_uninterrupted(tmp_path):
    whole, part = Stranger([5, 3], rng=0), Stranger([5, 3], rng=0)
    ae.fit(whole, data(), epochs=5, batch_size=7, rng=0)
    ae.fit(part, data(), epochs=2, batch_size=7, rng=0, checkpoint=tmp_path / "run.npz")
    again = Stranger([5, 3], rng=0)
    assert len(ae.fit(again, data(), epochs=5, batch_size=7, rng=0, checkpoint=tmp_path / "run.npz")) == 5
    assert_same(again, whole)


def test_a_checkpoint_of_another_class_or_of_other_settings_is_refused(tmp_path):
    class Weighted(Stranger):
        def settings(self):
            return {"weight": self.weight, "activation": functools.partial(Squashed, 2.0), "noise": ae.MaskingNoise(0.1)}

    class Squashed(ae.Tanh):
        pass

    model, path = Weighted([5, 3], rng=0), tmp_path / "run.npz"
    model.weight = 0.5
    ae.fit(model, data(), epochs=2, rng=0, checkpoint=path)
    ae.fit(model, data(), epochs=3, rng=0, checkpoint=path)
    model.weight = 0.25
    with pytest.raises(ValueError, match=r"run\.npz differs in model"):
        ae.fit(model, data(), epochs=4, rng=0, checkpoint=path)
    with pytest.raises(ValueError, match=r"run\.npz differs in model"):
        ae.fit(Stranger([5, 3], rng=0), data(), epochs=4, rng=0, checkpoint=path)


def test_a_setting_that_a_variant_does_not_keep_is_named(tmp_path):
    class Losing(ae.Autoencoder):
        def __init__(self, widths, strength=1.0, **options):
            super().__init__(widths, **options)

    with pytest.raises(AttributeError, match=r"to keep its constructor's argument strength .* write self\.strength"):
        Losing([5, 3]).fit(data(), epochs=1, checkpoint=tmp_path / "run.npz")


def test_what_is_ours_is_identified_as_it_is_described():
    model = ae.SparseAutoencoder([5, 3], activation=functools.partial(ae.LeakyReLU, 0.2), rng=0)
    assert recipes.identify(model) == recipes.describe(model)


def test_a_registered_class_comes_back_from_a_file(tmp_path):
    model = Saved([5, 3], rng=0)
    model.rng = np.random.default_rng(3)
    ae.save(model, tmp_path / "model.npz")
    made = []

    @recipes.register
    class Saved2(Saved):
        def __init__(self, widths):
            super().__init__(widths)
            self.rng = np.random.default_rng(9)
            made.append(self)

    again = Saved2([5, 3])
    ae.save(again, tmp_path / "again.npz")
    again.rng.random()
    back = ae.load(tmp_path / "again.npz")
    assert back is made[-1]
    assert_same(back, again)
    assert back.rng.random() == np.random.default_rng(9).random()


def test_a_variant_of_the_users_own_is_saved_once_it_is_registered(tmp_path):
    class Centred(ae.Autoencoder):
        pass

    model = Centred([5, 3], rng=0)
    with pytest.raises(TypeError, match=r"Centred, which a file can't restore; write @ae\.register above"):
        model.save(tmp_path / "model.npz")
    ae.register(Centred)
    model.save(tmp_path / "model.npz")
    back = ae.load(tmp_path / "model.npz")
    assert type(back) is Centred
    assert_same(back, model)


def test_a_file_of_a_class_that_is_not_registered_is_refused_and_runs_nothing(tmp_path, monkeypatch):
    ae.save(Saved([5, 3], rng=0), tmp_path / "model.npz")
    monkeypatch.delitem(recipes._KNOWN, "Saved")
    with pytest.raises(ae.FileFormatError, match="expected the name of a class or function of aescratch, got 'Saved'"):
        ae.load(tmp_path / "model.npz")


def test_a_registered_name_is_nobody_elses():
    with pytest.raises(ValueError, match=r"got Autoencoder, which is aescratch\.models\.autoencoder\.Autoencoder"):
        ae.register(type("Autoencoder", (Stranger,), {}))
    with pytest.raises(TypeError, match="expected a class or a function with a name"):
        ae.register(lambda: None)
    assert ae.register(Saved) is Saved  # as a cell that is run again does


# Checks and traces


@pytest.mark.parametrize("kind", [Stranger, Named])
def test_it_is_checked_and_left_as_it_was(kind):
    model = kind([5, 3], rng=0)
    before = values(model)
    x = ae.example_fixture(model)
    report = ae.check_gradients(model, x)
    assert report.verdict == "pass", str(report)
    assert [tensor.name for tensor in report.tensors] == [parameter.name for parameter in model.parameters]
    for parameter, value in zip(model.parameters, before, strict=True):
        assert parameter.value.dtype == np.float32
        np.testing.assert_array_equal(parameter.value, value)


def test_one_with_labels_is_checked():
    model = Classifying(rng=0)
    model.n_classes = 3
    assert ae.check_gradients(model, *ae.example_fixture(model)).verdict == "pass"


def test_parameters_that_no_attribute_holds_are_put_back():
    inner = Stranger([5, 3], rng=0)

    class Hiding:
        parameters = property(lambda self: inner.parameters)
        loss, backward = staticmethod(inner.loss), staticmethod(inner.backward)

    before = values(inner)
    assert ae.check_gradients(Hiding(), data(7)).verdict == "pass"
    for parameter, value in zip(inner.parameters, before, strict=True):
        assert parameter.value.dtype == np.float32
        np.testing.assert_array_equal(parameter.value, value)


def test_what_is_wrong_in_it_is_localised_by_its_parts():
    class Wrong(Named):
        def backward(self):
            self.encoder.backward(self.decoder.backward(self.error.backward()))

    report = ae.check_gradients(Wrong([5, 3], rng=0), data(7))
    assert report.verdict == "fail"
    assert "the gradient from tanh is missing: tanh.backward is never called" in str(report)


@pytest.mark.parametrize("kind", [Stranger, Named])
def test_it_is_traced(kind):
    model, x = kind([5, 3], rng=0), data(3)
    step = ae.trace(model, x, optimizer=ae.SGD(0.1))
    model.loss(x)
    model.backward()
    gradients = {name: step[name].output for name in (each.name for each in step) if name.startswith("grad_")}
    for parameter in model.parameters:
        found = [g for g in gradients.values() if g.shape == parameter.shape and np.allclose(g, parameter.grad, atol=1e-5)]
        assert len(found) == 1, parameter.name


def test_a_loss_through_float_cannot_be_traced_and_says_so():
    class Plain(Stranger):
        def loss(self, x, rng=None):
            return float(super().loss(x))

    with pytest.raises(TypeError, match=r"leave out float\(\.\.\.\)"):
        ae.trace(Plain([5, 3], rng=0), data(3))
    assert ae.check_gradients(Plain([5, 3], rng=0), data(7)).verdict == "pass"


def test_what_a_model_does_not_say_holds_as_written():
    model = Stranger([5, 3], rng=0)
    assert contract.parts_of(model) == {}
    assert (contract.backend_of(model), contract.dtype_of(model)) == ("numpy", "float32")
    assert contract.rng_of(model) is None
    assert contract.generators_of(model) == {}
    assert contract.saved_parameters_of(model) == model.parameters
    assert (contract.n_inputs_of(model), contract.n_classes_of(model)) == (None, None)
    assert not contract.takes_labels(model)
    assert contract.takes_labels(Classifying())
    assert contract.loss_measures_progress(model)


def test_what_a_part_of_ones_own_returns_is_the_gradient_of_what_it_was_given():
    class Scale(Part):
        remembers = ("h",)

        def forward(self, h):
            self.h = h
            return h * 3.0

        def backward(self, grad_z):
            return grad_z * 3.0

    class Scaled(Named):
        def __init__(self, widths, rng=None):
            super().__init__(widths, rng=rng)
            self.scale = Scale()

        @property
        def parts(self):
            return {"encoder": self.encoder, "scale": self.scale, "decoder": self.decoder, "error": self.error}

        def loss(self, x, rng=None):
            return self.error.forward(self.decoder.forward(self.scale.forward(self.encoder.forward(x))), x)

        def backward(self):
            self.encoder.backward(self.scale.backward(self.decoder.backward(self.error.backward())))

    step = ae.trace(Scaled([5, 3], rng=0), data(3))
    compared = [operation for operation in step if operation.numeric is not None]
    assert len(compared) >= 6
    for operation in compared:
        np.testing.assert_allclose(operation.output, operation.numeric, rtol=1e-6, atol=2e-9)


def test_the_command_line_checks_it(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(
        "import aescratch as ae\n"
        "class Mine:\n"
        "    def __init__(self, n_inputs, n_outputs, rng=None):\n"
        "        self.dense, self.error = ae.Dense(n_inputs, n_outputs, rng=rng), ae.SoftmaxCrossEntropy()\n"
        "        self.n_classes = n_outputs\n"
        "    parameters = property(lambda self: self.dense.parameters)\n"
        "    def loss(self, x, labels, rng=None):\n"
        "        return self.error.forward(self.dense.forward(x), labels)\n"
        "    def backward(self):\n"
        "        self.dense.backward(self.error.backward())\n"
        "class Wrong(Mine):\n"
        "    def backward(self):\n"
        "        self.dense.backward(2 * self.error.backward())\n"
    )
    assert cli.main(["check", f"{path}:Mine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("gradient check of Mine, 7 examples")
    assert "pass: 36 of 36" in out
    assert cli.main(["check", f"{path}:Wrong"]) == 1


class Moded(Named):
    """A stranger with parts that act otherwise in training, one of them with state."""

    def __init__(self, widths, rng=None):
        super().__init__(widths, rng=rng)
        self.norm, self.dropout = ae.BatchNorm(widths[1]), ae.Dropout(0.3)
        self.norm.gamma.name, self.norm.beta.name = "norm.gamma", "norm.beta"

    @property
    def parameters(self):
        return [*self.encoder.parameters, *self.norm.parameters, *self.decoder.parameters]

    @property
    def parts(self):
        return {
            "encoder": self.encoder, "norm": self.norm, "tanh": self.tanh, "dropout": self.dropout,
            "decoder": self.decoder, "error": self.error,
        }  # fmt: skip

    def loss(self, x, rng=None):
        h = self.tanh.forward(self.norm.forward(self.encoder.forward(x)))
        return self.error.forward(self.decoder.forward(self.dropout.forward(h, np.random.default_rng(rng))), x)

    def backward(self):
        grad_h = self.dropout.backward(self.decoder.backward(self.error.backward()))
        self.encoder.backward(self.norm.backward(self.tanh.backward(grad_h)))


def test_its_parts_know_their_mode_and_keep_their_state(tmp_path):
    def state(model):
        return {name: buffer.value for name, buffer in contract.buffers_of(model).items()}

    whole, part, again = (Moded([5, 3], rng=0) for _ in range(3))
    started = state(whole)
    ae.fit(whole, data(), epochs=4, batch_size=8, rng=0, validation=data(7))
    ae.fit(part, data(), epochs=2, batch_size=8, rng=0, validation=data(7), checkpoint=tmp_path / "run.npz")
    ae.fit(again, data(), epochs=4, batch_size=8, rng=0, validation=data(7), checkpoint=tmp_path / "run.npz")
    assert_same(again, whole)
    for name, value in state(whole).items():
        assert (value != started[name]).any()
        np.testing.assert_array_equal(state(again)[name], value)
    assert not whole.dropout.in_training
    before = state(whole)
    for training in (False, True):
        assert ae.check_gradients(whole, data(7), training=training).verdict == "pass"
    assert len(ae.trace(whole, data(3)))
    for name, value in before.items():
        np.testing.assert_array_equal(state(whole)[name], value)


def test_a_registered_class_whose_default_no_file_knows_goes_on_from_its_checkpoint(tmp_path):
    class Squashed(ae.Tanh):
        pass

    @ae.register
    class Squashing(ae.Autoencoder):
        def __init__(self, widths, activation=Squashed, **options):
            super().__init__(widths, activation=activation, **options)

    for epochs in (2, 4):
        model = Squashing([5, 3], activation=ae.Tanh, rng=0)
        history = model.fit(data(), epochs=epochs, rng=0, checkpoint=tmp_path / "run.npz")
    assert len(history) == 4
