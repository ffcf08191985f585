"""Every model, in every option that changes its formulas: gradients by two routes, structure, and refusals."""

import functools
import inspect
import threading

import numpy as np
import pytest
from numeric import N, assert_close, numeric_gradient

import aescratch as ae
from aescratch.foundations.declared import declaration_of
from aescratch.models import MODELS as KINDS
from aescratch.training import contract

SHALLOW, DEEP = [5, 3], [11, 5, 3]


def as_found(kind, rng=None, **options):
    """A small model of a class, of which nothing else is known."""
    widths = SHALLOW if kind.hidden_layers == "refused" else DEEP
    return kind(**{**kind.arguments_for(widths, rng=rng), **options})


def with_silent_units(model):
    """The model, some of whose units were silent for long."""
    model.silent.silent_for.value = np.array([20.0, 0, 30, 0, 40, 50, 5])
    return model


MODELS = {
    **{f"{kind.word} as found": functools.partial(as_found, kind) for kind in KINDS if not kind.takes_labels},
    "vanilla relu": lambda **o: ae.Autoencoder(DEEP, **o),
    "vanilla gelu": lambda **o: ae.Autoencoder(DEEP, activation=ae.GELU, **o),
    "vanilla gelu tanh": lambda **o: ae.Autoencoder(DEEP, activation=ae.GELUTanh, **o),
    "vanilla sigmoid": lambda **o: ae.Autoencoder(DEEP, activation=ae.Sigmoid, output_activation=ae.Sigmoid, **o),
    "vanilla tanh": lambda **o: ae.Autoencoder(DEEP, activation=ae.Tanh, code_activation=ae.Identity, **o),
    "vanilla leaky": lambda **o: ae.Autoencoder(DEEP, activation=functools.partial(ae.LeakyReLU, 0.2), **o),
    "tied": lambda **o: ae.Autoencoder(DEEP, activation=ae.GELU, tied=True, weight_decay=0.1, **o),
    "cross-entropy": lambda **o: ae.Autoencoder(SHALLOW, reconstruction=ae.BinaryCrossEntropy(), **o),
    "weight decay": lambda **o: ae.Autoencoder(SHALLOW, weight_decay=0.3, **o),
    "linear": lambda **o: ae.LinearAutoencoder(DEEP, weight_decay=0.1, **o),
    "linear tied": lambda **o: ae.LinearAutoencoder(SHALLOW, tied=True, **o),
    "denoising gaussian": lambda **o: ae.DenoisingAutoencoder(DEEP, ae.GaussianNoise(0.3), **o),
    "denoising masking": lambda **o: ae.DenoisingAutoencoder(DEEP, ae.MaskingNoise(0.3), tied=True, weight_decay=0.1, **o),
    "denoising salt": lambda **o: ae.DenoisingAutoencoder(
        SHALLOW, ae.SaltAndPepperNoise(0.3), reconstruction=ae.BinaryCrossEntropy(), **o
    ),
    "sparse kl": lambda **o: ae.SparseAutoencoder(DEEP, ae.KLSparsity(0.1, 0.7), weight_decay=0.1, **o),
    "sparse kl tied": lambda **o: ae.SparseAutoencoder(SHALLOW, ae.KLSparsity(0.1, 0.7), tied=True, **o),
    "sparse l1": lambda **o: ae.SparseAutoencoder(DEEP, ae.L1Sparsity(0.2), **o),
    "sparse l1 unit": lambda **o: ae.SparseAutoencoder(
        DEEP, ae.L1Sparsity(0.2), unit_norm_decoder=True, weight_decay=0.1, **o
    ),
    "k-sparse": lambda **o: ae.KSparseAutoencoder(DEEP, k=2, weight_decay=0.1, **o),
    "k-sparse relu": lambda **o: ae.KSparseAutoencoder(SHALLOW, k=1, code_activation=ae.ReLU, **o),
    "k-sparse batch": lambda **o: ae.KSparseAutoencoder(DEEP, k=2, batch=True, activation=ae.Tanh, **o),
    "k-sparse auxiliary": lambda **o: with_silent_units(
        ae.KSparseAutoencoder([5, 7], k=2, auxiliary=0.5, auxiliary_k=2, silent_after=10, weight_decay=0.1, **o)
    ),
    "k-sparse batch auxiliary": lambda **o: with_silent_units(
        ae.KSparseAutoencoder([5, 7], k=2, batch=True, auxiliary=0.3, silent_after=10, dropout=0.3, batch_norm=True, **o)
    ),
    "jump relu": lambda **o: ae.JumpReLUAutoencoder(DEEP, 0.3, theta=0.2, bandwidth=0.7, weight_decay=0.1, **o),
    "jump relu batch norm": lambda **o: ae.JumpReLUAutoencoder(
        SHALLOW, 0.3, bandwidth=3.0, code_activation=ae.ReLU, dropout=0.3, batch_norm=True, **o
    ),
    "gated": lambda **o: ae.GatedAutoencoder([5, 7], 0.3, weight_decay=0.1, **o),
    "gated bernoulli": lambda **o: ae.GatedAutoencoder(SHALLOW, 0.3, reconstruction=ae.BinaryCrossEntropy(), **o),
    "matryoshka": lambda **o: ae.MatryoshkaAutoencoder(
        [5, 7], prefixes=[2, 3, 7], code_activation=ae.Tanh, weight_decay=0.1, batch_norm=True, **o
    ),
    "matryoshka bernoulli": lambda **o: ae.MatryoshkaAutoencoder(SHALLOW, reconstruction=ae.BinaryCrossEntropy(), **o),
    "contractive": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, **o),
    "contractive gelu": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, code_activation=ae.GELU, tied=True, **o),
    "contractive gelu tanh": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, code_activation=ae.GELUTanh, **o),
    "contractive tanh": lambda **o: ae.ContractiveAutoencoder(
        SHALLOW, 0.4, code_activation=ae.Tanh, weight_decay=0.1, **o
    ),
    "contractive relu": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, code_activation=ae.ReLU, **o),
    "contractive leaky": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, code_activation=ae.LeakyReLU, **o),
    "contractive linear": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, code_activation=ae.Identity, **o),
    "stacked": lambda **o: ae.StackedAutoencoder(DEEP, activation=ae.Sigmoid, weight_decay=0.1, **o),
    "stacked tied": lambda **o: ae.StackedAutoencoder(DEEP, ae.MaskingNoise(0.3), activation=ae.GELU, tied=True, **o),
    "variational": lambda **o: ae.VariationalAutoencoder(DEEP, activation=ae.Tanh, **o),
    "variational beta": lambda **o: ae.VariationalAutoencoder(DEEP, beta=0.3, activation=ae.GELU, weight_decay=0.1, **o),
    "variational bernoulli": lambda **o: ae.VariationalAutoencoder(
        SHALLOW, reconstruction=ae.BinaryCrossEntropy(), **o
    ),
    "denoising batch norm": lambda **o: ae.DenoisingAutoencoder(
        DEEP, activation=ae.GELU, dropout=0.3, batch_norm=True, weight_decay=0.1, **o
    ),
    "stacked batch norm": lambda **o: ae.StackedAutoencoder(
        DEEP, activation=ae.Sigmoid, tied=True, dropout=0.3, batch_norm=True, **o
    ),
    "sparse moving": lambda **o: ae.SparseAutoencoder(
        DEEP, ae.KLSparsity(0.1, 0.7, momentum=0.3), unit_norm_decoder=True, batch_norm=True, **o
    ),
    "variational batch norm": lambda **o: ae.VariationalAutoencoder(
        DEEP, activation=ae.Tanh, dropout=0.3, batch_norm=True, **o
    ),
    "variational free bits": lambda **o: ae.VariationalAutoencoder(
        DEEP, activation=ae.GELU, free_bits=0.1, warm_up=7, variance="fitted", **o
    ),
    "importance-weighted bernoulli": lambda **o: ae.ImportanceWeightedAutoencoder(
        SHALLOW, 2, reconstruction=ae.BinaryCrossEntropy(), weight_decay=0.1, **o
    ),
    "wasserstein tied": lambda **o: ae.WassersteinAutoencoder(DEEP, 3.0, activation=ae.GELU, tied=True, **o),
    "contractive dropout": lambda **o: ae.ContractiveAutoencoder(SHALLOW, 0.4, dropout=0.3, **o),
    "denoising hidden": lambda **o: ae.DenoisingAutoencoder(
        DEEP, ae.MaskingNoise(0.6), loss_on="hidden", activation=ae.Tanh, weight_decay=0.1, **o
    ),
    "vector-quantized": lambda **o: ae.VectorQuantizedAutoencoder(DEEP, 4, 3, activation=ae.GELU, weight_decay=0.1, **o),
    "vector-quantized moving": lambda **o: ae.VectorQuantizedAutoencoder(
        DEEP, 4, beta=0.7, moving_average=0.3, activation=ae.Tanh, dropout=0.3, batch_norm=True, **o
    ),
    "vector-quantized tied": lambda **o: ae.VectorQuantizedAutoencoder(DEEP, 4, restart=0.0, tied=True, **o),
    "adversarial": lambda **o: ae.AdversarialAutoencoder(
        DEEP, 0.4, n_hidden=2, activation=ae.GELU, weight_decay=0.1, batch_norm=True, **o
    ),
}  # fmt: skip


