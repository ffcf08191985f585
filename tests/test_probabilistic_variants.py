"""Bounds, likelihoods and priors: the options of the variational autoencoder, the importance-weighted and the Wasserstein one."""

import copy
import functools
import math
import sys
import tracemalloc

import fakecupy
import numpy as np
import pytest
from numeric import D, H, N, assert_close, numeric_gradient

import aescratch as ae
from aescratch import functions
from aescratch.codes import bounds
from aescratch.divergences import MaximumMeanDiscrepancy
from aescratch.inspection.diagnosis.finding import COMMAND_LINE
from aescratch.inspection.gradcheck import by_rule
from aescratch.inspection.tracing.language import evaluate, read

VAE, IWAE, WAE = ae.VariationalAutoencoder, ae.ImportanceWeightedAutoencoder, ae.WassersteinAutoencoder
X = np.random.default_rng(0).random((N, D))


def model_of(kind, *arguments, seed=1, **options):
    """A small model in float64, whose biases aren't zero."""
    model = kind([D, 4, H], *arguments, **{"activation": ae.Tanh, "dtype": "float64", "rng": 0, **options})
    r = np.random.default_rng(seed)
    for parameter in model.parameters:
        parameter.value = parameter.value + r.normal(0, 0.3, parameter.shape)
    return model


def gradients(model):
    model.backward()
    return {parameter.name: parameter.grad.copy() for parameter in model.parameters}


# Free bits


def divergences(model, x):
    return model.unit_statistic(x).values


def test_a_unit_below_its_free_bits_costs_them_and_has_no_gradient():
    plain = model_of(VAE)
    units = divergences(plain, X)
    between = float(np.sort(units)[:2].mean())  # one unit below, the others above
    model = model_of(VAE, free_bits=between)
    assert (divergences(model, X) == units).all()
    assert model.loss(X, rng=3) - plain.loss(X, rng=3) == pytest.approx(between - units.min(), rel=1e-9)
    asleep = int(units.argmin())
    held, free = model.divergence.backward(), plain.divergence.backward()
    for with_bits, without in zip(held, free, strict=True):
        assert not with_bits[:, asleep].any()
        others = [j for j in range(H) if j != asleep]
        np.testing.assert_array_equal(with_bits[:, others], without[:, others])


def test_free_bits_are_a_units_over_the_batch_and_not_an_examples():
    mu, zero = np.array([[2.0], [0.0]]), np.zeros((2, 1))  # 2 nats and none: 1 on average
    assert functions.free_bits_kl(mu, zero, 0.9) == pytest.approx(1.0)
    assert functions.free_bits_kl(mu, zero, 1.1) == pytest.approx(1.1)
    grad_mu, _ = functions.free_bits_kl_backward(mu, zero, 0.9)
    assert grad_mu[0, 0] == pytest.approx(1.0)  # of the second example, whose own divergence is 0, it is 0 by its mu
    assert not functions.free_bits_kl_backward(mu, zero, 1.0)[0].any()  # a tie is free


# Warm-up


def test_beta_rises_in_training_alone_step_by_step_and_then_stays():
    model, plain = (model_of(VAE, 0.7, warm_up=warm_up) for warm_up in (4, 0))
    reconstruction = functions.squared_error(plain.decoder.apply(z_of(plain, X, 3)), X)
    divergence = plain.loss(X, rng=3) - reconstruction
    assert model.loss(X, rng=3) == plain.loss(X, rng=3)
    with model.training():
        for step in range(7):
            share = min(step / 4, 1)
            assert model.loss(X, rng=3) == pytest.approx(reconstruction + share * divergence, rel=1e-12)
            found = gradients(model)
            if step == 2:
                half = model_of(VAE, 0.35)
                half.loss(X, rng=3)
                for name, gradient in gradients(half).items():
                    np.testing.assert_allclose(found[name], gradient, rtol=1e-12)
    assert model.loss(X, rng=3) == plain.loss(X, rng=3)
    assert model.buffers["divergence.steps"].value == 4


