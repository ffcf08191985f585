"""Batch normalisation: every unit with mean 0 and variance 1 over the batch, or by running statistics in use."""

from __future__ import annotations

from aescratch.backend import Array, array_module, batch_mean


def batch_statistics(x: Array) -> tuple[Array, Array]:
    """Mean and variance of every unit over the batch, with x (N, H), both (H,).

    mean_j = 1/N Σ_n x_nj and variance_j = 1/N Σ_n (x_nj − mean_j)².
    """
    mean = batch_mean(x)
    centred = x - mean
    return mean, batch_mean(centred * centred)


def moving_average(running: Array, mean: Array, momentum: float) -> Array:
    """Mean that runs over batches, moved towards that of one more: (1 − momentum) running + momentum mean, all (H,)."""
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
    """Units normalised by a given mean and variance, scaled and shifted: `batch_norm` in use.

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
