"""Layers, losses, penalties and corruptions: what they remember, what they write, and how they refuse."""

import copy
import dataclasses
import functools
import inspect
import pickle

import numpy as np
import pytest
from numeric import D, H, N, assert_close, numeric_gradient, random_upstream

import aescratch as ae
from aescratch import activations, losses, penalties
from aescratch.activations import Slope
from aescratch.codes.bounds import FittedGaussian, SeveralSamples
from aescratch.divergences import GaussianKL, MaximumMeanDiscrepancy
from aescratch.foundations import recipes
from aescratch.foundations.parameters import pack
from aescratch.functions.formula import Activation as Record
from aescratch.functions.formula import Setting
from aescratch.losses import SoftmaxCrossEntropy
from aescratch.penalties import Contraction, KLSparsity, L1Sparsity, WeightDecay

RECORDS = ae.functions.ACTIVATIONS.values()
LAYERS = {
    "dense": lambda: ae.Dense(D, H, dtype="float64", rng=0),
    "transposed": lambda: ae.TransposedDense(ae.Dense(H, D, dtype="float64", rng=0)),
    "unit rows": lambda: ae.UnitRowDense(D, H, dtype="float64", rng=0),
    **{record.layer: functools.partial(activations.LAYERS[record.layer], *[0.2] * len(record.settings)) for record in RECORDS},
    "top k": lambda: ae.TopK(2),
    "sequential": lambda: ae.Sequential(
        [ae.Dense(D, H, dtype="float64", rng=0), ae.GELU(), ae.Dense(H, 2, dtype="float64", rng=1), ae.Tanh()]
    ),
    "slope": lambda: Slope(ae.Sigmoid()),
}
# Parts that are as the sheet describes them, with 0.2 for each number that they want.
LOSSES = {name: lambda kind=kind: plain(kind) for name, kind in {**losses.LOSSES, "softmax_cross_entropy": SoftmaxCrossEntropy}.items()}
SPARSITIES = {name: lambda kind=kind: plain(kind) for name, kind in penalties.SPARSITIES.items()}


def plain(kind):
    wanted = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
    return kind(**{p.name: 0.7 if p.name == "weight" else 0.2 for p in wanted})


def drawn(name):
    """The arrays that a formula of the sheet takes."""
    formula = ae.functions.FORMULAS[name]
    inputs = formula.inputs(np.random.default_rng(2), N, D, H)
    return [value for argument, value in inputs.items() if argument not in formula.numbers]


@pytest.fixture
def x():
    return np.random.default_rng(5).normal(size=(N, D))


def own_weights(layer):
    shared = [layer.W] if isinstance(layer, ae.TransposedDense) else []
    return [*getattr(layer, "parameters", []), *shared]


@pytest.mark.parametrize("name", LAYERS)
def test_backward_equals_central_differences(name, x):
    layer = LAYERS[name]()
    upstream = random_upstream(layer.forward(x).shape)
    grad_x = layer.backward(upstream)
    gradients = [parameter.grad.copy() for parameter in own_weights(layer)]

    def objective():
        return (upstream * layer.forward(x)).sum()

    assert_close(grad_x, numeric_gradient(objective, x))
    for parameter, gradient in zip(own_weights(layer), gradients, strict=True):
        assert_close(gradient, numeric_gradient(objective, parameter.value))


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "slope"])
def test_apply_equals_forward_and_remembers_nothing(name, x):
    layer = LAYERS[name]()
    y = layer.forward(x)
    memory = {key: layer.__dict__.get(key) for key in layer.remembers}
    np.testing.assert_array_equal(layer.apply(x), y)
    layer.apply(2 * x)
    assert all(layer.__dict__.get(key) is value for key, value in memory.items())


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "Identity"])
def test_backward_before_forward_says_what_to_do(name):
    layer = LAYERS[name]()
    with pytest.raises(RuntimeError, match=r"expected a forward pass before backward\(\).*call loss\(x\)"):
        layer.backward(np.ones((N, 2 if name == "sequential" else H)))