def batch(model, seed=7):
    return np.random.default_rng(seed).random((N, model.widths[0]))


@pytest.fixture(params=MODELS)
def model(request):
    """A float64 model whose biases aren't zero, so that no unit sits at a symmetric point."""
    made = MODELS[request.param](dtype="float64", rng=0)
    r = np.random.default_rng(1)
    for parameter in made.parameters:
        if len(parameter.shape) == 1:
            parameter.value = parameter.value + r.normal(0, 0.3, parameter.shape)
    return made


def derivatives(model, x, *, training):
    """The parameters whose gradient is the derivative: what passes a declared part is compared by its rule instead."""
    if not any(declaration_of(part.backward) for part in model.parts.values()):
        return model.parameters
    report = ae.check_gradients(model, x, rng=3, mode="directional", training=training)
    by_rule = {tensor.name for tensor in report.tensors if tensor.rule}
    found = [parameter for parameter in model.parameters if parameter.name not in by_rule]
    # What is held constant for silent units depends on all parameters; tests of sparse variants compare their gradients.
    assert bool(found) != (isinstance(model, ae.KSparseAutoencoder) and model.auxiliary > 0)
    return found


def test_gradients_equal_central_differences(model):
    x = batch(model)
    model.loss(x, rng=3)
    model.backward()
    gradients = {parameter.name: parameter.grad.copy() for parameter in model.parameters}
    for parameter in derivatives(model, x, training=False):
        assert_close(gradients[parameter.name], numeric_gradient(lambda: model.loss(x, rng=3), parameter.value))


