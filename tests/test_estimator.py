"""The transformer: scikit-learn's conventions, with scikit-learn where it is installed and without it everywhere."""

import copy
import pickle
import subprocess
import sys
import warnings
from collections import Counter

import numpy as np
import pytest
import trainings

import aescratch as ae
from aescratch.estimator import AutoencoderTransformer, ConvergenceWarning, NotFittedError

# Two epochs suffice for most of what is tested here, and the transformer says that they don't suffice to learn anything.
pytestmark = pytest.mark.filterwarnings("ignore::aescratch.estimator.ConvergenceWarning")
X = ae.datasets.load_digits().x[:60]
SHORT = {"epochs": 20, "learning_rate": 1e-3}
TRANSFORMERS = {
    "vanilla": AutoencoderTransformer(**SHORT),
    "linear": AutoencoderTransformer(ae.LinearAutoencoder, **SHORT),
    "denoising": AutoencoderTransformer(ae.DenoisingAutoencoder, **SHORT),
    "sparse by KL": AutoencoderTransformer(ae.SparseAutoencoder, **SHORT),
    "sparse by L1": AutoencoderTransformer(ae.SparseAutoencoder, sparsity=ae.L1Sparsity(0.1), **SHORT),
    "k-sparse": AutoencoderTransformer(ae.KSparseAutoencoder, k=1, **SHORT),
    "contractive": AutoencoderTransformer(ae.ContractiveAutoencoder, **SHORT),
    "stacked": AutoencoderTransformer(ae.StackedAutoencoder, hidden=[3], **SHORT),
    "variational": AutoencoderTransformer(ae.VariationalAutoencoder, **SHORT),
}


def small(variant=ae.Autoencoder, **others):
    return AutoencoderTransformer(variant, **{"n_components": 5, "epochs": 2, "random_state": 0, **others})


@pytest.mark.in_turn
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_check_estimator_finds_nothing(name):
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the class isn't built on scikit-learn's
        results = checks.check_estimator(TRANSFORMERS[name], on_fail=None, on_skip=None)
    counts = Counter(result["status"] for result in results)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert not failed
    assert counts["passed"] >= 40
    assert {result["check_name"] for result in results if result["status"] == "skipped"} <= {"check_array_api_input"}
    assert counts["xfail"] == 0


@pytest.mark.parametrize(
    "check",
    ["check_transformer_get_feature_names_out", "check_transformer_get_feature_names_out_pandas",
     "check_set_output_transform", "check_set_output_transform_pandas", "check_set_output_transform_polars",
     "check_global_output_transform_pandas", "check_global_set_output_transform_polars"],
)  # fmt: skip
def test_checks_that_scikit_learn_keeps_for_its_own_transformers(check):
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # these mix frames and arrays, of which the transformer warns
        getattr(checks, check)("AutoencoderTransformer", AutoencoderTransformer(**SHORT))


def test_it_works_in_a_pipeline_and_back():
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    both = pipeline.make_pipeline(preprocessing.MinMaxScaler(), small()).fit(X)
    code = both.transform(X)
    assert code.shape == (60, 5)
    assert both.inverse_transform(code).shape == X.shape
    assert both.score(X) < 0
    assert "AutoencoderTransformer" in both._repr_html_()


def test_a_grid_search_finds_code_size_setting_of_the_variant_and_rate():
    selection = pytest.importorskip("sklearn.model_selection")
    weights = [ae.KLSparsity(0.1, weight) for weight in (0.0, 5.0)]
    grid = {"n_components": [2, 8], "sparsity": weights, "learning_rate": [1e-4, 1e-2]}
    search = selection.GridSearchCV(small(ae.SparseAutoencoder, epochs=20), grid, cv=2).fit(X)
    assert len(search.cv_results_["params"]) == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["n_components"] == 8
    assert search.best_params_["learning_rate"] == 1e-2
    assert search.best_params_["sparsity"].weight == 0.0
    assert search.best_estimator_.model_.widths == [64, 8]


def test_scikit_learns_clone_takes_the_parameters_and_the_kind_of_output_and_nothing_learnt():
    base = pytest.importorskip("sklearn.base")
    fitted = small(ae.KSparseAutoencoder, k=2).set_output(transform="pandas").fit(X)
    clone = base.clone(fitted)
    assert clone.get_params() == fitted.get_params()
    assert not hasattr(clone, "model_")
    pytest.importorskip("pandas")
    assert list(clone.fit_transform(X).columns) == ["code0", "code1", "code2", "code3", "code4"]


