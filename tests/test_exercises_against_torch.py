"""The exercises that ask for a rule, beside PyTorch's automatic differentiation with detach where the task says sg.

    inputs of the exercise's check -> our solution's gradients, which that check passes, and autograd's
"""

import numpy as np
import pytest
from test_exercises import by_name

from aescratch.classroom.comparing import check_backward

torch = pytest.importorskip("torch")

TOLERANCE = 1e-10
SEEDS = range(3)


def half_square(x_hat, x):
    return 0.5 * ((x_hat - x) ** 2).sum() / len(x)


def vq(x, W1, E, W2, beta):
    h = x @ W1
    q = E[torch.cdist(h, E).argmin(dim=1).detach()]
    z = h + (q - h).detach()
    codebook, commitment = ((h.detach() - q) ** 2).sum() / len(x), ((h - q.detach()) ** 2).sum() / len(x)
    return half_square(z @ W2, x) + codebook + beta * commitment


class JumpReLU(torch.autograd.Function):
    """The threshold's derivative as that of a ramp, by the density of a rectangle; that of a as it is."""

    @staticmethod
    def forward(ctx, a, theta, bandwidth):
        ctx.save_for_backward(a, theta)
        ctx.bandwidth = bandwidth
        return torch.where(a > theta, a, 0)

    @staticmethod
    def backward(ctx, grad_h):
        a, theta = ctx.saved_tensors
        inside = torch.heaviside((a - theta) / ctx.bandwidth + 0.5, torch.tensor(0.0).double())
        inside = inside - torch.heaviside((a - theta) / ctx.bandwidth - 0.5, torch.tensor(0.0).double())
        return grad_h * (a > theta), (-theta / ctx.bandwidth * inside * grad_h).sum(dim=0), None


def gated(x, W, b, r, W2, weight):
    p = x @ W
    g = torch.relu(p + b)
    h = (p + b > 0) * torch.relu(torch.exp(r) * p)
    return half_square(h @ W2, x) + half_square(g @ W2.detach(), x) + weight * g.sum() / len(x)


def auxiliary(x, W1, W2, silent, k, weight):
    a = x @ W1

    def kept(ranked):
        return torch.zeros_like(a).scatter(1, ranked.topk(k, dim=1).indices, 1)

    x_hat = (a * kept(a)) @ W2
    z = a * kept(torch.where(silent == 1, a, -torch.inf))
    return half_square(x_hat, x) + weight * half_square(z @ W2, (x - x_hat).detach())


class Reversal(torch.autograd.Function):
    """The identity, whose gradient is reversed."""

    @staticmethod
    def forward(ctx, h, weight):
        ctx.weight = weight
        return h.clone()

    @staticmethod
    def backward(ctx, grad_y):
        return -ctx.weight * grad_y, None


def adversarial(x, z, W1, W2, v, weight):
    h = x @ W1
    logits = torch.cat([z, Reversal.apply(h, weight)]) @ v
    labels = torch.cat([torch.ones(len(x)), torch.zeros(len(x))]).double()
    return half_square(h @ W2, x) + torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)


LOSSES = {
    "vq_backward": vq, "jump_relu_backward": JumpReLU.apply, "gated_backward": gated, "auxiliary_backward": auxiliary,
    "reversal_backward": adversarial,
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_solution_is_what_autograd_gives(name, seed, monkeypatch):
    exercise, seen = by_name(name), []
    checks = exercise.checks

    def recorded(backward, forward, inputs, seed, **options):
        seen.append((backward, inputs, options))
        return check_backward(backward, forward, inputs, seed, **options)

    monkeypatch.setattr(checks, "check_backward", recorded)
    (report,) = exercise.reports_on(exercise.solution, seed, checks=checks)
    assert report.verdict == "pass"
    ((backward, inputs, options),) = seen
    tensors = {
        key: torch.from_numpy(value.copy()).requires_grad_(key in options["wrt"]) if isinstance(value, np.ndarray) else value
        for key, value in inputs.items()
    }
    output = LOSSES[name](*tensors.values())
    upstream = torch.from_numpy(np.random.default_rng(seed).normal(size=output.shape))
    output.backward(upstream if output.ndim else None)
    given = [upstream.numpy()] if output.ndim else []
    for found, key in zip(backward(*given, *inputs.values()), options["wrt"], strict=True):
        np.testing.assert_allclose(found, tensors[key].grad.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
