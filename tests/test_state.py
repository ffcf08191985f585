"""State and mode: dropout, batch normalisation and a moving penalty in training and in use, and the state that they keep."""

import copy
import pickle

import numpy as np
import pytest
from numeric import assert_close, numeric_gradient, random_upstream

import aescratch as ae
from aescratch.foundations.buffers import Buffer, frozen
from aescratch.foundations.parts import Part, in_mode
from aescratch.programs.cli import main
from aescratch.training import contract

N, D, H = 11, 7, 5
X = np.random.default_rng(0).random((N, D))
VALIDATION = np.random.default_rng(1).random((13, D))
LABELS = np.arange(N) % 3

FIRST = "encoder.batchnorm1.running_mean"
STATEFUL = {
    "batch norm": lambda **o: ae.Autoencoder([D, H, 3], activation=ae.GELU, batch_norm=True, **o),
    "dropout": lambda **o: ae.Autoencoder([D, H, 3], activation=ae.GELU, dropout=0.3, **o),
    "both, denoising": lambda **o: ae.DenoisingAutoencoder([D, H, 3], dropout=0.3, batch_norm=True, **o),
    "moving KL": lambda **o: ae.SparseAutoencoder([D, H], ae.KLSparsity(0.1, 0.5, momentum=0.2), **o),
    "all, stacked": lambda **o: ae.StackedAutoencoder([D, H, 3], ae.MaskingNoise(0.3), dropout=0.2, batch_norm=True, **o),
    "variational": lambda **o: ae.VariationalAutoencoder([D, H, 3], dropout=0.2, batch_norm=True, **o),
    "linear": lambda **o: ae.LinearAutoencoder([D, H, 3], dropout=0.2, batch_norm=True, **o),
    "k-sparse": lambda **o: ae.KSparseAutoencoder([D, H], k=2, dropout=0.2, batch_norm=True, **o),
    "k-sparse over a batch": lambda **o: ae.KSparseAutoencoder([D, H], k=2, batch=True, auxiliary=0.1, silent_after=8, **o),
    "tied": lambda **o: ae.Autoencoder([D, H, 3], activation=ae.Tanh, tied=True, batch_norm=True, **o),
    "codebook": lambda **o: ae.VectorQuantizedAutoencoder([D, H, 4], 5, 2, activation=ae.Tanh, **o),
    "moving codebook": lambda **o: ae.VectorQuantizedAutoencoder([D, 4], 5, 2, moving_average=0.3, **o),
}  # fmt: skip


@pytest.fixture(params=STATEFUL)
def make(request):
    """What makes a model with state or a mode, always the same one."""
    return lambda: STATEFUL[request.param](rng=0)


def state(model):
    """Every number that training changes, by name."""
    values = {parameter.name: parameter.value.copy() for parameter in model.parameters}
    return values | {name: buffer.value.copy() for name, buffer in model.buffers.items()}


def assert_same(found, wanted):
    assert list(found) == list(wanted)
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


def moved(model):
    """The model, after an epoch."""
    model.fit(X, epochs=1, batch_size=4, rng=1)
    return model


# Mode


def test_use_is_the_default_and_is_come_back_to(make):
    model = make()
    assert not any(part.in_training for part in model.parts.values())
    with model.training():
        assert all(part.in_training for part in model.parts.values())
    assert not any(part.in_training for part in model.parts.values())
    with pytest.raises(ZeroDivisionError), model.training():
        raise ZeroDivisionError
    assert not any(part.in_training for part in model.parts.values())


def test_in_use_a_pass_is_apply_and_draws_and_moves_nothing(make):
    model = moved(make())
    before, generator = state(model), model.rng.bit_generator.state
    h = model.encoder.forward(X.astype(np.float32))
    np.testing.assert_array_equal(h, model.encoder.apply(X.astype(np.float32)))
    model.encode(X)
    model.reconstruct(X)
    model.loss(X, rng=0)
    model.backward()
    assert_same(state(model), before)
    assert model.rng.bit_generator.state == generator