def test_scikit_learn_is_never_imported():
    code = (
        "import sys, aescratch as ae; x = ae.datasets.load_digits().x[:40]; "
        "t = ae.AutoencoderTransformer(epochs=1).fit(x); t.score(x); t.inverse_transform(t.transform(x)); "
        "print(t, t.get_feature_names_out()[0]); assert not {'sklearn', 'pandas', 'scipy'} & set(sys.modules)"
    )
    loud = ["-W", "error", "-W", "ignore:no-better-than-mean"]
    done = subprocess.run([sys.executable, *loud, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "AutoencoderTransformer(epochs=1) code0\n"


def test_the_score_is_minus_the_summed_square_per_example():
    fitted = small().fit(X)
    by_hand = -np.mean([np.sum((fitted.model_.reconstruct(X)[i].astype(float) - X[i]) ** 2) for i in range(len(X))])
    assert fitted.score(X) == pytest.approx(by_hand, rel=1e-12)
    assert fitted.score(X[:1]) == pytest.approx(-np.sum((fitted.model_.reconstruct(X[:1]) - X[:1]) ** 2), rel=1e-6)


def test_it_trains_exactly_the_ordinary_model():
    fitted = small(ae.SparseAutoencoder, learning_rate=0.01).fit(X)
    rng = np.random.default_rng(0)
    model = ae.SparseAutoencoder([64, 5], rng=rng)
    model.fit(X, epochs=2, batch_size=64, optimizer=ae.Adam(0.01), rng=rng)
    assert np.array_equal(fitted.transform(X), model.encode(X))
    assert np.array_equal(fitted.inverse_transform(fitted.transform(X)), model.reconstruct(X))


@pytest.mark.parametrize("size", [1, 30, 1e100])
def test_data_of_any_size_are_learnt_alike_and_come_back_in_their_own(size):
    x = X[:, 16:24].astype(float) * size
    fitted = small(ae.LinearAutoencoder, epochs=400, learning_rate=1e-2).fit(x)
    assert (fitted.model_.scaling is None) == (size == 1)
    assert (np.square(fitted.inverse_transform(fitted.transform(x)) / size - x / size).mean(axis=0) < 0.1).all()
    if size < 1e100:
        assert fitted.score(x) == pytest.approx(-np.square(fitted.inverse_transform(fitted.transform(x)) - x).sum(1).mean())
    left = small(ae.LinearAutoencoder, epochs=1, scale="none").fit(X * np.float32(30))
    assert left.model_.scaling is None


def test_new_data_outside_the_range_of_the_training_are_encoded_restored_and_scored():
    x = 100 + 10 * X[:, 16:24].astype(float)
    fitted = small(reconstruction=ae.BinaryCrossEntropy(), epochs=30, learning_rate=1e-2).fit(x[:30])
    far = x[30:].copy()
    far[3, 5] = 400.0
    code = fitted.transform(far)
    assert np.array_equal(code, fitted.model_.encode(fitted.model_.scaling.apply(far)))
    restored = fitted.inverse_transform(code)
    assert restored[3, 5] <= x[:30, 5].max()
    assert fitted.score(far) == pytest.approx(-np.square(restored - far).sum(axis=1).mean())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_columns_far_from_zero_come_back_with_their_digits(dtype):
    x = X[:, 18:22].astype(float)
    near = small(ae.LinearAutoencoder, epochs=300, learning_rate=1e-2, scale="standardize", dtype=dtype).fit(x)
    far = small(ae.LinearAutoencoder, epochs=300, learning_rate=1e-2, dtype=dtype).fit(1e9 + x / 1000)
    assert far.model_.scaling.how == "standardize"
    assert 1e6 * far.score(1e9 + x / 1000) == pytest.approx(near.score(x), rel=1e-2)
    restored = far.inverse_transform(far.transform(1e9 + x / 1000))
    np.testing.assert_allclose(1000 * (restored - 1e9), near.inverse_transform(near.transform(x)), atol=0.02)


def test_a_sigmoid_code_is_not_saturated_by_large_numbers():
    x = X + np.float32(100)
    with pytest.raises(ae.TrainingDivergedError, match="KLSparsity is infinite"):
        ae.SparseAutoencoder([64, 5], rng=np.random.default_rng(0)).fit(x, epochs=1, rng=0)
    assert 0.01 < small(ae.SparseAutoencoder).fit(x).transform(x).mean() < 0.99


def test_a_stack_is_pretrained(monkeypatch):
    calls = []
    pretrain = ae.StackedAutoencoder.pretrain
    monkeypatch.setattr(
        ae.StackedAutoencoder, "pretrain", lambda self, x, **o: calls.append(o["epochs"]) or pretrain(self, x, **o)
    )
    small(ae.StackedAutoencoder, hidden=(8,)).fit(X)
    assert calls == [2]


@pytest.mark.parametrize(("dtype", "computes_in"), [("float32", "float32"), ("float64", "float64"), (int, "float64")])
def test_it_computes_in_the_precision_of_the_data(dtype, computes_in):
    x = (X * 16).astype(dtype)
    fitted = small(learning_rate=1e-4).fit(x)
    assert fitted.model_.dtype == computes_in
    assert fitted.transform(x).dtype == computes_in
    assert fitted.inverse_transform(fitted.transform(x)).dtype == computes_in
    assert small(dtype="float32").fit(x).transform(x).dtype == np.float32


@pytest.mark.parametrize("make", [lambda: 3, lambda: np.random.RandomState(3), lambda: np.random.default_rng(3)])
@pytest.mark.parametrize("variant", [ae.DenoisingAutoencoder, ae.VariationalAutoencoder])
def test_one_random_state_gives_one_result(make, variant):
    first, second = (small(variant, random_state=make()).fit(X).transform(X) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, small(variant, random_state=4).fit(X).transform(X))


def test_pickles_transform_alike_and_train_alike():
    fitted = small(ae.SparseAutoencoder, weight_decay=1e-3).fit(X)
    copy = pickle.loads(pickle.dumps(fitted))
    assert copy.get_params().keys() == fitted.get_params().keys()
    assert np.array_equal(copy.transform(X), fitted.transform(X))
    assert np.array_equal(copy.fit(X).transform(X), fitted.transform(X))


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"expected a parameter of .* around Autoencoder, .* got 'n_component'"):
        AutoencoderTransformer(n_component=3)
    with pytest.raises(ValueError, match="got 'k'"):
        small().set_params(k=3)
    with pytest.raises(ValueError, match="got 'rng'"):
        small(rng=0)
    with pytest.raises(TypeError, match=r"expected variant to be a class such as ae\.SparseAutoencoder, got <class"):
        small(ae.SoftmaxClassifier).fit(X)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        small().transform(X)
    with pytest.raises(ValueError, match="code to have 5 columns"):
        small().fit(X).inverse_transform(X)
    with pytest.raises(ValueError, match="expected transform to be one of default, pandas, polars, got 'numpy'"):
        small().set_output(transform="numpy")
    with pytest.raises(TypeError, match="expected random_state to be an integer, a generator or None, got '3'; pass"):
        small(random_state="3").fit(X)
    with pytest.raises(ValueError, match="widths"):
        small(ae.ContractiveAutoencoder, hidden=(7,)).fit(X)


def test_a_frame_of_a_library_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match="pip install polars"):
        small().set_output(transform="polars").fit_transform(X)


