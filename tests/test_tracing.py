"""The recorded training step: every number is the model's own, and every formula agrees with the code."""

import ast
import builtins
import functools
import inspect
import itertools
import textwrap
import threading

import numpy as np
import pytest
from test_models import MODELS

import aescratch as ae
from aescratch import functions
from aescratch.activations import Activation
from aescratch.inspection.gradcheck.models import in_double_precision
from aescratch.inspection.tracing.code import lines_of
from aescratch.inspection.tracing.formulas import FORMULAS, RULES
from aescratch.inspection.tracing.language import evaluate, read
from aescratch.inspection.tracing.limits import limits_of
from aescratch.inspection.tracing.naming import word
from aescratch.inspection.tracing.recorder import Recorder
from aescratch.inspection.tracing.writing import latex_of, text_of, worked
from aescratch.programs import cli
from aescratch.programs.cli.variants import VARIANTS

LABELS = np.array([0, 2, 1])
N, D, H = 7, 5, 3

STEPS = {
    **{name: (make, None) for name, make in MODELS.items()},
    "classifier": (lambda **o: ae.SoftmaxClassifier(MODELS["tied"](**o), 3, weight_decay=0.1, rng=0), LABELS),
    "classifier of a VAE": (lambda **o: ae.SoftmaxClassifier(MODELS["variational"](**o), 3, rng=0), LABELS),
    "layer of a stack": (lambda **o: MODELS["stacked tied"](**o).stack()[1], None),
}
# One of each structure, which together call every function that any of them calls: for tests in a browser.
IN_A_BROWSER = [
    "vanilla as found", "tied", "stacked tied", "layer of a stack", "classifier", "classifier of a VAE", "gated",
    "vector-quantized moving", "vector-quantized as found", "variational free bits", "variational as found",
    "k-sparse batch auxiliary", "k-sparse as found", "importance-weighted as found", "importance-weighted bernoulli",
    "adversarial as found", "jump-relu as found", "contractive as found", "contractive gelu tanh", "contractive linear",
    "contractive gelu", "contractive tanh", "contractive relu", "contractive leaky", "matryoshka bernoulli",
    "sparse moving", "sparse as found", "denoising hidden", "denoising batch norm", "wasserstein as found",
]  # fmt: skip
OPTIMIZERS = {
    "sgd": ae.SGD(0.1), "momentum": ae.Momentum(0.1), "nesterov": ae.Nesterov(0.1, mu=0.8), "rmsprop": ae.RMSProp(),
    "adam": ae.Adam(ae.CosineRate(0.01)), "adamw": ae.AdamW(decay=0.1), "clipped": ae.SGD(0.1, clip_norm=0.01),
    "clipped adam": ae.Adam(clip_norm=1.0), "not clipped": ae.SGD(0.1, clip_norm=1e9),
}  # fmt: skip


def made(name, **options):
    """A model whose biases aren't zero, a batch of three, and labels if it wants some."""
    make, labels = STEPS[name]
    model = make(**{"rng": 0, **options})
    rng = np.random.default_rng(1)
    for parameter in model.parameters:
        if len(parameter.shape) == 1:
            parameter.value = parameter.value + rng.normal(0, 0.3, parameter.shape)
    for buffer in model.buffers.values():
        buffer.value = rng.uniform(0.2, 0.8, buffer.value.shape)
    return model, rng.random((3, model.parameters[0].shape[0])), labels


def values(model):
    return [parameter.value.copy() for parameter in model.parameters]


def batch_of(x, labels):
    return (x,) if labels is None else (x, labels)


@pytest.fixture
def toy():
    return ae.trace(ae.Autoencoder([4, 2], activation=ae.Sigmoid, rng=0), np.eye(4)[:2], optimizer=ae.SGD(0.1))


# The formulas


def arguments(name):
    """Random arguments of a function of the sheet, by their names: those of its pair, its output, random upstreams."""
    formula, rng = functions.FORMULAS[name.removesuffix("_backward")], np.random.default_rng(0)
    inputs = formula.inputs(rng, N, D, H)
    output = formula.forward(**inputs)
    upstream = rng.normal(size=np.shape(output))
    return {
        key: inputs[key] if key in inputs else upstream if key.startswith("grad_") else output
        for key in inspect.signature(functions.AS_WRITTEN[name]).parameters
    }


