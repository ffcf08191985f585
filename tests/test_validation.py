"""Refusals and their messages: data, labels, seeds and options, through the public interface.

A message says what was expected, what came, and what to do. Every entry point is tried with every kind of invalid data.
"""

import functools
import re

import numpy as np
import pytest
import scipy.sparse

import aescratch as ae

X = np.random.default_rng(0).random((7, 5))
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


def spoiled(value):
    x = X.copy()
    x[2, 3] = x[6, 0] = value
    return x


def says(sentence):
    """Return the pattern that matches this sentence and no other."""
    return f"^{re.escape(sentence)}$"


BAD_DATA = {
    "too narrow": (
        X[:, :4], ValueError,
        "expected x to have 5 columns, got shape (7, 4); pass 5 columns, or make a model of width 4",
    ),
    "too wide": (
        np.ones((2, 6)), ValueError,
        "expected x to have 5 columns, got shape (2, 6); pass 5 columns, or make a model of width 6",
    ),
    "one example": (
        X[0], ValueError,
        "expected x to be a matrix with one example per row, got shape (5,); pass x[None, :] for a single example",
    ),
    "images": (
        np.ones((7, 5, 1)), ValueError,
        "expected x to be a matrix with one example per row, got shape (7, 5, 1); reshape it to (7, -1)",
    ),
    "a number": (
        np.array(0.5), ValueError,
        "expected x to be a matrix with one example per row, got shape (); reshape it to (1, -1)",
    ),
    "no examples": (X[:0], ValueError, "expected x to hold at least one example, got shape (0, 5)"),
    "NaN": (
        spoiled(np.nan), ValueError,
        "expected finite numbers in x, got 2 that are NaN or infinite; remove these rows, or replace the numbers",
    ),
    "infinity": (
        spoiled(-np.inf), ValueError,
        "expected finite numbers in x, got 2 that are NaN or infinite; remove these rows, or replace the numbers",
    ),
    "bytes of images": (
        np.full((7, 5), 200, np.uint8), TypeError,
        "expected x to hold floats, got uint8 with values up to 200; "
        "divide first, for example x / 255.0 for images with values from 0 to 255; "
        "or pass x.astype(float), if they are measurements",
    ),
    "digits": (
        np.full((7, 5), 15), TypeError,
        "expected x to hold floats, got int64 with values up to 15; "
        "divide first, for example x / 16.0 for images with values from 0 to 16; "
        "or pass x.astype(float), if they are measurements",
    ),
    "bits": (
        np.ones((7, 5), np.int8), TypeError,
        "expected x to hold floats, got int8 with values up to 1; pass x.astype(float)",
    ),
    "deep images": (
        np.full((7, 5), 40_000, np.uint16), TypeError,
        "expected x to hold floats, got uint16 with values up to 40000; "
        "divide first, for example x / 65535.0 for images with values from 0 to 65535; "
        "or pass x.astype(float), if they are measurements",
    ),
    "integers beyond images": (
        np.full((7, 5), 10**9), TypeError,
        "expected x to hold floats, got int64 with values up to 1000000000; pass x.astype(float)",
    ),
    "no integers": (
        np.ones((0, 5), int), TypeError, "expected x to hold floats, got int64; convert it to floats first",
    ),
    "truth values": (X > 0.5, TypeError, "expected x to hold floats, got bool; pass x.astype(float)"),
    "rows of different lengths": (
        np.array([[1.0], [1.0, 2.0]], object), TypeError,
        "expected x to hold floats, got object; an array of Python objects usually means rows of different lengths",
    ),
    "complex numbers": (
        X + 1j, TypeError,
        "expected x to hold floats, got complex128; pass x.real, or real and imaginary parts side by side",
    ),
    "text": (np.full((7, 5), "a"), TypeError, "expected x to hold floats, got text; convert it to floats first"),
    "a sparse matrix": (
        scipy.sparse.csr_matrix(X), TypeError,
        "expected x to be a dense array, got a sparse csr_matrix; pass x.toarray()",
    ),
    "a sparse array": (
        scipy.sparse.coo_array(X), TypeError,
        "expected x to be a dense array, got a sparse coo_array; pass x.toarray()",
    ),
    "measurements": (
        np.full((7, 5), 299), TypeError,
        "expected x to hold floats, got int64 with values up to 299; pass x.astype(float)",
    ),
    "a path": (
        "good.csv", TypeError,
        "expected x to be an array of floats, got the text 'good.csv'; if it is a file, read it first: "
        "ae.datasets.load_file('good.csv').x",
    ),
    "a dataset": (
        ae.datasets.load_digits(), TypeError,
        "expected x to be an array of floats, got Dataset; pass its array, such as digits.x",
    ),
    "a list": (
        X.tolist(), TypeError, "expected x to be an array of floats, got list; pass numpy.asarray(x, float)",
    ),
    "nothing": (None, TypeError, "expected x to be an array of floats, got NoneType; pass numpy.asarray(x, float)"),
}  # fmt: skip
bad_data = pytest.mark.parametrize(("x", "error", "sentence"), BAD_DATA.values(), ids=BAD_DATA)

