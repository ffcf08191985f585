"""Every pair of the formula sheet: gradients by an independent oracle and by the package's checker, and purity."""

import dataclasses
import inspect
import types

import numpy as np
import pytest
from numeric import D, H, N, assert_close, numeric_gradient, random_upstream

import aescratch as ae
from aescratch import functions
from aescratch.backend import BLOCK, elementwise
from aescratch.foundations.declared import declaration_of
from aescratch.functions.formula import Term, check_record

A = np.random.default_rng(0).normal(0, 1.5, (N, H))
FORMULAS = functions.FORMULAS
PAIRS = [name for name, formula in FORMULAS.items() if formula.backward is not None]
ACTIVATIONS = functions.ACTIVATIONS


def call_backward(name, inputs, upstream, output):
    """Call our backward with arguments bound by name, and return a list of gradients."""
    backward = getattr(functions, f"{name}_backward")
    arguments = {}
    for argument in inspect.signature(backward).parameters:
        arguments[argument] = upstream if argument.startswith("grad_") else inputs.get(argument, output)
    returned = backward(**arguments)
    return list(returned) if isinstance(returned, tuple) else [returned]


def fresh(name):
    """A pair's inputs, an upstream gradient, and the output."""
    inputs = FORMULAS[name].inputs(np.random.default_rng(0), N, D, H)
    output = getattr(functions, name)(**inputs)
    upstream = random_upstream(np.shape(output)) if np.ndim(output) else np.asarray(1.0)
    return inputs, upstream, output


def differentiable(name):
    """How many arguments of a pair have a gradient, by the lines that a page shows."""
    return sum(line.startswith("grad_") for line in FORMULAS[name].backward_lines)


def test_every_function_of_the_sheet_has_a_record():
    assert set(functions.__all__) == {function for formula in FORMULAS.values() for function in formula.lines_of}
    assert len(PAIRS) >= 27


@pytest.mark.parametrize("name", FORMULAS)
def test_a_record_names_its_functions_and_their_arguments(name):
    formula = FORMULAS[name]
    arguments = list(inspect.signature(formula.forward).parameters)
    assert list(formula.inputs(np.random.default_rng(0), N, D, H)) == arguments
    assert arguments[len(arguments) - len(formula.numbers) :] == formula.numbers, "numbers come last"
    assert formula.backward is None or formula.backward.__name__ == f"{name}_backward"
    assert formula.forward is getattr(functions, name) is functions.AS_WRITTEN[name]
    assert formula.claim
    assert formula.question.endswith(("?", "."))


def test_what_an_activation_computes_is_known_by_its_name():
    for name, record in ACTIVATIONS.items():
        four = record.value, record.backward, record.slope, record.slope_backward
        assert [function.__name__ for function in four] == [
            name, f"{name}_backward", f"{name}_slope", f"{name}_slope_backward"]  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_equal_central_differences(name):
    inputs, upstream, output = fresh(name)
    forward = getattr(functions, name)
    gradients = call_backward(name, inputs, upstream, output)
    assert len(gradients) == differentiable(name)
    declared = declaration_of(getattr(functions, f"{name}_backward"))
    for gradient, argument in zip(gradients, inputs, strict=False):
        of = forward if declared is None else declared.smoothed.get(argument, declared.smoothed.get(""))
        if of is not None:  # else the rule is nobody's derivative, and is compared below with the rule alone
            numeric = numeric_gradient(lambda of=of: (upstream * of(**inputs)).sum(), inputs[argument])
            assert_close(gradient, numeric)


@pytest.mark.parametrize("name", PAIRS)
def test_the_checker_passes_our_pairs(name):
    inputs, _, _ = fresh(name)
    report = ae.check_function(getattr(functions, name), getattr(functions, f"{name}_backward"), inputs)
    assert report.verdict == "pass", str(report)
    assert sum(tensor.name.startswith("grad_") for tensor in report.tensors) == differentiable(name)


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


def settings(name):
    """A number for each that an activation takes beside a."""
    return [0.25] * len(ACTIVATIONS[name].settings)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "top_k", "softmax"])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_nan_is_passed_on(name):
    arguments = settings(name) if name in ACTIVATIONS else {"top_k": (1,)}.get(name, ())
    a = np.array([[1.0, np.nan, -2.0]])
    assert np.isnan(getattr(functions, name)(a, *arguments)[0, 1])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_the_derivative_and_what_backward_multiplies_by(name):
    forward, slope, extra = getattr(functions, name), getattr(functions, f"{name}_slope"), settings(name)
    step = 1e-6
    numeric = (forward(A + step, *extra) - forward(A - step, *extra)) / (2 * step)
    np.testing.assert_allclose(slope(A, *extra), numeric, atol=1e-8)
    inputs = {"a": A, **dict(zip(ACTIVATIONS[name].settings, extra, strict=True))}
    (grad_a,) = call_backward(name, inputs, A, forward(A, *extra))
    np.testing.assert_allclose(grad_a, A * slope(A, *extra), rtol=1e-12)


