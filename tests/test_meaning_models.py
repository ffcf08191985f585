"""What the models mean, in cases small enough that the right answer is known by hand, and differs from the wrong one.

Whom the loss compares with whom, what is shared and stays shared, what a penalty measures, what a code promises, and
in which dtype all of it happens.
"""

import copy
import math
import pickle

import numpy as np
import pytest
from test_models import MODELS

import aescratch as ae

N = 7


def random(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def gradients(model):
    model.backward()
    return [parameter.grad.copy() for parameter in model.parameters]


# Denoising: the input is damaged, the target is clean


CORRUPTIONS = [ae.GaussianNoise(0.5), ae.MaskingNoise(0.5), ae.SaltAndPepperNoise(0.5)]
KINDS = {
    "denoising": ae.DenoisingAutoencoder,
    "stack's layer": lambda *arguments, **options: ae.StackedAutoencoder(*arguments, **options).stack()[0],
}


def identity_network(kind, corruption, width=5):
    """A linear denoiser that hands its input through: x_hat = x_tilde."""
    model = KINDS[kind]([width, width], corruption, activation=ae.Identity, dtype="float64", rng=0)
    for parameter in model.parameters:
        parameter.value = np.eye(width) if len(parameter.shape) == 2 else np.zeros(width)
    return model


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_with_x_hat_held_the_clean_target_moves_the_loss_and_the_noise_does_not(kind, corruption):
    model, x = identity_network(kind, corruption), random(N, 5)
    encoder_W, _, decoder_W, decoder_b = model.parameters
    decoder_W.value, decoder_b.value = np.zeros((5, 5)), np.full(5, 0.25)  # x_hat = 0.25, whatever comes in
    losses = [model.loss(x, rng=seed) for seed in range(5)]
    assert losses == [losses[0]] * 5
    assert losses[0] == pytest.approx(0.5 * ((0.25 - x) ** 2).sum(axis=1).mean(), rel=1e-14)
    moved = model.loss(x + 0.1, rng=0)
    assert moved == pytest.approx(0.5 * ((0.25 - x - 0.1) ** 2).sum(axis=1).mean(), rel=1e-14)
    assert encoder_W.value.any()  # the input isn't cut off: only the decoder holds x_hat


@pytest.mark.parametrize("kind", KINDS)
def test_a_denoiser_that_hands_masked_input_through_pays_for_all_of_the_clean_x(kind):
    x = random(N, 5)  # against the damaged x, 0, it would pay nothing
    assert identity_network(kind, ae.MaskingNoise(1.0)).loss(x, rng=0) == pytest.approx(0.5 * (x**2).sum(axis=1).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_a_denoiser_that_hands_gaussian_noise_through_pays_half_its_variance_per_pixel(kind):
    x = random(20_000, 5)
    loss = identity_network(kind, ae.GaussianNoise(0.3)).loss(x, rng=0)
    standard_error = 0.5 * 0.3**2 * math.sqrt(2 * 5 / len(x))
    assert abs(loss - 0.5 * 5 * 0.3**2) < 4 * standard_error  # 0.225, standard error 0.001; the damaged x would give 0


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
def test_encode_and_reconstruct_are_clean(corruption):
    model, x = identity_network("denoising", corruption), random(N, 5)
    assert (model.encode(x) == x).all()
    assert (model.reconstruct(x) == x).all()


class Recording(ae.MaskingNoise):
    """Masking that keeps what it was given."""

    def __init__(self, p):
        super().__init__(p)
        self.seen = []

    def forward(self, x, rng):
        self.seen.append(x.copy())
        return super().forward(x, rng)


def test_in_a_stack_clean_codes_go_upward():
    recording, x = Recording(0.5), random(N, 5)
    model = ae.StackedAutoencoder([5, 4, 3], recording, activation=ae.Sigmoid, dtype="float64", rng=0)
    model.pretrain(x, epochs=1, batch_size=N, rng=0)
    first, second = (next(seen for seen in recording.seen if seen.shape[1] == width) for width in (5, 4))
    W, b = model.parameters[0].value, model.parameters[1].value  # as the first layer's training left them
    clean_codes = 1 / (1 + np.exp(-(x @ W + b)))
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(x, axis=0))
    np.testing.assert_allclose(np.sort(second, axis=0), np.sort(clean_codes, axis=0), rtol=1e-12)


def test_a_stacks_fine_tuning_is_clean():
    x = random(N, 5)
    model = ae.StackedAutoencoder([5, 3], ae.MaskingNoise(1.0), dtype="float64", rng=0)
    assert model.loss(x, rng=0) == pytest.approx(0.5 * ((model.reconstruct(x) - x) ** 2).sum(axis=1).mean(), rel=1e-14)


# The variational autoencoder: the code's distribution, seen in the loss


@pytest.mark.parametrize("beta", [0.0, 1.0, 0.3])
def test_a_vae_that_shows_its_sample_pays_its_bias_its_variance_and_its_divergence(beta):
    mu, log_var = np.array([0.7, -1.0, 0.2]), np.array([-1.2, 1.0, 0.0])
    model = ae.VariationalAutoencoder([3, 3], beta=beta, dtype="float64", rng=0)
    values = {"mean.b": mu, "log_variance.b": log_var, "decoder.W1": np.eye(3)}  # so x_hat = z ~ N(mu, σ²)
    for parameter in model.parameters:
        parameter.value = values.get(parameter.name, np.zeros(parameter.shape))
    x = np.zeros((100_000, 3))
    square = mu**2 + np.exp(log_var)
    kl = -0.5 * (1 + log_var - mu**2 - np.exp(log_var)).sum()
    standard_error = 0.5 * math.sqrt((2 * np.exp(2 * log_var) + 4 * mu**2 * np.exp(log_var)).sum() / len(x))
    assert abs(model.loss(x, rng=0) - 0.5 * square.sum() - beta * kl) < 4 * standard_error  # 0.0083 beside 2.8
    assert (model.encode(x[:2]) == mu).all()
    assert standard_error < 0.01


def test_a_vae_samples_the_prior():
    model = ae.VariationalAutoencoder([3, 3], dtype="float64", rng=0)
    model.parameters[-2].value, model.parameters[-1].value = np.diag([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0])
    z = (model.sample(100_000, rng=0) - [0, 1, 2]) / [1, 2, 3]
    assert (abs(z.mean(axis=0)) < 4 / math.sqrt(1e5)).all()
    assert (abs(z.var(axis=0) - 1) < 4 * math.sqrt(2 / 1e5)).all()
    assert (model.sample(5, rng=1) == model.sample(5, rng=1)).all()


def test_a_bernoulli_decoder_gives_probabilities():
    model = ae.VariationalAutoencoder([5, 3], reconstruction=ae.BinaryCrossEntropy(), dtype="float64", rng=0)
    *_, W, b = (parameter.value for parameter in model.parameters)
    z = random(N, 3, seed=1)
    np.testing.assert_allclose(model.decode(z), 1 / (1 + np.exp(-(z @ W + b))), rtol=1e-13)
    assert ((model.sample(10, rng=0) > 0) & (model.sample(10, rng=0) < 1)).all()
    assert ((model.reconstruct(random(N, 5)) > 0) & (model.reconstruct(random(N, 5)) < 1)).all()


# Tied weights


def trained_tied_model(widths=(5, 4, 3)):
    model = ae.Autoencoder(list(widths), activation=ae.Tanh, tied=True, weight_decay=0.1, dtype="float64", rng=0)
    model.fit(random(20, 5), epochs=2, rng=0)
    return model


def saved_and_loaded(model, folder):
    model.save(folder / "model.npz")
    return ae.load(folder / "model.npz")


WAYS = {
    "training": lambda model, folder: model,
    "saving and loading": saved_and_loaded,
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "pickling": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "moving": lambda model, folder: model.to("numpy"),
    "copy of a copy": lambda model, folder: copy.deepcopy(pickle.loads(pickle.dumps(model))),
}


@pytest.mark.parametrize("way", WAYS)
def test_tied_weights_stay_the_same_array(way, tmp_path):
    original = trained_tied_model()
    model = WAYS[way](original, tmp_path)
    before = [parameter.value.copy() for parameter in model.parameters]
    for values, same in zip(before, original.parameters, strict=True):
        np.testing.assert_array_equal(values, same.value)
    for _ in range(2):  # as it comes, and after it has been trained on
        W1, b1, W2, b2, c1, c2 = (parameter.value for parameter in model.parameters)
        x = random(N, 5, seed=3)
        h = np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2)
        np.testing.assert_allclose(model.encode(x), h, rtol=1e-13)
        np.testing.assert_allclose(model.decode(h), np.tanh(h @ W2.T + c1) @ W1.T + c2, rtol=1e-13)
        ours, theirs = model.encoder.layers[0].W, model.decoder.layers[-1].W
        assert ours is theirs
        assert np.shares_memory(ours.value, theirs.value)
        assert ours is model.parameters[0]
        model.fit(random(20, 5), epochs=1, rng=0)
    assert not (model.parameters[0].value == before[0]).any()  # it did train


