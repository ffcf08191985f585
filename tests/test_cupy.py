"""The GPU path without a GPU: everything again on a stand-in for CuPy, and the package compared with CuPy's manifest.

The stand-in computes with NumPy, so results must equal NumPy's bit for bit. It differs in what it refuses, and in that
it counts: kernels, waits and transfers are counted as on a GPU.
"""

import ast
import collections
import copy
import functools
import gc
import inspect
import pathlib
import pickle
import sys
from types import SimpleNamespace

import fakecupy
import numpy as np
import pytest
from fakecupy import MANIFEST, recording
from test_functions import PAIRS
from test_models import MODELS

import aescratch as ae
from aescratch import backend, functions, plots
from aescratch.foundations import streams
from aescratch.functions.formula import Term
from aescratch.inspection.gradcheck import coverage
from aescratch.inspection.recording import observed
from aescratch.programs import cli
from aescratch.training import contract

PACKAGE = pathlib.Path(ae.__file__).parent
N = 7
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])

OPTIMIZERS = {
    "sgd": lambda: ae.SGD(0.01),
    "momentum": lambda: ae.Momentum(ae.StepRate(0.01, every=1)),
    "nesterov": lambda: ae.Nesterov(ae.CosineRate(0.01)),
    "rmsprop": lambda: ae.RMSProp(),
    "adam": lambda: ae.Adam(),
    "adamw": lambda: ae.AdamW(),
}


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    """The stand-in, in CuPy's place."""
    monkeypatch.setitem(sys.modules, "cupy", fakecupy.cupy)
    return fakecupy.cupy


def make(name, **options):
    """A model whose biases aren't zero, so that no unit sits at a kink."""
    model = MODELS[name](**{"dtype": "float64", "rng": 0, **options})
    r = np.random.default_rng(1)
    for parameter in model.parameters:
        if len(parameter.shape) == 1:
            parameter.value = parameter.value + r.normal(0, 0.3, parameter.shape)
    return model


def pair(name, **options):
    """The same model twice: on the host, and on the device."""
    return make(name, **options), make(name, **options).to("cupy")


def test_a_strangers_model_moves_with_its_buffers():
    norm = ae.BatchNorm(3, dtype="float64")
    norm.running_mean.value = np.array([2.0, 3.0, 5.0])
    model = SimpleNamespace(parameters=norm.parameters, parts={"norm": norm})
    assert contract.moved(model, "cupy") is model
    assert_equal(norm.running_mean.value, [2.0, 3.0, 5.0])
    assert_equal(norm.gamma.value, [1.0, 1.0, 1.0])
    contract.moved(model, "numpy")
    assert type(norm.running_mean.value) is np.ndarray
    np.testing.assert_array_equal(norm.running_mean.value, [2.0, 3.0, 5.0])


def data(model, seed=7, n=N):
    return np.random.default_rng(seed).random((n, model.widths[0]))


def assert_equal(device, host):
    """Assert that a device array holds the host's numbers, to the last bit and in the same type."""
    assert type(device) is fakecupy.ndarray
    host = np.asarray(host)
    assert device.dtype == host.dtype
    np.testing.assert_array_equal(device.get(), host)


def assert_same_model(device, host):
    assert device.backend == "cupy"
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert a.name == b.name
        assert_equal(a.value, b.value)
    assert list(device.buffers) == list(host.buffers)
    for a, b in zip(device.buffers.values(), host.buffers.values(), strict=True):
        assert_equal(a.value, b.value)


def assert_same_history(a, b):
    assert a.loss == b.loss
    assert all(type(loss) is float for loss in a.loss)
    assert (a.validation_loss, a.best_epoch, a.stopped) == (b.validation_loss, b.best_epoch, b.stopped)


every_variant = pytest.mark.parametrize("name", MODELS)
both_types = pytest.mark.parametrize("dtype", ["float64", "float32"])


# One pass


@both_types
@every_variant
def test_a_pass_is_numpys_bit_for_bit(cupy, name, dtype):
    host, device = pair(name, dtype=dtype)
    x = data(host).astype(dtype)
    assert_equal(device.loss(cupy.asarray(x), rng=3), host.loss(x, rng=3))
    host.backward()
    device.backward()
    assert_same_model(device, host)
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert_equal(a.grad, b.grad)


@every_variant
def test_switched_off_a_pass_starts_no_kernel_of_ours_and_is_numpys_bit_for_bit(cupy, name, monkeypatch):
    monkeypatch.setattr(backend.passes, "biased", None)  # which adds a bias in an activation's kernel
    host, device = pair(name)
    x = data(host)
    host.loss(x, rng=3)
    host.backward()
    with backend.as_written(), recording() as seen:
        device.loss(cupy.asarray(x), rng=3)
        device.backward()
    written = {kernel for kernel in seen.names("launch") if kernel in functions.AS_WRITTEN or kernel.startswith("biased_")}
    assert all(hasattr(np, kernel) for kernel in written), "all are CuPy's own, such as tanh"
    for a, b in zip(device.parameters, host.parameters, strict=True):
        assert_equal(a.grad, b.grad)


@every_variant
def test_a_pass_from_the_models_own_noise_too(cupy, name):
    host, device = pair(name)
    for _ in range(2):
        assert_equal(device.loss(cupy.asarray(data(host))), host.loss(data(host)))


@every_variant
def test_codes_and_reconstructions(cupy, name):
    host, device = pair(name, dtype="float32")
    x = data(host).astype("float32")
    code = host.encode(x)
    assert_equal(device.encode(cupy.asarray(x)), code)
    assert_equal(device.decode(cupy.asarray(code)), host.decode(code))
    assert_equal(device.reconstruct(cupy.asarray(x)), host.reconstruct(x))


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith(("variational", "importance", "wasserstein"))])
def test_samples(name):
    host, device = pair(name, dtype="float32")
    assert_equal(device.sample(5, rng=0), host.sample(5, rng=0))
    assert_equal(device.sample(5), host.sample(5))


