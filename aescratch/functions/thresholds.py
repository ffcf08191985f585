"""Thresholds: units of a code that are off up to a threshold, or that a gate switches on and off.

    log_theta -> threshold -> theta;   a -> jump_relu -> h = a ⊙ H(a − theta);   a -> l0_sparsity -> how many are on
    p = x W -> gate -> a_gate, p -> magnitude -> a_mag;   a_gate, a_mag -> gated -> h = H(a_gate) ⊙ relu(a_mag)

H is the step, 0 up to 0 and 1 above. Its derivative is 0, so no threshold would ever be learnt from it. For
`jump_relu` and `l0_sparsity` a declared rule replaces the derivative; a gate is learnt by other terms.
"""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size
from aescratch.foundations.declared import surrogate_gradient
from aescratch.functions.formula import Formula, Record, Setting, Term

SOURCE = 'Rajamanoharan et al. 2024, "Jumping ahead", equation'


def threshold(log_theta: Array) -> Array:
    """Thresholds that are positive for any logarithm: theta = exp(log_theta), (H,)."""
    return array_module(log_theta).exp(log_theta)


def threshold_backward(grad_theta: Array, theta: Array) -> Array:
    """Gradient of `threshold`: theta grad_theta."""
    return array_module(grad_theta, theta).multiply(theta, grad_theta)


def jump_relu(a: Array, theta: Array, bandwidth: float) -> Array:
    """Units at or below their threshold are off, the others are unchanged: h = a ⊙ H(a − theta).

    a and h are (N, H), theta (H,) is positive; only the backward pass reads the bandwidth (Rajamanoharan et al. 2024,
    equation 5).
    """
    return array_module(a, theta).where(a <= theta, 0, a)


def _jump_relu_rule(grad_h: Array, a: Array, theta: Array, bandwidth: float) -> Any:
    """Return the rule of `jump_relu_backward`, one entry after the other."""
    grad_a = [[float(g) * (v > t) for g, v, t in zip(*row, theta, strict=True)] for row in zip(grad_h, a, strict=True)]
    grad_theta = [
        -float(t) * math.fsum(float(g) * _kernel(v - t, bandwidth) for g, v in zip(*unit, strict=True))
        for t, unit in zip(theta, zip(grad_h.T, a.T, strict=True), strict=True)
    ]
    return grad_a, grad_theta


def _ramped_jump(a: Array, theta: Array, bandwidth: float) -> Array:
    """Return a ramp from a to 0 while theta passes a: its derivative in theta is −theta times the kernel."""
    low = a - bandwidth / 2
    passed = array_module(a).clip(theta, low, a + bandwidth / 2)
    return a - (passed**2 - low**2) / (2 * bandwidth)


@surrogate_gradient(
    "pseudo-derivative in theta",
    "grad_a = grad_h ⊙ H(a − theta); grad_theta = −theta Σ_n grad_h K((a − theta)/bandwidth)/bandwidth",
    f"{SOURCE} 11", _jump_relu_rule, smoothed={"a": jump_relu, "theta": _ramped_jump},
)
def jump_relu_backward(grad_h: Array, a: Array, theta: Array, bandwidth: float) -> tuple[Array, Array]:
    """Gradients of `jump_relu`: the derivative for a, and for theta a rule, since the derivative is 0.

    grad_theta_j = −theta_j / bandwidth Σ_n grad_h_nj K((a_nj − theta_j) / bandwidth), with K = 1 within ½ of 0: only
    examples near the threshold move it (Rajamanoharan et al. 2024, equation 11).
    """
    xp = array_module(grad_h, a, theta)
    near = xp.abs(a - theta) < bandwidth / 2
    grad_a = xp.where(a <= theta, 0, grad_h)
    grad_theta = -theta / bandwidth * (grad_h * near).sum(axis=0)
    return grad_a, grad_theta


def l0_sparsity(a: Array, theta: Array, bandwidth: float) -> Number:
    """Count of the units above their threshold, mean over the batch: 1/N Σ_n Σ_j H(a_nj − theta_j).

    a is (N, H), theta (H,); only the backward pass reads the bandwidth (Rajamanoharan et al. 2024, equation 9).
    """
    xp = array_module(a, theta)
    return batch_mean(xp.where(a <= theta, 0, xp.ones_like(a)).sum(axis=1))


def _l0_rule(a: Array, theta: Array, bandwidth: float) -> Any:
    """Return the rule of `l0_sparsity_backward`, one entry after the other."""
    near = [math.fsum(_kernel(v - t, bandwidth) for v in unit) for t, unit in zip(theta, a.T, strict=True)]
    return 0 * a, [-each / len(a) for each in near]


