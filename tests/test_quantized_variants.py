"""Quantised, adversarial and masked autoencoders: which side learns, what is declared, hard settings, what they are for."""

import math

import numpy as np
import pytest
from numeric import numeric_gradient

import aescratch as ae
from aescratch import functions
from aescratch.codes.codebook import Codebook, CodebookLoss, Commitment, StraightThrough

RNG = np.random.default_rng(0)
X = RNG.random((7, 5))


def quantized(**options):
    settings = {"n_codes": 4, "n_vectors": 2, "activation": ae.Tanh, "dtype": "float64", "rng": 0, **options}
    return ae.VectorQuantizedAutoencoder([5, 6, 4], **settings)


def gradients(model, x=X, rng=0):
    model.loss(x, rng=rng)
    model.backward()
    return {parameter.name: parameter.grad.copy() for parameter in model.parameters}


# Which side learns


def test_the_three_terms_reach_what_the_paper_says_they_do():
    """Reconstruction: encoder and decoder; codebook loss: the entries; commitment: the encoder."""
    model = quantized()
    whole = gradients(model)
    without_commitment = gradients(quantized(beta=0.0))
    for name, gradient in whole.items():
        assert np.array_equal(gradient, without_commitment[name]) == (not name.startswith("encoder")), name
    h, E = model.encoder.apply(X), model.codebook.E.value
    by_hand = np.zeros(E.shape)
    for vector, index in zip(h.reshape(-1, 2), model.indices(X).ravel(), strict=True):
        by_hand[index] += 2 * (E[index] - vector) / len(X)
    np.testing.assert_allclose(whole["codebook.E"], by_hand, rtol=1e-12)  # and nothing of the reconstruction


def test_a_step_on_the_codebook_loss_brings_entries_to_the_mean_of_their_vectors():
    v, E = RNG.normal(size=(23, 3)), RNG.normal(size=(4, 3))
    indices = functions.nearest_entries(v, E)
    E = np.array([v[indices[:, 0] == k].mean(axis=0) if (indices == k).any() else e for k, e in enumerate(E)])
    _, grad_q = functions.quantization_error_backward(v, functions.codebook_entries(E, indices))
    np.testing.assert_allclose(functions.codebook_entries_backward(grad_q, E, indices), 0, atol=1e-14)


MISTAKES = {
    "detach reversed": (CodebookLoss, lambda self: functions.quantization_error_backward(self.h, self.q)[0]),
    "commitment pulls at q": (Commitment, lambda self: self.beta * functions.quantization_error_backward(self.h, self.q)[1]),
    "beta left out": (Commitment, lambda self: functions.quantization_error_backward(self.h, self.q)[0]),
    "beta on the other term": (
        CodebookLoss, lambda self: 0.25 * functions.quantization_error_backward(self.h, self.q)[1]),
    "straight-through halved": (StraightThrough, lambda self, grad_z: grad_z / 2),
}  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_at_a_stop_gradient_is_named(mistake, monkeypatch):
    kind, backward = MISTAKES[mistake]
    backward.declared = kind.backward.declared
    monkeypatch.setattr(kind, "backward", backward)
    report = ae.check_gradients(quantized(), X)
    assert report.verdict == "fail"
    assert "not-the-rule" in [finding.code for finding in report.findings]


def test_a_gradient_that_isnt_reversed_is_named(monkeypatch):
    right = functions.gradient_reversal_backward
    monkeypatch.setattr(functions, "gradient_reversal_backward", lambda grad_y, weight: -right(grad_y, weight))
    assert ae.check_gradients(ae.AdversarialAutoencoder([5, 3], 0.7, rng=0), X).verdict == "fail"


# The straight-through gradient, against the gradient of a smoothed loss


def smoothed_gradient(h, quantise, W, x, sigma, n_nodes=241):
    """d/dh of the mean of ½ ‖q(h + sigma ε) W − x‖² over normal ε, in two dimensions, by quadrature on a fine grid."""
    nodes = np.linspace(-6, 6, n_nodes)
    density = np.exp(-(nodes**2) / 2)
    density /= density.sum()
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    eps = np.stack([first.ravel(), second.ravel()], axis=1)
    q = quantise(h + sigma * eps)
    losses = 0.5 * np.square(q @ W - x).sum(axis=1)
    return (np.outer(density, density).ravel() * losses) @ eps / sigma  # the density's derivative, in the loss's place