@every_variant
def test_printing_a_model_asks_the_device_nothing(name):
    model = make(name).to("cupy")
    with recording() as seen:
        assert "float64 on cupy" in str(model)
    assert seen.events == []


# Training


@pytest.mark.in_turn
@both_types
@every_variant
def test_training_is_numpys_bit_for_bit(name, dtype):
    host, device = pair(name, dtype=dtype)
    options = {"epochs": 3, "batch_size": 4, "rng": 0}
    assert_same_history(device.fit(data(host), **options), host.fit(data(host), **options))
    assert_same_model(device, host)


def test_training_with_more_batches_than_are_gathered_at_once():
    host, device = pair("vanilla relu")
    x = data(host, n=83)  # 42 batches, the last of one example
    histories = [model.fit(x, epochs=2, batch_size=2, rng=0) for model in (host, device)]
    assert_same_history(*histories)
    assert_same_model(device, host)


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer, clip_norm):
    host, device = pair("denoising gaussian", dtype="float32")
    for model in (host, device):
        rule = OPTIMIZERS[optimizer]()
        rule.clip_norm = clip_norm
        model.fit(data(host), epochs=3, batch_size=3, rng=0, optimizer=rule)
    assert_same_model(device, host)


def test_lbfgs():
    host, device = pair("vanilla tanh")
    histories = [model.fit(data(host), epochs=4, optimizer=ae.LBFGS()) for model in (device, host)]
    assert_same_history(*histories)
    assert_same_model(device, host)


def test_early_stopping_goes_back_to_the_best_epoch():
    host, device = pair("variational")
    options = {"epochs": 30, "optimizer": ae.SGD(0.3), "validation": data(host, 8), "patience": 2, "rng": 0}
    histories = [model.fit(data(host), **options) for model in (device, host)]
    assert histories[0].stopped == "early"
    assert_same_history(*histories)
    assert_same_model(device, host)


def test_a_diverging_loss_is_found_on_the_device_and_leaves_the_last_good_epoch():
    host, device = pair("vanilla gelu", dtype="float32")
    messages = []
    for model in (host, device):
        with pytest.raises(ae.TrainingDivergedError) as caught:
            model.fit(data(host), epochs=50, optimizer=ae.SGD(1e6), rng=0)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert_same_model(device, host)


def test_values_that_break_after_the_last_loss_are_noticed(monkeypatch):
    def rule(self, v, *_):
        v[3] = np.inf

    monkeypatch.setattr(ae.SGD, "rule", rule)
    device = make("vanilla relu").to("cupy")
    with pytest.raises(ae.TrainingDivergedError, match=r"epoch 1, batch 1, encoder.W1.value is the first tensor"):
        device.fit(data(device), epochs=1, optimizer=ae.SGD(0.1))


@pytest.mark.parametrize("starts", ["cupy", "numpy"])
def test_a_checkpoint_of_one_goes_on_on_the_other(tmp_path, starts):
    options = {"batch_size": 3, "rng": 0, "validation": data(make("stacked"), 8), "patience": 5}
    whole = make("stacked")
    history = whole.fit(data(whole), epochs=5, **options)
    first, second = pair("stacked")[:: -1 if starts == "cupy" else 1]
    first.fit(data(whole), epochs=2, checkpoint=tmp_path / "run", **options)
    resumed = second.fit(data(whole), epochs=5, checkpoint=tmp_path / "run", **options)
    assert_same_history(resumed, history)
    for a, b in zip(second.parameters, whole.parameters, strict=True):
        np.testing.assert_array_equal(ae.to_numpy(a.value), b.value)


@pytest.mark.parametrize("name", ["stacked", "stacked tied"])
def test_pretraining(name):
    host, device = pair(name)
    for a, b in zip(*(m.pretrain(data(host), epochs=2, batch_size=3, rng=0) for m in (device, host)), strict=True):
        assert_same_history(a, b)
    assert_same_model(device, host)


@pytest.mark.parametrize("name", ["stacked", "k-sparse", "variational"])
@pytest.mark.parametrize("moves", ["before", "after"])
def test_a_classifier(cupy, tmp_path, name, moves):
    host = ae.SoftmaxClassifier(make(name), 3, weight_decay=0.1, rng=0)
    inner = make(name)
    device = ae.SoftmaxClassifier(inner.to("cupy") if moves == "before" else inner, 3, weight_decay=0.1, rng=0)
    if moves == "after":
        assert device.to("cupy") is device
    x = data(inner)
    x_device, labels = cupy.asarray(x), cupy.asarray(LABELS)
    options = {"epochs": 3, "batch_size": 3, "rng": 0}
    assert_same_history(
        device.fit(x, LABELS, validation=(x, LABELS), **options), host.fit(x, LABELS, validation=(x, LABELS), **options)
    )
    assert_same_model(device, host)
    assert_same_model(device.autoencoder, host.autoencoder)
    assert_equal(device.predict(x_device), host.predict(x))
    assert_equal(device.predict_probabilities(x_device), host.predict_probabilities(x))
    assert device.score(x_device, labels) == host.score(x, LABELS)
    assert_equal(device.loss(x_device, labels), host.loss(x, LABELS))
    assert str(ae.check_gradients(device, x, LABELS, mode="directional")) == str(ae.check_gradients(host, x, LABELS, mode="directional"))
    device.save(tmp_path / "device")
    assert_same_model(ae.load(tmp_path / "device").to("cupy"), host)
    with pytest.raises(TypeError, match="expected an array on cupy, where the model is, got one on numpy"):
        device.loss(x_device, LABELS)
    assert device.to("numpy").autoencoder.backend == "numpy"


# Gradient checks