@pytest.mark.in_turn
def test_gradients_of_training_mode_equal_central_differences(model):
    x = batch(model)
    with contract.training(model, frozen=True):
        model.loss(x, rng=3)
        model.backward()
        parameters = derivatives(model, x, training=True)
        model.loss(x, rng=3)
        model.backward()
        gradients = [parameter.grad.copy() for parameter in parameters]
        numeric = [numeric_gradient(lambda: model.loss(x, rng=3), parameter.value) for parameter in parameters]
    largest = max((np.abs(gradient).max() for gradient in numeric), default=0.0)
    for gradient, difference in zip(gradients, numeric, strict=True):
        # a bias before a normalisation has gradient 0, which has no scale of its own
        np.testing.assert_allclose(gradient, difference, rtol=0, atol=5e-8 * largest)


@pytest.mark.in_turn
@pytest.mark.parametrize("training", [False, True])
def test_the_checker_passes(model, training):
    report = ae.check_gradients(model, batch(model), rng=3, training=training)
    assert report.verdict == "pass", str(report)
    assert [tensor.name for tensor in report.tensors] == [parameter.name for parameter in model.parameters]


def twins(name):
    """The same model in float32 and in float64."""
    return tuple(MODELS[name](dtype=dtype, rng=0) for dtype in ("float32", "float64"))


@pytest.mark.parametrize("name", MODELS)
def test_a_seed_draws_the_same_noise_in_float32_and_in_float64(name):
    single, double = twins(name)
    x = batch(double)
    assert float(single.loss(x, rng=3)) == pytest.approx(float(double.loss(x, rng=3)), rel=1e-5)
    assert float(single.loss(x)) == pytest.approx(float(double.loss(x)), rel=1e-5)  # from their own generators
    assert single.rng.bit_generator.state == double.rng.bit_generator.state
    for few, many in zip(getattr(single, "stack", list)(), getattr(double, "stack", list)(), strict=True):
        h = np.random.default_rng(4).random((N, few.encoder.layers[0].W.shape[0]))
        assert float(few.loss(h, rng=3)) == pytest.approx(float(many.loss(h, rng=3)), rel=1e-5)