def _ramped_count(a: Array, theta: Array, bandwidth: float) -> Number:
    """Return the count in which each unit rises from 0 to 1 within the bandwidth."""
    return array_module(a).clip((a - theta) / bandwidth + 0.5, 0, 1).sum() / len(a)


@surrogate_gradient(
    "pseudo-derivative in theta", "grad_a = 0; grad_theta = −Σ_n K((a − theta)/bandwidth)/bandwidth / N",
    f"{SOURCE} 12", _l0_rule, smoothed={"a": l0_sparsity, "theta": _ramped_count},
)
def l0_sparsity_backward(a: Array, theta: Array, bandwidth: float) -> tuple[Array, Array]:
    """Gradients of `l0_sparsity`: 0 for a, like the derivative, and for theta a rule instead of the derivative.

    grad_theta_j = −1 / (bandwidth N) Σ_n K((a_nj − theta_j) / bandwidth), with K = 1 within ½ of 0: an estimate of the
    density of the unit's values at its threshold, by which the mean count falls (Rajamanoharan et al. 2024, eq. 12).
    """
    xp = array_module(a, theta)
    near = xp.where(xp.abs(a - theta) < bandwidth / 2, xp.ones_like(a), 0)
    return xp.zeros_like(a), -near.sum(axis=0) / bandwidth / batch_size(a)


def gate(p: Array, b: Array) -> Array:
    """How far each gate is open, negative if shut: a_gate = p + b, with p = x W and a_gate (N, H), b (H,)."""
    return array_module(p, b).add(p, b)


def gate_backward(grad_a_gate: Array) -> tuple[Array, Array]:
    """Gradients of `gate`: grad_a_gate itself, and its sum over n."""
    return array_module(grad_a_gate).copy(grad_a_gate), grad_a_gate.sum(axis=0)


def magnitude(p: Array, r: Array, b: Array) -> Array:
    """Size of each unit if its gate is open: a_mag = exp(r) ⊙ p + b, with p and a_mag (N, H), r and b (H,).

    With p = x W it is x W_mag + b for W_mag = W ⊙ exp(r): the gate's directions with other lengths
    (Rajamanoharan et al. 2024, "Improving dictionary learning with gated sparse autoencoders", equation 7).
    """
    return array_module(p, r, b).exp(r) * p + b


def magnitude_backward(grad_a_mag: Array, p: Array, r: Array) -> tuple[Array, Array, Array]:
    """Gradients of `magnitude`: exp(r) grad_a_mag for p; the sums over n of exp(r) p grad_a_mag and of grad_a_mag."""
    scaled = array_module(grad_a_mag, p, r).exp(r) * grad_a_mag
    return scaled, (scaled * p).sum(axis=0), grad_a_mag.sum(axis=0)


def gated(a_gate: Array, a_mag: Array) -> Array:
    """Units that are on if their gate is open, with the size of their magnitude: h = H(a_gate) ⊙ max(a_mag, 0), (N, H).

    (Rajamanoharan et al. 2024, "Improving dictionary learning with gated sparse autoencoders", equation 6.)
    """
    xp = array_module(a_gate, a_mag)
    return xp.where(a_gate <= 0, 0, xp.maximum(a_mag, 0))


def gated_backward(grad_h: Array, a_gate: Array, a_mag: Array) -> tuple[Array, Array]:
    """Gradients of `gated`: 0 for the gate, which is a step, and grad_h where the gate is open and a_mag > 0."""
    xp = array_module(grad_h, a_gate, a_mag)
    return xp.zeros_like(a_gate), xp.where((a_gate <= 0) | (a_mag <= 0), 0, grad_h)


# Everything else about these formulas


def _kernel(u: float, bandwidth: float) -> float:
    """Return the rectangle of this width around 0, whose area is 1."""
    return 1 / bandwidth if -bandwidth < 2 * u < bandwidth else 0.0


def _near_thresholds(rng: Any, N: int, H: int) -> dict[str, Any]:
    """Draw units, half of them near their threshold, and none within a hundredth of a jump of a rule."""
    theta, bandwidth = rng.uniform(0.2, 0.6, H), 0.3
    steps = rng.choice([-0.6, -0.22, -0.12, -0.05, 0.05, 0.12, 0.22, 0.6], (N, H)) + rng.uniform(-0.01, 0.01, (N, H))
    return {"a": theta + steps, "theta": theta, "bandwidth": bandwidth}


def _rows(entry: Any, *arrays: Array) -> list[list[float]]:
    """Return entry(...) for the numbers of every unit, row by row; the first array has a row for each example."""

    def row_of(array: Array, n: int) -> Any:
        return array[n] if array.ndim == 2 else array

    return [
        [float(entry(*map(float, units))) for units in zip(*(row_of(array, n) for array in arrays), strict=True)]
        for n in range(len(arrays[0]))
    ]