# One of each structure, of which every entry is checked; of the others some of each tensor, the same on both.
EXHAUSTIVELY = {
    "vanilla gelu", "tied", "cross-entropy", "weight decay", "denoising masking", "sparse kl", "sparse l1 unit",
    "k-sparse relu", "contractive gelu", "stacked tied", "variational beta", "variational bernoulli", "sparse moving",
}  # fmt: skip


@pytest.mark.in_turn
@every_variant
def test_gradients_checked_on_the_device(monkeypatch, cupy, name):
    monkeypatch.setattr(coverage, "SAMPLES", 5)
    host, device = pair(name, dtype="float32")
    before = [parameter.value.get() for parameter in device.parameters]
    options = {"rng": 3, "mode": "exhaustive" if name in EXHAUSTIVELY else "sampled"}
    reports = [ae.check_gradients(model, data(host), **options) for model in (device, host)]
    assert reports[0].verdict == "pass"
    assert str(reports[0]) == str(reports[1])
    for a, b in zip(reports[0].tensors, reports[1].tensors, strict=True):
        np.testing.assert_array_equal(a.numeric, b.numeric)
    for parameter, value in zip(device.parameters, before, strict=True):
        assert_equal(parameter.value, value)


def test_a_wrong_gradient_is_found_on_the_device(monkeypatch):
    monkeypatch.setattr(functions, "relu_backward", lambda grad_y, a: grad_y * (a < 0))
    device = make("vanilla relu").to("cupy")
    assert ae.check_gradients(device, data(device), explain=False).verdict == "fail"


def test_a_pair_of_functions_is_checked_on_the_host(cupy):
    a = cupy.asarray(np.random.default_rng(0).normal(size=(7, 3)))
    with pytest.raises(TypeError, match=r"to_numpy"):
        ae.check_function(functions.tanh, functions.tanh_backward, {"a": a})


# Files and copies


@every_variant
def test_saved_on_one_and_loaded_on_the_other(tmp_path, name):
    host, device = pair(name)
    device.save(tmp_path / "device")
    host.save(tmp_path / "host")
    assert (tmp_path / "device").read_bytes() == (tmp_path / "host").read_bytes()
    assert_same_model(ae.load(tmp_path / "host").to("cupy"), host)


@pytest.mark.in_turn
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@every_variant
def test_copies_train_on_their_own(cupy, name, duplicate):
    host, device = pair(name)
    device.loss(cupy.asarray(data(host)), rng=0)
    other = duplicate(device)
    assert_same_model(other, host)
    other.fit(data(host), epochs=1, rng=0)
    assert_same_model(device, host)
    host.fit(data(host), epochs=1, rng=0)
    assert_same_model(other, host)


