"""Data in the forms that scikit-learn's callers give, refused in the words that its own checks expect.

    X, an array, a list or a data frame -> feature_names: its columns' names;   floats_of: a matrix of floats
"""

from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.validation import as_array, as_matrix


def feature_names(X: Any) -> Array | None:
    """Return the names of a frame's columns, or None if no name is text."""
    names = list(getattr(X, "columns", ()))
    of_text = [isinstance(name, str) for name in names]
    if any(of_text) and not all(of_text):
        message = gettext("expected feature names that are all text, got {names}; rename the columns of X")
        raise TypeError(message.format(names=names))
    return np.array(names, dtype=object) if any(of_text) else None


def floats_of(X: Any) -> Array:
    """Return X, also a list or integers, as a matrix of floats, or raise in the words that scikit-learn expects."""
    x = np.asarray(X) if isinstance(X, (list, tuple)) else as_array(X, "X")
    if x.dtype.kind == "c":
        message = gettext("Complex data not supported: expected real numbers in X, got {dtype}; pass X.real")
        raise ValueError(message.format(dtype=x.dtype))
    if x.ndim != 2:
        message = gettext(
            "Expected 2D array, got {ndim}D array instead, of shape {shape}. Reshape your data: X.reshape(-1, 1) "
            "for a single feature, X.reshape(1, -1) for a single example"
        )
        raise ValueError(message.format(ndim=x.ndim, shape=x.shape))
    if 0 in x.shape:
        what = gettext("feature") if x.shape[0] else gettext("sample")
        message = gettext("Found array with 0 {what}(s) (shape={shape}) while a minimum of 1 is required.")
        raise ValueError(message.format(what=what, shape=x.shape))
    precision = "float32" if x.dtype == np.float32 else "float64"  # the model's dtype for X
    return as_matrix(x if x.dtype.kind == "f" else x.astype(np.float64), precision, None, "X")