def test_every_function_of_the_sheet_has_its_formula():
    assert set(FORMULAS) == set(functions.__all__)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_what_the_function_computes(name):
    function = getattr(functions, name)
    given = arguments(name)
    results = function(**given)
    results = results if isinstance(results, tuple) else (results,)
    known = {key: np.asarray(value) for key, value in given.items()}
    lines = [read(line) for line in FORMULAS[name]]
    for place, line in enumerate(lines):
        result = place - len(lines) + len(results)
        shape = np.shape(results[result]) if result >= 0 else None
        known[line.name] = evaluate(line, known, shape)
        if result >= 0:
            np.testing.assert_allclose(known[line.name], results[result], rtol=1e-12, atol=1e-14)


def test_a_formula_reads_as_in_the_textbook():
    assert text_of(read("y = sum(i, 2 * (a[i] - b[i])**2) / (1 + c)")) == "y = (Σ_i 2·(a[i] − b[i])²) / (1 + c)"
    assert text_of(read("y[i] = -a[i] * (-b[i]) - (c - d)")) == "y[i] = −a[i]·(−b[i]) − (c − d)"
    assert latex_of(read("y[i] = 1 if a[i] > 0 else exp(x_hat[i])"), {}) == (
        r"y_{i} = \begin{cases} 1 & \text{if } a_{i} > 0 \\ \operatorname{exp}\left(\hat{x}_{i}\right) & \text{else} \end{cases}"
    )


def test_long_sums_are_shortened_and_still_end_in_the_result():
    line, long = read("y = sum(i, a[i] * a[i])"), np.arange(20.0)
    text = worked(line, {"a": long}, (), float(long @ long))
    assert text.startswith("y = 0·0 + 1·1 + ")
    assert text.endswith(" + … + 19·19 = 2470")


def test_brackets_stand_only_where_they_are_needed():
    a, b = np.array([0.5, -0.5]), np.array([1.0, -2.0])
    for spelt, expected in (
        ("y = sum(i, a[i] * b[i])", "0.5·1 + (−0.5)·(−2)"),
        ("y = sum(i, a[i] / b[i])", "0.5 / 1 + (−0.5) / (−2)"),
        ("y = sum(i, b[i])", "1 + (−2)"),
        ("y = sum(i, b[i]**2)", "1² + (−2)²"),
        ("y = sum(i, 2 * b[i] * a[i])", "2·1·0.5 + 2·(−2)·(−0.5)"),
        ("y = mean(i, b[i] * a[i])", "(1·0.5 + (−2)·(−0.5)) / 2"),
        ("y = b[1] * b[1] - b[1] * a[1]", "−2·(−2) − (−2)·(−0.5)"),
        ("y = exp(-b[0]) + exp(-b[1])", "exp(−1) + exp(−(−2))"),
    ):
        assert worked(read(spelt), {"a": a, "b": b}, (), 7.0) == f"y = {expected} = 7"
    assert text_of(read("y[i] = c + (-a[i] * b[i])")) == "y[i] = c + (−a[i]·b[i])"


def test_the_number_of_examples_is_known_where_only_the_left_side_counts_them():
    model, x, _ = made("sparse kl")
    worked_out = ae.trace(model, x)["grad_h2_kl_sparsity_alone"].worked(1, 0)
    assert " / 3 = " in worked_out, worked_out


# A whole step of every variant


@pytest.mark.in_turn
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_the_models_own_and_leaves_it_alone(name, dtype):
    model, x, labels = made(name, dtype=dtype)
    before, parts = values(model), {key: set(vars(part)) for key, part in model.parts.items()}
    state = model.rng.bit_generator.state
    step = ae.trace(model, x, labels, optimizer=ae.SGD(0.1), rng=3)
    for old, parameter in zip(before, model.parameters, strict=True):
        np.testing.assert_array_equal(old, parameter.value)
        assert type(parameter.value) is np.ndarray
    assert {key: set(vars(part)) for key, part in model.parts.items()} == parts
    assert model.rng.bit_generator.state == state
    assert all(operation.agrees for operation in step)
    with in_double_precision(model), model.trusting_batches(), model.training():
        assert step.loss == pytest.approx(float(model.loss(*batch_of(x, labels), rng=3)), rel=1e-13)
        assert float(step["J"].output) == step.loss
        model.backward()
        gradients = {p.name: p.grad.copy() for p in model.parameters}
        ae.SGD(0.1).start(model.parameters).step(0.1)
        updated = {p.name: p.value.copy() for p in model.parameters}
    assert len(step.find("grad_")) >= len(gradients)
    for operation in step:
        target = operation.quantity.target
        if target is not None and target.kind == "parameter" and not operation.quantity.share:
            np.testing.assert_allclose(operation.output, gradients.pop(target.wish), rtol=1e-12, atol=1e-14)
            new = step[target.name + "_new"].output
            np.testing.assert_allclose(new, updated[target.wish], rtol=1e-12, atol=1e-14)
    assert not gradients


