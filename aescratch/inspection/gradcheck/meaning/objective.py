"""The terms of a model's objective: which they are, of which inputs, compared with which targets.

    model.loss(x, rng) --recorded--> the total, and the draws           what the model does
    the terms of its second opinion, each of its stated inputs  -->      what it should do

The parts are judged separately, elsewhere; here they are taken as right. A loss may also spell its terms out without
parts: if its total differs, every known mistake of a term is tried on it.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.corruptions import Corruption
from aescratch.foundations.language import Phrase, Sentence, gettext, told
from aescratch.functions.one_by_one import each, logistic
from aescratch.inspection.gradcheck.meaning.choosing import decay_oracle, oracle_of
from aescratch.inspection.gradcheck.meaning.comparing import MeaningReport, Oracle, Reading, compare
from aescratch.inspection.gradcheck.meaning.noise import Draws
from aescratch.inspection.gradcheck.meaning.terms import TWICE
from aescratch.inspection.gradcheck.printing import INCONCLUSIVE, Finding
from aescratch.inspection.recording import Call, record
from aescratch.layers import Sampling
from aescratch.losses import BinaryCrossEntropy
from aescratch.models.opinion import SecondOpinion
from aescratch.training.contract import as_number, parts_of

DRAWS, ROWS = 100, 20  # the number of draws of the noise, and of copies of the batch, to compare means


@dataclass
class Step:
    """A model, a batch, and one call of its loss, which is recorded at its first use."""

    model: Any
    opinion: SecondOpinion
    batch: Sequence[Array]
    seed: int

    def again(self, batch: Sequence[Array], seed: int) -> Step:
        """Return the step with another batch."""
        return Step(self.model, self.opinion, batch, seed)

    @functools.cached_property
    def _recorded(self) -> tuple[float, list[Call]]:
        totals = []

        def run() -> None:
            loss = self.model.loss(*[array.copy() for array in self.batch], rng=self.seed)
            totals.append(float(as_number(self.model, loss)))

        calls = record(self.model, run)
        return totals[0], [call for call in calls if call.which == "forward"]

    @property
    def total(self) -> float:
        """What the loss is."""
        return self._recorded[0]

    @property
    def calls(self) -> list[Call]:
        """The recorded calls of the parts."""
        return self._recorded[1]

    @property
    def parts(self) -> dict[str, Any]:
        """The model's parts, by name."""
        return dict(parts_of(self.model))

    def of(self, part: Any) -> list[Call]:
        """Return the calls of a part."""
        return [call for call in self.calls if call.part is part]

    def into(self, layers: Sequence[Any]) -> Array | None:
        """Return the input of the first of these layers that was called."""
        calls = [call for layer in layers for call in self.of(layer)]
        return next(iter(calls[0].arguments.values())) if calls else None

    @property
    def x(self) -> Array:
        """The batch."""
        return self.batch[0]

    @property
    def labels(self) -> Array:
        """The classes of the batch."""
        return self.batch[1]

    def drawn(self, name: str, *arguments: Array) -> Array:
        """Return the input of the layers after a part that draws, or else what it draws from the seed by itself."""
        seen = self.into(self.opinion.noise[name].layers)
        if seen is not None:
            return seen
        found: Array = copy.copy(self.parts[name]).forward(
            *(argument.copy() for argument in arguments), np.random.default_rng(self.seed)
        )
        return found


class Terms:
    """The terms that a step's objective should have: the part of each, and its inputs."""

    def __init__(self, step: Step) -> None:
        opinion, parts = step.opinion, step.parts
        self.of: dict[str, tuple[Any, tuple[Any, ...]]] = {}
        for name, of in opinion.terms.items():
            part = parts.get(name, getattr(step.model, name, None))
            if part is not None and getattr(part, "lam", True):  # a decay of 0 is left out
                self.of[name] = part, of(step)
        # By the cause, a term and the inputs that it has instead.
        self.mistaken: dict[str, tuple[str, tuple[Any, ...]]] = {
            cause: (name, of(step)) for cause, (name, of) in opinion.mistaken.items()
        }
        for name, (part, arguments) in self.of.items():
            if isinstance(part, BinaryCrossEntropy):
                probabilities = each(logistic, arguments[0])
                text = "it gets probabilities instead of logits"
                self.mistaken[text] = name, (probabilities, *arguments[1:])
        self.values: dict[str, float] = {name: _number(part, *arguments) for name, (part, arguments) in self.of.items()}
        for name, part in parts.items():
            if part.is_term and name not in (*self.of, "decay") and (calls := step.of(part)):
                self.values[name] = float(sum(float(call.result) for call in calls))

    @property
    def total(self) -> float:
        """Their sum."""
        return sum(self.values.values())


