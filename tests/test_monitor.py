"""A monitor of a training: its records after each epoch, and that it changes no bit of the training."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

import aescratch as ae
from aescratch.inspection.monitor import MOST_ROWS, MOST_SNAPSHOTS

mpl.use("agg")
N, D, H = 29, 5, 3
RNG = np.random.default_rng(0)
X = RNG.random((N, D))
MODELS = {
    "sparse": lambda: ae.SparseAutoencoder([D, H], dtype="float64", rng=0),
    "noise, dropout and normalisation": lambda: ae.DenoisingAutoencoder(
        [D, 7, H], dropout=0.2, batch_norm=True, dtype="float64", rng=0
    ),
    "variational": lambda: ae.VariationalAutoencoder([D, H], dtype="float64", rng=0),
    "running mean": lambda: ae.SparseAutoencoder([D, H], sparsity=ae.KLSparsity(0.1, 0.5, 0.2), dtype="float64", rng=0),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_training_that_is_looked_at_takes_the_same_steps(name):
    seen, unseen = MODELS[name](), MODELS[name]()
    options = {"epochs": 4, "batch_size": 5, "validation": X[:5], "rng": 0}
    first, second = seen.fit(X, observer=ae.Monitor(X, epochs=4), **options), unseen.fit(X, **options)
    assert first.loss == second.loss
    assert first.validation_loss == second.validation_loss
    for a, b in zip(seen.parameters, unseen.parameters, strict=True):
        assert np.array_equal(a.value, b.value)
    for buffer, other in zip(seen.buffers.values(), unseen.buffers.values(), strict=True):
        assert np.array_equal(buffer.value, other.value)
    assert seen.rng.bit_generator.state == unseen.rng.bit_generator.state


def test_what_is_seen_is_what_the_model_is_then():
    model = ae.SparseAutoencoder([D, H], dtype="float64", rng=0)
    monitor = ae.Monitor(X, epochs=3)
    model.fit(X, epochs=3, rng=0, observer=monitor)
    last = monitor.snapshots[-1]
    assert [snapshot.epoch for snapshot in monitor.snapshots] == [1, 2, 3]
    assert sum(last.terms.values()) == pytest.approx(float(model.loss(X, rng=0)), rel=1e-12)
    model.backward()
    for parameter in model.parameters:
        assert last.gradients[parameter.name] == pytest.approx(np.linalg.norm(parameter.grad), rel=1e-12)
    assert np.array_equal(last.code, model.encode(X))
    assert np.array_equal(last.restored, model.reconstruct(X[:8]))
    assert set(monitor.snapshots[0].changes.values()) == {0.0}
    assert 0 < last.changes["encoder.W1"] < 1


def test_a_change_is_told_as_a_share_of_what_is_there():
    model, seen = ae.Autoencoder([D, H], dtype="float64", rng=0), []
    monitor = ae.Monitor(X, epochs=2)

    def observer(model, history):
        monitor(model, history)
        seen.append(model.parameters[0].value.copy())

    model.fit(X, epochs=2, rng=0, observer=observer)
    expected = np.linalg.norm(seen[1] - seen[0]) / np.linalg.norm(seen[1])
    assert monitor.snapshots[1].changes["encoder.W1"] == pytest.approx(expected, rel=1e-12)


def test_of_many_epochs_and_rows_a_few_are_looked_at():
    x = RNG.random((MOST_ROWS * 3 + 1, D))
    monitor = ae.Monitor(x, epochs=1000)
    ae.Autoencoder([D, H], rng=0).fit(x, epochs=1000, batch_size=len(x), rng=0, observer=monitor)
    assert len(monitor.snapshots) == MOST_SNAPSHOTS
    assert (monitor.snapshots[0].epoch, monitor.snapshots[-1].epoch) == (1, 1000)
    assert len(monitor.snapshots[0].code) == MOST_ROWS


def test_norms_of_large_gradients_are_finite():
    x = (RNG.random((N, D)) * 1e15).astype(np.float32)  # gradients of about 1e30, whose squares leave float32
    monitor = ae.Monitor(x, epochs=1)
    ae.LinearAutoencoder([D, H], rng=0).fit(x, epochs=1, rng=0, observer=monitor)
    assert all(1e20 < monitor.snapshots[0].gradients[name] < np.inf for name in ("encoder.W1", "decoder.W1"))


def test_labels_and_lbfgs():
    labels = np.arange(N) % 2
    monitor = ae.Monitor(X, labels, epochs=2)
    ae.SoftmaxClassifier(ae.Autoencoder([D, H], rng=0), 2, rng=0).fit(X, labels, epochs=2, rng=0, observer=monitor)
    assert sorted(monitor.snapshots[0].terms) == ["cross_entropy", "decay"]
    assert monitor.snapshots[0].code is None
    pytest.importorskip("scipy")
    monitor = ae.Monitor(X, epochs=3)
    history = ae.LinearAutoencoder([D, H], dtype="float64", rng=0).fit(X, epochs=3, optimizer=ae.LBFGS(), observer=monitor)
    assert len(monitor.snapshots) == len(history)


def test_the_figure_of_a_training():
    model = ae.SparseAutoencoder([D, H], dtype="float64", rng=0)
    monitor = ae.Monitor(X, epochs=5)
    with pytest.raises(ValueError, match=r"expected a monitor with a snapshot.*observer=monitor"):
        monitor.plot()
    history = model.fit(X, epochs=5, rng=0, observer=monitor, validation=X[:7])
    figure = monitor.plot()
    charts = {ax.get_title(): ax for ax in figure.axes}
    assert list(charts) == ["loss", "terms of the loss, on a few rows", "norm of the gradient",
                            "change in an epoch, as a share", "numbers of the code"]  # fmt: skip
    loss, validation, mean, pca = charts["loss"].get_lines()
    assert list(loss.get_ydata()) == history.loss
    assert list(validation.get_ydata()) == history.validation_loss
    assert mean.get_ydata()[0] == pytest.approx(X.var(axis=0).sum() / 2, rel=1e-6)
    assert 0 < pca.get_ydata()[0] < mean.get_ydata()[0]
    changes = charts["change in an epoch, as a share"].get_lines()[0].get_ydata()
    assert list(changes) == [each.changes["encoder.W1"] for each in monitor.snapshots[1:]]
    pyplot.close(figure)


def test_changes_are_told_for_one_epoch():
    monitor = ae.Monitor(X, epochs=31)
    ae.LinearAutoencoder([D, H], dtype="float64", rng=0).fit(X, epochs=31, rng=0, observer=monitor)
    figure = monitor.plot()
    drawn = figure.axes[3].get_lines()[0].get_ydata()
    for value, before, after in zip(drawn, monitor.snapshots, monitor.snapshots[1:], strict=False):
        assert value == after.changes["encoder.W1"] / (after.epoch - before.epoch)
    pyplot.close(figure)


@pytest.mark.parametrize(("arguments", "epochs", "error", "words"), [
    ((X.astype(int),), 3, TypeError, "expected x to hold floats"),
    ((X[0],), 3, ValueError, "shape"),
    ((X * np.nan,), 3, ValueError, "finite"),
    ((X,), 0, ValueError, "expected epochs to be an integer of at least 1"),
    ((X,), 1.5, TypeError, "epochs"),
])  # fmt: skip
def test_what_a_monitor_refuses(arguments, epochs, error, words):
    with pytest.raises(error, match=words):
        ae.Monitor(*arguments, epochs=epochs)


def test_an_observer_is_a_function():
    with pytest.raises(TypeError, match="expected observer to be a function of the model and the history"):
        ae.Autoencoder([D, H], rng=0).fit(X, observer=3)