@pytest.mark.in_turn
@pytest.mark.parametrize("name", STEPS)
def test_every_gradient_equals_the_difference_quotient_beside_it(name):
    model, x, labels = made(name)
    step = ae.trace(model, x, labels, rng=3)
    compared = 0
    for operation in step:
        if operation.numeric is not None:
            smooth = np.isfinite(operation.numeric)
            np.testing.assert_allclose(operation.output[smooth], operation.numeric[smooth], rtol=1e-6, atol=2e-9)
            compared += smooth.sum()
            if not smooth.all():
                # What acts on a code of its own bends where a unit that is off makes h exactly 0, as |h| does.
                assert name.startswith("sparse l1") or name.endswith("as found")
                assert operation.name == "grad_h2"
                assert (smooth | (step["h2"].output == 0)).all()
    assert compared > 30


@pytest.mark.in_turn
def test_what_is_opened_in_a_browser_calls_every_function_that_any_step_calls():
    called = {}
    for name in STEPS:
        model, x, labels = made(name)
        called[name] = {operation.function for operation in ae.trace(model, x, labels, rng=3)}
    assert set().union(*(called[name] for name in IN_A_BROWSER)) == set().union(*called.values())


def test_no_difference_quotient_stands_beside_what_passes_a_declared_backward():
    model, x, _ = made("jump relu")
    step = ae.trace(model, x)
    quotients = {name for name in ("grad_x_hat", "grad_W4", "grad_V3", "grad_h") if step[name].numeric is not None}
    assert quotients == {"grad_x_hat", "grad_W4", "grad_V3", "grad_h"}
    assert all(step[name].numeric is None for name in ("grad_a2", "grad_log_theta_jump", "grad_W2", "grad_b1"))


@pytest.mark.in_turn
@pytest.mark.parametrize("name", STEPS)
def test_every_operation_has_a_name_a_formula_a_line_of_code_and_its_arithmetic(name):
    model, x, labels = made(name)
    step = ae.trace(model, x, labels)
    names = [*step.given, *(operation.name for operation in step)]
    assert len(names) == len(set(names))
    assert [operation.number for operation in step] == list(range(len(step)))
    seen = set(step.given)
    for operation in step:
        assert set(operation.inputs) <= seen, "an operation reads what comes later"
        seen.add(operation.name)
        path, lines = operation.where.split(":")
        first, _, last = lines.partition("-")
        source = inspect.getsource(__import__(path.removesuffix(".py").replace("/", "."), fromlist=["x"])).splitlines()
        there = "\n".join(source[int(first) - 1 : int(last or first)])
        assert operation.code == textwrap.dedent(there).rstrip()
        assert operation.formula.startswith(operation.name)
        assert operation.latex.count("{") == operation.latex.count("}")
        where = tuple(n - 1 for n in operation.output.shape)
        assert operation.worked(*where).startswith(operation.name)
        assert operation.outputs == {operation.name: operation.output}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_update_is_the_optimizers_own(name):
    model, x, _ = made("vanilla tanh", dtype="float64")
    optimizer = OPTIMIZERS[name]
    step = ae.trace(model, x, optimizer=optimizer)
    model.loss(x)
    model.backward()
    optimizer.start(model.parameters).step(optimizer.schedule.rate(0, 1))
    assert all(operation.agrees for operation in step)
    for number, parameter in enumerate(p for p in model.parameters if p.shape[1:]):
        np.testing.assert_allclose(step[f"W{number + 1}_new"].output, parameter.value, rtol=1e-13)


def test_the_rules_settings_are_not_the_models_of_the_same_name():
    model = ae.VariationalAutoencoder([4, 2], beta=0.9, rng=0)
    step = ae.trace(model, np.eye(4), optimizer=ae.RMSProp(beta=0.9))
    assert step.given["beta"] == step.given["beta_RMSProp"] == 0.9
    assert "beta" in step["divergence"].inputs
    assert "beta_RMSProp" in step["v_W1"].inputs


def test_every_optimizer_has_its_rule():
    kinds = {kind.__name__ for kind in vars(ae).values() if isinstance(kind, type) and issubclass(kind, ae.Optimizer)}
    assert set(RULES) == kinds - {"Optimizer"}