def test_a_fit_that_fails_leaves_what_was_learnt():
    fitted = small().fit(X)
    before = fitted.transform(X)
    with pytest.raises(ValueError, match="NaN"):
        fitted.fit(np.full((3, 4), np.nan))
    assert np.array_equal(fitted.transform(X), before)
    assert fitted.n_features_in_ == 64


def test_names_of_features_are_kept_and_compared():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X[:, 20:24], columns=list("pqrs"), index=range(100, 160))
    fitted = small().fit(frame).set_output(transform="pandas")
    assert list(fitted.feature_names_in_) == list("pqrs")
    assert list(fitted.transform(frame).index) == list(range(100, 160))
    with pytest.raises(ValueError, match="expected the features of fit in its order, got 's' where fit saw 'p'"):
        fitted.transform(frame[list("sqrp")])
    with pytest.warns(UserWarning, match="X comes without feature names, but fit saw it with them"):
        fitted.transform(frame.to_numpy())
    with pytest.warns(UserWarning, match="X comes with feature names, but fit saw it without them"):
        fitted.fit(frame.to_numpy()).score(frame)
    assert not hasattr(fitted, "feature_names_in_")
    with pytest.raises(TypeError, match="feature names that are all text"):
        fitted.fit(frame.rename(columns={"p": 7}))


