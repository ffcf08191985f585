"""What the formulas, losses, penalties, samplers, corruptions and initialisers mean, by a second route.

A gradient check compares a forward with its own backward, and so cannot see a wrong forward whose backward matches.
Here each value is found again in another way: in plain Python, by SciPy's distributions, by quadrature, or by drawing
many samples. Random draws have a stated standard error, and a bound of four of them.
"""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

import aescratch as ae
from aescratch import functions
from aescratch.functions.formula import Term

N, D, H = 7, 5, 3
X = np.random.default_rng(0).random((N, D))
X_HAT = np.random.default_rng(1).normal(size=(N, D))
MU = np.random.default_rng(2).normal(size=(N, H))
LOG_VAR = np.random.default_rng(3).normal(size=(N, H))
LABELS = np.array([0, 4, 2, 2, 1, 3, 0])


def mean_of_sums(term, *matrices):
    """The mean over rows of the sum of a term over columns, in plain Python."""
    examples = zip(*(matrix.tolist() for matrix in matrices), strict=True)
    sums = [math.fsum(term(*entries) for entries in zip(*rows, strict=True)) for rows in examples]
    return math.fsum(sums) / len(sums)


# Losses


def test_squared_error_is_half_the_sum_of_squares():
    assert functions.squared_error(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [2.0, 4.0]])) == 6.25
    expected = mean_of_sums(lambda a, b: 0.5 * (a - b) ** 2, X_HAT, X)
    assert functions.squared_error(X_HAT, X) == pytest.approx(expected, rel=1e-14)


def test_squared_error_is_a_gaussians_negative_log_likelihood():
    log_likelihood = stats.norm.logpdf(X, loc=X_HAT, scale=1).sum(axis=1).mean()
    expected = -log_likelihood - 0.5 * D * math.log(2 * math.pi)
    assert functions.squared_error(X_HAT, X) == pytest.approx(expected, rel=1e-13)


def test_binary_cross_entropy_is_bernoullis_negative_log_likelihood():
    binary = (X > 0.5).astype(float)
    log_likelihood = stats.bernoulli.logpmf(binary, special.expit(X_HAT)).sum(axis=1).mean()
    assert functions.binary_cross_entropy(X_HAT, binary) == pytest.approx(-log_likelihood, rel=1e-13)


def test_binary_cross_entropy_of_grey_pixels():
    def term(logit, x):
        p = 1 / (1 + math.exp(-logit))
        return -x * math.log(p) - (1 - x) * math.log(1 - p)

    assert functions.binary_cross_entropy(X_HAT, X) == pytest.approx(mean_of_sums(term, X_HAT, X), rel=1e-13)


def test_binary_cross_entropy_is_least_at_the_data():
    entropy = stats.bernoulli.entropy(X).sum(axis=1).mean()
    assert functions.binary_cross_entropy(special.logit(X), X) == pytest.approx(entropy, rel=1e-13)
    assert functions.binary_cross_entropy(special.logit(X) + 0.01, X) > entropy


def test_softmax_cross_entropy_is_the_label_against_logsumexp():
    expected = np.mean([special.logsumexp(row) - row[label] for row, label in zip(X_HAT, LABELS, strict=True)])
    assert functions.softmax_cross_entropy(X_HAT, LABELS) == pytest.approx(expected, rel=1e-13)
    assert functions.softmax_cross_entropy(np.zeros((N, D)), LABELS) == pytest.approx(math.log(D), rel=1e-14)