def test_an_optimizer_of_ones_own_is_shown_without_a_rule():
    class Sign(ae.SGD):
        def rule(self, value, grad, moments, rate, step):
            value -= rate * np.sign(grad)

    model, x, _ = made("linear tied", dtype="float64")
    for name in ("Sign", "SGD"):  # a name of ours makes it none of ours
        Sign.__name__ = name
        step = ae.trace(model, x, optimizer=Sign(0.1))
        new = model.parameters[0].value - 0.1 * np.sign(step["grad_W1"].output)
        np.testing.assert_allclose(step["W1_new"].output, new)
        assert f"is the result of {name}" in str(step)


# The code beside a formula


def test_the_code_beside_a_formula_is_every_line_that_computes_it():
    model, x, labels = made("classifier")
    step = ae.trace(model, x, labels)
    assert step["a1"].code == "y = x @ W\ny += b"
    path, _, lines = step["a1"].where.partition(":")
    first, last = map(int, lines.split("-"))
    assert (path, last - first) == ("aescratch/functions/affine.py", 1)
    assert step["grad_b1"].code == "grad_b = grad_y.sum(axis=0)"
    for name in ("p", "grad_logits"):  # neither is done before the last line
        assert step[name].code.splitlines()[0] == "grad_logits = softmax(logits)"
        assert step[name].code.splitlines()[-1] == "return grad_logits / batch_size(logits)"
    assert "y = x @ W\n" in str(step)
    model, x, _ = made("sparse kl")
    step = ae.trace(model, x, optimizer=ae.Adam())
    assert step["rho_hat"].code == "rho_hat = batch_mean(h)"
    assert step["kl"].code.splitlines()[-1].startswith("return (rho * log(rho / rho_hat)")
    assert step["m_W1"].code == "m *= beta1\nm += grad"
    assert "rate_of_m" in step["W1_new"].code
    assert "change = grad * grad" in step["v_W1"].code
    step = ae.trace(model, x, optimizer=ae.AdamW(clip_norm=1.0))
    assert step["W1_new"].code.splitlines()[0] == "value *= 1 - rate * self.decay"
    assert step["norm_of_gradients"].code.startswith("current = ")
    assert step["norm_of_gradients"].formula.startswith("norm_of_gradients = √(Σ_i Σ_j grad_W1[i,j]² + Σ_j grad_b1[j]² + ")
    assert step["scale"].code.splitlines()[-1].strip().startswith("run.grads *= ")


@pytest.mark.parametrize("name", FORMULAS)
def test_a_line_beside_a_formula_needs_no_other(name):
    function = inspect.unwrap(getattr(functions, name))
    for line in map(read, FORMULAS[name]):
        _, code = lines_of(function, line.name)
        known = {*inspect.signature(function).parameters, line.name, *inspect.unwrap(function).__globals__, *dir(builtins), "xp"}
        for statement in ast.parse(f"def f():\n{textwrap.indent(code, ' ')}").body[0].body:
            read_here = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            assert read_here <= known, f"{code} reads what is computed elsewhere"
            known |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


# What is given is given once


@pytest.mark.in_turn
@pytest.mark.parametrize("name", STEPS)
def test_one_array_is_one_given(name):
    model, x, labels = made(name)
    step = ae.trace(model, x, labels, rng=3)
    arrays = [(key, value) for key, value in step.given.items() if value.size > 1]
    for place, (key, value) in enumerate(arrays):
        for other, again in arrays[:place]:
            assert not np.array_equal(value, again), f"{key} is {other} once more"


def test_the_noise_of_a_vae_is_one_array_and_adams_epsilon_is_called_otherwise():
    step = ae.trace(ae.VariationalAutoencoder([4, 2], rng=0), np.eye(4))
    assert not [name for name in step.given if name.startswith("eps_") and name != "eps_Adam"]
    assert "epsilon" not in step.given
    assert "eps" in step["grad_log_var_sampling"].inputs
    assert step.given["eps_Adam"] == 1e-8
    assert word("eps_Adam") == "ε Adam"
    assert r"\varepsilon^{(\mathrm{Adam})}" in step["W1_new"].latex


def test_an_array_that_was_written_into_is_another_given():
    recorder = Recorder(ae.Autoencoder([4, 2]))
    array = np.ones(3)
    first = recorder.give(array, "noise", "u")
    assert recorder.give(array, "noise", "u") is first
    array[0] = 2
    second = recorder.give(array, "noise", "u")
    assert second is not first
    assert second.value.tolist() == [2, 1, 1]
    assert recorder.give(np.array([2.0, 1, 1]), "noise", "u") is not second


