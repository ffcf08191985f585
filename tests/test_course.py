"""The course of a training: what is seen after its epochs, and that looking on changes no bit of it."""

import numpy as np
import pytest

import aescratch as ae
from aescratch.inspection.course import MOST_MOMENTS, MOST_ROWS, Course

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
    first, second = seen.fit(X, observer=Course([X], 4), **options), unseen.fit(X, **options)
    assert first.loss == second.loss
    assert first.validation_loss == second.validation_loss
    for a, b in zip(seen.parameters, unseen.parameters, strict=True):
        assert np.array_equal(a.value, b.value)
    for buffer, other in zip(seen.buffers.values(), unseen.buffers.values(), strict=True):
        assert np.array_equal(buffer.value, other.value)
    assert seen.rng.bit_generator.state == unseen.rng.bit_generator.state


def test_what_is_seen_is_what_the_model_is_then():
    model = ae.SparseAutoencoder([D, H], dtype="float64", rng=0)
    course = Course([X], epochs=3)
    model.fit(X, epochs=3, rng=0, observer=course)
    last = course.moments[-1]
    assert [moment.epoch for moment in course.moments] == [1, 2, 3]
    assert sum(last.terms.values()) == pytest.approx(float(model.loss(X, rng=0)), rel=1e-12)
    model.backward()
    for parameter in model.parameters:
        assert last.gradients[parameter.name] == pytest.approx(np.linalg.norm(parameter.grad), rel=1e-12)
    assert np.array_equal(last.code, model.encode(X))
    assert np.array_equal(last.restored, model.reconstruct(X[:8]))
    assert set(course.moments[0].changes.values()) == {0.0}
    assert 0 < last.changes["encoder.W1"] < 1


def test_a_change_is_told_as_a_share_of_what_is_there():
    model, seen = ae.Autoencoder([D, H], dtype="float64", rng=0), []
    course = Course([X], epochs=2)

    def observer(model, history):
        course(model, history)
        seen.append(model.parameters[0].value.copy())

    model.fit(X, epochs=2, rng=0, observer=observer)
    expected = np.linalg.norm(seen[1] - seen[0]) / np.linalg.norm(seen[1])
    assert course.moments[1].changes["encoder.W1"] == pytest.approx(expected, rel=1e-12)


def test_of_many_epochs_and_rows_a_few_are_looked_at():
    x = RNG.random((MOST_ROWS * 3 + 1, D))
    course = Course([x], epochs=1000)
    ae.Autoencoder([D, H], rng=0).fit(x, epochs=1000, batch_size=len(x), rng=0, observer=course)
    assert len(course.moments) == MOST_MOMENTS
    assert (course.moments[0].epoch, course.moments[-1].epoch) == (1, 1000)
    assert len(course.moments[0].code) == MOST_ROWS


def test_norms_of_large_gradients_are_finite():
    x = (RNG.random((N, D)) * 1e15).astype(np.float32)  # gradients of about 1e30, whose squares leave float32
    course = Course([x], epochs=1)
    ae.LinearAutoencoder([D, H], rng=0).fit(x, epochs=1, rng=0, observer=course)
    assert all(1e20 < course.moments[0].gradients[name] < np.inf for name in ("encoder.W1", "decoder.W1"))


def test_labels_and_lbfgs():
    labels = np.arange(N) % 2
    course = Course([X, labels], epochs=2)
    ae.SoftmaxClassifier(ae.Autoencoder([D, H], rng=0), 2, rng=0).fit(X, labels, epochs=2, rng=0, observer=course)
    assert sorted(course.moments[0].terms) == ["cross_entropy", "decay"]
    assert course.moments[0].code is None
    pytest.importorskip("scipy")
    course = Course([X], epochs=3)
    history = ae.LinearAutoencoder([D, H], dtype="float64", rng=0).fit(X, epochs=3, optimizer=ae.LBFGS(), observer=course)
    assert len(course.moments) == len(history)


def test_an_observer_is_a_function():
    with pytest.raises(TypeError, match="expected observer to be a function of the model and the history"):
        ae.Autoencoder([D, H], rng=0).fit(X, observer=3)
