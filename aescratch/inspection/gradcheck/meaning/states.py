"""What parts with a mode or a state compute in use: dropout nothing, the others by what they saw in training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.batch_norm import BatchNorm
from aescratch.functions import FORMULAS
from aescratch.inspection.gradcheck.meaning.comparing import Oracle, Reading
from aescratch.inspection.gradcheck.meaning.terms import weighed_term


def dropout(rng: np.random.Generator, p: float) -> Oracle:
    """y = x: in use every unit is there, at its own size."""
    others = {
        "it scales by 1 − p in use, though training scales by 1/(1 − p) already": lambda x: (1 - p) * x,
        "it scales by 1/(1 − p) in use, which belongs to training": lambda x: x / (1 - p),
    }
    readings = [Reading(*item) for item in others.items()] if p else []
    question = "How many units are silenced in use, and what becomes of the size of the others?"
    return Oracle("in use, x itself", lambda x: x, [(rng.normal(size=(7, 5)),)], readings, question)


def move_from_the_start(part: BatchNorm, rng: np.random.Generator) -> None:
    """Give a fresh normalisation, whose mean is 0 and whose variance and gamma are 1, numbers that show if left out."""
    shape = part.gamma.shape
    if not part.running_mean.value.any():
        part.running_mean.value = rng.normal(0, 0.3, shape)
    if (part.running_variance.value == 1).all():
        part.running_variance.value = rng.uniform(0.5, 2.0, shape)
    if (part.gamma.value == 1).all():
        part.gamma.value = rng.uniform(0.5, 2.0, shape)


def moving_sparsity(rng: np.random.Generator, part: Any) -> Oracle:
    """Divergence of a running mean from rho, from where the part's own running mean is now."""
    record, running = FORMULAS["moving_kl_sparsity"], part.running_activity.value.copy()

    def entries(h: Array, running: Array = running, momentum: float = part.momentum) -> Array:
        return np.asarray(record.second_opinion(h, running, part.rho, momentum), float)

    others = {
        "it takes the mean of the batch alone, where the running mean counts too": lambda h: entries(h, momentum=1.0),
        "it takes the running mean alone, where the batch counts too": lambda h: entries(h, momentum=0.0),
        "momentum weighs the running mean, where it should weigh the batch": lambda h: (
            entries(h, momentum=1 - part.momentum)
        ),
        "it begins at rho again, where it should go on from the running mean": lambda h: (
            entries(h, np.full_like(running, part.rho))
        ),
    }
    cases = [(rng.uniform(0.05, 0.95, (n, len(running))),) for n in (7, 11, 5)]
    return weighed_term(record.claim, entries, others, cases, record.question, weight=part.weight or 1.0)


def batch_norm(rng: np.random.Generator, part: BatchNorm) -> Oracle:
    """y = gamma (x − mean) / √(variance + epsilon) + beta, with the running mean and variance, number by number."""
    names = (part.running_mean, part.running_variance, part.gamma, part.beta)
    units = list(zip(*(array.value.tolist() for array in names), strict=True))
    epsilon = part.epsilon

    def of(formula: Any) -> Any:
        return lambda x: np.array([[formula(v, *u) for v, u in zip(row, units, strict=True)] for row in x.tolist()])

    def by_the_batch(x: Array) -> Array:
        gamma, beta = np.array(units).T[2:]
        return np.asarray(gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon) + beta)

    root = math.sqrt
    others = {
        "it divides by the variance, where its root is wanted": lambda v, m, s, g, b: g * (v - m) / (s + epsilon) + b,
        "epsilon is left out": lambda v, m, s, g, b: g * (v - m) / root(s) + b,
        "epsilon is added behind the root": lambda v, m, s, g, b: g * (v - m) / (root(s) + epsilon) + b,
        "the mean isn't taken away": lambda v, m, s, g, b: g * v / root(s + epsilon) + b,
        "gamma is left out": lambda v, m, s, g, b: (v - m) / root(s + epsilon) + b,
        "beta is left out": lambda v, m, s, g, b: g * (v - m) / root(s + epsilon),
    }
    readings = [Reading("it takes the batch's own mean and variance, which belong to training", by_the_batch)]
    readings += [Reading(cause, of(formula)) for cause, formula in others.items()]
    claim = "in use, gamma (x − mean) / √(variance + epsilon) + beta, both running"
    right = of(lambda v, m, s, g, b: g * (v - m) / root(s + epsilon) + b)
    question = "Whose mean and variance are there when a single example is given?"
    return Oracle(claim, right, [(rng.normal(size=(7, len(units))),)], readings, question)