@pytest.mark.parametrize("name", ["denoising gaussian", "variational"])
def test_a_float32_training_is_that_of_its_float64_twin_rounded(name):
    histories = [model.fit(batch(model), epochs=3, batch_size=3, rng=0) for model in twins(name)]
    assert histories[0].loss == pytest.approx(histories[1].loss, rel=1e-5)


def test_samples_of_a_float32_model_are_those_of_its_float64_twin_rounded():
    single, double = twins("variational")
    samples = single.sample(5, rng=3)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, double.sample(5, rng=3), rtol=1e-4, atol=1e-6)


def test_a_second_backward_gives_the_same(model):
    model.loss(batch(model), rng=3)
    model.backward()
    once = [parameter.grad.copy() for parameter in model.parameters]
    model.backward()
    for parameter, gradient in zip(model.parameters, once, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_looking_at_codes_between_loss_and_backward_disturbs_nothing(model):
    x = batch(model)
    model.loss(x, rng=3)
    model.backward()
    once = [parameter.grad.copy() for parameter in model.parameters]
    model.loss(x, rng=3)
    model.decode(2 * model.encode(batch(model, seed=8)[:2]))
    model.reconstruct(batch(model, seed=9))
    model.backward()
    for parameter, gradient in zip(model.parameters, once, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_backward_without_loss_says_what_to_do(model):
    with pytest.raises(RuntimeError, match=r"expected a forward pass before backward\(\).*call loss\(x\) of the model"):
        model.backward()


def test_parameters_lie_in_one_flat_buffer_encoder_first(model):
    buffers = {id(parameter.buffer) for parameter in model.parameters}
    assert len(buffers) == 1
    starts = [parameter.start for parameter in model.parameters]
    assert starts == sorted(starts)
    assert model.parameters[-1].start + model.parameters[-1].size == model.n_parameters
    names = [parameter.name for parameter in model.parameters]
    assert len(set(names)) == len(names)
    assert names.index("decoder.b1") > max(i for i, name in enumerate(names) if not name.startswith("decoder"))


def test_print_shows_layers_shapes_and_objective(model):
    text = str(model)
    assert type(model).__name__ in text
    assert f"{model.n_parameters:,} parameters, float64 on numpy" in text
    assert str(model.widths[0]) in text
    assert f"objective: {'bound' if 'bound' in model.parts else 'reconstruction'}" in text
    assert all(name in text for name in model.parts)


def test_shapes_of_code_and_reconstruction(model):
    x = batch(model)
    assert model.encode(x).shape == (N, model.widths[-1])
    assert model.decode(model.encode(x)).shape == x.shape
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(model.encode(x)))


def test_settings_make_the_same_model_again(model):
    again = type(model)(**model.settings(), rng=0)
    assert repr(again) == repr(model)


def test_default_objects_are_not_shared_between_models():
    a, b = ae.Autoencoder(SHALLOW), ae.Autoencoder(SHALLOW)
    assert a.reconstruction is not b.reconstruction
    c, d = ae.DenoisingAutoencoder(SHALLOW), ae.DenoisingAutoencoder(SHALLOW)
    assert c.corruption is not d.corruption
    sparsity = ae.KLSparsity(0.1, 1.0)
    assert ae.SparseAutoencoder(SHALLOW, sparsity).sparsity is not sparsity


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.takes_labels], ids=lambda kind: kind.word)
def test_the_gradients_of_what_takes_labels(kind):
    model = as_found(kind, rng=0)
    x, labels = ae.example_fixture(model)
    for parameter in model.parameters:
        if len(parameter.shape) == 1:
            parameter.value = np.random.default_rng(1).normal(0, 0.3, parameter.shape)
    report = ae.check_gradients(model, x, labels)
    assert report.verdict == "pass", str(report)
    assert model.predict(x.astype(np.float32)).shape == (len(x),)
    assert 0 <= model.score(x.astype(np.float32), labels) <= 1