@every_variant
def test_there_and_back(cupy, name):
    host, device = pair(name)
    device.loss(cupy.asarray(data(host)), rng=0)
    assert device.to("numpy") is device
    assert device.backend == "numpy"
    for a, b in zip(device.parameters, host.parameters, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
    with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
        device.backward()
    device.loss(data(host))
    device.backward()


def test_figures_from_the_device_are_those_from_the_host(cupy):
    device = ae.VariationalAutoencoder([64, 8, 2], rng=0).to("cupy")
    denoising = ae.DenoisingAutoencoder([64, 3], rng=0).to("cupy")
    x, labels = np.random.default_rng(0).random((N, 64), np.float32), np.arange(N)

    def drawn(move, backend):
        model, denoiser = copy.deepcopy(device).to(backend), copy.deepcopy(denoising).to(backend)
        code = model.encode(move(x))
        axes = [
            plots.images(move(x), (8, 8)), plots.reconstructions(model, move(x), (8, 8)), plots.filters(model, (8, 8)),
            plots.latent_traversal(model, code[0], (8, 8), steps=3), plots.denoising_triples(denoiser, move(x), (8, 8)),
        ]  # fmt: skip
        pictures = [np.ma.filled(ax.get_images()[0].get_array(), 7) for ax in axes]
        points = [text.get_position() for text in plots.latent_map(code, move(labels)).texts]
        bars = [bar.get_height() for bar in plots.code_activity(code).patches]
        return [*pictures, points, bars]

    for there, here in zip(drawn(cupy.asarray, "cupy"), drawn(np.asarray, "numpy"), strict=True):
        assert np.size(here)
        np.testing.assert_array_equal(there, here)


@pytest.mark.in_turn
def test_the_command_line_trains_on_the_device(tmp_path, capsys):
    for name in ("numpy", "cupy"):
        command = f"train denoising digits --code 3 --epochs 1 --seed 0 --json --backend {name} --out {tmp_path / name}"
        with recording() as seen:
            assert cli.main(command.split()) == 0
        assert (seen.launches > 0) == (name == "cupy")
    assert (tmp_path / "cupy/model.npz").read_bytes() == (tmp_path / "numpy/model.npz").read_bytes()


# What doesn't mix


@pytest.mark.parametrize("door", ["loss", "encode", "decode", "reconstruct"])
def test_host_arrays_are_refused_by_a_model_on_the_device(door):
    device = ae.Autoencoder([3, 3], rng=0).to("cupy")
    with pytest.raises(TypeError) as caught:
        getattr(device, door)(np.ones((N, 3), np.float32))
    assert str(caught.value) == (
        "expected an array on cupy, where the model is, got one on numpy; move one of them: ae.to_numpy(x), "
        'cupy.asarray(x), or model.to("numpy")'
    )


@pytest.mark.parametrize("there", ["numpy", "cupy"])
@pytest.mark.parametrize("attribute", ["value", "grad"])
def test_assigning_an_array_of_the_other_library_is_refused(cupy, there, attribute):
    parameter = ae.Autoencoder([5, 3], rng=0).to(there).parameters[0]
    other = np.ones((5, 3)) if there == "cupy" else cupy.ones((5, 3))
    with pytest.raises(TypeError, match=r"^expected arrays of one library, NumPy or CuPy, got cupy.ndarray, numpy.ndarray"):
        setattr(parameter, attribute, other)


def on_device(cupy, value):
    return cupy.asarray(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", functions.FORMULAS)
def test_a_formula_computes_on_the_device_what_it_does_on_the_host(cupy, name):
    formula = functions.FORMULAS[name]
    inputs = formula.inputs(np.random.default_rng(0), 7, 5, 3)
    output = formula.forward(**inputs)
    upstream = np.random.default_rng(1).normal(size=np.shape(output))
    for function in (formula.forward, formula.backward):
        if function is None:
            continue
        given = {
            key: inputs[key] if key in inputs else upstream if key.startswith("grad_") else output
            for key in inspect.signature(function).parameters
        }
        host, device = function(**given), function(**{key: on_device(cupy, value) for key, value in given.items()})
        pairs = zip(*(each if isinstance(each, tuple) else (each,) for each in (host, device)), strict=True)
        for one, other in pairs:
            assert isinstance(other, cupy.ndarray)
            np.testing.assert_allclose(ae.to_numpy(other), one, rtol=1e-12)


def test_a_functions_mixed_arguments_are_refused_by_cupy_itself(cupy):
    with pytest.raises(TypeError, match=r"^Unsupported type <class 'numpy\.ndarray'>$"):
        functions.dense(cupy.ones((7, 5)), cupy.ones((5, 3)), np.ones(3))


@pytest.mark.parametrize("host_first", [True, False])
@pytest.mark.parametrize("name", ["relu_backward", "squared_error", "sigmoid_backward", "corrupt_backward"])
def test_mixed_arguments_of_a_formula_with_a_kernel_are_refused(cupy, name, host_first):
    arrays = [np.ones((N, 3)), cupy.ones((N, 3))]
    with pytest.raises(TypeError, match=r"^(expected arrays of one library, NumPy or CuPy, got cupy|Unsupported type <)"):
        getattr(functions, name)(*(arrays if host_first else arrays[::-1]))


# Those that need rows, as all terms of an objective do.
ALONE = {"dense", "linear", "frozen_dense", "prefix_dense", "unit_rows", "top_k", "batch_top_k", "silent_top_k", "batch_norm",
         "moving_kl_sparsity", "codebook_entries", "join_rows", "several_samples", "as_rows", "gaussian_log_likelihood",
         "bernoulli_log_likelihood"}  # fmt: skip
ALONE |= {name for name, formula in functions.FORMULAS.items() if isinstance(formula, Term)}


@pytest.mark.parametrize("name", sorted(set(PAIRS) - ALONE))
def test_a_formula_of_single_numbers_is_numpys(cupy, name):
    inputs = functions.FORMULAS[name].inputs(np.random.default_rng(0), 7, 5, 3)
    numbers = {key: np.asarray(value).ravel()[0] for key, value in inputs.items()}
    arguments = {key: cupy.asarray(value) if np.ndim(inputs[key]) else value for key, value in numbers.items()}
    assert_equal(getattr(functions, name)(**arguments), getattr(functions, name)(**numbers))
    backward = getattr(functions, f"{name}_backward")
    numbers |= {key: np.float64(0.7) for key in inspect.signature(backward).parameters if key not in numbers}
    numbers = {key: numbers[key] for key in inspect.signature(backward).parameters}
    device = {key: value if key == "alpha" else cupy.asarray(value) for key, value in numbers.items()}
    found, expected = backward(**device), backward(**numbers)
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    for one, other in pairs:
        assert_equal(one, other)


@pytest.mark.parametrize("name", ["squared_error", "squared_error_backward"])
def test_a_loss_of_single_numbers_fails_on_the_device_as_it_does_on_the_host(cupy, name):
    loss = getattr(functions, name)
    for number in (np.asarray(0.5), cupy.asarray(0.5)):
        with pytest.raises(IndexError):  # also what NumPy's AxisError is
            loss(number, number)


def test_fit_takes_host_data_and_device_data_alike(cupy):
    host, device = pair("vanilla relu")
    options = {"epochs": 2, "batch_size": 3, "rng": 0}
    host.fit(cupy.asarray(data(host)), **options)
    device.fit(cupy.asarray(data(host)), **options)
    assert_same_model(device, host)


@pytest.mark.parametrize("name", ["vanilla relu", "variational"])
def test_data_that_are_not_in_memory_train_alike_on_both(monkeypatch, name):
    host, device = pair(name)
    x = np.tile(data(host), (5, 1))
    monkeypatch.setattr(streams, "PIECE", 4 * x.shape[1])
    monkeypatch.setattr(streams, "BLOCK", 8 * x.shape[1])
    histories = [
        model.fit(ae.Stream(x), epochs=2, batch_size=3, rng=0, validation=ae.Stream(x), stop_when_hopeless=True)
        for model in (host, device)
    ]
    assert_same_model(device, host)
    np.testing.assert_allclose(histories[1].validation_loss, histories[0].validation_loss)
    assert histories[1].diagnosis.codes == histories[0].diagnosis.codes



# What a GPU would be asked for

# Kernels, products and copies of one training step in float32 with Adam, beside the gathering of batches, and the arrays
# it brings to the device: the noise, drawn on the host. Today's numbers, which may only fall.
PER_STEP = {
    "vanilla relu": (26, 0), "vanilla gelu": (26, 0), "vanilla gelu tanh": (26, 0), "vanilla sigmoid": (27, 0),
    "vanilla tanh": (25, 0), "vanilla leaky": (29, 0), "tied": (52, 0), "cross-entropy": (14, 0),
    "weight decay": (30, 0), "linear": (53, 0), "linear tied": (18, 0), "denoising gaussian": (27, 2),
    "denoising masking": (53, 2), "denoising salt": (15, 2), "sparse kl": (78, 0), "sparse kl tied": (41, 0),
    "sparse l1": (33, 0), "sparse l1 unit": (72, 0), "k-sparse": (77, 0), "k-sparse relu": (36, 0),
    "contractive": (36, 0), "contractive gelu": (41, 0), "contractive gelu tanh": (36, 0),
    "contractive tanh": (52, 0), "contractive relu": (36, 0), "contractive leaky": (37, 0),
    "contractive linear": (36, 0), "stacked": (56, 0), "stacked tied": (36, 0), "variational": (42, 1),
    "variational beta": (79, 1), "variational bernoulli": (31, 1), "denoising batch norm": (198, 5),
    "stacked batch norm": (176, 3), "sparse moving": (216, 0), "variational batch norm": (136, 3),
    "variational free bits": (87, 1), "importance-weighted bernoulli": (120, 1), "wasserstein tied": (104, 1),
    "contractive dropout": (38, 1), "denoising hidden": (60, 2), "vector-quantized": (98, 1),
    "vector-quantized moving": (216, 4), "vector-quantized tied": (64, 0), "adversarial": (232, 1),
    "k-sparse batch": (63, 0), "k-sparse auxiliary": (100, 0), "k-sparse batch auxiliary": (146, 1),
    "jump relu": (101, 0), "jump relu batch norm": (113, 1), "gated": (81, 0), "gated bernoulli": (72, 0),
    "matryoshka": (107, 0), "matryoshka bernoulli": (30, 0),
}  # fmt: skip


@functools.cache
def asked_for(name, batches, **options):
    """Record an epoch of so many batches of two examples, 16 of which are gathered at once."""
    model = MODELS[name](rng=0).to("cupy")
    with recording() as seen:
        model.fit(data(model, n=2 * batches), epochs=1, batch_size=2, rng=0, **options)
    return seen


@pytest.mark.in_turn
@pytest.mark.parametrize("name", sorted(set(MODELS) - set(PER_STEP)))
def test_a_step_of_a_default_never_waits(name):
    short, long = asked_for(name, 16), asked_for(name, 32)
    assert np.subtract(long.counts(), short.counts())[1] == 0


def test_what_a_step_asks_for_is_known_of_every_variant_that_is_listed():
    assert set(PER_STEP) == {name for name in MODELS if not name.endswith("as found")}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", PER_STEP)
def test_a_step_never_waits_and_asks_for_no_more_than_today(name):
    short, long = asked_for(name, 16), asked_for(name, 32)
    launches, waits, uploads = np.subtract(long.counts(), short.counts())
    assert waits == 0
    most_launches, most_uploads = PER_STEP[name]
    assert launches <= 16 * most_launches + 1
    assert uploads <= 16 * most_uploads


@pytest.mark.parametrize("activation", [ae.ReLU, ae.GELU])
def test_the_launches_of_one_step_of_a_deep_network(cupy, activation):
    """784-1000-500-250-30: a kernel for each product, activation, bias gradient, and the whole of Adam."""
    model = ae.Autoencoder([784, 1000, 500, 250, 30], activation=activation, rng=0).to("cupy")
    state, x = ae.Adam().start(model.parameters), cupy.asarray(data(model, n=2).astype(np.float32))
    with model.trusting_batches(), recording() as seen:
        model.loss(x)
        model.backward()
        state.step(1e-3)
    kernels = collections.Counter(seen.names("launch"))
    assert kernels.pop("matmul") == 23
    of_activations = {"biased_relu": 7, "relu_backward": 7} if activation is ae.ReLU else {"biased_gelu_and_slope": 7, "multiply": 7}
    assert kernels == {
        **of_activations, "sum": 8, "add": 1, "squared_error": 1, "mean": 1, "squared_error_backward": 1, "adapt": 1,
    }  # fmt: skip
    assert (seen.launches, seen.synchronisations, seen.uploads) == (50, 0, 0)


def test_a_formula_put_in_place_of_ours_is_called_on_the_device_too(monkeypatch):
    """What the layer before had ready was ours, so it isn't used."""
    calls = []

    def relu(a):
        calls.append(a)
        return a * (a > 0)

    monkeypatch.setattr(functions, "relu", relu)
    host, device = pair("vanilla relu")
    x = data(host)
    host.loss(x)
    once = len(calls)
    device.fit(x, epochs=1)
    assert len(calls) == 3 * once > 0  # the device's batch, and the model as it is left


def test_a_result_changed_on_its_way_is_what_the_activation_sees(cupy):
    """A perturbed pre-activation gives a perturbed code, though the kernel before had one ready."""
    device = make("vanilla tanh").to("cupy")
    x = cupy.asarray(data(device))
    before = device.loss(x)
    with observed(device, lambda call: call.result + 1.0 if call.name == "encoder.dense1" and call.which == "forward" else None):
        assert float(device.loss(x)) != float(before)
    assert_equal(device.loss(x), before.get())


def test_data_are_brought_once_and_the_device_is_asked_once_per_epoch_and_look():
    host, device = pair("vanilla relu")
    x = data(host, n=20)
    with recording() as seen:
        device.fit(x, epochs=5, batch_size=2, rng=0)
    looks = 2  # at the model as the first epoch and the last one leave it, on some of the rows
    assert seen.synchronisations == 5 + looks
    # the data, the order of the examples and the batches' sizes in each epoch, and which rows are looked at
    assert seen.uploads == 1 + 2 * 5 + looks
    with recording() as seen:
        device.fit(x, epochs=5, batch_size=2, rng=0, validation=x[:3])
    assert seen.synchronisations == 2 * 5 + looks
    assert seen.uploads == 2 + 2 * 5 + looks


def test_data_on_the_device_that_cross_entropy_is_not_for_are_refused_with_their_place_and_encoded(cupy):
    model, x = ae.Autoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), rng=0).to("cupy"), np.full((7, 5), 0.5, np.float32)
    x[6, 4] = 1.5
    with pytest.raises(ValueError, match=r"outside first in x\[6, 4\]"):
        model.loss(cupy.asarray(x))
    assert model.encode(cupy.asarray(x)).shape == (7, 3)