DOORS = {
    "loss": lambda model, x: model.loss(x),
    "encode": lambda model, x: model.encode(x),
    "reconstruct": lambda model, x: model.reconstruct(x),
    "fit": lambda model, x: model.fit(x),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@bad_data
def test_bad_data_are_refused_at_every_door(x, error, sentence, door):
    with pytest.raises(error, match=says(sentence)):
        door(ae.Autoencoder([5, 3], dtype="float64", rng=0), x)


@bad_data
def test_bad_data_are_refused_by_pretraining(x, error, sentence):
    with pytest.raises(error, match=says(sentence)):
        ae.StackedAutoencoder([5, 4, 3], rng=0).pretrain(x)


@bad_data
def test_bad_data_are_refused_by_a_classifier(x, error, sentence):
    model = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), n_classes=3, rng=0)
    for door in (model.loss, model.fit, model.score):
        with pytest.raises(error, match=says(sentence)):
            door(x, LABELS)
    with pytest.raises(error, match=says(sentence)):
        model.predict_probabilities(x)


@bad_data
def test_bad_validation_data_are_said_to_be_the_validation_data(x, error, sentence):
    if x is None:
        return  # no validation data at all
    if isinstance(x, list):  # stands for several arrays
        x = [x]
    with pytest.raises(error, match=says(f"in the validation data: {sentence}")):
        ae.Autoencoder([5, 3], rng=0).fit(X, validation=x)


@pytest.mark.parametrize("make", [
    lambda: ae.LinearAutoencoder([5, 3], rng=0),
    lambda: ae.DenoisingAutoencoder([5, 3], rng=0),
    lambda: ae.SparseAutoencoder([5, 3], rng=0),
    lambda: ae.KSparseAutoencoder([5, 3], k=2, rng=0),
    lambda: ae.ContractiveAutoencoder([5, 3], rng=0),
    lambda: ae.StackedAutoencoder([5, 4, 3], rng=0),
    lambda: ae.VariationalAutoencoder([5, 3], rng=0),
])  # fmt: skip
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_every_variant_looks_at_its_data(make, door):
    for name in ("too narrow", "NaN", "digits"):
        x, error, sentence = BAD_DATA[name]
        with pytest.raises(error, match=says(sentence)):
            door(make(), x)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_values_beyond_float32_are_refused_by_a_float32_model_alone(door):
    sentence = "expected x to fit into float32, got values up to 1e+40; rescale the data"
    with pytest.raises(ValueError, match=says(sentence)):
        door(ae.Autoencoder([5, 3], rng=0), spoiled(-1e40))
    assert np.isfinite(ae.Autoencoder([5, 3], dtype="float64", rng=0).loss(spoiled(-1e40)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4", ">f8"])
def test_floats_of_every_kind_are_taken(dtype):
    model = ae.Autoencoder([5, 3], rng=0)
    assert model.encode(X.astype(dtype)).dtype == np.float32
    assert float(model.loss(X.astype(dtype))) == pytest.approx(float(model.loss(X)), rel=1e-2)


def test_one_row_columns_in_any_order_and_read_only_data_are_taken():
    model, frozen = ae.Autoencoder([5, 3], dtype="float64", rng=0), X.copy()
    frozen.flags.writeable = False
    assert model.encode(X[:1]).shape == (1, 3)
    assert float(model.loss(np.asfortranarray(X))) == pytest.approx(float(model.loss(X)), rel=1e-12)
    assert len(model.fit(frozen, epochs=1, rng=0)) == 1


def test_a_bad_code_is_refused_by_decode():
    model = ae.Autoencoder([5, 3], rng=0)
    sentence = (
        "expected the code to have 3 columns, got shape (7, 5); "
        "pass 3 columns, or make a model of width 5"
    )
    with pytest.raises(ValueError, match=says(sentence)):
        model.decode(X)
    with pytest.raises(ValueError, match=r"^expected finite numbers in the code, got 21 that are NaN"):
        model.decode(np.full((7, 3), np.nan))
    with pytest.raises(TypeError, match=r"^expected the code to hold floats, got int64 with values up to 1;"):
        model.decode(np.ones((7, 3), np.int64))


# Data for binary cross-entropy


@pytest.mark.parametrize(("low", "high"), [(0.25, 1.5), (-0.125, 0.75)])
def test_data_outside_0_and_1_are_refused_by_cross_entropy(low, high):
    model, x = ae.Autoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), rng=0), np.full((7, 5), 0.5)
    x[0, 0], x[6, 4] = low, high
    sentence = (
        f"expected data in [0, 1] for binary cross-entropy, got values from {low} to {high}, outside first in "
        f"{'x[0, 0]' if low < 0 else 'x[6, 4]'}; rescale the data or use SquaredError()"
    )
    for door in ("loss", "fit"):
        with pytest.raises(ValueError, match=says(sentence)):
            DOORS[door](model, x)
    with pytest.raises(ValueError, match=says(f"in the validation data: {sentence}")):
        model.fit(np.full((7, 5), 0.5), validation=x)


