"""`fit`: what it promises about order, history, stopping, interruptions, divergence and checkpoints.

Wherever a promise is about values it is held bit for bit: against a second training, or one in another process.
"""

import ast
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import aescratch as ae
from aescratch.backend import compiled
from aescratch.foundations.files import read_archive, write_archive
from aescratch.foundations.validation import own_generator
from aescratch.models import MODELS
from aescratch.training.checkpoints import write_checkpoint

X = np.random.default_rng(0).random((11, 5))
HELD_OUT = np.random.default_rng(1).random((7, 5))
LABELS = np.random.default_rng(2).integers(0, 3, 11)


def autoencoder(dtype="float64", **options):
    return ae.Autoencoder([5, 3], activation=ae.Tanh, dtype=dtype, rng=0, **options)


def values(model):
    return [parameter.value.copy() for parameter in model.parameters]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def in_a_new_process(call):
    """Run a call of this file's in another process, and fail if it does."""
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    as_here = f"from aescratch.backend import compiled; compiled.SMALLEST = {compiled.SMALLEST}"
    code = f"{as_here}; import test_training; test_training.{call}"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=300)


def trained(epochs, **options):
    """Return a model and its history after so many epochs, with the arguments that most tests here use."""
    model = autoencoder()
    history = model.fit(X, **{"epochs": epochs, "batch_size": 3, "optimizer": ae.Adam(0.01), "rng": 0, **options})
    return model, history


# Learning


VARIANTS = {
    "vanilla": lambda: ae.Autoencoder([5, 4, 3], activation=ae.GELU, rng=0),
    "tied": lambda: ae.Autoencoder([5, 3], tied=True, rng=0),
    "cross-entropy": lambda: ae.Autoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), rng=0),
    "linear": lambda: ae.LinearAutoencoder([5, 3], rng=0),
    "denoising": lambda: ae.DenoisingAutoencoder([5, 3], corruption=ae.MaskingNoise(0.2), activation=ae.Tanh, rng=0),
    "kl-sparse": lambda: ae.SparseAutoencoder([5, 3], rng=0),
    "l1-sparse": lambda: ae.SparseAutoencoder(
        [5, 3], sparsity=ae.L1Sparsity(0.01), unit_norm_decoder=True, activation=ae.LeakyReLU, rng=0
    ),
    "k-sparse": lambda: ae.KSparseAutoencoder([5, 4], k=2, rng=0),
    "contractive": lambda: ae.ContractiveAutoencoder([5, 3], weight=0.01, rng=0),
    "stacked": lambda: ae.StackedAutoencoder([5, 4, 3], activation=ae.Sigmoid, rng=0),
    "variational": lambda: ae.VariationalAutoencoder([5, 4, 2], activation=ae.Tanh, beta=0.1, rng=0),
}


@pytest.mark.parametrize("make", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_learns(make):
    model = make()
    before = float(model.loss(X, rng=0))
    history = model.fit(X, epochs=60, batch_size=4, optimizer=ae.Adam(0.02), rng=0)
    assert history.loss[-1] < 0.85 * history.loss[0]
    assert float(model.loss(X, rng=0)) < 0.85 * before


def test_a_classifier_learns_its_labels_and_trains_the_autoencoder_under_it():
    below = autoencoder()
    encoder, decoder = values(below)[:2], values(below)[2:]
    model = ae.SoftmaxClassifier(below, n_classes=3, rng=0)
    history = model.fit(X, LABELS, epochs=300, batch_size=4, optimizer=ae.Adam(0.1), rng=0)
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert model.score(X, LABELS) > 0.9
    assert (values(below)[0] != encoder[0]).any()
    assert_same(values(below)[2:], decoder)


def test_a_classifier_validates_on_a_pair():
    model = ae.SoftmaxClassifier(autoencoder(), n_classes=3, rng=0)
    history = model.fit(X, LABELS, epochs=2, validation=(HELD_OUT, LABELS[:7]), rng=0)
    assert history.validation_loss[-1] == pytest.approx(float(model.loss(HELD_OUT, LABELS[:7])), rel=1e-12)


@pytest.mark.parametrize("corruption", [None, ae.GaussianNoise(0.1)])
def test_pretraining_lowers_the_loss_of_every_layer_and_then_of_the_stack(corruption):
    model = ae.StackedAutoencoder([5, 4, 3], corruption=corruption, activation=ae.Sigmoid, dtype="float64", rng=0)
    before = float(model.loss(X))
    histories = model.pretrain(X, epochs=60, batch_size=4, optimizer=ae.Adam(0.05), rng=0)
    assert [history.loss[-1] < 0.8 * history.loss[0] for history in histories] == [True, True]
    after_pretraining = float(model.loss(X))
    assert after_pretraining < before
    model.fit(X, epochs=60, batch_size=4, optimizer=ae.Adam(0.05), rng=0)
    assert float(model.loss(X)) < after_pretraining


# Shuffling, batches, the mean


def test_the_same_seed_gives_the_same_training_bit_for_bit():
    (first, one), (second, two) = trained(3), trained(3)
    assert_same(values(first), values(second))
    assert one.loss == two.loss


def test_another_seed_gives_another_training():
    assert trained(3, rng=0)[1].loss != trained(3, rng=1)[1].loss


def test_a_seed_is_the_same_as_its_generator():
    assert_same(values(trained(3, rng=7)[0]), values(trained(3, rng=np.random.default_rng(7))[0]))


def test_a_generator_goes_on_from_one_fit_to_the_next():
    rng = np.random.default_rng(7)
    assert trained(1, rng=rng)[1].loss != trained(1, rng=rng)[1].loss


def test_without_a_seed_the_models_own_generator_shuffles():
    (first, one), (_, two) = trained(2, rng=None), trained(2, rng=None)
    assert one.loss == two.loss
    assert first.fit(X, epochs=2, batch_size=3).loss != one.loss


def batches_seen(model, **options):
    seen, loss, backward, batches = [], model.loss, model.backward, []

    def record(x, *others, rng):
        seen.append(x.copy())
        return loss(x, *others, rng=rng)

    def backward_of_it():
        batches.append(seen[-1])
        backward()

    model.loss, model.backward = record, backward_of_it
    model.fit(X, batch_size=4, rng=0, **options)
    return batches


def test_an_epoch_sees_every_example_once_in_a_new_order():
    seen = batches_seen(autoencoder(), epochs=2)
    assert [len(batch) for batch in seen] == [4, 4, 3, 4, 4, 3]
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert (first != second).any()
    assert (first != X).any()
    for epoch in (first, second):
        np.testing.assert_array_equal(epoch[np.lexsort(epoch.T)], X[np.lexsort(X.T)])


def test_labels_are_shuffled_with_their_examples():
    model, seen = ae.SoftmaxClassifier(autoencoder(), n_classes=3, rng=0), {}
    loss = model.loss

    def record(x, labels, rng):
        seen.update({row.tobytes(): label for row, label in zip(x, labels, strict=True)})
        return loss(x, labels, rng=rng)

    model.loss = record
    model.fit(X, LABELS, epochs=1, batch_size=4, rng=0)
    assert seen == {row.tobytes(): label for row, label in zip(X, LABELS, strict=True)}


@pytest.mark.parametrize("batch_size", [1, 4, 11, 100])
def test_the_epochs_loss_is_the_mean_over_examples_whatever_the_batches(batch_size):
    model = autoencoder()
    expected = float(model.loss(X))
    history = model.fit(X, epochs=1, batch_size=batch_size, optimizer=ae.SGD(1e-300), rng=0)
    assert history.loss == [pytest.approx(expected, rel=1e-12)]


def test_one_batch_of_all_data_is_one_plain_step():
    model, by_hand = autoencoder(), autoencoder()
    model.fit(X, epochs=1, batch_size=11, optimizer=ae.SGD(0.1), rng=0)
    by_hand.loss(X)
    by_hand.backward()
    for parameter in by_hand.parameters:
        parameter.value -= 0.1 * parameter.grad
    for a, b in zip(values(model), values(by_hand), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_fit_changes_neither_the_data_nor_their_order():
    x = X.copy()
    autoencoder().fit(x, epochs=2, rng=0)
    np.testing.assert_array_equal(x, X)


def test_after_a_fit_batches_are_checked_again():
    model, _ = trained(1)
    with pytest.raises(ValueError, match="expected x to have 5 columns"):
        model.loss(np.ones((2, 4)))


def test_the_default_optimizer_is_adam():
    assert_same(values(trained(2, optimizer=None)[0]), values(trained(2, optimizer=ae.Adam(1e-3))[0]))


# History


def test_history_has_one_entry_per_epoch():
    model, history = trained(3, validation=HELD_OUT)
    assert len(history) == len(history.loss) == len(history.validation_loss) == 3
    assert history.learning_rate == [0.01, 0.01, 0.01]
    assert history.validation_loss[-1] == pytest.approx(float(model.loss(HELD_OUT)), rel=1e-12)
    assert history.best_epoch == int(np.argmin(history.validation_loss))
    assert history.stopped == "finished"
    assert history.seconds > 0


def test_history_without_validation_has_no_validation_loss():
    _, history = trained(2)
    assert (history.validation_loss, history.best_epoch) == ([], None)


def test_history_is_plain_numbers():
    record = trained(2, validation=HELD_OUT)[1].to_dict()
    assert ae.History(**json.loads(json.dumps(record))) == ae.History(**record)
    assert {type(number) for number in record["loss"] + record["validation_loss"]} == {float}


def test_history_reads_as_a_sentence():
    assert str(ae.History(loss=[2.0], seconds=0.5)) == "1 epoch in 0.5 s (finished), loss 2 -> 2"
    history = ae.History(loss=[2.0, 1.0], validation_loss=[3.0, 4.0], seconds=1.25, best_epoch=0, stopped="early")
    assert str(history) == "2 epochs in 1.2 s (early), loss 2 -> 1, best validation loss 3 in epoch 1"
    assert str(ae.History(stopped="interrupted")) == "no epochs (interrupted)"


def test_history_plots_itself():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    _, ax = pyplot.subplots()
    assert ae.History(loss=[1.0, 0.5]).plot(ax) is ax
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 0.5])
    assert ae.History(loss=[1.0]).plot() is not ax


