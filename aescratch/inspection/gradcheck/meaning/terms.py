"""What losses and penalties should compute, and what they may compute by mistake.

A term of an objective is made of entries (N, H), a reduction to a number, and a factor; each can be wrong by itself:

    entries, the second opinion of a record --sum over units, mean over the batch--> × weight --compared with--> forward

The record also draws the cases. This file holds the common mistakes of each formula, by its name; a formula without
any has those of reduction and factor.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, Sentence, joined
from aescratch.functions import FORMULAS
from aescratch.functions.formula import Term
from aescratch.functions.one_by_one import bernoulli_divergence, each, logistic
from aescratch.inspection.gradcheck.meaning.comparing import Entries, Mistakes, Oracle, Reading

TWICE = "it is twice what it should be"
# N, D and H: different enough to distinguish any two reductions, and a reduction from a factor
SIZES = ((7, 5, 3), (11, 3, 7), (5, 13, 2))
REDUCTIONS: dict[str, Callable[[Array], float]] = {
    "": lambda e: math.fsum(e.ravel()) / len(e),
    "it averages over units, where it should sum": lambda e: float(e.mean()),
    "it sums over the batch, where it should average": lambda e: float(e.sum()),
    "it averages over units and sums over the batch": lambda e: float(e.sum() / e.shape[1]),
    "it divides by the batch twice": lambda e: float(e.sum() / len(e) ** 2),
    "it divides by N − 1": lambda e: float(e.sum() / (len(e) - 1)) if len(e) > 1 else math.nan,
    "it uses only the first example": lambda e: float(e[0].sum()),
    "it uses only the last example": lambda e: float(e[-1].sum()),
    "it takes the square root of each example's sum": lambda e: float(np.sqrt(e.sum(axis=1)).mean()),
    "it takes the square root of the mean": lambda e: math.sqrt(e.sum() / len(e)),
    "it rounds the mean down to a whole number, as // does": lambda e: math.floor(e.sum() / len(e)),
}
FACTORS = {
    1.0: "",
    2.0: TWICE,
    0.5: "it is half of what it should be",
    -1.0: "its sign is reversed",
}


def term(rng: np.random.Generator, record: Term, part: Any) -> Oracle:
    """Return the oracle of a part that computes a term of the formula sheet, with its settings and its weight."""
    numbers = [getattr(part, name) for name in record.numbers]
    weight = getattr(part, "weight", 0) or getattr(part, "beta", 0) or 1.0

    def entries(*arrays: Any) -> Array:
        return np.asarray(record.second_opinion(*arrays, *numbers), float)

    drawn = [record.inputs(rng, *size) for size in SIZES]
    cases = [tuple(value for name, value in each.items() if name not in record.numbers) for each in drawn]
    if record.name in TELLING:
        cases.append(TELLING[record.name](rng, *numbers))
    others = MISTAKES[record.name](entries, *numbers) if record.name in MISTAKES else {}
    return weighed_term(
        record.claim, entries, others, cases, record.question, weight=weight, half=record.name in WITH_A_HALF
    )


def weighed_term(
    claim: str, entries: Entries, others: Mapping[str, Entries], cases: Sequence[tuple[Any, ...]], question: str, *,
    weight: float = 1.0, half: bool = False,
) -> Oracle:  # fmt: skip
    """Return the oracle of a term with these entries; `others` are mistaken entries, and a factor ½ may be missing."""

    def value(entries: Entries, reduction: Callable[[Array], float], factor: float, *case: Any) -> float:
        return factor * reduction(entries(*case))

    def readings() -> Iterator[Reading]:
        possible = {**FACTORS, 2.0: "the ½ is missing"} if half else FACTORS
        weights = {weight: ""} if weight == 1 else {
            weight: "", weight**2: "its weight counts twice", 1.0: "its weight is left out"
        }  # fmt: skip
        choices = itertools.product(
            {"": entries, **others}.items(), REDUCTIONS.items(), possible.items(), weights.items()
        )
        for (text, entry), (how, reduction), (factor, times), (w, weighing) in choices:
            slips = [Sentence(slip) for slip in (text, how, times, weighing) if slip]
            if 0 < len(slips) < 3:
                cause = slips[0] if len(slips) == 1 else Phrase("{one}, and {other}", one=slips[0], other=slips[1])
                yield Reading(cause, partial(value, entry, reduction, factor * w), len(slips))

    expected = partial(value, entries, REDUCTIONS[""], weight)
    told = claim if weight == 1 else joined("", [Sentence(claim), f", × {weight:g}"])
    return Oracle(told, expected, cases, readings(), question)


def _around_rho(rng: np.random.Generator, rho: float) -> tuple[Any, ...]:
    """Return a code whose units are rho on average, while no single activity is."""
    spread = rng.uniform(-0.9, 0.9, (3, 5)) * min(rho, 1 - rho)
    return (np.concatenate([rho + spread, rho - spread]),)


# Inputs with an informative value: far off, where a clipped error differs; at rho and at the prior, where a
# divergence is 0; a slope of 1, that of a linear encoder.
TELLING: dict[str, Callable[..., tuple[Any, ...]]] = {
    "squared_error": lambda rng: (30 * rng.normal(size=(7, 5)), rng.normal(size=(7, 5))),
    "kl_sparsity": _around_rho,
    "contraction": lambda rng: (np.ones((7, 5)), rng.normal(size=(3, 5))),
    "gaussian_kl": lambda rng: (np.zeros((7, 5)), np.zeros((7, 5))),
    "free_bits_kl": lambda rng, free_bits: (np.zeros((7, 5)), np.zeros((7, 5))),
}


def moving_sparsity(rng: np.random.Generator, part: Any) -> Oracle:
    """Divergence of a running mean from rho, from where the part's own running mean is now."""
    record, running = FORMULAS["moving_kl_sparsity"], part.running_activity.value.copy()

    def entries(h: Array, running: Array = running, momentum: float = part.momentum) -> Array:
        return np.asarray(record.second_opinion(h, running, part.rho, momentum), float)

    others: dict[str, Entries] = {
        "it uses the batch's mean alone, without the running mean": lambda h: entries(h, momentum=1.0),
        "it uses the running mean alone, without the batch": lambda h: entries(h, momentum=0.0),
        "momentum is the weight of the running mean instead of the batch": lambda h: entries(
            h, momentum=1 - part.momentum),
        "it starts at rho again instead of continuing from the running mean": lambda h: entries(
            h, np.full_like(running, part.rho)),
    }  # fmt: skip
    cases = [(rng.uniform(0.05, 0.95, (n, len(running))),) for n in (7, 11, 5)]
    return weighed_term(record.claim, entries, others, cases, record.question, weight=part.weight or 1.0)


