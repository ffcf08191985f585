"""What is measured of a trained model, once for all rules: its output, its code, its curve, and PCA for comparison.

    x, at most 2,000 rows -> x_hat, code;   x -> mean, variances, eigenvalues of the covariance
    loss of every epoch -> share of the explainable loss, from 0 (the mean) to 1 (everything)
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aescratch.activations import TopK
from aescratch.backend import Array, move, to_numpy
from aescratch.codes.codebook import Codebook
from aescratch.codes.selection import BatchTopK
from aescratch.corruptions import HiddenEntries
from aescratch.foundations.language import gettext
from aescratch.foundations.principal import principal_variances
from aescratch.inspection.diagnosis.prices import strength
from aescratch.inspection.measures import sse_per_image
from aescratch.losses import Loss
from aescratch.models.statements import UnitStatistic
from aescratch.training import contract
from aescratch.training.history import History

SELECTIONS = (TopK, BatchTopK)
NOTHING = 1e-28  # of the mean square: smaller variances are rounding


@dataclass(frozen=True)
class Look:
    """A model, a sample of its data, and the quantities that follow from them.

    Attributes
    ----------
    model : object
        A trained model, ours or another.
    x : (N, D) array
        The sample, in float64.
    labels : (N,) array or None
        Its labels, for a classifier.
    history : History or None
        What happened in each epoch; None also where a lower loss doesn't mean a better model.
    validation : Look or None
        A look at the same model on data that it wasn't trained on.
    """

    model: Any
    x: Array
    labels: Array | None
    history: History | None
    validation: Look | None

    @cached_property
    def code(self) -> Array | None:
        """The code (N, H), or None for a model that has none."""
        return self._rows("encode")

    @cached_property
    def x_hat(self) -> Array | None:
        """The reconstruction of x (N, D), or None for a model without one."""
        return self._rows("reconstruct", self.x.shape[1])

    @cached_property
    def predicted(self) -> Array | None:
        """The predicted classes, or None for a model that predicts no classes."""
        return self._asked("predict") if self.labels is not None else None

    @cached_property
    def units(self) -> UnitStatistic | None:
        """The statistics of the code's units that the model reports, or None."""
        asked = getattr(self.model, "unit_statistic", None)
        return asked(self.given) if callable(asked) else None

    def _asked(self, method: str) -> Array | None:
        asked = getattr(self.model, method, None)
        return np.asarray(to_numpy(asked(self.given)), np.float64) if callable(asked) else None

    def _rows(self, method: str, n_columns: int | None = None) -> Array | None:
        """Return a method's output for the sample; raise unless it has a row per example, as a user's may not."""
        found = self._asked(method)
        if found is None or (found.ndim == 2 and found.shape == (len(self.x), n_columns or found.shape[1])):
            return found
        message = gettext(
            "expected {kind}.{method} to return an array of shape ({rows}, {columns}), one row per example, got shape "
            "{shape}"
        )
        kind, columns = type(self.model).__name__, n_columns or "H"
        found_here = {"rows": len(self.x), "columns": columns, "shape": found.shape}
        raise ValueError(message.format(kind=kind, method=method, **found_here))

    @cached_property
    def given(self) -> Array:
        """The sample, as the model takes it."""
        return self.as_taken(self.x)

    def as_taken(self, array: Array) -> Array:
        """Return an array in the model's dtype and on its device."""
        return move(array.astype(contract.dtype_of(self.model)), contract.backend_of(self.model))

    @property
    def is_standardized(self) -> bool:
        """Whether the columns were brought to mean 0 and variance 1 before training."""
        scaling = getattr(self.model, "scaling", None)
        return scaling is not None and scaling.how == "standardize"

    @cached_property
    def mean(self) -> Array:
        """The mean of every column, (D,)."""
        return np.asarray(self.x.mean(axis=0))

    @cached_property
    def variances(self) -> Array:
        """The variance of every column, (D,); 0 where it is only rounding."""
        variances = (self.x - self.x[0]).var(axis=0)  # centred on the first row: a mean far from zero has fewer digits
        return np.where(variances > NOTHING * np.square(self.x).mean(axis=0), variances, 0.0)

    @cached_property
    def total(self) -> float:
        """The squared error per example of predicting the mean."""
        return float(self.variances.sum())

    @cached_property
    def eigenvalues(self) -> Array:
        """The variances along the principal directions, the largest first."""
        return principal_variances(self.x)

    @cached_property
    def sse(self) -> float:
        """The squared error per example of the model's reconstruction."""
        assert self.x_hat is not None
        return sse_per_image(self.x_hat, self.x)

    @cached_property
    def explained(self) -> float:
        """The share of the variance that the model explains: 0 for the mean, 1 for all of it."""
        return 1 - self.sse / self.total

    @cached_property
    def width(self) -> int:
        """How many numbers of the code may be nonzero, or how many choices the code consists of.

        All of them, or as many as a selection keeps, or one for each vector that is a codebook entry.
        """
        assert self.code is not None
        kept = [part.k for _, part in self.parts if isinstance(part, SELECTIONS)]
        choices = [part.n_vectors for _, part in self.parts if isinstance(part, Codebook)]
        return min([int(self.code.shape[1]), *kept, *choices])

    @cached_property
    def pca_sse(self) -> float:
        """The squared error per example of PCA with the code's width as number of components."""
        return float(self.eigenvalues[self.width :].sum())

    @cached_property
    def pca_explained(self) -> float:
        """The share of the variance that PCA of the same width explains."""
        return 1 - self.pca_sse / self.total

    @cached_property
    def is_plain(self) -> bool:
        """Whether the reconstruction is the only objective: no noise, no penalty, no selection of units."""
        return not any(part.draws or strength(part) or isinstance(part, SELECTIONS) for _, part in self.parts)

    @cached_property
    def restores(self) -> bool:
        """Whether the model reconstructs varying data from an encoded code, so that it can be compared with PCA.

        A model that only fills in hidden entries is not expected to restore the entries it sees.
        """
        fills_in = any(isinstance(part, HiddenEntries) for _, part in self.parts)
        return self.x_hat is not None and self.code is not None and 0 < self.total < np.inf and not fills_in

    @cached_property
    def progress(self) -> Array:
        """The explained share of the loss after every epoch: 0 is the mean's loss, 1 that of a perfect output.

        Where these two losses are unknown, it is the share of the way from the first loss to the least.
        """
        assert self.history is not None
        loss = np.asarray(self.history.loss)
        trivial, perfect = self.trivial_and_perfect
        return np.asarray((trivial - loss) / (trivial - perfect))

    @cached_property
    def trivial_and_perfect(self) -> tuple[float, float]:
        """The losses of predicting the mean, or the class frequencies, and of a perfect prediction.

        Where the two are equal, as for labels of one class, or unknown, they are the first loss and the least.
        """
        trivial, perfect = self.known_losses or (0.0, 0.0)
        if trivial > perfect or self.history is None or not self.history.loss:
            return trivial, perfect
        first, last = self.history.loss[0], min(self.history.loss)
        return first, last if last < first else first - 1.0

    @cached_property
    def known_losses(self) -> tuple[float, float] | None:
        """The two losses that follow from the data, or None if nothing is known about the model's loss.

        A reconstruction that isn't a part means a decoder whose likelihood is on another scale.
        """
        reconstruction = getattr(self.model, "reconstruction", None)
        if any(part is reconstruction for _, part in self.parts) and self.restores and isinstance(reconstruction, Loss):
            loss = copy.deepcopy(reconstruction)
            answers = np.broadcast_to(self.mean, self.x.shape), self.x
            times = getattr(self.model, "n_reconstructions", 1)  # a user's loss compares once
            trivial, perfect = (times * float(loss.forward(loss.from_data(answer), self.x)) for answer in answers)
            return trivial, perfect
        if self.labels is not None:
            shares = np.bincount(self.labels.astype(int)) / len(self.labels)
            return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum()), 0.0
        return None

    @cached_property
    def parts(self) -> Sequence[tuple[str, Any]]:
        """The model's parts, with their names."""
        return list(contract.parts_of(self.model).items())
