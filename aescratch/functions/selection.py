"""Selection: which units of an example are kept, and the use of units that never are.

    a -> top_k -> the k largest of each example;    a -> batch_top_k -> the k N largest of the batch
    h -> silence -> the number of examples for which each unit has been 0
    a, silence -> silent_top_k -> the k largest of the units that have been 0 for long
"""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, array_module, batch_size
from aescratch.foundations.declared import surrogate_gradient
from aescratch.foundations.language import gettext_noop
from aescratch.functions.formula import Formula, Record
from aescratch.functions.normalization import moving_average
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
    above = ~(a <= threshold)  # written so that NaN counts as above, and is passed on
    tied = a == threshold
    places_left = k - above.sum(axis=1, keepdims=True)
    return above | (tied & (tied.cumsum(axis=1) <= places_left))


def batch_top_k(a: Array, k: int) -> Array:
    """Keep the k N largest entries of a batch of N, by value, ties to the first; the others become 0.

    a and y are (N, n): an example that needs more units than k gets them from one that needs fewer (Bussmann et al.
    2024, "BatchTopK sparse autoencoders", section 3).
    """
    return array_module(a).where(batch_top_k_mask(a, k), a, 0)


def batch_top_k_backward(grad_y: Array, a: Array, k: int) -> Array:
    """Gradient of `batch_top_k`: the mask, which is constant wherever no two entries tie at the threshold."""
    return array_module(grad_y, a).where(batch_top_k_mask(a, k), grad_y, 0)


def batch_top_k_mask(a: Array, k: int) -> Array:
    """Where `batch_top_k` keeps: True at the k N largest entries of the batch (N, n)."""
    return top_k_mask(a.reshape(1, a.size), k * len(a)).reshape(a.shape)


def moving_threshold(running: Array, a: Array, k: int, momentum: float) -> Array:
    """Threshold over batches, (1,), which moves towards the smallest entry of a new batch that `batch_top_k` keeps.

    (1 − momentum) running + momentum min of the k N largest of a (N, n); in use, entries above it are kept (Bussmann
    et al. 2024, section 3).
    """
    smallest = array_module(running, a).where(batch_top_k_mask(a, k), a, math.inf).min()
    return moving_average(running, smallest, momentum)


def silence(h: Array, silent_for: Array) -> Array:
    """For how many examples each unit has been 0, after a new batch h (N, H); 0 if it was active; (H,)."""
    return array_module(h, silent_for).where((h != 0).any(axis=0), 0, silent_for + batch_size(h))


def silent_top_k(a: Array, silent_for: Array, k: int, silent_after: int) -> Array:
    """Keep, of the units silent for more than silent_after examples, the k largest of each row; the others become 0.

    a and z are (N, H), silent_for (H,); fewer are kept if fewer are silent (Gao et al. 2024, "Scaling and evaluating
    sparse autoencoders", appendix A.2).
    """
    return array_module(a).where(silent_top_k_mask(a, silent_for, k, silent_after), a, 0)


def silent_top_k_backward(grad_z: Array, a: Array, silent_for: Array, k: int, silent_after: int) -> Array:
    """Gradient of `silent_top_k`: the mask."""
    return array_module(grad_z, a).where(silent_top_k_mask(a, silent_for, k, silent_after), grad_z, 0)


def silent_top_k_mask(a: Array, silent_for: Array, k: int, silent_after: int) -> Array:
    """Where `silent_top_k` keeps, (N, H)."""
    xp = array_module(a, silent_for)
    silent = silent_for > silent_after
    return top_k_mask(xp.where(silent, a, -xp.inf), k) & silent


def stop_gradient(x: Array) -> Array:
    """Return x unchanged; its backward treats x as a constant."""
    return array_module(x).copy(x)


@surrogate_gradient("stop-gradient", "grad_x = 0", "Gao et al. 2024, appendix A.2", lambda grad_y: 0 * grad_y)
def stop_gradient_backward(grad_y: Array) -> Array:
    """Return 0 instead of the derivative, which is grad_y: no gradient passes."""
    return array_module(grad_y).zeros_like(grad_y)


# Everything else about these formulas


def _largest_of_silent(a: Array, silent_for: Array, k: int, silent_after: int) -> Any:
    silent = [j for j, count in enumerate(silent_for) if count > silent_after]
    kept = 0 * a
    kept[:, silent] = largest(a[:, silent], k)
    return kept


def _silences(rng: Any, N: int, H: int) -> dict[str, Any]:
    return {"h": rng.normal(size=(N, H)) * (rng.random(H) < 0.6), "silent_for": rng.integers(0, 9, H) + 0.0}


def _with_silent_units(rng: Any, N: int, D: int) -> dict[str, Any]:
    silent_for = 40.0 + rng.permutation(D)  # D − 2 of them silent, of which each example keeps two
    return {"a": rng.normal(size=(N, D)), "silent_for": silent_for, "k": 2, "silent_after": 41}