def test_labels_are_brought_once():
    model = ae.SoftmaxClassifier(MODELS["vanilla relu"](rng=0), 3, rng=0).to("cupy")
    with recording() as seen:
        model.fit(data(model.autoencoder), LABELS, epochs=5, batch_size=2, rng=0)
    assert (seen.synchronisations, seen.uploads) == (5 + 2, 2 + 2 * 5 + 2)


def test_pretraining_brings_the_data_once():
    device = MODELS["stacked"](rng=0).to("cupy")
    with recording() as seen:
        device.pretrain(data(device), epochs=2, batch_size=2, rng=0)
    # Two layers, each of which looks at its data once, and two epochs for each, after which the model is looked at.
    assert (seen.synchronisations, seen.uploads) == (2 * (1 + 2 + 2), 1 + 2 * 2 * (2 + 1))


@every_variant
def test_no_float64_in_a_float32_step(name):
    """Except for the distances of a Wasserstein code, whose terms cancel."""
    created = {dtype for _, dtype, _ in asked_for(name, 2).created}
    assert ("float64" in created) == name.startswith("wasserstein")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_float64_in_any_optimizer_beside_the_norm_that_clips(optimizer):
    created = asked_for("vanilla relu", 2, optimizer=OPTIMIZERS[optimizer]()).created
    assert "float64" not in {dtype for _, dtype, _ in created}
    rule = OPTIMIZERS[optimizer]()
    rule.clip_norm = 1.0
    doubles = [(name, shape) for name, dtype, shape in asked_for("vanilla relu", 2, optimizer=rule).created if dtype == "float64"]
    assert {name for name, shape in doubles if shape} <= {"square"}