def test_the_classifiers_gradients():
    for autoencoder in (MODELS["stacked tied"], MODELS["variational"], MODELS["k-sparse"]):
        base = autoencoder(dtype="float64", rng=0)
        classifier = ae.SoftmaxClassifier(base, 3, weight_decay=0.1, rng=0)
        x, labels = batch(base), np.array([0, 1, 2, 0, 1, 2, 0])
        base.loss(x, rng=0)
        base.backward()  # leaves gradients in the shared weights, which the classifier must not add to
        classifier.loss(x, labels)
        classifier.backward()
        gradients = [parameter.grad.copy() for parameter in classifier.parameters]
        for parameter, gradient in zip(classifier.parameters, gradients, strict=True):
            assert_close(gradient, numeric_gradient(lambda: classifier.loss(x, labels), parameter.value))
        report = ae.check_gradients(classifier, x, labels)
        assert report.verdict == "pass", str(report)


@pytest.mark.parametrize("name", ["stacked", "stacked tied"])
def test_the_layers_of_a_stack_are_checked_too(name):
    model = MODELS[name](dtype="float64", rng=0)
    x = batch(model)
    for layer in model.stack():
        report = ae.check_gradients(layer, x)
        assert report.verdict == "pass", str(report)
        assert all(any(p is q for q in model.parameters) for p in layer.parameters)
        x = layer.encoder.apply(x)


def test_pretraining_changes_each_layer_in_turn():
    model = MODELS["stacked"](dtype="float64", rng=0)
    x = batch(model)
    before = [p.value.copy() for p in model.parameters]
    histories = model.pretrain(x, epochs=3, rng=0)
    assert [len(history) for history in histories] == [3, 3]
    assert all((p.value != old).any() for p, old in zip(model.parameters, before, strict=True))
    assert all(history.loss[-1] < history.loss[0] for history in histories)


def test_an_interrupted_pretraining_doesnt_go_on_to_the_next_layer(monkeypatch):
    model = MODELS["stacked"](rng=0)
    before = [p.value.copy() for p in model.parameters]

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ae.SquaredError, "backward", interrupt)
    histories = model.pretrain(batch(model), epochs=3, rng=0)
    assert [history.stopped for history in histories] == ["interrupted"]
    assert all((p.value == old).all() for p, old in zip(model.parameters, before, strict=True))


DEFAULT_CODES = {
    "vanilla relu": ae.ReLU,
    "vanilla gelu": ae.GELU,
    "sparse kl": ae.Sigmoid,
    "sparse l1": ae.ReLU,
    "contractive": ae.Sigmoid,
    "k-sparse": ae.TopK,
    "vanilla tanh": ae.Dense,
    "linear": ae.Dense,
}


@pytest.mark.parametrize("name", DEFAULT_CODES)
def test_the_codes_activation_by_default(name):
    assert type(MODELS[name](rng=0).encoder.layers[-1]) is DEFAULT_CODES[name]