@pytest.mark.parametrize("name", LAYERS)
def test_copies_forget_what_was_remembered(name, x):
    layer = LAYERS[name]()
    layer.forward(x)
    twin = copy.copy(layer)
    assert not any(key in twin.__dict__ for key in layer.remembers)
    assert own_weights(twin) == own_weights(layer)


def test_a_missing_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'ReLU' object has no attribute 'z'"):
        _ = ae.ReLU().z


def test_dense_adds_only_where_it_is_told_to(x):
    layer = LAYERS["dense"]()
    layer.forward(x)
    upstream = random_upstream((N, H))
    layer.backward(upstream)
    once = layer.W.grad.copy()
    layer.backward(upstream)
    np.testing.assert_array_equal(layer.W.grad, once)
    layer.adds = True
    layer.backward(upstream)
    np.testing.assert_array_equal(layer.W.grad, 2 * once)


def test_unit_rows_have_length_one_and_no_gradient_along_them(x):
    layer = LAYERS["unit rows"]()
    layer.forward(x)
    np.testing.assert_allclose(np.linalg.norm(layer.W, axis=1), 1)
    layer.backward(random_upstream((N, H)))
    np.testing.assert_allclose((layer.V.grad * layer.V.value).sum(axis=1), 0, atol=1e-14)


def test_transposed_dense_uses_its_partners_array(x):
    partner = ae.Dense(H, D, dtype="float64", rng=0)
    layer = ae.TransposedDense(partner)
    np.testing.assert_allclose(layer.apply(x), x @ partner.W.value.T)
    assert layer.W is partner.W
    assert [p.shape for p in layer.parameters] == [(H,)]


class TestParameter:
    def test_assignment_copies_into_the_view(self):
        parameter = ae.Parameter("W", np.zeros((D, H)))
        view, new = parameter.value, np.ones((D, H))
        parameter.value = new
        assert parameter.value is view
        new[0, 0] = 5
        assert view[0, 0] == 1

    def test_assignment_of_another_shape_is_refused(self):
        parameter = ae.Parameter("W", np.zeros((D, H)))
        with pytest.raises(ValueError, match=r"expected an array of shape \(5, 3\) for parameter W, got shape \(3, 5\)"):
            parameter.value = np.ones((H, D))
        with pytest.raises(ValueError, match="got shape of a float"):
            parameter.grad = 1.0
        assert (parameter.value == 0).all()

    def test_packed_parameters_share_one_flat_buffer(self):
        parameters = [ae.Parameter("W", np.full((D, H), 2.0)), ae.Parameter("b", np.full(H, 3.0))]
        pack(parameters, "float32")
        buffer = parameters[0].buffer
        assert buffer is parameters[1].buffer
        np.testing.assert_array_equal(buffer.values, [2.0] * (D * H) + [3.0] * H)
        assert buffer.values.dtype == np.float32
        parameters[1].value = np.zeros(H)
        np.testing.assert_array_equal(buffer.values[-H:], 0)
        parameters[0].grad += 1.0
        assert buffer.grads.sum() == D * H

    def test_a_copy_is_bound_to_a_copied_buffer(self):
        parameters = [ae.Parameter("W", np.ones((D, H))), ae.Parameter("b", np.ones(H))]
        pack(parameters, "float64")
        W, b = copy.deepcopy(parameters)
        assert W.buffer is b.buffer is not parameters[0].buffer
        W.value = np.zeros((D, H))
        assert W.buffer.values.sum() == H
        assert parameters[0].value.sum() == D * H


