"""Quantisation: each vector of a code is replaced by the nearest entry of a codebook; the gradient bypasses this step.

    h -> indices, of the nearest entries -> q, these entries;   the gradient for q goes to h unchanged

A code h (N, H) is P vectors of width W side by side, H = P W; all choose from one codebook E (K, W).
"""

from __future__ import annotations

import math
from typing import Any

from aescratch.backend import Array, Number, array_module, batch_mean, batch_size, fused
from aescratch.foundations.declared import surrogate_gradient
from aescratch.functions.formula import Formula, Record, Term, lifted
from aescratch.functions.normalization import moving_average


def nearest_entries(h: Array, E: Array) -> Array:
    """Index of the entry of the codebook that is nearest to each vector of a code, (N, P) integers; ties to the first.

    argmin_k ‖v − E_k‖² for every vector v of h (N, H), with E (K, W) (van den Oord et al. 2017, equation 1). ‖v‖² is
    left out, since it is the same for all entries. Both are measured from the codebook's mean, so that no digits are
    lost far from 0.
    """
    centre = E.mean(axis=0)
    v, entries = h.reshape(-1, E.shape[1]) - centre, E - centre
    indices = ((entries * entries).sum(axis=1) - 2 * v @ entries.T).argmin(axis=1)
    return indices.reshape(batch_size(h), -1)


def codebook_entries(E: Array, indices: Array) -> Array:
    """Entries of the codebook by their indices (N, P), side by side: q (N, H)."""
    return array_module(E, indices).take(E, indices, axis=0).reshape(batch_size(indices), -1)


def codebook_entries_backward(grad_q: Array, E: Array, indices: Array) -> Array:
    """Gradient of `codebook_entries`: each entry gets the sum over the vectors that chose it."""
    return _chosen(indices, E).T @ grad_q.reshape(-1, E.shape[1])


def _chosen(indices: Array, of: Array) -> Array:
    """Return 1 where a vector chose an entry, else 0, (N P, K), for sums by entry."""
    xp = array_module(of, indices)
    return (indices.reshape(-1, 1) == xp.arange(batch_size(of))).astype(of.dtype)


def straight_through(h: Array, q: Array) -> Array:
    """Quantised code, q in place of h, both (N, H)."""
    return array_module(h, q).copy(q)


@surrogate_gradient(
    "straight-through", "grad_h = grad_z", "van den Oord et al. 2017, section 3.2", lambda grad_z: +grad_z,
    smoothed=lambda h, q: +h,
)  # fmt: skip
def straight_through_backward(grad_z: Array) -> Array:
    """Gradient of `straight_through`, by declaration: the gradient for z goes to h, and q gets 0."""
    return array_module(grad_z).copy(grad_z)


@fused
def quantization_error(h: Array, q: Array) -> Number:
    """Squared distance of the code from its entries, mean over the batch: 1/N Σ_n Σ_j (h_nj − q_nj)²."""
    difference = h - q
    return batch_mean((difference * difference).sum(axis=1))


@fused
def quantization_error_backward(h: Array, q: Array) -> tuple[Array, Array]:
    """Gradients of `quantization_error`: 2 (h − q) / N, and its opposite for q."""
    grad_h = 2 * (h - q) / batch_size(h)
    return grad_h, -grad_h


def moving_counts(counts: Array, indices: Array, momentum: float) -> Array:
    """How many vectors choose each entry, as a running average over batches, after a new batch, (K,).

    counts_k ← (1 − momentum) counts_k + momentum n_k, where n_k of these indices (N, P) are k; the paper's γ is
    1 − momentum (van den Oord et al. 2017, appendix A.1).
    """
    return moving_average(counts, _chosen(indices, counts).sum(axis=0), momentum)


def moving_sums(sums: Array, h: Array, indices: Array, momentum: float) -> Array:
    """Sum of the vectors that choose each entry, as the same running average, for codes h (N, H), (K, W)."""
    return moving_average(sums, _chosen(indices, sums).T @ h.reshape(-1, sums.shape[1]), momentum)


def averaged_codebook(counts: Array, sums: Array, epsilon: float) -> Array:
    """Codebook whose entries are the means of the vectors that chose them: E_k = sums_k / counts_k.

    counts (K,) and sums (K, W) are `moving_counts` and `moving_sums`. So that none is 0, the counts have Laplace
    smoothing: (counts_k + epsilon) n / (n + K epsilon) with n = Σ_k counts_k.
    """
    mean = counts.mean()  # n / K
    smoothed = (counts + epsilon) * mean / (mean + epsilon)
    return sums / array_module(sums).expand_dims(smoothed, 1)


