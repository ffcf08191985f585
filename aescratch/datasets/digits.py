"""The built-in handwritten digits: 1,797 images of 8 x 8 pixels with 17 grey levels.

digits.npz -> pixels 0..16 -> / 16 -> Dataset
"""

from __future__ import annotations

import numpy as np

from aescratch.datasets.dataset import Dataset
from aescratch.datasets.embedded import read_embedded
from aescratch.foundations.language import gettext_noop


def load_digits() -> Dataset:
    """Load the UCI optical digits (test part), the set that scikit-learn's `load_digits` also returns.

    Three of the 64 pixels are 0 in every image, so their standard deviation is 0.

    Returns
    -------
    Dataset
        `x` (1797, 64) float32 in [0, 1], `labels` 0 to 9, `image_shape` (8, 8).

    Examples
    --------
    >>> from aescratch.datasets import load_digits
    >>> digits = load_digits()
    >>> digits
    Dataset 'digits': x (1797, 64) float32, 10 classes, images 8 x 8
    >>> float(digits.x.min()), float(digits.x.max())
    (0.0, 1.0)
    """
    arrays = read_embedded("digits.npz")
    return Dataset(
        x=np.divide(arrays["images"].reshape(-1, 64), 16, dtype=np.float32),
        labels=arrays["labels"].astype(np.int64),
        image_shape=(8, 8),
        name="digits",
        licence=gettext_noop("CC BY 4.0 (UCI), BSD-3-Clause (scikit-learn's copy)"),
        source=gettext_noop(
            "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998; "
            "embedded, 0..16 divided by 16"
        ),
    )