PENALTIES = {
    **{name: (make, lambda name=name: drawn(name)) for name, make in SPARSITIES.items()},
    "contraction": (lambda: Contraction(0.7), lambda: drawn("contraction")),
    "gaussian_kl": (lambda: GaussianKL(0.7), lambda: drawn("gaussian_kl")),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_backward_equals_central_differences(name):
    make, draw = PENALTIES[name]
    penalty, arrays = make(), draw()
    penalty.forward(*arrays)
    returned = penalty.backward()
    for gradient, array in zip(returned if isinstance(returned, tuple) else [returned], arrays, strict=True):
        assert_close(gradient, numeric_gradient(lambda: penalty.forward(*arrays), array))


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_its_formula_and_proportional_to_its_weight(name):
    make, draw = PENALTIES[name]
    penalty, arrays = make(), draw()
    value = penalty.forward(*arrays)
    formula = ae.functions.FORMULAS[name]
    numbers = [getattr(penalty, number) for number in formula.numbers]
    np.testing.assert_allclose(value, 0.7 * formula.again(*arrays, *numbers), rtol=1e-9)
    setattr(penalty, "beta" if name == "gaussian_kl" else "weight", 1.4)
    np.testing.assert_allclose(penalty.forward(*arrays), 2 * value)


def test_a_layer_says_which_of_its_parameters_decay():
    said = {parameter.name: parameter.decays for parameter in ae.Dense(D, H).parameters}
    assert said == {"W": True, "b": False}
    assert [parameter.decays for parameter in ae.TransposedDense(ae.Dense(H, D)).parameters] == [False]
    assert [parameter.decays for parameter in ae.UnitRowDense(D, H).parameters] == [False, False]


class Codebook(ae.Layer):
    """H codewords, whose length is what they mean, and a vector that is to be small."""

    def __init__(self, decays=None):
        self.codewords = ae.Parameter("codewords", np.ones((H, D)), decays=decays)
        self.gain = ae.Parameter("gain", np.full(D, 2.0), decays=True)
        self.shift = ae.Parameter("shift", np.ones(D))

    @property
    def parameters(self):
        return [self.codewords, self.gain, self.shift]


@pytest.mark.parametrize(("decays", "total"), [(False, 4 * D), (True, 4 * D + H * D)])
def test_a_matrix_decays_if_its_owner_says_so_and_so_does_a_vector(decays, total):
    layer = Codebook(decays)
    decay = WeightDecay(0.5, layer.parameters)
    assert decay.forward() == 0.25 * total
    for parameter in layer.parameters:
        parameter.grad = np.zeros(parameter.shape)
    decay.backward()
    assert layer.codewords.grad.tolist() == [[0.5 * decays] * D] * H
    assert layer.gain.grad.tolist() == [1.0] * D
    assert layer.shift.grad.tolist() == [0.0] * D


def test_a_matrix_that_nobody_spoke_for_is_asked_about_where_there_is_decay():
    with pytest.raises(ValueError, match=r"^expected every matrix to say whether weight decay applies .*, but codewords"):
        WeightDecay(0.5, Codebook().parameters)
    layer = Codebook()
    assert WeightDecay(0.0, layer.parameters).weights == [layer.gain]


def test_weight_decay_adds_to_matrices_only():
    layer = ae.Dense(D, H, dtype="float64", rng=0)
    decay = WeightDecay(0.3, layer.parameters)
    layer.b.value = np.ones(H)
    np.testing.assert_allclose(decay.forward(), 0.15 * (layer.W.value**2).sum())
    layer.W.grad, layer.b.grad = np.full((D, H), 2.0), np.full(H, 2.0)
    decay.backward()
    np.testing.assert_allclose(layer.W.grad, 2 + 0.3 * layer.W.value)
    np.testing.assert_array_equal(layer.b.grad, 2)


CORRUPTIONS = [ae.GaussianNoise(0.3), ae.MaskingNoise(0.4), ae.SaltAndPepperNoise(0.4)]


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
def test_damage_in_float32_is_that_in_float64_rounded(corruption):
    x = np.random.default_rng(0).random((7, 5))
    x_tilde = corruption.forward(x.astype(np.float32), np.random.default_rng(1))
    assert x_tilde.dtype == corruption.keep.dtype == np.float32
    np.testing.assert_allclose(x_tilde, corruption.forward(x, np.random.default_rng(1)), atol=1e-6)
    assert corruption.keep.dtype == np.float64


@pytest.mark.parametrize("part", [*CORRUPTIONS, ae.Sampling()], ids=repr)
def test_noise_is_not_rounded_to_integers(part):
    images = [np.full((7, 5), 255)] * (2 if isinstance(part, ae.Sampling) else 1)
    with pytest.raises(TypeError, match=r"expected (x|mu) to hold floats, got int(?:64|32) with values up to 255; divide first"):
        part.forward(*images, np.random.default_rng(1))


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
def test_corruption_backward_equals_central_differences(corruption, x):
    corruption.forward(x, np.random.default_rng(1))
    upstream = random_upstream((N, D))
    grad_x = corruption.backward(upstream)
    numeric = numeric_gradient(lambda: (upstream * corruption.forward(x, np.random.default_rng(1))).sum(), x)
    assert_close(grad_x, numeric)


def test_sampling_backward_equals_central_differences():
    r = np.random.default_rng(3)
    mu, log_var, upstream = r.normal(size=(N, H)), r.normal(size=(N, H)), random_upstream((N, H))
    sampling = ae.Sampling()
    sampling.forward(mu, log_var, np.random.default_rng(1))
    gradients = sampling.backward(upstream)
    for gradient, array in zip(gradients, (mu, log_var), strict=True):
        numeric = numeric_gradient(
            lambda: (upstream * sampling.forward(mu, log_var, np.random.default_rng(1))).sum(), array
        )
        assert_close(gradient, numeric)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_their_formula_and_backward_equals_central_differences(name):
    loss, (output, target) = LOSSES[name](), drawn(name)
    formula = ae.functions.FORMULAS[name]
    numbers = [getattr(loss, number) for number in formula.numbers]
    np.testing.assert_allclose(loss.forward(output, target), formula.again(output, target, *numbers), rtol=1e-9)
    assert_close(loss.backward(), numeric_gradient(lambda: loss.forward(output, target), output))


# Shapes that NumPy would make fit

ONE_ROW, ONE_COLUMN = (1, H), (N, 1)
NO_BATCHES = {"no dimension": (), "one": (N,), "three": (N, 2, H), "none": (0, H)}
MISFITS = {**NO_BATCHES, "one row": ONE_ROW, "one column": ONE_COLUMN, "another number of rows": (N + 2, H)}
ACTIVATIONS = [name for name in LAYERS if name not in ("dense", "transposed", "unit rows", "sequential")]
TWO_ARRAYS = {
    **{name: lambda x, y, kind=kind: plain(kind).forward(x, y) for name, kind in losses.LOSSES.items()},
    "Gaussian KL": lambda x, y: GaussianKL(1.0).forward(x, y),
    "free bits": lambda x, y: GaussianKL(1.0, free_bits=0.1).forward(x, y),
    "discrepancy": lambda x, y: MaximumMeanDiscrepancy(1.0, C=2.0).forward(x, y),
    "fitted Gaussian": lambda x, y: FittedGaussian().forward(x, y),
    "several samples": lambda x, y: SeveralSamples(2).forward(x, y, np.random.default_rng(0)),
    "sampling": lambda x, y: ae.Sampling().forward(x, y, np.random.default_rng(0)),
}
ONE_ARRAY = {
    **{name: make().forward for name, make in SPARSITIES.items()},
    "softmax": lambda x: SoftmaxCrossEntropy().forward(x, np.zeros(N, int)),
    "corruption": lambda x: ae.MaskingNoise(0.4).forward(x, np.random.default_rng(0)),
    "contraction, slope": lambda x: Contraction(1.0).forward(x, np.ones((D, H))),
    "contraction, W": lambda x: Contraction(1.0).forward(np.ones((N, H)), x),
}
A_SENTENCE = r"^expected .*, got (shape )?\("


def some(shape):
    return np.random.default_rng(6).uniform(0.1, 0.9, shape)


@pytest.mark.parametrize("shape", NO_BATCHES.values(), ids=NO_BATCHES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_takes_batches_only_and_keeps_the_one_before(name, shape):
    layer, upstream = LAYERS[name](), some((N, H))
    layer.forward(some((N, H)))
    before = layer.backward(upstream)
    with pytest.raises(ValueError, match=r"^expected .*, got shape \("):
        layer.forward(some(shape))
    np.testing.assert_array_equal(layer.backward(upstream), before)


@pytest.mark.parametrize("shape", MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activations_upstream_has_the_shape_of_its_output(name, shape):
    layer = LAYERS[name]()
    layer.forward(some((N, H)))
    with pytest.raises(ValueError, match=A_SENTENCE):
        layer.backward(some(shape))


@pytest.mark.parametrize("shape", MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("name", TWO_ARRAYS)
def test_two_batches_have_one_shape(name, shape):
    for arrays in ((some((N, H)), some(shape)), (some(shape), some((N, H))), (some(NO_BATCHES["one"]),) * 2):
        with pytest.raises(ValueError, match=A_SENTENCE):
            TWO_ARRAYS[name](*arrays)


@pytest.mark.parametrize("shape", NO_BATCHES.values(), ids=NO_BATCHES)
@pytest.mark.parametrize("name", ONE_ARRAY)
def test_what_takes_a_batch_takes_nothing_else(name, shape):
    with pytest.raises(ValueError, match=A_SENTENCE):
        ONE_ARRAY[name](some(shape))


@pytest.mark.parametrize("shape", [(), (1,), (N, 1), (1, N), (N + 2,)])
def test_there_is_one_label_per_row(shape):
    with pytest.raises(ValueError, match=rf"^expected one label per row of logits, shape \({N},\), got shape \("):
        SoftmaxCrossEntropy().forward(some((N, H)), np.zeros(shape, int))


def test_labels_in_a_list_are_labels():
    loss, listed = SoftmaxCrossEntropy(), [0, 1, 2, 0, 1, 2, 0]
    assert loss.forward(some((N, H)), listed) == loss.forward(some((N, H)), np.array(listed))


@pytest.mark.parametrize("wide", [1, H + 2])
def test_a_contraction_has_a_slope_for_every_column_of_W(wide):
    with pytest.raises(ValueError, match=rf"^expected a slope for each of the {H} columns of W, got shape \({N}, {wide}\)"):
        Contraction(1.0).forward(some((N, wide)), some((D, H)))


@pytest.mark.parametrize("shape", [ONE_ROW, ONE_COLUMN])
def test_what_goes_back_through_noise_has_its_shape(shape):
    corruption, sampling = ae.MaskingNoise(0.4), ae.Sampling()
    corruption.forward(some((N, H)), np.random.default_rng(0))
    sampling.forward(some((N, H)), some((N, H)), np.random.default_rng(0))
    for part in (corruption, sampling):
        with pytest.raises(ValueError, match=r"^expected grad_.* to have the same shape, got \("):
            part.backward(some(shape))


@pytest.mark.parametrize(
    "call",
    [
        ae.ReLU().forward, lambda rows: ae.SquaredError().forward(rows, rows),
        lambda rows: ae.SquaredError().forward(np.array(rows), rows),
    ],
)  # fmt: skip
def test_rows_in_a_list_are_no_array(call):
    with pytest.raises(TypeError, match=r"^expected arrays of one library, NumPy or CuPy, got builtins\.list; move"):
        call([[0.5, 1.0]])


@pytest.fixture
def made(monkeypatch):
    """What would be made of a record, beside the class that is written; files don't get to know it."""
    monkeypatch.setattr(recipes, "_KNOWN", dict(recipes._KNOWN))

    def make(name):
        record = dataclasses.replace(ae.functions.FORMULAS[name], layer="Made")
        return (losses.loss_of if record.use == "reconstruction" else penalties.penalty_of)(record)

    return make


@pytest.mark.parametrize("name", ["squared_error", "binary_cross_entropy", "kl_sparsity", "l1_sparsity"])
def test_what_is_made_of_a_record_computes_what_the_written_class_does(made, name):
    numbers = {"kl_sparsity": (0.2, 0.7), "l1_sparsity": (0.7,)}.get(name, ())
    kinds = made(name), {**losses.LOSSES, **penalties.SPARSITIES}[name]
    one, other = (kind(*numbers) for kind in kinds)
    assert one.forward(*drawn(name)) == other.forward(*drawn(name))
    np.testing.assert_array_equal(one.backward(), other.backward())
    np.testing.assert_array_equal(one.kinks, other.kinks)
    assert repr(one).startswith("Made(" + ", ".join(f"{key}={value}" for key, value in one.settings().items()))


def test_what_is_made_of_a_record_refuses_numbers_of_no_use(made):
    with pytest.raises(ValueError, match=r"expected rho to be a number above 0 and below 1, got 0\.0"):
        made("kl_sparsity")(0.0, 1.0)
    with pytest.raises(ValueError, match="expected weight to be a number of at least 0, got -1"):
        made("l1_sparsity")(-1)
    with pytest.raises(TypeError, match=r"expected Made\(rho: float, weight: float\), got missing a required argument: 'weight'"):
        made("kl_sparsity")(0.1)


@pytest.mark.parametrize("name", ae.functions.ACTIVATIONS)
def test_the_layer_of_an_activation_is_what_its_record_says(name, x):
    record = ae.functions.ACTIVATIONS[name]
    kind = getattr(ae, record.layer)
    assert kind.__module__ == "aescratch.activations"
    assert kind.__doc__.startswith(record.value.__doc__.partition("\n")[0])
    assert list(inspect.signature(kind).parameters) == list(record.settings)
    layer = LAYERS[record.layer]()
    numbers = [getattr(layer, number) for number in record.settings]
    np.testing.assert_allclose(layer.forward(x), record.values(x, *numbers), rtol=1e-9)
    np.testing.assert_allclose(layer.slope(x), record.slopes(x, *numbers), rtol=1e-6, atol=1e-9)
    for copied in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        assert repr(copied) == repr(layer)
        np.testing.assert_array_equal(copied.apply(x), layer.apply(x))
    kinks = None if record.kinks is None else record.kinks(x)
    np.testing.assert_array_equal(layer.kinks, kinks)


def elu_and_slope(a, alpha):
    y = np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))
    return y, np.where(a > 0, 1.0, y + alpha)


NEW = {  # a way to differentiate that none of ours has: through a and y, and with a number beside value and slope
    "elu": lambda a, alpha: elu_and_slope(a, alpha)[0],
    "elu_slope": lambda a, alpha: elu_and_slope(a, alpha)[1],
    "elu_slope_backward": lambda grad_slope, a, alpha: grad_slope * np.where(a > 0, 0.0, alpha * np.exp(np.minimum(a, 0))),
    "elu_and_slope": elu_and_slope,
}
THROUGH = {
    "a": lambda grad_y, a, alpha: grad_y * elu_and_slope(a, alpha)[1],
    "y": lambda grad_y, y, alpha: grad_y * np.where(y > 0, 1.0, y + alpha),
    "a and y": lambda grad_y, a, y, alpha: grad_y * np.where(a > 0, 1.0, y + alpha),
}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("through", THROUGH)
def test_a_layer_is_made_of_any_record(through, together, monkeypatch, x):
    four = {"elu": NEW["elu"], "elu_backward": THROUGH[through], **NEW}
    for name, function in four.items():
        function.__name__ = name
        monkeypatch.setattr(ae.functions, name, function, raising=False)
        monkeypatch.setitem(ae.functions.AS_WRITTEN, name, function)
    record = Record(
        four["elu"], four["elu_backward"], four["elu_slope"], four["elu_slope_backward"],
        four["elu_and_slope"] if together else None, layer="ELU", lines=(), backward_lines=(), slope_lines=(),
        slope_backward_lines=(), claim="", settings={"alpha": Setting("The limit.", 1.0)}, kinks=lambda a: a > 0,
        second_opinion=lambda a, alpha: a if a > 0 else alpha * (np.exp(a) - 1),
    )  # fmt: skip
    layer, upstream = activations.layer_of(record)(0.3), random_upstream((N, D))
    np.testing.assert_allclose(layer.forward(x), record.values(x, 0.3), rtol=1e-12)
    np.testing.assert_array_equal(layer.kinks, x > 0)
    expected = numeric_gradient(lambda: (upstream * layer.apply(x)).sum(), x)
    assert_close(layer.backward(upstream), expected)
    assert_close(layer.slope_backward(upstream, x), numeric_gradient(lambda: (upstream * layer.slope(x)).sum(), x))
    with pytest.raises(ValueError, match="expected a"):
        layer.forward(x[0])
    layer.alpha = 0.7
    np.testing.assert_allclose(layer.apply(x), record.values(x, 0.7), rtol=1e-12)
    kept = {"kept_slope"} if together else set()
    assert set(layer.remembers) == ({"a", *kept} if through == "a" else {"a", "y"})
    assert set(layer.remembers) <= set(vars(layer))
    monkeypatch.setattr(ae.functions, "elu", lambda a, alpha: 2 * four["elu"](a, alpha))
    assert_close(layer.forward(x), 2 * record.values(x, 0.7))
    monkeypatch.setattr(ae.functions, "elu_backward", lambda grad_y, *rest: 5 * grad_y)
    np.testing.assert_array_equal(layer.backward(upstream), 5 * upstream)


def test_the_numbers_of_a_layer_come_from_its_record():
    assert ae.LeakyReLU().alpha == 0.01
    assert repr(ae.LeakyReLU(alpha=0.3)) == "LeakyReLU(alpha=0.3)"
    with pytest.raises(TypeError, match=r"expected LeakyReLU\(alpha: float = 0.01\), got too many positional"):
        ae.LeakyReLU(0.1, 0.2)
    assert ae.Sigmoid.remembers == ae.Tanh.remembers == ("y",)
    assert ae.ReLU.remembers == ("a",)
    assert ae.GELU.remembers == ("a", "kept_slope")


def test_losses_know_what_their_output_stands_for():
    output = np.array([[0.0, 2.0, -2.0]])
    np.testing.assert_array_equal(ae.SquaredError().to_data(output), output)
    np.testing.assert_allclose(ae.BinaryCrossEntropy().to_data(output), [[0.5, 0.880797, 0.119203]], atol=1e-6)
    np.testing.assert_array_equal(SoftmaxCrossEntropy().to_data(output), [1])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: KLSparsity(0.0, 1.0), ValueError, r"expected rho to be a number above 0 and below 1, got 0.0"),
        (lambda: KLSparsity(0.1, -1.0), ValueError, r"expected weight to be a number of at least 0, got -1.0"),
        (lambda: L1Sparsity("much"), TypeError, r"expected weight to be a number of at least 0, got 'much'"),
        (lambda: ae.GaussianNoise(-0.1), ValueError, r"expected sigma to be a number of at least 0"),
        (lambda: ae.MaskingNoise(1.5), ValueError, r"expected p to be a number of at least 0 and of at most 1, got 1.5"),
        (lambda: ae.SaltAndPepperNoise(float("nan")), ValueError, r"expected p to be a number"),
        (lambda: ae.TopK(0), ValueError, r"expected k to be an integer of at least 1, got 0"),
        (lambda: ae.TopK(2.0), TypeError, r"expected k to be an integer of at least 1, got 2.0"),
        (lambda: ae.Dense(0, 3), ValueError, r"expected n_in to be an integer of at least 1, got 0"),
        (lambda: ae.LeakyReLU(None), TypeError, r"expected alpha to be a number, got None"),
    ],
)
def test_settings_of_no_use_are_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_decay_leaves_unit_rows_alone():
    # V is as good at any length, so decay would only bring its rows to 0, where W = V / ‖V‖ is undefined.
    layer = ae.UnitRowDense(D, H, dtype="float64", rng=0)
    decay = WeightDecay(0.5, layer.parameters)
    assert decay.forward() == 0
    layer.V.grad = np.zeros((D, H))
    decay.backward()
    np.testing.assert_array_equal(layer.V.grad, 0)


