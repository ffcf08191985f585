"""Discrepancy: the distance between two samples, by the kernel between their points."""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size, fused
from aescratch.functions.formula import Formula, Record, Term


def inverse_multiquadric(h: Array, z: Array, C: float) -> Array:
    """Kernel between the rows of h and z, both (N, H): k_nm = C / (C + ‖h_n − z_m‖²), (N, N).

    Its tails are heavy: the prior still attracts a far code (Tolstikhin et al. 2017, section 4).
    """
    return _of_centred(*_in_float64(h, z), C).astype(h.dtype)


def _in_float64(h: Array, z: Array) -> tuple[Array, Array]:
    """Return both as differences from the mean of h, in float64, which distinguishes near points far from 0."""
    xp = array_module(h, z)
    h, z = h.astype(xp.float64), z.astype(xp.float64)
    centre = h.mean(axis=0)
    return h - centre, z - centre


def _of_centred(u: Array, v: Array, C: float) -> Array:
    """Return the kernel by ‖u_n − v_m‖² = ‖u_n‖² − 2 u_n·v_m + ‖v_m‖², which is a product of matrices."""
    return _of_distance(array_module(u).expand_dims(_squared_lengths(u), 1), u @ v.T, _squared_lengths(v), C)


@fused
def _squared_lengths(u: Array) -> Array:
    return (u * u).sum(axis=1)


@fused
def _of_distance(of_u: Array, products: Array, of_v: Array, C: float) -> Array:
    return C / (C + array_module(products).maximum(of_u - 2 * products + of_v, 0))


def mmd(h: Array, z: Array, C: float) -> Number:
    """Squared maximum mean discrepancy of codes h from samples z of the prior, both (N, H), by its unbiased estimator.

    Σ_{n≠m} [k(h_n, h_m) + k(z_n, z_m)] / (N (N − 1)) − 2 Σ_{n,m} k(h_n, z_m) / N², with the `inverse_multiquadric`
    kernel (Tolstikhin et al. 2017, algorithm 2). Two samples of one distribution give 0 on average, so it may be
    negative. It needs two rows.
    """
    (u, v), (w, _) = _in_float64(h, z), _in_float64(z, z)
    own = _of_centred(u, u, C).sum(axis=1) - 1  # a point's kernel with itself is 1
    prior = _of_centred(w, w, C).sum(axis=1) - 1
    of_rows = (own + prior) / (batch_size(h) - 1) - 2 * _of_centred(u, v, C).mean(axis=1)
    return batch_mean(of_rows.astype(h.dtype))


def mmd_backward(h: Array, z: Array, C: float) -> Array:
    """Gradient of `mmd` for h: ∂k(h_n, y)/∂h_n = −2 (h_n − y) k²/C, and h_n is in both arguments of its own kernels."""
    (u, v), N = _in_float64(h, z), batch_size(h)
    attracting = _weighted_differences(_of_centred(u, v, C) ** 2, u, v) / N
    repelling = _weighted_differences(_of_centred(u, u, C) ** 2, u, u) / (N - 1)
    return (4 / C * (attracting - repelling) / N).astype(h.dtype)


def _weighted_differences(weights: Array, u: Array, v: Array) -> Array:
    """Return Σ_m w_nm (u_n − v_m), (N, H)."""
    return weights.sum(axis=1, keepdims=True) * u - weights @ v


# Everything else about these formulas


def _kernel(a: Any, b: Any, C: float) -> float:
    return 1 / (1 + (math.dist(a, b) / math.sqrt(C)) ** 2)


def _shares(h: Array, z: Array, C: float) -> list[list[float]]:
    """Return each example's contribution to the discrepancy: its kernels with other codes, and with the prior."""

    def among(points: Array, n: int) -> float:
        others = [m for m in range(len(points)) if m != n]
        return math.fsum(_kernel(points[n], points[m], C) for m in others) / len(others)

    def between(n: int) -> float:
        return math.fsum(_kernel(h[n], point, C) for point in z) / len(z)

    return [[among(h, n) + among(z, n) - 2 * between(n)] for n in range(len(h))]


def _draw(rng: Any, N: int, D: int, H: int) -> dict[str, Any]:
    return {"h": 0.5 + rng.normal(size=(N, H)), "z": rng.normal(size=(N, H)), "C": 1.5}


OWN = "own[n,m] = C / (C + sum(j, (h[n,j] - h[m,j])**2))"
PRIOR = "prior[n,m] = C / (C + sum(j, (z[n,j] - z[m,j])**2))"
CROSS = "cross[n,m] = C / (C + sum(j, (h[n,j] - z[m,j])**2))"

RECORDS: tuple[Record, ...] = (
    Formula(
        inverse_multiquadric,
        lines=("k[n,m] = C / (C + sum(j, (h[n,j] - z[m,j])**2))",),
        claim="C / (C + ‖h − z‖²)",
        inputs=_draw,
        second_opinion=lambda h, z, C: [[_kernel(a, b, C) for b in z] for a in h],
        question="What is the kernel of a point with itself, and of two points whose squared distance is C?",
    ),
    Term(
        mmd, mmd_backward,
        layer="MaximumMeanDiscrepancy",
        lines=(
            OWN, PRIOR, CROSS,
            "mmd = mean(n, (sum(m, own[n,m]) + sum(m, prior[n,m]) - 2) / (N - 1) - 2 * mean(m, cross[n,m]))",
        ),
        backward_lines=(
            OWN, CROSS,
            "grad_h[n,j] = 4 / C * (mean(m, cross[n,m]**2 * (h[n,j] - z[m,j])) "
            "- sum(m, own[n,m]**2 * (h[n,j] - h[m,j])) / (N - 1)) / N",
        ),
        claim="E k(h, h') + E k(z, z') − 2 E k(h, z), unbiased",
        inputs=_draw,
        second_opinion=_shares,
        question="What is it on average for two samples of one distribution? "
        "And which pairs say nothing about the distribution, and must not count?",
    ),
)  # fmt: skip
