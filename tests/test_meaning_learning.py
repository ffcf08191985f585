"""What the variants learn: the claims that the documentation makes for them, on the 1,797 digits, as numbers.

Errors are sums of squares per image (SSE) on digits that were held out. Every bound has what was measured beside it.
"""

import math

import numpy as np
import pytest
from scipy.linalg import subspace_angles

import aescratch as ae

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def split():
    """Training and held-out digits."""
    return ae.datasets.load_digits().split(0.2, rng=0)


def sse(x_hat, x):
    return float(((x_hat - x) ** 2).sum(axis=1).mean())


# The linear autoencoder and principal component analysis

CODE = 8


@pytest.fixture(scope="module")
def pca():
    """The digits in float64, and the eigenvalues and eigenvectors of their covariance, largest first."""
    x = ae.datasets.load_digits().x.astype(np.float64)
    deviation = x - x.mean(axis=0)
    eigenvalues, directions = np.linalg.eigh(deviation.T @ deviation / len(x))
    return x, eigenvalues[::-1], directions[:, ::-1]


def train_to_the_end(model, pca):
    """L-BFGS most of the way, and the last part, where its line search stops early, by momentum.

    To a linear model the digits are their mean and their covariance, so 128 rows that have the same train it as well,
    in a fourteenth of the time.
    """
    x, eigenvalues, directions = pca
    steps = np.sqrt(64 * eigenvalues.clip(0))[:, None] * directions.T
    rows = x.mean(axis=0) + np.concatenate([steps, -steps])
    assert model.loss(rows) == pytest.approx(model.loss(x), rel=1e-9)
    model.fit(rows, epochs=600, optimizer=ae.LBFGS(60), rng=0)
    model.fit(rows, epochs=600, batch_size=len(rows), optimizer=ae.Momentum(0.03, mu=0.98), rng=0)
    assert model.loss(rows) == pytest.approx(model.loss(x), rel=1e-9)
    return [parameter.value for parameter in model.parameters]


def cosines(found, directions):
    """How well columns agree with the principal directions, up to sign."""
    return abs((found * directions[:, :CODE]).sum(axis=0))


@pytest.mark.parametrize("tied", [False, True])
def test_the_linear_autoencoder_reaches_pcas_subspace_and_its_error_but_not_its_directions(pca, tied):
    x, eigenvalues, directions = pca
    model = ae.LinearAutoencoder([64, CODE], tied=tied, dtype="float64", rng=0)
    W1 = train_to_the_end(model, pca)[0]
    decoder = W1 if tied else model.parameters[2].value.T
    angle = np.degrees(subspace_angles(decoder, directions[:, :CODE]).max())
    assert angle < 0.05  # 0.0021 degrees, tied 0.0001; before training 86 and more
    least = 0.5 * eigenvalues[CODE:].sum()
    assert -1e-9 < model.loss(x) / least - 1 < 2e-5  # 4e-6, tied 1e-13: nothing is better than PCA, and this no worse
    np.testing.assert_allclose(model.reconstruct(x).mean(axis=0), x.mean(axis=0), atol=1e-5)  # by the biases: 6e-8
    vectors, _, _ = np.linalg.svd(decoder, full_matrices=False)
    assert cosines(vectors, directions).min() < 0.5  # 0.03, tied 0.01


def test_with_weight_decay_on_both_layers_the_directions_are_the_principal_ones(pca):
    _, eigenvalues, directions = pca
    lam = 0.03
    model = ae.LinearAutoencoder([64, CODE], weight_decay=lam, dtype="float64", rng=0)
    W1, _, W2, _ = train_to_the_end(model, pca)
    left, encoder_values, _ = np.linalg.svd(W1, full_matrices=False)
    _, decoder_values, right = np.linalg.svd(W2, full_matrices=False)
    assert cosines(left, directions).min() > 0.999  # 1 − 1e-10
    assert cosines(right.T, directions).min() > 0.999
    # Along a direction the objective is ½ e (1 − s²)² + λ s², least at s² = 1 − λ/e; with λ ΣW² it would be 1 − 2λ/e.
    expected = np.sqrt(1 - lam / eigenvalues[:CODE])  # from 0.978 down to 0.909
    np.testing.assert_allclose(decoder_values, expected, atol=1e-5)  # 1e-7
    np.testing.assert_allclose(encoder_values, expected, atol=1e-5)
    np.testing.assert_allclose(W1, W2.T, atol=1e-5)  # 1e-7: the decoder is the encoder transposed


# Sparse codes


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rho", [0.05, 0.1])
def test_kl_sparsity_drives_the_mean_activity_to_rho(split, rho, seed):
    train, _ = split
    model = ae.SparseAutoencoder([64, 32], ae.KLSparsity(rho, 2.0), rng=seed)
    free = ae.SparseAutoencoder([64, 32], ae.KLSparsity(rho, 0.0), rng=seed)
    for either in (model, free):
        either.fit(train.x, epochs=30, optimizer=ae.Adam(3e-3), rng=seed)
    rho_hat = model.encode(train.x).mean(axis=0)
    assert abs(rho_hat.mean() / rho - 1) < 0.2  # +10 % to +11 % at 0.05, +5 % to +6 % at 0.1
    assert free.encode(train.x).mean() > 4 * rho  # without the penalty 10 times as active, and 5 times


