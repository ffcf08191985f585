"""The diagnosis: sick trainings get their code, healthy ones none, and looking changes nothing."""

import contextlib
import copy
import itertools
import pickle
import warnings

import numpy as np
import pytest
import trainings

import aescratch as ae
from aescratch import functions as sheet
from aescratch.inspection.diagnosis import CODES, COMMAND_LINE, PYTHON, diagnose_data, levels_of
from aescratch.inspection.diagnosis.diagnosing import look_at
from aescratch.inspection.diagnosis.of_model import _slope
from aescratch.inspection.diagnosis.prices import least_variance
from aescratch.training import epochs, progress
from aescratch.training.ending import MOST_ROWS, fingerprint

SEED = 0
PLANNED = list(trainings.planned(SEED))
# Two of each illness, and every fourth healthy one; docs/make_diagnosis.py runs all, with other seeds too, and their cures.
SICK = [each for code in CODES for each in itertools.islice((t for t in PLANNED if t.code == code), 2)]
HEALTHY = [each for each in PLANNED if not each.code][::4]
RNG = np.random.default_rng(0)
N, D, H = 7, 5, 3


def diagnosis_of(training):
    run = training.run()
    return ae.diagnose(run.model, run.x, history=run.history, validation=run.unseen)


@pytest.mark.in_turn
@pytest.mark.parametrize("training", SICK, ids=lambda training: f"{training.code}: {training.name}")
def test_a_sick_training_gets_its_code_among_the_first_two(training):
    assert training.code in diagnosis_of(training).codes[:2]


@pytest.mark.in_turn
@pytest.mark.parametrize("training", HEALTHY, ids=lambda training: training.name)
def test_a_healthy_training_gets_none(training):
    assert diagnosis_of(training).codes == []


def test_every_code_has_at_least_four_trainings_and_a_measurement():
    codes = [training.code for training in PLANNED]
    assert set(trainings.TRUTHS) == {*CODES, ""} == set(codes)
    assert min(codes.count(code) for code in CODES) >= 4
    assert codes.count("") >= 60


def test_a_collapse_that_is_the_optimum_is_told_as_one():
    x = trainings.digits(0)
    model = ae.VariationalAutoencoder([64, 4], rng=0)
    model.fit(x, epochs=20, optimizer=ae.Adam(1e-2), rng=0)
    found = ae.diagnose(model, x)
    assert found.codes == ["no-better-than-mean", "posterior-collapsed"]  # and nothing that these explain
    assert found[0].advice == "what the next finding says"
    finding = found[1]
    largest = np.linalg.eigvalsh(np.cov(x.T, bias=True))[-1]
    assert f"no direction of these data has a variance above {largest:.3g}" in finding.says
    assert finding.advice.startswith(f"beta={0.1 * largest:.2g}")


PRICED = {
    "decay": lambda price: ae.LinearAutoencoder([3, 3], weight_decay=price, dtype="float64", rng=0),
    "contraction": lambda price: ae.ContractiveAutoencoder(
        [3, 3], weight=price, tied=True, code_activation=ae.Identity, dtype="float64", rng=0
    ),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("price", [0.5, 2.0, 4.5])
@pytest.mark.parametrize("penalty", PRICED)
def test_the_price_of_a_penalty_is_that_of_a_linear_autoencoder(penalty, price):
    variances = np.array([4.0, 1.0, 0.25])
    x = RNG.normal(size=(97, 3))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov((x - x.mean(axis=0)).T, bias=True))).T
    x *= np.sqrt(variances)
    model = PRICED[penalty](price)
    model.fit(x, epochs=1500, batch_size=97, optimizer=ae.Adam(ae.CosineRate(0.02)), rng=0)
    kept = 1 - (model.reconstruct(x) - x).std(axis=0) / x.std(axis=0)
    expected = np.maximum(1 - least_variance(model.parts[penalty]) / variances, 0)
    np.testing.assert_allclose(kept, expected, atol=0.02)