def squared_error(entries: Entries) -> Mistakes:
    """½ Σ (x_hat − x)²."""
    return {
        "it takes the absolute value, where it should square": lambda a, x: each(lambda p, q: abs(p - q) / 2, a, x),
        "it raises to the fourth power": lambda a, x: each(lambda p, q: (p - q) ** 4 / 2, a, x),
        "it subtracts squares, where it should square the difference": lambda a, x: (a**2 - x**2) / 2,
        "it squares the sum over units, where it should sum squares": lambda a, x: (
            (a - x).sum(1, keepdims=True) ** 2 / 2
        ),
        "it doesn't compare with x": lambda a, x: a**2 / 2,
        "it adds x, where it should subtract it": lambda a, x: (a + x) ** 2 / 2,
    }


def binary_cross_entropy(entries: Entries) -> Mistakes:
    """Cross-entropy of pixels from logits."""
    f = logistic
    return {
        "it treats its input as a probability instead of a logit": lambda l, x: each(
            lambda p, q: -(q * math.log(p) + (1 - q) * math.log(1 - p)), l, x),
        "it applies the sigmoid twice": lambda l, x: entries(each(f, l), x),
        "the term of the dark pixels, (1 − x), is missing": lambda l, x: each(lambda p, q: -q * math.log(f(p)), l, x),
        "the term of the bright pixels, x, is missing": lambda l, x: each(
            lambda p, q: -(1 - q) * math.log(1 - f(p)), l, x),
        "its logits have the wrong sign": lambda l, x: entries(-l, x),
        "it exchanges the probability and x": lambda l, x: each(
            lambda p, q: -(f(p) * math.log(q) + (1 - f(p)) * math.log(1 - q)), l, x),
        "it takes the squared error of the probability": lambda l, x: each(lambda p, q: (f(p) - q) ** 2 / 2, l, x),
        "its logarithm has base 2": lambda l, x: entries(l, x) / math.log(2),
    }  # fmt: skip


