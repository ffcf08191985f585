"""Gradient reversal, for two networks that are trained against each other by one loss.

    h -> y = h -> below samples of a prior -> discriminator;   on the way back the gradient is turned round
"""

from __future__ import annotations

from aescratch.backend import Array, array_module, batch_size, fused
from aescratch.foundations.declared import surrogate_gradient
from aescratch.functions.formula import Formula, Record


def gradient_reversal(h: Array, weight: float) -> Array:
    """Code as it is, y = h, both (N, H) (Ganin & Lempitsky 2015, section 3)."""
    return array_module(h).copy(h)


@surrogate_gradient(
    "gradient reversal", "grad_h = −weight grad_y", "Ganin & Lempitsky 2015, equation 14",
    lambda grad_y, weight: 0 - grad_y * weight, smoothed=lambda h, weight: -weight * h,
)  # fmt: skip
@fused
def gradient_reversal_backward(grad_y: Array, weight: float) -> Array:
    """Gradient of `gradient_reversal`, by declaration: what lowers the loss behind it for y raises it for h."""
    return -weight * grad_y


def join_rows(z: Array, h: Array) -> Array:
    """Rows of h below those of z: both (2N, H), for z and h (N, H)."""
    return array_module(z, h).concatenate([z, h])


def join_rows_backward(grad_both: Array, z: Array) -> tuple[Array, Array]:
    """Gradients of `join_rows`: the upper rows for z, the lower ones for h."""
    xp, n = array_module(grad_both, z), batch_size(z)
    return xp.copy(grad_both[:n]), xp.copy(grad_both[n:])


# What else is to be known of these formulas

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
        derivation="It isn't a derivative: that of $y = h$ would be 1. With $-\\lambda$ in its place, one step of "
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
)  # fmt: skip