def test_softmax_is_a_distribution():
    np.testing.assert_allclose(functions.softmax(X_HAT), special.softmax(X_HAT, axis=1), rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_logits_cost_what_they_are_wrong_by(dtype):
    big = np.array([[1e4, -1e4]], dtype)
    right, wrong = np.array([[1, 0]], dtype), np.array([[0, 1]], dtype)
    assert functions.binary_cross_entropy(big, right) == 0
    assert functions.binary_cross_entropy(big, wrong) == 2e4
    assert functions.softmax_cross_entropy(big, np.array([0])) == 0
    assert functions.softmax_cross_entropy(big, np.array([1])) == 2e4
    assert functions.softmax(big).tolist() == [[1, 0]]
    assert functions.sigmoid(big).tolist() == [[1, 0]]


# What all terms share: a sum over features or units, a mean over the batch

def as_drawn(name, formula):
    """A loss or a penalty that the sheet says nothing more of, of what it is given and with its numbers."""
    inputs = formula.inputs(np.random.default_rng(0), N, D, H)
    numbers = [inputs.pop(number) for number in formula.numbers]
    return lambda *arrays: getattr(functions, name)(*arrays, *numbers), tuple(inputs.values())


TERMS = {
    **{name: as_drawn(name, f) for name, f in functions.FORMULAS.items() if isinstance(f, Term) and f.use},
    "squared_error": (functions.squared_error, (X_HAT, X)),
    "binary_cross_entropy": (functions.binary_cross_entropy, (X_HAT, X)),
    "kl_sparsity": (lambda h: functions.kl_sparsity(h, 0.1), (X,)),
    "l1_sparsity": (functions.l1_sparsity, (X_HAT,)),
    "contraction": (functions.contraction, (X, np.random.default_rng(4).normal(size=(11, D)))),
    "gaussian_kl": (functions.gaussian_kl, (MU, LOG_VAR)),
}


def per_example(name):
    term, arguments = TERMS[name]
    return term, arguments[:1] if name == "contraction" else arguments, arguments[1:] if name == "contraction" else ()


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_a_mean_over_the_batch(name):
    term, batch, rest = per_example(name)
    assert term(*(np.tile(a, (3, 1)) for a in batch), *rest) == pytest.approx(term(*batch, *rest), rel=1e-13)


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_a_sum_over_features(name):
    term, arguments = TERMS[name]
    assert term(*(np.tile(a, (1, 3)) for a in arguments)) == pytest.approx(3 * term(*arguments), rel=1e-13)


def test_classes_are_a_mean_over_the_batch():
    once = functions.softmax_cross_entropy(X_HAT, LABELS)
    assert functions.softmax_cross_entropy(np.tile(X_HAT, (3, 1)), np.tile(LABELS, 3)) == pytest.approx(once, rel=1e-13)


# Penalties


def kl(rho, rho_hat):
    return rho * math.log(rho / rho_hat) + (1 - rho) * math.log((1 - rho) / (1 - rho_hat))


def test_kl_sparsity_is_zero_where_the_mean_is_rho_and_positive_elsewhere():
    h = np.full((N, H), 0.2)
    assert functions.kl_sparsity(h, 0.2) == pytest.approx(0, abs=1e-15)  # the mean of 0.2 is 0.2 but for rounding
    for rho in (0.01, 0.19, 0.21, 0.9):
        assert functions.kl_sparsity(h, rho) == pytest.approx(H * kl(rho, 0.2), rel=1e-12)
        assert functions.kl_sparsity(h, rho) > 0


def test_kl_sparsity_is_a_sum_over_units_in_plain_python():
    expected = sum(kl(0.05, math.fsum(unit) / N) for unit in X.T.tolist())
    assert functions.kl_sparsity(X, 0.05) == pytest.approx(expected, rel=1e-13)


def test_kl_sparsity_asks_for_a_mean_and_not_for_each_example():
    h = np.array([[0.02], [0.18]])  # their mean is 0.1, neither of them is
    assert functions.kl_sparsity(h, 0.1) == pytest.approx(0, abs=1e-15)
    assert (kl(0.1, 0.02) + kl(0.1, 0.18)) / 2 > 0.05  # what the per-example form would give
    gradient = functions.kl_sparsity_backward(np.array([[0.02], [0.38]]), 0.1)  # the mean is 0.2
    expected = (-0.1 / 0.2 + 0.9 / 0.8) / 2
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)  # the same for both, which only the mean can tell


def test_l1_sparsity_is_a_sum_of_absolute_values():
    assert functions.l1_sparsity(np.array([[1.0, -3.0], [0.0, 2.0]])) == 3.0
    assert functions.l1_sparsity(X_HAT) == pytest.approx(mean_of_sums(abs, X_HAT), rel=1e-14)


def test_penalties_carry_their_weight_once():
    assert ae.KLSparsity(0.05, 0.7).forward(X) == pytest.approx(0.7 * functions.kl_sparsity(X, 0.05), rel=1e-14)
    assert ae.L1Sparsity(0.7).forward(X_HAT) == pytest.approx(0.7 * functions.l1_sparsity(X_HAT), rel=1e-14)


# The Gaussian code