def softmax_cross_entropy(entries: Entries) -> Mistakes:
    """Cross-entropy of classes from logits."""

    def picked(p: Array, labels: Array) -> Array:
        return p[np.arange(len(p)), labels][:, None]

    def probabilities(logits: Array, axis: int = 1) -> Array:
        return np.exp(logits) / np.exp(logits).sum(axis=axis, keepdims=True)

    return {
        "it doesn't normalise: it takes the logit itself": lambda l, t: -picked(l, t),
        "it normalises over the batch instead of the classes": lambda l, t: (
            -np.log(picked(probabilities(l, 0), t))
        ),
        "the logarithm is missing": lambda l, t: -picked(probabilities(l), t),
        "it sums over all classes, where only that of the label counts": lambda l, t: -np.log(probabilities(l)),
        "it takes a sigmoid, where classes compete": lambda l, t: -np.log(1 / (1 + np.exp(-picked(l, t)))),
        "its logarithm has base 2": lambda l, t: entries(l, t) / math.log(2),
        "its labels count from 1": lambda l, t: -np.log(picked(probabilities(l), t - 1)),
    }


def kl_sparsity(entries: Entries, rho: float) -> Mistakes:
    """Divergence of the units' mean activity from rho."""
    r, log = rho, math.log

    def of_mean(formula: Callable[[float], float]) -> Entries:
        return lambda h: each(formula, np.array([[math.fsum(column) / len(h) for column in h.T]]))

    return {
        "it averages the divergence of every example, where it should average the code first": lambda h: each(
            lambda q: bernoulli_divergence(r, q), h),
        "it averages the code over the units instead of the batch": lambda h: each(
            lambda q: bernoulli_divergence(r, q), h.mean(axis=1)[None]),
        "it exchanges rho and rho_hat": of_mean(lambda q: bernoulli_divergence(q, r)),
        "its second half, that of the silent units, is missing": of_mean(lambda q: r * log(r / q)),
        "its first half, that of the active units, is missing": of_mean(lambda q: (1 - r) * log((1 - r) / (1 - q))),
        "its halves are subtracted": of_mean(lambda q: r * log(r / q) - (1 - r) * log((1 - r) / (1 - q))),
        "it is a cross-entropy: rho's own entropy isn't subtracted": of_mean(
            lambda q: -r * log(q) - (1 - r) * log(1 - q)),
        "a bracket closes too early, so that 1 − rho_hat divides outside of the logarithm": of_mean(
            lambda q: r * log(r / q) + (1 - r) * log(1 - r) / (1 - q)),
        "a bracket closes too early, so that the divisions are outside of the logarithms": of_mean(
            lambda q: r * log(r) / q + (1 - r) * log(1 - r) / (1 - q)),
        "1 − rho_hat is missing in the second half": of_mean(lambda q: r * log(r / q) + (1 - r) * log((1 - r) / q)),
        "it is the squared distance": of_mean(lambda q: (q - r) ** 2),
        "its logarithm has base 2": of_mean(lambda q: bernoulli_divergence(r, q) / log(2)),
    }  # fmt: skip


