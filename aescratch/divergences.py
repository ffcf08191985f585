"""Divergences: the distance of a code from the prior N(0, 1), for each example or for all codes of a batch together.

    mu, log_var --GaussianKL--> a number;   code h, samples --MaximumMeanDiscrepancy--> a number
"""

from __future__ import annotations

from typing import Any

from aescratch import functions
from aescratch.backend import Array, Number, all_rows, array_module, own_gradient
from aescratch.foundations.buffers import Buffer
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part
from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_count, require_number, require_same_shape


class GaussianKL(Part, Recipe):
    """Keep the code's distribution near the prior: beta · KL(N(mu, σ²) ‖ N(0, 1)), mean over the batch.

    Parameters
    ----------
    beta : float
        Its weight in the objective, 0 or more; 1 gives the variational bound.
    free_bits : float
        The nats of divergence that each unit has for free, on average over the batch; 0 or more.
    warm_up : int
        The number of training steps over which beta rises from 0 to its value; 0 for no warm-up.

    Attributes
    ----------
    steps : Buffer or None
        The number of training steps so far, (1,), up to warm_up; None without a warm-up.
    """

    mu: Array
    log_var: Array
    beta_now: Any
    is_term = True
    remembers: tuple[str, ...] = ("mu", "log_var", "beta_now")

    def __init__(self, beta: float, free_bits: float = 0.0, warm_up: int = 0) -> None:
        self.beta: float = require_number("beta", beta, least=0)
        self.free_bits: float = require_number("free_bits", free_bits, least=0)
        self.warm_up: int = require_count("warm_up", warm_up, least=0)
        self.steps: Buffer | None = None
        self.prepare("float64")

    def prepare(self, dtype: str) -> None:
        """Count the steps in a model's dtype, so that its loss keeps that dtype."""
        if self.warm_up:
            self.steps = Buffer.filled("steps", 1, 0.0, dtype)

    @property
    def moves_objective(self) -> bool:  # type: ignore[override]
        """Whether beta rises in training."""
        return self.warm_up > 0

    @property
    def buffers(self) -> list[Buffer]:
        """The count of steps, if there is a warm-up."""
        return [] if self.steps is None else [self.steps]

    @property
    def kinks(self) -> Array | None:
        """The mask of the units above their free bits."""
        pattern = functions.FORMULAS["free_bits_kl"].kinks if self.free_bits else None  # type: ignore[attr-defined]
        return None if pattern is None else pattern(self.mu, self.log_var, self.free_bits)

    def forward(self, mu: Array, log_var: Array) -> Number:
        """Return the penalty for mu (N, H) and log_var (N, H), a number; in training beta rises with every call."""
        require_same_shape(mu, "mu", log_var, "log_var")
        self.mu, self.log_var, self.beta_now = mu, log_var, self._risen()
        if self.free_bits:
            return self.beta_now * functions.free_bits_kl(mu, log_var, self.free_bits)
        return self.beta_now * functions.gaussian_kl(mu, log_var)

    def _risen(self) -> Any:
        """Return the current beta, a number, and count the step."""
        if self.steps is None or not self.in_training:
            return self.beta
        taken = self.steps.value
        self.steps.value = array_module(taken).minimum(taken + 1, self.warm_up)
        return self.beta * taken[0] / self.warm_up

    def backward(self) -> tuple[Array, Array]:
        """Return grad_mu (N, H) and grad_log_var (N, H)."""
        if self.free_bits:
            grad_mu, grad_log_var = functions.free_bits_kl_backward(self.mu, self.log_var, self.free_bits)
        else:
            grad_mu, grad_log_var = functions.gaussian_kl_backward(self.mu, self.log_var)
        return self.beta_now * grad_mu, self.beta_now * grad_log_var


class MaximumMeanDiscrepancy(Part, Recipe):
    """Make the codes of a batch look like samples of the prior: weight · squared maximum mean discrepancy.

    Parameters
    ----------
    weight : float
        Its weight in the objective, 0 or more; the paper's lambda.
    C : float
        The width of the inverse multiquadric kernel C / (C + ‖h − z‖²), above 0.

    Examples
    --------
    >>> import numpy as np
    >>> penalty = MaximumMeanDiscrepancy(1.0, C=1.0)
    >>> float(penalty.forward(np.array([[0.0], [0.0]]), np.array([[3.0], [3.0]])))  # 1 + 1 − 2 · 1/(1 + 9)
    1.8
    """

    h: Array
    z: Array
    is_term = True
    remembers: tuple[str, ...] = ("h", "z")
    least_examples = least_in_use = 2  # one has no pair

    def __init__(self, weight: float, C: float) -> None:
        self.weight: float = require_number("weight", weight, least=0)
        self.C = require_number("C", C, above=0)

    def forward(self, h: Array, z: Array) -> Number:
        """Return the penalty for codes h and samples z of the prior, both (N, H), a number.

        Raises
        ------
        ValueError
            If there is only one example.
        """
        require_same_shape(h, "h", z, "z")
        h, z = all_rows(h), all_rows(z)
        if len(h) < self.least_examples:
            message = gettext("expected at least two examples, since the discrepancy compares pairs, got 1; pass more")
            raise ValueError(message)
        self.h, self.z = h, z
        return self.weight * functions.mmd(h, z, self.C)

    def backward(self) -> Array:
        """Return grad_h (N, H)."""
        return self.weight * own_gradient(functions.mmd_backward(self.h, self.z, self.C))