def test_gaussian_kl_is_zero_only_at_the_prior():
    zeros = np.zeros((N, H))
    assert functions.gaussian_kl(zeros, zeros) == 0
    for mu, log_var in itertools.product((-0.1, 0.0, 2.0), (-3.0, -0.01, 0.0, 0.01, 1.0)):
        if (mu, log_var) != (0, 0):
            assert functions.gaussian_kl(zeros + mu, zeros + log_var) > 0


@pytest.mark.parametrize(("mu", "log_var"), [(0.7, -1.2), (-2.0, 0.5), (0.0, 1.5), (0.3, 0.0)])
def test_gaussian_kl_is_the_integral(mu, log_var):
    q, p = stats.norm(mu, math.exp(log_var / 2)), stats.norm(0, 1)
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mu - 20, mu + 20, points=[mu])
    assert functions.gaussian_kl(np.array([[mu]]), np.array([[log_var]])) == pytest.approx(integral, rel=1e-8)


DRAWS = 200_000
CODE_MU, CODE_LOG_VAR = np.array([0.7, -1.0, 0.0]), np.array([-1.2, 1.0, 0.0])


@pytest.fixture(scope="module")
def samples():
    """Many draws from three codes, as the layer of a variational autoencoder draws them."""
    shape = (DRAWS, len(CODE_MU))
    mu, log_var = np.broadcast_to(CODE_MU, shape), np.broadcast_to(CODE_LOG_VAR, shape)
    return ae.Sampling().forward(mu, log_var, np.random.default_rng(0))


def test_the_samplers_mean_is_mu(samples):
    standard_error = np.exp(CODE_LOG_VAR / 2) / math.sqrt(DRAWS)  # 0.001 to 0.004
    assert (abs(samples.mean(axis=0) - CODE_MU) < 4 * standard_error).all()


def test_the_samplers_variance_is_exp_of_log_var(samples):
    variance = np.exp(CODE_LOG_VAR)
    standard_error = variance * math.sqrt(2 / DRAWS)  # 0.3 %; exp(2 log_var) would be off by 70 % and more
    assert (abs(samples.var(axis=0) - variance) < 4 * standard_error).all()


def test_the_samples_are_normal_and_independent(samples):
    standard = (samples - CODE_MU) / np.exp(CODE_LOG_VAR / 2)
    for unit in standard.T:
        assert stats.kstest(unit, "norm").pvalue > 0.001
    correlation = np.corrcoef(standard.T)[np.triu_indices(3, 1)]
    assert (abs(correlation) < 4 / math.sqrt(DRAWS)).all()
    assert abs(np.corrcoef(standard[:-1, 0], standard[1:, 0])[0, 1]) < 4 / math.sqrt(DRAWS)


def test_a_monte_carlo_kl_of_the_samples_agrees_with_the_closed_form(samples):
    q, p = stats.norm(CODE_MU, np.exp(CODE_LOG_VAR / 2)), stats.norm(0, 1)
    estimates = (q.logpdf(samples) - p.logpdf(samples)).sum(axis=1)
    standard_error = estimates.std() / math.sqrt(DRAWS)  # 0.0048 beside a KL of 1.355; exp(log_var) for σ gives 3.07
    closed = functions.gaussian_kl(CODE_MU[None], CODE_LOG_VAR[None])
    assert abs(estimates.mean() - closed) < 4 * standard_error
    assert standard_error < 0.005


def test_sampling_repeats_with_its_seed_and_not_without():
    draw = lambda seed: ae.Sampling().forward(MU, LOG_VAR, np.random.default_rng(seed))  # noqa: E731
    assert (draw(1) == draw(1)).all()
    assert (draw(1) != draw(2)).all()


# GELU


GRID = np.linspace(-8, 8, 160_001)


def test_gelu_is_a_times_the_normal_distribution_function():
    np.testing.assert_allclose(functions.gelu(GRID), GRID * stats.norm.cdf(GRID), atol=1e-14)
    slope = stats.norm.cdf(GRID) + GRID * stats.norm.pdf(GRID)
    np.testing.assert_allclose(functions.gelu_slope(GRID), slope, atol=1e-14)


def test_gelu_tanh_is_the_papers_approximation():
    expected = 0.5 * GRID * (1 + np.tanh(math.sqrt(2 / math.pi) * (GRID + 0.044715 * GRID**3)))
    np.testing.assert_allclose(functions.gelu_tanh(GRID), expected, atol=1e-14)