def test_the_optimizer_takes_a_large_network_in_one():
    state = ae.SGD(0.1).start(ae.Autoencoder([784, 500], rng=0).to("cupy").parameters)
    with recording() as seen:
        state.step(0.1)
    assert seen.launches == 1


@pytest.mark.in_turn
def test_nothing_stays_on_the_device_that_nobody_holds():
    def arrays():
        gc.collect()
        return sum(type(thing) is fakecupy.ndarray for thing in gc.get_objects())

    before = arrays()
    model = make("variational").to("cupy")
    model.fit(data(model), epochs=2, rng=0)
    held = arrays()
    model.fit(data(model), epochs=7, rng=0)
    assert arrays() == held > before
    del model
    assert arrays() == before


# One sentence each that says what to do


def refused_move():
    model = ae.Autoencoder([5, 3], rng=0)
    before = [parameter.value.copy() for parameter in model.parameters]
    with pytest.raises(RuntimeError) as caught:
        model.to("cupy")
    assert model.backend == "numpy"
    for parameter, value in zip(model.parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)
    return str(caught.value)


def raises(error):
    def function(*args, **named):
        raise error

    return function


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert refused_move() == (
        "CuPy is not installed, so nothing can be moved to a GPU; install it with "
        'pip install "aescratch[cuda12]" or "aescratch[cuda13]", to match your driver, or stay on the CPU with '
        'model.to("numpy")'
    )


def test_with_a_cupy_that_cannot_be_imported(monkeypatch):
    text = "\n====\nCuPy is not correctly installed.\n\nOriginal error:\n  ..."
    monkeypatch.setattr(backend.arrays.importlib, "import_module", raises(ImportError(text)))
    assert refused_move() == (
        "CuPy is installed but can't be imported (ImportError: CuPy is not correctly installed); reinstall it with "
        'pip install --force-reinstall "aescratch[cuda12]" or "aescratch[cuda13]", to match your driver'
    )


@pytest.mark.parametrize("count", [lambda: 0, raises(RuntimeError("cudaErrorInsufficientDriver: ..."))])
@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        (
            lambda: 0,
            "CuPy is installed but finds no NVIDIA driver; install one, until nvidia-smi shows your GPU, or stay on the "
            'CPU with model.to("numpy")',
        ),
        (
            lambda: 11080,
            "CuPy is installed but the NVIDIA driver is too old for it, made for CUDA 11.8 and not 12.9; update the "
            'driver, or stay on the CPU with model.to("numpy")',
        ),
        (
            lambda: 12040,
            "CuPy is installed but finds no GPU; check with nvidia-smi, and CUDA_VISIBLE_DEVICES if it is set, or stay "
            'on the CPU with model.to("numpy")',
        ),
        (
            raises(RuntimeError("the driver does not answer")),
            'CuPy is installed but finds no GPU; check the driver with nvidia-smi, or stay on the CPU with model.to("numpy")',
        ),
    ],
    ids=["no driver", "old driver", "no device", "no answer"],
)
def test_without_a_gpu(cupy, monkeypatch, count, driver, expected):
    monkeypatch.setattr(cupy.cuda.runtime, "getDeviceCount", count)
    monkeypatch.setattr(cupy.cuda.runtime, "driverGetVersion", driver)
    assert refused_move() == expected
    with pytest.raises(RuntimeError) as caught:
        backend.move(np.zeros(3), "cupy")
    assert str(caught.value) == expected


def test_without_cudas_libraries(cupy, monkeypatch):
    monkeypatch.setattr(cupy, "matmul", raises(ImportError('Failure finding "libcublasLt.so.12": No such file')))
    assert refused_move() == (
        "CuPy finds a GPU but can't compute on it (ImportError: Failure finding \"libcublasLt.so.12\": No such file); "
        'CUDA\'s own libraries are probably missing: pip install "cupy-cuda12x[ctk]" or "cupy-cuda13x[ctk]", as '
        'installed, or stay on the CPU with model.to("numpy")'
    )


FULL = (
    "the GPU's memory is full (OutOfMemoryError: Out of memory allocating {} bytes (allocated so far: 0 bytes)); take a "
    'smaller batch_size or fewer examples, or stay on the CPU with model.to("numpy")'
)


