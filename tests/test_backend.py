"""The backend: erf compared with SciPy's, formulas in blocks compared with whole ones, and the device of an array.

There is no GPU here. Where a message needs a CuPy array, a stand-in module takes CuPy's place.
"""

import functools
import inspect
import sys
import types

import numpy as np
import pytest
import scipy.special

import aescratch as ae
from aescratch import backend, functions
from aescratch.backend import BLOCK, batch_mean, batch_size, elementwise, erf, move

# erf


def grid(dtype):
    """All of the line: steps near 0, every binade down to the denormals and up to the largest number, both signs."""
    info = np.finfo(dtype)
    near = np.linspace(-8, 8, 200_001)
    binades = np.ldexp(np.ones(1)[:, None], np.arange(info.minexp - info.nmant, info.maxexp)).ravel()
    x = np.concatenate([near, binades, 1.37 * binades[:-1], [info.max, info.tiny, info.smallest_subnormal, 0.0]])
    return np.concatenate([x, -x]).astype(dtype)


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-15), (np.float32, 4e-7)])
def test_erf_is_within_its_documented_error_everywhere(dtype, bound):
    x = grid(dtype)
    found = erf(x)
    assert found.dtype == dtype
    assert np.abs(found.astype(float) - scipy.special.erf(x.astype(float))).max() < bound
    assert f"{bound:.0e}".replace("e-0", "e-") in erf.__doc__


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_erf_at_the_ends_of_the_line(dtype):
    x = np.array([-np.inf, np.inf, np.nan, 0.0, -0.0], dtype)
    with np.errstate(all="raise"):
        found = erf(x)
    np.testing.assert_array_equal(found, np.array([-1, 1, np.nan, 0, 0], dtype))
    assert found.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_erf_is_odd_and_never_leaves_its_range(dtype):
    x = np.abs(grid(dtype))
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert np.abs(erf(x)).max() <= 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gelu_of_a_large_negative_number_is_nothing(dtype):
    np.testing.assert_array_equal(functions.gelu(np.array([-1e6, -100.0, -10.0], dtype)), 0)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_erf_keeps_the_shape_and_its_argument(shape):
    x = np.random.default_rng(0).normal(size=shape)
    before = np.copy(x)
    np.testing.assert_allclose(erf(np.asarray(x)), scipy.special.erf(x), atol=1e-15)
    np.testing.assert_array_equal(x, before)


# Formulas in blocks