def test_a_function_put_in_the_sheets_place_is_what_the_layers_call(monkeypatch, x):
    # An exercise's function takes the formula's arguments, and nothing of what ours take for speed.
    calls = []

    def my_dense_backward(grad_y, x, W):
        calls.append("dense")
        return grad_y @ W.T, 5 * x.T @ grad_y, grad_y.sum(axis=0)

    def my_gelu_backward(grad_y, a):
        calls.append("gelu")
        return 2 * grad_y

    monkeypatch.setattr(ae.functions, "dense_backward", my_dense_backward)
    monkeypatch.setattr(ae.functions, "gelu_backward", my_gelu_backward)
    model = ae.Autoencoder([D, H], activation=ae.GELU, dtype="float64", rng=0)
    model.loss(x)
    model.backward()
    assert calls == ["dense", "gelu", "dense"]
    h, grad_x_hat = model.decoder.layers[0].x, model.reconstruction.backward()
    np.testing.assert_allclose(model.decoder.layers[0].W.grad, 5 * h.T @ grad_x_hat)


def test_a_gelu_put_in_the_sheets_place_is_trained(monkeypatch, x):
    monkeypatch.setattr(ae.functions, "gelu", lambda a: 3 * a)
    np.testing.assert_array_equal(ae.GELU().forward(x), 3 * x)