def test_the_slope_of_an_output_is_that_of_the_sheet():
    for layer, backward, low in ((ae.Sigmoid(), sheet.sigmoid_backward, 0.0), (ae.Tanh(), sheet.tanh_backward, -1.0)):
        y = layer.forward(RNG.normal(size=(N, D)))
        largest = backward(np.ones((1, 1)), layer.forward(np.zeros((1, 1))))
        np.testing.assert_allclose(_slope(y, low), backward(np.ones((N, D)), y) / largest, rtol=1e-12)


def test_a_code_that_says_yes_or_no_is_not_stuck():
    x = trainings.table(0)[:60]
    model = ae.SparseAutoencoder([12, 4], dtype="float64", rng=0)
    W, b = model.parameters[:2]
    ordered = np.sort(x @ W.value, axis=0)
    W.value, b.value = 1e6 * W.value, -1e6 * (ordered[29] + ordered[30]) / 2  # half of the examples on either side
    code = model.encode(x)
    assert np.isin(code, (0, 1)).all()
    assert (code.mean(axis=0) == 0.5).all()
    assert "saturated-code" not in ae.diagnose(model, x).codes
    b.value = np.full(4, 1e9)  # all on one side
    assert "saturated-code" in ae.diagnose(model, x).codes


def test_a_selection_is_compared_with_as_many_components():
    model = ae.KSparseAutoencoder([D, H], k=2, rng=0)
    seen = look_at(model, RNG.normal(size=(N, D)), None, None, None)
    assert seen.width == 2
    assert seen.pca_sse == pytest.approx(seen.eigenvalues[2:].sum())


def test_a_column_is_constant_whatever_the_rounding_of_its_mean():
    x = np.column_stack([trainings.table(0)[:101], np.full(101, 0.1)])
    assert x.var(axis=0)[-1] > 0
    model = ae.LinearAutoencoder([13, 3], dtype="float64", rng=0)
    assert "constant-features" in ae.diagnose(model, x).codes


def test_a_column_far_from_zero_that_varies_is_not_constant():
    x = trainings.table(0)[:101]
    assert diagnose_data(np.column_stack([x, 1e9 + 1e-3 * x[:, 0]])).codes == []
    long = trainings.table(0, n=2000)
    assert diagnose_data(np.column_stack([long, np.full(2000, 0.1)])).codes == ["constant-features"]
    assert np.full((2000, 13), 0.1).var(axis=0).max() > 1e-28 * 0.1**2  # by its rounding alone


@pytest.mark.in_turn(1)
def test_units_that_a_variational_code_can_do_without_are_no_collapse():
    run = next(t for t in PLANNED if t.name == "VAE, cross-entropy").run()
    assert run.model.unit_statistic(run.x).asleep.any()
    assert ae.diagnose(run.model, run.x, history=run.history).codes == []


