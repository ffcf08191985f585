"""Batch normalisation: every unit with mean 0 and variance 1 over the batch, or by running statistics in use mode."""

from __future__ import annotations

import math
from collections.abc import Iterable

from aescratch.backend import Array, array_module, batch_mean
from aescratch.functions.formula import Formula, Record


def batch_statistics(x: Array) -> tuple[Array, Array]:
    """Mean and variance of every unit over the batch, with x (N, H), both (H,).

    mean_j = 1/N Σ_n x_nj and variance_j = 1/N Σ_n (x_nj − mean_j)².
    """
    mean = batch_mean(x)
    centred = x - mean
    return mean, batch_mean(centred * centred)


def moving_average(running: Array, mean: Array, momentum: float) -> Array:
    """Mean over batches that moves towards that of a new one: (1 − momentum) running + momentum mean, all (H,)."""
    return (1 - momentum) * running + momentum * mean


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Units normalised by the batch's own statistics, scaled and shifted.

    y = gamma x_norm + beta with x_norm = (x − mean) / √(variance + epsilon), x and y (N, H), gamma and beta (H,)
    (Ioffe & Szegedy 2015, algorithm 1).
    """
    mean, variance = batch_statistics(x)
    return running_norm(x, gamma, beta, mean, variance, epsilon)


def batch_norm_backward(grad_y: Array, x: Array, gamma: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """Gradients of `batch_norm`; every example moves the mean and the variance of all.

    grad_x = gamma / √(variance + epsilon) (grad_y − mean of grad_y − x_norm · mean of grad_y x_norm), and for gamma and
    beta the sums of grad_y x_norm and grad_y over the batch (Ioffe & Szegedy 2015, section 3).
    """
    mean, variance = batch_statistics(x)
    deviation = array_module(x).sqrt(variance + epsilon)
    x_norm = (x - mean) / deviation
    grad_x = gamma / deviation * (grad_y - batch_mean(grad_y) - x_norm * batch_mean(grad_y * x_norm))
    return grad_x, (grad_y * x_norm).sum(axis=0), grad_y.sum(axis=0)


def running_norm(x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, epsilon: float) -> Array:
    """Units normalised by a given mean and variance, scaled and shifted: `batch_norm` in use mode.

    y = gamma (x − mean) / √(variance + epsilon) + beta, with x and y (N, H), the rest (H,).
    """
    deviation = array_module(x).sqrt(variance + epsilon)
    return gamma * ((x - mean) / deviation) + beta


def running_norm_backward(
    grad_y: Array, x: Array, gamma: Array, mean: Array, variance: Array, epsilon: float
) -> tuple[Array, Array, Array]:
    """Gradients of `running_norm` for x, gamma and beta; the mean and the variance are given numbers."""
    deviation = array_module(x).sqrt(variance + epsilon)
    grad_x = gamma / deviation * grad_y
    grad_gamma = (grad_y * (x - mean) / deviation).sum(axis=0)
    return grad_x, grad_gamma, grad_y.sum(axis=0)


# Everything else about these formulas


def _normalized(unit: Array, gamma: float, beta: float, mean: float, variance: float, epsilon: float) -> list[float]:
    """Return one unit's y, number by number: its distance from the mean in deviations, by gamma and beta."""
    return [beta + gamma * (float(v) - mean) * (variance + epsilon) ** -0.5 for v in unit]


def _by_rows(units: Iterable[list[float]]) -> list[tuple[float, ...]]:
    """Return results by unit as results by example."""
    return list(zip(*units, strict=True))


def _statistics(unit: Array) -> tuple[float, float]:
    """Return mean and variance, the latter as the mean square of all differences between two examples, halved."""
    values = [float(v) for v in unit]
    squares = math.fsum((u - v) ** 2 for u in values for v in values)
    return math.fsum(values) / len(values), squares / (2 * len(values) ** 2)


MEAN = "mean[j] = mean(n, x[n,j])"
DEVIATION = "deviation[j] = sqrt(mean(n, (x[n,j] - mean[j])**2) + epsilon)"
X_NORM = "(x[n,j] - mean[j]) / deviation[j]"

RECORDS: tuple[Record, ...] = (
    Formula(
        batch_statistics,
        lines=(MEAN, "variance[j] = mean(n, (x[n,j] - mean(m, x[m,j]))**2)"),
        claim="each unit's mean and variance over the batch",
        inputs=lambda rng, N, D, H: {"x": rng.normal(1, 2, (N, H))},
        second_opinion=lambda x: tuple(zip(*map(_statistics, x.T), strict=True)),
        question="What are the mean and the variance of a batch of equal rows?",
    ),
    Formula(
        moving_average,
        lines=("average[j] = (1 - momentum) * running[j] + momentum * mean[j]",),
        claim="running + momentum (mean − running)",
        inputs=lambda rng, N, D, H: {"running": rng.normal(size=H), "mean": rng.normal(size=H), "momentum": 0.3},
        second_opinion=lambda running, mean, momentum: [
            r + momentum * (m - r) for r, m in zip(running, mean, strict=True)
        ],
        question="To which value does it converge if every batch has the same mean?",
    ),
    Formula(
        batch_norm, batch_norm_backward,
        lines=(MEAN, DEVIATION, f"y[n,j] = gamma[j] * {X_NORM} + beta[j]"),
        backward_lines=(
            MEAN, DEVIATION,
            "mean_grad_y[j] = mean(n, grad_y[n,j])",
            f"mean_along[j] = mean(n, grad_y[n,j] * {X_NORM})",
            f"grad_x[n,j] = gamma[j] / deviation[j] * (grad_y[n,j] - mean_grad_y[j] - {X_NORM} * mean_along[j])",
            f"grad_gamma[j] = sum(n, grad_y[n,j] * {X_NORM})",
            "grad_beta[j] = sum(n, grad_y[n,j])",
        ),
        claim="gamma x_norm + beta, by the batch's mean and variance",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(1, 2, (N, H)), "gamma": rng.normal(size=H), "beta": rng.normal(size=H), "epsilon": 0.01,
        },
        second_opinion=lambda x, gamma, beta, epsilon: _by_rows(
            _normalized(unit, g, b, *_statistics(unit), epsilon) for unit, g, b in zip(x.T, gamma, beta, strict=True)
        ),
        question="What are the mean and the spread of a unit over the batch after it?",
    ),
    Formula(
        running_norm, running_norm_backward,
        lines=("y[n,j] = gamma[j] * (x[n,j] - mean[j]) / sqrt(variance[j] + epsilon) + beta[j]",),
        backward_lines=(
            "grad_x[n,j] = gamma[j] / sqrt(variance[j] + epsilon) * grad_y[n,j]",
            "grad_gamma[j] = sum(n, grad_y[n,j] * (x[n,j] - mean[j]) / sqrt(variance[j] + epsilon))",
            "grad_beta[j] = sum(n, grad_y[n,j])",
        ),
        claim="gamma x_norm + beta, by a given mean and variance",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(1, 2, (N, H)), "gamma": rng.normal(size=H), "beta": rng.normal(size=H),
            "mean": rng.normal(size=H), "variance": rng.uniform(0.5, 2, H), "epsilon": 0.01,
        },
        second_opinion=lambda x, gamma, beta, mean, variance, epsilon: _by_rows(
            _normalized(*unit, epsilon) for unit in zip(x.T, gamma, beta, mean, variance, strict=True)
        ),
        question="What does it give for an example that is exactly the mean?",
    ),
)  # fmt: skip