def test_the_title_has_only_what_was_chosen():
    def title(optimizer):
        return ae.trace(ae.Autoencoder([4, 2]), np.eye(4), optimizer=optimizer).title

    assert title(None) == "one training step of Autoencoder, 4 examples, Adam (rate 0.001), float64, rng=0"
    assert "SGD (rate 0.1), float64" in title(ae.SGD(0.1))
    assert "AdamW (rate 0.01, decay 0.1, clip_norm 2.0)" in title(ae.AdamW(0.01, decay=0.1, clip_norm=2.0))
    assert "Adam (rate CosineRate(" in title(ae.Adam(ae.CosineRate(0.01)))


# What a variant is made of is all there


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vanilla relu", "a1 h1 a2 h2 a3 h3 x_hat J grad_x_hat grad_h3 grad_W4 grad_b4"),
        ("tied", "grad_W1_decoder grad_W1_encoder grad_W1_decay grad_W1"),
        ("denoising masking", "x_tilde keep noise"),
        ("sparse kl", "rho rho_hat kl sparsity grad_h2_decoder grad_h2_sparsity grad_h2"),
        ("sparse l1 unit", "norm3 W3 V3 l1 grad_V3"),
        ("k-sparse", "mask h2"),
        ("contractive", "slope contraction grad_slope grad_a1_slope grad_a1 grad_W1_contraction grad_W1"),
        ("variational", "mu log_var sigma eps z kl divergence grad_mu grad_log_var W_mu grad_W_log_var"),
        ("variational bernoulli", "logits p grad_logits"),
        ("classifier", "logits labels p W_head grad_W_head cross_entropy"),
        ("layer of a stack", "x_tilde a1 h1 x_hat"),
    ],
)  # fmt: skip
def test_names_are_the_textbooks(name, expected):
    model, x, labels = made(name)
    step = ae.trace(model, x, labels, rng=3)
    known = {*step.given, *(operation.name for operation in step)}
    expected = set(expected.split()) - ({"grad_a1_slope"} if name == "contractive" else set())
    assert expected <= known, expected - known