@pytest.mark.in_turn(3)
def test_what_keeps_from_copying_and_what_copies_only_the_large_directions():
    decayed = ae.LinearAutoencoder([64, 64], weight_decay=1e-6, rng=0)
    table = ae.LinearAutoencoder([12, 12], rng=0)
    for model, x in ((decayed, trainings.digits(0)), (table, trainings.table(0))):
        history = model.fit(x, epochs=300, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
        assert "copies-input" not in ae.diagnose(model, x, history=history).codes
    plain = ae.LinearAutoencoder([64, 64], rng=0)
    plain.fit(trainings.digits(0), epochs=300, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    assert "copies-input" in ae.diagnose(plain, trainings.digits(0)).codes


RAN_AWAY = {  # epochs, learning rate, options of fit, and what the finding says
    "one epoch": (1, 1.0, {}, "the loss of the first batch was "),
    "one epoch of one step": (1, 1.0, {"batch_size": 600}, "the loss was "),
    "the last of three epochs": (3, ae.StepRate(5e-3, every=2, factor=100), {}, "the loss had come down to "),
    "the last of twelve epochs": (12, ae.StepRate(5e-3, every=11, factor=100), {}, "the loss had come down to "),
    "the last step": (60, ae.StepRate(1e-2, every=59, factor=100), {"batch_size": 600}, "the loss was "),
}


@pytest.mark.parametrize("name", RAN_AWAY)
def test_a_training_that_runs_away_at_its_end_is_told(name):
    epochs, rate, options, says = RAN_AWAY[name]
    x, model = trainings.table(0), ae.LinearAutoencoder([12, 3], rng=0)
    history = model.fit(x, epochs=epochs, optimizer=ae.Adam(rate), rng=0, **options)
    found = next((found for found in history.diagnosis[:2] if found.code == "learning-rate-too-high"), None)
    assert found is not None
    assert says in found.says
    slow = ae.LinearAutoencoder([12, 3], rng=0)
    codes = slow.fit(x, epochs=epochs, optimizer=ae.Adam(5e-3), rng=0, **options).diagnosis.codes
    assert slow.loss(x) < model.loss(x) / 3
    assert "learning-rate-too-high" not in codes


@pytest.mark.parametrize(("rate", "epochs"), [(10.0, 1), (10.0, 20), (1.0, 1), (1.0, 20)])
def test_a_variational_training_that_learns_far_too_fast_never_just_finishes(rate, epochs):
    x, model = trainings.digits(0), ae.VariationalAutoencoder([64, 8], rng=0)
    try:
        history = model.fit(x, epochs=epochs, optimizer=ae.Adam(rate), rng=0)
    except ae.TrainingDivergedError:
        assert np.isfinite(model.loss(x.astype(np.float32), rng=0))
    else:
        assert "learning-rate-too-high" in history.diagnosis.codes[:2]


def test_far_rows_and_objectives_that_change_are_no_runaways():
    x = trainings.table(0)
    model = ae.LinearAutoencoder([12, 3], rng=0)
    model.fit(x, epochs=300, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    history = ae.History([2.0, 0.4, 0.4, 0.4], [], [1e-2] * 4, first_loss=6.0, last_loss=3.0)
    assert ae.diagnose(model, x, history=history).codes == ["learning-rate-too-high"]
    far = x.copy()
    far[-1] *= 1000
    history.last_loss = float(far.var(axis=0).sum() / 2)  # of a sample that happens to hold the far row
    assert "learning-rate-too-high" not in ae.diagnose(model, far, history=history).codes
    model.loss_measures_progress = False
    assert ae.diagnose(model, x, history=history).codes == []


def test_a_loss_that_is_still_above_the_means_still_falls():
    x = trainings.digits(0)[:200]
    model = ae.Autoencoder([64, 8], rng=0)
    assert ae.diagnose(model, x, history=model.fit(x, epochs=10, rng=0)).codes == ["no-better-than-mean", "still-falling"]


def test_an_early_stop_went_back_before_the_validation_loss_rose():
    x = trainings.digits(0)
    model = ae.LinearAutoencoder([64, 16], rng=0)
    model.fit(x, epochs=100, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    falling, rising = list(np.linspace(2.0, 0.4, 20)), [*np.linspace(2.0, 0.5, 10), *np.linspace(0.6, 1.5, 10)]
    rates = list(np.linspace(1e-2, 0, 20))
    for stopped, codes in (("finished", ["overfitting"]), ("early", [])):
        history = ae.History(falling, rising, rates, best_epoch=9, stopped=stopped)
        assert ae.diagnose(model, x, history=history).codes == codes


@pytest.mark.parametrize("make", [lambda x: x + 15, lambda x: x * np.where(np.arange(12) == 4, 1000.0, 1.0)])
def test_columns_of_any_place_and_size_that_were_learnt_are_no_finding(make):
    x = make(trainings.table(0))
    model = ae.LinearAutoencoder([12, 3], dtype="float64", rng=0)
    history = model.fit(x, epochs=600, optimizer=ae.Adam(ae.CosineRate(0.3)), rng=0)
    assert ae.diagnose(model, x, history=history).codes == []


def test_a_number_that_stands_in_one_row_alone_makes_no_label():
    x = trainings.table(0)[:60]
    once, twice = np.zeros((2, 60))
    once[7] = twice[[7, 8]] = 1
    model = ae.LinearAutoencoder([13, 3], rng=0)
    assert "labels-among-features" not in ae.diagnose(model, np.column_stack([x, once])).codes
    assert "labels-among-features" in ae.diagnose(model, np.column_stack([x, twice])).codes


def test_where_there_is_next_to_nothing_to_explain_nothing_is_asked():
    x = np.random.default_rng(0).normal(size=(2000, 60))
    model = ae.LinearAutoencoder([60, 1], rng=0)
    history = model.fit(x, epochs=150, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    explained = 1 - np.square(model.reconstruct(x) - x).sum() / np.square(x - x.mean(axis=0)).sum()
    assert 0.01 < explained < 0.05
    assert ae.diagnose(model, x, history=history).codes == []


def test_advice_is_spelled_as_the_caller_writes():
    assert PYTHON("beta", "0.1") == "beta=0.1"
    run = next(t for t in PLANNED if t.code == "still-falling").run()
    assert ae.diagnose(run.model, run.x, history=run.history)[0].advice == "epochs=30"
    assert ae.diagnose(run.model, run.x, history=run.history, spelling=COMMAND_LINE)[0].advice == "--epochs 30"


HEAVY = {  # a penalty that dominates, and what is tried in its place, as both kinds of callers write it
    "decay": (lambda: ae.LinearAutoencoder([64, 8], weight_decay=5.0, rng=0), "weight_decay=0.0", "--weight-decay 0.0"),
    "contraction": (lambda: ae.ContractiveAutoencoder([64, 8], weight=10.0, tied=True, rng=0), "weight=0.0", "--weight 0.0"),
    "KL": (lambda: ae.SparseAutoencoder([64, 8], sparsity=ae.KLSparsity(0.05, 1000.0), rng=0),
           "sparsity=ae.KLSparsity(0.05, 0.", "--sparsity kl:0.05:0."),
    "L1": (lambda: ae.SparseAutoencoder([64, 8], sparsity=ae.L1Sparsity(5.0), rng=0),
           "sparsity=ae.L1Sparsity(0.0", "--sparsity l1:0.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_another_weight_of_a_penalty_is_spelled_as_the_caller_writes_it(name):
    make, *written = HEAVY[name]
    x, model = trainings.digits(0), make()
    model.fit(x, epochs=20, rng=0)
    for spelling, start in zip((PYTHON, COMMAND_LINE), written, strict=True):
        found = {finding.code: finding for finding in ae.diagnose(model, x, spelling=spelling)}
        assert found["penalty-dominates"].advice.startswith(start)


@pytest.mark.in_turn(2)
def test_no_variant_is_told_to_leave_out_an_activation_that_it_does_not_have():
    x, told = trainings.digits(0), {}
    for kind in (ae.Autoencoder, ae.LinearAutoencoder):
        model = kind([64, 16], rng=0)
        model.fit(x, epochs=300, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
        model.parameters[0].value[:, :4] *= 0  # four units are lost
        told[kind] = next(found.advice for found in ae.diagnose(model, x) if found.code == "worse-than-pca")
    assert told[ae.LinearAutoencoder] == "more epochs, another learning rate"
    assert told[ae.Autoencoder] == "more epochs, another learning rate, or code_activation=ae.Identity"


@pytest.mark.parametrize("kind", [ae.VariationalAutoencoder, ae.DenoisingAutoencoder, ae.SparseAutoencoder])
def test_looking_changes_nothing(kind):
    x = RNG.random((2 * MOST_ROWS + 1, D))
    model = kind([D, H], batch_norm=True, dropout=0.1, dtype="float64", rng=0)
    history = model.fit(x, epochs=5, rng=0)
    model.loss(x[:N], rng=1)
    model.backward()  # the gradients are part of what is compared
    before = pickle.dumps(model), model.rng.bit_generator.state, copy.deepcopy(history)
    model.loss(x[:N], rng=1)
    ae.diagnose(model, x, history=history, validation=x[:N])
    model.backward()
    assert (pickle.dumps(model), model.rng.bit_generator.state, history) == before


def test_a_sample_is_looked_at_that_is_always_the_same():
    x = RNG.random((3 * MOST_ROWS, D))
    model = ae.Autoencoder([D, H], rng=0)
    looks = [look_at(model, x, None, None, None).x for _ in range(2)]
    assert looks[0].shape == (MOST_ROWS, D)
    assert np.array_equal(*looks)
    assert look_at(model, x[:N], None, None, None).x.shape == (N, D)


def test_a_history_is_diagnosed_as_long_as_its_model_is_what_came_out_of_it():
    x = trainings.digits(0)
    model = ae.VariationalAutoencoder([64, 8], rng=0)
    history = model.fit(x, epochs=30, rng=0)
    other = copy.deepcopy(history)
    assert other == history == pickle.loads(pickle.dumps(history))
    with pytest.raises(ValueError, match="copy"):
        _ = other.diagnosis
    assert history.diagnosis.codes == ae.diagnose(model, x, history=history).codes != []
    assert "no-better-than-mean" in history._repr_html_()
    model.fit(x, epochs=1, rng=0)
    assert history.diagnosis.codes  # it was asked for in time
    late = model.fit(x, epochs=1, rng=0)
    model.parameters[0].value = model.parameters[0].value * 2
    with pytest.raises(ValueError, match="has changed"):
        _ = late.diagnosis
    assert "epoch" in late._repr_html_()
    gone = ae.Autoencoder([64, 3], rng=0).fit(x, epochs=1, rng=0)
    with pytest.raises(ValueError, match="no longer exists"):
        _ = gone.diagnosis


def test_what_is_written_into_the_data_after_the_training_is_not_diagnosed():
    x = trainings.digits(0).astype(np.float32)
    model = ae.LinearAutoencoder([64, 16], rng=0)
    history = model.fit(x, epochs=60, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    x[:] = np.random.default_rng(0).random(x.shape)  # noise, of which this code says next to nothing
    assert ae.diagnose(model, x).codes != []
    assert history.diagnosis.codes == []


def test_a_selection_of_units_is_told_to_take_more():
    x = trainings.digits(0)
    model = ae.KSparseAutoencoder([64, 8], k=2, rng=0)
    W, b = model.parameters[:2]
    W.value, b.value = np.zeros(W.shape), np.array([2.0, 1.0, *[0.0] * 6])  # the same two units for all
    finding = next(found for found in ae.diagnose(model, x) if found.code == "dead-units")
    assert finding.says.startswith("6 of 8 units (3, 4, 5, 6, 7, 8)")
    assert finding.advice == "auxiliary=0.03125, k=4, or a lower learning rate"


def test_an_error_inside_a_look_for_hope_is_not_hidden(monkeypatch):
    monkeypatch.setattr(ae.Autoencoder, "encode", lambda self, x: len(3))
    with pytest.raises(TypeError, match="has no len"):
        ae.Autoencoder([D, H], rng=0).fit(RNG.random((N, D)), epochs=2, rng=0, stop_when_hopeless=True)


def test_weights_that_only_changed_places_are_other_ones():
    model = ae.Autoencoder([D, H], rng=0)
    W = model.parameters[0]
    W.value = np.arange(D * H, dtype=np.float32).reshape(D, H)  # whole numbers: their sum is exact in any order
    before = fingerprint(model)
    assert fingerprint(model) == before
    W.value = W.value[::-1]
    assert fingerprint(model) != before


def test_a_history_keeps_the_loss_before_the_first_step(tmp_path):
    x = RNG.random((N, D))
    model = ae.Autoencoder([D, H], dtype="float64", rng=0)
    first = model.loss(x)
    history = model.fit(x, epochs=2, batch_size=N, rng=0, checkpoint=tmp_path / "run.npz")
    assert history.first_loss == pytest.approx(float(first), rel=1e-12)
    again = ae.Autoencoder([D, H], dtype="float64", rng=0)
    assert again.fit(x, epochs=3, batch_size=N, rng=0, checkpoint=tmp_path / "run.npz").first_loss == history.first_loss


def test_the_first_loss_is_that_of_the_first_batch(monkeypatch):
    losses, loss = [], ae.Autoencoder.loss
    monkeypatch.setattr(ae.Autoencoder, "loss", lambda *given, **named: losses.append(loss(*given, **named)) or losses[-1])
    history = ae.Autoencoder([D, H], dtype="float64", rng=0).fit(RNG.random((N, D)), epochs=1, batch_size=3, rng=0)
    assert len(losses) == 4  # of the batches, and of the model as it is left
    assert history.first_loss == losses[0] != losses[2]


def test_a_unit_is_awake_from_a_hundredth_of_a_nat():
    model = ae.VariationalAutoencoder([D, 3], dtype="float64", rng=0)
    for head in (model.mean, model.log_variance):
        head.W.value = np.zeros((D, 3))
    model.mean.b.value = np.sqrt(2 * np.array([0.009, 0.011, 0.5]))  # at variance 1 the divergence is mu²/2
    model.log_variance.b.value = np.zeros(3)
    units = model.unit_statistic(RNG.random((N, D)))
    np.testing.assert_allclose(units.values, [0.009, 0.011, 0.5], rtol=1e-12)
    assert units.asleep.tolist() == [True, False, False]


@pytest.mark.parametrize("loss", [ae.SquaredError(), ae.BinaryCrossEntropy()])
def test_data_and_the_outputs_that_stand_for_them(loss):
    x = RNG.uniform(0.01, 0.99, (N, D))
    np.testing.assert_allclose(loss.to_data(loss.from_data(x)), x, rtol=1e-12)
    assert np.isfinite(loss.from_data(np.eye(3))).all()


def test_a_classifier_that_learnt_nothing():
    labels = np.arange(61) % 3
    x = np.eye(3)[labels] + 0.1 * RNG.normal(size=(61, 3))
    model = ae.SoftmaxClassifier(ae.Autoencoder([3, 4], code_activation=ae.Identity, rng=0), 3, rng=0)
    history = model.fit(x, labels, epochs=1, optimizer=ae.SGD(1e-9), rng=0)
    found = ae.diagnose(model, x, labels, history=history)
    accuracy = 100 * model.score(x, labels)
    assert found.codes == (["no-better-than-mean"] if accuracy < 100 * 21 / 61 + 5 else [])
    history = model.fit(x, labels, epochs=300, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    assert model.score(x, labels) == 1
    assert ae.diagnose(model, x, labels, history=history).codes == []


def test_a_model_of_ones_own_is_judged_by_its_curve_and_its_data():
    class Mean:
        def __init__(self):
            self.m = ae.Parameter("m", np.zeros(D))
            self.parameters, self.error = [self.m], ae.SquaredError()

        def loss(self, x, rng=None):
            return self.error.forward(np.tile(self.m.value, (len(x), 1)), x)

        def backward(self):
            self.m.grad = self.error.backward().sum(axis=0)

    x = RNG.normal(5.0, 1.0, size=(101, D))
    x[:, 2] = 4.0
    model = Mean()
    found = ae.diagnose(model, x, history=ae.fit(model, x, epochs=8, optimizer=ae.SGD(1e-3)))
    assert found.codes == ["still-falling", "constant-features"]
    assert found[1].says.startswith("column 3 is constant, at 4,")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.ones((N, D + 1)),), {}, f"{D}"), ((np.full((N, D), np.nan),), {}, "NaN"), ((np.empty((0, D)),), {}, "at least"),
        ((np.ones((N, D)), np.zeros(N, int)), {}, "no labels"), ((np.ones((N, D)),), {"history": [1.0]}, "ae.History"),
        ((np.ones((N, D)),), {"validation": np.ones((N, 2))}, f"{D}"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence(arguments, options, message):
    model = ae.Autoencoder([D, H], rng=0)
    with pytest.raises((TypeError, ValueError), match=message):
        ae.diagnose(model, *arguments, **options)
    with pytest.raises(TypeError, match="expected a model"):
        ae.diagnose("model", np.ones((N, D)))


@pytest.mark.parametrize("x", [np.ones((1, D)), np.zeros((N, D)), np.full((N, D), 2.0)])
def test_data_that_do_not_vary_are_no_riddle(x):
    model = ae.Autoencoder([D, H], rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(x, epochs=9, rng=0)
        assert set(ae.diagnose(model, x, history=history).codes) <= {"constant-features", "still-falling"}


def quietly(model, x, *labels, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ae.diagnose(model, x, *labels, **options)


def test_labels_of_one_class_leave_nothing_to_explain():
    x, labels = RNG.random((29, D)), np.zeros(29, int)
    model = ae.SoftmaxClassifier(ae.Autoencoder([D, H], rng=0), 2, rng=0)
    history = model.fit(x, labels, epochs=9, rng=0)
    assert quietly(model, x, labels, history=history).codes == ["still-falling"]


def test_data_that_a_loss_cannot_tell_from_their_mean():
    model, x = ae.Autoencoder([D, H], reconstruction=ae.BinaryCrossEntropy(), rng=0), RNG.random((29, D)) * 1e-9
    history = model.fit(x, epochs=9, rng=0)
    assert quietly(model, x, history=history)[0].code == "no-better-than-mean"


@pytest.mark.parametrize("kind", [ae.Autoencoder, ae.VariationalAutoencoder])
def test_a_model_that_has_run_away_is_told_as_one(kind):
    model, x = kind([D, H], rng=0), RNG.random((29, D))
    for parameter in model.parameters:
        parameter.value = np.full_like(parameter.value, 1e25)
    found = quietly(model, x)
    assert found[0].code == "no-better-than-mean"
    assert "explains -" not in str(found)


def test_a_model_of_ones_own_may_return_anything():
    class Mine:
        def __init__(self, code, x_hat):
            self.m = ae.Parameter("m", np.zeros(D))
            self.parameters, self.reconstruction = [self.m], 0.5  # no loss of ours
            self.encode, self.reconstruct = lambda x: code, lambda x: x_hat

        def loss(self, x, rng=None):
            return 0.0

        def backward(self):
            self.m.grad = np.zeros(D)

    x, code = RNG.random((N, D)), np.zeros((N, H))
    assert quietly(Mine(code, x), x).codes == []
    assert levels_of(Mine(code, x), x) == {}
    for arrays, message in (((code, x[:, :2]), "Mine.reconstruct to return .* \\(7, 5\\), .* got shape \\(7, 2\\)"),
                            ((code[:, 0], x), "Mine.encode to return .* \\(7, H\\), .* got shape \\(7,\\)")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            ae.diagnose(Mine(*arrays), x)


def test_findings_for_programs_people_and_notebooks():
    found = ae.Diagnosis([ae.diagnose(ae.LinearAutoencoder([D, H], rng=0), np.ones((N, D)))[0]])
    assert found.to_list() == [{"code": "constant-features", "says": found[0].says, "try": "leaving them out"}]
    assert str(found) == f"constant-features: {found[0].says}; try leaving them out"
    assert "<strong>constant-features</strong>" in found._repr_html_()
    assert repr(found) == "<Diagnosis: constant-features>"
    assert type(repr(found)) is str


HOPELESS = {
    "dead": (lambda: ae.Autoencoder([64, 64, 8], rng=0), 0.3, "dead-units"),
    "collapsed": (lambda: ae.VariationalAutoencoder([64, 8], rng=0), 1e-2, "posterior-collapsed"),
    "decayed": (lambda: ae.LinearAutoencoder([64, 8], weight_decay=3.0, rng=0), 1e-2, "penalty-dominates"),
}
HOPEFUL = {
    "healthy": (lambda: ae.Autoencoder([64, 8], rng=0), 1e-2),
    "slow": (lambda: ae.Autoencoder([64, 8], rng=0), 1e-6),
    "awake": (lambda: ae.VariationalAutoencoder([64, 8], beta=0.05, rng=0), 1e-2),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_hopeless_training_stops_if_that_is_asked_for_and_says_why(name):
    make, rate, code = HOPELESS[name]
    x, model, left = trainings.digits(0), make(), make()
    history = model.fit(x, epochs=40, optimizer=ae.Adam(rate), rng=0, stop_when_hopeless=True)
    assert history.stopped == "hopeless"
    assert len(history) < 40
    assert code in history.diagnosis.codes[:2]
    assert left.fit(x, epochs=40, optimizer=ae.Adam(rate), rng=0).stopped == "finished"
    total = x.var(axis=0).sum()
    assert np.square(left.reconstruct(x) - x).sum(axis=1).mean() > 0.95 * total  # nothing came of it


@pytest.mark.parametrize("name", HOPEFUL)
def test_where_there_is_hope_it_goes_on_to_the_same_end(name):
    make, rate = HOPEFUL[name]
    x, model, left = trainings.digits(0), make(), make()
    options = {"epochs": 40, "optimizer": ae.Adam(rate), "rng": 0}
    assert model.fit(x, **options, stop_when_hopeless=True).loss == left.fit(x, **options).loss
    assert all(np.array_equal(a.value, b.value) for a, b in zip(model.parameters, left.parameters, strict=True))


def test_the_progress_bar_shows_what_the_loss_is_to_be_compared_with(monkeypatch):
    said, bar = [], progress._NoBar()
    monkeypatch.setattr(bar, "set_postfix_str", lambda text, refresh: said.append(text))
    monkeypatch.setattr(epochs, "progress_bar", lambda plan, done: contextlib.nullcontext(bar))
    x = trainings.digits(0)
    history = ae.Autoencoder([64, 8], rng=0).fit(x, epochs=2, rng=0, progress=True)
    variances = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 / len(x)
    levels = f"(the mean {variances.sum() / 2:.4g}, PCA {variances[8:].sum() / 2:.4g})"
    assert said == [f"loss {loss:.4g} {levels}" for loss in history.loss]


def test_a_model_of_ones_own_is_never_called_hopeless():
    class Mine:
        def __init__(self):
            self.m = ae.Parameter("m", np.zeros(D))
            self.parameters = [self.m]

        def loss(self, x, rng=None):
            self.x = x
            return float(np.square(self.m.value - x).sum(axis=1).mean())

        def backward(self):
            self.m.grad = 2 * (self.m.value - self.x.mean(axis=0))

    history = ae.fit(Mine(), RNG.random((N, D)), epochs=3, progress=True, stop_when_hopeless=True)
    assert (history.stopped, len(history)) == ("finished", 3)


def test_lbfgs_has_no_epochs_in_which_to_lose_hope():
    with pytest.raises(ValueError, match="expected no stop_when_hopeless with LBFGS"):
        ae.Autoencoder([D, H], rng=0).fit(RNG.random((N, D)), optimizer=ae.LBFGS(), stop_when_hopeless=True)
