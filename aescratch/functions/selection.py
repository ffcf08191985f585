"""Selection: which units of an example stay, when only a few may."""

from __future__ import annotations

from aescratch.backend import Array, array_module
from aescratch.functions.formula import Formula, Record
from aescratch.functions.one_by_one import largest


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


# What else is to be known of these formulas

MASK = "mask[n,j] = 1 if sum(i, 1 if a[n,i] > a[n,j] or a[n,i] == a[n,j] and i < j else 0) < k else 0"
QUESTION = "How many units of an example stay, and which ones, when the largest in size is negative?"

RECORDS: tuple[Record, ...] = (
    Formula(
        top_k, top_k_backward,
        lines=(MASK, "y[n,j] = a[n,j] if mask[n,j] > 0 else 0"),
        backward_lines=(MASK, "grad_a[n,j] = grad_y[n,j] if mask[n,j] > 0 else 0"),
        claim="the k largest of each row",
        inputs=lambda rng, N, D, H: {"a": rng.normal(size=(N, D)), "k": 2},
        second_opinion=largest,
        question=QUESTION,
    ),
    Formula(
        top_k_mask,
        lines=(MASK,),
        claim="where the k largest of each row are",
        inputs=lambda rng, N, D, H: {"a": rng.integers(-2, 3, (N, D)) + 0.0, "k": 3},  # with many that tie
        second_opinion=lambda a, k: largest(a + 10, k) != 0,
        question=QUESTION,
    ),
)  # fmt: skip
