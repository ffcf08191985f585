"""The scaling: column by column, there and back, kept with its model, and never used by the model itself."""

import copy
import pickle

import numpy as np
import pytest

import aescratch as ae

RNG = np.random.default_rng(0)
N, D, H = 7, 5, 3
X = RNG.normal(100.0, [1, 2, 30, 0.1, 5], size=(N, D))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_each_way_makes_of_columns(dtype):
    x = X.astype(dtype)
    for how, ends in (("standardize", (0, 1)), ("minmax", (0, 1))):
        scaled = ae.Scaling.fit(x, how).apply(x)
        found = (scaled.mean(axis=0), scaled.std(axis=0)) if how == "standardize" else (scaled.min(0), scaled.max(0))
        np.testing.assert_allclose(found, np.broadcast_to(np.array(ends)[:, None], (2, D)), atol=1e-5)
        assert scaled.dtype == dtype
    assert np.array_equal(ae.Scaling.fit(x, "none").apply(x), x)


def test_undo_brings_the_data_back():
    for how in ("standardize", "minmax", "auto"):
        scaling = ae.Scaling.fit(X, how)
        other = RNG.normal(size=(2 * N, D))
        np.testing.assert_allclose(scaling.undo(scaling.apply(other)), other, rtol=1e-12, atol=1e-12)


def test_a_constant_column_becomes_zero_and_comes_back():
    x = np.column_stack([X[:, :2], np.full(N, 7.1, np.float32)]).astype(np.float32)
    for how in ("standardize", "minmax"):
        scaling = ae.Scaling.fit(x, how)
        assert (scaling.apply(x)[:, 2] == 0).all()
        np.testing.assert_allclose(scaling.undo(scaling.apply(x)), x, rtol=1e-6)


def test_a_column_far_from_zero_is_constant_only_up_to_its_own_rounding():
    seconds = 1.7e9 + RNG.random((N, 1)) * 60  # float64 tells them apart, float32 doesn't
    np.testing.assert_allclose(ae.Scaling.fit(seconds).apply(seconds).std(), 1)
    rounded = np.array([[0.3], [0.1 + 0.2]])
    assert ae.Scaling.fit(rounded).size == 1


FAR = [(1e3, 0.1), (1e6, 0.1), (1e9, 1.0), (1e9, 1e-3)]


@pytest.mark.parametrize(("mean", "spread"), FAR)
@pytest.mark.parametrize("how", ["standardize", "minmax"])
def test_columns_far_from_zero_keep_the_digits_that_float64_has(mean, spread, how):
    near = np.random.default_rng(0).normal(size=(20011, D)) * spread
    x = mean + near
    scaling = ae.Scaling.fit(x, how)
    scaled, rounding = scaling.apply(x), np.spacing(mean)
    expected = ae.Scaling.fit(x - mean, how).apply(x - mean)  # a difference of neighbours is exact
    np.testing.assert_allclose(scaled, expected, atol=2 * rounding / spread)
    assert how == "standardize" or (scaled.min(), scaled.max()) == (0, 1)
    np.testing.assert_allclose(scaling.undo(scaled), x, rtol=0, atol=2 * rounding)
    of_a_model = scaling.undo(scaled.astype(np.float32))  # as a float32 model restores them
    np.testing.assert_allclose(of_a_model - x, 0, atol=2 * rounding + 1e-6 * spread)


def test_a_model_is_told_the_rounding_of_the_data_that_it_is_given():
    model = ae.Autoencoder([1, 1], rng=0)
    neighbours = np.array([[1000.0], [np.nextafter(np.float32(1000), np.float32(2000))]], np.float32)
    assert model.scaling_for(neighbours, "standardize").size == 1  # in float32 they are one number and its neighbour
    assert model.scaling_for(neighbours.astype(float), "standardize").size < 1e-4


@pytest.mark.parametrize(
    ("x", "how"),
    [
        (RNG.normal(size=(50, D)), "none"), (1 + RNG.normal(size=(50, D)), "none"),
        (5 + 2 * RNG.normal(size=(50, D)), "standardize"), (RNG.random((50, D)), "none"), (100 + RNG.normal(size=(50, D)), "standardize"),
        (1000 * RNG.normal(size=(50, D)), "standardize"), (1e-3 * RNG.normal(size=(50, D)), "standardize"),
        (RNG.normal(size=(50, D)) * [1, 1, 1, 1, 20], "standardize"),
        (RNG.normal(size=(50, D)) * [0.1, 0.1, 0.1, 0.1, 2], "standardize"), (np.ones((50, D)), "none"),
    ],
)  # fmt: skip
def test_auto_leaves_what_is_of_a_usual_size(x, how):
    assert ae.Scaling.fit(x, "auto").how == how
    assert ae.Scaling.fit(x, "auto").changes_nothing == (how == "none")


def test_built_in_images_stay_as_they_are():
    for data in (ae.datasets.load_digits(), ae.datasets.load_fashion()):
        assert ae.Scaling.fit(data.x, "auto").changes_nothing


