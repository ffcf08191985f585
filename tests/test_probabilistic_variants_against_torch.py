"""The probabilistic variants beside PyTorch's autograd, in float64: loss and every gradient, for random shapes and settings."""

import math

import numpy as np
import pytest

import aescratch as ae

torch = pytest.importorskip("torch")

TOLERANCE = 1e-10
SETTINGS = range(6)


def same(found, wanted):
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)


def sizes(seed):
    """Rows, inputs, hidden units, code units and samples, at random."""
    r = np.random.default_rng([7, seed])
    return [int(r.integers(least, most)) for least, most in ((2, 12), (2, 12), (2, 9), (1, 6), (1, 8))], r


def parameters_of(model, r):
    for parameter in model.parameters:
        parameter.value = r.normal(0, 0.5, parameter.shape)
    return {p.name: torch.tensor(p.value, requires_grad=True) for p in model.parameters}


def network(p, x, half):
    """Two dense layers with a tanh between; an encoder stops at its hidden layer."""
    hidden = torch.tanh(x @ p[f"{half}.W1"] + p[f"{half}.b1"])
    return hidden if half == "encoder" else hidden @ p["decoder.W2"] + p["decoder.b2"]


def heads(p, hidden):
    return hidden @ p["mean.W"] + p["mean.b"], hidden @ p["log_variance.W"] + p["log_variance.b"]


def decay(p):
    """Half of 0.1 times the squares of all weights."""
    return 0.05 * sum((value**2).sum() for name, value in p.items() if ".W" in name)


def log_likelihood(output, x, variance):
    """Of x (N, 1, D) or (N, D) under the decoder's output; Bernoulli without a variance."""
    if variance is None:
        return -torch.nn.functional.binary_cross_entropy_with_logits(output, x.expand_as(output), reduction="none").sum(-1)
    return torch.distributions.Normal(output, math.sqrt(variance)).log_prob(x).sum(-1)


def compare(model, x, seed, loss, theirs, training=False):
    if training:
        with model.training():
            same(model.loss(x, rng=seed), loss)
    else:
        same(model.loss(x, rng=seed), loss)
    model.backward()
    loss.backward()
    for parameter in model.parameters:
        grad = theirs[parameter.name].grad
        same(parameter.grad, torch.zeros(parameter.shape) if grad is None else grad)


@pytest.mark.parametrize("variance", [None, "fitted"])
@pytest.mark.parametrize("seed", SETTINGS)
def test_the_variational_autoencoder_in_training(seed, variance):
    (n, d, width, h, _), r = sizes(seed)
    beta, free_bits, warm_up = float(r.uniform(0.1, 2)), float(r.uniform(0.1, 1.5)), int(r.integers(2, 6))
    model = ae.VariationalAutoencoder(
        [d, width, h], beta, free_bits=free_bits, warm_up=warm_up, variance=variance, activation=ae.Tanh, weight_decay=0.1,
        dtype="float64",
    )  # fmt: skip
    p, x = parameters_of(model, r), r.random((n, d))
    with model.training():
        model.loss(x, rng=0)  # a step of the warm-up
    mu, log_var = heads(p, network(p, torch.tensor(x), "encoder"))
    eps = torch.tensor(np.random.default_rng(seed).standard_normal((n, h)))
    x_hat = network(p, mu + torch.exp(log_var / 2) * eps, "decoder")
    prior = torch.distributions.Normal(torch.zeros(n, h, dtype=torch.float64), 1.0)
    units = torch.distributions.kl_divergence(torch.distributions.Normal(mu, torch.exp(log_var / 2)), prior).mean(0)
    squares = (x_hat - torch.tensor(x)) ** 2
    cost = 0.5 * squares.sum(1).mean()
    if variance == "fitted":
        v = squares.mean()
        cost = (0.5 * squares / v + 0.5 * torch.log(2 * math.pi * v)).sum(1).mean()
    loss = cost + beta / warm_up * torch.clamp(units, min=free_bits).sum() + decay(p)
    compare(model, x, seed, loss, p, training=True)


