"""What a model draws, by its parts or outside of them, as one function of a seed, for the statistics of noise.py.

    corruption, sampling -> a function of a seed;   loss, spelled out -> the input of the layers after the noise
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.codes.adversary import BesidePrior
from aescratch.corruptions import GaussianNoise, MaskingNoise, SaltAndPepperNoise
from aescratch.foundations.language import Phrase
from aescratch.functions import FORMULAS
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport, expect
from aescratch.inspection.gradcheck.meaning.noise import Draws, Sample, rows_for
from aescratch.inspection.gradcheck.meaning.objective import Step
from aescratch.inspection.recording import instead
from aescratch.layers import Sampling

CORRUPTIONS = (GaussianNoise, MaskingNoise, SaltAndPepperNoise)


def look_at_drawing(report: MeaningReport, name: str, part: Any, seed: int) -> None:
    """Check what a corruption of one of our kinds, or a sampler, draws by itself."""

    def corrupt(x: Array, seed: int) -> Array:
        return np.asarray(copy.copy(part).forward(x, np.random.default_rng(seed)))

    def sample(mu: Array, log_var: Array, seed: int) -> Array:
        shape = (rows_for(len(mu)), len(mu))
        arguments = [np.broadcast_to(a, shape).copy() for a in (mu, log_var)]
        drawn = np.asarray(copy.copy(part).forward(*arguments, np.random.default_rng(seed)))
        return drawn.reshape(-1, len(mu))[: shape[0]]  # of several samples per example, only the first

    if isinstance(part, BesidePrior):
        _look_beside_prior(report, name, part, seed)
    elif isinstance(part, Sampling):
        Draws(report, name).look_at_sampler(sample, 3, seed)
    else:
        Draws(report, name).look_at_corruption(part, corrupt, 5, seed)


def _look_beside_prior(report: MeaningReport, name: str, part: BesidePrior, seed: int) -> None:
    """Check that the codes have as many samples of N(0, 1) above them, and are unchanged."""
    h = np.random.default_rng(seed + 1).normal(3.0, 2.0, (rows_for(3), 3))
    both = np.asarray(copy.copy(part).forward(h.copy(), np.random.default_rng(seed)))
    Draws(report, name).look_at_normal(both[: len(h)], 1.0, "the prior's z", {})
    question = FORMULAS["join_rows"].question
    expect(report, name, lambda: both[len(h) :], (), "below the samples, the codes", h, question)


def look_at_spelled_out_noise(report: MeaningReport, step: Step) -> None:
    """Check noise that the model's loss draws itself, outside of its part."""
    for name, behind in step.opinion.noise.items():
        part = step.model.parts[name]
        if step.of(part) or step.into(behind.layers) is None:
            continue
        if isinstance(part, CORRUPTIONS):

            def corrupt(x: Array, seed: int, name: str = name) -> Array:
                return step.again([x], seed).drawn(name, x)

            Draws(report, Phrase("loss's corruption")).look_at_corruption(part, corrupt, step.x.shape[1], step.seed)
        elif isinstance(part, Sampling) and step.opinion.heads is not None:
            before = [(p, p.value.copy()) for head in step.opinion.heads for p in head.parameters]
            width = step.opinion.heads[0].b.size
            draws = Draws(report, Phrase("loss's sampling"))
            draws.look_at_sampler(_spelled_out(step, behind.layers), width, step.seed)
            for parameter, value in before:
                parameter.value = value


def _spelled_out(step: Step, behind: Sequence[Any]) -> Sample:
    """Return the decoder's input when the heads return the same mu and log_var for every example."""

    def sample(mu: Array, log_var: Array, seed: int) -> Array:
        for head, value in zip(step.opinion.heads or (), (mu, log_var), strict=True):
            head.W.value, head.b.value = np.zeros(head.W.shape), value
        many = np.resize(step.x, (rows_for(len(mu)), step.x.shape[1]))
        return np.array(step.again([many], seed).into(behind))[: len(many)]

    return sample


def look_at_generated(report: MeaningReport, step: Step) -> None:
    """Check that the codes that sample decodes come from N(0, 1)."""
    model, width = step.model, step.opinion.prior_units
    if not width:
        return
    seen: list[Array] = []
    right = model.decode

    def decode(z: Array) -> Array:
        seen.append(np.array(z, float))
        return right(z)

    with instead(model, decode=decode):
        model.sample(rows_for(width), rng=step.seed)
    if seen:
        Draws(report, "sample").look_at_normal(seen[0], 1.0, "the prior's z", {})