LARGER = "sum(m, sum(i, 1 if a[m,i] > a[n,j] or a[m,i] == a[n,j] and (m < n or m == n and i < j) else 0))"
BATCH_MASK = f"mask[n,j] = 1 if {LARGER} < k * N else 0"
SILENT_MASK = (
    "mask[n,j] = 1 if silent_for[j] > silent_after and sum(i, 1 if silent_for[i] > silent_after and "
    "(a[n,i] > a[n,j] or a[n,i] == a[n,j] and i < j) else 0) < k else 0"
)
SILENT_QUESTION = gettext_noop(
    "Which units may take part here, and what happens to units that were active a moment ago?"
)
BATCH_QUESTION = "How many entries of the whole batch are kept, and must each example keep the same number?"
MASK = "mask[n,j] = 1 if sum(i, 1 if a[n,i] > a[n,j] or a[n,i] == a[n,j] and i < j else 0) < k else 0"
QUESTION = gettext_noop(
    "How many units of an example are kept, and which, if that of the largest absolute value is negative?"
)

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
    Formula(
        batch_top_k, batch_top_k_backward,
        lines=(BATCH_MASK, "y[n,j] = a[n,j] if mask[n,j] > 0 else 0"),
        backward_lines=(BATCH_MASK, "grad_a[n,j] = grad_y[n,j] if mask[n,j] > 0 else 0"),
        claim="the k N largest of the batch",
        inputs=lambda rng, N, D, H: {"a": rng.normal(size=(N, D)), "k": 2},
        second_opinion=lambda a, k: largest(a.reshape(1, a.size), k * len(a)).reshape(a.shape),
        question=BATCH_QUESTION,
        derivation="As for `top_k`: the mask is constant between ties, so $\\text{grad}_a$ is the mask times "
        "$\\text{grad}_y$.",
    ),
    Formula(
        batch_top_k_mask,
        lines=(BATCH_MASK,),
        claim="where the k N largest of the batch are",
        inputs=lambda rng, N, D, H: {"a": rng.integers(-2, 3, (N, D)) + 0.0, "k": 3},
        second_opinion=lambda a, k: (largest(a.reshape(1, a.size) + 10, k * len(a)) != 0).reshape(a.shape),
        question=BATCH_QUESTION,
    ),
    Formula(
        moving_threshold,
        lines=(
            f"larger[n,j] = {LARGER}",
            "running_new[l] = (1 - momentum) * running[l] "
            "+ momentum * sum(n, sum(j, a[n,j] if larger[n,j] == k * N - 1 else 0))",
        ),
        claim="running + momentum (the smallest that is kept − running)",
        inputs=lambda rng, N, D, H: {
            "running": rng.normal(size=1), "a": rng.normal(size=(N, D)), "k": 2, "momentum": 0.3,
        },
        second_opinion=lambda running, a, k, momentum: [
            float(before) + momentum * (sorted(map(float, a.reshape(-1)))[-k * len(a)] - float(before))
            for before in running
        ],
        question="To which value does it converge if every batch is the same?",
    ),
    Formula(
        silence,
        lines=("count[j] = 0 if max(n, abs(h[n,j])) > 0 else silent_for[j] + N",),
        claim="0 for a unit that was active, else N more",
        inputs=lambda rng, N, D, H: _silences(rng, N, 2 * H),
        second_opinion=lambda h, silent_for: [
            0.0 if any(unit) else len(h) + float(before) for unit, before in zip(h.T, silent_for, strict=True)
        ],
        question="What is the count of a unit that is active for one example of the batch?",
    ),
    Formula(
        silent_top_k, silent_top_k_backward,
        lines=(SILENT_MASK, "z[n,j] = a[n,j] if mask[n,j] > 0 else 0"),
        backward_lines=(SILENT_MASK, "grad_a[n,j] = grad_z[n,j] if mask[n,j] > 0 else 0"),
        claim="the k largest of the silent units of each row",
        inputs=lambda rng, N, D, H: _with_silent_units(rng, N, D),
        second_opinion=_largest_of_silent,
        question=SILENT_QUESTION,
        derivation="As for `top_k`: which units are silent is given, and the mask is constant between ties, so "
        "$\\text{grad}_a$ is the mask times $\\text{grad}_z$.",
    ),
    Formula(
        silent_top_k_mask,
        lines=(SILENT_MASK,),
        claim="where the k largest of the silent units of each row are",
        inputs=lambda rng, N, D, H: {**_with_silent_units(rng, N, D), "a": rng.integers(-2, 3, (N, D)) + 0.0},
        second_opinion=lambda a, *rest: _largest_of_silent(a + 10, *rest) != 0,
        question=SILENT_QUESTION,
    ),
    Formula(
        stop_gradient, stop_gradient_backward,
        lines=("y[n,j] = x[n,j]",),
        backward_lines=("grad_x[n,j] = 0",),
        claim="x itself",
        inputs=lambda rng, N, D, H: {"x": rng.normal(size=(N, D))},
        second_opinion=lambda x: [[float(v) for v in row] for row in x],
        question="Does the value change if only the gradient is stopped?",
        derivation="The derivative would be $\\text{grad}_x = \\text{grad}_y$. A paper that holds a quantity constant "
        "uses $\\text{grad}_x = 0$ instead, as if $x$ were a given number.",
    ),
)  # fmt: skip