def test_a_copy_of_a_tied_model_shares_nothing_with_the_original():
    model = trained_tied_model()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        before = model.parameters[0].value.copy()
        other.fit(random(20, 5), epochs=1, rng=0)
        assert (model.parameters[0].value == before).all()


def test_a_tied_weight_is_counted_once():
    options = {"weight_decay": 0.4, "dtype": "float64", "rng": 0}
    tied, untied = ae.Autoencoder([5, 3], tied=True, **options), ae.Autoencoder([5, 3], **options)
    assert tied.n_parameters == 5 * 3 + 3 + 5
    assert untied.n_parameters == 2 * 5 * 3 + 3 + 5
    assert [parameter.name for parameter in tied.parameters] == ["encoder.W1", "encoder.b1", "decoder.b1"]
    W = tied.parameters[0].value
    x = random(N, 5)
    error = 0.5 * ((tied.reconstruct(x) - x) ** 2).sum(axis=1).mean()
    assert tied.loss(x) - error == pytest.approx(0.2 * (W**2).sum(), rel=1e-12)


def test_a_classifier_trains_a_tied_encoder_without_untying_it():
    model = trained_tied_model((5, 3))
    classifier = ae.SoftmaxClassifier(model, 2, rng=0)
    classifier.fit(random(20, 5), np.arange(20) % 2, epochs=2, rng=0)
    W, b, c = (parameter.value for parameter in model.parameters)
    h = random(N, 3)
    assert classifier.parameters[0] is model.parameters[0]
    np.testing.assert_allclose(model.decode(h), h @ W.T + c, rtol=1e-13)
    np.testing.assert_allclose(model.encode(random(N, 5)), np.tanh(random(N, 5) @ W + b), rtol=1e-13)