def perplexity(counts: Array) -> Number:
    """Effective number of entries in use: exp(−Σ_k p_k log p_k) with p_k = counts_k / Σ counts, counts (K,).

    It is K if all are chosen equally often, and 1 if all vectors choose the same entry.
    """
    xp = array_module(counts)
    p = counts / counts.sum()
    return xp.exp(-(p * xp.log(xp.where(p > 0, p, 1))).sum())


# Everything else about these formulas


def _nearest(h: Array, E: Array) -> list[list[int]]:
    """Return the index of each vector's nearest entry, by the lengths of all differences."""
    width = len(E[0])
    vectors = [[row[i : i + width] for i in range(0, len(row), width)] for row in h]
    return [[min(range(len(E)), key=lambda k: (math.dist(v, E[k]), k)) for v in row] for row in vectors]


def _moved_sums(sums: Array, h: Array, indices: Array, momentum: float) -> list[list[float]]:
    """Return the sums, each moved by a share of its distance from the batch's sum."""
    width = len(sums[0])
    chosen = [(k, row[p * width : (p + 1) * width]) for row, of_row in zip(h, indices, strict=True)
              for p, k in enumerate(of_row)]  # fmt: skip
    return [[s + momentum * (math.fsum(v[w] for which, v in chosen if which == k) - s) for w, s in enumerate(row)]
            for k, row in enumerate(sums)]  # fmt: skip


def _means(counts: Array, sums: Array, epsilon: float) -> list[list[float]]:
    """Return each entry as its sum divided by its share of all counts, each increased by epsilon."""
    more = [float(count) + epsilon for count in counts]
    shares = [each / math.fsum(more) for each in more]
    return [[float(s) / (share * math.fsum(counts)) for s in row] for row, share in zip(sums, shares, strict=True)]


def _effective_number(counts: Array) -> float:
    """Return the geometric mean, over all choices, of the inverse share of the chosen entry."""
    n = math.fsum(counts)
    return math.prod((n / float(count)) ** (float(count) / n) for count in counts if count)


VECTORS = 2  # vectors per code in the drawn inputs


def _draw_indices(rng: Any, N: int, K: int) -> Array:
    indices: Array = rng.integers(0, K, (N, VECTORS)).astype("intp")  # as argmin's, of 32 bits in a browser
    return indices


WIDTH = "width = sum(u, 1 + 0 * E[0,u])"
TO_K, TO_L = (f"sum(w, (h[n,p * width + w] - E[{entry},w])**2)" for entry in "kl")
NEARER = f"sum(l, 1 if {TO_L} < {TO_K} or {TO_L} == {TO_K} and l < k else 0)"

