"""The gradients of a whole variational autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.classroom import check_backward
from aescratch.inspection.gradcheck import Report

FUNCTIONS = ("vae_backward",)


def vae_loss(x: Any, eps: Any, W1: Any, W_mu: Any, W_log_var: Any, W2: Any, beta: float) -> Any:
    """Return the loss that the exercise gives."""
    h = functions.tanh(x @ W1)
    mu, log_var = h @ W_mu, h @ W_log_var
    x_hat = functions.reparameterize(mu, log_var, eps) @ W2
    return functions.squared_error(x_hat, x) + beta * functions.gaussian_kl(mu, log_var)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on vae_backward."""
    rng = np.random.default_rng(seed)
    shapes = {"x": (7, 5), "eps": (7, 2), "W1": (5, 3), "W_mu": (3, 2), "W_log_var": (3, 2), "W2": (2, 5)}
    inputs: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs["beta"] = 0.7
    yield check_backward(student.vae_backward, vae_loss, inputs, seed, wrt=["W1", "W_mu", "W_log_var", "W2"])
