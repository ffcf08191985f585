"""Which oracle belongs to which part of a model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.activations import Slope, TopK
from aescratch.batch_norm import BatchNorm
from aescratch.codes.adversary import GradientReversal
from aescratch.codes.bounds import BernoulliLikelihood, GaussianLikelihood
from aescratch.codes.codebook import Codebook, StraightThrough
from aescratch.corruptions import HiddenEntries
from aescratch.divergences import GaussianKL
from aescratch.dropout import Dropout
from aescratch.foundations.parts import Part
from aescratch.functions.formula import Activation, Term
from aescratch.inspection.gradcheck.meaning import choices, layers, terms
from aescratch.inspection.gradcheck.meaning.comparing import Oracle
from aescratch.layers import Dense, TransposedDense, UnitRowDense
from aescratch.penalties import KLSparsity, WeightDecay

RECORDS: dict[str, Activation | Term] = {
    **{record.layer: record for record in functions.ACTIVATIONS.values()},
    **{record.layer: record for record in functions.FORMULAS.values() if isinstance(record, Term)},
}
RECORDS["ResidualError"] = RECORDS["SquaredError"]  # of a residual, and weighed
OF_LAYERS: dict[type[Part], Callable[[np.random.Generator, Any], Oracle]] = {
    TransposedDense: layers.dense, Dense: layers.dense, UnitRowDense: layers.unit_rows, Dropout: layers.dropout,
    BatchNorm: layers.batch_norm, TopK: layers.top_k, GaussianLikelihood: layers.log_likelihood,
    BernoulliLikelihood: layers.log_likelihood, Codebook: layers.codebook, StraightThrough: layers.straight_through,
    HiddenEntries: layers.hidden_entries, GradientReversal: layers.gradient_reversal,
    **choices.OF_CHOICES,
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
    if isinstance(part, Slope):
        record = record_of(part.activation)
        return layers.slope(rng, record, part.activation) if isinstance(record, Activation) else None
    record = record_of(part)
    if isinstance(record, Term):
        return terms.term(rng, record, part)
    if isinstance(record, Activation):
        return layers.activation(rng, record, part)
    return next((make(rng, part) for kind, make in OF_LAYERS.items() if isinstance(part, kind)), None)


def decay_oracle(decay: WeightDecay, model: Any) -> Oracle:
    """Return the oracle of a model's weight decay: the parameters that decay, each once."""
    own = list({id(parameter): parameter for parameter in model.parameters}.values())
    weights = [p.value for p in own if p.decays]
    shared = [part.W.value for part in model.parts.values() if isinstance(part, TransposedDense)]
    vectors = [p.value for p in own if not p.decays and len(p.shape) < 2]
    return terms.weight_decay(decay.lam or 1.0, weights, shared, vectors)
