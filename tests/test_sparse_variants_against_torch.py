"""The chosen codes beside PyTorch's automatic differentiation, with detach where a paper stops a gradient, in float64.

Shapes and settings are random. A rule in a derivative's place is an `autograd.Function` of its own here.
"""

import numpy as np
import pytest

import aescratch as ae

torch = pytest.importorskip("torch")

TOLERANCE = 1e-10
SEEDS = range(6)


def same(found, wanted):
    np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)


def leaves(model):
    """The model's parameters as torch's leaves, by name."""
    return {p.name: torch.tensor(np.asarray(p.value).copy(), requires_grad=True) for p in model.parameters}


def shaken(model, rng):
    """Move every vector away from where it starts."""
    for parameter in model.parameters:
        if len(parameter.shape) == 1:
            parameter.value = parameter.value + rng.normal(0, 0.3, parameter.shape)
    return model


def compare(model, x, wanted, parameters):
    """Compare loss and gradients of a model with a loss that torch computed."""
    same(model.loss(x), wanted)
    model.backward()
    wanted.backward()
    for parameter in model.parameters:
        grad = parameters[parameter.name].grad
        same(parameter.grad, torch.zeros(parameter.shape, dtype=torch.float64) if grad is None else grad)


def half_square(x_hat, x):
    return 0.5 * ((x_hat - x) ** 2).sum(dim=1).mean()


def unit(V):
    return V / V.norm(dim=1, keepdim=True)


class Jump(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, theta, bandwidth):
        ctx.save_for_backward(a, theta)
        ctx.bandwidth = bandwidth
        return a * (a > theta)

    @staticmethod
    def backward(ctx, grad):
        a, theta = ctx.saved_tensors
        kernel = (((a - theta) / ctx.bandwidth).abs() < 0.5).double()
        return grad * (a > theta), -(theta / ctx.bandwidth * kernel * grad).sum(dim=0), None


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, theta, bandwidth):
        ctx.save_for_backward(a, theta)
        ctx.bandwidth = bandwidth
        return (a > theta).double()

    @staticmethod
    def backward(ctx, grad):
        a, theta = ctx.saved_tensors
        kernel = (((a - theta) / ctx.bandwidth).abs() < 0.5).double()
        return torch.zeros_like(a), -(kernel / ctx.bandwidth * grad).sum(dim=0), None


@pytest.mark.parametrize("seed", SEEDS)
def test_jump_relu(seed):
    r = np.random.default_rng(seed)
    n, d, h = r.integers(1, 12, 3)
    weight, bandwidth = r.uniform(0, 1), r.uniform(0.05, 3)
    model = ae.JumpReLUAutoencoder([int(d), int(h)], weight, theta=r.uniform(0.1, 0.5), bandwidth=bandwidth, dtype="float64", rng=seed)
    shaken(model, r)
    x, p = torch.tensor(r.normal(size=(n, d))), leaves(model)
    a, theta = x @ p["encoder.W1"] + p["encoder.b1"], p["jump.log_theta"].exp()
    x_hat = Jump.apply(a, theta, bandwidth) @ unit(p["decoder.V1"]) + p["decoder.b1"]
    count = Step.apply(a, theta, bandwidth).sum(dim=1).mean()
    compare(model, x.numpy(), half_square(x_hat, x) + weight * count, p)


def largest(a, k):
    """The k largest of each row, the others 0."""
    values, places = a.topk(k, dim=1)
    return torch.zeros_like(a).scatter(1, places, values)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_k_sparse_with_silent_units(seed, batch):
    r = np.random.default_rng(seed)
    n, d, h = (int(size) for size in r.integers(2, 12, 3))
    k, auxiliary_k, share = int(r.integers(1, h + 1)), int(r.integers(1, h + 1)), r.uniform(0, 1)
    model = ae.KSparseAutoencoder(
        [d, h], k, batch=batch, auxiliary=share, auxiliary_k=auxiliary_k, silent_after=10, dtype="float64", rng=seed
    )
    counts = r.integers(0, 22, h).astype(float)
    model.silent.silent_for.value = counts
    shaken(model, r)
    x, p = torch.tensor(r.normal(size=(n, d))), leaves(model)
    a = x @ p["encoder.W1"] + p["encoder.b1"]
    code = largest(a.reshape(1, -1), k * n).reshape(n, h) if batch else largest(a, k)
    x_hat = code @ p["decoder.W1"] + p["decoder.b1"]
    silent = torch.tensor(np.flatnonzero(counts > 10))
    z = torch.zeros_like(a)
    if len(silent):
        z[:, silent] = largest(a[:, silent], min(auxiliary_k, len(silent)))
    e = (x - x_hat).detach()
    wanted = half_square(x_hat, x) + share * half_square(z @ p["decoder.W1"], e)
    with model.training():
        compare(model, x.numpy(), wanted, p)
    np.testing.assert_array_equal(model.silent.silent_for.value, np.where((code == 0).all(dim=0), counts + n, 0))
    if batch:
        same(model.selection.threshold.value, 0.1 * code[code != 0].min().reshape(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_gated(seed):
    r = np.random.default_rng(seed)
    n, d, h = (int(size) for size in r.integers(1, 12, 3))
    weight = r.uniform(0, 1)
    model = shaken(ae.GatedAutoencoder([d, h], weight, dtype="float64", rng=seed), r)
    x, p = torch.tensor(r.normal(size=(n, d))), leaves(model)
    a_gate = x @ p["encoder.W"] + p["encoder.gate.b"]
    a_mag = x @ (p["encoder.W"] * p["encoder.magnitude.r"].exp()) + p["encoder.magnitude.b"]
    code, g = (a_gate > 0).double() * a_mag.relu(), a_gate.relu()
    W, b = unit(p["decoder.V1"]), p["decoder.b1"]
    auxiliary = half_square(g @ W.detach() + b.detach(), x)
    wanted = half_square(code @ W + b, x) + auxiliary + weight * g.sum(dim=1).mean()
    compare(model, x.numpy(), wanted, p)


@pytest.mark.parametrize("seed", SEEDS)
def test_matryoshka(seed):
    r = np.random.default_rng(seed)
    n, d, h = (int(size) for size in r.integers(1, 12, 3))
    prefixes = sorted({*r.integers(1, h + 1, 3).tolist(), h})
    model = shaken(ae.MatryoshkaAutoencoder([d, h], prefixes, code_activation=ae.GELU, dtype="float64", rng=seed), r)
    x, p = torch.tensor(r.normal(size=(n, d))), leaves(model)
    code = torch.nn.functional.gelu(x @ p["encoder.W1"] + p["encoder.b1"])
    wanted = sum(half_square(code[:, :m] @ p["decoder.W1"][:m] + p["decoder.b1"], x) for m in prefixes)
    compare(model, x.numpy(), wanted, p)