def test_it_is_kept_in_the_models_file_and_its_copies(tmp_path):
    model = ae.Autoencoder([D, H], rng=0)
    model.scaling = ae.Scaling.fit(X)
    model.save(tmp_path / "model.npz")
    for other in (ae.load(tmp_path / "model.npz"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other.scaling.shift, model.scaling.shift)
        assert np.array_equal(other.scaling.size, model.scaling.size)
        assert repr(other.scaling) == "<Scaling of 5 columns: standardize>"
    plain = ae.Autoencoder([D, H], rng=0)
    plain.save(tmp_path / "plain.npz")
    assert ae.load(tmp_path / "plain.npz").scaling is None


def test_the_models_own_methods_never_use_it():
    model = ae.Autoencoder([D, H], rng=0)
    x = X.astype(np.float32)
    before = model.encode(x), model.reconstruct(x), model.loss(x)
    model.scaling = ae.Scaling.fit(X)
    assert all(np.array_equal(a, b) for a, b in zip(before, (model.encode(x), model.reconstruct(x), model.loss(x)), strict=True))


def test_a_loss_for_data_between_0_and_1_asks_for_such_a_scaling():
    model = ae.Autoencoder([D, H], reconstruction=ae.BinaryCrossEntropy(), rng=0)
    scaling = model.scaling_for(X)
    assert scaling.how == "minmax"
    assert np.isfinite(model.loss(np.clip(scaling.apply(X), 0, 1)))
    assert model.scaling_for(RNG.random((N, D))) is None
    with pytest.raises(ValueError, match=r"expected minmax or auto for binary cross-entropy, got standardize"):
        model.scaling_for(X, "standardize")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ae.Scaling.fit(X, "standardise"), "one of auto, none, standardize, minmax"),
        (lambda: ae.Scaling.fit(np.full((N, D), np.nan)), "NaN"), (lambda: ae.Scaling.fit(X[0]), "matrix"),
        (lambda: ae.Scaling([0.0], [1e-38]).apply(np.full((1, 1), 1e3, np.float32)), "stay within float32"),
        (lambda: ae.Scaling([0.0], [1e300]).undo(np.full((1, 1), 1e30, np.float32)), "stay within float64"),
        (lambda: ae.Scaling([0.0], [0.0]), "above 0"), (lambda: ae.Scaling([0.0], [1.0, 2.0]), "every column"),
        (lambda: ae.Scaling.fit(X).apply(X[:, :2]), "expected the 5 columns"),
        (lambda: ae.Scaling.fit(X).apply(np.ones((N, D), int)), "hold floats"),  # they would cut the result off
        (lambda: ae.Scaling.fit(X).undo(np.ones((N, D), int)), "hold floats"),
        (lambda: ae.Scaling.fit(X).apply(X.tolist()), "an array of floats"),
        (lambda: setattr(ae.Autoencoder([4, 2], rng=0), "scaling", ae.Scaling.fit(X)), "scaling of 4 columns"),
        (lambda: setattr(ae.Autoencoder([4, 2], rng=0), "scaling", "minmax"), "ae.Scaling"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_file_with_a_damaged_scaling_is_refused(tmp_path):
    from aescratch.foundations.files import read_archive, write_archive

    model = ae.Autoencoder([D, H], rng=0)
    model.scaling = ae.Scaling.fit(X)
    model.save(tmp_path / "model.npz")
    header, arrays = read_archive(tmp_path / "model.npz", "model")
    for scaling in ([[0.0], [1.0], "none"], [[0.0] * D, [0.0] * D, "none"], "standardize", [[0.0] * D]):
        write_archive(tmp_path / "bad.npz", {**header, "scaling": scaling}, arrays)
        with pytest.raises(ae.FileFormatError, match="are not a valid model"):
            ae.load(tmp_path / "bad.npz")


def test_a_model_keeps_the_names_of_its_columns(tmp_path):
    model = ae.Autoencoder([3, 2], rng=0)
    assert model.columns is None
    model.columns = ["a", "b=x", "b=y"]
    model.save(tmp_path / "model.npz")
    assert ae.load(tmp_path / "model.npz").columns == ("a", "b=x", "b=y")
    for names in (["a"], ["a", "b", 3]):
        with pytest.raises(ValueError, match="expected the names of 3 columns, got"):
            model.columns = names


def test_a_classifier_and_its_autoencoder_share_scaling_and_columns(tmp_path):
    autoencoder = ae.Autoencoder([D, 3], rng=0)
    autoencoder.scaling = ae.Scaling.fit(X)
    classifier = ae.SoftmaxClassifier(autoencoder, 2, rng=0)
    assert classifier.scaling is autoencoder.scaling
    classifier.columns = [f"c{n}" for n in range(D)]
    classifier.save(tmp_path / "model.npz")
    inside = ae.load(tmp_path / "model.npz").autoencoder
    assert np.array_equal(inside.scaling.shift, autoencoder.scaling.shift)
    assert inside.columns == classifier.columns == autoencoder.columns
