"""What a penalty costs: the least variance at which the objective spends a unit of the code on a direction of the data.

Where the largest variance of the data is smaller, the objective is minimal at a code without information, and no
training will change that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aescratch.divergences import GaussianKL
from aescratch.penalties import Contraction, L1Sparsity, WeightDecay

# Of a linear model with squared error ½ Σ (x_hat − x)². A direction of variance v, restored by the share t, costs
# ½ v (1 − t)², and:
#   GaussianKL: the unit is awake where v > beta (Lucas et al. 2019, "Don't blame the ELBO!").
#   WeightDecay: lam t, for an encoder's and a decoder's weight of √t each; t = 1 − lam/v
#     (Kunin et al. 2019, "Loss landscapes of regularized linear autoencoders").
#   Contraction, tied: weight t, so that t = 1 − weight/v.
#   L1Sparsity, decoder rows of length one: h is soft-thresholded at weight; at one standard deviation 85 % is lost.
LEAST_VARIANCE: dict[type, Callable[[Any], float]] = {
    GaussianKL: lambda penalty: penalty.beta,
    WeightDecay: lambda penalty: penalty.lam,
    Contraction: lambda penalty: penalty.weight,
    L1Sparsity: lambda penalty: penalty.weight**2,
}
STRENGTHS = ("weight", "beta", "lam")


def least_variance(part: Any) -> float:
    """Return the variance below which the penalty of a direction exceeds its gain; 0 if unknown.

    Examples
    --------
    >>> least_variance(GaussianKL(0.05)), least_variance(L1Sparsity(2.0))
    (0.05, 4.0)
    """
    known = LEAST_VARIANCE.get(type(part))
    return 0.0 if known is None else float(known(part))


def strength(part: Any) -> float:
    """Return a penalty's weight in the objective, 0 for a part that is not a penalty."""
    return next((float(getattr(part, name)) for name in STRENGTHS if hasattr(part, name)), 0.0) if part.is_term else 0.0