@pytest.mark.in_turn
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("unit_norm", [False, True])
def test_l1_leaves_most_of_the_code_at_exactly_zero(split, unit_norm, seed):
    train, test = split
    options = {"unit_norm_decoder": unit_norm, "rng": seed}
    model = ae.SparseAutoencoder([64, 64], ae.L1Sparsity(0.1), **options)
    free = ae.SparseAutoencoder([64, 64], ae.L1Sparsity(0.0), **options)
    for either in (model, free):
        either.fit(train.x, epochs=30, optimizer=ae.Adam(3e-3), rng=seed)
    zeros, free_zeros = ((m.encode(test.x) == 0).mean() for m in (model, free))
    assert zeros > 0.7  # 0.73 to 0.75, with unit-norm rows 0.78 to 0.79
    assert zeros > free_zeros + 0.2  # 0.37 to 0.44
    alive = (model.encode(train.x) > 0).any(axis=0)
    assert alive.sum() > 30  # 40 to 47 of 64, without the penalty 50 to 54: they didn't die
    assert (model.encode(test.x)[:, alive] == 0).mean() > 0.5  # 0.57 to 0.70, without the penalty 0.22 to 0.28
    assert sse(model.reconstruct(test.x), test.x) < 1.2  # 0.68 to 0.92; the mean digit has 4.65


def test_k_sparse_codes_of_a_trained_model_have_their_zeros(split):
    train, test = split
    model = ae.KSparseAutoencoder([64, 64], k=10, rng=0)
    model.fit(train.x, epochs=20, optimizer=ae.Adam(3e-3), rng=0)
    zeros = (model.encode(test.x) == 0).sum(axis=1)
    assert (zeros == 64 - 10).all()
    assert sse(model.reconstruct(test.x), test.x) < 1.5  # 0.97


# Denoising


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "corruption", [ae.GaussianNoise(0.3), ae.MaskingNoise(0.3), ae.SaltAndPepperNoise(0.2)], ids=repr
)
def test_denoising_beats_a_vanilla_autoencoder_at_removing_noise_from_unseen_digits(split, corruption, seed):
    train, test = split
    noisy = corruption.forward(test.x, np.random.default_rng(100 + seed))
    denoiser = ae.DenoisingAutoencoder([64, 32], corruption, rng=seed)
    vanilla = ae.Autoencoder([64, 32], rng=seed)
    for model in (denoiser, vanilla):
        model.fit(train.x, epochs=20, optimizer=ae.Adam(3e-3), rng=seed)
    removed, left = (sse(model.reconstruct(noisy), test.x) for model in (denoiser, vanilla))
    # The noise itself is 4.4 to 5.8 per image; denoised 1.8 to 2.2, by the vanilla one 3.0 to 3.3. The ratio is
    # 0.55 to 0.64 with Gaussian noise, 0.59 to 0.61 with masking, 0.58 to 0.71 with salt and pepper.
    assert removed < 0.8 * left
    assert removed < 0.5 * sse(noisy, test.x)
    clean = [sse(model.reconstruct(test.x), test.x) for model in (denoiser, vanilla)]
    assert clean[0] > clean[1]  # 1.2 to 1.7 against 0.7 to 0.8: at keeping clean digits the vanilla one is better


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_a_linear_denoiser_is_the_score_of_the_noised_gaussian(sigma):
    rng, width = np.random.default_rng(0), 5
    mixing, mean = rng.normal(size=(width, width)) / 2, rng.normal(size=width)
    x = rng.multivariate_normal(mean, mixing @ mixing.T + 0.1 * np.eye(width), size=20_000)
    model = ae.DenoisingAutoencoder(
        [width, width], ae.GaussianNoise(sigma), activation=ae.Identity, dtype="float64", rng=0
    )  # fmt: skip
    model.fit(x, epochs=20, batch_size=100, optimizer=ae.Adam(ae.CosineRate(1e-2)), rng=0)
    mean, S = x.mean(axis=0), np.cov(x.T, bias=True)
    noised = S + sigma**2 * np.eye(width)
    probe = rng.multivariate_normal(mean, noised, size=500)
    step = model.reconstruct(probe) - probe
    exact = -(sigma**2) * (probe - mean) @ np.linalg.inv(noised)  # σ² ∇ log p, with p the density of x + noise
    unnoised = -(sigma**2) * (probe - mean) @ np.linalg.inv(S)
    assert np.linalg.norm(step - exact) < 0.05 * np.linalg.norm(exact)  # 0.018 at σ = 0.5, 0.010 at σ = 1
    assert np.linalg.norm(step - unnoised) > 0.5 * np.linalg.norm(unnoised)  # 0.62 and 0.87: it is not that of x