def test_another_variant_must_take_what_was_given_before():
    transformer = ae.AutoencoderTransformer(ae.SparseAutoencoder, sparsity=ae.L1Sparsity(0.1))
    with pytest.raises(ValueError, match=r"around Autoencoder, one of .*, got 'sparsity'"):
        transformer.set_params(variant=ae.Autoencoder)
    assert transformer.variant is ae.SparseAutoencoder
    transformer.set_params(variant=ae.SparseAutoencoder, n_components=3)
    assert transformer.n_components == 3


def test_what_is_as_by_default_is_not_shown():
    assert repr(ae.AutoencoderTransformer(learning_rate=float("5e-3"))) == "AutoencoderTransformer()"
    assert repr(ae.AutoencoderTransformer(learning_rate=0.01)) == "AutoencoderTransformer(learning_rate=0.01)"


def test_a_width_without_its_comma_is_told_of():
    with pytest.raises(TypeError, match=r"expected hidden to be widths such as \(4,\), got 4; add the comma"):
        ae.AutoencoderTransformer(hidden=4).fit(X)


def test_a_training_that_came_to_nothing_is_warned_of():
    with pytest.warns(ConvergenceWarning, match="no-better-than-mean: the model's SSE is .*; try"):
        small(epochs=1, learning_rate=1e-6).fit(X)
    with pytest.warns(ConvergenceWarning, match=r"still-falling: .*; try epochs=60$"):
        small(epochs=20, learning_rate=3e-3).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(ae.LinearAutoencoder, epochs=4000, learning_rate=1e-2).fit(X)


def test_a_warning_names_its_cause_in_the_transformers_words():
    with pytest.warns(ConvergenceWarning) as caught:
        small(epochs=300, scale="none").fit(100 + X[:, 18:26].astype(float))
    text = str(caught[0].message)
    assert text.startswith("no-better-than-mean: ")
    assert "; try what the next finding says; unscaled-features: the mean of the data lies " in text
    assert text.endswith("; try columns around zero, scale='standardize'")
    with pytest.warns(ConvergenceWarning, match=r"posterior-collapsed: .*; try beta=0\.\d+"):
        small(ae.VariationalAutoencoder, epochs=300).fit(X)