def test_the_straight_through_gradient_is_near_that_of_the_smoothed_loss_where_noise_covers_the_cells():
    """A grid of 25 entries of spacing 1. The noise is as wide as a cell: q(h + noise) moves on average as h does."""
    rng = np.random.default_rng(1)
    side = np.arange(-2.0, 3.0)
    E = np.array([[a, b] for a in side for b in side])
    cosines = {sigma: [] for sigma in (0.1, 0.5)}
    for _ in range(20):
        h, W, x = rng.uniform(-0.8, 0.8, 2), rng.normal(size=(2, 3)), rng.normal(size=3)
        q = E[functions.nearest_entries(h[None], E)[0, 0]]
        straight = (q @ W - x) @ W.T
        for sigma, found in cosines.items():
            smooth = smoothed_gradient(h, lambda v: E[functions.nearest_entries(v, E)[:, 0]], W, x, sigma)
            found.append(float(straight @ smooth / np.linalg.norm(straight) / max(np.linalg.norm(smooth), 1e-300)))
    assert np.median(cosines[0.5]) > 0.9
    assert np.median(cosines[0.5]) > np.median(cosines[0.1])  # far within a cell the smoothed loss is flat


def test_with_wide_noise_and_a_fine_codebook_the_smoothed_code_is_the_code():
    h, W, x = np.array([0.3, -0.2]), RNG.normal(size=(2, 3)), RNG.normal(size=3)
    smooth = smoothed_gradient(h, lambda v: np.round(4 * v) / 4, W, x, 0.5, 801)  # entries at all multiples of ¼
    np.testing.assert_allclose(smooth, (h @ W - x) @ W.T, atol=0.02)  # ½ ‖(h + ε) W − x‖² has this derivative in mean


# The codebook's state