def test_dense_computes_the_sheets_gradients_to_the_last_bit(x):
    layer, upstream = LAYERS["dense"](), random_upstream((N, H))
    layer.forward(x)
    grad_x, grad_W, grad_b = ae.functions.dense_backward(upstream, x, layer.W.value)
    np.testing.assert_array_equal(layer.backward(upstream), grad_x)
    np.testing.assert_array_equal(layer.W.grad, grad_W)
    np.testing.assert_array_equal(layer.b.grad, grad_b)


def test_the_first_layer_of_a_model_leaves_out_the_gradient_nobody_needs(x):
    model = ae.Autoencoder([D, H, 2], dtype="float64", rng=0)
    model.loss(x)
    assert model.encoder.backward(np.ones((N, 2))) is None
    assert model.decoder.backward(np.ones((N, D))).shape == (N, 2)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: LAYERS["dense"]().forward(np.ones((N, 4))), ValueError, r"rows with 5 entries, shape \(N, 5\), got shape \(7, 4\)"),
        (lambda: LAYERS["transposed"]().apply(np.ones(D)), ValueError, r"rows with 5 entries.*got shape \(5,\)"),
        (lambda: LAYERS["unit rows"]().forward(np.ones((N, 4))), ValueError, r"rows with 5 entries"),
        (lambda: ae.TopK(9).forward(np.ones((N, 4))), ValueError, r"expected at least k = 9 units.*got shape \(7, 4\)"),
        (lambda: ae.Dense(D, H, dtype="int32"), ValueError, r'expected dtype "float32" or "float64"'),
        (lambda: ae.UnitRowDense(-1, 3), ValueError, r"expected n_in to be an integer of at least 1, got -1"),
        (lambda: ae.TransposedDense(3), TypeError, r"expected partner to be a Dense layer"),
        (lambda: ae.Sequential([ae.ReLU]), TypeError, r"expected layers, such as ae.Dense\(5, 3\) or ae.ReLU\(\)"),
    ],
)
def test_layers_refuse_what_they_can_do_nothing_with(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (np.full((D, H), 1e300), ValueError, "expected finite numbers within float32 for parameter W"),
        (np.full((D, H), np.nan), ValueError, "expected finite numbers within float32"),
        (np.full((D, H), 1j), TypeError, "expected an array of numbers for parameter W, got complex128"),
        (np.full((D, H), "1"), TypeError, "expected an array of numbers"),
    ],
)
def test_a_parameter_refuses_values_that_training_could_not_start_from(value, error, text):
    parameter = ae.Parameter("W", np.ones((D, H), np.float32))
    with pytest.raises(error, match=text):
        parameter.value = value
    assert (parameter.value == 1).all()


def test_asking_a_layer_whether_it_remembers_is_no_error(x):
    layer = LAYERS["dense"]()
    assert not hasattr(layer, "x")
    layer.forward(x)
    assert hasattr(layer, "x")
