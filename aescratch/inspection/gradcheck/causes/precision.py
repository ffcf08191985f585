"""Mistakes of numbers, not of formulas: coarse precision, rounding, clipping, a norm taken out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aescratch.inspection.gradcheck.causes.hypothesis import Candidate, Hypothesis
from aescratch.inspection.gradcheck.causes.looks import Look

DECIMALS = range(1, 8)


def _coarse(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    for dtype, words in ((np.float32, "32"), (np.float16, "16")):
        yield Candidate(words, truth.astype(dtype).astype(np.float64))


def _rounded(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    for decimals in DECIMALS:
        yield Candidate(f"{decimals} decimal{'s' if decimals > 1 else ''}", np.round(truth, decimals))
    yield Candidate("whole numbers", np.round(truth))


def _clipped(look: Look, name: str) -> Iterator[Candidate]:
    truth, returned = look.truth(name), look.returned[name]
    limit = float(np.abs(returned).max())
    reached = int(np.sum(np.abs(np.abs(returned) - limit) <= 1e-12 * limit))
    if 1 < reached < returned.size:  # a limit that one entry reaches is no limit, and one that all do is a size
        yield Candidate(f"{limit:.6g}", np.clip(truth, -limit, limit))


def _normalised(look: Look, name: str) -> Iterator[Candidate]:
    truth = look.truth(name)
    if norm := float(np.sqrt((truth * truth).sum())):
        yield Candidate("norm", truth / norm)
        yield Candidate("largest entry", truth / np.abs(truth).max())
        yield Candidate("sum of sizes", truth / np.abs(truth).sum())


PRECISION_HYPOTHESES = (
    Hypothesis("rounded", "{tensor} is the right gradient rounded to {what}",
               "Which digits of a gradient can be thrown away?",
               _rounded, 1.0, fitted=False, whole=True),
    Hypothesis("coarse", "{tensor} is the right gradient rounded to float{what}",
               "Which types do your arrays have, one operation after the other?",
               _coarse, 1.0, fitted=False, whole=True),
    Hypothesis("clipped", "{tensor} is the right gradient cut off at ±{what}",
               "Who decides how large a step is: the derivative, or the optimiser?",
               _clipped, 1.5, fitted=False, whole=True),
    Hypothesis("normalised", "{tensor} is the right gradient divided by its own {what}{times}",
               "Does a derivative know how long the whole gradient is?",
               _normalised, 2.0, whole=True, told_beside=False),
)  # fmt: skip
