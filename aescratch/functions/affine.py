"""Affine maps: a dense layer, complete, without b, or of a part of x; and weights with rows of length 1."""

from __future__ import annotations

from typing import Any

from aescratch.backend import Array, array_module
from aescratch.functions.formula import Formula, Record
from aescratch.functions.one_by_one import affine, rows_of_length_one


def dense(x: Array, W: Array, b: Array) -> Array:
    """Affine map of every row.

    y = x W + b, with x (N, n_in), W (n_in, n_out), b (n_out,), y (N, n_out).
    """
    y = x @ W
    y += b
    return y


def dense_backward(grad_y: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    """Gradients of `dense`.

    ∂y_nj/∂x_ni = W_ij, ∂y_nj/∂W_ij = x_ni, ∂y_nj/∂b_j = 1: every gradient sums over the index it lacks.
    """
    grad_x = grad_y @ W.T
    grad_W = x.T @ grad_y
    grad_b = grad_y.sum(axis=0)
    return grad_x, grad_W, grad_b


def linear(x: Array, W: Array) -> Array:
    """Linear map of every row: y = x W, with x (N, n_in), W (n_in, n_out), y (N, n_out)."""
    return array_module(x, W).matmul(x, W)


def linear_backward(grad_y: Array, x: Array, W: Array) -> tuple[Array, Array]:
    """Gradients of `linear`: those of `dense` without b."""
    xp = array_module(grad_y, x, W)
    return xp.matmul(grad_y, W.T), xp.matmul(x.T, grad_y)


def frozen_dense(x: Array, W: Array, b: Array) -> Array:
    """Affine map of every row whose W and b are given numbers: y = x W + b, as `dense`."""
    return array_module(x, W, b).matmul(x, W) + b


def frozen_dense_backward(grad_y: Array, W: Array) -> Array:
    """Gradient of `frozen_dense` for x, the only one that isn't given: grad_y Wᵀ."""
    return array_module(grad_y, W).matmul(grad_y, W.T)


def prefix_dense(h: Array, W: Array, b: Array, size: int) -> Array:
    """Affine map of the first `size` units of every row: y = Σ_{j < size} h_j W_j + b.

    h is (N, H), W (H, n_out), b (n_out,), y (N, n_out) (Bussmann et al. 2025, "Learning multi-level features with
    Matryoshka sparse autoencoders", section 3).
    """
    return array_module(h, W, b).matmul(h[:, :size], W[:size]) + b


def prefix_dense_backward(grad_y: Array, h: Array, W: Array, size: int) -> tuple[Array, Array, Array]:
    """Gradients of `prefix_dense`: those of `dense`, and 0 for the units after the prefix and their weights."""
    xp = array_module(grad_y, h, W)
    grad_h, grad_W = xp.zeros_like(h), xp.zeros_like(W)
    grad_h[:, :size] = xp.matmul(grad_y, W[:size].T)
    grad_W[:size] = xp.matmul(h[:, :size].T, grad_y)
    return grad_h, grad_W, grad_y.sum(axis=0)


def unit_rows(V: Array) -> Array:
    """Rows scaled to length 1: W_i = V_i / ‖V_i‖, with V and W (n_in, n_out)."""
    return V / _row_norms(V)


def unit_rows_backward(grad_W: Array, V: Array) -> Array:
    """Gradient of `unit_rows`.

    ∂W_ij/∂V_ik = (δ_jk − W_ij W_ik) / ‖V_i‖: the part of grad_W_i along the row is projected away.
    """
    norms = _row_norms(V)
    W = V / norms
    along = (grad_W * W).sum(axis=1, keepdims=True)
    return (grad_W - along * W) / norms


def _row_norms(V: Array) -> Any:
    return array_module(V).sqrt((V * V).sum(axis=1, keepdims=True))


# Everything else about these formulas

NORM = "norm[i] = sqrt(sum(j, V[i,j]**2))"

RECORDS: tuple[Record, ...] = (
    Formula(
        dense, dense_backward,
        lines=("y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]",),
        backward_lines=(
            "grad_x[n,i] = sum(j, grad_y[n,j] * W[i,j])",
            "grad_W[i,j] = sum(n, x[n,i] * grad_y[n,j])",
            "grad_b[j] = sum(n, grad_y[n,j])",
        ),
        claim="x W + b",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(size=(N, D)), "W": rng.normal(size=(D, H)), "b": rng.normal(size=H),
        },
        second_opinion=affine,
        question="What is the output for x = 0? And for the first row of the identity?",
    ),
    Formula(
        linear, linear_backward,
        lines=("y[n,j] = sum(i, x[n,i] * W[i,j])",),
        backward_lines=("grad_x[n,i] = sum(j, grad_y[n,j] * W[i,j])", "grad_W[i,j] = sum(n, x[n,i] * grad_y[n,j])"),
        claim="x W",
        inputs=lambda rng, N, D, H: {"x": rng.normal(size=(N, D)), "W": rng.normal(size=(D, H))},
        second_opinion=lambda x, W: affine(x, W, 0 * W[0]),
        question="What is the output for x = 0? And for the first row of the identity?",
        derivation="As for `dense`, without $b$.",
    ),
    Formula(
        frozen_dense, frozen_dense_backward,
        lines=("y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]",),
        backward_lines=("grad_x[n,i] = sum(j, grad_y[n,j] * W[i,j])",),
        claim="x W + b",
        inputs=lambda rng, N, D, H: {
            "x": rng.normal(size=(N, D)), "W": rng.normal(size=(D, H)), "b": rng.normal(size=H),
        },
        second_opinion=affine,
        question="What is the output for x = 0? And for the first row of the identity?",
        derivation="As for `dense`; $W$ and $b$ are given numbers, and have no gradient.",
    ),
    Formula(
        prefix_dense, prefix_dense_backward,
        lines=("y[n,i] = sum(j, h[n,j] * W[j,i] if j < size else 0) + b[i]",),
        backward_lines=(
            "grad_h[n,j] = sum(i, grad_y[n,i] * W[j,i]) if j < size else 0",
            "grad_W[j,i] = sum(n, h[n,j] * grad_y[n,i]) if j < size else 0", "grad_b[i] = sum(n, grad_y[n,i])",
        ),
        claim="the first units of h, times W, + b",
        inputs=lambda rng, N, D, H: {
            "h": rng.normal(size=(N, D)), "W": rng.normal(size=(D, H)), "b": rng.normal(size=H), "size": 2,
        },
        second_opinion=lambda h, W, b, size: affine(h * [j < size for j in range(len(W))], W, b),
        question="What does the unit after the prefix change?",
        derivation="As for `dense`; $h_j$ and the row $W_j$ of a unit after the prefix have no effect, so that "
        "$\\text{grad}_{h,nj} = 0$ and $\\text{grad}_{W,ji} = 0$ there.",
    ),
    Formula(
        unit_rows, unit_rows_backward,
        lines=(NORM, "W[i,j] = V[i,j] / norm[i]"),
        backward_lines=(
            NORM,
            "along[i] = sum(j, grad_W[i,j] * V[i,j] / norm[i])",
            "grad_V[i,j] = (grad_W[i,j] - along[i] * V[i,j] / norm[i]) / norm[i]",
        ),
        claim="V with rows of length 1",
        inputs=lambda rng, N, D, H: {"V": rng.normal(size=(D, H))},
        second_opinion=rows_of_length_one,
        question="How long is each row of the matrix that x meets?",
    ),
)  # fmt: skip
