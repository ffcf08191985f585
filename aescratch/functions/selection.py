"""Selection: which units of an example stay, when only a few may."""

from __future__ import annotations

from aescratch.backend import Array, array_module


def top_k(a: Array, k: int) -> Array:
    """Keep the k largest entries of every row, by value, ties to the first; the others become 0.

    With a and y (N, n): y = mask ⊙ a (Makhzani & Frey 2013, "k-Sparse Autoencoders").
    """
    return array_module(a).where(top_k_mask(a, k), a, 0)


def top_k_backward(grad_y: Array, a: Array, k: int) -> Array:
    """Gradient of `top_k`: the mask, which is constant wherever no two entries tie at the threshold."""
    return array_module(a).where(top_k_mask(a, k), grad_y, 0)


def top_k_mask(a: Array, k: int) -> Array:
    """Where `top_k` keeps: True at the k largest entries of each row (N, n)."""
    xp = array_module(a)
    threshold = xp.partition(a, -k, axis=1)[:, -k, None]
    above = ~(a <= threshold)  # so written that NaN counts as above, and is passed on
    tied = a == threshold
    places_left = k - above.sum(axis=1, keepdims=True)
    return above | (tied & (tied.cumsum(axis=1) <= places_left))
