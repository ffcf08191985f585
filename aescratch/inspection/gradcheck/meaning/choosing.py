"""Which oracle belongs to which part of a model.

    losses, penalties -> terms.py;   layers with known mistakes -> layers.py;   others -> their formula of the sheet
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.activations import Slope, TopK
from aescratch.backend import Array
from aescratch.batch_norm import BatchNorm
from aescratch.codes.adversary import GradientReversal
from aescratch.codes.bounds import BernoulliLikelihood, GaussianLikelihood
from aescratch.codes.codebook import Codebook, StraightThrough
from aescratch.codes.gates import Frozen, Gate, Gated, Magnitude
from aescratch.codes.selection import BatchTopK, JumpReLU, PrefixDense, SilentTopK, StopGradient
from aescratch.corruptions import HiddenEntries
from aescratch.divergences import GaussianKL
from aescratch.dropout import Dropout
from aescratch.foundations.parts import Part
from aescratch.functions.formula import Activation, Formula, Term
from aescratch.inspection.gradcheck.meaning import layers, terms
from aescratch.inspection.gradcheck.meaning.comparing import Oracle
from aescratch.layers import Dense, Linear, TransposedDense, UnitRowDense
from aescratch.penalties import KLSparsity, WeightDecay

RECORDS: dict[str, Activation | Term] = {
    **{record.layer: record for record in functions.ACTIVATIONS.values()},
    **{record.layer: record for record in functions.FORMULAS.values() if isinstance(record, Term)},
}
RECORDS["ResidualError"] = RECORDS["SquaredError"]  # of a residual, and weighed


# Parts that compute a formula of the sheet of their inputs and of their own numbers, which have the formula's names.
OF_FORMULAS: dict[type[Part], str] = {
    StraightThrough: "straight_through", HiddenEntries: "hidden_entries", GradientReversal: "gradient_reversal",
    SilentTopK: "silent_top_k", StopGradient: "stop_gradient", Linear: "linear", PrefixDense: "prefix_dense",
    Gate: "gate", Magnitude: "magnitude", Gated: "gated",
}  # fmt: skip


def _of_formula(rng: np.random.Generator, formula: Formula, part: Part) -> Oracle:
    own = {name: getattr(part, name) for name in inspect.signature(formula.forward).parameters
           if hasattr(part, name) and name not in part.remembers}  # fmt: skip
    own = {name: copy.copy(getattr(value, "value", value)) for name, value in own.items()}
    widest = max(map(np.shape, own.values()), key=len, default=())
    D, H = widest if len(widest) == 2 else 2 * (widest or (5,))
    drawn = [formula.inputs(rng, n, D, H) for n in (7, 3)]
    cases = [tuple(value for name, value in each.items() if name not in own) for each in drawn]
    return Oracle(formula.claim, lambda *given: formula.again(*given, *own.values()), cases, [], formula.question)


def _cut(rng: np.random.Generator, part: Any) -> Oracle:
    """h = a where a > theta, else 0; in use an example has no batch, and theta is what was learnt."""
    cut, is_of_units = functions.FORMULAS["jump_relu"], isinstance(part, JumpReLU)
    theta = (np.e**part.log_theta.value if is_of_units else part.threshold.value).astype(float)
    shape = (7, len(theta) if is_of_units else part.k + 4)
    a = theta * rng.choice([-2.0, -0.5, 0.5, 1.5, 2.5], shape) + (theta == 0) * rng.normal(size=shape)
    return Oracle(cut.claim, lambda a: cut.again(a, np.broadcast_to(theta, shape[1:]), 1.0), [(a,)], [], cut.question)


def _likelihood(rng: np.random.Generator, part: GaussianLikelihood | BernoulliLikelihood) -> Oracle:
    record = functions.FORMULAS["gaussian_log_likelihood" if hasattr(part, "variance") else "bernoulli_log_likelihood"]
    settings = [getattr(part, name) for name in record.numbers if name != "K"]

    def right(output: Array, x: Array) -> Any:
        return record.again(output, x, *settings, len(output) // len(x))

    cases = [tuple(record.inputs(rng, *size).values())[:2] for size in ((7, 5, 3), (5, 11, 2))]
    return Oracle(record.claim, right, cases, [], record.question)


def _codebook(rng: np.random.Generator, layer: Codebook) -> Oracle:
    E, indices = layer.E.value.copy(), functions.FORMULAS["nearest_entries"]

    def nearest(h: Array) -> Any:
        return E[np.array(indices.second_opinion(h, E))].reshape(h.shape)

    cases = [(rng.normal(size=(n, layer.n_units)) * E.std() + E.mean(),) for n in (7, 3)]
    return Oracle("the nearest entries", nearest, cases, [], indices.question)


OF_PARTS: dict[type[Part], Callable[[np.random.Generator, Any], Oracle]] = {
    TransposedDense: layers.dense, Dense: layers.dense, UnitRowDense: layers.unit_rows, Dropout: layers.dropout,
    BatchNorm: layers.batch_norm, TopK: layers.top_k, GaussianLikelihood: _likelihood, BernoulliLikelihood: _likelihood,
    Codebook: _codebook, JumpReLU: _cut, BatchTopK: _cut,
    Frozen: lambda rng, layer: layers.unit_rows(rng, layer.dense),
}  # fmt: skip


def record_of(part: Any) -> Activation | Term | None:
    """Return the formula sheet's record for the class of a part, or for its base class, or None."""
    ours = [kind.__name__ for kind in type(part).__mro__ if kind.__module__.partition(".")[0] == "aescratch"]
    return next((RECORDS[name] for name in ours if name in RECORDS), None)


def weighed(part: Any) -> Any:
    """Return a copy of a part, with weight 1 instead of 0, where nothing would show."""
    subject = copy.copy(part)
    for name in ("weight", "beta", "lam"):
        if getattr(part, name, None) == 0:
            setattr(subject, name, 1.0)
    return subject


def oracle_of(part: Part, rng: np.random.Generator) -> Oracle | None:
    """Return the oracle of a part of one of our kinds, or None."""
    if isinstance(part, KLSparsity) and part.running_activity is not None:
        return terms.moving_sparsity(rng, part)
    if isinstance(part, GaussianKL) and part.free_bits:
        return terms.term(rng, functions.FORMULAS["free_bits_kl"], part)  # type: ignore[arg-type]
    subject: Any = part.activation if isinstance(part, Slope) else part
    record = record_of(subject)
    if isinstance(record, Term):
        return terms.term(rng, record, part)
    if isinstance(record, Activation):
        return layers.activation(rng, record, subject, slope=isinstance(part, Slope))
    for kind, name in OF_FORMULAS.items():
        if isinstance(part, kind):
            return _of_formula(rng, functions.FORMULAS[name], part)
    return next((make(rng, part) for kind, make in OF_PARTS.items() if isinstance(part, kind)), None)


def decay_oracle(decay: WeightDecay, model: Any) -> Oracle:
    """Return the oracle of a model's weight decay: the parameters that decay, each once."""
    own = list({id(parameter): parameter for parameter in model.parameters}.values())
    weights = [p.value for p in own if p.decays]
    shared = [part.W.value for part in model.parts.values() if isinstance(part, TransposedDense)]
    vectors = [p.value for p in own if not p.decays and len(p.shape) < 2]
    return terms.weight_decay(decay.lam or 1.0, weights, shared, vectors)
