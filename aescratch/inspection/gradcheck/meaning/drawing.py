"""What a model draws, by its parts or past them, as one function of a seed that the statistics of noise.py look at.

    corruption, sampling -> a function of a seed;   loss, spelled out -> what reaches the layers behind the noise
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.corruptions import GaussianNoise, MaskingNoise, SaltAndPepperNoise
from aescratch.inspection.gradcheck.meaning import noise
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport
from aescratch.inspection.gradcheck.meaning.objective import Step
from aescratch.layers import Sampling
from aescratch.models.opinion import SecondOpinion

CORRUPTIONS = (GaussianNoise, MaskingNoise, SaltAndPepperNoise)


def corrupting(corruption: Any) -> noise.Corrupt:
    """Return a corruption as a function of x and a seed."""
    return lambda x, seed: copy.copy(corruption).forward(x, np.random.default_rng(seed))


def sampling(part: Any) -> noise.Sample:
    """Return a sampler as a function of one mu and log_var for many examples, and a seed."""

    def sample(mu: Array, log_var: Array, seed: int) -> Array:
        shape = (noise.rows_for(len(mu)), len(mu))
        arguments = [np.broadcast_to(a, shape).copy() for a in (mu, log_var)]
        return np.asarray(copy.copy(part).forward(*arguments, np.random.default_rng(seed)))

    return sample


def look_at_spelled_out_noise(report: MeaningReport, model: Any, opinion: SecondOpinion, step: Step) -> None:
    """Look at noise that the model's loss draws itself, past its own part."""
    x = step.x
    for name, behind in opinion.noise.items():
        part = model.parts[name]
        if step.of(part) or step.into(behind.layers) is None:
            continue
        if isinstance(part, CORRUPTIONS):

            def corrupt(x: Array, seed: int, name: str = name) -> Array:
                return Step(model, opinion, [x], seed).drawn(name, x)

            noise.look_at_corruption(report, "loss's corruption", part, corrupt, x.shape[1], step.seed)
        elif isinstance(part, Sampling) and opinion.heads is not None:
            _look_at_spelled_out_sampling(report, model, opinion, step, behind.layers)


def _look_at_spelled_out_sampling(
    report: MeaningReport, model: Any, opinion: SecondOpinion, step: Step, behind: Sequence[Any]
) -> None:
    """Look at the samples that reach the decoder when the heads give one mu and log_var for every example."""
    assert opinion.heads is not None
    heads = opinion.heads

    def sample(mu: Array, log_var: Array, seed: int) -> Array:
        for head, value in zip(heads, (mu, log_var), strict=True):
            head.W.value, head.b.value = np.zeros(head.W.shape), value
        many = np.resize(step.x, (noise.rows_for(len(mu)), step.x.shape[1]))
        return np.array(Step(model, opinion, [many], seed).into(behind))

    before = [(parameter, parameter.value.copy()) for head in heads for parameter in head.parameters]
    noise.look_at_sampler(report, "loss's sampling", sample, heads[0].b.size, step.seed)
    for parameter, value in before:
        parameter.value = value


def look_at_generated(report: MeaningReport, model: Any, opinion: SecondOpinion, seed: int) -> None:
    """Look at the codes that sample decodes."""
    if opinion.heads is None:
        return
    seen: list[Array] = []
    right, own = model.decode, "decode" in model.__dict__

    def decode(z: Array) -> Array:
        seen.append(np.array(z, float))
        return right(z)

    try:
        model.__dict__["decode"] = decode
        model.sample(noise.rows_for(opinion.heads[0].b.size), rng=seed)
    finally:
        model.__dict__["decode"] = right
        if not own:
            del model.__dict__["decode"]
    if seen:
        noise.look_at_prior(report, seen[0])