def z_of(model, x, seed):
    hidden = model.encoder.apply(x)
    mu, log_var = model.mean.apply(hidden), model.log_variance.apply(hidden)
    return mu + np.exp(log_var / 2) * np.random.default_rng(seed).standard_normal(mu.shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_training_with_all_options_goes_on_from_its_file_bit_for_bit(tmp_path, dtype):
    make = functools.partial(model_of, VAE, free_bits=0.1, warm_up=11, variance="fitted", dtype=dtype)
    options = {"batch_size": 3, "rng": 0, "validation": X[:2]}
    whole, first, second = make(), make(), make()
    history = whole.fit(X, epochs=6, **options)
    first.fit(X, epochs=2, checkpoint=tmp_path / "run", **options)
    assert second.fit(X, epochs=6, checkpoint=tmp_path / "run", **options).loss == history.loss
    assert whole.loss(X.astype(dtype), rng=0).dtype == dtype
    whole.save(tmp_path / "model")
    again = ae.load(tmp_path / "model")
    assert {name: buffer.value.item() for name, buffer in again.buffers.items()} == {
        "reconstruction.running_variance": second.likelihood.variance, "divergence.steps": 11,
    }  # fmt: skip
    assert again.loss(X.astype(dtype), rng=0) == second.loss(X.astype(dtype), rng=0)


def test_with_a_warm_up_losses_are_not_compared():
    model = model_of(VAE, warm_up=3)
    assert not model.loss_measures_progress
    assert model_of(VAE).loss_measures_progress
    for options in ({"patience": 3, "validation": X}, {"optimizer": ae.LBFGS()}):
        with pytest.raises(ValueError, match="whose loss doesn't measure progress"):
            model.fit(X, **options)


# A fitted variance


def test_the_fitted_variance_is_the_best_one_in_training_and_a_running_mean_of_it_in_use():
    model, x_hat = model_of(VAE, variance="fitted"), np.random.default_rng(1).normal(size=X.shape)
    loss = model.likelihood
    loss.in_training = True
    found, v = loss.forward(x_hat, X), float(((x_hat - X) ** 2).mean())
    costs = {share: functions.gaussian_cost(x_hat, X, share * v) for share in (0.9, 1.0, 1.1)}
    assert found == pytest.approx(costs[1.0], rel=1e-12)
    assert costs[1.0] < min(costs[0.9], costs[1.1])
    assert loss.variance == pytest.approx(0.9 + 0.1 * v)
    loss.in_training = False
    assert loss.forward(x_hat, X) == pytest.approx(functions.gaussian_cost(x_hat, X, 0.9 + 0.1 * v), rel=1e-12)
    np.testing.assert_allclose(loss.backward(), (x_hat - X) / (0.9 + 0.1 * v) / N, rtol=1e-12)
    assert model.decoder_variance == loss.variance


def test_a_batch_that_is_restored_exactly_ends_the_training_in_a_sentence():
    model = VAE([D, H], variance="fitted", rng=0)
    for parameter in model.parameters:
        parameter.value = 0 * parameter.value
    with pytest.raises(ae.TrainingDivergedError, match="the fitted variance is 0 if a whole batch is restored exactly"):
        model.fit(np.zeros((N, D), np.float32), epochs=1)


# Log-likelihoods, where they are known


def linear_gaussian(variance=0.3, seed=0):
    """A decoder x = z W + b + noise, and the log-density of x under it, which is N(b, Wᵀ W + variance)."""
    r = np.random.default_rng(seed)
    model = IWAE([D, H], variance=variance, dtype="float64", rng=0)
    W, b = r.normal(size=(H, D)), r.normal(size=D)
    precision = W @ W.T / variance + np.eye(H)
    head = np.linalg.solve(precision, W).T / variance  # mu of the true posterior; its variance, without correlations
    values = {
        "mean.W": head, "mean.b": -b @ head, "log_variance.W": np.zeros((D, H)),
        "log_variance.b": -np.log(np.diag(precision)), "decoder.W1": W, "decoder.b1": b,
    }  # fmt: skip
    for parameter in model.parameters:
        parameter.value = values[parameter.name]
    x = r.normal(size=(N, H)) @ W + b + math.sqrt(variance) * r.normal(size=(N, D))
    covariance = W.T @ W + variance * np.eye(D)
    squares = ((x - b) @ np.linalg.inv(covariance) * (x - b)).sum(axis=1)
    exact = -0.5 * (D * math.log(2 * math.pi) + np.linalg.slogdet(covariance)[1] + squares)
    return model, x, exact


def test_log_likelihood_is_that_of_a_linear_gaussian_model():
    model, x, exact = linear_gaussian()
    found = np.array([model.log_likelihood(x, 2000, rng=seed) for seed in range(16)])
    error = found.std(axis=0, ddof=1) / 4
    assert found.dtype == np.float64
    assert (abs(found.mean(axis=0) - exact) < 4 * error).all()
    assert error.max() < 0.02  # so a missing ½ log 2π, of 0.9 for each feature, would show


@pytest.mark.parametrize("kind", ["beta", "fitted"])
def test_log_likelihood_of_a_variational_model_has_its_own_variance(kind):
    model, x, _ = linear_gaussian()
    other = VAE([D, H], **({"beta": 0.3} if kind == "beta" else {"variance": "fitted"}), dtype="float64", rng=0)
    for parameter, value in zip(other.parameters, model.parameters, strict=True):
        parameter.value = value.value
    if kind == "fitted":
        other.likelihood.running_variance.value = np.array([0.3])
    np.testing.assert_array_equal(other.log_likelihood(x, 50, rng=1), model.log_likelihood(x, 50, rng=1))
    with pytest.raises(ValueError, match="expected beta above 0, since it is the decoder's variance here, got 0"):
        VAE([D, H], beta=0.0).log_likelihood(x)


def test_log_likelihood_of_a_bernoulli_decoder_is_an_integral():
    model = VAE([D, 1], reconstruction=ae.BinaryCrossEntropy(), dtype="float64", rng=0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    p = model.decode(nodes[:, None])
    log_p = (X[:, None] * np.log(p) + (1 - X[:, None]) * np.log(1 - p)).sum(axis=2)
    exact = np.log(np.exp(log_p) @ weights / weights.sum())
    found = np.array([model.log_likelihood(X, 1000, rng=seed) for seed in range(16)])
    assert (abs(found.mean(axis=0) - exact) < 4 * found.std(axis=0, ddof=1) / 4).all()


def test_log_likelihood_of_many_samples_takes_little_memory():
    model, x, _ = linear_gaussian()
    tracemalloc.start()
    model.log_likelihood(x, 100_000, rng=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6  # all samples at once would be 112 MB: 700,000 rows of 5, 3 and more numbers


def test_bounds_rise_with_the_samples_to_the_log_likelihood():
    model, x, exact = linear_gaussian(seed=3)
    many = np.tile(x, (150, 1))
    losses = {}
    for K in (1, 5, 50):
        other = with_samples(model, K)
        with_rows = functions.log_mean_exp(log_weights_of(other, many))
        losses[K] = with_rows.reshape(150, N).mean(axis=0)
        assert other.loss(many, rng=0) == pytest.approx(-with_rows.mean(), rel=1e-12)
    # Paired draws, so that no chance is left: in groups, the samples of the largest bound are those of the smaller ones.
    log_w = log_weights_of(with_samples(model, 50), x)
    by_group = [functions.log_mean_exp(log_w.reshape(-1, K)).reshape(N, -1).mean(axis=1) for K in (1, 5, 50)]
    assert (by_group[0] < by_group[1]).all()
    assert (by_group[1] < by_group[2]).all()
    assert losses[1].mean() < losses[5].mean() < losses[50].mean() < exact.mean()
    assert exact.mean() - losses[1].mean() > 5 * (exact.mean() - losses[50].mean())  # 6.4


def with_samples(model, K, **options):
    """The same model with another number of samples."""
    other = IWAE(model.widths, K, variance=model.variance, dtype="float64", rng=0, **options)
    for parameter, value in zip(other.parameters, model.parameters, strict=True):
        parameter.value = value.value
    return other


def log_weights_of(model, x):
    model.loss(x, rng=0)
    bound = model.bound
    return functions.log_weights(bound.log_p, bound.z, bound.mu, bound.log_var)


def test_one_sample_gives_the_variational_bound_with_a_sampled_divergence():
    variance = 0.4
    model, vae = model_of(IWAE, 1, variance=variance), model_of(VAE, variance)
    for one, other in zip(model.parameters, vae.parameters, strict=True):
        one.value = other.value
    loss = vae.loss(X, rng=3)
    hidden = vae.encoder.apply(X)
    mu, log_var = vae.mean.apply(hidden), vae.log_variance.apply(hidden)
    z = z_of(vae, X, 3)
    log_q = (-0.5 * (math.log(2 * math.pi) + log_var + (z - mu) ** 2 / np.exp(log_var))).sum(axis=1).mean()
    log_prior = (-0.5 * (math.log(2 * math.pi) + z**2)).sum(axis=1).mean()
    reconstruction = (loss - variance * functions.gaussian_kl(mu, log_var)) / variance
    constant = D / 2 * math.log(2 * math.pi * variance)
    assert model.loss(X, rng=3) == pytest.approx(reconstruction + constant + log_q - log_prior, rel=1e-12)


# The doubly reparameterised estimator


def averages(model, x, copies, batches):
    """The mean gradient over many draws, and its standard error, entry by entry, by name."""
    many, found = np.tile(x, (copies, 1)), []
    for seed in range(batches):
        model.loss(many, rng=seed)
        found.append(gradients(model))
    stacked = {name: np.stack([each[name] for each in found]) for name in found[0]}
    return {name: (g.mean(axis=0), g.std(axis=0, ddof=1) / math.sqrt(batches)) for name, g in stacked.items()}


@pytest.mark.parametrize("K", [1, 4])
def test_both_estimators_have_one_mean_and_the_decoder_has_the_derivative_of_both(K):
    plain, doubly = (model_of(IWAE, K, estimator=name, variance=0.5) for name in ("plain", "dreg"))
    x, differ = X[:3], 0.0
    of_plain = averages(plain, x, 400, 40)
    for name, (mean, error) in averages(doubly, x, 400, 40).items():
        other, its_error = of_plain[name]
        scale = np.sqrt(error**2 + its_error**2)
        if name.startswith("decoder"):
            np.testing.assert_allclose(mean, other, rtol=1e-9)
        else:
            assert (abs(mean - other) < 5 * scale).all(), name
            differ = max(differ, float(abs(mean - other).max()))
    assert differ > 1e-6  # of single draws they are different numbers
    loss = {name: model.loss(x, rng=0) for name, model in (("plain", plain), ("dreg", doubly))}
    assert loss["plain"] == loss["dreg"]


def test_near_the_posterior_the_doubly_reparameterised_gradient_of_the_encoder_has_less_noise():
    model, x, _ = linear_gaussian()
    noise = {}
    for name in ("plain", "dreg"):
        found = averages(with_samples(model, 50, estimator=name), x, 1, 200)
        noise[name] = sum(float((error**2).sum()) for key, (_, error) in found.items() if not key.startswith("decoder"))
    assert noise["dreg"] < 0.2 * noise["plain"]


@pytest.mark.in_turn
def test_the_doubly_reparameterised_estimator_passes_as_what_it_is_and_fails_as_a_derivative(monkeypatch):
    model = model_of(IWAE, 3, estimator="dreg")
    report = ae.check_gradients(model, X, rng=3)
    assert report.verdict == "pass"
    assert {tensor.rule for tensor in report.tensors} == {"doubly reparameterised"}
    for part in (bounds.DoublyReparameterizedSamples, bounds.DoublyReparameterizedBound):
        with monkeypatch.context() as patch:
            undeclared = functools.wraps(part.backward)(lambda *a, right=part.backward: right(*a))
            del undeclared.declared
            patch.setattr(part, "backward", undeclared)
            assert ae.check_gradients(model, X, rng=3).verdict == "fail"


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("DoublyReparameterizedSamples", lambda right, part, *up: tuple(2 * g for g in right(part, *up))),
        ("DoublyReparameterizedSamples", lambda right, part, *up: bounds.SeveralSamples.backward(part, *up)),
        ("DoublyReparameterizedBound", lambda right, part: bounds.ImportanceBound.backward(part)),
        ("DoublyReparameterizedBound", lambda right, part: (right(part)[0], 0 * right(part)[1], *right(part)[2:])),
    ],
)
def test_another_rule_than_the_declared_one_is_found(monkeypatch, part, wrong):
    kind = getattr(bounds, part)
    right = kind.backward
    monkeypatch.setattr(kind, "backward", functools.wraps(right)(lambda self, *up: wrong(right, self, *up)))
    report = ae.check_gradients(model_of(IWAE, 3, estimator="dreg"), X, rng=3)
    assert report.verdict == "fail"
    assert "not-the-rule" in [finding.code for finding in report.findings]


@pytest.mark.in_turn(0)
def test_the_rule_equals_the_derivative_in_the_mean_over_the_draws(monkeypatch):
    """As a pair of functions: one unit, which the decoder shows as it is."""
    monkeypatch.setattr(by_rule, "DRAWS", 2000)
    x, K, v = np.array([[1.3]]), 2, 0.7

    def eps(mu, rng):
        return np.random.default_rng(rng).standard_normal((len(mu), K, mu.shape[1]))

    def log_p(z):
        return functions.gaussian_log_likelihood(functions.as_rows(z, K), x, v, K)

    def bound(mu, log_var, rng):
        z = functions.several_samples(mu, log_var, eps(mu, rng))
        return functions.importance_bound(log_p(z), z, mu, log_var)

    def estimate(mu, log_var, rng):
        noise = eps(mu, rng)
        z = functions.several_samples(mu, log_var, noise)
        grad_log_p, grad_z, _, _ = functions.importance_bound_backward(log_p(z), z, mu, log_var)
        grad_rows = functions.gaussian_log_likelihood_backward(grad_log_p, functions.as_rows(z, K), x, v, K)
        grad_z = (grad_z + functions.as_rows_backward(grad_rows, K)) * -grad_log_p[:, :, None]  # of one example
        return functions.several_samples_backward(grad_z, log_var, noise)

    declared = ae.surrogate_gradient(
        "doubly reparameterised", "Σ share grad_z", "Tucker et al. 2018",
        lambda mu, log_var, rng: tuple(1.0 * g for g in estimate(mu, log_var, rng)), in_the_mean=True,
    )(lambda mu, log_var, rng: estimate(mu, log_var, rng))  # fmt: skip
    inputs = {"mu": np.array([[-0.9]]), "log_var": np.array([[-1.0]]), "rng": 0}
    report = ae.check_function(bound, declared, inputs, wrt=("mu", "log_var"))
    assert report.verdict == "pass", str(report)
    assert {"mean_mu", "mean_log_var"} <= {tensor.name for tensor in report.tensors}


# The Wasserstein autoencoder


def test_the_discrepancy_of_one_distribution_is_0_on_average_and_grows_with_the_distance():
    r = np.random.default_rng(0)
    found = np.array([functions.mmd(r.normal(size=(11, H)), r.normal(size=(11, H)), 2.0 * H) for _ in range(4000)])
    assert abs(found.mean()) < 4 * found.std() / math.sqrt(len(found))
    assert (found < 0).any()
    z = r.normal(size=(500, H))
    moved = [functions.mmd(r.normal(size=(500, H)) + shift, z, 2.0 * H) for shift in (0.0, 0.5, 1.0, 3.0, 100.0)]
    assert moved == sorted(moved)
    assert moved[-1] == pytest.approx(2 * 0.55, abs=0.15)  # two sets that don't feel each other
    assert WAE([D, 4, H]).discrepancy.C == 2.0 * H


@pytest.mark.parametrize("where", ["near", "spread", "two clusters", "one far out", "all far out"])
def test_in_float32_the_discrepancy_of_codes_anywhere_is_that_in_float64(where):
    r = np.random.default_rng(0)
    h, z = r.normal(size=(2, 40, 5)).astype("float32")
    h *= 1000 if where == "spread" else 1
    h[::2] += 1000 if where == "two clusters" else 0
    h[0] += 1e4 if where == "one far out" else 0
    h += 1e5 if where == "all far out" else 0
    doubles = h.astype(float), z.astype(float), 10.0
    differences = (doubles[0][:, None] - np.stack(doubles[:2])[:, None])  # of codes, and of samples
    kernels = 10 / (10 + np.square(differences).sum(axis=-1))
    forces = (kernels[..., None] ** 2 * differences).sum(axis=2)
    expected = 4 / 10 * (forces[1] / 40 - forces[0] / 39) / 40
    found = functions.mmd(h, z, 10.0), functions.mmd_backward(h, z, 10.0)
    assert [each.dtype for each in found] == ["float32", "float32"]
    np.testing.assert_allclose(found[1], expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    own, prior = (10 / (10 + np.square(each[:, None] - each).sum(axis=2)) for each in doubles[:2])
    value = (own.sum() + prior.sum() - 80) / (40 * 39) - 2 * kernels[1].mean()
    assert float(found[0]) == pytest.approx(value, abs=1e-6)


def test_each_code_is_drawn_to_the_prior_and_pushed_from_the_others():
    h, z = np.array([[3.0], [3.1]]), np.array([[0.0], [0.0]])
    both = functions.mmd_backward(h, z, 2.0)[:, 0]
    assert both.sum() > 0  # a step against it brings them nearer to 0
    assert both[0] > both[1]  # and apart
    near, _ = functions.mmd_backward(np.array([[0.0], [0.5]]), z, 2.0)[:, 0]
    assert near > 0  # it is at the prior, and pushed away from there by the other


def test_training_makes_the_codes_together_look_like_the_prior():
    digits = ae.datasets.load_digits()
    train, test = digits.split(0.2, rng=0)
    found = {}
    for weight in (0.0, 30.0):
        model = WAE([64, 32, 8], weight, activation=ae.GELU, rng=0)
        model.fit(train.x, epochs=20, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
        h, z = model.encode(test.x).astype(float), np.random.default_rng(0).normal(size=(len(test), 8))
        sse = float(((model.reconstruct(test.x) - test.x) ** 2).sum(axis=1).mean())
        found[weight] = float(functions.mmd(h, z, 16.0)), sse
    assert found[0.0][0] > 0.1  # 0.22
    assert found[30.0][0] < 0.02  # 0.007
    assert found[30.0][1] < 1.4 * found[0.0][1]  # 1.49 by 1.21


def test_one_example_has_no_pair_and_is_refused_before_training_begins():
    model = WAE([D, 4, H], rng=0)
    with pytest.raises(ValueError, match="expected at least two examples, since the discrepancy compares pairs, got 1"):
        model.loss(X[:1])
    start = [parameter.value.copy() for parameter in model.parameters]
    with pytest.raises(ValueError, match=r"at least 2 examples, which discrepancy needs in training, got a last batch of 1"):
        model.fit(X, batch_size=3)
    with pytest.raises(ValueError, match=r"which discrepancy needs in the validation data too, got a last batch of 1"):
        model.fit(X, batch_size=4, validation=X[:5])
    for parameter, value in zip(model.parameters, start, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


# Hard settings


HARD = {
    "one unit": lambda: VAE([D, 1], free_bits=0.1, variance="fitted", dtype="float64", rng=0),
    "importance, one unit": lambda: IWAE([D, 1], 3, dtype="float64", rng=0),
    "one sample": lambda: IWAE([D, 4, H], 1, activation=ae.Tanh, dtype="float64", rng=0),
    "one sample, dreg": lambda: IWAE([D, 4, H], 1, estimator="dreg", activation=ae.Tanh, dtype="float64", rng=0),
    "many samples": lambda: IWAE([D, 4, H], 200, activation=ae.Tanh, dtype="float64", rng=0),
    "free bits that nothing reaches": lambda: VAE([D, 4, H], free_bits=1e6, activation=ae.Tanh, dtype="float64", rng=0),
    "tiny variance": lambda: IWAE([D, 4, H], 5, variance=1e-4, activation=ae.Tanh, dtype="float64", rng=0),
    "huge variance": lambda: IWAE([D, 4, H], 5, variance=1e6, activation=ae.Tanh, dtype="float64", rng=0),
    "wasserstein, one unit": lambda: WAE([D, 1], dtype="float64", rng=0),
    "no weight": lambda: WAE([D, 4, H], 0.0, activation=ae.Tanh, dtype="float64", rng=0),
    "wide code": lambda: WAE([D, 13], activation=ae.Tanh, dtype="float64", rng=0),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("n", [1, 2])
def test_hard_settings_give_right_gradients(name, n):
    model = HARD[name]()
    if n < max(part.least_in_use for part in model.parts.values()):
        with pytest.raises(ValueError, match="expected at least two examples"):
            model.loss(X[:n])
        return
    report = ae.check_gradients(model, X[:n], rng=3)
    wrong = [tensor for tensor in report.tensors if tensor.verdict == "fail"]
    assert not wrong, str(report)
    assert math.isfinite(model.loss(X[:n], rng=3))


def test_all_codes_equal_and_codes_far_away():
    same, z = np.full((N, H), 2.0), np.random.default_rng(0).normal(size=(N, H))
    for h in (same, 1e6 * same, same.astype(np.float32)):
        loss, gradient = functions.mmd(h, z.astype(h.dtype), 2.0 * H), functions.mmd_backward(h, z.astype(h.dtype), 2.0 * H)
        assert np.isfinite(loss)
        assert np.isfinite(gradient).all()
        np.testing.assert_allclose(gradient, np.broadcast_to(gradient[0], gradient.shape), rtol=1e-5)
    assert functions.mmd(1e6 * same, z, 6.0) == pytest.approx(1 + functions.inverse_multiquadric(z, z, 6.0)[~np.eye(N, dtype=bool)].mean())


def test_weights_that_no_exponential_could_hold():
    log_w = np.array([[-2000.0, -2001.0], [900.0, 900.0], [-1e308, 0.0]])
    np.testing.assert_allclose(functions.log_mean_exp(log_w), [-2000 + math.log((1 + math.exp(-1)) / 2), 900.0, -math.log(2)])
    np.testing.assert_allclose(functions.importance_weights(log_w).sum(axis=1), 1)


REFUSED = {
    "expected free_bits to be a number of at least 0": lambda: VAE([D, H], free_bits=-0.1),
    "expected warm_up": lambda: VAE([D, H], warm_up=2.5),
    'expected variance to be "fitted", or to be left out, got 0.1': lambda: VAE([D, H], variance=0.1),
    "expected SquaredError\\(\\) with a fitted variance": lambda: VAE(
        [D, H], variance="fitted", reconstruction=ae.BinaryCrossEntropy()
    ),
    "expected n_samples": lambda: IWAE([D, H], 0),
    'expected estimator to be "plain" or "dreg", got \'best\'': lambda: IWAE([D, H], estimator="best"),
    "expected variance to be": lambda: IWAE([D, H], variance="fitted"),
    "expected neither tied nor code_activation for an ImportanceWeightedAutoencoder": lambda: IWAE([D, H], tied=True),
    "expected no code_activation for a WassersteinAutoencoder": lambda: WAE([D, H], code_activation=ae.ReLU),
    "expected weight to be": lambda: WAE([D, H], -1.0),
    "expected n_samples to be": lambda: VAE([D, H]).log_likelihood(X, 0),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_settings_that_make_no_sense_are_refused(sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        REFUSED[sentence]()


def test_a_loss_that_is_no_likelihood_is_refused():
    class Absolute(ae.Loss):
        def settings(self):
            return {}

    with pytest.raises(ValueError, match=r"expected SquaredError\(\) or BinaryCrossEntropy\(\) for an ImportanceWeighted"):
        IWAE([D, H], reconstruction=Absolute())


# What is said of them


def test_check_meaning_names_what_is_mistaken_easily(monkeypatch):
    def averaged(log_p, z, mu, log_var):  # the mean of the logarithms
        return -functions.log_weights(log_p, z, mu, log_var).mean()

    monkeypatch.setattr(functions, "importance_bound", averaged)
    report = ae.check_meaning(model_of(IWAE, 3))
    causes = [finding.cause for finding in report.findings]
    assert "it averages the logarithms, where it should take the logarithm of the average" in causes
    monkeypatch.setattr(
        functions, "mmd",
        lambda h, z, C: (functions.inverse_multiquadric(h, h, C) + functions.inverse_multiquadric(z, z, C)
                         - 2 * functions.inverse_multiquadric(h, z, C)).mean(),
    )  # fmt: skip
    report = ae.check_meaning(model_of(WAE))
    assert "it is biased: a point's kernel with itself counts" in [finding.cause for finding in report.findings]
    monkeypatch.setattr(
        functions, "free_bits_kl",
        lambda mu, log_var, lam: np.maximum(-0.5 * (1 + log_var - mu**2 - np.exp(log_var)), lam).sum(axis=1).mean(),
    )
    report = ae.check_meaning(model_of(VAE, free_bits=0.5))
    assert "each example has free bits, where each unit should have them on average over the batch" in [
        finding.cause for finding in report.findings]  # fmt: skip


class FirstSampleAlone(IWAE):
    """Its bound is of the first sample alone."""

    def loss(self, x, rng=None):
        x, rng = self.as_batch(x), self.noise(rng)
        hidden = self.encoder.forward(x, rng)
        mu, log_var = self.mean.forward(hidden), self.log_variance.forward(hidden)
        z = self.sampling.forward(mu, log_var, rng)
        x_hat = self.decoder.forward(functions.as_rows(z, self.n_samples), rng)
        log_p = self.likelihood.forward(x_hat, x)
        return self.bound.forward(log_p[:, :1], z[:, :1], mu, log_var) + self.decay.forward()


def test_check_meaning_sees_a_bound_of_one_sample():
    causes = [finding.cause for finding in ae.check_meaning(model_of(FirstSampleAlone, 3)).findings]
    assert causes == ["in the term bound, it takes the first sample only"]


def test_a_step_of_the_doubly_reparameterised_estimator_is_traced_whole():
    trace = ae.trace(model_of(IWAE, 2, estimator="dreg"), X[:3])
    assert all(operation.agrees for operation in trace)
    assert any("share" in operation.name for operation in trace)


def test_floor_is_a_word_of_the_language_of_formulas():
    rows = evaluate(read("rows[m,j] = z[floor(m / 2), m - 2 * floor(m / 2), j]"), {"z": np.arange(12.0).reshape(3, 2, 2)}, (6, 2))
    np.testing.assert_array_equal(rows, np.arange(12.0).reshape(6, 2))


def test_the_stand_in_for_a_gpu_gives_the_same_numbers(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fakecupy.cupy)
    for make in (
        lambda: model_of(IWAE, 3, estimator="dreg"), lambda: model_of(VAE, variance="fitted", warm_up=3),
        lambda: model_of(VAE, reconstruction=ae.BinaryCrossEntropy()),
    ):  # fmt: skip
        host, device = make(), make().to("cupy")
        x = fakecupy.cupy.asarray(X)
        with host.training(), device.training():
            for _ in range(2):
                assert device.loss(x, rng=3).get() == host.loss(X, rng=3)
        for name, gradient in gradients(host).items():
            np.testing.assert_array_equal(gradients(device)[name].get(), gradient)
        found = device.log_likelihood(x, 30, rng=1)
        assert type(found) is fakecupy.ndarray
        np.testing.assert_array_equal(found.get(), host.log_likelihood(X, 30, rng=1))


def test_copies_keep_their_count_of_steps_and_their_variance():
    model = model_of(VAE, warm_up=9, variance="fitted")
    model.fit(X, epochs=3, batch_size=4, rng=0)
    twin = copy.deepcopy(model)
    model.fit(X, epochs=1, batch_size=4, rng=0)
    assert twin.buffers["divergence.steps"].value == 6
    assert model.buffers["divergence.steps"].value == 8
    assert twin.likelihood.variance != model.likelihood.variance


# Trainings on the digits


@pytest.fixture(scope="module")
def digits():
    return ae.datasets.load_digits().split(0.2, rng=0)


def trained(kind, widths, digits, epochs=30, **options):
    model = kind(widths, activation=ae.GELU, rng=0, **options)
    history = model.fit(digits[0].x, epochs=epochs, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
    sse = float(((model.reconstruct(digits[1].x) - digits[1].x) ** 2).sum(axis=1).mean())
    return model, history, int((~model.unit_statistic(digits[1].x).asleep).sum()), sse


def test_free_bits_wake_a_collapsed_code_and_a_fitted_variance_too(digits):
    _, history, awake, sse = trained(VAE, [64, 32, 8], digits)
    assert (awake, history.diagnosis.codes[1]) == (0, "posterior-collapsed")
    assert "free_bits=0.5" in history.diagnosis[1].advice
    assert "warm_up" not in history.diagnosis[1].advice  # an empty code is the objective's optimum here
    for options in ({"free_bits": 1.0}, {"variance": "fitted"}):
        _, history, awake, better = trained(VAE, [64, 32, 8], digits, **options)
        assert awake == 8
        assert better < 0.4 * sse  # 1.55 and 1.23, by 4.66
        assert history.diagnosis.codes == []


@pytest.mark.in_turn
def test_a_warm_up_leads_past_an_empty_code_that_is_no_optimum(digits):
    found = {}
    for warm_up in (0, 1000):
        model = VAE([64, 64, 64, 16], beta=0.1, warm_up=warm_up, rng=0)
        model.fit(digits[0].x, epochs=60, optimizer=ae.Adam(ae.CosineRate(5e-3)), rng=0)
        sse = float(((model.reconstruct(digits[1].x) - digits[1].x) ** 2).sum(axis=1).mean())
        found[warm_up] = int((~model.unit_statistic(digits[1].x).asleep).sum()), sse
    assert found[1000][0] > found[0][0]  # 11 units, by 9
    assert found[1000][1] < 0.75 * found[0][1]  # 1.20, by 2.03


def test_advice_for_a_collapse_that_is_no_optimum_names_a_warm_up_as_the_caller_writes_it(digits):
    model = VAE([64, 8], beta=0.05, rng=0)
    for parameter in (model.mean.W, model.log_variance.W, model.decoder.layers[0].W):
        parameter.value = 0 * parameter.value
    model.decoder.layers[-1].b.value = digits[0].x.mean(axis=0)
    found = {finding.code: finding for finding in ae.diagnose(model, digits[0].x, spelling=COMMAND_LINE)}
    assert "--warm-up 1000, --free-bits 0.5, or --beta" in found["posterior-collapsed"].advice


HEALTHY = {
    "importance-weighted": (IWAE, {"variance": 0.03}),
    "dreg": (IWAE, {"variance": 0.03, "estimator": "dreg", "n_samples": 3}),
    "wasserstein": (WAE, {"weight": 40.0}),
    "fitted": (VAE, {"variance": "fitted", "warm_up": 200}),
    "free bits": (VAE, {"beta": 0.03, "free_bits": 0.2}),
}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_trainings_have_no_findings(name, digits):
    kind, options = HEALTHY[name]
    _, history, awake, sse = trained(kind, [64, 32, 8], digits, **options)
    assert awake == 8
    assert sse < 1.7
    assert history.diagnosis.codes == []


def test_a_collapsed_importance_weighted_code_is_said_to_be_one(digits):
    model, history, _, _ = trained(IWAE, [64, 8], digits, epochs=20)
    assert model.unit_statistic(digits[0].x).values.max() < 0.1
    assert history.diagnosis.codes == ["no-better-than-mean", "posterior-collapsed"]
    assert "variance=" in history.diagnosis[1].advice


def test_gradients_by_an_oracle_of_the_tests_own():
    for model in (model_of(VAE, free_bits=0.3, variance="fitted"), model_of(IWAE, 3), model_of(WAE)):
        model.loss(X, rng=3)
        for parameter, gradient in zip(model.parameters, gradients(model).values(), strict=True):
            numeric = numeric_gradient(lambda model=model: model.loss(X, rng=3), parameter.value)
            assert_close(gradient, numeric)


def test_parts_refuse_what_doesnt_fit():
    bound = bounds.ImportanceBound()
    with pytest.raises(ValueError, match=r"expected K samples for each of the 7 rows of mu, z \(N, K, 3\) and log_p \(N, K\)"):
        bound.forward(np.zeros((N, 2)), np.zeros((N, 3, H)), np.zeros((N, H)), np.zeros((N, H)))
    with pytest.raises(ValueError, match="expected K rows like those of x for each of its 7 rows"):
        bounds.GaussianLikelihood(1.0).forward(np.zeros((N + 1, D)), X)
    for options in ({}, {"estimator": "dreg", "reconstruction": ae.BinaryCrossEntropy()}):
        model = model_of(IWAE, 2, **options)
        model.loss(X, rng=0)
        with pytest.raises(ValueError, match=r"expected grad_log_p of shape \(7, 2\), that of forward's output, got shape \(1, 2\)"):
            model.likelihood.backward(np.zeros((1, 2)))
        with pytest.raises(ValueError, match=r"expected grad_z of shape \(7, 2, 3\), that of forward's output, got shape \(1, 2, 3\)"):
            model.sampling.backward(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="expected C to be"):
        MaximumMeanDiscrepancy(1.0, 0.0)