@pytest.mark.parametrize("make", [ae.Autoencoder, ae.VariationalAutoencoder, ae.DenoisingAutoencoder, ae.KSparseAutoencoder])
def test_what_needs_no_loss_takes_data_outside_0_and_1(make):
    x = np.linspace(-0.5, 1.5, 35).reshape(7, 5)
    options = {"k": 2} if make is ae.KSparseAutoencoder else {}
    model = make([5, 3], reconstruction=ae.BinaryCrossEntropy(), dtype="float64", rng=0, **options)
    other = make([5, 3], dtype="float64", rng=0, **options)
    assert np.array_equal(model.encode(x), other.encode(x))
    assert np.array_equal(model.reconstruct(x), model.decode(other.encode(x)))
    assert np.array_equal(model.unit_statistic(x).values, other.unit_statistic(x).values)
    assert set(ae.diagnose(model, x).codes) <= {"no-better-than-mean", "worse-than-pca", "unscaled-features"}


def test_the_ends_of_0_and_1_are_taken_by_cross_entropy():
    model = ae.Autoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), rng=0)
    assert np.isfinite(model.loss(np.eye(5)))


# Labels


BAD_LABELS = {
    "none": (
        None, TypeError,
        "expected labels, one class number per example, got None; pass loss(x, labels) or fit(x, labels)",
    ),
    "a list": (
        LABELS.tolist(), TypeError,
        "expected labels to be an array of integers, got list; pass numpy.asarray(labels, int)",
    ),
    "floats": (
        LABELS.astype(float), TypeError,
        "expected labels to be an array of integers, got float64; pass numpy.asarray(labels, int)",
    ),
    "truth values": (
        LABELS > 0, TypeError,
        "expected labels to be an array of integers, got bool; pass numpy.asarray(labels, int)",
    ),
    "names": (
        np.array(["cat", "dog", "cow"])[LABELS], TypeError,
        "expected labels to be an array of integers, got <U3; pass numpy.asarray(labels, int)",
    ),
    "too few": (LABELS[:6], ValueError, "expected one label per example, shape (7,), got shape (6,)"),
    "none at all": (LABELS[:0], ValueError, "expected one label per example, shape (7,), got shape (0,)"),
    "a column": (LABELS[:, None], ValueError, "expected one label per example, shape (7,), got shape (7, 1)"),
    "one-hot": (
        np.eye(3, dtype=int)[LABELS], ValueError, "expected one label per example, shape (7,), got shape (7, 3)",
    ),
    "from 1": (LABELS + 1, ValueError, "expected labels from 0 to 2, got values from 1 to 3; number the classes from 0, or make the model with more classes"),
    "below 0": (LABELS - 1, ValueError, "expected labels from 0 to 2, got values from -1 to 1; number the classes from 0, or make the model with more classes"),
}  # fmt: skip