def test_training_mode_is_another_function_and_moves_the_buffers(make):
    model = moved(make())
    before = state(model)
    in_use = model.loss(X, rng=0)
    acts_otherwise = any(word in name for name in model.parts for word in ("dropout", "batchnorm", "batchtopk"))
    with model.training():
        assert (model.loss(X, rng=0) != in_use) == acts_otherwise  # the moving penalty only moves on
    after = state(model)
    for name in model.buffers:
        assert not np.array_equal(after[name], before[name]), name


def test_a_frozen_state_gives_the_same_loss_again(make):
    model = moved(make())
    before = state(model)
    with contract.training(model, frozen=True):
        assert model.loss(X, rng=0) == model.loss(X, rng=0)
    assert_same(state(model), before)
    assert not any(buffer.frozen for buffer in model.buffers.values())


@pytest.mark.in_turn
def test_looking_changes_no_buffer(make):
    model = moved(make())
    before = state(model)
    for training in (False, True):
        assert ae.check_gradients(model, X, training=training).verdict == "pass"
    step = ae.trace(model, X[:3])
    assert step[-1].output is not None
    ae.check_meaning(model)
    ae.example_fixture(model)
    assert_same(state(model), before)


@pytest.mark.in_turn
def test_a_wrong_gradient_is_localised_in_training_mode_without_touching_the_state(monkeypatch):
    model = moved(STATEFUL["batch norm"]())
    before, right = state(model), ae.functions.batch_norm_backward

    def wrong(grad_y, x, gamma, epsilon):
        grad_x, grad_gamma, grad_beta = right(grad_y, x, gamma, epsilon)
        return grad_x + 0.1 * grad_y, grad_gamma, grad_beta

    monkeypatch.setattr(ae.functions, "batch_norm_backward", wrong)
    assert ae.check_gradients(model, X).verdict == "pass"  # use mode doesn't call it
    report = ae.check_gradients(model, X, training=True)
    assert report.verdict == "fail"
    assert "batchnorm" in str(report)
    assert_same(state(model), before)


# Training


def test_validation_changes_nothing(make):
    with_validation, without = make(), make()
    with_validation.fit(X, epochs=3, batch_size=4, rng=1, validation=VALIDATION)
    without.fit(X, epochs=3, batch_size=4, rng=1)
    assert_same(state(with_validation), state(without))


def test_resumed_equals_uninterrupted_bit_for_bit(make, tmp_path):
    whole, parts = make(), make()
    whole.fit(X, epochs=5, batch_size=4, rng=1, validation=VALIDATION)
    parts.fit(X, epochs=2, batch_size=4, rng=1, validation=VALIDATION, checkpoint=tmp_path / "run.npz")
    resumed = make()
    history = resumed.fit(X, epochs=5, batch_size=4, rng=1, validation=VALIDATION, checkpoint=tmp_path / "run.npz")
    assert len(history) == 5
    assert_same(state(resumed), state(whole))


def test_the_state_goes_back_with_the_values_where_the_loss_diverges(make):
    model = moved(make())
    before = state(model)
    with pytest.raises(ae.TrainingDivergedError):
        model.fit(X, epochs=9, batch_size=4, rng=1, optimizer=ae.SGD(1e30))
    assert_same(state(model), before)


def test_control_c_goes_back_to_the_last_good_epoch(make, monkeypatch):
    model, whole = make(), make()
    whole.fit(X, epochs=2, batch_size=4, rng=1)
    backwards = iter(range(100))
    right = type(model).backward

    def interrupted(self):
        right(self)
        if next(backwards) == 7:  # in the third epoch, whose steps are three
            raise KeyboardInterrupt

    monkeypatch.setattr(type(model), "backward", interrupted)
    history = model.fit(X, epochs=5, batch_size=4, rng=1)
    assert (history.stopped, len(history)) == ("interrupted", 2)
    assert_same(state(model), state(whole))
    assert not any(part.in_training for part in model.parts.values())


def test_early_stopping_goes_back_to_the_best_epochs_state(make):
    model, best = make(), make()
    far = 5 + VALIDATION  # what is learnt soon makes these worse
    if not model.loss_measures_progress:
        with pytest.raises(ValueError, match="expected neither patience nor LBFGS"):
            model.fit(X, epochs=30, rng=1, validation=far, patience=2)
        return
    history = model.fit(X, epochs=30, batch_size=4, rng=1, validation=far, patience=2, optimizer=ae.Adam(0.05))
    best.fit(X, epochs=history.best_epoch + 1, batch_size=4, rng=1, optimizer=ae.Adam(0.05))
    assert history.best_epoch + 1 < len(history)
    assert_same(state(model), state(best))