def test_the_two_gelus_differ_by_what_the_documentation_says():
    value = abs(functions.gelu(GRID) - functions.gelu_tanh(GRID)).max()
    slope = abs(functions.gelu_slope(GRID) - functions.gelu_tanh_slope(GRID)).max()
    assert f"{value:.1e}" == "4.7e-04"  # 4.732e-4
    assert f"{slope:.1e}" == "8.7e-04"  # 8.685e-4


@pytest.mark.parametrize(("name", "exact"), [
    ("sigmoid", special.expit), ("tanh", np.tanh), ("relu", lambda a: np.where(a > 0, a, 0)), ("identity", lambda a: a),
])  # fmt: skip
def test_activations_are_what_their_names_say(name, exact):
    np.testing.assert_allclose(getattr(functions, name)(GRID), exact(GRID), rtol=1e-13)


# Corruption: entries between 0.2 and 0.8, so that a hit shows


SHAPE = (4000, 50)
CLEAN = np.random.default_rng(5).uniform(0.2, 0.8, SHAPE)
P = 0.3
HITS = {"masking": ae.MaskingNoise(P), "salt-and-pepper": ae.SaltAndPepperNoise(P)}


def corrupt(corruption, seed=0, x=CLEAN):
    return corruption.forward(x, np.random.default_rng(seed))


@pytest.mark.parametrize("name", HITS)
def test_the_share_of_entries_hit_is_p(name):
    share = (corrupt(HITS[name]) != CLEAN).mean()
    assert abs(share - P) < 4 * math.sqrt(P * (1 - P) / CLEAN.size)  # standard error 0.0010


def test_masking_sets_to_zero_and_rescales_nothing():
    x_tilde = corrupt(HITS["masking"])
    assert ((x_tilde == 0) | (x_tilde == CLEAN)).all()


def test_salt_and_pepper_sets_to_zero_or_one_half_each_way_and_rescales_nothing():
    x_tilde = corrupt(HITS["salt-and-pepper"])
    hit = x_tilde[x_tilde != CLEAN]
    assert set(np.unique(hit)) == {0, 1}
    assert abs(hit.mean() - 0.5) < 4 * 0.5 / math.sqrt(hit.size)  # standard error 0.0020


@pytest.mark.parametrize("name", HITS)
def test_hits_are_independent_over_entries(name):
    hit = (corrupt(HITS[name]) != CLEAN).astype(float)
    for axis in (0, 1):  # hits per column and per row have a binomial's variance; whole rows would have 50 times it
        counts = hit.sum(axis=axis)
        expected = hit.shape[axis] * P * (1 - P)
        assert abs(counts.var(ddof=1) / expected - 1) < 4 * math.sqrt(2 / (counts.size - 1))
    for a, b in ((hit[:, 1:], hit[:, :-1]), (hit[1:], hit[:-1])):  # neighbours are uncorrelated
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / math.sqrt(a.size)


def test_gaussian_noise_has_its_standard_deviation():
    noise = corrupt(ae.GaussianNoise(0.3)) - CLEAN
    assert abs(noise.mean()) < 4 * 0.3 / math.sqrt(noise.size)  # standard error 0.0007
    assert abs(noise.std() - 0.3) < 4 * 0.3 / math.sqrt(2 * noise.size)  # standard error 0.0005
    assert stats.kstest(noise.ravel() / 0.3, "norm").pvalue > 0.001
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 4 / math.sqrt(noise.size)
    assert abs(np.corrcoef(noise.ravel(), CLEAN.ravel())[0, 1]) < 4 / math.sqrt(noise.size)


CORRUPTIONS = [ae.GaussianNoise(0.3), *HITS.values()]


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
def test_damage_repeats_with_its_seed_and_is_drawn_anew_otherwise(corruption):
    assert (corrupt(corruption, 1) == corrupt(corruption, 1)).all()
    assert (corrupt(corruption, 1) != corrupt(corruption, 2)).mean() > 0.3
    rng = np.random.default_rng(1)
    assert (corruption.forward(CLEAN, rng) != corruption.forward(CLEAN, rng)).mean() > 0.3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=repr)
def test_damage_keeps_the_dtype_and_leaves_the_clean_input_alone(corruption, dtype):
    x = CLEAN.astype(dtype)
    before = x.copy()
    assert corrupt(corruption, x=x).dtype == dtype
    assert (x == before).all()