LONG = (7, BLOCK // 3)  # two blocks and a bit


@functools.lru_cache(maxsize=32)
def random(shape=LONG, seed=0, dtype=np.float64):
    numbers = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    numbers.flags.writeable = False  # all tests share them
    return numbers


@pytest.fixture
def calls():
    return []


@pytest.fixture
def formula(calls):
    """Return a formula of arrays and scalars in blocks; it notes the shape of each block that it sees."""

    @elementwise
    def evaluate(a, b, alpha, beta=2.0):
        calls.append(np.shape(a) or np.shape(b))
        return np.exp(-np.abs(a)) * alpha + beta * b

    return evaluate


@pytest.mark.usefixtures("numpy_alone")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(BLOCK + 1,), LONG, (2, 3, BLOCK // 4), (BLOCK * 2,)])
def test_blocks_give_what_the_plain_formula_gives_bit_for_bit(formula, calls, shape, dtype):
    a, b = random(shape, 0, dtype), random(shape, 1, dtype)
    found = formula(a, b, 0.3)
    assert len(calls) > 1
    assert max(sum(shape) for shape in calls) == BLOCK
    expected = formula.__wrapped__(a, b, 0.3)
    assert (found.dtype, found.shape) == (expected.dtype, shape)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("numpy_alone")
def test_small_arrays_are_one_call(formula, calls):
    a = random((BLOCK,))
    np.testing.assert_array_equal(formula(a, a, 0.3), formula.__wrapped__(a, a, 0.3))
    assert calls == [(BLOCK,), (BLOCK,)]


@pytest.mark.parametrize("alpha", [0.3, 2, np.float64(0.3), np.array(0.3)])
def test_scalars_of_every_kind_go_with_blocks(formula, calls, alpha):
    a, b = random(seed=0), random(seed=1)
    np.testing.assert_array_equal(formula(a, b, alpha), formula.__wrapped__(a, b, alpha))
    assert len(calls) > 2


def test_a_scalar_may_stand_in_the_place_of_an_array(formula, calls):
    a = random()
    np.testing.assert_array_equal(formula(a, 0.5, 0.3), formula.__wrapped__(a, 0.5, 0.3))
    np.testing.assert_array_equal(formula(0.5, a, 0.3), formula.__wrapped__(0.5, a, 0.3))
    assert len(calls) > 4


def test_arguments_may_be_named(formula):
    a, b = random(seed=0), random(seed=1)
    expected = formula.__wrapped__(a, b, 0.3, 0.7)
    np.testing.assert_array_equal(formula(a, b, alpha=0.3, beta=0.7), expected)
    np.testing.assert_array_equal(formula(b=b, a=a, beta=0.7, alpha=0.3), expected)


@pytest.mark.parametrize(
    "view",
    [lambda a: a.T, lambda a: a[:, ::2], lambda a: a[::-1], np.asfortranarray],
    ids=["transposed", "every other", "backwards", "columns"],
)
def test_arrays_that_are_not_contiguous_give_the_same(formula, view):
    a, b = view(random((BLOCK, 4), 0)), view(random((BLOCK, 4), 1))
    np.testing.assert_array_equal(formula(a, b, 0.3), formula.__wrapped__(a, b, 0.3))
    np.testing.assert_array_equal(formula(a, b.copy(), 0.3), formula.__wrapped__(a, b.copy(), 0.3))


@pytest.mark.usefixtures("numpy_alone")
def test_arrays_of_different_shapes_are_left_to_numpy(formula, calls):
    a, b = random(), random(LONG[1:], 1)
    np.testing.assert_array_equal(formula(a, b, 0.3), formula.__wrapped__(a, b, 0.3))
    np.testing.assert_array_equal(formula(b, a, 0.3), formula.__wrapped__(b, a, 0.3))
    assert len(calls) == 4


def test_a_result_of_another_kind_keeps_its_kind():
    positive = elementwise(lambda a: a > 0)
    np.testing.assert_array_equal(positive(random()), random() > 0)
    assert positive(random()).dtype == bool


def test_arguments_are_not_written_to(formula):
    a, b = random(seed=0).copy(), random(seed=1).copy()
    formula(a, b, 0.3)
    np.testing.assert_array_equal(a, random(seed=0))
    np.testing.assert_array_equal(b, random(seed=1))


FORMULAS = {
    name: formula for name, formula in vars(functions).items()
    if hasattr(formula, "__wrapped__") and not name.startswith("_")
}  # fmt: skip


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.usefixtures("numpy_alone")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FORMULAS)
def test_every_formula_of_the_sheet_is_the_same_in_blocks(name, dtype):
    formula = FORMULAS[name]
    wanted = inspect.signature(formula).parameters
    arguments = [0.3 if name in ("alpha", "rho") else random(LONG, i, dtype) for i, name in enumerate(wanted)]
    found, expected = as_tuple(formula(*arguments)), as_tuple(formula.__wrapped__(*arguments))
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_array_equal(a, b)


def test_there_are_formulas_in_blocks():
    assert {"sigmoid", "sigmoid_backward", "gelu", "gelu_backward", "leaky_relu"} <= set(FORMULAS)


# Where an array is


class ndarray:  # named as CuPy's
    """As much of a CuPy array as a message needs."""

    shape, ndim, dtype = (7, 5), 2, np.dtype(np.float32)

    def get(self):
        return np.full((7, 5), 42.0, np.float32)


@pytest.fixture
def cupy(monkeypatch):
    """Return a module that passes for CuPy, with an array of its own."""
    module = types.ModuleType("cupy")
    monkeypatch.setattr(ndarray, "__module__", "cupy")
    module.array, module.ndarray, module.is_available = ndarray(), ndarray, lambda: True
    module.asarray, module.isfinite = (lambda x: module.array), (lambda x: np.ones((7, 5), bool))
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_the_module_of_numpy_arrays_and_scalars_is_numpy():
    assert ae.array_module(np.zeros(2), np.float32(1), np.float64(2)) is np


def test_the_module_of_cupy_arrays_is_cupy(cupy):
    assert ae.array_module(cupy.array, cupy.array) is cupy


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ((), "nothing"),
        (([1.0],), "builtins.list"),
        ((1.0,), "builtins.float"),
        ((None, np.zeros(2)), "builtins.NoneType, numpy.ndarray"),
    ],
)
def test_what_is_no_array_has_no_module(arrays, found):
    with pytest.raises(TypeError) as caught:
        ae.array_module(*arrays)
    assert str(caught.value) == (
        f"expected arrays of one library, NumPy or CuPy, got {found}; move them to the same place first, "
        "with ae.to_numpy(x) or cupy.asarray(x)"
    )


def test_arrays_of_both_libraries_are_refused(cupy):
    with pytest.raises(TypeError, match=r"^expected arrays of one library, NumPy or CuPy, got cupy\.ndarray, numpy\."):
        ae.array_module(np.zeros(2), cupy.array)


