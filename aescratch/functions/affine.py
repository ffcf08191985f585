"""Affine maps: what a dense layer computes, and how its weights are scaled where their rows have length one."""

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


def unit_rows(V: Array) -> Array:
    """Rows scaled to length one: W_i = V_i / ‖V_i‖, with V and W (n_in, n_out)."""
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


# What else is to be known of these formulas

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
        question="What comes out for x = 0? And for the first row of the identity?",
    ),
    Formula(
        unit_rows, unit_rows_backward,
        lines=(NORM, "W[i,j] = V[i,j] / norm[i]"),
        backward_lines=(
            NORM,
            "along[i] = sum(j, grad_W[i,j] * V[i,j] / norm[i])",
            "grad_V[i,j] = (grad_W[i,j] - along[i] * V[i,j] / norm[i]) / norm[i]",
        ),
        claim="V with rows of length one",
        inputs=lambda rng, N, D, H: {"V": rng.normal(size=(D, H))},
        second_opinion=rows_of_length_one,
        question="How long is each row of the matrix that x meets?",
    ),
)  # fmt: skip