def test_files_keep_the_state(make, tmp_path):
    model = moved(make())
    model.save(tmp_path / "model.npz")
    loaded = ae.load(tmp_path / "model.npz")
    assert_same(state(loaded), state(model))
    np.testing.assert_array_equal(loaded.reconstruct(X), model.reconstruct(X))
    assert str(loaded) == str(model)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_made_while_training_has_its_own_state_and_is_in_use(make, duplicate):
    model = moved(make())
    with model.training():
        copied = duplicate(model)
    assert not any(part.in_training for part in copied.parts.values())
    before = state(copied)
    moved(model)
    assert_same(state(copied), before)


def test_lbfgs_moves_a_normalisations_state_once_an_iteration(monkeypatch):
    pytest.importorskip("scipy")
    model = STATEFUL["batch norm"](rng=0, dtype="float64")
    moves, right = [], ae.functions.moving_average
    monkeypatch.setattr(ae.functions, "moving_average", lambda *given: moves.append(model.buffers[FIRST].frozen) or right(*given))
    before = model.buffers[FIRST].value
    history = model.fit(X, epochs=20, optimizer=ae.LBFGS(), rng=1)
    assert len(history) == 20
    assert history.loss == sorted(history.loss, reverse=True)
    assert moves.count(False) == 20 * 2 * 3  # mean and variance of three layers
    assert not np.array_equal(model.buffers[FIRST].value, before)


def test_lbfgs_refuses_an_objective_that_moves():
    with pytest.raises(ValueError, match="an objective that stays the same for LBFGS, but sparsity depends on a running mean"):
        STATEFUL["moving KL"](rng=0).fit(X, optimizer=ae.LBFGS())


def test_a_classifier_shares_its_autoencoders_state(tmp_path):
    autoencoder = moved(STATEFUL["both, denoising"](rng=0))  # so that a fresh decoder has other buffers
    model = ae.SoftmaxClassifier(autoencoder, 3, rng=0)
    before = state(autoencoder)
    model.fit(X, LABELS, epochs=2, batch_size=4, rng=1)
    after = state(autoencoder)
    changed = [name for name in autoencoder.buffers if not np.array_equal(after[name], before[name])]
    assert changed == [name for name in autoencoder.buffers if name.startswith("encoder")]
    model.save(tmp_path / "classifier.npz")
    loaded = ae.load(tmp_path / "classifier.npz")
    assert_same(state(loaded.autoencoder), after)
    np.testing.assert_array_equal(loaded.logits(X), model.logits(X))


def test_pretraining_moves_the_stacks_own_state():
    model = STATEFUL["all, stacked"](rng=0)
    before = state(model)
    model.pretrain(X, epochs=2, batch_size=4, rng=1)
    after = state(model)
    assert all(not np.array_equal(after[name], before[name]) for name in model.buffers)


# What the parts compute


def test_dropout_keeps_the_mean_and_silences_the_share_p():
    layer = ae.Dropout(0.3)
    layer.in_training = True
    y = layer.forward(np.ones((400, 500)), np.random.default_rng(0))
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    deviation = np.sqrt(0.3 * 0.7 / y.size)
    assert abs((y == 0).mean() - 0.3) < 6 * deviation
    assert abs(y.mean() - 1) < 6 * deviation / 0.7


@pytest.mark.parametrize("training", [False, True])
def test_dropout_backward_is_its_own_masks(training):
    layer, r = ae.Dropout(0.4), np.random.default_rng(0)
    layer.in_training = training
    x = r.normal(size=(N, D))
    upstream = random_upstream((N, D))
    layer.forward(x, np.random.default_rng(3))
    found = layer.backward(upstream)
    assert_close(found, numeric_gradient(lambda: (upstream * layer.forward(x, np.random.default_rng(3))).sum(), x))
    assert not np.shares_memory(found, upstream)


