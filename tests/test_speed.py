"""Code for speed is separate: it changes no number, can be switched off as a whole, and makes way for exercises."""

import contextlib
import functools
import os
import subprocess
import sys

import numpy as np
import pytest

import aescratch as ae
from aescratch import backend, functions
from aescratch.backend import passes, switch
from aescratch.layers import Layer
from aescratch.models import MODELS

pytestmark = pytest.mark.usefixtures("numpy_alone")  # compiled formulas: test_compiled.py
N, D, H = 7, 5, 3
LARGE = 67_003  # more than a block


def model_of(kind, activation=ae.GELU, **options):
    if kind is ae.SoftmaxClassifier:
        return kind(model_of(ae.Autoencoder, activation), 2, rng=1)
    if kind.hidden_layers != "refused":
        options["widths"] = [13, 11, 5]
    arguments = kind.arguments_for([13, 5], rng=0) | options
    return kind(**arguments) if kind is ae.LinearAutoencoder else kind(**arguments, activation=activation)


def trained(model):
    x = np.random.default_rng(3).random((29, 13)).astype(np.float32)
    labels = (np.random.default_rng(4).integers(0, 2, len(x)),) if model.takes_labels else ()
    history = model.fit(x, *labels, epochs=3, batch_size=11, rng=5)
    return [np.array(history.loss), *(parameter.value.copy() for parameter in model.parameters)]


@pytest.mark.parametrize("activation", [ae.GELU, functools.partial(ae.LeakyReLU, 0.1)])
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_switched_off_every_variant_trains_to_the_same_bits(kind, activation):
    fast = trained(model_of(kind, activation))
    with backend.as_written():
        slow = trained(model_of(kind, activation))
    for first, second in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("optimizer", [ae.SGD(0.1), ae.Momentum(0.1), ae.Nesterov(0.1), ae.RMSProp(), ae.Adam(), ae.AdamW()])
def test_switched_off_an_optimizer_moves_to_the_same_bits(optimizer):
    rng, moved = np.random.default_rng(0), []
    start, grads = rng.normal(size=LARGE), rng.normal(size=(3, LARGE))
    for fast in (True, False):
        parameter = ae.Parameter("W", start)
        with contextlib.nullcontext() if fast else backend.as_written():
            state = optimizer.start([parameter])
            for grad in grads:
                parameter.grad = grad
                state.step(0.01)
        moved.append(parameter.value)
    np.testing.assert_array_equal(*moved)


def test_switched_off_a_formula_is_evaluated_in_one_piece():
    lengths = []

    @backend.elementwise
    def watched(a):
        lengths.append(a.size)
        return a + 1

    a = np.zeros((1, LARGE))
    watched(a)
    assert lengths == [backend.BLOCK, LARGE - backend.BLOCK]
    lengths.clear()
    with backend.as_written():
        watched(a)
    assert lengths == [LARGE]


def test_switched_off_the_layers_take_the_passes_that_their_files_show():
    x = np.random.default_rng(0).random((N, D))
    model = ae.Autoencoder([D, H], activation=ae.GELU, dtype="float64", rng=0)
    with backend.as_written():
        model.loss(x)
        grad_x = model.encoder.backward(np.ones((N, H)))
        assert "kept_slope" not in vars(model.encoder.layers[1])
    assert grad_x.shape == x.shape
    model.loss(x)
    assert model.encoder.backward(np.ones((N, H))) is None
    assert "kept_slope" in vars(model.encoder.layers[1])


def test_the_switch_goes_back_after_an_error():
    def fail():
        with backend.as_written(), backend.as_written():
            assert not backend.is_fast()
            raise ZeroDivisionError

    assert backend.is_fast()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert backend.is_fast()


def test_blocks_of_two_threads_that_overlap_leave_the_switch_as_it_was():
    first, second = backend.as_written(), backend.as_written()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not backend.is_fast()
    second.__exit__(None, None, None)
    assert backend.is_fast()


def test_the_environment_starts_with_the_switch_off():
    code = "import aescratch as ae; print(ae.backend.is_fast())"
    for value, expected in (("1", "False"), ("", "True")):
        environment = {**os.environ, "AESCRATCH_AS_WRITTEN": value}
        found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == expected


def replaced_methods():
    """Every method of a layer of the package that has a stand-in, by its class and name."""
    found = {}
    classes = [Layer]
    for kind in classes:
        of_a_module = [(each, sys.modules.get(each.__module__)) for each in kind.__subclasses__()]
        classes += [each for each, module in of_a_module if getattr(module, each.__name__, None) is each]
        for name, method in vars(kind).items():
            closure = getattr(method, "__closure__", None) or ()
            if any(cell.cell_contents in vars(passes).values() for cell in closure if callable(cell.cell_contents)):
                found[kind.__name__, name] = method
    return found


