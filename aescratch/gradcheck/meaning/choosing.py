"""Which oracle belongs to which part of a model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch import activations
from aescratch.activations import Activation, Slope, TopK
from aescratch.batch_norm import BatchNorm
from aescratch.dropout import Dropout
from aescratch.gradcheck.meaning import layers, states, terms
from aescratch.gradcheck.meaning.comparing import Oracle
from aescratch.layers import Dense, TransposedDense, UnitRowDense
from aescratch.losses import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from aescratch.parts import Part
from aescratch.penalties import Contraction, GaussianKL, KLSparsity, L1Sparsity, WeightDecay

KINDS = ("Identity", "ReLU", "LeakyReLU", "GELU", "GELUTanh", "Sigmoid", "Tanh")


def weighed(part: Any) -> Any:
    """Return a copy of a part, with weight 1 where it has weight 0 and nothing would show."""
    subject = copy.copy(part)
    for name in ("weight", "beta", "lam"):
        if getattr(part, name, None) == 0:
            setattr(subject, name, 1.0)
    return subject


def oracle_of(part: Part, rng: np.random.Generator) -> Oracle | None:
    """Return what a part of one of our kinds is to compute, or None."""
    weight = getattr(part, "weight", 0) or 1.0
    if isinstance(part, KLSparsity):
        return terms.kl_sparsity(rng, part.rho, weight)
    if isinstance(part, L1Sparsity):
        return terms.l1_sparsity(rng, weight)
    if isinstance(part, Contraction):
        return terms.contraction(rng, weight)
    if isinstance(part, GaussianKL):
        return terms.gaussian_kl(rng, part.beta or 1.0)
    plain: dict[type, Callable[[np.random.Generator], Oracle]] = {
        SquaredError: terms.squared_error, BinaryCrossEntropy: terms.binary_cross_entropy,
        SoftmaxCrossEntropy: terms.softmax_cross_entropy,
    }  # fmt: skip
    for kind, make in plain.items():
        if isinstance(part, kind):
            return make(rng)
    return _of_layer(part, rng)


def _of_layer(part: Any, rng: np.random.Generator) -> Oracle | None:
    if isinstance(part, TransposedDense):
        return layers.dense(rng, part.W.value.T.copy(), part.b.value.copy(), transposed=True)
    if isinstance(part, Dense):
        return layers.dense(rng, part.W.value.copy(), part.b.value.copy(), transposed=False)
    if isinstance(part, UnitRowDense):
        return layers.unit_rows(rng, part.V.value.copy(), part.b.value.copy())
    if isinstance(part, Dropout):
        return states.dropout(rng, part.p)
    if isinstance(part, BatchNorm):
        return states.batch_norm(rng, part)
    if isinstance(part, TopK):
        return layers.top_k(rng, part.k, part.k + 4)
    for kind in KINDS:
        if isinstance(part, Activation) and isinstance(part, getattr(activations, kind)):
            return layers.activation(rng, kind, getattr(part, "alpha", 0.01))
        if isinstance(part, Slope) and isinstance(part.activation, getattr(activations, kind)):
            return layers.slope(rng, kind, getattr(part.activation, "alpha", 0.01))
    return None


def decay_oracle(decay: WeightDecay, model: Any) -> Oracle:
    """Return what the weight decay of a model is to compute: of what decays by its owner's word, each once."""
    own = list({id(parameter): parameter for parameter in model.parameters}.values())
    weights = [p.value for p in own if p.decays]
    shared = [part.W.value for part in model.parts.values() if isinstance(part, TransposedDense)]
    vectors = [p.value for p in own if not p.decays and len(p.shape) < 2]
    return terms.weight_decay(decay.lam or 1.0, weights, shared, vectors)