def test_dropout_draws_the_same_mask_in_both_precisions():
    layer = ae.Dropout(0.4)
    layer.in_training = True
    single, double = (layer.forward(np.ones((N, D), t), np.random.default_rng(3)) for t in ("float32", "float64"))
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single == 0, double == 0)


def test_dropout_without_rng_in_training_says_what_to_do():
    layer = ae.Dropout(0.4)
    assert layer.forward(np.ones((1, 1))) == 1
    layer.in_training = True
    with pytest.raises(TypeError, match=r"expected an rng for Dropout.*self\.encoder\.forward\(x, rng\)"):
        layer.forward(np.ones((1, 1)))


@pytest.mark.parametrize("training", [False, True])
def test_batch_norms_backward_equals_differences(training):
    layer, r = ae.BatchNorm(D, dtype="float64"), np.random.default_rng(0)
    for holder in (*layer.parameters, *layer.buffers):
        holder.value = r.uniform(0.5, 2, D)
    x, upstream = r.normal(1, 2, (N, D)), random_upstream((N, D))

    def objective():
        return (upstream * layer.forward(x)).sum()

    with in_mode([layer], training=training), frozen(layer.buffers):
        objective()
        grad_x = layer.backward(upstream)
        gradients = {parameter.name: parameter.grad.copy() for parameter in layer.parameters}
        assert_close(grad_x, numeric_gradient(objective, x))
        for parameter in layer.parameters:
            assert_close(gradients[parameter.name], numeric_gradient(objective, parameter.value))


def test_batch_norm_in_training_gives_each_unit_mean_beta_and_deviation_gamma():
    layer, r = ae.BatchNorm(D, dtype="float64"), np.random.default_rng(0)
    layer.gamma.value, layer.beta.value = r.uniform(0.5, 2, D), r.normal(size=D)
    layer.in_training = True
    y = layer.forward(r.normal(3, 100, (N, D)))
    np.testing.assert_allclose(y.mean(axis=0), layer.beta.value, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), layer.gamma.value, rtol=1e-8)


def test_one_example_has_no_batch_statistics():
    layer = ae.BatchNorm(D)
    assert layer.forward(np.ones((1, D), np.float32)).shape == (1, D)
    model = STATEFUL["batch norm"](rng=0)
    before = state(model)
    with pytest.raises(ValueError, match=r"at least 2 examples, which encoder.batchnorm1 needs in training, got a last batch of 1, since 11 examples are divided into batches of 5"):
        model.fit(X, epochs=2, batch_size=5, rng=1)  # 11 = 5 + 5 + 1
    assert_same(state(model), before)
    with model.training(), pytest.raises(ValueError, match=r"at least two examples for batch normalisation.*got 1"):
        model.loss(X[:1])


def test_the_moving_penalty_is_that_of_the_running_mean():
    penalty, r = ae.KLSparsity(0.2, 0.7, momentum=0.25), np.random.default_rng(0)
    penalty.prepare(H, "float64")
    running = np.full(H, 0.2)
    penalty.in_training = True
    for _ in range(3):
        h = r.uniform(0.1, 0.9, (N, H))
        running = 0.75 * running + 0.25 * h.mean(axis=0)
        kl = 0.2 * np.log(0.2 / running) + 0.8 * np.log(0.8 / (1 - running))
        assert penalty.forward(h) == pytest.approx(0.7 * kl.sum(), rel=1e-12)
        np.testing.assert_allclose(penalty.running_activity.value, running, rtol=1e-13)


@pytest.mark.parametrize("training", [False, True])
def test_the_moving_penaltys_backward_equals_differences(training):
    penalty, r = ae.KLSparsity(0.2, 0.7, momentum=0.25), np.random.default_rng(0)
    penalty.prepare(H, "float64")
    penalty.running_activity.value = r.uniform(0.1, 0.9, H)
    h = r.uniform(0.1, 0.9, (N, H))
    with in_mode([penalty], training=training), frozen(penalty.buffers):
        penalty.forward(h)
        found = penalty.backward()
        assert_close(found, numeric_gradient(lambda: penalty.forward(h), h))