# Terms of the objective


def test_weight_decay_is_half_the_sum_of_squares_of_the_weights_without_the_biases():
    model, x = ae.Autoencoder([5, 4, 3], weight_decay=0.6, dtype="float64", rng=0), random(N, 5)
    for parameter in model.parameters:
        parameter.value = parameter.value + 0.1  # biases that would show
    error = 0.5 * ((model.reconstruct(x) - x) ** 2).sum(axis=1).mean()
    squares = sum(entry**2 for p in model.parameters if ".W" in p.name for entry in p.value.ravel().tolist())
    assert model.loss(x) - error == pytest.approx(0.3 * squares, rel=1e-12)


def test_the_vaes_weight_decay_covers_both_heads():
    model, x = ae.VariationalAutoencoder([5, 4, 3], weight_decay=0.6, dtype="float64", rng=0), random(N, 5)
    plain = ae.VariationalAutoencoder([5, 4, 3], dtype="float64", rng=0)
    squares = sum((p.value**2).sum() for p in model.parameters if len(p.shape) == 2)
    assert model.loss(x, rng=1) - plain.loss(x, rng=1) == pytest.approx(0.3 * squares, rel=1e-12)


@pytest.mark.parametrize("sparsity", [ae.KLSparsity(0.05, 0.7), ae.L1Sparsity(0.7)], ids=repr)
def test_the_sparse_loss_is_the_error_and_the_penalty_of_the_code(sparsity):
    model, x = ae.SparseAutoencoder([5, 3], sparsity, dtype="float64", rng=0), random(N, 5)
    h = model.encode(x)
    rho_hat = h.mean(axis=0)
    penalty = (
        (0.05 * np.log(0.05 / rho_hat) + 0.95 * np.log(0.95 / (1 - rho_hat))).sum()
        if isinstance(sparsity, ae.KLSparsity) else abs(h).sum(axis=1).mean()
    )  # fmt: skip
    error = 0.5 * ((model.reconstruct(x) - x) ** 2).sum(axis=1).mean()
    assert model.loss(x) == pytest.approx(error + 0.7 * penalty, rel=1e-12)