def test_a_model_too_large_for_the_gpu_stays_where_it_is(monkeypatch):
    model = ae.Autoencoder([50, 30], dtype="float64", rng=0)
    monkeypatch.setattr(fakecupy.memory, "limit", 10_000)
    with pytest.raises(MemoryError) as caught:
        model.to("cupy")
    assert str(caught.value) == FULL.format("12,000")
    assert type(caught.value) is MemoryError
    assert model.backend == "numpy"
    model.fit(data(model), epochs=1)


def test_data_too_large_for_the_gpu(monkeypatch):
    model = ae.Autoencoder([50, 3], dtype="float64", rng=0).to("cupy")
    monkeypatch.setattr(fakecupy.memory, "limit", 10_000)
    with pytest.raises(MemoryError) as caught:
        model.fit(data(model, n=30))
    assert str(caught.value) == FULL.format("12,000")


def test_memory_that_runs_out_in_an_epoch_leaves_the_last_good_one(monkeypatch):
    host, device = pair("vanilla gelu")
    host.fit(data(host), epochs=1, batch_size=3, rng=0)
    real, calls = functions.squared_error_backward, []

    def scarce(x_hat, x):
        calls.append(1)
        if len(calls) == 5:  # three steps make an epoch
            raise fakecupy.OutOfMemoryError("Out of memory allocating 1 bytes (allocated so far: 0 bytes).")
        return real(x_hat, x)

    monkeypatch.setattr(functions, "squared_error_backward", scarce)
    with pytest.raises(MemoryError) as caught:
        device.fit(data(host), epochs=9, batch_size=3, rng=0)
    assert str(caught.value) == FULL.format("1")
    assert_same_model(device, host)


def test_the_cpus_own_memory_error_passes_as_it_is():
    error = MemoryError("Unable to allocate 7 EiB")
    with pytest.raises(MemoryError) as caught, backend.explained_out_of_memory():
        raise error
    assert caught.value is error


# What the package touches, held to the manifest of the real CuPy, by its text

HOST_ONLY = {"causes", "classroom", "datasets", "measures.py", "plots", "programs"}  # their arrays are NumPy's
SHEET = (*(f"functions/{family.__name__.rpartition('.')[2]}.py" for family in ae.functions.FAMILIES), "losses.py", "penalties.py")
OTHERS = {name for kind in (str, dict, list) for name in dir(kind)} | {"put", "take", "dumps"}  # called on what is no array


def gives_module(node):
    """Whether an expression is an array module."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "array_module"


def dotted(node, modules):
    """Return the names behind a module, so sqrt for xp.sqrt and array_module(x).sqrt; None for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return names if names and (gives_module(node) or (isinstance(node, ast.Name) and node.id in modules)) else None


def touched(tree):
    """Yield (line, kind, name, call) for every attribute of an array module, and every one that an array may have.

    The call is the node by which it is called, if it is.
    """
    modules = {"xp", "cupy"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and gives_module(node.value):
            modules |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr.startswith("__"):
            continue
        names = dotted(node, modules)
        if names and id(node) not in inner:
            yield node.lineno, "module", ".".join(names), calls.get(id(node))
        elif not names and hasattr(np.ndarray, node.attr) and not (isinstance(node.value, ast.Name) and node.value.id == "np"):
            yield node.lineno, "array", node.attr, calls.get(id(node))


def complaint(kind, name, call):
    """Return what the manifest has against a use, or None."""
    if kind == "array":
        if name in MANIFEST["attributes"]:
            return None
        if name not in MANIFEST["methods"]:
            return "no attribute of CuPy's arrays"
        return None if name in OTHERS else misfit(MANIFEST["methods"][name], call)
    module, _, last = name.rpartition(".")
    if module:
        return None if last in MANIFEST.get(module, ()) else "not in CuPy"
    if name in MANIFEST["ufuncs"]:
        keywords = set() if call is None else {keyword.arg for keyword in call.keywords}
        wrong = keywords - set(MANIFEST["ufunc_keywords"])
        return f"no keyword {wrong}" if wrong else None
    if name in MANIFEST["functions"]:
        return misfit(MANIFEST["functions"][name], call)
    return None if name in MANIFEST["names"] else "not in CuPy"


def misfit(signature, call):
    """Return why a call doesn't bind to a signature, or None."""
    if signature is None or call is None:
        return None
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    if starred or any(keyword.arg is None for keyword in call.keywords):
        return None
    try:
        inspect.signature(eval(f"lambda {signature[1:-1]}: 0")).bind(*call.args, **{k.arg: 0 for k in call.keywords})
    except TypeError as error:
        return str(error)
    return None


def complaints(source):
    for line, kind, name, call in touched(ast.parse(source)):
        if found := complaint(kind, name, call):
            yield f"line {line}: {name}: {found}"


def device_files():
    for path in sorted(PACKAGE.rglob("*.py")):
        if not HOST_ONLY.intersection(path.relative_to(PACKAGE).parts):
            yield path


def test_the_package_touches_only_what_cupy_has():
    found = [f"{path.name}, {text}" for path in device_files() for text in complaints(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "mistake",
    [
        "xp.errstate()", "array_module(x).vecdot(x, x)", "xp.sqrt(x, where=m)", "xp.clip(x, min=0)", "xp.sum(x, where=m)",
        "xp.max(x, initial=0)", "xp.zeros(3, device=0)", "m = array_module(x)\nm.take(x, i, mode='clip')",
        "x.sum(initial=0)", "x.argsort(stable=True)", "x.resize(3)", "x.ctypes", "x.cumsum(where=m)",
        "cupy.cuda.runtime.driverVersion()", "xp.linalg.vector_norm(x)", "log = array_module(x).logsumexp",
    ],
)  # fmt: skip
def test_the_check_finds_what_cupy_lacks(mistake):
    assert len(list(complaints(mistake))) == 1


@pytest.mark.in_turn
def test_the_check_sees_what_the_package_does():
    seen = {name for path in device_files() for _, _, name, _ in touched(ast.parse(path.read_text(encoding="utf-8")))}
    assert {"sqrt", "exp", "where", "concatenate", "asarray", "cuda.runtime.driverGetVersion", "astype", "reshape"} <= seen


@pytest.mark.parametrize("name", SHEET)
def test_the_sheet_does_not_know_numpy(name):
    imports = [node for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))) if isinstance(node, ast.Import)]
    assert "numpy" not in {alias.name for node in imports for alias in node.names}