def test_momentum_1_is_the_batch_alone():
    moving, plain = ae.KLSparsity(0.2, 0.7, momentum=1), ae.KLSparsity(0.2, 0.7)
    moving.prepare(H, "float64")
    h = np.random.default_rng(0).uniform(0.1, 0.9, (N, H))
    assert moving.forward(h) == pytest.approx(plain.forward(h), rel=1e-14)
    np.testing.assert_allclose(moving.backward(), plain.backward(), rtol=1e-13)


def test_a_moving_penalty_without_room_says_what_is_missing():
    with pytest.raises(RuntimeError, match=r"expected prepare\(n_units, dtype\) before forward"):
        ae.KLSparsity(0.2, 0.7, momentum=0.1).forward(np.full((N, H), 0.5))


# Refusals


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: ae.Dropout(1.0), "expected p to be a number"),
        (lambda: ae.Autoencoder([5, 3], dropout=-0.1), "expected dropout to be a number of at least 0 and below 1, got -0.1"),
        (lambda: ae.Autoencoder([5, 3], batch_norm=1), "expected batch_norm to be True or False, got 1"),
        (lambda: ae.BatchNorm(0), "expected n_units to be an integer"),
        (lambda: ae.BatchNorm(3, momentum=0), "expected momentum to be a number"),
        (lambda: ae.BatchNorm(3, epsilon=0), "expected epsilon to be a number"),
        (lambda: ae.KLSparsity(0.1, 1, momentum=2), "expected momentum to be a number"),
        (lambda: ae.ContractiveAutoencoder([5, 3], batch_norm=True), "expected no batch_norm with the contractive"),
        (lambda: ae.BatchNorm(3).forward(np.ones((2, 4))), r"shape \(N, 3\), got shape \(2, 4\)"),
    ],
)
def test_what_is_of_no_use_is_refused(make, match):
    with pytest.raises((TypeError, ValueError), match=match):
        make()


def test_a_buffer_is_assigned_whole_or_not_at_all():
    buffer = Buffer("running_mean", np.zeros(3))
    with pytest.raises(ValueError, match=r"expected an array of shape \(3,\) for running_mean, got shape \(2,\)"):
        buffer.value = np.ones(2)
    with pytest.raises(ValueError, match="got shape of a float"):
        buffer.value = 1.0
    buffer.frozen = True
    buffer.value = np.ones(3)
    assert not buffer.value.any()


def test_a_buffer_is_not_changed_in_place():
    buffer = Buffer("seen", np.zeros(3))
    buffer.value = np.zeros(3)
    for seen in (buffer, copy.deepcopy(buffer), pickle.loads(pickle.dumps(buffer))):
        seen.frozen = True
        for _ in range(2):
            with pytest.raises(ValueError, match="read-only"):
                seen.value += 1
            assert not seen.value.any()
            seen.to("numpy", "float32")


IN_USE = []  # what the scale below was in every pass in use mode, also of a copy


class Remembers(ae.Layer):
    """Scales by a buffer that follows the batch, and reads it after, or before, it is assigned."""

    parameters = ()

    def __init__(self, after):
        self.after = after
        self.scale = Buffer("scale", np.ones(D))

    @property
    def buffers(self):
        return [self.scale]

    def apply(self, x):
        return x * self.scale.value

    def forward(self, x):
        self.used = self.scale.value
        if self.in_training:
            self.scale.value = 0.5 * self.scale.value + x.mean(axis=0)
        if self.after:
            self.used = self.scale.value
        if not self.in_training:
            IN_USE.append(self.used)
        return x * self.used

    def backward(self, grad_y):
        return grad_y * self.used


@pytest.mark.parametrize("after", [False, True])
def test_a_state_that_is_read_after_it_moves_leaves_the_check_inconclusive(after):
    IN_USE.clear()
    layers = [Remembers(after), ae.Dense(D, H, rng=0, dtype="float64"), ae.Dense(H, D, rng=1, dtype="float64")]
    model = OfParts({"network": ae.Sequential(layers)})
    before = {name: buffer.value for name, buffer in contract.buffers_of(model).items()}
    report = ae.check_gradients(model, X, training=True)
    assert report.verdict == ("inconclusive" if after else "pass"), str(report)
    assert ("read a buffer before you assign it" in str(report)) == after
    assert_same({name: buffer.value for name, buffer in contract.buffers_of(model).items()}, before)
    report = ae.check_gradients(model, X)
    assert report.verdict == "pass"
    assert ("read a buffer before you assign it" in str(report)) == after
    assert not any(buffer.frozen for buffer in contract.buffers_of(model).values())
    assert len(IN_USE) > 50
    np.testing.assert_array_equal(IN_USE, 1)


