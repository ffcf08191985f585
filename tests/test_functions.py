"""Every pair of the formula sheet: gradients by an independent oracle and by the package's checker, and purity."""

import inspect

import numpy as np
import pytest
from numeric import D, H, N, assert_close, numeric_gradient, random_upstream

import aescratch as ae
from aescratch import functions

rng = np.random.default_rng(0)
A = rng.normal(0, 1.5, (N, H))
X = rng.normal(0, 1, (N, D))

# forward, its inputs, and how many of its leading arguments have a gradient
PAIRS = {
    "dense": ({"x": X, "W": rng.normal(size=(D, H)), "b": rng.normal(size=H)}, 3),
    "unit_rows": ({"V": rng.normal(size=(H, D))}, 1),
    "identity": ({"a": A}, 1),
    "identity_slope": ({"a": A}, 1),
    "relu": ({"a": A}, 1),
    "relu_slope": ({"a": A}, 1),
    "leaky_relu": ({"a": A, "alpha": 0.3}, 1),
    "leaky_relu_slope": ({"a": A, "alpha": 0.3}, 1),
    "sigmoid": ({"a": A}, 1),
    "sigmoid_slope": ({"a": A}, 1),
    "tanh": ({"a": A}, 1),
    "tanh_slope": ({"a": A}, 1),
    "gelu": ({"a": A}, 1),
    "gelu_slope": ({"a": A}, 1),
    "gelu_tanh": ({"a": A}, 1),
    "gelu_tanh_slope": ({"a": A}, 1),
    "top_k": ({"a": rng.normal(size=(N, D)), "k": 2}, 1),
    "corrupt": ({"x": X, "keep": rng.random((N, D)), "noise": rng.normal(size=(N, D))}, 1),
    "reparameterize": (
        {"mu": A, "log_var": rng.normal(size=(N, H)), "eps": rng.normal(size=(N, H))},
        2,
    ),
    "dropout": ({"x": A, "mask": (rng.random((N, H)) > 0.4).astype(float), "p": 0.3}, 1),
    "batch_norm": (
        {"x": A, "gamma": rng.normal(size=H), "beta": rng.normal(size=H), "epsilon": 0.01},
        3,
    ),
    "running_norm": (
        {
            "x": A, "gamma": rng.normal(size=H), "beta": rng.normal(size=H), "mean": rng.normal(size=H),
            "variance": rng.random(H), "epsilon": 0.01,
        },
        3,
    ),
    "moving_kl_sparsity": (
        {"h": rng.uniform(0.1, 0.9, (N, H)), "rho": 0.2, "running": rng.uniform(0.1, 0.9, H), "momentum": 0.3},
        1,
    ),
    "squared_error": ({"x_hat": X, "x": rng.normal(size=(N, D))}, 1),
    "binary_cross_entropy": ({"logits": 2 * X, "x": rng.random((N, D))}, 1),
    "softmax_cross_entropy": ({"logits": 2 * X, "labels": rng.integers(0, D, N)}, 1),
    "kl_sparsity": ({"h": rng.uniform(0.1, 0.9, (N, H)), "rho": 0.2}, 1),
    "l1_sparsity": ({"h": A}, 1),
    "contraction": ({"slope": rng.normal(size=(N, H)), "W": rng.normal(size=(D, H))}, 2),
    "gaussian_kl": ({"mu": A, "log_var": rng.normal(size=(N, H))}, 2),
    "weight_decay": ({"W": rng.normal(size=(D, H))}, 1),
}


def call_backward(name, inputs, upstream, output):
    """Call our backward with arguments bound by name, and return a list of gradients."""
    backward = getattr(functions, f"{name}_backward")
    arguments = {}
    for argument in inspect.signature(backward).parameters:
        arguments[argument] = upstream if argument.startswith("grad_") else inputs.get(argument, output)
    returned = backward(**arguments)
    return list(returned) if isinstance(returned, tuple) else [returned]