# The stand-in itself


def test_the_stand_in_has_nothing_that_cupy_lacks(cupy):
    known = {name for kind in ("functions", "ufuncs", "names") for name in MANIFEST[kind]}
    assert {name for name in vars(cupy) if not name.startswith("_")} <= known
    assert {name for name in vars(cupy.cuda) if not name.startswith("_")} <= set(MANIFEST["cuda"])
    assert {name for name in vars(cupy.cuda.runtime) if not name.startswith("_")} <= set(MANIFEST["cuda.runtime"])
    assert {name for name in vars(cupy.cuda.memory) if not name.startswith("_")} <= set(MANIFEST["cuda.memory"])
    array = {name for name in vars(cupy.ndarray) if not name.startswith("_")}
    assert array <= set(MANIFEST["methods"]) | set(MANIFEST["attributes"])
    of_every_class = {"__weakref__", "__firstlineno__", "__static_attributes__"}  # the last two from Python 3.13 on
    operators = {name for name in vars(cupy.ndarray) if name.startswith("__")} - of_every_class
    assert operators <= set(MANIFEST["operators"]) | set(dir(object))


REFUSED = {
    "x + h": TypeError, "h + x": TypeError, "x @ h": TypeError, "h @ x": TypeError, "np.exp(x)": TypeError,
    "np.asarray(x)": TypeError, "np.float32(x[0, 0])": TypeError, "np.array_equal(x, x)": TypeError,
    "np.concatenate([x, x])": TypeError, "xp.concatenate([x, h])": TypeError, "xp.where(x > 0, x, h)": TypeError,
    "xp.sum(h)": TypeError, "xp.zeros_like(h)": TypeError, "xp.exp([1.0])": TypeError, "xp.sqrt(x, where=x > 0)": TypeError,
    "x.sum(where=x > 0)": TypeError, "xp.max(x, initial=0)": TypeError, "xp.clip(x, min=0)": TypeError,
    "xp.zeros(x[0, 0])": TypeError, "range(x[0, 0])": TypeError, "hash(x)": TypeError, "round(x[0, 0])": TypeError,
    "len(x[0, 0])": TypeError, "list(x[0, 0])": TypeError, "x.__setitem__(..., h)": ValueError,
    "x.__setitem__(0, [1, 2, 3])": ValueError, "h.__setitem__(..., x)": TypeError, "h[xp.arange(2)]": TypeError,
    "xp.errstate": AttributeError, "xp.vecdot": AttributeError, "x.ctypes": AttributeError, "x.resize(3)": AttributeError,
    "x[7]": IndexError, "x.__setitem__(xp.zeros(2, int), 1)": AssertionError,
}  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_the_stand_in_refuses(cupy, expression):
    names = {"xp": cupy, "np": np, "x": cupy.ones((4, 3)), "h": np.ones((4, 3))}
    with pytest.raises(REFUSED[expression]):
        eval(expression, names)


COUNTED = {  # launches, waits, uploads
    "x + 1": (1, 0, 0), "x.sum()": (1, 0, 0), "x @ x.T": (1, 0, 0), "x.T": (0, 0, 0), "x.reshape(-1)": (0, 0, 0),
    "x.T.reshape(-1)": (1, 0, 0), "x[1:]": (0, 0, 0), "x[xp.arange(2)]": (2, 0, 0), "x[h[:, 0] > 0]": (1, 1, 1),
    "x.astype('f4')": (1, 0, 0), "x.astype('f8', copy=False)": (0, 0, 0), "x.copy()": (1, 0, 0), "x.__iadd__(1)": (1, 0, 0),
    "x.__setitem__(0, 1)": (1, 0, 0), "float(x[0, 0])": (0, 1, 0), "bool(x.all())": (1, 1, 0), "x.get()": (0, 1, 0),
    "f'{x[0, 0]:.3g}'": (0, 1, 0), "print(x)": (0, 1, 0), "x.max().item()": (1, 1, 0), "xp.asarray(h)": (0, 0, 1),
    "xp.asnumpy(x)": (0, 1, 0), "xp.asarray(x)": (0, 0, 0), "xp.concatenate([x, x])": (2, 0, 0), "xp.empty(3)": (0, 0, 0),
    "xp.exp(x, out=x)": (1, 0, 0), "xp.nonzero(x)": (1, 1, 0), "if_ if (if_ := x[0, 0]) else 0": (0, 1, 0),
}  # fmt: skip


@pytest.mark.parametrize("expression", COUNTED)
def test_the_stand_in_counts(cupy, expression):
    names = {"xp": cupy, "x": cupy.ones((4, 3)), "h": np.ones((4, 3))}
    with recording() as seen:
        eval(expression, names)
    assert seen.counts() == COUNTED[expression]


def test_results_of_the_stand_in_are_device_arrays_and_fresh_memory_is_poison(cupy):
    x = cupy.ones((4, 3), np.float32)
    for thing in (x.sum(), x[0, 0], x.max(axis=0), cupy.sqrt(2.0), x == x, x.argmax(), np.float32(2) * x, 2 * x):
        assert type(thing) is cupy.ndarray
    assert (2.0 * x).dtype == np.float32
    assert (np.float64(2) * x).dtype == np.float64
    assert np.isnan(cupy.empty(3).get()).all()
    assert np.isnan(cupy.empty_like(x).get()).all()
    entry = x[1, 1]
    entry += 1  # a view, as on a device
    assert float(x[1, 1]) == 2
