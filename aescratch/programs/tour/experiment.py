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

BATCH_SIZE = 32  # products this small stay on one core, so a busy machine can't stall them between threads
QUICK = 25  # times fewer epochs
N_CHECKED = 7  # examples of the gradient check
SPREAD = 0.5  # of the parameters that are checked


@dataclass(frozen=True)
class Plan:
    """What a tour is to do; the same plan gives the same table, seconds aside."""

    variants: tuple[str, ...]
    seed: int
    quick: bool

    def epochs(self, epochs: int) -> int:
        """Return how many epochs to train: all of them, or a few."""
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
    """The data of the tour: digits to train on, digits to be measured on, and PCA of the former."""

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
    """A row of the table; the errors of reconstructions are None for a classifier, which makes none."""

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
    """Everything that came of one variant; trouble says why the training ended before its time, if it did."""

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
        """The model, or the autoencoder that a classifier stands on."""
        return self.model.autoencoder


def perform(variant: Variant, digits: Digits, plan: Plan) -> Result:
    """Check, train and measure one variant; Control-C, which ends a `fit` without an error, ends this."""
    started = time.perf_counter()
    check = check_small(variant, plan.seed)
    model = variant.build(plan.seed)
    pretraining, history, trouble = [], ae.History(), ""
    try:
        if variant.pretraining_epochs:
            pretraining = pretrain(variant, model, digits, plan)
        history = train(variant, model, digits, plan.seed, plan.epochs(variant.epochs))
    except ae.TrainingDivergedError as error:  # a wrong gradient may do that, and the check has said so
        trouble = str(error)
    row = measure(variant, model, check, digits, started)
    return Result(variant, model, check, history, row, trouble, pretraining, diagnose(model, digits, history))


def diagnose(model: Any, digits: Digits, history: ae.History) -> ae.Diagnosis:
    """Return what is wrong with a training."""
    train, test = digits.train, digits.test
    labels = train.labels if model.takes_labels else None
    unseen = (test.x, test.labels) if model.takes_labels else test.x
    return ae.diagnose(model, train.x, labels, history=history, validation=unseen)


def check_small(variant: Variant, seed: int) -> Report:
    """Return the gradient check of a small new model of this kind, every entry of every parameter."""
    rng = np.random.default_rng(seed)
    model = variant.build_small(seed)
    for parameter in model.parameters:
        # Drawn wide: at biases of 0 a ReLU behind a code of zeros sits exactly on its kink, and in a stack of sigmoids
        # with small weights the gradients of the first layer drown in the rounding of the loss.
        parameter.value = rng.normal(0.0, SPREAD, parameter.shape).astype(model.dtype)
    x = rng.random((N_CHECKED, model.autoencoder.widths[0]))
    labels = rng.integers(N_CLASSES, size=N_CHECKED) if model.takes_labels else None
    return ae.check_gradients(model, x, labels, rng=seed)


def options_of(variant: Variant, seed: int, epochs: int) -> dict[str, Any]:
    """Return the options of a training, by Adam, whose learning rate falls towards 0 along a cosine."""
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
    """Return the row of a trained model, measured on the digits that it hasn't seen."""
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