def fresh(name):
    """Copies of a pair's inputs, an upstream gradient, and the output."""
    inputs = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in PAIRS[name][0].items()}
    output = getattr(functions, name)(**inputs)
    upstream = random_upstream(np.shape(output)) if np.ndim(output) else np.asarray(1.0)
    return inputs, upstream, output


def test_every_backward_of_the_sheet_is_listed_here():
    defined = {name.removesuffix("_backward") for name in vars(functions) if name.endswith("_backward")}
    assert defined == set(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_equal_central_differences(name):
    inputs, upstream, output = fresh(name)
    forward = getattr(functions, name)
    gradients = call_backward(name, inputs, upstream, output)
    assert len(gradients) == PAIRS[name][1]
    for gradient, argument in zip(gradients, inputs, strict=False):
        numeric = numeric_gradient(lambda: (upstream * forward(**inputs)).sum(), inputs[argument])
        assert_close(gradient, numeric)


@pytest.mark.parametrize("name", PAIRS)
def test_the_checker_passes_our_pairs(name):
    inputs, _, _ = fresh(name)
    report = ae.check_function(getattr(functions, name), getattr(functions, f"{name}_backward"), inputs)
    assert report.verdict == "pass", str(report)
    assert len(report.tensors) == PAIRS[name][1]


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_is_changed_or_shared(name):
    inputs, upstream, output = fresh(name)
    before = {k: np.copy(v) for k, v in inputs.items()}
    upstream_before, output_before = upstream.copy(), np.copy(output)
    gradients = call_backward(name, inputs, upstream, output)
    for argument, value in inputs.items():
        np.testing.assert_array_equal(value, before[argument])
    np.testing.assert_array_equal(upstream, upstream_before)
    np.testing.assert_array_equal(output, output_before)
    given = [v for v in [*inputs.values(), upstream, output] if isinstance(v, np.ndarray)]
    assert not any(np.shares_memory(g, v) for g in gradients for v in given)
    for i, first in enumerate(gradients):
        assert not any(np.shares_memory(first, other) for other in gradients[i + 1 :])


@pytest.mark.parametrize("name", PAIRS)
def test_float32_stays_float32(name):
    inputs, upstream, _ = fresh(name)
    single = {k: v.astype(np.float32) if getattr(v, "dtype", None) == np.float64 else v for k, v in inputs.items()}
    output = getattr(functions, name)(**single)
    assert output.dtype == np.float32
    for gradient in call_backward(name, single, upstream.astype(np.float32), output):
        assert gradient.dtype == np.float32


@pytest.mark.parametrize("name", [name for name in PAIRS if np.ndim(fresh(name)[2])])
def test_zero_upstream_gives_zero(name):
    inputs, upstream, output = fresh(name)
    for gradient in call_backward(name, inputs, 0 * upstream, output):
        np.testing.assert_array_equal(gradient, 0)


ELEMENTWISE = ["relu", "leaky_relu", "sigmoid", "tanh", "gelu", "gelu_tanh"]


@pytest.mark.parametrize("name", [*ELEMENTWISE, "top_k", "softmax"])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_nan_is_passed_on(name):
    arguments = {"leaky_relu": (0.1,), "top_k": (1,)}.get(name, ())
    a = np.array([[1.0, np.nan, -2.0]])
    assert np.isnan(getattr(functions, name)(a, *arguments)[0, 1])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_slope_is_the_derivative_and_what_backward_multiplies_by(name):
    extra = (0.3,) if name == "leaky_relu" else ()
    forward, slope = getattr(functions, name), getattr(functions, f"{name}_slope")
    step = 1e-6
    numeric = (forward(A + step, *extra) - forward(A - step, *extra)) / (2 * step)
    np.testing.assert_allclose(slope(A, *extra), numeric, atol=1e-8)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_activations_are_quiet_and_right_at_the_ends(name):
    extra = (0.25,) if name == "leaky_relu" else ()
    y = getattr(functions, name)(np.array([-800.0, 0.0, 800.0]), *extra)
    at_minus_infinity = {"leaky_relu": -200.0, "tanh": -1.0}.get(name, 0.0)
    at_infinity = {"sigmoid": 1.0, "tanh": 1.0}.get(name, 800.0)
    np.testing.assert_allclose(y, [at_minus_infinity, {"sigmoid": 0.5}.get(name, 0.0), at_infinity], atol=1e-300)


class Tensor:
    """An array of another library, which has operators but nothing of what the formulas ask an array module for."""

    __module__ = "torch"
    dtype, shape, ndim = object(), (N, H), 2

    def calculated(self, other=None, axis=None):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __gt__ = mean = calculated


def in_place_of_arrays(make, name):
    """Return a pair's two functions, each with its arguments, the arrays replaced by what `make` makes of them."""
    inputs, upstream, output = fresh(name)
    backward = getattr(functions, f"{name}_backward")
    names = inspect.signature(backward).parameters
    arguments = {key: upstream if key.startswith("grad_") else inputs.get(key, output) for key in names}
    for function, given in ((getattr(functions, name), inputs), (backward, arguments)):
        yield function, {key: make(value) if np.ndim(value) else value for key, value in given.items()}


OF_OPERATORS_ALONE = {"dense", "dense_backward", "contraction", "contraction_backward", "identity", "weight_decay"}
REFUSED = r"^expected arrays of one library, NumPy or CuPy, got torch\.Tensor; move them to the same place first"


@pytest.mark.parametrize("name", PAIRS)
def test_arrays_of_another_library_are_refused_in_a_sentence(name):
    for function, arguments in in_place_of_arrays(lambda array: Tensor(), name):
        if function.__name__ not in OF_OPERATORS_ALONE:
            with pytest.raises(TypeError, match=REFUSED):
                function(**arguments)


@pytest.mark.parametrize("name", PAIRS)
def test_pytorchs_tensors_are_refused_in_a_sentence_or_computed_with(name):
    torch = pytest.importorskip("torch")
    for function, arguments in in_place_of_arrays(torch.tensor, name):
        if function.__name__ not in OF_OPERATORS_ALONE:
            with pytest.raises(TypeError, match=REFUSED):
                function(**arguments)
            continue
        found = function(**arguments)
        expected = function(**{key: np.asarray(value) for key, value in arguments.items()})
        pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_gelu_and_slope_are_gelu_and_its_slope():
    y, slope = functions.gelu_and_slope(A)
    np.testing.assert_array_equal(y, functions.gelu(A))
    np.testing.assert_array_equal(slope, functions.gelu_slope(A))
    np.testing.assert_array_equal(A * slope, functions.gelu_backward(A, A))


def test_relu_has_slope_zero_at_zero():
    assert functions.relu_backward(np.ones(1), np.zeros(1)) == 0
    assert functions.relu_slope(np.zeros(1)) == 0


def test_leaky_relu_has_the_negative_sides_slope_at_zero():
    assert functions.leaky_relu_backward(np.ones(1), np.zeros(1), 0.25) == 0.25
    assert functions.leaky_relu_slope(np.zeros(1), 0.25) == 0.25


def test_l1_has_subgradient_zero_at_zero():
    np.testing.assert_array_equal(functions.l1_sparsity_backward(np.zeros((N, H))), 0)


def test_top_k_keeps_by_value_and_breaks_ties_to_the_first():
    a = np.array([[3.0, -5.0, 3.0, 1.0, 3.0], [-1.0, -2.0, -3.0, -4.0, -5.0]])
    np.testing.assert_array_equal(functions.top_k(a, 2), [[3, 0, 3, 0, 0], [-1, -2, 0, 0, 0]])
    np.testing.assert_array_equal(functions.top_k(a, 5), a)


def test_large_arrays_give_the_same_as_their_rows():
    # Long arrays are evaluated block by block; a reader of the formulas must not be able to tell.
    a = np.random.default_rng(3).normal(size=(700, 101))
    for name in ("gelu", "gelu_slope", "gelu_tanh", "sigmoid", "tanh_slope"):
        formula = getattr(functions, name)
        np.testing.assert_array_equal(formula(a), np.stack([formula(row) for row in a]))