def look_at_objective(report: MeaningReport, step: Step, name: str = "loss") -> None:
    """Check that the loss is the sum of its terms, each of the right inputs."""
    n = len(step.x)
    smaller = [step.again([array[: n - 2] for array in step.batch], step.seed)] if n > 2 else []
    steps = [step, *smaller]  # so that 1/N differs from a constant factor
    terms = [Terms(one) for one in steps]
    if not (np.isfinite(terms[0].total) or np.isfinite(step.total)):
        message = gettext("{name} and its terms are {total}, which can't be compared; pass other data or parameters")
        message = message.format(name=told(name), total=step.total)
        report.findings.append(Finding("not-finite", name, INCONCLUSIVE, message))
        return
    drawn = [step.of(part) for part in step.parts.values() if isinstance(part, (Corruption, Sampling))]
    arrives = any(step.into(behind.layers) is not None for behind in step.opinion.noise.values())
    unseen = not all(drawn) and not arrives
    same = np.isclose(step.total, terms[0].total, rtol=1e-9)
    if any(len(calls) > 1 for calls in drawn) or (unseen and not same):
        _look_at_mean(report, step, name)
        return
    claim = " + ".join(sorted(terms[0].values, key=list(step.parts).index))
    if step.opinion.against:
        claim = Phrase("{terms}, against {target}", terms=claim, target=Sentence(step.opinion.against))
    question = "Which terms does the objective have, and what does each compare or measure?"
    cases = [(i,) for i in range(len(steps))]
    oracle = Oracle(claim, lambda i: terms[i].total, cases, _readings(step.model, terms), question)
    compare(report, name, lambda i: steps[i].total, oracle)


def _look_at_mean(report: MeaningReport, step: Step, name: str) -> None:
    """Compare means over many draws, if the loss draws in its own way, so that single draws can't be reproduced."""
    tiled = [np.tile(array, (ROWS, 1)) for array in step.batch]
    steps = [step.again(tiled, step.seed + i) for i in range(DRAWS)]
    found = np.array([one.total for one in steps])
    wanted = np.array([Terms(one).total for one in steps])
    deviation = float(np.sqrt((found.var() + wanted.var()) / DRAWS))
    question = "Which noise does the loss draw, and what does it compare with what?"
    means = float(found.mean()), float(wanted.mean())
    Draws(report, name).look_at_chance("its mean over the noise", *means, deviation, question, {})


def _readings(model: Any, terms: Sequence[Terms]) -> Iterator[Reading]:
    def with_another(name: str, value: Any, i: int) -> float:
        return terms[i].total - terms[i].values[name] + float(value(i))

    def reading(cause: str, name: str, value: Any, cost: int = 1) -> Reading:
        return Reading(cause, lambda i: with_another(name, value, i), cost)

    for name in terms[0].values:
        yield reading(Phrase("the term {name} is left out", name=name), name, lambda i: 0.0)
        twice = Phrase("the term {name} is counted twice", name=name)
        yield reading(twice, name, lambda i, name=name: 2 * terms[i].values[name])
    for cause, (name, _) in terms[0].mistaken.items():
        part = terms[0].of[name][0]
        yield reading(cause, name, lambda i, part=part, cause=cause: _number(part, *terms[i].mistaken[cause][1]))
    for name, (part, _) in terms[0].of.items():
        oracle = decay_oracle(part, model) if name == "decay" else oracle_of(part, np.random.default_rng(0))
        for slip in oracle.readings if oracle is not None and terms[0].values[name] else ():
            value = lambda i, name=name, slip=slip: slip.values(*terms[i].of[name][1])  # noqa: E731
            if slip.cause != TWICE:  # reported above
                cause = Phrase("in the term {name}, {cause}", name=name, cause=slip.cause)
                yield reading(cause, name, value, slip.cost)


def _number(part: Any, *arguments: Any) -> float:
    return float(copy.copy(part).forward(*arguments))