@pytest.mark.in_turn
def test_a_layer_is_checked_in_training_mode_too(monkeypatch):
    layer = ae.BatchNorm(D, dtype="float64")
    assert ae.check_layer(layer, X, training=True).verdict == "pass"
    right = ae.functions.batch_norm_backward
    monkeypatch.setattr(ae.functions, "batch_norm_backward", lambda *given: (right(*given)[0] * 1.01, *right(*given)[1:]))
    assert ae.check_layer(layer, X).verdict == "pass"  # in use mode nothing calls it
    assert ae.check_layer(layer, X, training=True).verdict == "fail"
    assert not layer.in_training
    assert not layer.running_mean.value.any()
    assert ae.check_layer(Remembers(after=False), X, training=True).verdict == "pass"  # its state held still


def test_a_model_that_is_not_finite_leaves_a_good_file_as_it_is(tmp_path):
    model = moved(STATEFUL["batch norm"](rng=0))
    model.save(tmp_path / "model.npz")
    good = (tmp_path / "model.npz").read_bytes()
    model.buffers[FIRST].value = np.full(H, np.inf)
    with pytest.raises(ValueError, match=f"expected finite numbers to save, got NaN or infinity in {FIRST}"):
        model.save(tmp_path / "model.npz")
    assert (tmp_path / "model.npz").read_bytes() == good


def test_too_few_examples_for_batch_norm_are_not_blamed_on_the_batch_size():
    model = ae.Autoencoder([D, H], batch_norm=True, rng=0)
    with pytest.raises(ValueError, match="1 examples are divided into batches of 4; give more examples"):
        model.fit(X[:1], batch_size=4)
    with pytest.raises(ValueError, match="5 examples are divided into batches of 4; choose another batch_size"):
        model.fit(X[:5], batch_size=4)


def test_a_part_of_the_users_own_may_have_state():
    class Counter(Part):
        def __init__(self):
            self.seen = Buffer("seen", np.zeros(1))

        @property
        def buffers(self):
            return [self.seen]

        def forward(self, x):
            if self.in_training:
                self.seen.value = self.seen.value + len(x)
            return x

        def backward(self, grad_y):
            return grad_y

    class Counting(ae.Autoencoder):
        def __init__(self, widths, **options):
            self.counter = Counter()
            super().__init__(widths, **options)

        @property
        def parts(self):
            return {"counter": self.counter, **super().parts}

        def loss(self, x, rng=None):
            return super().loss(self.counter.forward(self.as_batch(x)), rng)

    model = Counting([D, H], rng=0)
    model.fit(X, epochs=3, batch_size=4, rng=1, validation=VALIDATION)
    assert model.buffers["counter.seen"].value == 3 * N


def test_a_moving_penalty_means_the_running_mean_and_wrong_ones_are_named(monkeypatch):
    model = moved(STATEFUL["moving KL"](rng=0))
    assert ae.check_meaning(model).verdict == "pass"
    right = ae.functions.moving_kl_sparsity
    for wrong, cause in (
        (lambda h, running, rho, m: ae.functions.kl_sparsity(h, rho), "it uses the batch's mean alone"),
        (lambda h, running, rho, m: right(h, running, rho, 1 - m), "momentum is the weight of the running mean"),
        (lambda h, running, rho, m: right(h, np.full_like(running, rho), rho, m), "it starts at rho again"),
    ):
        monkeypatch.setattr(ae.functions, "moving_kl_sparsity", wrong)
        report = ae.check_meaning(model)
        assert report.verdict == "fail"
        assert cause in str(report)