@pytest.mark.parametrize("door", ["loss", "encode", "reconstruct"])
def test_a_model_refuses_arrays_of_the_other_library(cupy, door):
    with pytest.raises(TypeError) as caught:
        getattr(ae.Autoencoder([5, 3], rng=0), door)(cupy.array)
    assert str(caught.value) == (
        "expected an array on numpy, where the model is, got one on cupy; move one of them: "
        'ae.to_numpy(x), cupy.asarray(x), or model.to("cupy")'
    )


def test_to_numpy_brings_a_cupy_array_to_the_host(cupy):
    np.testing.assert_array_equal(ae.to_numpy(cupy.array), np.full((7, 5), 42.0))


def test_to_numpy_returns_a_numpy_array_as_it_is():
    x = np.zeros(3)
    assert ae.to_numpy(x) is x
    np.testing.assert_array_equal(ae.to_numpy([1.0, 2.0]), [1, 2])


def test_move_to_where_an_array_is_changes_nothing():
    x = np.zeros(3)
    assert move(x, "numpy") is x


def test_move_to_cupy_is_cupys_own_work(cupy):
    assert move(np.zeros(3), "cupy") is cupy.array


# Moving a model


def model_and_values():
    model = ae.Autoencoder([5, 3], rng=0)
    return model, [parameter.value.copy() for parameter in model.parameters]


def assert_unmoved(model, values):
    assert model.backend == "numpy"
    for parameter, value in zip(model.parameters, values, strict=True):
        np.testing.assert_array_equal(parameter.value, value)
    assert np.isfinite(model.loss(np.ones((2, 5))))


def test_a_model_does_not_move_to_an_unknown_backend():
    model, values = model_and_values()
    with pytest.raises(ValueError, match=r'^expected the backend "numpy" or, for a GPU, "cupy", got \'tpu\'$'):
        model.to("tpu")
    assert_unmoved(model, values)


def test_without_cupy_a_model_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # as if it were not installed
    model, values = model_and_values()
    with pytest.raises(RuntimeError) as caught:
        model.to("cupy")
    assert str(caught.value) == (
        "CuPy is not installed, so nothing can be moved to a GPU; install it with "
        'pip install "aescratch[cuda12]" or "aescratch[cuda13]", to match your driver, or stay on the CPU with '
        'model.to("numpy")'
    )
    assert_unmoved(model, values)


def test_without_a_gpu_a_model_says_what_to_check(cupy):
    cupy.is_available = lambda: False
    model, values = model_and_values()
    with pytest.raises(RuntimeError) as caught:
        model.to("cupy")
    assert str(caught.value) == (
        "CuPy is installed but finds no GPU; check the driver with nvidia-smi, or stay on the CPU with "
        'model.to("numpy")'
    )
    assert_unmoved(model, values)


def test_moving_to_where_it_is_changes_nothing():
    model, values = model_and_values()
    model.loss(np.ones((2, 5)))
    model.backward()
    gradients = [parameter.grad.copy() for parameter in model.parameters]
    assert model.to("numpy") is model
    for parameter, gradient in zip(model.parameters, gradients, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)
    model.backward()
    assert_unmoved(model, values)


def test_a_moved_model_lies_in_one_buffer_and_trains():
    model = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), n_classes=2, rng=0).to("numpy")
    history = model.fit(random((7, 5)), np.array([0, 1, 0, 1, 0, 1, 0]), epochs=30, rng=0)
    assert history.loss[-1] < history.loss[0]
    assert model.autoencoder.parameters[0] is model.parameters[0]


def test_cupy_is_not_imported_with_the_package():
    assert "cupy" not in vars(backend)


# Batches


def test_the_batch_is_the_first_axis():
    x = random((7, 5))
    assert batch_size(x) == 7
    np.testing.assert_allclose(batch_mean(x), x.mean(axis=0), rtol=1e-14)
    assert float(batch_mean(x[:, 0])) == pytest.approx(x[:, 0].mean())
    assert batch_mean(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-15), (np.float32, 3e-7)])
def test_normal_cdf_is_the_normal_distribution_function(dtype, bound):
    a = np.concatenate([np.linspace(-9, 9, 200_001), [0.0, -1e6, 1e6, np.inf, -np.inf]]).astype(dtype)
    found = backend.normal_cdf(a)
    assert found.dtype == dtype
    assert np.abs(found - scipy.special.ndtr(a.astype(np.float64))).max() < bound
    assert np.isnan(backend.normal_cdf(np.array([np.nan], dtype)))