BANDWIDTH = Setting("The width around a threshold in which units move it.", limits={"above": 0})
NEAR = "near[n,j] = 1 if abs(a[n,j] - theta[j]) < bandwidth / 2 else 0"

RECORDS: tuple[Record, ...] = (
    Formula(
        threshold, threshold_backward,
        lines=("theta[j] = exp(log_theta[j])",),
        backward_lines=("grad_log_theta[j] = theta[j] * grad_theta[j]",),
        claim="exp(log_theta)",
        inputs=lambda rng, N, D, H: {"log_theta": rng.normal(-1, 0.5, H)},
        second_opinion=lambda log_theta: [math.e ** float(v) for v in log_theta],
        question="What is the threshold if its logarithm is 0? And can it be negative?",
    ),
    Formula(
        jump_relu, jump_relu_backward,
        lines=("h[n,j] = a[n,j] if a[n,j] > theta[j] else 0",),
        backward_lines=(
            NEAR, "grad_a[n,j] = grad_h[n,j] if a[n,j] > theta[j] else 0",
            "grad_theta[j] = -theta[j] / bandwidth * sum(n, grad_h[n,j] * near[n,j])",
        ),
        claim="a where a > theta, else 0",
        inputs=lambda rng, N, D, H: _near_thresholds(rng, N, H),
        second_opinion=lambda a, theta, bandwidth: _rows(lambda v, t: (v > t) * v, a, theta),
        question="What is the output of a unit just above its threshold, and of one just below?",
    ),
    Term(
        l0_sparsity, l0_sparsity_backward,
        layer="L0Sparsity",
        settings={"bandwidth": BANDWIDTH},
        lines=("l0 = mean(n, sum(j, 1 if a[n,j] > theta[j] else 0))",),
        backward_lines=(NEAR, "grad_a[n,j] = 0", "grad_theta[j] = -sum(n, near[n,j]) / bandwidth / N"),
        claim="the number of units above theta, mean over the batch",
        inputs=lambda rng, N, D, H: _near_thresholds(rng, N, H),
        second_opinion=lambda a, theta, bandwidth: _rows(lambda v, t: float(v > t), a, theta),
        question="What does an active unit cost, for any size? And one at its threshold?",
    ),
    Formula(
        gate, gate_backward,
        lines=("a_gate[n,j] = p[n,j] + b[j]",),
        backward_lines=("grad_p[n,j] = grad_a_gate[n,j]", "grad_b[j] = sum(n, grad_a_gate[n,j])"),
        claim="p + b",
        inputs=lambda rng, N, D, H: {"p": rng.normal(size=(N, H)), "b": rng.normal(size=H)},
        second_opinion=lambda p, b: _rows(lambda v, c: math.fsum((v, c)), p, b),
        question="Which units does a bias of the gate reach?",
        derivation="$a^{gate}_{nj} = p_{nj} + b_j$: the gradient of $p$ is that of $a^{gate}$, and $b_j$ reaches all "
        "examples.",
    ),
    Formula(
        magnitude, magnitude_backward,
        lines=("a_mag[n,j] = exp(r[j]) * p[n,j] + b[j]",),
        backward_lines=(
            "grad_p[n,j] = exp(r[j]) * grad_a_mag[n,j]",
            "grad_r[j] = sum(n, exp(r[j]) * grad_a_mag[n,j] * p[n,j])", "grad_b[j] = sum(n, grad_a_mag[n,j])",
        ),
        claim="exp(r) p + b",
        inputs=lambda rng, N, D, H: {
            "p": rng.normal(size=(N, H)), "r": rng.normal(size=H), "b": rng.normal(size=H),
        },
        second_opinion=lambda p, r, b: _rows(lambda v, s, c: math.fsum((v * math.e**s, c)), p, r, b),
        question="What is the result for r = 0, and for p = 0?",
    ),
    Formula(
        gated, gated_backward,
        lines=("h[n,j] = max(a_mag[n,j], 0) if a_gate[n,j] > 0 else 0",),
        backward_lines=(
            "grad_a_gate[n,j] = 0",
            "grad_a_mag[n,j] = grad_h[n,j] if a_gate[n,j] > 0 and a_mag[n,j] > 0 else 0",
        ),
        claim="max(a_mag, 0) where a_gate > 0, else 0",
        inputs=lambda rng, N, D, H: {
            name: rng.choice([-1.0, 1.0], (N, H)) * rng.uniform(0.05, 2.0, (N, H)) for name in ("a_gate", "a_mag")
        },
        second_opinion=lambda a_gate, a_mag: _rows(lambda g, m: (g > 0) * max(m, 0.0), a_gate, a_mag),
        question="What is the output of a unit with a shut gate, and of one with an open gate and the magnitude −1?",
    ),
)  # fmt: skip