def l1_sparsity(entries: Entries) -> Mistakes:
    """Sum of absolute values."""
    return {
        "it squares, where it should take the absolute value": lambda h: each(lambda v: v * v, h),
        "it sums signed values, without the absolute value": lambda h: each(float, h),
        "it counts only the positive values": lambda h: each(lambda v: max(v, 0.0), h),
        "it takes the absolute value of the batch mean": lambda h: np.abs(h.mean(axis=0, keepdims=True)),
        "it takes only the largest unit": lambda h: np.abs(h).max(axis=1, keepdims=True),
    }


def contraction(entries: Entries) -> Mistakes:
    """Squared norm of the Jacobian, from its slopes and weights."""
    return {
        "it doesn't square the slopes": lambda s, W: s * (W**2).sum(axis=0),
        "it doesn't square the weights": lambda s, W: s**2 * W.sum(axis=0),
        "it squares neither slopes nor weights": lambda s, W: s * W.sum(axis=0),
        "it sums the Jacobian's entries of a unit before it squares": lambda s, W: (s * W.sum(axis=0)) ** 2,
        "it sums the whole Jacobian before it squares": lambda s, W: (s @ W.sum(axis=0)[:, None]) ** 2,
        "it takes absolute values, where it should square": lambda s, W: np.abs(s) * np.abs(W).sum(axis=0),
        "it leaves the slopes out": lambda s, W: np.ones_like(s) * (W**2).sum(axis=0),
        "it leaves the weights out": lambda s, W: s**2,
        "it averages over the inputs, where it should sum": lambda s, W: s**2 * (W**2).mean(axis=0),
    }


def gaussian_kl(entries: Entries) -> Mistakes:
    """Divergence of N(mu, σ²) from N(0, 1)."""

    def of(formula: Callable[[float, float], float]) -> Entries:
        return lambda mu, log_var: each(formula, mu, log_var)

    exp = math.exp
    return {
        "it takes log_var for log σ": of(lambda m, v: -0.5 * (1 + 2 * v - m * m - exp(2 * v))),
        "it takes log_var for σ²": of(lambda m, v: -0.5 * (1 + math.log(v) - m * m - v)),
        "it takes σ, where it should take σ²": of(lambda m, v: -0.5 * (1 + v - m * m - exp(v / 2))),
        "the 1 is missing": of(lambda m, v: -0.5 * (v - m * m - exp(v))),
        "it doesn't square mu": of(lambda m, v: -0.5 * (1 + v - m - exp(v))),
        "it takes the absolute value of mu, where it should square": of(lambda m, v: -0.5 * (1 + v - abs(m) - exp(v))),
        "mu is missing": of(lambda m, v: -0.5 * (1 + v - exp(v))),
        "log_var itself is missing beside σ²": of(lambda m, v: -0.5 * (1 - m * m - exp(v))),
        "σ² is missing": of(lambda m, v: -0.5 * (1 + v - m * m)),
        "the sign of mu² is wrong": of(lambda m, v: -0.5 * (1 + v + m * m - exp(v))),
        "the sign of log_var is wrong": of(lambda m, v: -0.5 * (1 - v - m * m - exp(v))),
        "the sign of σ² is wrong": of(lambda m, v: -0.5 * (1 + v - m * m + exp(v))),
        "it is the reverse divergence, of the prior from N(mu, σ²)": of(
            lambda m, v: 0.5 * (exp(-v) * (1 + m * m) - 1 + v)),
    }  # fmt: skip


def free_bits_kl(entries: Entries, free_bits: float) -> Mistakes:
    """Divergence, of which each unit has an amount for free."""

    def of_each(mu: Array, log_var: Array) -> Array:
        return np.maximum(-0.5 * (1 + log_var - mu**2 - np.exp(log_var)), free_bits)

    return {"each example has free bits, where each unit should have them on average over the batch": of_each}