@pytest.mark.in_turn
@pytest.mark.parametrize("mode", ["exhaustive", "sampled", "directional", "auto"])
def test_a_bias_before_a_normalisation_is_0_to_rounding_in_every_mode(mode, monkeypatch):
    """Wide enough that no mode that leaves entries out looks at every entry of a bias."""
    monkeypatch.setattr("aescratch.inspection.gradcheck.coverage.FEW", 5)
    monkeypatch.setattr("aescratch.inspection.gradcheck.coverage.SAMPLES", 7)
    model = ae.Autoencoder([D, 13, 11], activation=ae.GELU, batch_norm=True, rng=0)
    report = ae.check_gradients(model, X, training=True, mode=mode)
    assert report.verdict == "pass", str(report)
    for name in ("encoder.b1", "encoder.b2", "decoder.b1"):
        tensor = next(tensor for tensor in report.tensors if tensor.name == name)
        assert tensor.max_relative_error == 0
        assert [f.code for f in report.findings if f.tensor == name] == ["zero-gradient"]
        assert f"{name}: the gradient is 0 to rounding" in str(report)
        assert (tensor.verdicts.size == 5) == (mode in ("directional", "auto"))


@pytest.mark.in_turn
def test_a_bias_before_a_normalisation_is_0_to_rounding_and_a_wrong_one_is_found(monkeypatch):
    model = STATEFUL["batch norm"](rng=0)
    report = ae.check_gradients(model, X, training=True)
    assert report.verdict == "pass", str(report)
    biases = [tensor for tensor in report.tensors if tensor.name in ("encoder.b1", "encoder.b2", "decoder.b1")]
    assert [tensor.max_relative_error for tensor in biases] == [0.0, 0.0, 0.0]
    assert "encoder.b1: the gradient is 0 to rounding" in str(report)
    right = ae.functions.batch_norm_backward

    def hardly_wrong(grad_y, x, gamma, epsilon):
        grad_x, *others = right(grad_y, x, gamma, epsilon)
        return (grad_x + 1e-9, *others)

    monkeypatch.setattr(ae.functions, "batch_norm_backward", hardly_wrong)
    report = ae.check_gradients(model, X, training=True)
    assert report.verdict == "fail"
    assert {t.name for t in report.tensors if t.verdict == "fail"} >= {"encoder.b1", "encoder.b2", "decoder.b1"}


def test_the_command_line_checks_training_mode(capsys):
    words = ["check", "vanilla", "--batch-norm", "--dropout", "0.3", "--activation", "gelu"]
    assert main(words) == 0
    in_use = capsys.readouterr().out
    assert main([*words, "--training"]) == 0
    in_training = capsys.readouterr().out
    assert "training mode" in in_training
    assert "wasn't checked" not in in_training
    assert "the loss in training mode is different, and was not checked" in in_use
    assert main(["check", "aescratch.functions:tanh_backward", "--training"]) == 2
    assert "--training has no effect on" in capsys.readouterr().err


def test_a_traced_step_is_given_the_state_under_its_layers_number():
    model = moved(STATEFUL["batch norm"](rng=0))
    step = ae.trace(model, X[:3])
    np.testing.assert_array_equal(step.given["running_mean1"], model.buffers["encoder.batchnorm1.running_mean"].value)
    assert step["average1"].formula == "average1[j] = (1 − momentum)·running_mean1[j] + momentum·mean1[j]"
    assert step["average1"].worked(0).startswith("average1[0] = (1 − 0.1)·")


def test_validation_is_in_use_mode_also_where_training_mode_was_entered():
    inside, outside = (STATEFUL["both, denoising"](rng=0) for _ in range(2))
    with inside.training():
        found = inside.fit(X, epochs=2, batch_size=4, rng=1, validation=VALIDATION)
        assert ae.check_gradients(inside, X).verdict == "pass"
        before = state(inside)
        ae.example_fixture(inside)
        assert_same(state(inside), before)
    assert found.validation_loss == outside.fit(X, epochs=2, batch_size=4, rng=1, validation=VALIDATION).validation_loss


