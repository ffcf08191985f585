"""The quantised, adversarial and masked variants against PyTorch's autograd, with detach() where a paper stops a gradient.

Shapes, settings and values are drawn anew for each seed; gradients agree to 1e-10 in float64.
"""

import numpy as np
import pytest

import aescratch as ae
from aescratch.training import contract

torch = pytest.importorskip("torch")
F = torch.nn.functional
SEEDS = range(6)


def drawn(seed):
    """A batch, the widths of an encoder with one hidden layer, and what draws settings."""
    rng = np.random.default_rng([seed, 11])
    n, n_inputs, n_hidden, n_vectors, width = (int(rng.integers(low, high)) for low, high in ((1, 9), (4, 9), (3, 7), (1, 4), (1, 4)))
    return rng, rng.normal(size=(n, n_inputs)), [n_inputs, n_hidden, n_vectors * width], n_vectors


def moved(model, seed):
    """The model with biases that aren't 0, its parameters as tensors by their names, and a training step behind it."""
    rng = np.random.default_rng([seed, 12])
    for parameter in model.parameters:
        if len(parameter.shape) == 1:
            parameter.value = rng.normal(0, 0.3, parameter.shape)
    return {p.name: torch.tensor(p.value, requires_grad=True) for p in model.parameters}


def affine(tensors, prefix, number, x):
    return x @ tensors[f"{prefix}.W{number}"] + tensors[f"{prefix}.b{number}"]


def network(tensors, prefix, x, between=torch.tanh):
    return affine(tensors, prefix, 2, between(affine(tensors, prefix, 1, x)))


def decay(tensors, lam):
    return lam / 2 * sum((t**2).sum() for name, t in tensors.items() if ".W" in name)


def assert_alike(model, loss, tensors):
    """Assert that a loss of tensors is the model's last one, and its gradients those that backward leaves."""
    loss.backward()
    model.backward()
    for parameter in model.parameters:
        gradient = tensors[parameter.name].grad
        expected = np.zeros(parameter.shape) if gradient is None else gradient.numpy()
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-10, atol=1e-12, err_msg=parameter.name)


def quantised(E, h):
    width = E.shape[1]
    vectors = h.reshape(-1, width)
    return E[torch.cdist(vectors.detach(), E.detach()).argmin(dim=1)].reshape(h.shape)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("averaged", [False, True])
def test_vector_quantised(seed, averaged):
    rng, x, widths, n_vectors = drawn(seed)
    beta, lam, n_codes = float(rng.uniform(0, 2)), float(rng.uniform(0, 0.5)), int(rng.integers(1, 7))
    model = ae.VectorQuantizedAutoencoder(
        widths, n_codes, n_vectors, beta=beta, moving_average=0.3 if averaged else None, activation=ae.Tanh,
        weight_decay=lam, dtype="float64", rng=seed,
    )  # fmt: skip
    tensors = moved(model, seed)
    E = torch.tensor(model.codebook.E.value) if averaged else tensors["codebook.E"]
    h = network(tensors, "encoder", torch.tensor(x))
    q = quantised(E, h)
    x_hat = network(tensors, "decoder", h + (q - h).detach())
    loss = F.mse_loss(x_hat, torch.tensor(x), reduction="sum") / 2 / len(x) + decay(tensors, lam)
    loss = loss + beta * F.mse_loss(h, q.detach(), reduction="sum") / len(x)
    if not averaged:
        loss = loss + F.mse_loss(q, h.detach(), reduction="sum") / len(x)
    with contract.training(model, frozen=True):
        assert float(model.loss(x, rng=0)) == pytest.approx(float(loss.detach()), rel=1e-12)
    assert_alike(model, loss, tensors)


def test_a_codebook_of_averages_follows_as_in_torch():
    rng = np.random.default_rng(3)
    codebook = ae.VectorQuantizedAutoencoder([4, 6], 5, 3, moving_average=0.2, restart=0.0, dtype="float64", rng=0).codebook
    codebook.in_training = True
    E = torch.tensor(codebook.E.value)
    counts, sums = torch.ones(5, dtype=torch.float64), E.clone()
    for _ in range(7):
        h = rng.normal(0, 0.5, size=(11, 6))
        vectors = torch.tensor(h).reshape(-1, 2)
        chosen = F.one_hot(torch.cdist(vectors, E).argmin(dim=1), 5).double()
        codebook.forward(h, rng)
        counts = counts * 0.8 + 0.2 * chosen.sum(0)
        sums = sums * 0.8 + 0.2 * chosen.T @ vectors
        n = counts.sum()
        E = sums / ((counts + 1e-5) / (n + 5 * 1e-5) * n)[:, None]
        np.testing.assert_allclose(codebook.E.value, E, rtol=1e-12)
        np.testing.assert_allclose(codebook.counts.value, counts, rtol=1e-12)


class Reversed(torch.autograd.Function):
    """Ganin & Lempitsky's layer, as their readers write it."""

    @staticmethod
    def forward(ctx, h, weight):
        ctx.weight = weight
        return h.view_as(h)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.weight * grad, None


@pytest.mark.parametrize("seed", SEEDS)
def test_adversarial(seed):
    rng, x, widths, _ = drawn(seed)
    weight, lam, n_hidden = float(rng.uniform(0, 3)), float(rng.uniform(0, 0.5)), int(rng.integers(1, 7))
    model = ae.AdversarialAutoencoder(
        widths, weight, n_hidden=n_hidden, activation=ae.Tanh, weight_decay=lam, dtype="float64", rng=seed
    )
    tensors = moved(model, seed)
    h = network(tensors, "encoder", torch.tensor(x))
    z = torch.tensor(np.random.default_rng(5).standard_normal(h.shape))
    both = torch.cat([z, Reversed.apply(h, weight)])
    logits = network(tensors, "discriminator", both, lambda a: F.leaky_relu(a, 0.2))
    labels = torch.cat([torch.ones_like(logits[: len(x)]), torch.zeros_like(logits[: len(x)])])
    x_hat = network(tensors, "decoder", h)
    loss = F.mse_loss(x_hat, torch.tensor(x), reduction="sum") / 2 / len(x) + decay(tensors, lam)
    loss = loss + F.binary_cross_entropy_with_logits(logits, labels)
    assert float(model.loss(x, rng=5)) == pytest.approx(float(loss.detach()), rel=1e-12)
    assert_alike(model, loss, tensors)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("noise", [ae.MaskingNoise, ae.SaltAndPepperNoise])
def test_masked(seed, noise):
    rng, x, widths, _ = drawn(seed)
    lam, corruption = float(rng.uniform(0, 0.5)), noise(float(rng.uniform(0.2, 0.9)))
    model = ae.DenoisingAutoencoder(
        widths, corruption, loss_on="hidden", activation=ae.Tanh, code_activation=ae.Identity, weight_decay=lam,
        dtype="float64", rng=seed,
    )  # fmt: skip
    tensors = moved(model, seed)
    keep, added = corruption.draw(x.shape, np.random.default_rng(5))
    x_hat = network(tensors, "decoder", network(tensors, "encoder", torch.tensor(keep * x + added)))
    hidden = torch.tensor(~keep)
    loss = ((x_hat - torch.tensor(x))[hidden] ** 2).sum() / 2 / len(x) + decay(tensors, lam)
    assert float(model.loss(x, rng=5)) == pytest.approx(float(loss.detach()), rel=1e-12)
    assert_alike(model, loss, tensors)
