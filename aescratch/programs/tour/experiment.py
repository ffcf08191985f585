"""One row of the tour: a variant is checked, trained and measured.

    variant -> small float64 model -> gradient check
            -> float32 model -> (pre-training) -> fit on the digits -> codes and reconstructions of unseen digits -> Row
"""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.datasets import Dataset
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.measures import PCA, active_share, probe_accuracy, sse_per_image
from aescratch.programs.tour.variants import N_CLASSES, VARIANTS, Variant

BATCH_SIZE = 32  # so small that products stay on one core, where a busy machine doesn't stall them
QUICK = 25  # times fewer epochs with --quick
N_CHECKED = 7  # examples in the gradient check
SPREAD = 0.5  # standard deviation of the parameters in the gradient check


@dataclass(frozen=True)
class Plan:
    """The plan of a tour; the same plan gives the same table, except for the seconds."""

    variants: tuple[str, ...]
    seed: int
    quick: bool

    def epochs(self, epochs: int) -> int:
        """Return the number of epochs to train: all, or a few."""
        return max(1, epochs // QUICK) if self.quick else epochs

    @property
    def command(self) -> str:
        """The command that repeats this tour."""
        words = ["aescratch", "tour", "--seed", str(self.seed), *(["--quick"] if self.quick else [])]
        if self.variants != tuple(VARIANTS):
            words += [word for name in self.variants for word in ("--variant", name)]
        return shlex.join(words)


@dataclass(frozen=True)
class Digits:
    """The data of the tour: digits for training, digits for measures, and PCA of the former."""

    train: Dataset
    test: Dataset
    pca: PCA

    @classmethod
    def load(cls, seed: int) -> Digits:
        """Return the built-in digits, a fifth of them held out by the seed."""
        train, test = ae.datasets.load_digits().split(0.2, rng=seed)
        return cls(train, test, PCA.fit(train.x))


@dataclass(frozen=True)
class Row:
    """A row of the table; a classifier has no reconstruction, so its errors are None."""

    variant: str
    parameters: int
    check_error: float
    check_verdict: str
    code_width: int
    sse: float | None
    pca_sse: float | None
    active: float
    accuracy: float
    seconds: float


@dataclass
class Result:
    """The results of one variant; `trouble` is the reason why the training ended early, if it did."""

    variant: Variant
    model: Any
    check: Report
    history: ae.History
    row: Row
    trouble: str
    pretraining: list[ae.History]
    diagnosis: ae.Diagnosis

    @property
    def autoencoder(self) -> ae.Autoencoder:
        """The model, or the autoencoder of a classifier."""
        return self.model.autoencoder


def perform(variant: Variant, digits: Digits, plan: Plan) -> Result:
    """Check, train and measure one variant; Control-C, with which `fit` returns normally, raises here."""
    started = time.perf_counter()
    check = check_small(variant, plan.seed)
    model = variant.build(plan.seed)
    pretraining, history, trouble = [], ae.History(), ""
    try:
        if variant.pretraining_epochs:
            pretraining = pretrain(variant, model, digits, plan)
        history = train(variant, model, digits, plan.seed, plan.epochs(variant.epochs))
    except ae.TrainingDivergedError as error:  # perhaps from a wrong gradient, which the check has reported
        trouble = str(error)
    row = measure(variant, model, check, digits, started)
    return Result(variant, model, check, history, row, trouble, pretraining, diagnose(model, digits, history))


def diagnose(model: Any, digits: Digits, history: ae.History) -> ae.Diagnosis:
    """Return the diagnosis of a training."""
    train, test = digits.train, digits.test
    labels = train.labels if model.takes_labels else None
    unseen = (test.x, test.labels) if model.takes_labels else test.x
    return ae.diagnose(model, train.x, labels, history=history, validation=unseen)


def check_small(variant: Variant, seed: int) -> Report:
    """Return the gradient check of a small new model of this kind, with every entry of every parameter."""
    rng = np.random.default_rng(seed)
    model = variant.build_small(seed)
    for parameter in model.parameters:
        # A large spread: with biases of 0, a ReLU after a code of zeros is exactly at its kink, and in a stack of
        # sigmoids with small weights, the first layer's gradients are smaller than the rounding of the loss.
        parameter.value = rng.normal(0.0, SPREAD, parameter.shape).astype(model.dtype)
    x = rng.random((N_CHECKED, model.autoencoder.widths[0]))
    labels = rng.integers(N_CLASSES, size=N_CHECKED) if model.takes_labels else None
    return ae.check_gradients(model, x, labels, rng=seed)


def options_of(variant: Variant, seed: int, epochs: int) -> dict[str, Any]:
    """Return the options of a training with Adam, whose learning rate falls towards 0 along a cosine."""
    adam = ae.Adam(ae.CosineRate(variant.learning_rate))
    return {"epochs": epochs, "batch_size": BATCH_SIZE, "optimizer": adam, "rng": seed}


def pretrain(variant: Variant, model: Any, digits: Digits, plan: Plan) -> list[ae.History]:
    """Pre-train the layers of a stack."""
    options = options_of(variant, plan.seed, plan.epochs(variant.pretraining_epochs))
    return [uninterrupted(history) for history in model.autoencoder.pretrain(digits.train.x, **options)]


def train(variant: Variant, model: Any, digits: Digits, seed: int, epochs: int) -> ae.History:
    """Train a model on the digits, with their labels if it is a classifier."""
    labels = digits.train.labels if model.takes_labels else None
    return uninterrupted(model.fit(digits.train.x, labels, **options_of(variant, seed, epochs)))


def uninterrupted(history: ae.History) -> ae.History:
    """Return the history of a training; raise KeyboardInterrupt if Control-C ended it."""
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return history


def measure(variant: Variant, model: Any, check: Report, digits: Digits, started: float) -> Row:
    """Return the row of a trained model, measured on unseen digits."""
    autoencoder, train, test = model.autoencoder, digits.train, digits.test
    assert train.labels is not None and test.labels is not None  # noqa: PT018  (the digits have labels)
    code, width = autoencoder.encode(test.x), variant.widths[-1]
    if model.takes_labels:
        sse, pca_sse = None, None
        accuracy = model.score(test.x, test.labels)
    else:
        sse = sse_per_image(autoencoder.reconstruct(test.x), test.x)
        pca_sse = sse_per_image(digits.pca.reconstruct(test.x, width), test.x)
        accuracy = probe_accuracy(autoencoder.encode(train.x), train.labels, code, test.labels)
    return Row(
        variant.name, model.n_parameters, check.max_relative_error, check.verdict, width, sse, pca_sse,
        active_share(code), accuracy, time.perf_counter() - started,
    )  # fmt: skip