def test_the_same_seed_draws_the_same_noise():
    model, x, _ = made("variational")
    first, again, other = (ae.trace(model, x, rng=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.given["eps"], again.given["eps"])
    assert first.loss == again.loss != other.loss


def test_tied_weights_are_one_parameter_read_both_ways(toy):
    step = ae.trace(ae.Autoencoder([4, 2], tied=True, rng=0), np.eye(4)[:2])
    assert step["x_hat"].formula == "x_hat[n,j] = Σ_i h1[n,i]·W1[j,i] + b2[j]"
    assert step["grad_W1_decoder"].output.shape == step["grad_W1"].output.shape == (4, 2)
    assert not step.find("grad_W2")


# What isn't ours


def test_a_function_that_an_exercise_replaced_is_noticed_and_its_gradient_shown_as_it_is(monkeypatch):
    def wrong(grad_out, out):
        return grad_out * (1 - out)

    monkeypatch.setattr(functions, "tanh_backward", wrong)
    model, x, _ = made("vanilla tanh")
    step = ae.trace(model, x)
    assert functions.tanh_backward is wrong
    assert not step["grad_a1"].agrees
    assert step["grad_a1"].code == "return grad_out * (1 - out)"
    assert np.abs(step["grad_a1"].output - step["grad_a1"].numeric).max() > 0.01
    assert all(step[name].agrees for name in ("h1", "grad_W1", "grad_h1"))
    assert "The code's result differs from this formula." in str(step)


def test_a_function_that_calls_another_of_the_sheet_is_one_operation(monkeypatch):
    monkeypatch.setattr(functions, "tanh", lambda a: 2 * functions.sigmoid(2 * a) - 1)
    model, x, _ = made("vanilla tanh")
    step = ae.trace(model, x)
    assert {"tanh", "sigmoid"} & {operation.function for operation in step} == {"tanh"}
    assert all(operation.agrees for operation in step)


def test_a_layer_of_ones_own_is_recorded_as_far_as_its_operations_are_known():
    class Softplus(Activation):
        def apply(self, a):
            return np.log(1.0 + np.exp(a))

        def backward(self, grad_y):
            return grad_y * (1.0 / (1.0 + np.exp(-self.a)))

    class Cube(Activation):
        def apply(self, a):
            return a**3

        def backward(self, grad_y):
            return grad_y * 3.0 * self.a**2

    for activation in (Softplus, Cube):
        model = ae.Autoencoder([4, 2], activation=activation, dtype="float64", rng=0)
        step = ae.trace(model, np.eye(4)[:2])
        model.loss(np.eye(4)[:2])
        model.backward()
        np.testing.assert_allclose(step["grad_W1"].output, model.parameters[0].grad, rtol=1e-12)
        compared = [operation for operation in step if operation.numeric is not None]
        assert {"grad_W1", "grad_a1"} <= {operation.name for operation in compared}
        for operation in compared:
            np.testing.assert_allclose(operation.output, operation.numeric, atol=1e-8)
        assert step["grad_W1"].agrees
        str(step)


def test_what_was_wrapped_is_as_before_also_after_an_error():
    class Failing(ae.Autoencoder):
        def backward(self):
            raise KeyError("no")

    before = dict(vars(functions))
    with pytest.raises(KeyError):
        ae.trace(Failing([4, 2], rng=0), np.eye(4))
    assert dict(vars(functions)) == before


def test_another_thread_is_not_recorded():
    ready, done = threading.Event(), threading.Event()

    class Waiting(ae.Autoencoder):
        def loss(self, x, rng=None):
            ready.set()
            assert done.wait(300)
            return super().loss(x, rng)

    def other():
        assert ready.wait(300)
        functions.sigmoid(np.ones((1, 1)))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    step = ae.trace(Waiting([4, 2], activation=ae.Tanh, rng=0), np.eye(4))
    thread.join()
    assert [operation.function for operation in step if operation.which == "forward"] == [
        "dense", "tanh", "dense", "squared_error",
    ]  # fmt: skip


# Looking at it


def test_it_is_a_sequence(toy):
    assert toy[0].name == "a1"
    assert toy[-1].name == "b2_new"
    assert [operation.name for operation in toy[1:3]] == ["h1", "x_hat"]
    assert [operation.name for operation in toy.find("grad_W")] == ["grad_W2", "grad_W1"]
    assert len(list(toy)) == len(toy) == 15
    assert repr(toy[0]) == "0  a1[n,j] = Σ_i x[n,i]·W1[i,j] + b1[j]"
    assert repr(toy).startswith("<Trace of one training step of Autoencoder, 2 examples, SGD (rate 0.1), ")
    assert type(repr(toy)) is str  # not a phrase, which a process cannot send to another one with execnet
    with pytest.raises(KeyError, match="expected the name of an operation, got 'a9'; there are a1, h1, x_hat, J"):
        toy["a9"]
    with pytest.raises(IndexError):
        toy[99]


def test_it_prints_like_a_worked_example():
    model = ae.Autoencoder([4, 2], activation=ae.Sigmoid, rng=0)
    text = str(ae.trace(model, np.array([[0.5, 1.0, 0.0, 0.25]]), optimizer=ae.SGD(0.1)))
    W, b = model.parameters[0].value.astype(float), model.parameters[1].value
    a1 = float(0.5 * W[0, 0] + W[1, 0] + 0.25 * W[3, 0] + b[0])
    for expected in (
        "Given", "  x = 0.5  1  0  0.25", "Forward", "a1[n,j] = Σ_i x[n,i]·W1[i,j] + b1[j]",
        f"a1[0,0] = 0.5·0.2739 + 1·(−0.9181) + 0·0.6265 + 0.25·0.2133 + 0 = {a1:.4g}".replace(" -", " −"),
        "encoder.dense1, aescratch/functions/affine.py:", "y = x @ W", "Backward", "the difference quotient", "Update",
        "W1_new[i,j] = W1[i,j] − eta·grad_W1[i,j]",
    ):  # fmt: skip
        assert expected in text, expected
    assert max(map(len, text.splitlines())) < 400


def test_the_difference_quotients_stand_beside_the_gradients(toy):
    lines = str(toy).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("     grad_W1 = "))
    for line in lines[start : start + 4]:
        gradient, quotient = line.partition("=")[2].split("|") if "=" in line else line.split("|")
        assert gradient.split() == quotient.split()


def test_a_large_step_is_shortened_and_its_quotients_wait_to_be_asked_for():
    x = np.random.default_rng(0).random((5, 64))
    step = ae.trace(ae.Autoencoder([64, 32], rng=0), x)
    text = str(step)
    assert "…" in text
    assert "|  " not in text
    assert len(text) < 40_000
    assert step["grad_b1"].numeric.shape == (32,)


def test_letters_in_latex(toy):
    assert toy["x_hat"].latex == r"\hat{x}_{n j} = \sum_{i} h^{(1)}_{n i} \, W^{(2)}_{i j} + b^{(2)}_{j}"
    assert toy["grad_b1"].latex == (
        r"\frac{\partial J}{\partial b^{(1)}_{j}} = \sum_{n} \frac{\partial J}{\partial a^{(1)}_{n j}}"
    )