def test_a_history_is_the_callers_own():
    model = autoencoder()
    first = model.fit(X, epochs=2, rng=0)
    model.fit(X, epochs=3, rng=0)
    assert len(first) == 2


# The progress bar


def slowly(epochs, **options):
    """Train with epochs that last longer than a progress bar waits between two drawings."""
    model = autoencoder()
    loss = model.loss
    model.loss = lambda x, rng: (time.sleep(0.11), loss(x, rng=rng))[1]
    return model.fit(X, epochs=epochs, batch_size=11, rng=0, **options)


def test_no_bar_where_there_is_no_terminal(capsys):
    slowly(2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_when_asked_counts_epochs_and_shows_the_loss(capsys):
    history = slowly(2, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "2/2" in shown.err
    assert f"loss {history.loss[0]:.4g}" in shown.err


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("progress", "shown"), [(None, True), (False, False)])
def test_a_bar_on_a_terminal_unless_refused(monkeypatch, progress, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    slowly(2, progress=progress)
    assert ("2/2" in sys.stderr.getvalue()) == shown


def test_training_without_a_stderr(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(trained(2)[1]) == 2


def test_lbfgs_shows_its_bar_when_asked(capsys):
    slowly(2, optimizer=ae.LBFGS(), progress=True)
    assert "2/2" in capsys.readouterr().err


# Validation and early stopping


@pytest.mark.parametrize("make", [VARIANTS["denoising"], VARIANTS["variational"]])
def test_validation_uses_the_same_noise_in_every_epoch(make):
    history = make().fit(X, epochs=4, optimizer=ae.SGD(1e-30), validation=HELD_OUT, rng=0)
    assert len(set(history.validation_loss)) == 1
    assert len(set(history.loss)) == 4


def test_validation_does_not_change_the_training():
    assert_same(values(trained(3, validation=HELD_OUT)[0]), values(trained(3)[0]))


def test_the_validation_loss_is_the_mean_over_examples_whatever_the_batches():
    _, in_batches = trained(1, validation=HELD_OUT, optimizer=ae.SGD(1e-300))
    assert in_batches.validation_loss == [pytest.approx(float(autoencoder().loss(HELD_OUT)), rel=1e-12)]


# Training moves the output from 0 to X + 1, past the validation data halfway there.
PAST = {"optimizer": ae.SGD(0.02), "validation": 0.5 * (HELD_OUT + 1)}


def past(epochs, **options):
    model = autoencoder()
    return model, model.fit(X + 1, **{"epochs": epochs, "batch_size": 3, "rng": 0, **PAST, **options})


def test_early_stopping_ends_after_patience_epochs_without_a_better_one_and_restores_the_best():
    model, history = past(100, patience=4)
    assert history.stopped == "early"
    assert history.best_epoch > 0
    assert len(history) == history.best_epoch + 1 + 4
    assert history.validation_loss[history.best_epoch] == min(history.validation_loss)
    assert_same(values(model), values(past(history.best_epoch + 1)[0]))


def test_patience_restores_the_best_epoch_where_the_epochs_end_first():
    best = past(100, patience=4)[1].best_epoch
    model, history = past(best + 3, patience=4)
    assert (history.stopped, len(history)) == ("finished", best + 3)
    assert_same(values(model), values(past(best + 1)[0]))


def test_without_patience_the_last_epoch_stays():
    best = past(100, patience=4)[1].best_epoch
    model, history = past(best + 3)
    assert len(history) == best + 3
    assert_same(values(model), values(past(best + 3, validation=None)[0]))


# Control-C


def interrupt_at(call, function, error=KeyboardInterrupt):
    """Return function, which raises the error instead of its call of this number, from 1."""
    calls = iter(range(1, call))

    def interrupted(*arguments, **named):
        if next(calls, None) is None:
            raise error
        return function(*arguments, **named)

    return interrupted


# 11 examples in batches of 3 make 4 steps an epoch, so the tenth call is the second of epoch 3.


def interrupted_fit(place, monkeypatch, tmp_path, error=KeyboardInterrupt, **options):
    model, optimizer = autoencoder(), ae.Adam(0.01)
    if place in ("loss", "backward"):
        setattr(model, place, interrupt_at(10, getattr(model, place), error))
    elif place == "rule":
        optimizer.rule = interrupt_at(10, optimizer.rule, error)
    elif place == "write":
        options["checkpoint"] = tmp_path / "run.npz"
        replace, later = interrupt_at(3, os.replace, error), os.replace

        def replace_but_once(*paths):
            try:
                replace(*paths)
            except BaseException:
                monkeypatch.setattr("aescratch.foundations.files.os.replace", later)
                raise

        monkeypatch.setattr("aescratch.foundations.files.os.replace", replace_but_once)
        monkeypatch.setattr("aescratch.training.checkpoints.SECONDS_BETWEEN", 0.0)
    arguments = {"epochs": 6, "batch_size": 3, "optimizer": optimizer, "rng": 0, **options}
    try:
        return model, model.fit(X, **arguments)
    finally:
        monkeypatch.undo()
        vars(model).pop("loss", None)
        vars(model).pop("backward", None)


PLACES = [("loss", 2), ("backward", 2), ("rule", 2), ("write", 3)]


@pytest.mark.parametrize(("place", "done"), PLACES)
def test_control_c_leaves_the_last_good_epoch(place, done, monkeypatch, tmp_path):
    model, history = interrupted_fit(place, monkeypatch, tmp_path)
    reference, complete = trained(done)
    assert_same(values(model), values(reference))
    assert (history.stopped, history.loss) == ("interrupted", complete.loss)
    assert len(history.learning_rate) == done


@pytest.mark.parametrize("place", ["loss", "backward", "rule"])
def test_control_c_in_the_first_epoch_leaves_the_model_as_it_was(place, monkeypatch, tmp_path):
    model, history = interrupted_fit(place, monkeypatch, tmp_path, batch_size=1)
    assert_same(values(model), values(autoencoder()))
    assert str(history) == "no epochs (interrupted)"


def test_control_c_while_validating_leaves_the_epoch_before():
    model = autoencoder()
    model.loss = interrupt_at(4 + 3 + 4 + 2, model.loss)  # four batches and three for validation, twice
    history = model.fit(X, epochs=6, batch_size=3, optimizer=ae.Adam(0.01), rng=0, validation=HELD_OUT)
    assert (len(history), len(history.validation_loss), history.best_epoch) == (1, 1, 0)
    assert_same(values(model), values(trained(1)[0]))


def test_control_c_between_the_history_and_the_snapshot_leaves_the_epoch_before(monkeypatch):
    model = autoencoder()
    keep = ae.training.checkpoints.TrainingState.keep
    monkeypatch.setattr("aescratch.training.checkpoints.TrainingState.keep", interrupt_at(1 + 3, keep))  # one before training
    history = model.fit(X, epochs=6, batch_size=3, optimizer=ae.Adam(0.01), rng=0)
    monkeypatch.undo()
    reference, complete = trained(2)
    assert (history.stopped, history.loss) == ("interrupted", complete.loss)
    assert_same(values(model), values(reference))


@pytest.mark.parametrize("copied", [0, 1, 5, 6])  # of four values and two moments
def test_control_c_in_the_middle_of_the_snapshot_leaves_the_new_epoch(copied, monkeypatch):
    model, per_epoch = autoencoder(), len(autoencoder().parameters) + 2
    one = interrupt_at(per_epoch * (1 + 2) + copied + 1, ae.training.checkpoints._copy_into)  # one before training

    def copy_into(*arguments):
        try:
            one(*arguments)
        except KeyboardInterrupt:
            monkeypatch.undo()
            raise

    monkeypatch.setattr("aescratch.training.checkpoints._copy_into", copy_into)
    history = model.fit(X, epochs=6, batch_size=3, optimizer=ae.Adam(0.01), rng=0)
    done = 3 if copied < per_epoch else 4  # the seventh copy is the first of the next epoch
    reference, complete = trained(done)
    assert (history.stopped, history.loss) == ("interrupted", complete.loss)
    assert_same(values(model), values(reference))


def test_control_c_with_patience_leaves_the_last_good_epoch_not_the_best():
    best = past(100, patience=4)[1].best_epoch
    model = autoencoder()
    model.backward = interrupt_at(4 * (best + 3) + 2, model.backward)
    history = model.fit(X + 1, epochs=100, batch_size=3, rng=0, patience=4, **PAST)
    assert (history.stopped, len(history), history.best_epoch) == ("interrupted", best + 3, best)
    assert_same(values(model), values(past(best + 3)[0]))


def test_control_c_ends_pretraining_at_the_layer_it_meets(monkeypatch):
    model = ae.StackedAutoencoder([5, 4, 3], dtype="float64", rng=0)
    layer = type(model.stack()[0])
    monkeypatch.setattr(layer, "backward", interrupt_at(10, layer.backward))
    histories = model.pretrain(X, epochs=6, batch_size=3, rng=0)
    assert [(history.stopped, len(history)) for history in histories] == [("interrupted", 2)]


def interrupt_at_random_moments():
    """Let a timer press Control-C thirty times; runs in a process of its own, where nothing else holds a lock."""

    def control_c(number, frame):
        raise KeyboardInterrupt

    autoencoder().fit(X, epochs=1)  # imports what it needs
    signal.signal(signal.SIGALRM, control_c)
    lengths = []
    for delay in np.random.default_rng(0).uniform(0.003, 0.015, 30):
        model, reference = autoencoder(), autoencoder()
        signal.setitimer(signal.ITIMER_REAL, delay)
        try:
            history = model.fit(X, epochs=10**5, batch_size=4, rng=0)
        except KeyboardInterrupt:  # before the first step
            history = ae.History(stopped="interrupted")
        assert history.stopped == "interrupted"
        if len(history):
            assert reference.fit(X, epochs=len(history), batch_size=4, rng=0).loss == history.loss
        assert_same(values(model), values(reference))
        lengths.append(len(history))
    assert max(lengths) > 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
def test_control_c_at_random_moments_leaves_the_last_good_epoch():
    in_a_new_process("interrupt_at_random_moments()")


def test_no_loop_stands_where_control_c_could_slip_past_what_puts_things_back():
    """In Python 3.13 it can at the jump at a loop's end, two times in a thousand; a loop in a function can't."""
    putting_back, seen = {"kept_whole", "in_double_precision", "observed", "instead", "ExitStack"}, set()
    texts = {path: path.read_text(encoding="utf-8") for path in Path(ae.__file__).parent.rglob("*.py")}
    for path, text in texts.items():
        if not any(name in text for name in putting_back):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.With):
                continue
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            here = {call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id for call in calls}
            loops = [part for part in ast.walk(node) if isinstance(part, (ast.For, ast.While))]
            assert not (here & putting_back and loops), f"{path.name}, line {node.lineno}"
            seen |= here & putting_back
    assert seen == putting_back


@pytest.mark.parametrize(("place", "done"), PLACES)
def test_any_other_error_leaves_the_last_good_epoch_too(place, done, monkeypatch, tmp_path):
    model = None

    def keep(made):
        nonlocal model
        model = made
        return made

    monkeypatch.setattr(sys.modules[__name__], "autoencoder", lambda make=autoencoder: keep(make()))
    with pytest.raises(OSError, match="no space"):
        interrupted_fit(place, monkeypatch, tmp_path, error=OSError("no space"))
    assert_same(values(model), values(trained(done)[0]))


def test_a_models_loss_may_be_a_plain_number(monkeypatch):
    history = autoencoder().fit(X, epochs=2, rng=0)
    loss = ae.Autoencoder.loss
    monkeypatch.setattr(ae.Autoencoder, "loss", lambda self, x, rng=None: float(loss(self, x, rng)))
    assert autoencoder().fit(X, epochs=2, rng=0).loss == pytest.approx(history.loss)


# Divergence


SUDDEN = ae.SGD(ae.StepRate(0.01, every=2, factor=1e30))  # two good epochs, then far too large a rate


def test_divergence_names_epoch_batch_and_tensor_and_goes_back_bit_for_bit():
    model, reference = (ae.LinearAutoencoder([5, 3], rng=0) for _ in range(2))
    with pytest.raises(ae.TrainingDivergedError) as caught:
        model.fit(X, epochs=6, batch_size=3, optimizer=SUDDEN, rng=0)
    assert str(caught.value) == (
        "expected a finite loss, but in epoch 3, batch 2, x_hat of reconstruction is the first tensor that is NaN or "
        "infinite; the model is restored to the end of epoch 2; try a learning rate ten times smaller, or clip_norm=1.0"
    )
    reference.fit(X, epochs=2, batch_size=3, optimizer=SUDDEN, rng=0)
    assert_same(values(model), values(reference))


@pytest.mark.parametrize("make", [VARIANTS["denoising"], VARIANTS["variational"]])
def test_divergence_of_a_noisy_model_goes_back_bit_for_bit(make):
    model, reference = make(), make()
    with pytest.raises(ae.TrainingDivergedError, match="in epoch 3, batch "):
        model.fit(X, epochs=6, batch_size=3, optimizer=SUDDEN, rng=0)
    reference.fit(X, epochs=2, batch_size=3, optimizer=SUDDEN, rng=0)
    assert_same(values(model), values(reference))


def test_divergence_in_a_gradient_names_it():
    model = autoencoder()
    backward = model.backward

    def broken():
        backward()
        model.parameters[3].grad[1] = np.nan

    model.backward = broken
    with pytest.raises(ae.TrainingDivergedError, match=r"in epoch 1, batch 1, decoder\.b1\.grad is the first tensor"):
        model.fit(X, rng=0)
    assert_same(values(model), values(autoencoder()))


def test_divergence_in_a_step_names_the_value():
    model = ae.Autoencoder([5, 3], rng=0)
    with pytest.raises(ae.TrainingDivergedError, match=r"batch 1, .*\.value is .* as it was before training; try"):
        model.fit(1000 * X, optimizer=ae.SGD(1e38), rng=0)


def test_divergence_in_the_last_step_of_an_epoch_is_found():
    model = ae.Autoencoder([5, 3], rng=0)
    with pytest.raises(ae.TrainingDivergedError, match=r"in epoch 1, batch 1, .*\.value"):
        model.fit(1000 * X, epochs=1, batch_size=11, optimizer=ae.SGD(1e38), rng=0)
    assert all(np.isfinite(value).all() for value in values(model))


@pytest.mark.parametrize(("epochs", "good"), [(1, 0), (4, 0), (3, 2)])
def test_values_that_are_finite_and_give_no_finite_loss_are_no_good_epoch(epochs, good, tmp_path):
    path, rate = tmp_path / "run.npz", 1e12 if good == 0 else ae.StepRate(0.01, every=good, factor=1e14)
    model, reference = (ae.LinearAutoencoder([5, 3], rng=0) for _ in range(2))
    where = f"restored to the end of epoch {good}" if good else "as it was before training"
    with pytest.raises(ae.TrainingDivergedError) as caught:
        model.fit(X, epochs=epochs, batch_size=11, optimizer=ae.Adam(rate), rng=0, checkpoint=path)
    assert str(caught.value).startswith(
        f"expected a finite loss, but in epoch {good + 1}, batch 1, the loss, recomputed after the last step, is the "
        f"first tensor that is NaN or infinite; the model is {where}; "
    )
    if good:
        reference.fit(X, epochs=good, batch_size=11, optimizer=ae.Adam(rate), rng=0)
        assert len(read_archive(path, "checkpoint")[0]["history"]["loss"]) == good
    assert_same(values(model), values(reference))
    assert path.exists() == bool(good)


def test_an_epoch_in_the_middle_whose_last_step_breaks_the_loss_is_no_good_epoch():
    model, reference = (ae.LinearAutoencoder([5, 3], rng=0) for _ in range(2))
    steps = ae.SGD(ae.StepRate(0.01, every=2, factor=1e8))  # the first step of epoch 3 has raised its loss
    with pytest.raises(ae.TrainingDivergedError, match=r"in epoch 3, .* recomputed .* end of epoch 2;"):
        model.fit(X, epochs=9, batch_size=6, optimizer=steps, rng=0)
    reference.fit(X, epochs=2, batch_size=6, optimizer=steps, rng=0)
    assert_same(values(model), values(reference))


@pytest.mark.parametrize("make", [VARIANTS["linear"], VARIANTS["denoising"], VARIANTS["variational"]])
def test_the_last_loss_is_that_of_the_model_as_it_is_left(make):
    model = make()
    history = model.fit(X, epochs=20, batch_size=11, rng=0)
    assert history.last_loss == pytest.approx(float(model.loss(X.astype("float32"), rng=0)), rel=1e-6)
    assert history.last_loss != history.loss[-1]


def test_what_is_not_what_stays_has_no_last_loss(monkeypatch, tmp_path):
    path = tmp_path / "run.npz"
    assert trained(4, validation=HELD_OUT, patience=2)[1].last_loss is None
    assert trained(4, checkpoint=path)[1].last_loss == trained(4)[1].last_loss is not None
    again = autoencoder()
    history = again.fit(X, epochs=4, batch_size=3, optimizer=ae.Adam(0.01), rng=0, checkpoint=path)
    assert history.last_loss == trained(4)[1].last_loss  # nothing was left to do

    def interrupted(model, history):
        if len(history) == 6:
            raise KeyboardInterrupt

    assert trained(8, checkpoint=path, observer=interrupted)[1].last_loss is None


def test_looking_at_what_an_epoch_left_changes_nothing():
    options = {"dropout": 0.3, "batch_norm": True, "dtype": "float64", "rng": 0}
    model, by_hand = (ae.Autoencoder([5, 4, 3], **options) for _ in range(2))
    assert model.fit(X, epochs=3, batch_size=4, rng=0).last_loss is not None  # looked at after the first and the last
    rng, state = own_generator(np.random.default_rng(0)), ae.Adam().start(by_hand.parameters)
    with by_hand.training():
        for _ in range(3):
            order = rng.permutation(11)
            for start in range(0, 11, 4):
                by_hand.loss(X[order[start : start + 4]], rng=rng)
                by_hand.backward()
                state.step(1e-3)
    assert_same(values(model), values(by_hand))
    assert_same([b.value for b in model.buffers.values()], [b.value for b in by_hand.buffers.values()])


def test_losses_whose_sum_overflows_are_named():
    model = ae.LinearAutoencoder([5, 3], rng=0)
    model.parameters[2].value = np.zeros((3, 5))
    with pytest.raises(ae.TrainingDivergedError, match="batch 11, the sum of the losses is the first"):
        model.fit(np.full((11, 5), 7e18), batch_size=1, optimizer=ae.SGD(1e-300), rng=0)


def test_a_loss_broken_outside_all_parts_is_named_as_the_loss():
    model = autoencoder()
    loss = model.loss
    model.loss = lambda x, rng: loss(x, rng=rng) + np.nan
    with pytest.raises(ae.TrainingDivergedError, match="epoch 1, batch 1, the loss is the first tensor"):
        model.fit(X, rng=0)


def test_a_validation_loss_that_is_not_finite_has_a_sentence_of_its_own():
    model = ae.Autoencoder([5, 3], rng=0)
    with pytest.raises(ae.TrainingDivergedError) as caught:
        model.fit(X, epochs=3, batch_size=3, validation=np.full((2, 5), 1e25), optimizer=ae.SGD(0.01), rng=0)
    assert str(caught.value) == (
        "expected a finite validation loss, but after epoch 1 it is inf, though the training loss is finite; the model "
        "is as it was before training; look for far larger values in the validation data than in x, or try a learning "
        "rate ten times smaller"
    )
    assert_same(values(model), values(ae.Autoencoder([5, 3], rng=0)))


def test_divergence_prints_no_warnings(recwarn):
    with pytest.raises(ae.TrainingDivergedError):
        ae.Autoencoder([5, 3], rng=0).fit(X, epochs=6, optimizer=SUDDEN, rng=0)
    assert not recwarn.list


def test_divergence_keeps_the_checkpoint_of_the_last_good_epoch(tmp_path):
    path, model = tmp_path / "run.npz", ae.Autoencoder([5, 3], rng=0)
    with pytest.raises(ae.TrainingDivergedError):
        model.fit(X, epochs=6, batch_size=3, optimizer=SUDDEN, rng=0, checkpoint=path)
    header, _ = read_archive(path, "checkpoint")
    assert len(header["history"]["loss"]) == 2


# What is refused has changed nothing


@pytest.mark.parametrize(
    ("x", "options", "error", "text"),
    [
        (X[:, :4], {}, ValueError, "expected x to have 5 columns"),
        (np.where(X > 0.9, np.nan, X), {}, ValueError, "expected finite numbers in x"),
        (X.astype(int), {}, TypeError, "expected x to hold floats"),
        (X, {"validation": X[:, :4]}, ValueError, "^in the validation data: expected x to have 5 columns"),
        (X, {"validation": X.astype(int)}, TypeError, "^in the validation data: expected x to hold floats"),
        (X, {"labels": LABELS}, TypeError, "expected no labels"),
        (X, {"epochs": 0}, ValueError, "expected epochs to be an integer of at least 1, got 0"),
        (X, {"epochs": 2.0}, TypeError, "expected epochs to be an integer of at least 1, got 2.0"),
        (X, {"batch_size": 0}, ValueError, "expected batch_size to be an integer of at least 1, got 0"),
        (X, {"batch_size": True}, TypeError, "expected batch_size to be an integer of at least 1, got True"),
        (X, {"optimizer": "adam"}, TypeError, r"expected an optimizer such as ae.Adam\(1e-3\), got 'adam'"),
        (X, {"optimizer": ae.Adam}, TypeError, r"expected an optimizer such as ae.Adam\(1e-3\), got the class; write ae.Adam\(\), with brackets"),
        (X, {"rng": "seed"}, TypeError, "expected rng to be an integer seed or a numpy.random.Generator, got str"),
        (X, {"rng": -1}, ValueError, "expected a seed of 0 or more, got -1"),
        (X, {"patience": 2}, ValueError, "expected validation data with patience"),
        (X, {"patience": 0, "validation": X}, ValueError, "expected patience to be an integer of at least 1, got 0"),
    ],
)
def test_a_refused_fit_changes_nothing(x, options, error, text):
    model, rng = autoencoder(), np.random.default_rng(5)
    own = model.rng.bit_generator.state
    for source in ({"rng": rng}, {"rng": None}):
        with pytest.raises(error, match=text):
            model.fit(x, **{**source, **options})
    assert_same(values(model), values(autoencoder()))
    assert model.rng.bit_generator.state == own
    assert rng.bit_generator.state == np.random.default_rng(5).bit_generator.state


class Annealed(ae.VariationalAutoencoder):
    """Its divergence weighs more from epoch to epoch, so its losses rise while it learns."""

    loss_measures_progress = False


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2, "validation": HELD_OUT}, {"optimizer": ae.LBFGS()},
        {"patience": 2, "validation": HELD_OUT, "checkpoint": "run.npz"},
    ],
)  # fmt: skip
def test_a_loss_that_is_no_measure_of_progress_is_not_compared(options):
    model, rng = Annealed([5, 4, 3], dtype="float64", rng=0), np.random.default_rng(5)
    with pytest.raises(ValueError, match=r"^expected neither patience nor LBFGS for Annealed, whose loss doesn't measure"):
        model.fit(X, rng=rng, **options)
    assert_same(values(model), values(Annealed([5, 4, 3], dtype="float64", rng=0)))
    assert rng.bit_generator.state == np.random.default_rng(5).bit_generator.state


