"""The newer variants, and their objectives in PyTorch, with detach() where a paper stops a gradient.

    variant, size -> our model and a batch;   values of its parameters -> leaves -> loss of the batch, eager, fused Adam

`p` is the leaves by name, and `torch` is PyTorch, which is imported on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.programs.bench.cases import MIDDLE, RATE, SMALL, WIDE
from aescratch.programs.bench.pytorch import import_torch, squared_error

BANDWIDTH, WEIGHT, K, SAMPLES, HIDDEN, BETA, FREE_BITS = 0.3, 0.1, 16, 5, 0.75, 0.25, 0.1
Leaves = Mapping[str, Any]


@dataclass(frozen=True)
class Variant:
    """A variant, at a small and at a larger size: widths and batch."""

    make: Callable[[list[int]], ae.Autoencoder]
    torch_loss: Callable[[Any, Leaves, Any], Any]
    sizes: tuple[tuple[tuple[int, ...], int], ...]


def affine(p: Leaves, part: str, number: int, x: Any) -> Any:
    """Return x W + b, of one layer of a part."""
    return x @ p[f"{part}.W{number}"] + p[f"{part}.b{number}"]


def both_layers(p: Leaves, part: str, x: Any) -> Any:
    """Return the output of two layers with a ReLU between them."""
    return affine(p, part, 2, affine(p, part, 1, x).relu())


def unit_rows(V: Any) -> Any:
    """Return V with rows of length 1."""
    return V / V.norm(dim=1, keepdim=True)


def moved_by(value: Any, slope: Any, theta: Any) -> Any:
    """Return the value, with this slope in theta."""
    return value + slope * (theta - theta.detach())


def jump_relu(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the loss whose thresholds learn from values near them."""
    a, theta = affine(p, "encoder", 1, x), p["jump.log_theta"].exp()
    on = (a > theta).to(a.dtype)
    near = ((a - theta).abs() < BANDWIDTH / 2).detach() / BANDWIDTH
    h = moved_by(a * on, -theta.detach() * near, theta)
    counted = moved_by(on, -near, theta)
    return squared_error(h @ unit_rows(p["decoder.V1"]) + p["decoder.b1"], x) + WEIGHT * counted.sum() / len(x)