REFUSED = [
    (lambda: ae.Autoencoder([64]), ValueError, r"expected widths from input to code as a list, such as \[64, 32\], got \[64\]"),
    (lambda: ae.Autoencoder(64), ValueError, r"expected widths from input to code"),
    (lambda: ae.Autoencoder([64, 0]), ValueError, r"expected each width to be an integer of at least 1, got 0"),
    (lambda: ae.Autoencoder([64, 3.5]), TypeError, r"expected each width to be an integer of at least 1, got 3.5"),
    (lambda: ae.Autoencoder(SHALLOW, activation="relu"), TypeError, r"expected activation to be a class"),
    (lambda: ae.Autoencoder(SHALLOW, code_activation=ae.ReLU()), TypeError, r"expected code_activation to be a class"),
    (lambda: ae.Autoencoder(SHALLOW, activation=ae.Dense), TypeError, r"expected activation to be a class"),
    (lambda: ae.Autoencoder(SHALLOW, activation=ae.Layer), TypeError, r"expected activation to be a class"),
    (lambda: ae.Autoencoder(SHALLOW, initializer="xavier"), TypeError, r"expected initializer to be a function such as"),
    (
        lambda: ae.Autoencoder(SHALLOW, initializer=lambda n_in, n_out, rng: np.zeros((n_out, n_in))),
        ValueError,
        r"expected initializer to return finite weights of shape \(5, 3\), got shape \(3, 5\)",
    ),
    (
        lambda: ae.Autoencoder(SHALLOW, initializer=lambda n_in, n_out, rng: np.full((n_in, n_out), np.nan)),
        ValueError,
        r"got numbers that aren't finite",
    ),
    (lambda: ae.Autoencoder(SHALLOW, tied="no"), TypeError, r"expected tied to be True or False, got 'no'"),
    (lambda: ae.Autoencoder(SHALLOW, reconstruction=ae.SoftmaxCrossEntropy()), TypeError, r"expected reconstruction to be"),
    (
        lambda: ae.Autoencoder(SHALLOW, code_activation=functools.partial(ae.TopK, 9)).loss(np.zeros((7, 5))),
        ValueError,
        r"expected at least k = 9 units",
    ),
    (lambda: ae.Autoencoder(SHALLOW, output_activation=np.tanh), TypeError, r"expected output_activation to be a class"),
    (lambda: ae.Autoencoder(SHALLOW, reconstruction="mse"), TypeError, r"expected reconstruction to be a loss such as"),
    (lambda: ae.Autoencoder(SHALLOW, weight_decay=-1), ValueError, r"expected weight_decay to be a number of at least 0"),
    (lambda: ae.Autoencoder(SHALLOW, dtype="float16"), ValueError, r'expected dtype "float32" or "float64"'),
    (lambda: ae.Autoencoder(SHALLOW, actvation=ae.ReLU), TypeError, r"unexpected keyword argument 'actvation'"),
    (
        lambda: ae.Autoencoder(SHALLOW, reconstruction=ae.BinaryCrossEntropy(), output_activation=ae.Sigmoid),
        ValueError,
        r"expected no output_activation with BinaryCrossEntropy, whose decoder emits logits",
    ),
    (lambda: ae.LinearAutoencoder(SHALLOW, activation=ae.ReLU), TypeError, r"unexpected keyword argument 'activation'"),
    (lambda: ae.DenoisingAutoencoder(SHALLOW, 0.3), TypeError, r"expected a corruption such as"),
    (lambda: ae.SparseAutoencoder(SHALLOW, 0.3), TypeError, r"expected sparsity to be ae.KLSparsity"),
    (
        lambda: ae.SparseAutoencoder(SHALLOW, ae.KLSparsity(0.1, 1.0), code_activation=ae.ReLU),
        ValueError,
        r"expected a sigmoid code for KLSparsity.*use L1Sparsity\(weight\)",
    ),
    (
        lambda: ae.SparseAutoencoder(SHALLOW, ae.L1Sparsity(1.0), unit_norm_decoder=True, tied=True),
        ValueError,
        r"expected tied=False with unit_norm_decoder",
    ),
    (lambda: ae.KSparseAutoencoder(SHALLOW, k=4), ValueError, r"expected k to be an integer of at least 1 and at most 3"),
    (lambda: ae.ContractiveAutoencoder(DEEP), ValueError, r"expected one hidden layer for the contractive penalty"),
    (
        lambda: ae.ContractiveAutoencoder(SHALLOW, code_activation=functools.partial(ae.TopK, 2)),
        TypeError,
        r"expected a code_activation with a slope",
    ),
    (lambda: ae.VariationalAutoencoder(DEEP, tied=True), TypeError, r"expected neither tied nor code_activation"),
    (lambda: ae.VariationalAutoencoder(DEEP, code_activation=ae.ReLU), TypeError, r"expected neither tied nor code_"),
    (lambda: ae.VariationalAutoencoder(DEEP, beta=-1), ValueError, r"expected beta to be a number of at least 0"),
    (
        lambda: ae.DenoisingAutoencoder(SHALLOW, ae.GaussianNoise(0.3), loss_on="hidden"),
        ValueError,
        r"expected a corruption that hides entries for loss_on=\"hidden\", such as ae.MaskingNoise\(0.75\), got Gaus",
    ),
    (
        lambda: ae.DenoisingAutoencoder(
            SHALLOW, ae.MaskingNoise(0.3), loss_on="hidden", reconstruction=ae.BinaryCrossEntropy()
        ),
        ValueError,
        r"expected SquaredError\(\) with loss_on=\"hidden\"",
    ),
    (lambda: ae.DenoisingAutoencoder(SHALLOW, loss_on="seen"), ValueError, r'expected loss_on to be "all" or "hidden"'),
    (lambda: ae.VectorQuantizedAutoencoder(SHALLOW, 0), ValueError, r"expected n_codes to be an integer of at least 1"),
    (lambda: ae.VectorQuantizedAutoencoder(SHALLOW, n_vectors=2), ValueError, r"expected n_vectors to divide the code's"),
    (lambda: ae.VectorQuantizedAutoencoder(SHALLOW, beta=-1), ValueError, r"expected beta to be a number of at least 0"),
    (lambda: ae.VectorQuantizedAutoencoder(SHALLOW, restart=1), ValueError, r"expected restart to be a number of at"),
    (lambda: ae.VectorQuantizedAutoencoder(SHALLOW, moving_average=0), ValueError, r"expected moving_average to be a"),
    (lambda: ae.AdversarialAutoencoder(SHALLOW, -1), ValueError, r"expected weight to be a number of at least 0"),
    (lambda: ae.AdversarialAutoencoder(SHALLOW, n_hidden=0), ValueError, r"expected n_hidden to be an integer of at"),
    (lambda: ae.SoftmaxClassifier("stack", 3), TypeError, r"expected an autoencoder of this package, got 'stack'"),
    (lambda: ae.SoftmaxClassifier(ae.Autoencoder(SHALLOW), 1), ValueError, r"expected n_classes to be an integer of at"),
    (
        lambda: ae.StackedAutoencoder(DEEP).pretrain(np.zeros((7, 11)), patience=3),
        ValueError,
        r"expected no patience in pretrain",
    ),
]