def test_entries_that_follow_at_once_are_the_means_of_a_batch():
    codebook = Codebook(6, 3, 3, moving_average=1.0, restart=0.0, dtype="float64", rng=0)
    codebook.in_training = True
    h = RNG.normal(0, 0.5, size=(11, 6))
    vectors, indices = h.reshape(-1, 2), codebook.numbers_of(h).ravel()
    codebook.forward(h, RNG)
    for k in set(indices):
        np.testing.assert_allclose(codebook.E.value[k], vectors[indices == k].mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("moving_average", [None, 0.3])
def test_entries_that_nobody_chooses_become_vectors_of_the_batch(moving_average):
    codebook = Codebook(2, 4, moving_average=moving_average, dtype="float64", rng=0)
    far = np.array([[0.0, 0.0], [9.0, 9.0], [90.0, 90.0], [91.0, 90.0]])
    codebook._put(far)
    codebook.counts.value = np.array([3.0, 3.0, 0.01, 0.02])
    if moving_average:
        codebook.sums.value = far * codebook.counts.value[:, None]
    codebook.in_training = True
    h = np.concatenate([RNG.normal(0, 0.1, (5, 2)), RNG.normal(9, 0.1, (5, 2))])
    before = codebook.apply(h)
    np.testing.assert_array_equal(codebook.forward(h, RNG), before)  # of the entries unchanged
    E = codebook.E.value
    assert all((E[k] == h).all(axis=1).any() for k in (2, 3))
    assert (np.abs(E[:2] - far[:2]) < 1).all()
    assert (codebook.counts.value[2:] == 10 / 4).all()


def test_after_the_first_batch_an_entry_that_it_didnt_choose_is_a_vector_of_it():
    model = quantized(n_codes=6, n_vectors=1)
    chosen, h = np.unique(model.indices(X)), model.encoder.apply(X)
    with model.training():
        model.loss(X, rng=0)
    drawn = {k for k, entry in enumerate(model.codebook.E.value) if (entry == h).all(axis=1).any()}
    assert set(range(6)) - set(chosen) <= drawn
    assert len(chosen) < 6


def test_without_restart_or_averages_nothing_moves_by_itself():
    model = quantized(restart=0.0)
    assert model.buffers == {}
    before = model.codebook.E.value.copy()
    with model.training():
        model.loss(X, rng=0)
    np.testing.assert_array_equal(model.codebook.E.value, before)


def test_a_check_moves_no_entry(monkeypatch):
    model = quantized()
    model.fit(X, epochs=2, batch_size=3, rng=0)
    before = model.codebook.E.value.copy(), model.codebook.counts.value.copy()
    for training in (False, True):
        assert ae.check_gradients(model, X, training=training).verdict == "pass"
    np.testing.assert_array_equal(model.codebook.E.value, before[0])
    np.testing.assert_array_equal(model.codebook.counts.value, before[1])


def test_restarts_are_drawn_by_the_rng_and_ask_for_one():
    codebook = Codebook(2, 4, dtype="float64", rng=0)
    codebook.in_training = True
    with pytest.raises(TypeError, match="expected an rng for a Codebook in training"):
        codebook.forward(np.ones((3, 2)))
    models = [quantized() for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        model.fit(X, epochs=3, batch_size=3, rng=seed)
    E = [model.codebook.E.value for model in models]
    np.testing.assert_array_equal(E[0], E[1])
    assert not np.array_equal(E[0], E[2])


# Hard settings


@pytest.mark.parametrize("moving_average", [None, 0.3])
@pytest.mark.parametrize(
    ("widths", "n_codes", "n_vectors", "rows"),
    [([1, 1], 1, 1, 1), ([5, 1], 7, 1, 1), ([5, 4], 1, 2, 3), ([5, 4], 50, 4, 2), ([5, 3], 2, 3, 1), ([5, 4, 6], 9, 1, 7)],
)
def test_one_unit_one_example_one_code_or_more_codes_than_vectors(widths, n_codes, n_vectors, rows, moving_average):
    model = ae.VectorQuantizedAutoencoder(
        widths, n_codes, n_vectors, moving_average=moving_average, activation=ae.Tanh, dtype="float64", rng=0
    )
    x = RNG.random((rows, widths[0]))
    model.fit(x, epochs=2, batch_size=2, rng=0)
    assert np.isfinite(model.reconstruct(x)).all()
    assert 1 <= model.perplexity(x) <= min(n_codes, rows * n_vectors) + 1e-12
    report = ae.check_gradients(model, x)
    assert not [tensor.name for tensor in report.tensors if tensor.verdict == "fail"]


def test_equal_codes_and_equal_entries_choose_the_first():
    E = np.repeat([[0.5, -1.0]], 3, axis=0)
    np.testing.assert_array_equal(functions.nearest_entries(RNG.normal(size=(7, 2)), E), 0)
    model = quantized(restart=0.0)
    for parameter in model.encoder.parameters:
        parameter.value = np.zeros(parameter.shape)
    assert len(np.unique(model.indices(X))) == 1
    assert model.perplexity(X) == pytest.approx(1.0)
    assert model.unit_statistic(X).asleep.all()


def test_far_from_zero_the_nearest_entry_is_found_in_float32():
    E = np.array([[1e4], [1e4 + 1], [1e4 + 2]], np.float32)
    np.testing.assert_array_equal(functions.nearest_entries(E + np.float32(0.25), E), [[0], [1], [2]])


def test_perplexity_counts_what_is_in_use():
    assert functions.perplexity(np.array([5.0, 5.0, 0.0, 0.0])) == pytest.approx(2.0)
    assert functions.perplexity(np.ones(7)) == pytest.approx(7.0)
    assert functions.perplexity(np.array([0.0, 3.0])) == pytest.approx(1.0)


def test_a_quantised_code_is_made_of_entries_and_is_its_own_code():
    model = quantized()
    code, E = model.encode(X), model.codebook.E.value
    np.testing.assert_array_equal(code, E[model.indices(X)].reshape(code.shape))
    np.testing.assert_array_equal(model.codebook.apply(code), code)


@pytest.mark.parametrize("kind", [ae.VectorQuantizedAutoencoder, ae.AdversarialAutoencoder])
def test_a_classifier_trains_the_encoder(kind):
    classifier = ae.SoftmaxClassifier(kind([5, 6, 4], activation=ae.Tanh, dtype="float64", rng=0), 3, rng=0)
    assert ae.check_gradients(classifier, X, np.arange(7) % 3).verdict == "pass"


@pytest.mark.parametrize("kind", [ae.VectorQuantizedAutoencoder, ae.AdversarialAutoencoder])
def test_a_loss_that_measures_no_progress_is_not_compared(kind):
    model = kind([5, 3], rng=0)
    for options in ({"optimizer": ae.LBFGS()}, {"validation": X, "patience": 2}):
        with pytest.raises(ValueError, match="whose loss doesn't measure progress"):
            model.fit(X, **options)


# Masked: the loss on what was hidden


def masked(p, noise=ae.MaskingNoise, **options):
    return ae.DenoisingAutoencoder([5, 3], noise(p), loss_on="hidden", dtype="float64", rng=0, **options)


def test_the_loss_counts_hidden_entries_alone():
    model = masked(0.6)
    loss = float(model.loss(X, rng=3))
    keep, _ = model.corruption.draw(X.shape, np.random.default_rng(3))
    x_hat = model.decoder.apply(model.encoder.apply(keep * X))
    assert loss == pytest.approx(0.5 * (np.square(x_hat - X) * ~keep).sum() / len(X), rel=1e-13)


@pytest.mark.parametrize("noise", [ae.MaskingNoise, ae.SaltAndPepperNoise])
def test_all_hidden_is_the_loss_on_all_and_nothing_hidden_is_nothing(noise):
    everywhere = ae.DenoisingAutoencoder([5, 3], noise(1.0), dtype="float64", rng=0)
    assert float(masked(1.0, noise).loss(X, rng=3)) == float(everywhere.loss(X, rng=3))
    for one, other in zip(gradients(masked(1.0, noise)).values(), gradients(everywhere).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(masked(0.0, noise).loss(X, rng=3)) == 0
    assert not any(gradient.any() for gradient in gradients(masked(0.0, noise)).values())


def test_copying_what_is_seen_gains_nothing():
    model = ae.DenoisingAutoencoder([5, 5], ae.MaskingNoise(0.5), loss_on="hidden", activation=ae.Identity, dtype="float64")
    for parameter in model.parameters:
        parameter.value = np.eye(5) if len(parameter.shape) == 2 else np.zeros(5)
    loss = float(model.loss(X, rng=3))
    keep, _ = model.corruption.draw(X.shape, np.random.default_rng(3))
    assert loss == pytest.approx(0.5 * (np.square(X) * ~keep).sum() / len(X))  # 0 stands in the place of each


def test_a_masked_autoencoder_isnt_told_that_it_is_worse_than_pca_of_what_it_never_saw():
    x = ae.datasets.load_digits().x[:600]
    model = ae.DenoisingAutoencoder([64, 32], ae.MaskingNoise(0.75), loss_on="hidden", code_activation=ae.Identity, rng=0)
    history = model.fit(x, epochs=60, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
    assert np.square(model.reconstruct(x) - x).sum() > 0.5 * np.square(x - x.mean(axis=0)).sum()  # of all of x, at once
    assert ae.diagnose(model, x, history=history).codes == []


def test_without_the_option_settings_and_files_are_what_they_were(tmp_path):
    model = ae.DenoisingAutoencoder([5, 3], ae.MaskingNoise(0.5), rng=0)
    assert "loss_on" not in model.settings()
    assert "hidden_entries" not in model.parts
    hidden = masked(0.5)
    hidden.save(tmp_path / "model.npz")
    assert ae.load(tmp_path / "model.npz").loss_on == "hidden"


# Adversarial


def test_one_backward_lowers_the_discriminators_loss_and_raises_it_through_the_code():
    model = ae.AdversarialAutoencoder([5, 3], 0.7, n_hidden=6, dtype="float64", rng=0)

    def discrimination():
        model.loss(X, rng=3)
        return float(functions.discrimination(model.discrimination.logits))

    found = gradients(model, rng=3)
    for parameter in model.parameters:
        if parameter.name.startswith("discriminator"):
            np.testing.assert_allclose(found[parameter.name], numeric_gradient(discrimination, parameter.value), atol=1e-9)
    plain = gradients(ae.AdversarialAutoencoder([5, 3], 0.0, n_hidden=6, dtype="float64", rng=0), rng=3)
    encoder = model.parameters[0]
    reversed_share = found[encoder.name] - plain[encoder.name]
    np.testing.assert_allclose(reversed_share, -0.7 * numeric_gradient(discrimination, encoder.value), atol=1e-9)


def test_a_discriminator_that_cant_tell_pays_log_two():
    model = ae.AdversarialAutoencoder([5, 3], weight_decay=0.0, dtype="float64", rng=0)
    for parameter in model.discriminator.parameters:
        parameter.value = np.zeros(parameter.shape)
    model.loss(X, rng=0)
    assert float(functions.discrimination(model.discrimination.logits)) == pytest.approx(math.log(2))
    assert model.discriminator_accuracy(X, rng=0) == 0.5


def test_one_example_and_one_unit_are_enough_for_an_adversary():
    model = ae.AdversarialAutoencoder([1, 1], 5.0, n_hidden=1, dtype="float64", rng=0)
    x = np.array([[0.3]])
    model.fit(x, epochs=2, rng=0)
    assert np.isfinite(model.sample(4, rng=0)).all()
    assert ae.check_gradients(model, x).verdict != "fail"


# What they are for, on digits, in small


@pytest.fixture(scope="module")
def digits():
    return ae.datasets.load_digits().split(0.2, rng=0)


def fitted(model, x, epochs=40, rate=2e-3):
    model.fit(x, epochs=epochs, optimizer=ae.Adam(ae.CosineRate(rate)), rng=0)
    return model


def sse(model, x):
    return float(np.square(model.reconstruct(x) - x).sum(axis=1).mean())


def test_restart_keeps_entries_in_use_and_restores_better(digits):
    train, test = digits
    kinds = {restart: ae.VectorQuantizedAutoencoder([64, 64, 16], 32, restart=restart, activation=ae.GELU, rng=0)
             for restart in (0.0, 0.1)}  # fmt: skip
    without, with_it = (fitted(model, train.x) for model in kinds.values())
    assert len(np.unique(without.indices(train.x))) < 24  # of 32
    assert len(np.unique(with_it.indices(train.x))) == 32
    assert with_it.perplexity(train.x) > 1.5 * without.perplexity(train.x)
    assert sse(with_it, test.x) < 0.9 * sse(without, test.x)


def test_several_vectors_restore_more_than_one(digits):
    train, test = digits
    one, four = (fitted(ae.VectorQuantizedAutoencoder([64, 64, 16], 32, n, activation=ae.GELU, rng=0), train.x) for n in (1, 4))
    assert sse(four, test.x) < 0.8 * sse(one, test.x)


def test_an_adversarial_code_is_nearer_to_the_prior_at_nearly_the_same_error(digits):
    train, test = digits
    plain = ae.Autoencoder([64, 64, 8], activation=ae.GELU, code_activation=ae.Identity, rng=0)
    adversarial = ae.AdversarialAutoencoder([64, 64, 8], 0.1, activation=ae.GELU, rng=0)
    distances = []
    for model in (plain, adversarial):
        h = fitted(model, train.x).encode(test.x).astype(float)
        z, directions = (np.random.default_rng(1).normal(size=shape) for shape in (h.shape, (8, 100)))
        directions = directions / np.linalg.norm(directions, axis=0)
        difference = np.sort(h @ directions, axis=0) - np.sort(z @ directions, axis=0)
        distances.append(float(np.sqrt(np.square(difference).mean())))
    assert distances[1] < 0.5 * distances[0]
    assert sse(adversarial, test.x) < 1.1 * sse(plain, test.x)


def test_a_masked_autoencoder_fills_in_what_is_hidden(digits):
    train, test = digits
    model = fitted(ae.DenoisingAutoencoder(
        [64, 64, 32], ae.MaskingNoise(0.5), loss_on="hidden", activation=ae.GELU, code_activation=ae.Identity, rng=0
    ), train.x, rate=5e-3)  # fmt: skip
    keep, _ = model.corruption.draw(test.x.shape, np.random.default_rng(2))
    wrong = np.square(model.reconstruct(test.x * keep) - test.x)[~keep].mean()
    assert wrong < 0.7 * np.square(train.x.mean(axis=0) - test.x)[~keep].mean()




def test_a_monitor_shows_the_balance_of_encoder_and_discriminator():
    x = ae.datasets.load_digits().x[:300]
    monitor = ae.Monitor(x, epochs=3)
    ae.AdversarialAutoencoder([64, 8], rng=0).fit(x, epochs=3, rng=0, observer=monitor)
    balance = [snapshot.terms["discrimination"] for snapshot in monitor.snapshots]
    assert len(balance) == 3
    assert all(0 < value < 2 * math.log(2) for value in balance)