@pytest.mark.parametrize("estimator", ["plain", "dreg"])
@pytest.mark.parametrize("variance", [None, 0.3])
@pytest.mark.parametrize("seed", SETTINGS)
def test_the_importance_weighted_autoencoder(seed, variance, estimator):
    (n, d, width, h, K), r = sizes(seed)
    loss = ae.BinaryCrossEntropy() if variance is None else ae.SquaredError()
    model = ae.ImportanceWeightedAutoencoder(
        [d, width, h], K, estimator=estimator, variance=variance or 1.0, reconstruction=loss, activation=ae.Tanh,
        weight_decay=0.1, dtype="float64",
    )  # fmt: skip
    p, x = parameters_of(model, r), r.random((n, d))
    mu, log_var = (head[:, None] for head in heads(p, network(p, torch.tensor(x), "encoder")))
    eps = torch.tensor(np.random.default_rng(seed).standard_normal((n, K, h)))
    z = mu + torch.exp(log_var / 2) * eps
    log_p = log_likelihood(network(p, z, "decoder"), torch.tensor(x)[:, None], variance)
    held = estimator == "dreg"  # the paper's stop-gradient on q's own parameters
    q = torch.distributions.Normal(mu.detach() if held else mu, torch.exp((log_var.detach() if held else log_var) / 2))
    prior = torch.distributions.Normal(torch.zeros_like(z), 1.0)
    log_w = log_p + prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    bound = -(torch.logsumexp(log_w, 1) - math.log(K)).mean() + decay(p)
    if held:
        share = torch.softmax(log_w.detach(), 1)
        z.register_hook(lambda grad: grad * share[:, :, None])
    compare(model, x, seed, bound, p)


@pytest.mark.parametrize("seed", SETTINGS)
def test_the_wasserstein_autoencoder(seed):
    (n, d, width, h, _), r = sizes(seed)
    weight = float(r.uniform(0.1, 30))
    model = ae.WassersteinAutoencoder([d, width, h], weight, activation=ae.Tanh, weight_decay=0.1, dtype="float64")
    p, x = parameters_of(model, r), r.random((n, d))
    code = network(p, torch.tensor(x), "encoder") @ p["encoder.W2"] + p["encoder.b2"]
    z = torch.tensor(np.random.default_rng(seed).standard_normal((n, h)))

    others = ~torch.eye(n, dtype=torch.bool)
    pairs = n * (n - 1)
    distance = [((a[:, None] - b[None]) ** 2).sum(-1) for a, b in ((code, code), (z, z), (code, z))]
    own, prior, cross = (2 * h / (2 * h + square) for square in distance)
    mmd = own[others].sum() / pairs + prior[others].sum() / pairs - 2 * cross.mean()
    x_hat = network(p, code, "decoder")
    loss = 0.5 * ((x_hat - torch.tensor(x)) ** 2).sum(1).mean() + weight * mmd + decay(p)
    compare(model, x, seed, loss, p)


@pytest.mark.parametrize("seed", SETTINGS)
def test_log_likelihoods(seed):
    (n, d, width, h, K), r = sizes(seed)
    model = ae.ImportanceWeightedAutoencoder([d, width, h], variance=0.3, activation=ae.Tanh, dtype="float64")
    p, x = parameters_of(model, r), r.random((n, d))
    mu, log_var = (head[:, None] for head in heads(p, network(p, torch.tensor(x), "encoder")))
    z = mu + torch.exp(log_var / 2) * torch.tensor(np.random.default_rng(seed).standard_normal((n, K, h)))
    q, prior = torch.distributions.Normal(mu, torch.exp(log_var / 2)), torch.distributions.Normal(torch.zeros_like(z), 1.0)
    log_w = log_likelihood(network(p, z, "decoder"), torch.tensor(x)[:, None], 0.3)
    log_w = log_w + prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    same(model.log_likelihood(x, K, rng=seed), torch.logsumexp(log_w, 1) - math.log(K))