def test_no_fraction_stands_within_the_numerator_of_another():
    x = np.random.default_rng(0).random((3, 5))
    kl = ae.trace(ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.05, 0.5), rng=0), x)["grad_h1_kl_sparsity_alone"].latex
    assert kl.partition(" = ")[2] == r"\frac{1}{N} \left(-\frac{\rho}{\hat{\rho}_{j}} + \frac{1 - \rho}{1 - \hat{\rho}_{j}}\right)"
    threshold = ae.trace(ae.JumpReLUAutoencoder([5, 3], 0.1, rng=0), x)["grad_theta_sparsity"].latex
    assert threshold.partition(" = ")[2] == r"-\frac{\sum_{n} \mathrm{near}_{n j}}{\mathrm{bandwidth} \, N}"


@pytest.mark.in_turn
def test_latex_is_understood_by_matplotlib():
    pytest.importorskip("matplotlib")
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("agg")
    for name in ("cross-entropy", "sparse kl tied", "contractive"):
        model, x, labels = made(name)
        for operation in ae.trace(model, x, labels):
            if r"\begin" not in operation.latex:  # cases, which matplotlib has none of
                parser.parse(f"${operation.latex}$".replace(r"\lvert", "|").replace(r"\rvert", "|"))


@pytest.mark.in_turn
@pytest.mark.parametrize("name", ["vanilla relu", "variational", "classifier", "sparse kl"])
def test_the_picture_has_every_array_with_a_gradient_below_it(name):
    pytest.importorskip("matplotlib")
    model, x, labels = made(name)
    step = ae.trace(model, x, labels)
    ax = step.plot()
    shown = [text.get_text() for text in ax.texts]
    assert {"x", "J", "a1"} <= set(shown)
    assert sum(text.startswith("∂J/∂") for text in shown) >= len(model.parameters)
    ax.figure.canvas.draw()
    assert step.plot(ax=ax) is ax


# The page and the command


def test_the_page_is_small_whole_and_self_contained(tmp_path):
    model = ae.SparseAutoencoder([8, 4], rng=0, weight_decay=0.1)
    step = ae.trace(model, np.random.default_rng(0).random((5, 8)))
    path = step.to_html(tmp_path / "step.html")
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 400_000
    assert not any(word in text for word in ("http://", "https://", "@import", "url(", "src="))
    assert text.count("</script>") == 2
    frame = step._repr_html_()
    assert 'sandbox="allow-scripts"' in frame
    assert "srcdoc=" in frame
    assert "<script" not in frame


def test_what_looks_like_html_stays_text(tmp_path, monkeypatch):
    class Rude(ae.Autoencoder):
        pass

    def ruder(grad_y, y):
        return grad_y * (1 - y * y)  # </script><b>

    Rude.__name__ = "</script><b>"
    monkeypatch.setattr(functions, "tanh_backward", ruder)
    step = ae.trace(Rude([4, 2], activation=ae.Tanh, rng=0), np.eye(4))
    assert "</script><b>" in step["grad_a1"].code
    assert "</script><b>" not in step.to_html(tmp_path / "step.html").read_text(encoding="utf-8")


def test_a_step_too_large_for_a_page_is_refused(tmp_path):
    step = ae.trace(ae.Autoencoder([1000, 150], rng=0), np.ones((2, 1000)))
    with pytest.raises(ValueError, match="expected a step of at most 1,500,000 numbers for a page, got"):
        step.to_html(tmp_path / "step.html")
    assert not list(tmp_path.iterdir())
    assert step._repr_html_() is None


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ae.trace(3, np.eye(4)), "expected a model of aescratch, such as"),
        (lambda: ae.trace(ae.Autoencoder([4, 2]), np.eye(4), optimizer=ae.LBFGS()), "takes one step per batch"),
        (lambda: ae.trace(ae.Autoencoder([4, 2]), np.eye(5)), "width|columns|features|entries|4"),
        (lambda: ae.trace(ae.Autoencoder([4, 2]), np.eye(4), np.arange(4)), "expected no labels"),
        (lambda: ae.trace(ae.Autoencoder([4, 2]), np.eye(4), rng=-1), "rng"),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()