def gated(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the loss of both reconstructions; the decoder is constant in that of the gate."""
    directions = x @ p["encoder.W"]
    a_gate = directions + p["encoder.gate.b"]
    a_mag = p["encoder.magnitude.r"].exp() * directions + p["encoder.magnitude.b"]
    h, g, W, b = (a_gate > 0) * a_mag.relu(), a_gate.relu(), unit_rows(p["decoder.V1"]), p["decoder.b1"]
    restored = squared_error(h @ W + b, x) + squared_error(g @ W.detach() + b.detach(), x)
    return restored + WEIGHT * g.sum() / len(x)


def k_sparse(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the loss of a code with the k N largest activations of a batch."""
    a = affine(p, "encoder", 1, x)
    values, places = a.flatten().topk(K * len(x))
    h = torch.zeros_like(a).flatten().scatter(0, places, values).reshape(a.shape)
    return squared_error(affine(p, "decoder", 1, h), x)


def matryoshka(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the loss of all prefixes."""
    h, W, b = affine(p, "encoder", 1, x).relu(), p["decoder.W1"], p["decoder.b1"]
    sizes = [h.shape[1] // part for part in (8, 4, 2, 1)]
    return sum(squared_error(h[:, :size] @ W[:size] + b, x) for size in sizes)


def vector_quantized(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the sum of the three terms."""
    h, E = both_layers(p, "encoder", x), p["codebook.E"]
    q = E[torch.cdist(h.detach(), E.detach()).argmin(dim=1)]
    x_hat = both_layers(p, "decoder", h + (q - h).detach())
    return squared_error(x_hat, x) + 2 * squared_error(h.detach(), q) + 2 * BETA * squared_error(h, q.detach())


def posterior(p: Leaves, x: Any) -> tuple[Any, Any]:
    """Return mu and log_var."""
    h = affine(p, "encoder", 1, x).relu()
    return h @ p["mean.W"] + p["mean.b"], h @ p["log_variance.W"] + p["log_variance.b"]


def importance_weighted(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the negative bound from several samples."""
    mu, log_var = (each[:, None] for each in posterior(p, x))
    eps = torch.randn(len(x), SAMPLES, mu.shape[-1])
    z = mu + (0.5 * log_var).exp() * eps
    error = ((both_layers(p, "decoder", z) - x[:, None]) ** 2).sum(dim=2)
    log_w = -0.5 * (error + x.shape[1] * np.log(2 * np.pi)) + 0.5 * (log_var + eps**2 - z**2).sum(dim=2)
    return (np.log(SAMPLES) - log_w.logsumexp(dim=1)).mean()


def wasserstein(torch: Any, p: Leaves, x: Any) -> Any:
    """Return reconstruction and discrepancy from samples of N(0, 1)."""
    h = both_layers(p, "encoder", x)
    z, n, C = torch.randn_like(h), len(h), 2.0 * h.shape[1]
    own, prior, cross = (C / (C + torch.cdist(a, b).square()) for a, b in ((h, h), (z, z), (h, z)))
    within = (own.sum() + prior.sum() - 2 * n) / (n * (n - 1))
    return squared_error(both_layers(p, "decoder", h), x) + 10 * (within - 2 * cross.mean())


def adversarial(torch: Any, p: Leaves, x: Any) -> Any:
    """Return reconstruction and discrimination, with a reversed gradient of the latter."""
    h = both_layers(p, "encoder", x)
    turned = (1 + WEIGHT) * h.detach() - WEIGHT * h
    rows = torch.cat([torch.randn_like(h), turned])
    hidden = torch.nn.functional.leaky_relu(affine(p, "discriminator", 1, rows), 0.2)
    logits = affine(p, "discriminator", 2, hidden)
    labels = torch.cat([torch.ones(len(h), 1), torch.zeros(len(h), 1)])
    told_apart = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    return squared_error(both_layers(p, "decoder", h), x) + told_apart


def variational(torch: Any, p: Leaves, x: Any) -> Any:
    """Return reconstruction and divergence with free bits."""
    mu, log_var = posterior(p, x)
    z = mu + (0.5 * log_var).exp() * torch.randn_like(mu)
    of_units = (-0.5 * (1 + log_var - mu**2 - log_var.exp())).mean(dim=0)
    return squared_error(both_layers(p, "decoder", z), x) + of_units.clamp(min=FREE_BITS).sum()


def masked(torch: Any, p: Leaves, x: Any) -> Any:
    """Return the loss on the hidden part."""
    hidden = torch.rand_like(x) < HIDDEN
    x_hat = both_layers(p, "decoder", both_layers(p, "encoder", x * ~hidden).relu())
    return squared_error(hidden * x_hat, hidden * x)


FLAT = (((64, 64), 64), (WIDE, 256))
NARROW = ((SMALL, 64), (MIDDLE, 256))
VARIANTS = {
    "JumpReLU": Variant(lambda w: ae.JumpReLUAutoencoder(w, WEIGHT, bandwidth=BANDWIDTH, rng=0), jump_relu, FLAT),
    "gated": Variant(lambda w: ae.GatedAutoencoder(w, WEIGHT, rng=0), gated, FLAT),
    "top-k of a batch": Variant(lambda w: ae.KSparseAutoencoder(w, K, batch=True, rng=0), k_sparse, FLAT),
    "Matryoshka": Variant(lambda w: ae.MatryoshkaAutoencoder(w, rng=0), matryoshka, FLAT),
    "vector-quantised": Variant(
        lambda w: ae.VectorQuantizedAutoencoder(w, 32, beta=BETA, restart=0.0, rng=0), vector_quantized, NARROW
    ),
    "importance-weighted": Variant(
        lambda w: ae.ImportanceWeightedAutoencoder(w, SAMPLES, rng=0), importance_weighted, NARROW
    ),
    "Wasserstein": Variant(lambda w: ae.WassersteinAutoencoder(w, 10.0, rng=0), wasserstein, NARROW),
    "adversarial": Variant(lambda w: ae.AdversarialAutoencoder(w, WEIGHT, rng=0), adversarial, NARROW),
    "variational, free bits": Variant(
        lambda w: ae.VariationalAutoencoder(w, free_bits=FREE_BITS, rng=0), variational, NARROW
    ),
    "masked": Variant(
        lambda w: ae.DenoisingAutoencoder(w, ae.MaskingNoise(HIDDEN), loss_on="hidden", rng=0), masked, NARROW
    ),
}


def leaves_of(model: ae.Autoencoder) -> dict[str, Any]:
    """Return PyTorch's leaves with the values of a model's parameters, by name."""
    torch = import_torch()
    return {p.name: torch.tensor(np.asarray(p.value), requires_grad=True) for p in model.parameters}


def torch_variant_step(variant: Variant, model: ae.Autoencoder, x: Array) -> Callable[[], None]:
    """Return one training step on a batch, from the values that the model has."""
    torch = import_torch()
    p, batch = leaves_of(model), torch.from_numpy(x)
    adam = torch.optim.Adam(p.values(), lr=RATE, fused=True)

    def step() -> None:
        adam.zero_grad()
        variant.torch_loss(torch, p, batch).backward()
        adam.step()

    return step