@pytest.mark.parametrize(("labels", "error", "sentence"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_bad_labels_are_refused(labels, error, sentence):
    model = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), n_classes=3, rng=0)
    for door in (model.loss, model.fit, model.score):
        with pytest.raises(error, match=says(sentence)):
            door(X, labels)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_integers_of_every_kind_are_labels(dtype):
    model = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), n_classes=3, rng=0)
    assert float(model.loss(X, LABELS.astype(dtype))) == float(model.loss(X, LABELS))


def test_an_autoencoder_takes_no_labels():
    sentence = "expected no labels: an autoencoder learns from x alone; ae.SoftmaxClassifier takes labels"
    with pytest.raises(TypeError, match=says(sentence)):
        ae.Autoencoder([5, 3], rng=0).fit(X, LABELS)


# Seeds


BAD_SEEDS = {
    "text": (
        "0", TypeError,
        "expected rng to be an integer seed or a numpy.random.Generator, got str; "
        "pass rng=0, for example, for reproducible numbers",
    ),
    "a float": (
        0.0, TypeError,
        "expected rng to be an integer seed or a numpy.random.Generator, got float; "
        "pass rng=0, for example, for reproducible numbers",
    ),
    "a truth value": (
        True, TypeError,
        "expected rng to be an integer seed or a numpy.random.Generator, got bool; "
        "pass rng=0, for example, for reproducible numbers",
    ),
    "the old kind": (
        np.random.RandomState(0), TypeError,
        "expected rng to be an integer seed or a numpy.random.Generator, got RandomState; "
        "pass rng=0, for example, for reproducible numbers",
    ),
    "below 0": (-3, ValueError, "expected a seed of 0 or more, got -3"),
}  # fmt: skip


@pytest.mark.parametrize(("rng", "error", "sentence"), BAD_SEEDS.values(), ids=BAD_SEEDS)
def test_bad_seeds_are_refused(rng, error, sentence):
    noisy, generative = ae.DenoisingAutoencoder([5, 3], rng=0), ae.VariationalAutoencoder([5, 3], rng=0)
    stacked = ae.StackedAutoencoder([5, 3], rng=0)
    for attempt in (
        lambda: ae.Autoencoder([5, 3], rng=rng),
        lambda: ae.SoftmaxClassifier(noisy, n_classes=2, rng=rng),
        lambda: noisy.fit(X, rng=rng),
        lambda: noisy.loss(X, rng=rng),
        lambda: stacked.pretrain(X, rng=rng),
        lambda: generative.loss(X, rng=rng),
        lambda: generative.sample(2, rng=rng),
    ):
        with pytest.raises(error, match=says(sentence)):
            attempt()


@pytest.mark.parametrize("rng", [0, np.int64(0), np.uint8(0), np.random.default_rng(0)])
def test_integers_and_generators_are_seeds(rng):
    first = ae.Autoencoder([5, 3], rng=rng).parameters[0].value
    np.testing.assert_array_equal(first, ae.Autoencoder([5, 3], rng=0).parameters[0].value)


def test_a_model_draws_its_noise_from_a_generator_of_its_own():
    rng = np.random.default_rng(0)
    model = ae.DenoisingAutoencoder([5, 3], rng=rng)
    state = rng.bit_generator.state
    model.loss(X)
    assert rng.bit_generator.state == state


def test_no_seed_gives_another_model_every_time():
    first, second = (ae.Autoencoder([5, 3]).parameters[0].value for _ in range(2))
    assert (first != second).all()


# Options


