"""What a trained model is measured by, for people: its loss, its squared error beside PCA's, and its active units.

Everything is computed in batches, so that memory stays small:

    model, x -> reconstruct, encode, in batches -> SSE per image, share of |h| > 0.01;   x -> PCA -> SSE to compare with
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.datasets import Dataset
from aescratch.inspection.measures import ACTIVE, PCA, active_share, sse_per_image

BATCH = 1000

LABELS = {
    "loss": "loss, every term",
    "sse_per_image": "SSE per image",
    "pca_sse_per_image": "SSE of PCA, same width",
    "active_share": "active units",
    "never_active": "units never active",
    "accuracy": "accuracy",
}


def measure(model: Any, data: Dataset, pca_data: Dataset) -> dict[str, float]:
    """Return what the model reaches on data; PCA is fitted to pca_data."""
    if model.takes_labels:
        hits = in_batches(lambda x, labels: model.predict(x) == labels, data.x, data.labels)
        return {"loss": mean_loss(model, data.x, data.labels), "accuracy": float(hits.mean())}
    code, x_hat = in_batches(model.encode, data.x), in_batches(model.reconstruct, data.x)
    return {
        "loss": mean_loss(model, data.x),
        "sse_per_image": sse_per_image(x_hat, data.x),
        "pca_sse_per_image": sse_per_image(PCA.fit(pca_data.x).reconstruct(data.x, code.shape[1]), data.x),
        "active_share": active_share(code),
        "never_active": int((np.abs(code) <= ACTIVE).all(axis=0).sum()),
    }


def batches(*arrays: Any) -> Iterator[list[Any]]:
    """Yield so many rows of all arrays at a time."""
    for start in range(0, len(arrays[0]), BATCH):
        yield [array[start : start + BATCH] for array in arrays]


def in_batches(function: Callable[..., Array], *arrays: Any) -> Array:
    """Return function of the arrays, computed batch by batch."""
    return np.concatenate([function(*batch) for batch in batches(*arrays)])


def mean_loss(model: Any, *arrays: Any) -> float:
    """Return the mean objective over batches of 1000; noise, if any, is that of seed 0."""
    rng = np.random.default_rng(0)
    return sum(float(model.loss(*batch, rng=rng)) * len(batch[0]) for batch in batches(*arrays)) / len(arrays[0])


def as_lines(measures: dict[str, float]) -> str:
    """Return measures as lines for people."""
    shown = {name: f"{value:.4g}" for name, value in measures.items()}
    if measures.get("never_active"):
        shown["never_active"] += " (a ReLU can die: see --code-activation, or a lower --learning-rate)"
    for name in {"active_share", "accuracy"} & set(measures):
        shown[name] = f"{100 * measures[name]:.1f} %"
    return "\n".join(f"{LABELS[name]:<24}{text}" for name, text in shown.items())