ENDS = {  # at −800, 0 and 800
    "identity": (-800, 0, 800), "relu": (0, 0, 800), "leaky_relu": (-200, 0, 800), "sigmoid": (0, 0.5, 1),
    "tanh": (-1, 0, 1), "gelu": (0, 0, 800), "gelu_tanh": (0, 0, 800),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_quiet_and_right_at_the_ends(name):
    y = getattr(functions, name)(np.array([-800.0, 0.0, 800.0]), *settings(name))
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y, ENDS.get(name, y), atol=1e-300)


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


OF_OPERATORS_ALONE = {"dense", "dense_backward", "contraction", "contraction_backward", "identity", "weight_decay",
                      "gaussian_cost_backward", "fitted_gaussian_cost_backward"}  # fmt: skip
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


TOGETHER = [name for name, record in ACTIVATIONS.items() if record.together is not None]


@pytest.mark.parametrize("name", TOGETHER)
def test_value_and_slope_together_are_value_and_slope(name):
    y, slope = ACTIVATIONS[name].together(A, *settings(name))
    np.testing.assert_array_equal(y, getattr(functions, name)(A, *settings(name)))
    np.testing.assert_array_equal(slope, getattr(functions, f"{name}_slope")(A, *settings(name)))


def test_gelu_keeps_its_slope():
    assert TOGETHER == ["gelu"]
    np.testing.assert_array_equal(A * functions.gelu_and_slope(A)[1], functions.gelu_backward(A, A))


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


@pytest.mark.usefixtures("numpy_alone")
def test_large_arrays_give_the_same_as_their_rows():
    # Long arrays are evaluated block by block; a reader of the formulas must not be able to tell.
    a = np.random.default_rng(3).normal(size=(700, 101))
    for name in ("gelu", "gelu_slope", "gelu_tanh", "sigmoid", "tanh_slope"):
        formula = getattr(functions, name)
        np.testing.assert_array_equal(formula(a), np.stack([formula(row) for row in a]))


def test_a_record_takes_no_others_place():
    relu = dataclasses.replace(ACTIVATIONS["relu"])
    with pytest.raises(ValueError, match=r"expected a formula with a new name in .*activations, got 'relu' again"):
        check_record(relu, functions.activations, FORMULAS)
    with pytest.raises(ValueError, match=r"expected a unique layer in each record of .*activations, got 'ReLU' twice"):
        check_record(relu, functions.activations, {})
    kl = dataclasses.replace(FORMULAS["kl_sparsity"], layer="")
    with pytest.raises(ValueError, match=r"expected a unique word in each record of .*penalties, got 'kl' twice"):
        check_record(kl, functions.penalties, {})
    bce = dataclasses.replace(FORMULAS["binary_cross_entropy"], layer="", words=("squared-error",))
    with pytest.raises(ValueError, match=r"expected a unique word in each record of .*losses, got 'squared-error' twice"):
        check_record(bce, functions.losses, {})
    for family in functions.FAMILIES:
        for record in family.RECORDS:
            check_record(record, family, {})


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_large_array_gives_the_numbers_of_a_small_one(name):
    a = np.random.default_rng(0).normal(0, 2, 2 * BLOCK + 7)
    for formula in ACTIVATIONS[name].formulas:
        for function in filter(None, (formula.forward, formula.backward)):
            given = [a if n != "alpha" else 0.3 for n in inspect.signature(function).parameters]
            whole = function(*given)
            part = function(*(argument[-BLOCK:] if argument is a else argument for argument in given))
            for one, other in zip(np.atleast_2d(whole), np.atleast_2d(part), strict=True):
                np.testing.assert_array_equal(one[-BLOCK:], other)


def test_a_term_is_not_evaluated_block_by_block():
    family = ae.functions.losses
    term = next(record for record in family.RECORDS if isinstance(record, Term))
    blockwise = dataclasses.replace(term, forward=elementwise(term.forward))
    with pytest.raises(ValueError, match=f"expected {term.name} without @elementwise, since a term sums over the batch"):
        check_record(blockwise, types.SimpleNamespace(__name__="losses", RECORDS=()), {})
