"""Labels from outside, checked: one class number for each example."""

from __future__ import annotations

from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import as_array

MOST_CLASSES = np.iinfo(np.int64).max  # if the model doesn't specify one

def as_labels(labels: Any, n_examples: int, n_classes: int | None) -> Array:
    """Return labels as a vector of class numbers 0 ... n_classes - 1, one per example; any, if n_classes is None.

    Raises
    ------
    TypeError
        If they aren't an array of integers.
    ValueError
        If their number or range is wrong.
    """
    if labels is None:
        raise TypeError(
            gettext(
                "expected labels, one class number per example, got None; pass loss(x, labels) or fit(x, labels)"
            )
        )
    labels = as_array(labels, "labels") if hasattr(labels, "__array__") else labels
    if not hasattr(labels, "dtype") or labels.dtype.kind not in "iu":
        kind = getattr(labels, "dtype", type(labels).__name__)
        message = gettext("expected labels to be an array of integers, got {kind}; pass numpy.asarray(labels, int)")
        raise TypeError(message.format(kind=kind))
    if labels.shape != (n_examples,):
        message = gettext("expected one label per example, shape ({n_examples},), got shape {shape}")
        raise ValueError(message.format(n_examples=n_examples, shape=labels.shape))
    n_classes = MOST_CLASSES if n_classes is None else n_classes
    if int(labels.min()) < 0 or int(labels.max()) >= n_classes:
        message = gettext(
            "expected labels from 0 to {last}, got values from {least} to {largest}; number the classes from 0, or "
            "make the model with more classes"
        )
        raise ValueError(message.format(last=n_classes - 1, least=int(labels.min()), largest=int(labels.max())))
    return labels


def require_one_label_per_row(labels: Any, logits: Any) -> None:
    """Raise ValueError unless there is one label for each row of logits; a column would select (N, N) entries."""
    shape = labels.shape if hasattr(labels, "shape") else np.shape(labels)
    if shape != logits.shape[:1]:
        message = gettext("expected one label per row of logits, shape {expected}, got shape {shape}")
        raise ValueError(message.format(expected=logits.shape[:1], shape=shape))
