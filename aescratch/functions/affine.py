"""Affine maps: what a dense layer computes, and how its weights are scaled where their rows have length one."""

from __future__ import annotations

from typing import Any

from aescratch.backend import Array, array_module


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
