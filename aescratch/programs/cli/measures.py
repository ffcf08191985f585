"""Measures of a trained model: its loss, its squared error beside those of the mean and PCA, its units.

Everything is computed in batches, so that memory stays small:

    model, x -> reconstruct, encode, in batches -> SSE per example;   x -> mean, PCA -> SSE to compare with
    model, a sample of x -> the variant's statistic of its units -> its mean, and the number of constant units
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.datasets import Dataset
from aescratch.foundations.columns import columns_of, padded
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.scaling import unscaled
from aescratch.inspection.diagnosis import Diagnosis
from aescratch.inspection.measures import PCA, sse_per_image
from aescratch.losses import BinaryCrossEntropy
from aescratch.programs.cli.data import scaled_data
from aescratch.training.ending import sampled

BATCH = 1000

LABELS = {
    "loss": gettext_noop("loss, every term"),
    "sse_per_image": gettext_noop("SSE per example"),
    "mean_sse_per_image": gettext_noop("SSE of always answering the mean"),
    "pca_sse_per_image": gettext_noop("SSE of PCA, same width"),
    "sse_scaled": gettext_noop("SSE, scaled data"),
    "mean_sse_scaled": gettext_noop("of the mean, scaled data"),
    "pca_sse_scaled": gettext_noop("of PCA, scaled data"),
    "units_asleep": gettext_noop("constant units"),
    "accuracy": gettext_noop("accuracy"),
}
MOST_FINDINGS = 3  # that are printed; the files and --json have all


@np.errstate(all="ignore")  # the numbers show the overflow of a diverged model
def measure(model: Any, data: Dataset, pca_data: Dataset) -> dict[str, Any]:
    """Return the measures of a model on data, in the data's units; mean and PCA come from pca_data.

    If the model has a scaling, PCA is fitted to scaled data, and all errors are given for the scaled data, too.
    """
    seen = scaled_data(model, data)
    if model.takes_labels:
        hits = in_batches(lambda x, labels: model.predict(x) == labels, seen.x, seen.labels)
        return {"loss": mean_loss(model, seen.x, seen.labels), "accuracy": float(hits.mean())}
    x_hat = in_batches(model.reconstruct, seen.x)
    units = model.unit_statistic(*sampled([seen.x]))
    known = scaled_data(model, pca_data).x
    pca = PCA.fit(known).reconstruct(seen.x, model.widths[-1])
    answers = {"": x_hat, "mean_": np.broadcast_to(known.mean(axis=0), seen.x.shape), "pca_": pca}
    errors = {f"{name}sse_per_image": sse_per_image(unscaled(model, x), data.x) for name, x in answers.items()}
    if model.scaling is not None:
        errors |= {f"{name}sse_scaled": sse_per_image(x, seen.x) for name, x in answers.items()}
    return {
        **loss_of(model, data, seen),
        **errors,
        "unit_statistic": units.name,
        "unit_mean": float(units.values.mean()),
        "units": int(units.asleep.size),
        "units_asleep": int(units.asleep.sum()),
    }


def loss_of(model: Any, data: Dataset, seen: Dataset) -> dict[str, Any]:
    """Return the loss on scaled data, or the reason why there is none, in the data's own units."""
    why = why_no_loss(model, data)
    return {"loss": None, "why_no_loss": why} if why else {"loss": mean_loss(model, seen.x)}


def why_no_loss(model: Any, data: Dataset) -> str:
    """Return the reason why a model has no loss on these data, in their own units, or an empty text."""
    if not isinstance(getattr(model, "reconstruction", None), BinaryCrossEntropy):
        return ""
    seen = scaled_data(model, data)
    outside = (seen.x < 0) | (seen.x > 1)
    if not outside.any():
        return ""
    rows = np.flatnonzero(outside.any(axis=1))
    row, column = rows[0], int(np.flatnonzero(outside[rows[0]])[0])
    low, high = unscaled(model, np.stack([np.zeros(seen.x.shape[1]), np.ones(seen.x.shape[1])]))[:, column]
    return gettext(
        "expected every column within its range for binary cross-entropy, got {value:.6g} in column {column} of "
        "example {example} of {data}, whose range is {low:.6g} to {high:.6g} ({count:,} of {all:,} examples are like "
        "that)"
    ).format(
        value=data.x[row, column], column=column + 1, example=row + 1, data=data.name, low=low, high=high,
        count=len(rows), all=len(data),
    )  # fmt: skip


def batches(*arrays: Any) -> Iterator[list[Any]]:
    """Yield the arrays in batches of rows."""
    for start in range(0, len(arrays[0]), BATCH):
        yield [array[start : start + BATCH] for array in arrays]


def in_batches(function: Callable[..., Array], *arrays: Any) -> Array:
    """Return function of the arrays, computed batch by batch."""
    return np.concatenate([function(*batch) for batch in batches(*arrays)])


def mean_loss(model: Any, *arrays: Any) -> float:
    """Return the mean objective over batches of 1000; noise, if any, is drawn with seed 0."""
    rng = np.random.default_rng(0)
    return sum(float(model.loss(*batch, rng=rng)) * len(batch[0]) for batch in batches(*arrays)) / len(arrays[0])


def as_lines(measures: dict[str, Any]) -> str:
    """Return measures as lines for people."""
    shown = as_texts(measures)
    wide = max(map(columns_of, shown)) + 2
    return "\n".join(f"{padded(label, wide)}{text}" for label, text in shown.items())


def as_texts(measures: dict[str, Any]) -> dict[str, str]:
    """Return measures as texts for people, by their names."""
    labels = {name: gettext(label) for name, label in LABELS.items()}
    shown = {labels[name]: f"{measures[name]:.4g}" for name in LABELS if measures.get(name) is not None}
    if "why_no_loss" in measures:
        none = gettext("none: {why}; leave them out").format(why=measures["why_no_loss"])
        shown = {labels["loss"]: none, **shown}
    if "accuracy" in measures:
        shown[labels["accuracy"]] = f"{100 * measures['accuracy']:.1f} %"
    if "units" in measures:
        some = gettext("{asleep} of {all}").format(asleep=measures["units_asleep"], all=measures["units"])
        shown[labels["units_asleep"]] = some
        shown[gettext(measures["unit_statistic"])] = f"{measures['unit_mean']:.3g}"
    return shown


def found_lines(diagnosis: Diagnosis) -> list[str]:
    """Return the findings as at most three lines for people."""
    more = len(diagnosis) - MOST_FINDINGS
    lines = [gettext("found {finding}").format(finding=finding) for finding in diagnosis[:MOST_FINDINGS]]
    if more > 0:
        lines[-1] += gettext(" (and {more} more: see --json)").format(more=more)
    return lines