def test_what_a_given_number_may_be_is_told():
    model, x, labels = made("k-sparse")
    step = ae.trace(model, x, labels)
    limits = {q.name: limits_of(q, step) for q in step.given_quantities}
    units = step["mask"].output.shape[1]
    assert limits["k"] == {"whole": True, "least": 1, "most": units}
    assert limits["t"] == {"whole": True, "least": 1}
    assert limits["x"] == {}
    assert limits["beta1"] == {"least": 0, "below": 1}
    assert limits["eps_Adam"] == {"above": 0}
    model, x, labels = made("classifier")
    step = ae.trace(model, x, labels)
    (labelled,) = [q for q in step.given_quantities if q.name == "labels"]
    assert limits_of(labelled, step) == {"whole": True, "least": 0, "most": 2}
    model, x, _ = made("sparse kl")
    step = ae.trace(model, x, optimizer=ae.RMSProp())
    limits = {q.name: limits_of(q, step) for q in step.given_quantities}
    assert limits["rho"] == {"above": 0, "below": 1}
    assert limits["beta"] == {"least": 0, "below": 1}


@pytest.mark.in_turn
def test_every_given_number_is_one_that_it_may_be():
    for name, optimizer in zip(STEPS, itertools.cycle(OPTIMIZERS.values())):
        model, x, labels = made(name)
        step = ae.trace(model, x, labels, optimizer=optimizer)
        for quantity in step.given_quantities:
            limit = limits_of(quantity, step)
            value = quantity.value
            assert not limit.get("whole") or (value == value.round()).all()
            assert (value >= limit.get("least", -np.inf)).all()
            assert (value <= limit.get("most", np.inf)).all()
            assert (value > limit.get("above", -np.inf)).all()
            assert (value < limit.get("below", np.inf)).all()


def test_the_help_says_what_step_does(capsys):
    assert cli.main(["step", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "the code's width (default 4)" in text
    assert "the code's width (default 32)" not in text
    assert "All numbers are computed in float64" in text


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_the_command_writes_a_page(tmp_path, capsys, variant):
    path = tmp_path / "step.html"
    assert cli.main(["step", variant, "--out", str(path), "--optimizer", "sgd", "--learning-rate", "0.1"]) == 0
    assert "one training step of" in capsys.readouterr().out
    assert 100_000 < path.stat().st_size < 250_000


def test_the_command_opens_the_page_and_prints_text(tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    path = tmp_path / "step.html"
    assert cli.main(["step", "sparse", "--sparsity", "l1:0.1", "--open", "--out", str(path)]) == 0
    assert opened == [path.as_uri()]
    capsys.readouterr()
    assert cli.main(["step", "vanilla", "--inputs", "4", "--code", "2", "--examples", "1", "--text"]) == 0
    assert "\nForward\n" in capsys.readouterr().out
    assert cli.main(["step", "vanilla", "--out", str(tmp_path / "no" / "step.html")]) == 2
    assert cli.main(["step", "classifier", "--data", "digits", "--examples", "2", "--code", "2", "--text"]) == 0


def test_a_partial_activation_and_a_number_with_a_name():
    model = ae.Autoencoder([4, 2], activation=functools.partial(ae.LeakyReLU, 0.2), rng=0)
    step = ae.trace(model, np.eye(4))
    assert [name for name in step.given if name.startswith("alpha")] == ["alpha"]
    assert step.given["alpha"] == 0.2
    assert step["h1"].formula == "h1[n,j] = a1[n,j] if a1[n,j] > 0 else alpha·a1[n,j]"


def test_traces_in_several_threads_leave_the_formulas_as_they_were():
    before = vars(ae.functions).copy()
    x = np.random.default_rng(0).random((3, 4))

    def take():
        for _ in range(5):
            ae.trace(ae.Autoencoder([4, 2], rng=0), x)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(vars(ae.functions)[name] is value for name, value in before.items())


class Unused(ae.Autoencoder):
    """An autoencoder with a parameter on which the loss doesn't depend."""

    def __init__(self, widths, **options):
        self.extra = ae.Parameter("extra", np.ones(2))
        super().__init__(widths, **options)

    @property
    def parameters(self):
        return [*super().parameters, self.extra]


@pytest.mark.parametrize("clip_norm", [None, 0.01])
def test_a_parameter_that_the_loss_never_uses_has_a_gradient_of_0(clip_norm):
    model = Unused([3, 2], dtype="float64", rng=0)
    trace = ae.trace(model, np.random.default_rng(0).random((4, 3)), optimizer=ae.SGD(0.1, clip_norm=clip_norm))
    last = trace[-1]
    np.testing.assert_array_equal(last.output, [1.0, 1.0])
    assert last.agrees
    gradient = "grad_extra" if clip_norm is None else "clipped_grad_extra"
    assert last.formula == f"extra_new[j] = extra[j] − eta·{gradient}[j]"
    np.testing.assert_array_equal(last.inputs[gradient], [0.0, 0.0])