RECORDS: tuple[Record, ...] = (
    Formula(
        nearest_entries,
        lines=(WIDTH, f"indices[n,p] = sum(k, k if {NEARER} == 0 else 0)"),
        claim="the indices of the nearest entries",
        inputs=lambda rng, N, D, H: {"h": rng.normal(size=(5 * N, VECTORS * H)), "E": 1.5 * rng.normal(size=(D, H))},
        second_opinion=_nearest,
        question="Which entry is nearest to a vector that is an entry itself?",
    ),
    Formula(
        codebook_entries, codebook_entries_backward,
        lines=(WIDTH, "q[n,j] = sum(p, sum(w, E[indices[n,p],w] if p * width + w == j else 0))"),
        backward_lines=(
            WIDTH, "grad_E[k,w] = sum(n, sum(p, grad_q[n,p * width + w] if indices[n,p] == k else 0))",
        ),
        claim="the entries by their indices",
        inputs=lambda rng, N, D, H: {"E": rng.normal(size=(D, H)), "indices": _draw_indices(rng, N, D)},
        second_opinion=lambda E, indices: [[float(number) for k in row for number in E[k]] for row in indices],
        question="What is the gradient of an entry that two vectors chose, and of an entry that none chose?",
        derivation="The vector at place $p$ of example $n$ is $E_k$ with $k = i_{np}$, of slope 1 in that entry and 0 "
        "in the others. So the gradients of all vectors that chose an entry add up. The indices are whole numbers, "
        "through which no gradient goes.",
    ),
    Formula(
        straight_through, straight_through_backward,
        lines=("z[n,j] = q[n,j]",),
        backward_lines=("grad_h[n,j] = grad_z[n,j]",),
        claim="q in place of h",
        inputs=lambda rng, N, D, H: {"h": rng.normal(size=(N, H)), "q": rng.normal(size=(N, H))},
        second_opinion=lambda h, q: [[float(number) for number in row] for row in q],
        question="Which of the two does the decoder get?",
        derivation="It isn't a derivative: $z = q$ doesn't move with $h$, except where it jumps. The gradient for $z$ "
        "is handed to $h$ as it is, as if $z$ were $h$ plus a constant, in PyTorch `h + (q - h).detach()`. That is "
        "good as far as a step of $h$ moves $q$ by as much on average.",
    ),
    Term(
        quantization_error, quantization_error_backward,
        layer="QuantizationError",
        lines=("error = mean(n, sum(j, (h[n,j] - q[n,j])**2))",),
        backward_lines=("grad_h[n,j] = 2 * (h[n,j] - q[n,j]) / N", "grad_q[n,j] = 2 * (q[n,j] - h[n,j]) / N"),
        claim="Σ (h − q)², mean over the batch",
        inputs=lambda rng, N, D, H: {"h": rng.normal(size=(N, H)), "q": rng.normal(size=(N, H))},
        second_opinion=lifted(lambda h, q: math.pow(q - h, 2)),
        question="Where is it 0? And is it the same if code and entries are exchanged?",
        derivation="$\\partial (h - q)^2 / \\partial h = 2 (h - q)$, the opposite for $q$, and the mean brings $1/N$. "
        "The paper's second and third term are both this error: the one takes the gradient for $q$ alone, the other "
        "that for $h$.",
    ),
    Formula(
        moving_counts,
        lines=(
            "counts_new[k] = (1 - momentum) * counts[k] + momentum * sum(n, sum(p, 1 if indices[n,p] == k else 0))",
        ),
        claim="counts + momentum (number that chose each − counts)",
        inputs=lambda rng, N, D, H: {
            "counts": rng.uniform(0.5, 3, D), "indices": _draw_indices(rng, N, D), "momentum": 0.3,
        },
        second_opinion=lambda counts, indices, momentum: [
            count + momentum * (math.fsum(list(row).count(k) for row in indices) - count)
            for k, count in enumerate(counts)
        ],
        question="To which values do they converge if every batch is the same?",
    ),
    Formula(
        moving_sums,
        lines=(
            "width = sum(u, 1 + 0 * sums[0,u])",
            "sums_new[k,w] = (1 - momentum) * sums[k,w]"
            " + momentum * sum(n, sum(p, h[n,p * width + w] if indices[n,p] == k else 0))",
        ),
        claim="sums + momentum (the sum of those that chose each − sums)",
        inputs=lambda rng, N, D, H: {
            "sums": rng.normal(size=(D, H)), "h": rng.normal(size=(N, VECTORS * H)),
            "indices": _draw_indices(rng, N, D), "momentum": 0.3,
        },
        second_opinion=_moved_sums,
        question="To which value does it converge if every batch is the same?",
    ),
    Formula(
        averaged_codebook,
        lines=(
            "mean_count = sum(k, counts[k]) / sum(k, 1 + 0 * counts[k])",
            "E[k,w] = sums[k,w] / ((counts[k] + epsilon) * mean_count / (mean_count + epsilon))",
        ),
        claim="sums / counts, the counts smoothed",
        inputs=lambda rng, N, D, H: {
            "counts": rng.uniform(0.5, 3, D), "sums": rng.normal(size=(D, H)), "epsilon": 0.01,
        },
        second_opinion=_means,
        question="What is an entry that three equal vectors chose?",
    ),
    Formula(
        perplexity,
        lines=(
            "p[k] = counts[k] / sum(l, counts[l])",
            "perplexity = exp(0 - sum(k, p[k] * log(p[k] if p[k] > 0 else 1)))",
        ),
        claim="exp of the entropy of the shares",
        inputs=lambda rng, N, D, H: {"counts": rng.permutation([0.0, 5.0, *rng.integers(1, 9, D - 2)])},
        second_opinion=_effective_number,
        question="What is it for two entries that are chosen equally often, among many that never are?",
    ),
)  # fmt: skip