def test_what_has_a_stand_in_is_known():
    # A new one belongs into the tests of this file.
    on_gpu = {(name, "forward") for name in ("ReLU", "GELUTanh", "Sigmoid", "Tanh")}
    assert set(replaced_methods()) == {
        ("Dense", "forward"), ("Dense", "backward"), ("GELU", "forward"), ("GELU", "backward"), *on_gpu
    }  # fmt: skip


@pytest.mark.parametrize("name", ["dense", "dense_backward", "gelu", "gelu_backward"])
def test_a_function_in_the_sheets_place_is_called_by_the_pass_that_is_written(name, monkeypatch):
    x, right, calls = np.random.default_rng(0).random((N, D)), getattr(functions, name), []
    model = ae.Autoencoder([D, H], activation=ae.GELU, dtype="float64", rng=0)
    monkeypatch.setattr(functions, name, lambda *given: calls.append(name) or right(*given))
    model.loss(x)
    model.backward()
    assert len(calls) == 1 + name.startswith("dense")  # two dense layers, and one activation between them


def test_a_gelu_with_an_apply_of_its_own_is_what_forward_computes():
    class Steeper(ae.GELU):
        def apply(self, a):
            return 10 * super().apply(a)

    a = np.random.default_rng(0).normal(size=(N, H))
    np.testing.assert_array_equal(Steeper().forward(a), 10 * ae.GELU().forward(a))


def test_a_backward_that_is_put_there_after_forward_is_called(monkeypatch):
    a, layer = np.random.default_rng(0).normal(size=(N, H)), ae.GELU()
    layer.forward(a)
    monkeypatch.setattr(functions, "gelu_backward", lambda grad_y, a: 5 * grad_y)
    np.testing.assert_array_equal(layer.backward(a), 5 * a)


@pytest.mark.parametrize("shape", [(H,), (N, 1), (1, N, H)])
def test_an_upstream_of_another_shape_is_refused_as_the_written_pass_does(shape):
    layer = ae.Dense(D, H, dtype="float64", rng=0)
    layer.forward(np.ones((N, D)))
    before, errors = layer.W.grad.copy(), []
    for off in (False, True):
        with backend.as_written() if off else contextlib.nullcontext(), pytest.raises(ValueError) as caught:  # noqa: PT011
            layer.backward(np.ones(shape))
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    np.testing.assert_array_equal(layer.W.grad, before)


def test_floats_of_two_types_are_added_as_the_written_pass_does():
    layer, rng = ae.Dense(D, H, dtype="float64", rng=0), np.random.default_rng(0)
    layer.forward(rng.random((997, D), np.float32))
    grad_y, found = rng.random((997, H), np.float32), []
    for off in (False, True):
        with backend.as_written() if off else contextlib.nullcontext():
            layer.backward(grad_y)
        found.append([layer.W.grad.copy(), layer.b.grad.copy()])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_a_parameter_without_entries_is_no_matter():
    for off in (False, True):
        with backend.as_written() if off else contextlib.nullcontext():
            ae.SGD(0.1).start([ae.Parameter("W", np.zeros(0))]).step(0.1)


def test_a_slope_of_an_earlier_pass_is_not_taken_for_a_later_one(monkeypatch):
    rng = np.random.default_rng(0)
    first, second, upstream = rng.normal(size=(3, N, H))
    layer, right = ae.GELU(), functions.gelu
    layer.forward(first)
    with monkeypatch.context() as patch:
        patch.setattr(functions, "gelu", lambda a: right(a))
        layer.forward(second)
    np.testing.assert_array_equal(layer.backward(upstream), functions.gelu_backward(upstream, second))
    layer.forward(first)
    layer.forward(a=second)
    np.testing.assert_array_equal(layer.backward(upstream), functions.gelu_backward(upstream, second))
    layer.forward(first)
    with backend.as_written():
        layer.forward(second)
    np.testing.assert_array_equal(layer.backward(upstream), functions.gelu_backward(upstream, second))


def test_a_product_goes_straight_into_the_gradient():
    model, x = ae.Autoencoder([D, H], dtype="float64", rng=0), np.ones((N, D))
    layer = model.decoder.layers[0]
    model.loss(x)
    grad_y, assigned = model.reconstruction.backward(), []
    ours = passes.dense_backward(layer, grad_y)
    np.testing.assert_array_equal(ours, grad_y @ layer.W.value.T)
    parameter = type(layer.W)
    setter = parameter.grad.fset
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameter, "grad", property(parameter.grad.fget, lambda self, new: assigned.append(self.name) or setter(self, new)))
        layer.backward(grad_y)
        assert assigned == []
        with switch.as_written():
            layer.backward(grad_y)
        assert assigned == ["decoder.W1", "decoder.b1"]