@pytest.mark.parametrize("kind", [ae.GaussianNoise, ae.MaskingNoise, ae.SaltAndPepperNoise])
def test_no_noise_is_no_damage(kind):
    assert (corrupt(kind(0.0)) == CLEAN).all()


def test_full_noise_leaves_nothing():
    assert (corrupt(ae.MaskingNoise(1.0)) == 0).all()
    assert set(np.unique(corrupt(ae.SaltAndPepperNoise(1.0)))) == {0, 1}


# Initialisers

N_IN, N_OUT = 300, 100
RULES = {  # the variance, and the kind of distribution
    "xavier_uniform": (2 / (N_IN + N_OUT), "uniform"),
    "xavier_normal": (2 / (N_IN + N_OUT), "normal"),
    "he_uniform": (2 / N_IN, "uniform"),
    "he_normal": (2 / N_IN, "normal"),
    "old_uniform": (1 / (3 * N_IN), "uniform"),
}


@pytest.mark.parametrize("name", RULES)
def test_an_initialiser_has_its_variance_and_its_distribution(name):
    variance, kind = RULES[name]
    W = getattr(ae, name)(N_IN, N_OUT, np.random.default_rng(0))
    kurtosis = {"uniform": 1.8, "normal": 3.0}[kind]
    assert W.shape == (N_IN, N_OUT)
    assert abs(W.mean()) < 4 * math.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1) < 4 * math.sqrt((kurtosis - 1) / W.size)  # standard error 0.5 % or 0.8 %
    unit = {"uniform": stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)), "normal": stats.norm()}[kind]  # of variance one
    assert stats.kstest(W.ravel() / math.sqrt(variance), unit.cdf).pvalue > 0.001


@pytest.mark.parametrize(("name", "limit"), [
    ("xavier_uniform", math.sqrt(6 / (N_IN + N_OUT))), ("he_uniform", math.sqrt(6 / N_IN)),
    ("old_uniform", 1 / math.sqrt(N_IN)),
])  # fmt: skip
def test_a_uniform_initialiser_fills_its_range(name, limit):
    W = getattr(ae, name)(N_IN, N_OUT, np.random.default_rng(0))
    assert 0.999 * limit < W.max() <= limit
    assert -limit <= W.min() < -0.999 * limit


def test_models_start_from_their_initialiser_with_biases_at_zero():
    for initializer in (None, ae.xavier_uniform, ae.old_uniform):
        options = {} if initializer is None else {"initializer": initializer}
        model = ae.Autoencoder([100, 20], rng=0, **options)
        for parameter in model.parameters:
            if len(parameter.shape) == 1:
                assert (parameter.value == 0).all()
            else:
                limit = 1 / math.sqrt(parameter.shape[0]) if initializer is ae.old_uniform else math.sqrt(6 / 120)
                assert 0.99 * limit < abs(parameter.value).max() <= limit


def signal(initializer, activation, depth=10, width=200):
    """Mean square of a small signal before and after a deep network."""
    rng = np.random.default_rng(0)
    x = 0.1 * rng.standard_normal((500, width))
    y = x
    for _ in range(depth):
        layer = ae.Dense(width, width, initializer=initializer, dtype="float64", rng=rng)
        y = activation.apply(layer.apply(y))
    return (y**2).mean() / (x**2).mean()


@pytest.mark.parametrize("initializer", [ae.xavier_uniform, ae.xavier_normal])
def test_xavier_keeps_the_signal_through_a_deep_tanh_network(initializer):
    assert 0.75 < signal(initializer, ae.Tanh()) < 1.1


def test_the_old_rule_loses_the_signal_by_a_factor_three_a_layer():
    assert signal(ae.old_uniform, ae.Tanh()) == pytest.approx(3.0**-10, rel=0.2)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_he_keeps_the_signal_through_a_deep_relu_network_where_xavier_halves_it(kind):
    he, xavier = (signal(getattr(ae, f"{rule}_{kind}"), ae.ReLU(), width=400) for rule in ("he", "xavier"))
    assert 1 / 3 < he < 3  # 1.77 and 1.30: the draw of W alone moves it by a third; Xavier loses a factor of 1024
    assert xavier == pytest.approx(he * 2.0**-10, rel=1e-9)  # in a square layer their weights differ by √2
