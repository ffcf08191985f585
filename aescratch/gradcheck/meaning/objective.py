"""What goes into a model's objective: which terms, of what, against what.

    model.loss(x, rng) --recorded--> the total, x_tilde, z          what the model does
    the parts, called one after the other as the variant says -->    what it is to do

The parts are judged by themselves, elsewhere; here they are taken as they are. A loss may as well spell its terms out
without them: where its total differs, all that can go wrong in a term is tried on it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.corruptions import Corruption
from aescratch.functions.one_by_one import each, logistic
from aescratch.gradcheck.meaning.choosing import decay_oracle, oracle_of
from aescratch.gradcheck.meaning.comparing import MeaningReport, Oracle, Reading, compare
from aescratch.gradcheck.meaning.noise import look_at_chance
from aescratch.gradcheck.meaning.terms import TWICE
from aescratch.gradcheck.printing import INCONCLUSIVE, Finding
from aescratch.layers import Sampling
from aescratch.losses import BinaryCrossEntropy
from aescratch.models.classifier import SoftmaxClassifier
from aescratch.models.contractive import ContractiveAutoencoder
from aescratch.models.sparse import SparseAutoencoder
from aescratch.models.variational import VariationalAutoencoder
from aescratch.recording import Call, record

DRAWS, ROWS = 100, 20  # how often the noise is drawn, on how many copies of the batch, to compare means


class Step:
    """One recorded call of a model's loss: its value, and what went through its parts."""

    def __init__(self, model: Any, batch: Sequence[Array], seed: int) -> None:
        self.model, self.batch, self.seed, self.total = model, batch, seed, float("nan")
        self.calls: list[Call] = [call for call in record(model, self._run) if call.which == "forward"]

    def _run(self) -> None:
        loss = self.model.loss(*[array.copy() for array in self.batch], rng=self.seed)
        if loss is None or np.ndim(loss):
            raise TypeError(f"expected a number, got {type(loss).__name__}; return the sum of the terms")
        self.total = float(loss)

    def of(self, part: Any) -> list[Call]:
        """Return the calls of a part."""
        return [call for call in self.calls if call.part is part]

    def into(self, layers: Sequence[Any]) -> Array | None:
        """Return what went into the first of these layers that was called."""
        for layer in layers:
            for call in self.of(layer):
                return next(iter(call.arguments.values()))
        return None

    @property
    def x_tilde(self) -> Array:
        """What the encoder was given, corrupted where the model has a corruption."""
        x = self.batch[0]
        corruption = getattr(self.model, "corruption", None) if "corruption" in self.model.parts else None
        if corruption is None:
            return x
        seen = self.into(self.model.encoder.layers)
        return copy.copy(corruption).forward(x.copy(), np.random.default_rng(self.seed)) if seen is None else seen

    def z(self, mu: Array, log_var: Array) -> Array:
        """Return the sample that the decoder was given."""
        seen = self.into(self.model.decoder.layers)
        if seen is None:
            return copy.copy(self.model.sampling).forward(mu, log_var, np.random.default_rng(self.seed))
        return seen


class Terms:
    """The terms that a step's objective is to have: the part of each, and what it is of."""

    def __init__(self, step: Step) -> None:
        model, x, x_in = step.model, step.batch[0], step.x_tilde
        self.of: dict[str, tuple[Any, tuple[Any, ...]]] = {}
        self.mistaken: dict[str, tuple[str, tuple[Any, ...]]] = {}  # cause: a term, and what it is of instead
        if isinstance(model, SoftmaxClassifier):
            self.of["cross_entropy"] = model.cross_entropy, (model.head.apply(model.encoder.apply(x)), step.batch[1])
        else:
            self._add_reconstruction(step, x, x_in)
        if isinstance(model, ContractiveAutoencoder):
            self.of["contraction"] = model.contraction, (model.slope.forward(model.dense.apply(x)), model.W.value)
        if "decay" in model.parts and model.decay.lam:
            self.of["decay"] = model.decay, ()
        self.values = {name: _number(part, *arguments) for name, (part, arguments) in self.of.items()}
        for name, part in model.parts.items():
            if part.is_term and name not in (*self.of, "decay") and (calls := step.of(part)):
                self.values[name] = float(sum(float(call.result) for call in calls))

    def _add_reconstruction(self, step: Step, x: Array, x_in: Array) -> None:
        model = step.model
        if isinstance(model, VariationalAutoencoder):
            hidden = model.encoder.apply(x)
            mu, log_var = model.mean.apply(hidden), model.log_variance.apply(hidden)
            code = step.z(mu, log_var)
            self.of["divergence"] = model.divergence, (mu, log_var)
            self.mistaken["the divergence takes z for mu"] = "divergence", (code, log_var)
        else:
            code = model.encoder.apply(x_in)
        output = model.decoder.apply(code)
        self.of["reconstruction"] = model.reconstruction, (output, x)
        if x_in is not x:
            clean = model.decoder.apply(model.encoder.apply(x))
            text = "the target is the damaged input, where it should be the clean x"
            self.mistaken[text] = "reconstruction", (output, x_in)
            self.mistaken["the input isn't damaged"] = "reconstruction", (clean, x)
        if isinstance(model.reconstruction, BinaryCrossEntropy):
            probabilities = each(logistic, output)
            self.mistaken["it is given probabilities, where it takes logits"] = "reconstruction", (probabilities, x)
        if isinstance(model, SparseAutoencoder):
            self.of["sparsity"] = model.sparsity, (code,)

    @property
    def total(self) -> float:
        """Their sum."""
        return sum(self.values.values())