DRAWING = "denoising", "variational", "importance-weighted", "wasserstein", "adversarial"
DETERMINISTIC = [name for name in MODELS if not name.startswith(DRAWING)]


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_a_batch_said_three_times_is_the_same_loss_and_the_same_gradients(name):
    model = MODELS[name](dtype="float64", rng=0)
    x = random(N, model.widths[0])
    once, once_gradients = model.loss(x), gradients(model)
    thrice, thrice_gradients = model.loss(np.tile(x, (3, 1))), gradients(model)
    assert thrice == pytest.approx(once, rel=1e-12)
    for a, b in zip(once_gradients, thrice_gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


# The contractive penalty


def numeric_jacobians(model, x, step=1e-5):
    """∂h/∂x of every example, (N, H, D), by central differences of encode."""
    columns = [(model.encode(x + step * e) - model.encode(x - step * e)) / (2 * step) for e in np.eye(x.shape[1])]
    return np.stack(columns, axis=2)


def penalty(weight, x, **options):
    """What the penalty adds to the loss, and the model."""
    model, free = (
        ae.ContractiveAutoencoder([5, 3], weight=w, dtype="float64", rng=0, **options) for w in (weight, 0.0)
    )  # fmt: skip
    return model.loss(x) - free.loss(x), model


@pytest.mark.parametrize("activation", [ae.Sigmoid, ae.Tanh, ae.GELU, ae.GELUTanh, ae.ReLU, ae.LeakyReLU, ae.Identity])
def test_the_contractive_penalty_is_the_squared_norm_of_encodes_jacobian(activation):
    x = 2 * random(N, 5) - 1
    added, model = penalty(0.7, x, code_activation=activation)
    expected = 0.7 * (numeric_jacobians(model, x) ** 2).sum(axis=(1, 2)).mean()
    assert added == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("tied", [False, True])
def test_a_linear_codes_contraction_is_the_squared_norm_of_its_weights(tied):
    added, model = penalty(0.7, random(N, 5), code_activation=ae.Identity, tied=tied)
    assert added == pytest.approx(0.7 * (model.W.value**2).sum(), rel=1e-12)


# Sparse codes: the share of zeros that is promised


def soft_threshold_network(lam):
    """A ReLU code with a bias of −λ: what is optimal for an L1 penalty of weight λ when each unit is one pixel."""
    model = ae.SparseAutoencoder([5, 5], ae.L1Sparsity(lam), dtype="float64", rng=0)
    for parameter, value in zip(model.parameters, (np.eye(5), np.full(5, -lam), np.eye(5), np.zeros(5)), strict=True):
        parameter.value = value
    return model


def test_l1s_optimum_is_zero_below_the_weight_and_shrinks_the_rest_by_it():
    x = random(50, 5)
    model = soft_threshold_network(0.3)
    h = model.encode(x)
    np.testing.assert_array_equal(h == 0, x <= 0.3)
    np.testing.assert_allclose(h[h > 0], x[h > 0] - 0.3, rtol=1e-13)
    model.loss(x)
    grad_W, grad_b, *_ = gradients(model)
    assert abs(grad_W).max() < 1e-15  # the encoder rests there
    assert abs(grad_b).max() < 1e-15
    weaker = soft_threshold_network(0.3)
    weaker.sparsity.weight = 0.2  # and with another weight it does not
    weaker.loss(x)
    assert abs(gradients(weaker)[1]).min() > 0.01


@pytest.mark.parametrize("k", [1, 3, 8])
def test_k_sparse_keeps_exactly_the_k_largest(k):
    model, x = ae.KSparseAutoencoder([5, 8], k=k, dtype="float64", rng=0), 2 * random(50, 5) - 1
    W, b, V, c = (parameter.value for parameter in model.parameters)
    a, h = x @ W + b, model.encode(x)
    for row, code in zip(a, h, strict=True):
        kept = sorted(range(8), key=lambda j: -row[j])[:k]
        np.testing.assert_allclose(code[kept], row[kept], rtol=1e-12)
        assert (code != 0).sum() == k
    np.testing.assert_allclose(model.reconstruct(x), h @ V + c, rtol=1e-12)
    assert model.loss(x) == pytest.approx(0.5 * ((h @ V + c - x) ** 2).sum(axis=1).mean(), rel=1e-12)


def test_k_sparse_keeps_by_value_so_that_a_large_negative_unit_goes():
    model = ae.KSparseAutoencoder([4, 4], k=2, dtype="float64", rng=0)
    model.parameters[0].value = np.eye(4)
    assert model.encode(np.array([[1.0, -9.0, 2.0, 0.5]])).tolist() == [[1, 0, 2, 0]]
    assert model.encode(np.array([[-4.0, -1.0, -3.0, -2.0]])).tolist() == [[0, -1, 0, -2]]


def test_k_sparse_gives_ties_to_the_first():
    model = ae.KSparseAutoencoder([5, 5], k=2, dtype="float64", rng=0)
    model.parameters[0].value = np.eye(5)
    assert model.encode(np.full((1, 5), 0.5)).tolist() == [[0.5, 0.5, 0, 0, 0]]
    assert model.encode(np.array([[1.0, 3.0, 1.0, 1.0, 0.0]])).tolist() == [[1, 3, 0, 0, 0]]


def test_unit_norm_decoder_rows_cannot_make_up_for_a_shrunken_code():
    model = ae.SparseAutoencoder([5, 3], ae.L1Sparsity(0.1), unit_norm_decoder=True, dtype="float64", rng=0)
    h = random(N, 3)
    before = model.decode(h)
    model.parameters[2].value = 10 * model.parameters[2].value  # V: its length doesn't matter
    np.testing.assert_allclose(model.decode(h), before, rtol=1e-13)
    rows = model.decode(np.eye(3)) - model.decode(np.zeros((3, 3)))
    np.testing.assert_allclose((rows**2).sum(axis=1), 1, rtol=1e-13)


# The classifier's encoder is the autoencoder's own


def test_a_classifier_trains_its_autoencoders_own_encoder_and_leaves_the_decoder():
    model, x = ae.Autoencoder([5, 4, 3], dtype="float64", rng=0), random(40, 5)
    codes, weights = model.encode(x), [parameter.value.copy() for parameter in model.parameters]
    classifier = ae.SoftmaxClassifier(model, 2, rng=0)
    classifier.fit(x, (x[:, 0] > 0.5).astype(int), epochs=10, rng=0)
    *_, W, b = (parameter.value for parameter in classifier.parameters)
    assert abs(model.encode(x) - codes).max() > 1e-3
    np.testing.assert_array_equal(classifier.predict(x), (model.encode(x) @ W + b).argmax(axis=1))
    changed = [not (p.value == before).all() for p, before in zip(model.parameters, weights, strict=True)]
    assert changed == [p.name.startswith("encoder") for p in model.parameters]


def test_pretraining_trains_the_stacks_own_layers():
    model, x = ae.StackedAutoencoder([5, 4, 3], activation=ae.Sigmoid, dtype="float64", rng=0), random(40, 5)
    before = [parameter.value.copy() for parameter in model.parameters]
    model.pretrain(x, epochs=1, rng=0)
    assert all((p.value != old).any() for p, old in zip(model.parameters, before, strict=True))


# The dtype, the seed, and what must not disturb what


def everything_remembered(part):
    """Every array and NumPy scalar that an object holds, however deep, with the path to it."""
    waiting, seen = [(type(part).__name__, part)], set()
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, (np.ndarray, np.generic)):
            yield path, value
        elif isinstance(value, (list, tuple)):
            waiting += [(f"{path}[{i}]", item) for i, item in enumerate(value)]
        elif isinstance(value, dict):
            waiting += [(f"{path}.{name}", item) for name, item in value.items()]
        elif hasattr(value, "__dict__") and not callable(value) and id(value) not in seen:
            seen.add(id(value))
            waiting += [(f"{path}.{name}", item) for name, item in vars(value).items()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_another_dtype_is_remembered(name, dtype):
    model = MODELS[name](dtype=dtype, rng=0)
    x = random(N, model.widths[0])  # float64, as the user's may be
    loss = model.loss(x, rng=0)
    assert loss.dtype == dtype
    assert loss.shape == ()
    model.backward()
    remembered = [item for part in model.parts.values() for item in everything_remembered(part)]
    assert len(remembered) > len(model.parts)
    floats = {path: value.dtype.name for path, value in remembered if value.dtype.kind == "f"}
    assert set(floats.values()) == {dtype}, floats
    assert {parameter.grad.dtype.name for parameter in model.parameters} == {dtype}
    assert {model.encode(x).dtype.name, model.reconstruct(x).dtype.name} == {dtype}


def test_the_float32_classifier_remembers_no_float64():
    model = ae.SoftmaxClassifier(ae.Autoencoder([5, 3], rng=0), 3, weight_decay=0.1, rng=0)
    assert model.loss(random(N, 5), np.arange(N) % 3).dtype == np.float32
    model.backward()
    remembered = [value for part in model.parts.values() for _, value in everything_remembered(part)]
    assert {value.dtype.name for value in remembered if value.dtype.kind == "f"} == {"float32"}
    assert model.predict_probabilities(random(N, 5)).dtype == np.float32


@pytest.mark.parametrize("name", MODELS)
def test_training_a_float32_model_stays_in_float32(name):
    model = MODELS[name](rng=0)
    model.fit(random(20, model.widths[0]), epochs=1, rng=0)
    assert {parameter.value.dtype.name for parameter in model.parameters} == {"float32"}


@pytest.mark.parametrize("name", MODELS)
def test_looking_between_loss_and_backward_disturbs_nothing(name):
    model = MODELS[name](dtype="float64", rng=0)
    x = random(N, model.widths[0])
    model.loss(x, rng=1)
    undisturbed = gradients(model)
    model.loss(x, rng=1)
    other = random(2 * N, model.widths[0], seed=9)
    model.decode(model.encode(other) + 1)
    model.reconstruct(other)
    if isinstance(model, ae.VariationalAutoencoder):
        model.sample(3)
    for looked, again, expected in zip(gradients(model), gradients(model), undisturbed, strict=True):
        np.testing.assert_array_equal(looked, expected)
        np.testing.assert_array_equal(again, expected)


NOISY = [name for name in MODELS if name not in DETERMINISTIC]


@pytest.mark.parametrize("name", NOISY)
def test_a_seeded_loss_repeats_and_an_unseeded_one_is_drawn_anew(name):
    model = MODELS[name](dtype="float64", rng=0)
    x = random(N, model.widths[0])
    assert model.loss(x, rng=1) == model.loss(x, rng=1) != model.loss(x, rng=2)
    assert model.loss(x) != model.loss(x)
    rng = np.random.default_rng(1)
    assert model.loss(x, rng=rng) == model.loss(x, rng=1) != model.loss(x, rng=rng)
    twin = MODELS[name](dtype="float64", rng=0)
    assert MODELS[name](dtype="float64", rng=0).loss(x) == twin.loss(x)  # the model's own noise comes from its seed