def test_a_loss_that_is_no_measure_of_progress_can_be_trained_and_watched():
    ours = ae.VariationalAutoencoder([5, 4, 3], rng=0)
    history = Annealed([5, 4, 3], rng=0).fit(X, epochs=3, rng=0, validation=HELD_OUT)
    assert history.validation_loss == ours.fit(X, epochs=3, rng=0, validation=HELD_OUT).validation_loss


def test_a_classifier_is_not_fitted_without_labels():
    with pytest.raises(TypeError, match="expected labels, one class number per example, got None"):
        ae.SoftmaxClassifier(autoencoder(), n_classes=3, rng=0).fit(X)


@pytest.mark.parametrize("name", ["validation", "patience", "checkpoint"])
def test_pretraining_refuses_what_belongs_to_one_model(name):
    with pytest.raises(ValueError, match=f"^expected no {name} in pretrain, which trains several models;"):
        ae.StackedAutoencoder([5, 4, 3], rng=0).pretrain(X, **{name: 1})


# Checkpoints


def stacked_classifier():
    return ae.SoftmaxClassifier(ae.StackedAutoencoder([5, 4, 3], dtype="float64", rng=0), n_classes=3, rng=0)


DETERMINISTIC = {type(rule).__name__: (autoencoder, {"optimizer": rule}) for rule in (
    ae.SGD(0.1), ae.Momentum(0.05, mu=0.8), ae.Nesterov(0.05), ae.RMSProp(0.01), ae.Adam(ae.StepRate(0.02, 2, 0.5)),
    ae.AdamW(0.02, clip_norm=0.5),
)}  # fmt: skip
RUNS = {
    **DETERMINISTIC,
    "denoising": (VARIANTS["denoising"], {}),
    "variational": (VARIANTS["variational"], {}),
    "validation": (VARIANTS["variational"], {"validation": HELD_OUT}),
    "patience": (VARIANTS["denoising"], {"validation": 0.5 * HELD_OUT, "patience": 3, "optimizer": ae.SGD(0.035)}),
    "labels": (stacked_classifier, {"labels": LABELS}),
    "own rng": (VARIANTS["variational"], {"rng": None}),
}