def importance_bound(entries: Entries) -> Mistakes:
    """Logarithm of the mean weight."""

    def log_weights(log_p: Array, z: Array, mu: Array, log_var: Array) -> Array:
        distance = (z - mu[:, None]) ** 2 / np.exp(log_var)[:, None]
        log_q = -0.5 * (log_var[:, None] + distance + math.log(2 * math.pi)).sum(axis=2)
        return np.asarray(log_p - 0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=2) - log_q)

    return {
        "it averages the logarithms, where it should take the logarithm of the average": lambda *given: -log_weights(
            *given
        ).mean(axis=1)[:, None],
        "it takes the first sample only": lambda *given: -log_weights(*given)[:, :1],
    }


def mmd(entries: Entries, C: float) -> Mistakes:
    """Squared maximum mean discrepancy, unbiased."""

    def kernel(a: Array, b: Array) -> Array:
        return C / (C + ((a[:, None] - b) ** 2).sum(axis=2))

    return {
        "it is biased: a point's kernel with itself counts": lambda h, z: (
            kernel(h, h).mean(axis=1) + kernel(z, z).mean(axis=1) - 2 * kernel(h, z).mean(axis=1)
        )[:, None],
    }


MISTAKES: dict[str, Callable[..., Mistakes]] = {
    mistakes.__name__: mistakes
    for mistakes in (
        squared_error, binary_cross_entropy, softmax_cross_entropy, kl_sparsity, l1_sparsity, contraction,
        gaussian_kl, free_bits_kl, importance_bound, mmd,
    )
}  # fmt: skip
WITH_A_HALF = ("squared_error", "gaussian_kl")


def weight_decay(lam: float, weights: Sequence[Array], shared: Sequence[Array], vectors: Sequence[Array]) -> Oracle:
    """(lam/2) Σ W² of a model, given its weights, the shared ones among them, and its other parameters."""

    def total(power: Callable[[Array], Array], *groups: Sequence[Array]) -> float:
        return math.fsum(value for group in groups for W in group for value in power(W).ravel())

    def half_square(W: Array) -> Array:
        return W * W / 2

    def readings() -> Iterator[Reading]:
        full = partial(total, half_square)
        yield Reading("the ½ is missing", lambda: 2 * lam * full(weights))
        yield Reading("it is half of what it should be", lambda: lam * full(weights) / 2)
        yield Reading("its weight is left out", lambda: full(weights))
        yield Reading("its weight counts twice", lambda: lam**2 * full(weights))
        yield Reading("its sign is reversed", lambda: -lam * full(weights))
        yield Reading("it includes the biases", lambda: lam * full(weights, vectors))
        yield Reading("the biases decay, but the weights don't", lambda: lam * full(vectors))
        yield Reading("it takes the absolute value, where it should square", lambda: lam * total(np.abs, weights))
        yield Reading("it takes half of the absolute value", lambda: lam * total(np.abs, weights) / 2)
        yield Reading("it takes the square root of the sum", lambda: lam * math.sqrt(full(weights)))
        yield Reading("it averages, where it should sum", lambda: lam * full(weights) / sum(W.size for W in weights))
        if shared:
            yield Reading("it counts tied weights twice", lambda: lam * full(weights, shared))
        for number, W in enumerate(weights, start=1) if len(weights) > 1 else ():
            which = {"number": number, "count": len(weights)}
            left_out = Phrase("it leaves out weights {number} of {count}", **which)
            yield Reading(left_out, lambda W=W: lam * (full(weights) - full([W])))
            alone = Phrase("it uses only weights {number} of {count}", **which)
            yield Reading(alone, lambda W=W: lam * full([W]))

    claim = "(lam/2) Σ W², no biases, a tied W once"
    question = "Which parameters multiply an input, and which only shift it? How often does each appear?"
    return Oracle(claim, lambda: lam * total(half_square, weights), [()], readings(), question)