TABLES = {
    "iris": lambda: pytest.importorskip("sklearn.datasets").load_iris().data,
    "wine": lambda: pytest.importorskip("sklearn.datasets").load_wine().data,
    "two factors": lambda: trainings.table(0, n=200, columns=6, factors=2),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("variant", [ae.Autoencoder, ae.SparseAutoencoder, ae.VariationalAutoencoder])
@pytest.mark.parametrize("name", TABLES)
def test_left_to_itself_it_learns_a_small_table(name, variant):
    x = TABLES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = ae.AutoencoderTransformer(variant, random_state=0).fit(x)
    assert len(fitted.history_) == -(-5000 // -(-len(x) // 64))
    z = x if fitted.model_.scaling is None else fitted.model_.scaling.apply(x)
    left = np.square(fitted.model_.reconstruct(z) - z).sum() / np.square(z - z.mean(axis=0)).sum()
    assert left < (0.5 if variant is ae.VariationalAutoencoder else 0.05)


def test_a_batch_size_of_no_use_is_told_of():
    with pytest.raises(ValueError, match="expected batch_size to be an integer of at least 1, got 0"):
        ae.AutoencoderTransformer(batch_size=0).fit(X)


def test_where_scikit_learn_is_in_use_its_classes_catch_ours():
    exceptions = pytest.importorskip("sklearn.exceptions")
    with pytest.warns(exceptions.ConvergenceWarning, match="no-better-than-mean"):
        small(epochs=1, learning_rate=1e-6).fit(X)
    with pytest.raises(exceptions.NotFittedError, match="call fit") as caught:
        small().transform(X)
    assert isinstance(caught.value, NotFittedError)
    sent = pickle.loads(pickle.dumps(caught.value))  # as from a process of joblib's
    assert isinstance(sent, exceptions.NotFittedError)
    assert str(sent) == str(caught.value)
    assert "sk-" in small()._repr_html_()


# partial_fit


CHUNKS = np.array_split(X, 4)


def fed(transformer, chunks=CHUNKS):
    for chunk in chunks:
        transformer.partial_fit(chunk)
    return transformer


@pytest.mark.parametrize("variant", [ae.Autoencoder, ae.VariationalAutoencoder])
def test_calls_on_the_same_data_are_the_epochs_of_one_fit(variant):
    together = small(variant, epochs=5, scale="none").fit(X)
    apart = fed(small(variant, epochs=5, scale="none"), [X] * 5)
    assert apart.history_.loss == together.history_.loss
    assert np.array_equal(apart.transform(X), together.transform(X))


def test_a_schedule_goes_on_and_stays_at_its_last_rate():
    rates = small(learning_rate=ae.CosineRate(0.1), epochs=4, scale="none").fit(X).history_.learning_rate
    assert fed(small(learning_rate=ae.CosineRate(0.1), epochs=4), [X] * 6).history_.learning_rate == [*rates, *rates[-1:] * 2]
    with pytest.raises(ValueError, match="expected epochs, the number of chunks, with a learning-rate schedule"):
        small(learning_rate=ae.StepRate(0.1, 2), epochs=None).partial_fit(X)


def test_each_call_is_one_epoch_over_its_chunk(monkeypatch):
    sizes = []
    plain = ae.Autoencoder.loss
    monkeypatch.setattr(ae.Autoencoder, "loss", lambda self, x, rng=None: sizes.append(len(x)) or plain(self, x, rng))
    transformer = fed(small(batch_size=10, scale="none"))
    assert sizes == 4 * [10, 5, 10]  # and the loss of one batch as the epoch left the model
    assert len(transformer.history_) == 4


def test_a_copy_and_a_pickle_go_on_as_the_original():
    whole, copied = fed(small()), fed(small(), CHUNKS[:2])
    copied = fed(pickle.loads(pickle.dumps(copy.deepcopy(copied))), CHUNKS[2:])
    assert copied.history_.loss == whole.history_.loss
    assert np.array_equal(copied.transform(X), whole.transform(X))


def test_the_scaling_and_the_columns_are_those_of_the_first_chunk():
    transformer = small(scale="standardize").partial_fit(CHUNKS[0])
    first = transformer.model_.scaling
    assert np.array_equal(first.shift, ae.Scaling.fit(CHUNKS[0]).shift)
    transformer.partial_fit(5 + CHUNKS[1])
    assert transformer.model_.scaling is first
    assert transformer.n_features_in_ == 64
    with pytest.raises(ValueError, match="X has 3 features, but AutoencoderTransformer is expecting 64"):
        transformer.partial_fit(X[:, :3])


def test_fit_begins_anew_and_partial_fit_goes_on_from_it():
    transformer = fed(small()).fit(X)
    assert np.array_equal(transformer.transform(X), small().fit(X).transform(X))
    before = transformer.transform(X)
    transformer.partial_fit(X)
    assert len(transformer.history_) == 1
    assert (transformer.transform(X) != before).any()
    assert transformer.history_.first_loss < small().partial_fit(X).history_.first_loss


def test_a_chunk_that_is_refused_or_diverges_changes_nothing():
    transformer = fed(small(), CHUNKS[:2])
    before, rng = transformer.transform(X), transformer._between.rng.bit_generator.state
    with pytest.raises(ValueError, match="NaN or infinite"):
        transformer.partial_fit(X * np.nan)
    transformer.set_params(learning_rate=1e30)
    with pytest.raises(ae.TrainingDivergedError, match=r"in epoch 3, batch 1, .*; the model is restored to the end of epoch 2"):
        transformer.partial_fit(X)
    assert np.array_equal(transformer.transform(X), before)
    assert transformer._between.rng.bit_generator.state == rng
    transformer.set_params(learning_rate=5e-3)
    assert fed(transformer, CHUNKS[2:]).history_.loss == fed(small()).history_.loss
    with pytest.raises(ae.TrainingDivergedError):
        (unfitted := small(learning_rate=1e30)).partial_fit(X)
    assert not hasattr(unfitted, "model_")


def test_control_c_ends_the_loop_of_chunks_and_leaves_the_model_as_before_the_chunk(monkeypatch):
    transformer = fed(small(), CHUNKS[:2])
    before = transformer.transform(X)

    def interrupted(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ae.Autoencoder, "backward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transformer.partial_fit(CHUNKS[2])
    assert np.array_equal(transformer.transform(X), before)
    assert fed(transformer, CHUNKS[2:]).history_.loss == fed(small()).history_.loss


def test_fit_takes_a_memmap_as_the_array_that_it_is(tmp_path):
    np.save(tmp_path / "x.npy", X)  # joblib makes one of a large array, and results must not depend on that
    mapped = small().fit(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert mapped.history_.loss == small().fit(X).history_.loss
