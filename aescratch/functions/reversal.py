"""Gradient reversal, for two networks that are trained against each other with one loss.

    h -> y = h -> below samples of a prior -> discriminator;   in the backward pass the gradient is reversed
"""

from __future__ import annotations

import math

from aescratch.backend import Array, Number, array_module, batch_size, fused
from aescratch.foundations.declared import surrogate_gradient
from aescratch.functions.formula import Formula, Record, Term
from aescratch.functions.losses import binary_cross_entropy, binary_cross_entropy_backward
from aescratch.functions.one_by_one import logistic


def gradient_reversal(h: Array, weight: float) -> Array:
    """Unchanged code, y = h, both (N, H) (Ganin & Lempitsky 2015, section 3)."""
    return array_module(h).copy(h)


@surrogate_gradient(
    "gradient reversal", "grad_h = −weight grad_y", "Ganin & Lempitsky 2015, equation 8",
    lambda grad_y, weight: 0 - grad_y * weight, smoothed=lambda h, weight: -weight * h,
)  # fmt: skip
@fused
def gradient_reversal_backward(grad_y: Array, weight: float) -> Array:
    """Gradient of `gradient_reversal`, by declaration: a step that lowers the loss for y raises it for h."""
    return -weight * grad_y


def join_rows(z: Array, h: Array) -> Array:
    """Rows of h below those of z: both (2N, H), for z and h (N, H)."""
    return array_module(z, h).concatenate([z, h])


def join_rows_backward(grad_both: Array, z: Array) -> tuple[Array, Array]:
    """Gradients of `join_rows`: the upper rows for z, the lower ones for h."""
    xp, n = array_module(grad_both, z), batch_size(z)
    return xp.copy(grad_both[:n]), xp.copy(grad_both[n:])


def discrimination(logits: Array) -> Number:
    """Cross-entropy of distinguishing samples, the upper half of the rows, from codes, the lower; logits (2N, 1).

    −1/2N (Σ_{n < N} log p_n + Σ_{n ≥ N} log(1 − p_n)) with p = sigmoid(logits) (Makhzani et al. 2015, section 2); log 2
    if nothing is distinguished.
    """
    return binary_cross_entropy(logits, _are_samples(logits))


def discrimination_backward(logits: Array) -> Array:
    """Gradient of `discrimination`: (p − 1) / 2N for samples, p / 2N for codes."""
    return binary_cross_entropy_backward(logits, _are_samples(logits))


def _are_samples(logits: Array) -> Array:
    """Return 1 for the upper half of the rows, 0 for the lower."""
    xp, n = array_module(logits), batch_size(logits)
    return xp.expand_dims(xp.arange(n) < n // 2, 1).astype(logits.dtype)


# Everything else about these formulas

ROWS = "rows = sum(m, 1 + 0 * logits[m,0])"
LABEL = "(1 if m < rows / 2 else 0)"
COST = f"max(logits[m,0], 0) - logits[m,0] * {LABEL} + log1p(exp(-abs(logits[m,0])))"

COUNT = "count = sum(n, 1 + 0 * z[n,0])"

RECORDS: tuple[Record, ...] = (
    Formula(
        gradient_reversal, gradient_reversal_backward,
        lines=("y[n,j] = h[n,j]",),
        backward_lines=("grad_h[n,j] = 0 - weight * grad_y[n,j]",),
        claim="h as it is",
        inputs=lambda rng, N, D, H: {"h": rng.normal(size=(N, H)), "weight": 0.7},
        second_opinion=lambda h, weight: [[float(number) for number in row] for row in h],
        question="What does the discriminator see of the code?",
        derivation="It isn't a derivative: that of $y = h$ would be 1. With $-\\lambda$ instead, one step of "
        "descent lets the layers behind it lower their loss, and those before it raise it.",
    ),
    Formula(
        join_rows, join_rows_backward,
        lines=(COUNT, "both[m,j] = z[min(m, count - 1),j] if m < count else h[max(m - count, 0),j]"),
        backward_lines=(COUNT, "grad_z[n,j] = grad_both[n,j]", "grad_h[n,j] = grad_both[n + count,j]"),
        claim="the rows of z, then those of h",
        inputs=lambda rng, N, D, H: {"z": rng.normal(size=(N, H)), "h": rng.normal(size=(N, H))},
        second_opinion=lambda z, h: [[float(number) for number in row] for rows in (z, h) for row in rows],
        question="Which rows are the code's?",
        derivation="Row $m$ of the result is row $m$ of $z$ for $m < N$, and row $m - N$ of $h$ from there on, of "
        "slope 1. So the gradient is cut where the rows meet.",
    ),
    Term(
        discrimination, discrimination_backward,
        layer="Discrimination",
        lines=(ROWS, f"loss = sum(m, {COST}) / rows"),
        backward_lines=(ROWS, f"grad_logits[m,j] = (1 / (1 + exp(-logits[m,j])) - {LABEL}) / rows"),
        claim="−log p of samples and −log(1 − p) of codes, mean over both",
        inputs=lambda rng, N, D, H: {"logits": 2 * rng.normal(size=(2 * N, 1))},
        second_opinion=lambda logits: [
            [-math.log(logistic(l if m < len(logits) // 2 else -l))] for m, (l,) in enumerate(logits)
        ],
        question="What is it if the discriminator is undecided, with all logits 0?",
        derivation="A row's cost is $-\\log p$ for a sample and $-\\log(1 - p)$ for a code, with $p = \\sigma(l)$; as "
        "in the binary cross-entropy its slope is $p$ minus the label, and the mean is over all $2N$ rows.",
    ),
)  # fmt: skip