# The contractive autoencoder


@pytest.mark.parametrize("seed", SEEDS)
def test_a_contractive_autoencoders_jacobian_is_smaller_than_a_vanilla_ones(split, seed):
    train, test = split
    contractive = ae.ContractiveAutoencoder([64, 32], weight=0.1, rng=seed)
    vanilla = ae.Autoencoder([64, 32], code_activation=ae.Sigmoid, rng=seed)

    def jacobian_norm(model):
        model.fit(train.x, epochs=20, optimizer=ae.Adam(3e-3), rng=seed)
        h, W = model.encode(test.x), model.parameters[0].value
        return float(np.mean([((slope * W) ** 2).sum() for slope in h * (1 - h)]))

    assert jacobian_norm(contractive) < 0.5 * jacobian_norm(vanilla)  # 1.9 against 5.5 to 6.2


# Pre-training


def deep_sigmoid_classifier(train, test, initializer, seed, pretrained):
    """Four sigmoid layers and a softmax head, fine-tuned with labels: the loss on the digits seen, and the accuracy."""
    stack = ae.StackedAutoencoder([64, 60, 50, 40, 30], activation=ae.Sigmoid, initializer=initializer, rng=seed)
    if pretrained:
        stack.pretrain(train.x, epochs=10, batch_size=32, optimizer=ae.Adam(3e-3), rng=seed)
    model = ae.SoftmaxClassifier(stack, 10, initializer=initializer, rng=seed)
    history = model.fit(train.x, train.labels, epochs=100, batch_size=32, optimizer=ae.Momentum(0.1), rng=seed)
    return history.loss[-1], model.score(test.x, test.labels)


@pytest.mark.in_turn
@pytest.mark.parametrize("seed", SEEDS)
def test_pretraining_helps_a_deep_sigmoid_network_from_the_old_initialisation(split, seed):
    loss, accuracy = deep_sigmoid_classifier(*split, ae.old_uniform, seed, pretrained=False)
    helped_loss, helped_accuracy = deep_sigmoid_classifier(*split, ae.old_uniform, seed, pretrained=True)
    assert loss > 0.98 * math.log(10)  # 2.31: after 100 epochs it still knows nothing
    assert accuracy < 0.15  # 0.09 to 0.11
    assert helped_loss < 0.01  # 0.0015 to 0.0016
    assert helped_accuracy > 0.95  # 0.975 to 0.983


@pytest.mark.in_turn
@pytest.mark.parametrize("seed", SEEDS)
def test_from_xavier_the_same_network_learns_as_well_without_pretraining(split, seed):
    loss, accuracy = deep_sigmoid_classifier(*split, ae.xavier_uniform, seed, pretrained=False)
    _, helped_accuracy = deep_sigmoid_classifier(*split, ae.xavier_uniform, seed, pretrained=True)
    assert loss < 0.1  # 0.005
    assert accuracy > 0.95  # 0.967 to 0.972
    assert helped_accuracy - accuracy < 0.03  # 0.000 to 0.008; of 359 digits one is 0.003


# An autoencoder wants its encoder, a variational one its decoder


def distance_to_the_nearest(images, x):
    squares = (images**2).sum(axis=1)[:, None] - 2 * images @ x.T + (x**2).sum(axis=1)
    return float(np.sqrt(squares.clip(0).min(axis=1)).mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_decoded_prior_samples_look_like_digits_where_random_decodes_of_a_plain_autoencoder_do_not(split, seed):
    train, test = split
    widths, options = [64, 64, 8], {"reconstruction": ae.BinaryCrossEntropy(), "rng": seed}
    variational = ae.VariationalAutoencoder(widths, **options)
    plain = ae.Autoencoder(widths, code_activation=ae.Identity, **options)
    for model in (variational, plain):
        model.fit(train.x, epochs=40, optimizer=ae.Adam(3e-3), rng=seed)
    z = np.random.default_rng(seed).standard_normal((500, 8), np.float32)
    samples = variational.sample(500, rng=seed)
    real = distance_to_the_nearest(test.x, train.x)  # 1.05: how far an unseen digit is from the nearest seen one
    sampled, decoded = distance_to_the_nearest(samples, train.x), distance_to_the_nearest(plain.decode(z), train.x)
    assert sampled < 1.25 * real  # 1.16 times
    assert decoded > 1.6 * real  # 1.79 to 1.86 times
    spread = samples.var(axis=0).sum() / train.x.var(axis=0).sum()
    assert spread > 0.3  # 0.40 to 0.41: it isn't the mean digit over and over
    # And the reverse: the plain one, which has no prior to obey, restores digits better: 0.95 to 0.99 against 1.95.
    restored, softened = (sse(model.reconstruct(test.x), test.x) for model in (plain, variational))
    assert restored < 0.7 * softened