def test_a_state_that_overflows_is_a_training_that_diverged():
    model = ae.Autoencoder([D, H, 3], batch_norm=True, rng=0)
    model.parameters[0].value = 1e22 * model.parameters[0].value  # whose square no float32 holds
    before = state(model)
    with pytest.raises(ae.TrainingDivergedError, match=r"batch 1, encoder\.batchnorm1\.running_variance\.value is the first"):
        model.fit(X, epochs=2, batch_size=4, rng=1)
    assert_same(state(model), before)


class Twice(Part):
    """Two buffers of one name."""

    def __init__(self):
        self.one, self.two = (Buffer("seen", np.zeros(1)) for _ in range(2))

    @property
    def buffers(self):
        return [self.one, self.two]


class OfParts:
    """A model of a user's own, with these parts and buffers."""

    def __init__(self, parts, **more):
        self.parts = parts
        layers = [part for part in contract.parts_of(self).values() if isinstance(part, ae.Layer)]
        self.parameters = [parameter for layer in layers for parameter in layer.parameters]
        for number, parameter in enumerate(self.parameters):
            parameter.name = f"{number}.{parameter.name}"
        self.loss_part = ae.SquaredError()
        vars(self).update(more)

    def loss(self, x, rng=None):
        generator = np.random.default_rng(rng) if not isinstance(rng, np.random.Generator) else rng
        return self.loss_part.forward(self.parts["network"].forward(x, generator), x)

    def backward(self):
        self.parts["network"].backward(self.loss_part.backward())


def network():
    layers = [ae.Dense(D, H, rng=0), ae.BatchNorm(H), ae.GELU()]
    return ae.Sequential([ae.Sequential(layers), ae.Dropout(0.3), ae.Dense(H, D, rng=1)])


def test_a_sequential_among_the_parts_has_its_layers_state_and_mode():
    model = OfParts({"network": network()})
    assert list(contract.parts_of(model)) == [
        "network.dense1", "network.batchnorm1", "network.gelu1", "network.dropout1", "network.dense2",
    ]  # fmt: skip
    in_use = model.loss(X.astype(np.float32), rng=0)
    with contract.training(model, frozen=True):
        assert model.loss(X.astype(np.float32), rng=0) != in_use
    assert ae.check_gradients(model, X).verdict == ae.check_gradients(model, X, training=True).verdict == "pass"
    ae.fit(model, X, epochs=1, batch_size=4, rng=1)
    (running, _) = contract.buffers_of(model).values()
    assert running.value.any()


def test_two_things_of_one_name_are_refused():
    with pytest.raises(ValueError, match="expected every buffer of twice to have a unique name, got 'seen' twice"):
        contract.buffers_of(OfParts({"twice": Twice(), "network": ae.Dense(D, D, rng=0)}))
    same = OfParts({"network": ae.Dense(D, D, rng=0)}, buffers={"0.W": Buffer("W", np.zeros(1))})
    with pytest.raises(ValueError, match=r"every parameter and buffer of OfParts to have a unique name, got '0\.W' 2 times"):
        ae.fit(same, X, epochs=1)


def test_a_copy_of_what_is_frozen_is_not():
    layer = ae.BatchNorm(D)
    with frozen(layer.buffers):
        copied = copy.deepcopy(layer)
    copied.in_training = True
    copied.forward(X.astype(np.float32))
    assert copied.running_mean.value.any()


@pytest.mark.parametrize("shape", [(D,), (1, D), (N, 1), (N, 2, D)])
@pytest.mark.parametrize("make", [lambda: ae.BatchNorm(D, dtype="float64"), lambda: ae.Dropout(0.3)])
def test_shapes_that_numpy_would_make_fit_are_refused(make, shape):
    layer = make()
    layer.in_training = True
    rng = [np.random.default_rng(0)] if layer.draws else []
    layer.forward(X, *rng)
    with pytest.raises(ValueError, match=r"^expected .*, got (shape )?\("):
        layer.backward(np.ones(shape))
    if len(shape) != 2:
        with pytest.raises(ValueError, match=r"^expected .*, got shape \("):
            layer.forward(np.ones(shape), *rng)


def test_dropout_refuses_integers():
    with pytest.raises(TypeError, match=r"expected x to hold floats, got int(?:64|32)"):
        ae.Dropout(0.3).forward(np.ones((N, D), int))
