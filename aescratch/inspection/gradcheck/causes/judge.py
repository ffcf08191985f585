"""Judging: which predictions hold at every look, on entries they weren't fitted to, and by how much they lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, told
from aescratch.inspection.gradcheck.causes.catalogue import STAGES
from aescratch.inspection.gradcheck.causes.draws import Looks, is_degenerate
from aescratch.inspection.gradcheck.causes.hypothesis import CONSTANT, Hypothesis
from aescratch.inspection.gradcheck.causes.looks import Look, Unusable
from aescratch.inspection.gradcheck.causes.paths import EVERYTHING
from aescratch.inspection.gradcheck.causes.readings import Reading, read
from aescratch.inspection.gradcheck.report import Finding

FITS = 1e-9  # of the largest entry returned: the rounding of a prediction that holds
BOUNDS = 10.0  # times the numeric gradient's own error bound: the error that a prediction may have
EXPLAINS = 1e-4  # of the largest difference: what may remain of it after a prediction that explains it
SMALLEST_SHOWN = 1e-16  # of a residual, which may be 0
CLEARER = 100.0  # times as good as any other that isn't equivalent
FEWEST_LOOKS = 3
FEWEST_ENTRIES = 12  # over all looks, unless each is a sum of many
RECIPROCAL = {"factor-missing": "factor-extra", "factor-extra": "factor-missing"}  # in other words
ALIKE = 0.3  # statements whose costs differ by less are given together


class Explanation(NamedTuple):
    """A prediction that holds at every look: its hypothesis, words, worst residual, and the reading of its factor."""

    hypothesis: Hypothesis
    words: str
    residual: float
    entries: int
    reading: Reading

    @property
    def cost(self) -> float:
        """The simpler the statement, the smaller."""
        return self.hypothesis.cost + self.reading.cost

    @property
    def question(self) -> str:
        """The question: the candidate's own, or that for a factor that is a mere constant, or the hypothesis's."""
        own = self.hypothesis.questions
        asked = own.get(self.words) or (self.reading.is_constant and own.get(CONSTANT)) or self.hypothesis.question
        return gettext(asked)

    def statement(self, tensor: str) -> str:
        """Return the cause as a sentence without a full stop."""
        text, note = self.reading.shown, self.reading.note
        note = gettext(" ({note})").format(note=note) if note else ""
        times = "" if text == "1" else gettext(", times {factor}{note}").format(factor=text, note=note)
        size, words = text.replace("−", "", 1) if text[0] == "−" else text, told(self.words)
        term = words if size == "1" else gettext("{factor}{note} times {words}")
        if self.words == CONSTANT:
            term = gettext("{factor}{note} in every entry")
        term = term.format(factor=size, note=note, words=words)
        added = (gettext("minus {term}") if text[0] == "−" else gettext("plus {term}")).format(term=term)
        return gettext(self.hypothesis.cause).format(tensor=tensor, what=words, times=times, added=added)


@dataclass
class Judge:
    """The judgement of one gradient."""

    looks: Looks
    name: str
    runner_up: tuple[float, str] = (float("inf"), "")
    ruled_out: list[str] = field(default_factory=list)

    def cause(self, stages: Sequence[Sequence[Hypothesis]] = STAGES) -> Finding | None:
        """Return a finding with a cause, or None."""
        if len(self.looks.alike) + 1 < FEWEST_LOOKS:
            return None
        for stage in stages:
            if found := [e for hypothesis in stage for e in self._explanations(hypothesis)]:
                return self._finding(sorted(found, key=lambda e: e.cost))
        return None

    def _finding(self, found: Sequence[Explanation]) -> Finding | None:
        best, tensor = found[0], f"grad_{self.name}"
        code = best.hypothesis.code
        is_sum = (best.words, best.reading.text) == (EVERYTHING, "1")
        if self.runner_up[0] < CLEARER * best.residual or (best.entries < FEWEST_ENTRIES and not is_sum):
            return None
        if is_degenerate(self.looks.given.inputs) and not best.reading.simple:
            return None
        alike = [e for e in found if e.cost <= best.cost + ALIKE and e.hypothesis is not best.hypothesis]
        told = [e for e in alike if e.hypothesis.code != RECIPROCAL.get(code)]
        cause = gettext("; or, equally true in every draw: ").join(e.statement(tensor) for e in (best, *told[:1]))
        looks = 1 + len(self.looks.alike) + len(self.looks.sized)
        varied = gettext("inputs of the same sizes")
        if self.looks.sized:
            varied = gettext("inputs and sizes")
            if self.looks.base.upstream.ndim:
                varied = gettext("inputs, upstream gradients and sizes")
        proof = gettext(
            "it reproduces all {entries} numbers that backward returned in {looks} draws of {varied}, to {residual:.0e}"
        ).format(entries=best.entries, looks=looks, varied=varied, residual=max(best.residual, SMALLEST_SHOWN))
        if np.isfinite(self.runner_up[0]):
            proof += gettext("; the next best cause is off by {residual:.0e}").format(residual=self.runner_up[0])
        evidence = {
            "hypothesis": code, "detail": str(best.words), "factor": best.reading.text, "fit": best.residual,
            "runner_up": self.runner_up[0], "runner_up_hypothesis": self.runner_up[1],
            "held_out": {"looks": looks - 1, "entries": best.entries},
            "equivalent": sorted({e.hypothesis.code for e in alike}),
        }  # fmt: skip
        if self._is_one_everywhere():
            cause = gettext("{tensor} is 1 in every entry for all inputs: backward returned ones").format(tensor=tensor)
        return Finding("cause", tensor, "error", cause, evidence, cause, best.question, proof)

    def _is_one_everywhere(self) -> bool:
        """Whether backward returned ones at every look; then no formula for them is stated."""
        looks = (self.looks.base, *self.looks.alike, *self.looks.sized)
        return all(bool((look.returned[self.name] == 1).all()) for look in looks)

    def _explanations(self, hypothesis: Hypothesis) -> list[Explanation]:
        base = self.looks.base
        held, nearest = fitting(base, self.name, hypothesis)
        if nearest < self.runner_up[0]:
            self.runner_up = nearest, hypothesis.code
        survivors = {words: [(base.sizes, fit)] for words, fit in held.items()}
        for look in (*self.looks.alike, *(self.looks.sized if survivors else ())):
            if not survivors:
                break
            found, _ = fitting(look, self.name, hypothesis, set(survivors))
            survivors = {w: [*fits, (look.sizes, found[w])] for w, fits in survivors.items() if w in found}
        explanations = []
        for words, fits in survivors.items():
            factors = [(sizes, fit.factor) for sizes, fit in fits if fit.factor]
            reading = read(factors, self.looks.dimensions)
            if reading is not None:
                residual, entries = max(fit.residual for _, fit in fits), sum(fit.entries for _, fit in fits)
                explanations.append(Explanation(hypothesis, words, residual, entries, reading))
        if not explanations:
            self.ruled_out.append(hypothesis.code)
        return explanations


class Fit(NamedTuple):
    """How a prediction fits one look: its factor (0 if any factor fits), and the residual over the largest entry."""

    factor: float
    residual: float
    entries: int


def fitting(
    look: Look, name: str, hypothesis: Hypothesis, words: set[str] | None = None
) -> tuple[dict[str, Fit], float]:
    """Return the fits of a hypothesis's candidates that hold at a look, by their words, and the nearest one that fails.

    The factor is fitted to half of the entries, drawn at random; all entries are judged. A prediction that is a
    multiple of the right gradient is left to the hypotheses about the whole array: only its factor says anything.
    """
    returned, truth = look.returned[name], look.truth(name)
    candidates = _candidates(look, name, hypothesis, words)
    same_shape = returned.shape == truth.shape
    known = look.usable(name).reshape(-1) if same_shape else np.ones(returned.size, bool)
    if not candidates or not known.any():
        return {}, float("inf")
    predicted = np.stack([array.reshape(-1)[known] for _, array, _ in candidates])
    rest = np.stack([(returned if off is None else returned - off).reshape(-1)[known] for _, _, off in candidates])
    largest = float(np.abs(returned).max()) or float(np.abs(truth).max()) or 1.0
    error = look.error(name).reshape(-1)[known] if same_shape else look.error(name)
    allowed = FITS * largest + BOUNDS * float(error.max())
    if same_shape:
        wrong = float(np.abs(returned - truth).reshape(-1)[known].max())
        allowed = min(allowed, EXPLAINS * wrong) if wrong > allowed else allowed
    factors = _factors(predicted, rest) if hypothesis.fitted else np.ones(len(candidates))
    left = np.abs(rest - factors[:, None] * predicted).max(1)
    nothing = (np.abs(predicted).max(1) <= allowed) & (words is not None)  # no factor makes it fit
    holds = (left <= allowed) & ((factors != 0) | nothing)
    factors = np.where(nothing, 0.0, factors)
    if same_shape and words is None and not hypothesis.whole:
        right = np.broadcast_to(truth.reshape(-1)[known], predicted.shape)
        multiple = np.abs(predicted - _factors(right, predicted)[:, None] * right).max(1)
        offset = np.array([off is not None for _, _, off in candidates])
        holds &= offset | (multiple > 1e-8 * np.abs(predicted).max(1))
    found = {
        c[0]: Fit(float(factor), float(residual) / largest, int(known.sum()))
        for c, factor, residual, fits in zip(candidates, factors, left, holds, strict=True) if fits
    }  # fmt: skip
    return found, float((left[left > allowed] / largest).min(initial=np.inf))


def _factors(predicted: Array, wanted: Array) -> Array:
    """Return the factor of each row of predictions that brings it nearest to the target, by half of the entries.

    If the prediction is zero in that half, as a mask may be, all entries are used.
    """
    half = np.random.default_rng(0).permutation(predicted.shape[1])[: (predicted.shape[1] + 1) // 2]
    squares, products = predicted * predicted, predicted * wanted
    enough = squares[:, half].sum(1) > 0.01 * squares.sum(1)
    above = np.where(enough, products[:, half].sum(1), products.sum(1))
    below = np.where(enough, squares[:, half].sum(1), squares.sum(1))
    return above / np.where(below > 0, below, np.inf)


def _candidates(look: Look, name: str, hypothesis: Hypothesis, words: set[str] | None) -> list[tuple[str, Array, Any]]:
    """Return the candidates that can be compared with the returned gradient: their words, arrays and offsets."""
    shape, found = look.returned[name].shape, []
    for candidate in look.remember((hypothesis.code, name), lambda: list(hypothesis.predict(look, name))):
        if words is None or candidate.words in words:
            try:
                array = candidate.array() if callable(candidate.array) else candidate.array
            except (Unusable, ValueError):
                continue
            if array.shape == shape and np.isfinite(array).all():
                found.append((candidate.words, np.asarray(array, dtype=np.float64), candidate.offset))
    return found
