"""Optimisers against the textbook: every rule beside a plain-Python version of itself, one number at a time.

Then how a rule is applied: in blocks, over stretches of memory, with clipping, by a schedule, and by L-BFGS.
"""

import copy
import math
import subprocess
import sys

import numpy as np
import pytest

import aescratch as ae
from aescratch import backend
from aescratch.foundations.parameters import Parameter, pack
from aescratch.optimizers import Optimizer
from aescratch.optimizers.optimizer import contiguous_runs

RATES = [0.1, 0.1, 0.07, 0.03, 0.01]


# The rules, for a single number v and its gradients g, as the papers print them


def sgd(v, gradients):
    for rate, g in zip(RATES, gradients, strict=True):
        v = v - rate * g
    return v


def momentum(v, gradients, mu=0.8):
    m = 0.0
    for rate, g in zip(RATES, gradients, strict=True):
        m = mu * m + g
        v = v - rate * m
    return v


def nesterov(v, gradients, mu=0.8):
    m = 0.0
    for rate, g in zip(RATES, gradients, strict=True):
        m = mu * m + g
        v = v - rate * (g + mu * m)
    return v


def rmsprop(v, gradients, beta=0.7, eps=1e-3):
    s = 0.0
    for rate, g in zip(RATES, gradients, strict=True):
        s = beta * s + (1 - beta) * g**2
        v = v - rate * g / (math.sqrt(s) + eps)
    return v