def run(name, **more):
    make, options = RUNS[name]
    model = make()
    return model, lambda: model.fit(X, **{"epochs": 7, "batch_size": 3, "rng": 0, **options, **more})


def resume_all(folder):
    """Go on from every checkpoint in a folder and leave the values and the history beside it; runs in a new process."""
    for name in RUNS:
        model, fit = run(name, checkpoint=f"{folder}/{name}.npz")
        record = fit().to_dict()
        write_archive(f"{folder}/{name}.done", {"kind": "test", "history": record}, dict(enumerate_values(model)))


def enumerate_values(model):
    return {f"{number}": value for number, value in enumerate(values(model))}.items()


@pytest.fixture(scope="module")
def resumed(tmp_path_factory):
    """Interrupt every run in its fourth epoch, and let another process finish them all."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name in RUNS:
        model, fit = run(name, checkpoint=folder / f"{name}.npz")
        model.backward = interrupt_at(4 * 3 + 2, model.backward)
        assert (fit().stopped, len(read_archive(folder / f"{name}.npz", "checkpoint")[0]["history"]["loss"])) == (
            "interrupted", 3,
        )  # fmt: skip
    in_a_new_process(f"resume_all({str(folder)!r})")
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_interrupted_and_resumed_in_a_new_process_equals_uninterrupted(name, resumed):
    header, arrays = read_archive(resumed / f"{name}.done", "test")
    model, fit = run(name)
    history = fit()
    assert_same([arrays[f"{number}"] for number in range(len(arrays))], values(model))
    record = {**history.to_dict(), "seconds": header["history"]["seconds"]}
    assert header["history"] == record
    assert record["seconds"] > 0


def test_the_run_with_patience_looks_back_across_the_interruption():
    history = run("patience")[1]()
    assert (history.best_epoch, len(history), history.stopped) == (2, 6, "early")


def checkpointed(path, epochs=3, **options):
    return trained(epochs, checkpoint=path, **options)


def test_resuming_in_the_same_process_without_a_seed(tmp_path):
    path, model = tmp_path / "run.npz", autoencoder()
    options = {"batch_size": 3, "optimizer": ae.Adam(0.01), "checkpoint": path}
    model.fit(X, epochs=2, **options)
    model.fit(X, epochs=4, **options)
    assert_same(values(model), values(trained(4, rng=None)[0]))


def test_a_finished_run_goes_on_when_asked_for_more_epochs(tmp_path):
    checkpointed(tmp_path / "run.npz", epochs=2)
    model, history = checkpointed(tmp_path / "run.npz", epochs=5)
    assert_same(values(model), values(trained(5)[0]))
    assert history.loss == trained(5)[1].loss


def test_a_finished_run_is_returned_as_it_is(tmp_path):
    first, one = checkpointed(tmp_path / "run.npz")
    second, two = checkpointed(tmp_path / "run.npz")
    assert_same(values(first), values(second))
    assert one.loss == two.loss


def test_a_run_that_stopped_early_is_returned_with_its_best_values(tmp_path):
    first, one = past(100, patience=4, checkpoint=tmp_path / "run.npz")
    second, two = past(100, patience=4, checkpoint=tmp_path / "run.npz")
    assert_same(values(first), values(second))
    assert (one.loss, two.stopped) == (two.loss, "early")


def test_a_checkpoint_with_more_epochs_than_asked_for_is_refused(tmp_path):
    checkpointed(tmp_path / "run.npz", epochs=4)
    with pytest.raises(ValueError, match=r"^expected epochs of at least 4, as many as .*run\.npz has completed, got 2"):
        checkpointed(tmp_path / "run.npz", epochs=2)


OTHERS = {
    "data": lambda fit: fit(x=X + 0.1),
    "data, validation": lambda fit: fit(x=np.concatenate([X, HELD_OUT[:1]]), validation=HELD_OUT[1:]),
    "validation": lambda fit: fit(validation=None),
    "optimizer.learning_rate": lambda fit: fit(optimizer=ae.Adam(0.02)),
    "optimizer": lambda fit: fit(optimizer=ae.Momentum(0.01)),
    "batch_size": lambda fit: fit(batch_size=4),
    "patience": lambda fit: fit(patience=3),
    "rng": lambda fit: fit(rng=1),
    "model.weight_decay": lambda fit: fit(model=autoencoder(weight_decay=0.1)),
    "model, optimizer": lambda fit: fit(model=autoencoder(dtype="float32"), x=X, optimizer=ae.SGD(0.1)),
}


@pytest.mark.parametrize("differing", OTHERS)
def test_resuming_another_run_is_refused_with_what_differs_and_changes_nothing(differing, tmp_path):
    path = tmp_path / "run.npz"
    arguments = {"epochs": 3, "batch_size": 3, "optimizer": ae.Adam(0.01), "validation": HELD_OUT, "checkpoint": path}
    autoencoder().fit(X, **arguments, rng=np.random.default_rng(0))
    rng, models = np.random.default_rng(0), []

    def fit(model=None, x=X, **changed):
        models.append(model or autoencoder())
        models[0].fit(x, **{**arguments, "rng": rng, **changed})

    if differing == "model, optimizer":  # its data are rounded, so they differ too
        differing = "model.dtype, data, validation, optimizer"
        with pytest.raises(ValueError, match=f"run.npz differs in {differing}; pass the same arguments to continue"):
            OTHERS["model, optimizer"](fit)
    else:
        with pytest.raises(ValueError, match=f"run.npz differs in {differing}; pass the same arguments to continue"):
            OTHERS[differing](fit)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state
    fresh = autoencoder(dtype=models[0].dtype)
    assert_same(values(models[0]), values(fresh))
    assert models[0].rng.bit_generator.state == fresh.rng.bit_generator.state


def test_a_model_file_is_no_checkpoint(tmp_path):
    autoencoder().save(tmp_path / "model.npz")
    with pytest.raises(ae.FileFormatError, match=r"expected a checkpoint, but .*model\.npz holds a model"):
        checkpointed(tmp_path / "model.npz")


def test_a_truncated_checkpoint_is_refused_and_changes_nothing(tmp_path):
    path = tmp_path / "run.npz"
    checkpointed(path)
    whole, model = path.read_bytes(), autoencoder()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ae.FileFormatError):
            model.fit(X, epochs=5, batch_size=3, optimizer=ae.Adam(0.01), rng=0, checkpoint=path)
    assert_same(values(model), values(autoencoder()))


DEEP = 600 if sys.version_info < (3, 12) else 2000  # for json it isn't: until then a comprehension took a frame, too


def nested(depth):
    inside = None
    for _ in range(depth):
        inside = {"with": inside}
    return inside


def edited(header, arrays):
    return {
        "no history": ({**header, "history": None}, arrays),
        "history of one list": ({**header, "history": {"loss": [1.0]}}, arrays),
        "history with text": ({**header, "history": {**header["history"], "loss": ["a", "b", "c"]}}, arrays),
        "history with NaN": ({**header, "history": {**header["history"], "loss": [float("nan")] * 3}}, arrays),
        "wrong best epoch": ({**header, "history": {**header["history"], "best_epoch": 99}}, arrays),
        "unknown ending": ({**header, "history": {**header["history"], "stopped": "bored"}}, arrays),
        "endless steps": ({**header, "steps": float("inf")}, arrays),
        "steps in words": ({**header, "steps": "many"}, arrays),
        "steps without number": ({**header, "steps": 10**400}, arrays),
        "steps backwards": ({**header, "steps": -1}, arrays),
        "half a step": ({**header, "steps": 1.5}, arrays),
        "a run that is nested deep": ({**header, "run": nested(DEEP)}, arrays),
        "no generator": ({key: value for key, value in header.items() if key != "rng"}, arrays),
        "a generator of another kind": ({**header, "rng": {**header["rng"], "bit_generator": "MT19937"}}, arrays),
        "a value missing": (header, {k: v for k, v in arrays.items() if k != "value encoder.W1"}),
        "a moment missing": (header, {k: v for k, v in arrays.items() if k != "moment v.0"}),
        "a best value missing": (header, {k: v for k, v in arrays.items() if k != "best encoder.b1"}),
        "one array too many": (header, {**arrays, "value head.W": np.zeros(3)}),
        "a wrong shape": (header, {**arrays, "value encoder.b1": np.zeros((3, 1))}),
        "a wrong dtype": (header, {**arrays, "value encoder.b1": np.zeros(3, np.float32)}),
        "NaN": (header, {**arrays, "moment m.0": np.full_like(arrays["moment m.0"], np.nan)}),
    }


@pytest.mark.parametrize("change", edited({"history": {}, "rng": {}}, {"moment m.0": np.ones(1)}))
def test_a_damaged_checkpoint_is_refused_and_changes_nothing(change, tmp_path):
    path, model = tmp_path / "run.npz", autoencoder()
    arguments = {"batch_size": 3, "optimizer": ae.Adam(0.01), "rng": 0, "validation": HELD_OUT, "patience": 3}
    autoencoder().fit(X, epochs=3, checkpoint=path, **arguments)
    write_archive(path, *edited(*read_archive(path, "checkpoint"))[change])
    with pytest.raises(ae.FileFormatError, match=r"expected a checkpoint that aescratch saved, but .*run\.npz"):
        model.fit(X, epochs=5, checkpoint=path, **arguments)
    assert_same(values(model), values(autoencoder()))


def test_a_checkpoint_of_no_known_run_differs_in_everything(tmp_path):
    path = tmp_path / "run.npz"
    checkpointed(path)
    header, arrays = read_archive(path, "checkpoint")
    write_archive(path, {**header, "run": None}, arrays)
    with pytest.raises(ValueError, match="differs in model, data, validation, rng, optimizer, batch_size, patience"):
        checkpointed(path)


def test_a_checkpoint_needs_a_model_and_an_optimizer_that_can_be_described(tmp_path):
    class Mine(ae.SGD):
        pass

    with pytest.raises(TypeError, match=r"got .*Mine, which a file can't restore"):
        checkpointed(tmp_path / "run.npz", optimizer=Mine(0.1))
    assert not (tmp_path / "run.npz").exists()


def test_a_checkpoint_in_no_folder_is_an_oserror_after_a_whole_epoch(tmp_path):
    model = autoencoder()
    with pytest.raises(OSError, match="no folder"):
        model.fit(X, batch_size=3, optimizer=ae.Adam(0.01), rng=0, checkpoint=tmp_path / "no folder" / "run.npz")
    assert_same(values(model), values(trained(1)[0]))


def test_epochs_and_resuming_are_logged(tmp_path, caplog):
    checkpointed(tmp_path / "run.npz", epochs=2)
    with caplog.at_level("INFO", logger="aescratch"):
        _, history = checkpointed(tmp_path / "run.npz", epochs=3)
    resumed, epoch = caplog.messages
    assert resumed == f"continues {tmp_path / 'run.npz'} after epoch 2 of 3"
    assert epoch == f"epoch 3 of 3: loss {history.loss[-1]:.6g}, rate {history.learning_rate[-1]:g}"


@pytest.mark.parametrize(
    ("rate", "epochs", "said"),
    [
        (0.01, 5, ["continues run.npz after epoch 2 of 5"]),
        (ae.CosineRate(0.01), 4, ["continues run.npz after epoch 2 of 4"]),
        (ae.CosineRate(0.01), 5, ["continues run.npz after epoch 2 of 5", "the learning rates up to epoch 2 were scheduled"]),
        (ae.StepRate(0.01, every=1), 2, ["run.npz is complete after epoch 2 of 2: nothing is left to train"]),
    ],
)
def test_a_schedule_that_another_number_of_epochs_changes_is_logged(tmp_path, monkeypatch, caplog, rate, epochs, said):
    monkeypatch.chdir(tmp_path)

    def stop(model, history):
        if len(history) == 2:
            raise KeyboardInterrupt

    checkpointed("run.npz", epochs=2 if epochs == 2 else 4, optimizer=ae.Adam(rate), observer=stop)
    with caplog.at_level("INFO", logger="aescratch.training.continuing"):
        checkpointed("run.npz", epochs=epochs, optimizer=ae.Adam(rate))
    logged = [record.message for record in caplog.records if record.name == "aescratch.training.continuing"]
    assert [message[: len(begins)] for message, begins in zip(logged, said, strict=True)] == said


def test_a_checkpoint_is_written_through_the_one_function_that_writes_whole_files(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr("aescratch.training.checkpoints.write_checkpoint", lambda path, *rest: written.append(path))
    monkeypatch.setattr("aescratch.training.checkpoints.SECONDS_BETWEEN", 0.0)
    checkpointed(tmp_path / "run.npz", epochs=3)
    assert written == [tmp_path / "run.npz"] * 3
    assert callable(write_checkpoint)


def test_control_c_in_the_last_writing_returns_the_history_and_leaves_the_whole_file(tmp_path, monkeypatch):
    writings = iter([write_checkpoint, interrupt_at(1, write_checkpoint), write_checkpoint])
    monkeypatch.setattr("aescratch.training.checkpoints.write_checkpoint", lambda *given: next(writings)(*given))
    monkeypatch.setattr("aescratch.training.checkpoints.SECONDS_BETWEEN", 3600.0)
    _, history = checkpointed(tmp_path / "run.npz", epochs=3)
    assert (history.stopped, len(history)) == ("interrupted", 3)
    assert len(read_archive(tmp_path / "run.npz", "checkpoint")[0]["history"]["loss"]) == 3


@pytest.mark.parametrize("end", ["finished", "early", "interrupted", "error"])
def test_a_checkpoint_is_written_at_once_then_once_a_second_and_at_the_end(end, tmp_path, monkeypatch):
    written, now = [], [0.0]

    def observer(model, history):
        now[0] += 0.4
        if len(history) == 6 and end in ("interrupted", "error"):
            raise KeyboardInterrupt if end == "interrupted" else OSError("the disk went away")

    monkeypatch.setattr("aescratch.training.checkpoints.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "aescratch.training.checkpoints.write_checkpoint", lambda path, run, good: written.append(len(good.history))
    )
    options = {"validation": HELD_OUT, "optimizer": ae.SGD(1e-30), "patience": 5} if end == "early" else {}
    with pytest.raises(OSError, match="went away") if end == "error" else contextlib.nullcontext():
        assert checkpointed(tmp_path / "run.npz", epochs=6 if end == "finished" else 9, observer=observer, **options)[1].stopped == end
    assert written == [1, 4, 6]


def test_validation_as_a_list_of_rows_is_refused_in_a_sentence():
    model, x = ae.Autoencoder([5, 3], rng=0), np.random.default_rng(0).random((7, 5))
    with pytest.raises(TypeError, match=r"expected validation to be an array x, or a pair .* got a list of 7"):
        model.fit(x, validation=[list(row) for row in x])


def test_pretraining_refuses_labels_in_a_sentence():
    model, x = ae.StackedAutoencoder([5, 3], rng=0), np.random.default_rng(0).random((7, 5))
    with pytest.raises(TypeError, match="expected no labels: an autoencoder learns from x alone"):
        model.pretrain(x, np.zeros(7, int))


def test_a_saturated_sparse_code_is_named_where_the_loss_breaks():
    model = ae.SparseAutoencoder([5, 3], rng=0)
    model.encoder.layers[0].b.value = np.full(3, 100.0)  # the sigmoid of 100 is 1 to the last bit
    with pytest.raises(ae.TrainingDivergedError, match="KLSparsity is infinite if a unit is exactly 0 or 1"):
        model.fit(np.random.default_rng(0).random((7, 5)), epochs=1, rng=0)


def test_a_training_without_a_bar_does_not_import_tqdm():
    code = (
        "import sys, numpy as np, aescratch as ae\n"
        "ae.Autoencoder([5, 3], rng=0).fit(np.zeros((7, 5), np.float32), epochs=1, progress=False)\n"
        "assert 'tqdm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.word)
def test_the_same_seed_gives_the_same_numbers(kind):
    x = np.random.default_rng(0).random((29, 5), np.float32)
    labels = [np.arange(29) % 2] if kind.takes_labels else []
    first, second = (kind(**kind.arguments_for([5, 3], n_classes=2, rng=0)) for _ in range(2))
    histories = [model.fit(x, *labels, epochs=3, batch_size=8, rng=1) for model in (first, second)]
    assert histories[0].loss == histories[1].loss
    for a, b in zip(first.saved_parameters, second.saved_parameters, strict=True):
        assert np.array_equal(a.value, b.value)
    other = kind(**kind.arguments_for([5, 3], n_classes=2, rng=0))
    assert other.fit(x, *labels, epochs=3, batch_size=8, rng=2).loss != histories[0].loss