def look_at_objective(report: MeaningReport, model: Any, batch: Sequence[Array], seed: int, name: str = "loss") -> Step:
    """Add whether the loss is the sum of its terms, each of what it is to be of; return the recorded step."""
    n = len(batch[0])
    batches = [batch, [array[: n - 2] for array in batch]] if n > 2 else [batch]  # so that 1/N is told from a factor
    steps = [Step(model, part_of_batch, seed) for part_of_batch in batches]
    terms = [Terms(step) for step in steps]
    step, values = steps[0], terms[0].values
    if not (np.isfinite(terms[0].total) or np.isfinite(step.total)):
        message = f"{name} is {step.total}, as its terms are: nothing to compare; give other data or parameters"
        report.findings.append(Finding("not-finite", name, INCONCLUSIVE, message))
        return step
    drawn = [part for part in model.parts.values() if isinstance(part, (Corruption, Sampling))]
    unseen = [part for part in drawn if not step.of(part)] and step.into(_after(drawn[0], model)) is None
    same = np.isclose(step.total, terms[0].total, rtol=1e-9)
    if any(len(step.of(part)) > 1 for part in drawn) or (unseen and not same):
        _look_at_mean(report, model, batch, seed, name)
        return step
    against = "" if isinstance(model, SoftmaxClassifier) else ", against the clean x"
    oracle = Oracle(
        " + ".join(sorted(values, key=list(model.parts).index)) + against, lambda i: terms[i].total,
        [(i,) for i in range(len(steps))], _readings(model, terms),
        "Which terms does the objective have, and what does each compare, or measure?",
    )  # fmt: skip
    compare(report, name, lambda i: steps[i].total, oracle)
    return step


def _look_at_mean(report: MeaningReport, model: Any, batch: Sequence[Array], seed: int, name: str) -> None:
    """Compare means over many draws, where the loss draws in a way of its own, which can't be repeated one by one."""
    steps = [Step(model, [np.tile(array, (ROWS, 1)) for array in batch], seed + i) for i in range(DRAWS)]
    found = np.array([step.total for step in steps])
    wanted = np.array([Terms(step).total for step in steps])
    deviation = float(np.sqrt((found.var() + wanted.var()) / DRAWS))
    question = "Which noise does the loss draw, and what does it compare with what?"
    look_at_chance(
        report, name, "its mean over the noise", float(found.mean()), float(wanted.mean()), deviation, question, {}
    )


def _readings(model: Any, terms: Sequence[Terms]) -> Iterator[Reading]:
    def with_another(name: str, value: Any, i: int) -> float:
        return terms[i].total - terms[i].values[name] + float(value(i))

    def reading(cause: str, name: str, value: Any, cost: int = 1) -> Reading:
        return Reading(cause, lambda i: with_another(name, value, i), cost)

    for name in terms[0].values:
        yield reading(f"the term {name} is left out", name, lambda i: 0.0)
        yield reading(f"the term {name} is counted twice", name, lambda i, name=name: 2 * terms[i].values[name])
    for cause, (name, _) in terms[0].mistaken.items():
        part = terms[0].of[name][0]
        yield reading(cause, name, lambda i, part=part, cause=cause: _number(part, *terms[i].mistaken[cause][1]))
    for name, (part, _) in terms[0].of.items():
        oracle = decay_oracle(part, model) if name == "decay" else oracle_of(part, np.random.default_rng(0))
        for slip in oracle.readings if oracle is not None and terms[0].values[name] else ():
            value = lambda i, name=name, slip=slip: slip.values(*terms[i].of[name][1])  # noqa: E731
            if slip.cause != TWICE:  # which is said above
                yield reading(f"in the term {name}, {slip.cause}", name, value, slip.cost)


def _after(drawn: Any, model: Any) -> Sequence[Any]:
    """Return the layers that what is drawn goes into."""
    layers: Sequence[Any] = (model.decoder if isinstance(drawn, Sampling) else model.encoder).layers
    return layers


def _number(part: Any, *arguments: Any) -> float:
    return float(copy.copy(part).forward(*arguments))