def adam(v, gradients, beta1=0.8, beta2=0.9, eps=1e-3, decay=0.0):
    m = s = 0.0
    for t, (rate, g) in enumerate(zip(RATES, gradients, strict=True), start=1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        v = v - rate * decay * v
        v = v - rate * m_hat / (math.sqrt(s_hat) + eps)
    return v


def adamw(v, gradients):
    return adam(v, gradients, decay=0.3)


RULES = [
    (ae.SGD(0.1), sgd),
    (ae.Momentum(0.1, mu=0.8), momentum),
    (ae.Nesterov(0.1, mu=0.8), nesterov),
    (ae.RMSProp(0.1, beta=0.7, eps=1e-3), rmsprop),
    (ae.Adam(0.1, beta1=0.8, beta2=0.9, eps=1e-3), adam),
    (ae.AdamW(0.1, decay=0.3, beta1=0.8, beta2=0.9, eps=1e-3), adamw),
]
OPTIMIZERS = [rule for rule, _ in RULES]
by_name = [type(rule).__name__ for rule in OPTIMIZERS]


def parameters(*shapes, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    made = [Parameter(f"p{number}", rng.normal(size=shape)) for number, shape in enumerate(shapes)]
    pack(made, dtype)
    return made


def train(optimizer, trained, gradients):
    """Take one step for each list of gradients, one for every parameter."""
    state = optimizer.start(trained)
    for rate, step in zip(RATES, gradients, strict=True):
        for parameter, grad in zip(trained, step, strict=True):
            parameter.grad = grad
        state.step(rate)
    return state


def random_gradients(trained, seed=1):
    rng = np.random.default_rng(seed)
    return [[rng.normal(size=p.shape).astype(p.value.dtype) for p in trained] for _ in RATES]


@pytest.mark.parametrize(("optimizer", "textbook"), RULES, ids=by_name)
def test_rule_equals_the_textbook_number_by_number(optimizer, textbook):
    trained = parameters((5, 3), (3,))
    before = [p.value.copy() for p in trained]
    gradients = random_gradients(trained)
    train(optimizer, trained, gradients)
    for i, parameter in enumerate(trained):
        for place in np.ndindex(parameter.shape):
            expected = textbook(before[i][place], [step[i][place] for step in gradients])
            assert parameter.value[place] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=by_name)
def test_rule_keeps_float32(optimizer):
    trained = parameters((5, 3), dtype="float32")
    state = train(optimizer, trained, random_gradients(trained))
    assert trained[0].value.dtype == np.float32
    assert all(moment.dtype == np.float32 for moment in state.arrays().values())


def test_adam_moves_by_the_learning_rate_in_its_first_step_whatever_the_gradient():
    trained = parameters((7,))
    before = trained[0].value.copy()
    trained[0].grad = np.array([1e-3, -1e-3, 1.0, -1.0, 1e3, -1e3, 0.5])
    ae.Adam(0.01).start(trained).step(0.01)
    np.testing.assert_allclose(before - trained[0].value, 0.01 * np.sign(trained[0].grad), rtol=2e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=by_name)
def test_blocks_give_the_same_as_one_block(optimizer, monkeypatch):
    whole, in_blocks = parameters((7, 5), (11,)), parameters((7, 5), (11,))
    gradients = random_gradients(whole)
    train(optimizer, whole, gradients)
    monkeypatch.setattr("aescratch.optimizers.optimizer.BLOCK", 13)
    train(optimizer, in_blocks, gradients)
    for a, b in zip(whole, in_blocks, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_a_buffer_longer_than_a_block_is_trained_to_its_end():
    (parameter,) = parameters((backend.BLOCK + 7,))
    before = parameter.value.copy()
    parameter.grad = np.random.default_rng(1).normal(size=parameter.shape)
    ae.SGD(0.5).start([parameter]).step(0.5)
    np.testing.assert_array_equal(parameter.value, before - 0.5 * parameter.grad)


# Stretches of memory


def lengths(trained):
    return [values.size for values, _ in contiguous_runs(trained)]


def test_neighbours_in_one_buffer_are_one_stretch():
    trained = parameters((5, 3), (3,), (2, 2))
    assert lengths(trained) == [22]


def test_a_gap_in_the_buffer_begins_a_new_stretch():
    trained = parameters((5, 3), (3,), (2, 2))
    assert lengths([trained[0], trained[2]]) == [15, 4]


def test_unpacked_parameters_are_a_stretch_each():
    assert lengths([Parameter("a", np.zeros((5, 3))), Parameter("b", np.zeros(3))]) == [15, 3]


def test_neighbours_in_the_wrong_order_are_not_joined():
    first, second = parameters((5,), (3,))
    assert lengths([second, first]) == [3, 5]


def test_stretches_are_views_of_values_and_gradients():
    first, second = parameters((5,), (3,))
    ((values, grads),) = contiguous_runs([first, second])
    values[6], grads[2] = 42.0, 43.0
    assert (second.value[1], first.grad[2]) == (42.0, 43.0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=by_name)
def test_values_do_not_depend_on_how_parameters_are_packed(optimizer):
    packed = parameters((5, 3), (3,), (2, 2))
    apart = [Parameter(p.name, p.value) for p in packed]
    gradients = random_gradients(packed)
    train(optimizer, packed, gradients)
    train(optimizer, apart, gradients)
    for a, b in zip(packed, apart, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_only_the_given_parameters_of_a_buffer_move():
    first, middle, last = parameters((5,), (3,), (2,))
    before = middle.value.copy()
    for p in (first, middle, last):
        p.grad = np.ones(p.shape)
    ae.SGD(0.1).start([first, last]).step(0.1)
    np.testing.assert_array_equal(middle.value, before)


# Clipping


def test_clipping_scales_all_gradients_to_the_global_norm():
    first, second = Parameter("a", np.zeros(1)), Parameter("b", np.zeros((1, 1)))
    first.grad, second.grad = np.array([3.0]), np.array([[4.0]])
    ae.SGD(1.0, clip_norm=1.0).start([first, second]).step(1.0)
    assert first.value == pytest.approx(-0.6)
    assert second.value == pytest.approx(-0.8)


def test_clipping_leaves_smaller_gradients_untouched_bit_for_bit():
    trained = parameters((5, 3), (3,), dtype="float32")
    clipped = copy.deepcopy(trained)
    gradients = random_gradients(trained)
    train(ae.Adam(0.1), trained, gradients)
    train(ae.Adam(0.1, clip_norm=1e3), clipped, gradients)
    for a, b in zip(trained, clipped, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_clipping_a_zero_gradient_leaves_it_zero():
    (parameter,) = parameters((5,))
    before = parameter.value.copy()
    parameter.grad = np.zeros(5)
    ae.SGD(1.0, clip_norm=0.1).start([parameter]).step(1.0)
    np.testing.assert_array_equal(parameter.value, before)


def test_clipping_does_not_hide_an_infinite_gradient():
    (parameter,) = parameters((2,))
    parameter.grad = np.array([np.inf, 1.0])
    with np.errstate(invalid="ignore"):
        ae.SGD(1.0, clip_norm=1.0).start([parameter]).step(1.0)
    assert not np.isfinite(parameter.value).all()


@pytest.mark.parametrize("optimizer", [ae.SGD, ae.Momentum, ae.Nesterov, ae.RMSProp, ae.Adam, ae.AdamW])
def test_every_optimizer_clips(optimizer):
    trained = parameters((5, 3))
    trained[0].grad = np.full((5, 3), 100.0)
    optimizer(0.1, clip_norm=2.0).start(trained).step(0.1)
    assert np.sqrt((trained[0].grad ** 2).sum()) == pytest.approx(2.0)


# Schedules


def rates(schedule, epochs):
    return [schedule.rate(epoch, epochs) for epoch in range(epochs)]


def test_constant_rate():
    assert rates(ae.ConstantRate(0.3), 3) == [0.3, 0.3, 0.3]


def test_step_rate():
    assert rates(ae.StepRate(0.8, every=3, factor=0.5), 7) == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]


def test_cosine_rate_falls_towards_the_last_and_stops_one_epoch_short():
    expected = [1.0, 0.1 + 0.45 * (1 + math.sqrt(0.5)), 0.55, 0.1 + 0.45 * (1 - math.sqrt(0.5))]
    assert rates(ae.CosineRate(1.0, last=0.1), 4) == pytest.approx(expected)


def test_no_epoch_is_spent_at_rate_zero():
    assert min(rates(ae.CosineRate(0.2), 2)) == pytest.approx(0.1)


def test_cosine_rate_of_one_epoch_is_the_first():
    assert rates(ae.CosineRate(0.2), 1) == [0.2]


def test_fit_takes_the_rate_of_each_epoch_from_the_schedule():
    model, x = ae.Autoencoder([5, 3], rng=0), np.random.default_rng(0).random((7, 5), np.float32)
    history = model.fit(x, epochs=4, optimizer=ae.SGD(ae.StepRate(0.1, every=2, factor=0.5)), rng=0)
    assert history.learning_rate == [0.1, 0.1, 0.05, 0.05]


def test_an_optimizer_without_a_rule_is_no_optimizer():
    trained = parameters((3,))
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).start(trained).step(0.1)
    with pytest.raises(NotImplementedError):
        ae.optimizers.Schedule().rate(0, 1)


# Recipes


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, ae.LBFGS(memory=5)], ids=[*by_name, "LBFGS"])
def test_a_recipe_carries_no_state_from_one_fit_to_the_next(optimizer):
    x, after = np.random.default_rng(0).random((7, 5)), []
    for _ in range(2):
        model = ae.Autoencoder([5, 3], activation=ae.Tanh, dtype="float64", rng=0)
        model.fit(x, epochs=3, batch_size=3, optimizer=optimizer, rng=0)
        after.append([p.value.copy() for p in model.parameters])
    for first, second in zip(*after, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_recipe_shows_its_settings():
    assert repr(ae.AdamW(0.1, clip_norm=2)) == (
        "AdamW(learning_rate=0.1, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-08, clip_norm=2.0)"
    )
    assert repr(ae.SGD(ae.StepRate(0.5, 2))) == (
        "SGD(learning_rate=StepRate(learning_rate=0.5, every=2, factor=0.1), clip_norm=None)"
    )
    assert repr(ae.LBFGS()) == "LBFGS(memory=20)"


def test_a_number_of_numpys_is_a_learning_rate_like_any_other():
    assert repr(ae.SGD(np.float32(0.5))) == repr(ae.SGD(0.5))


def test_changing_the_learning_rate_changes_the_schedule():
    optimizer = ae.SGD(0.1)
    optimizer.learning_rate = 0.25
    assert optimizer.schedule.rate(0, 1) == 0.25


MAKERS = [ae.SGD, ae.Momentum, ae.Nesterov, ae.RMSProp, ae.Adam, ae.AdamW, ae.ConstantRate, ae.CosineRate]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rate", [0, -0.1, math.nan, math.inf, 10**400])
def test_a_learning_rate_out_of_range_is_refused(maker, rate):
    with pytest.raises(ValueError, match=r"^expected learning_rate to be a number above 0, got (0|-|nan|inf|1000)"):
        maker(rate)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rate", ["fast", None, True, 1j, [0.1]])
def test_a_learning_rate_of_another_kind_is_refused(maker, rate):
    with pytest.raises(TypeError, match=r"^expected learning_rate to be a number above 0, got "):
        maker(rate)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: ae.SGD(0.1, clip_norm=0), ValueError, "expected clip_norm to be a number above 0, got 0"),
        (lambda: ae.SGD(0.1, clip_norm="1"), TypeError, "expected clip_norm to be a number above 0, got '1'"),
        (lambda: ae.Momentum(0.1, mu=1), ValueError, "expected mu to be a number of at least 0 and below 1, got 1"),
        (lambda: ae.Nesterov(0.1, mu=-1), ValueError, "expected mu to be a number of at least 0 and below 1, got -1"),
        (lambda: ae.RMSProp(beta=1.0), ValueError, "expected beta to be a number of at least 0 and below 1, got 1.0"),
        (lambda: ae.RMSProp(eps=0), ValueError, "expected eps to be a number above 0, got 0"),
        (lambda: ae.Adam(beta1=1.0), ValueError, "expected beta1 to be a number of at least 0 and below 1, got 1.0"),
        (lambda: ae.Adam(beta2=-1), ValueError, "expected beta2 to be a number of at least 0 and below 1, got -1"),
        (lambda: ae.Adam(eps=-1e-8), ValueError, "expected eps to be a number above 0, got -1e-08"),
        (lambda: ae.AdamW(decay=-0.1), ValueError, "expected decay to be a number of at least 0, got -0.1"),
        (lambda: ae.LBFGS(memory=0), ValueError, "expected memory to be an integer of at least 1, got 0"),
        (lambda: ae.LBFGS(memory=2.5), TypeError, "expected memory to be an integer of at least 1, got 2.5"),
        (lambda: ae.StepRate(0.1, every=0), ValueError, "expected every to be an integer of at least 1, got 0"),
        (lambda: ae.StepRate(0.1, every=2, factor=0), ValueError, "expected factor to be a number above 0, got 0"),
        (lambda: ae.CosineRate(0.1, last=-1), ValueError, "expected last to be a number of at least 0, got -1"),
    ],
)
def test_a_setting_out_of_range_is_refused(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == text


# L-BFGS


def linear_problem(dtype="float64"):
    x = np.random.default_rng(0).normal(size=(23, 5))
    return ae.LinearAutoencoder([5, 2], dtype=dtype, rng=0), x


def best_possible_loss(x):
    """Half the mean squared distance from the best plane, by the singular values: what PCA leaves."""
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return 0.5 * (singular[2:] ** 2).sum() / len(x)


def test_lbfgs_reaches_the_optimum_of_a_small_problem():
    model, x = linear_problem()
    history = model.fit(x, epochs=200, optimizer=ae.LBFGS(), rng=0)
    assert float(model.loss(x)) == pytest.approx(best_possible_loss(x), rel=1e-6)
    assert history.loss == sorted(history.loss, reverse=True)
    assert (history.learning_rate, history.validation_loss, history.stopped) == ([], [], "finished")


def test_lbfgs_works_on_a_float32_model():
    model, x = linear_problem("float32")
    model.fit(x, epochs=200, optimizer=ae.LBFGS(), rng=0)
    assert model.parameters[0].value.dtype == np.float32
    assert float(model.loss(x)) == pytest.approx(best_possible_loss(x), rel=1e-3)


def test_lbfgs_moves_parameters_of_several_buffers():
    targets = {"U": np.arange(15.0).reshape(3, 5), "V": -np.arange(7.0), "W": np.full((2, 1), 0.5)}
    U, V, W = (Parameter(name, np.zeros_like(target)) for name, target in targets.items())
    pack([U], "float64")
    pack([V, W], "float64")

    def evaluate():
        for parameter in (U, V, W):
            parameter.grad = parameter.value - targets[parameter.name]
        return sum(0.5 * float((parameter.grad**2).sum()) for parameter in (U, V, W))

    losses = []
    ae.LBFGS().run([U, V, W], evaluate, 50, losses.append)
    assert losses[-1] < 1e-12
    for parameter in (U, V, W):
        np.testing.assert_allclose(parameter.value, targets[parameter.name], atol=1e-6)


def labelled_problem(weight_decay):
    """Three classes of examples that overlap, and a classifier on the codes of an encoder of its own."""
    labels = np.random.default_rng(0).integers(0, 3, 31)
    x = np.random.default_rng(1).normal(size=(31, 5)) + 2 * np.eye(5)[labels]
    stack = ae.StackedAutoencoder([5, 4, 3], activation=ae.Tanh, dtype="float64", rng=0)
    return ae.SoftmaxClassifier(stack, n_classes=3, weight_decay=weight_decay, rng=0), x, labels


def test_lbfgs_trains_a_classifier_with_its_labels():
    model, x, labels = labelled_problem(0.01)
    assert len({id(parameter.buffer) for parameter in model.parameters}) == 2
    history = model.fit(x, labels, epochs=400, optimizer=ae.LBFGS(), rng=0)
    assert history.loss == sorted(history.loss, reverse=True)
    assert float(model.loss(x, labels)) == history.loss[-1]
    model.backward()
    assert max(abs(parameter.grad).max() for parameter in model.parameters) < 1e-4  # at a minimum
    assert model.score(x, labels) > 0.95
    others = np.roll(labels, 1)
    assert model.score(x, others) < 0.6  # it was these labels that it learned


def test_lbfgs_needs_a_classifiers_labels():
    model, x, _ = labelled_problem(0.0)
    with pytest.raises(TypeError, match="expected labels, one class number per example, got None"):
        model.fit(x, optimizer=ae.LBFGS())


def test_lbfgs_takes_as_many_iterations_as_epochs():
    model, x = linear_problem()
    assert len(model.fit(x, epochs=3, optimizer=ae.LBFGS(), rng=0)) == 3


def test_lbfgs_draws_the_noise_once():
    model = ae.DenoisingAutoencoder([5, 3], activation=ae.Tanh, dtype="float64", rng=0)
    x = np.random.default_rng(0).normal(size=(7, 5))
    history = model.fit(x, epochs=30, optimizer=ae.LBFGS(), rng=0)
    assert history.loss == sorted(history.loss, reverse=True)


def test_lbfgs_draws_the_noise_from_rng():
    x, losses = np.random.default_rng(0).normal(size=(7, 5)), []
    for seed in (0, 0, 1):
        model = ae.DenoisingAutoencoder([5, 3], dtype="float64", rng=0)
        losses.append(model.fit(x, epochs=3, optimizer=ae.LBFGS(), rng=seed).loss)
    assert losses[0] == losses[1] != losses[2]


def test_lbfgs_ends_where_its_last_iteration_was():
    model, x = linear_problem()
    history = model.fit(x, epochs=4, optimizer=ae.LBFGS(), rng=0)
    assert float(model.loss(x)) == history.loss[-1]


@pytest.mark.parametrize("argument", [{"validation": np.ones((2, 5))}, {"checkpoint": "run.npz"}])
def test_lbfgs_refuses_what_it_has_no_use_for_and_draws_nothing(argument):
    model, x = linear_problem()
    rng = np.random.default_rng(3)
    with pytest.raises(ValueError, match=r"^expected neither validation, patience nor checkpoint with LBFGS"):
        model.fit(x, optimizer=ae.LBFGS(), rng=rng, **argument)
    assert rng.bit_generator.state == np.random.default_rng(3).bit_generator.state


def test_lbfgs_interrupted_leaves_its_last_iteration():
    model, x = linear_problem()
    evaluate, evaluations = model.loss, iter(range(8))

    def loss(batch, rng):
        if next(evaluations, None) is None:
            raise KeyboardInterrupt
        return evaluate(batch, rng=rng)

    model.loss = loss
    history = model.fit(x, epochs=50, optimizer=ae.LBFGS(), rng=0)
    del model.loss
    assert history.stopped == "interrupted"
    assert 2 <= len(history) <= 8
    assert float(model.loss(x)) == history.loss[-1]


def test_lbfgs_on_a_loss_that_is_not_finite_names_the_tensor_and_goes_back():
    model, x = linear_problem("float32")
    before = [p.value.copy() for p in model.parameters]
    with pytest.raises(ae.TrainingDivergedError, match=r"in iteration 1 of L-BFGS .* is the first tensor that is NaN"):
        model.fit(1e30 * x, optimizer=ae.LBFGS(), rng=0)
    for parameter, value in zip(model.parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


def test_lbfgs_without_scipy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    model, x = linear_problem()
    with pytest.raises(RuntimeError, match=r"^L-BFGS needs SciPy, which is not installed; pip install scipy, or use Adam"):
        model.fit(x, optimizer=ae.LBFGS(), rng=0)


def test_scipy_is_not_imported_with_the_package():
    code = "import sys, aescratch; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_clipping_holds_where_the_squares_of_float32_gradients_overflow():
    parameter = ae.Parameter("W", np.zeros((3, 5), np.float32))
    parameter.grad = np.full((3, 5), 1e25, np.float32)
    ae.SGD(1.0, clip_norm=2.0).start([parameter]).step(1.0)
    np.testing.assert_allclose(np.linalg.norm(parameter.value), 2.0, rtol=1e-6)


@pytest.mark.parametrize("make", [ae.SGD, ae.Momentum, ae.Nesterov, ae.RMSProp, ae.Adam, ae.AdamW])
def test_only_the_learning_rate_goes_by_position(make):
    # AdamW(1e-3, 0.9, 0.999) would be a decay and a beta; Adam(1e-3, 0.9, 0.999) two betas.
    with pytest.raises(TypeError, match="positional argument"):
        make(0.1, 0.9)


def test_numbers_too_small_to_be_normal_become_zero_and_others_stay():
    tiny = np.finfo(np.float32).tiny
    model = ae.Autoencoder([5, 3], rng=0)
    state = ae.Adam(1e-30).start(model.parameters)
    values, m = state.runs[0].values, state.runs[0].moments["m"]
    values[:3], m[:3] = [tiny / 3, -tiny / 3, -tiny], [tiny / 3, 1e-30, -1]
    state.sweep()
    assert values[:3].tolist() == [0, 0, -tiny]
    assert m[:3].tolist() == [0, np.float32(1e-30), -1]
    assert np.all(values[3:] == ae.Autoencoder([5, 3], rng=0).parameters[0].buffer.values[3:])


def test_weights_that_decay_end_at_zero_and_do_not_stay_just_above():
    model = ae.Autoencoder([5, 3], rng=0)
    parameters = model.parameters[:1]
    state = ae.SGD(0.1).start(parameters)
    for _ in range(1000):
        parameters[0].grad[...] = parameters[0].value  # a weight decay of 1, and nothing else
        state.step(0.1)
    assert not parameters[0].value.any()