BAD_OPTIONS = {
    "widths as a number": (
        lambda: ae.Autoencoder(64), ValueError, "expected widths from input to code as a list, such as [64, 32], got 64",
    ),
    "one width": (
        lambda: ae.Autoencoder([64]), ValueError, "expected widths from input to code as a list, such as [64, 32], got [64]",
    ),
    "a width of 0": (
        lambda: ae.Autoencoder([5, 0]), ValueError, "expected each width to be an integer of at least 1, got 0",
    ),
    "a width in floats": (
        lambda: ae.Autoencoder([5, 3.0]), TypeError, "expected each width to be an integer of at least 1, got 3.0",
    ),
    "a truth value as a width": (
        lambda: ae.Autoencoder([5, True]), TypeError, "expected each width to be an integer of at least 1, got True",
    ),
    "an activation by name": (
        lambda: ae.Autoencoder([5, 4, 3], activation="relu"), TypeError,
        "expected activation to be a class such as ae.ReLU, or functools.partial(ae.LeakyReLU, alpha=0.1), got 'relu'; write ae.ReLU, without quotation marks",
    ),
    "a code activation by name": (
        lambda: ae.Autoencoder([5, 3], code_activation="relu"), TypeError,
        "expected code_activation to be a class such as ae.ReLU, or functools.partial(ae.LeakyReLU, alpha=0.1), got 'relu'; write ae.ReLU, without quotation marks",
    ),
    "an output activation that is an object": (
        lambda: ae.Autoencoder([5, 3], output_activation=ae.Tanh()), TypeError,
        "expected output_activation to be a class such as ae.ReLU, or functools.partial(ae.LeakyReLU, alpha=0.1), got Tanh(); "
        "write ae.Tanh, without brackets",
    ),
    "an output activation beside cross-entropy": (
        lambda: ae.Autoencoder([5, 3], output_activation=ae.Sigmoid, reconstruction=ae.BinaryCrossEntropy()),
        ValueError,
        "expected no output_activation with BinaryCrossEntropy, whose decoder emits logits; "
        "leave output_activation out: decode returns probabilities anyway",
    ),
    "a reconstruction that is a class": (
        lambda: ae.Autoencoder([5, 3], reconstruction=ae.SquaredError), TypeError,
        "expected reconstruction to be a loss such as ae.SquaredError(), got the class; write ae.SquaredError(), "
        "with brackets",
    ),
    "negative weight decay": (
        lambda: ae.Autoencoder([5, 3], weight_decay=-0.1), ValueError,
        "expected weight_decay to be a number of at least 0, got -0.1",
    ),
    "weight decay in words": (
        lambda: ae.Autoencoder([5, 3], weight_decay="low"), TypeError,
        "expected weight_decay to be a number of at least 0, got 'low'",
    ),
    "a dtype of half the width": (
        lambda: ae.Autoencoder([5, 3], dtype="float16"), ValueError,
        "expected dtype \"float32\" or \"float64\", got 'float16'",
    ),
    "corruption by name": (
        lambda: ae.DenoisingAutoencoder([5, 3], corruption="gaussian"), TypeError,
        "expected a corruption such as ae.GaussianNoise(0.3), got 'gaussian'",
    ),
    "corruption as a number": (
        lambda: ae.StackedAutoencoder([5, 3], corruption=0.3), TypeError,
        "expected a corruption such as ae.GaussianNoise(0.3), got 0.3",
    ),
    "negative noise": (
        lambda: ae.GaussianNoise(-1), ValueError, "expected sigma to be a number of at least 0, got -1",
    ),
    "a share above 1": (
        lambda: ae.MaskingNoise(1.5), ValueError, "expected p to be a number of at least 0 and of at most 1, got 1.5",
    ),
    "a share that is NaN": (
        lambda: ae.SaltAndPepperNoise(np.nan), ValueError,
        "expected p to be a number of at least 0 and of at most 1, got nan",
    ),
    "sparsity as a number": (
        lambda: ae.SparseAutoencoder([5, 3], sparsity=0.05), TypeError,
        "expected sparsity to be ae.KLSparsity(...) or ae.L1Sparsity(...), got 0.05",
    ),
    "KL on a ReLU code": (
        lambda: ae.SparseAutoencoder([5, 3], code_activation=ae.ReLU), ValueError,
        "expected a sigmoid code for KLSparsity, whose mean activity must lie in (0, 1), got ReLU(); "
        "leave code_activation out, or use L1Sparsity(weight)",
    ),
    "a wanted activity of 0": (
        lambda: ae.KLSparsity(rho=0, weight=1), ValueError, "expected rho to be a number above 0 and below 1, got 0",
    ),
    "a negative weight of L1": (
        lambda: ae.L1Sparsity(-1), ValueError, "expected weight to be a number of at least 0, got -1",
    ),
    "unit rows of a tied decoder": (
        lambda: ae.SparseAutoencoder([5, 3], ae.L1Sparsity(1), unit_norm_decoder=True, tied=True), ValueError,
        "expected tied=False with unit_norm_decoder, since a tied W belongs to the encoder",
    ),
    "k of 0": (
        lambda: ae.KSparseAutoencoder([5, 3], k=0), ValueError, "expected k to be an integer of at least 1, got 0",
    ),
    "k beyond the code": (
        lambda: ae.KSparseAutoencoder([5, 3], k=4), ValueError,
        "expected k to be an integer of at least 1 and at most 3, got 4",
    ),
    "a deep contractive encoder": (
        lambda: ae.ContractiveAutoencoder([5, 4, 3]), ValueError,
        "expected one hidden layer for the contractive penalty, such as [64, 32], got widths [5, 4, 3]; "
        "use another variant for a deep encoder",
    ),
    "a contractive code without a slope": (
        lambda: ae.ContractiveAutoencoder([5, 3], code_activation=functools.partial(ae.TopK, 2)), TypeError,
        "expected a code_activation with a slope, such as ae.Sigmoid, got TopK(2)",
    ),
    "a negative contractive weight": (
        lambda: ae.ContractiveAutoencoder([5, 3], weight=-1), ValueError,
        "expected weight to be a number of at least 0, got -1",
    ),
    "a tied variational one": (
        lambda: ae.VariationalAutoencoder([5, 3], tied=True), TypeError,
        "expected neither tied nor code_activation for a VariationalAutoencoder: its code is the mean of a "
        "distribution, with no activation and no weights to share; leave them out",
    ),
    "a negative beta": (
        lambda: ae.VariationalAutoencoder([5, 3], beta=-1), ValueError,
        "expected beta to be a number of at least 0, got -1",
    ),
    "no samples": (
        lambda: ae.VariationalAutoencoder([5, 3]).sample(0), ValueError,
        "expected n to be an integer of at least 1, got 0",
    ),
    "one class": (
        lambda: ae.SoftmaxClassifier(ae.Autoencoder([5, 3]), n_classes=1), ValueError,
        "expected n_classes to be an integer of at least 2, got 1",
    ),
    "a classifier on nothing": (
        lambda: ae.SoftmaxClassifier(None, n_classes=2), TypeError, "expected an autoencoder of this package, got None",
    ),
    "a slope that is no number": (
        lambda: ae.LeakyReLU("steep"), TypeError, "expected alpha to be a number, got 'steep'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("attempt", "error", "sentence"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_options_are_refused(attempt, error, sentence):
    with pytest.raises(error, match=says(sentence)):
        attempt()


@pytest.mark.parametrize("kind", [ae.Autoencoder, ae.DenoisingAutoencoder, ae.SparseAutoencoder])
def test_an_unknown_option_is_named(kind):
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        kind([5, 3], colour="blue")


@pytest.mark.parametrize("option", ["activation", "code_activation", "output_activation"])
def test_a_linear_autoencoder_knows_no_activations(option):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
        ae.LinearAutoencoder([5, 3], **{option: ae.ReLU})


def test_backward_without_a_loss_is_a_clear_error():
    sentence = (
        "expected a forward pass before backward(), but SquaredError has no x_hat of one; first "
        "call loss(x) of the model, or forward(...) of this object"
    )
    with pytest.raises(RuntimeError, match=says(sentence)):
        ae.Autoencoder([5, 3], rng=0).backward()


def test_a_parameter_refuses_a_value_of_another_shape():
    model = ae.Autoencoder([5, 3], rng=0)
    sentence = "expected an array of shape (5, 3) for parameter encoder.W1, got shape (3, 5)"
    with pytest.raises(ValueError, match=says(sentence)):
        model.parameters[0].value = np.zeros((3, 5))
    with pytest.raises(ValueError, match=says(sentence.replace("shape (3, 5)", "shape of a float"))):
        model.parameters[0].value = 0.0


INITIALIZERS = [ae.xavier_uniform, ae.xavier_normal, ae.he_uniform, ae.he_normal, ae.old_uniform]


@pytest.mark.parametrize(
    ("width", "error"),
    [(0, ValueError), (-3, ValueError), (3.0, TypeError), (2.5, TypeError), (True, TypeError), ("3", TypeError), (None, TypeError)],
)  # fmt: skip
@pytest.mark.parametrize("initializer", INITIALIZERS, ids=lambda initializer: initializer.__name__)
def test_an_initializer_that_is_called_directly_refuses_widths_of_no_use(initializer, width, error):
    rng = np.random.default_rng(0)
    with pytest.raises(error, match=rf"^expected n_in to be an integer of at least 1, got {width!r}$"):
        initializer(width, 3, rng)
    with pytest.raises(error, match=rf"^expected n_out to be an integer of at least 1, got {width!r}$"):
        initializer(3, width, rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state
    assert initializer(np.int64(5), np.int32(1), rng).shape == (5, 1)