@pytest.mark.parametrize(("make", "error", "text"), REFUSED)
def test_what_makes_no_model_is_refused_in_one_sentence(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize(("widths", "k"), [([5, 7, 3], 3), ([5, 3, 7], 7), ([5, 3, 7, 2], 2)])
def test_k_is_at_most_the_codes_width_however_wide_the_layers_before_it(widths, k):
    assert (ae.KSparseAutoencoder(widths, k=k, rng=0).encode(np.ones((2, 5), np.float32)) != 0).sum(axis=1).max() <= k
    with pytest.raises(ValueError, match=f"expected k to be an integer of at least 1 and at most {k}, got {k + 1}"):
        ae.KSparseAutoencoder(widths, k=k + 1)


def test_a_linear_autoencoder_is_otherwise_the_vanilla_one():
    vanilla = inspect.signature(ae.Autoencoder).parameters
    for name, parameter in inspect.signature(ae.LinearAutoencoder).parameters.items():
        assert repr(parameter.default) == repr(vanilla[name].default), name
    names = [parameter.name for parameter in ae.LinearAutoencoder([5, 3]).parameters]
    assert names == ["encoder.W1", "encoder.b1", "decoder.W1", "decoder.b1"]


class Mixing(ae.Layer):
    """y = x M, by a layer of somebody else's."""

    remembers = ("x",)

    def __init__(self, width, decays):
        self.M = ae.Parameter("M", np.random.default_rng(0).normal(size=(width, width)), decays)

    @property
    def parameters(self):
        return [self.M]

    def apply(self, x):
        return x @ self.M.value

    def forward(self, x):
        self.x = x
        return self.apply(x)

    def backward(self, grad_y):
        self.M.grad = self.x.T @ grad_y
        return grad_y @ self.M.value.T


def mixing(decays, **options):
    class MixingAutoencoder(ae.Autoencoder):
        def code_layers(self):
            return [*super().code_layers(), Mixing(self.widths[-1], decays)]

    return MixingAutoencoder(SHALLOW, activation=ae.Tanh, rng=0, **options)


@pytest.mark.parametrize("decays", [True, False])
def test_a_layer_of_ones_own_says_whether_its_matrix_decays(decays):
    model = mixing(decays, weight_decay=0.3, dtype="float64")
    W, V = (layer.layers[0].W.value for layer in (model.encoder, model.decoder))
    M = model.encoder.layers[-1].M.value
    x = batch(model)
    without = mixing(decays, dtype="float64").loss(x)
    expected = 0.15 * sum((weights**2).sum() for weights in ([W, M, V] if decays else [W, V]))
    assert model.loss(x) - without == pytest.approx(expected)
    assert ae.check_gradients(model, x).verdict == "pass"
    (decay,) = [look for look in ae.check_meaning(model, x).looks if look.part == "decay"]
    assert decay.verdict == "pass"


def test_a_matrix_that_nobody_spoke_for_is_no_trouble_without_weight_decay():
    model = mixing(None, dtype="float64")
    assert ae.check_gradients(model, batch(model)).verdict == "pass"
    assert not [look for look in ae.check_meaning(model, batch(model)).looks if look.verdict == "fail"]
    with pytest.raises(ValueError, match=r"^expected every matrix to say .* but encoder\.M2 doesn't; create it with ae\.Para"):
        mixing(None, weight_decay=0.3)


def test_a_saved_classifier_keeps_the_whole_autoencoder(tmp_path):
    for name in ("stacked tied", "variational", "vanilla gelu"):
        base = MODELS[name](dtype="float64", rng=0)
        classifier = ae.SoftmaxClassifier(base, 3, rng=1)
        x = batch(base)
        classifier.save(tmp_path / "c.npz")
        again = ae.load(tmp_path / "c.npz")
        np.testing.assert_array_equal(again.autoencoder.reconstruct(x), base.reconstruct(x))
        np.testing.assert_array_equal(again.predict_probabilities(x), classifier.predict_probabilities(x))
        assert again.autoencoder.loss(x) == base.loss(x)  # its noise goes on where it was


def test_another_thread_is_checked_while_fit_trusts_its_batches(monkeypatch):
    model, seen = ae.Autoencoder(SHALLOW, rng=0), []
    right = ae.SquaredError.forward

    def look(self, x_hat, x):
        def encode():
            try:
                model.encode(np.full((1, 5), np.nan, np.float32))
            except ValueError as error:
                seen.append(str(error))

        if not seen:
            thread = threading.Thread(target=encode)
            thread.start()
            thread.join()
        return right(self, x_hat, x)

    monkeypatch.setattr(ae.SquaredError, "forward", look)
    model.fit(batch(model), epochs=1, rng=0)
    assert "expected finite numbers in x" in seen[0]


def test_a_layer_of_a_stack_draws_from_the_stacks_own_generator():
    losses = [
        ae.StackedAutoencoder(DEEP, ae.GaussianNoise(0.5), rng=3).stack()[0].loss(batch(MODELS["stacked"](rng=0)))
        for _ in range(2)
    ]
    assert losses[0] == losses[1]


def test_the_layers_of_a_stack_refuse_what_a_model_refuses():
    layer = ae.StackedAutoencoder(DEEP, rng=0).stack()[1]
    with pytest.raises(ValueError, match="expected finite numbers in x"):
        layer.loss(np.full((7, 5), np.nan))
    with pytest.raises(ValueError, match="expected x to have 5 columns"):
        layer.fit(np.zeros((7, 11)))
    assert repr(layer).startswith("StackLayer(Sequential([Dense(5, 3)")


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.ma.masked_array(np.zeros((7, 5)), mask=np.eye(7, 5)), "expected x to be a plain array, got a masked one"),
        (np.ma.masked_array(np.zeros((7, 5))), "fill or drop the masked entries first"),
    ],
)
def test_masked_data_are_refused(x, text):
    with pytest.raises(TypeError, match=text):
        ae.Autoencoder(SHALLOW).loss(x)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_numpy_matrix_is_taken_as_the_array_it_holds():
    model, x = ae.Autoencoder([5, 5], rng=0), np.random.default_rng(0).random((5, 5))
    assert model.loss(np.matrix(x)) == model.loss(x)


def test_predict_refuses_what_is_no_batch():
    classifier = ae.SoftmaxClassifier(ae.Autoencoder(SHALLOW, rng=0), 3, rng=0)
    with pytest.raises(TypeError, match="expected x to be an array of floats, got list"):
        classifier.predict([[0.0] * 5])


def test_a_classifier_takes_data_that_only_the_decoders_loss_would_refuse():
    base = ae.Autoencoder(SHALLOW, reconstruction=ae.BinaryCrossEntropy(), rng=0)
    assert ae.SoftmaxClassifier(base, 3, rng=0).predict(np.full((2, 5), -3.0)).shape == (2,)
