"""Small patches of natural images, the data in which sparse autoencoders find edges.

photographs -> (whitened, "1f") -> n patches at random places -> (whitened, "zca") -> rescaled -> Dataset
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from aescratch.datasets.checks import check_choice, check_whole
from aescratch.datasets.dataset import Dataset
from aescratch.datasets.photographs import PHOTOGRAPHS, read_photographs
from aescratch.datasets.whitening import rescale, whiten_patches, whiten_photograph
from aescratch.foundations.validation import Rng, as_generator


def load_natural_patches(
    size: int = 8,
    n: int = 10_000,
    whiten: str | None = "1f",
    source: str = "embedded",
    rng: Rng = 0,
) -> Dataset:
    """Cut square patches out of eight photographs at random places.

    The places are uniform, the photograph first and then the corner, so patches overlap and may repeat.
    `labels` is the number of the photograph in `PHOTOGRAPHS`: to hold out pixels that were never trained on,
    choose photographs with ``patches.take(patches.labels < 6)`` rather than `.split`.

    Parameters
    ----------
    size : int
        Side of a patch in pixels, 2 to 64.
    n : int
        How many patches.
    whiten : {"1f", "zca", None}
        ``"1f"`` flattens each photograph's spectrum before cutting (`whiten_photograph`); ``"zca"``
        decorrelates the patches (`whiten_patches`). Both then remove each patch's mean, clip at 3 standard
        deviations and rescale to [0.1, 0.9] with 0.5 as the middle. With None the grey values stay as they
        are, in [0, 1].
    source : {"embedded", "skimage"}
        Photographs of 192 x 192 pixels that are built in, or the same at full size (300 to 640 pixels a side)
        from an installed scikit-image: sharper edges.
    rng : int or numpy.random.Generator
        The same seed gives the same patches.

    Returns
    -------
    Dataset
        `x` (n, size * size) float32, `labels` 0 to 7, `image_shape` (size, size).

    Raises
    ------
    TypeError
        If `size` or `n` is not an integer.
    ValueError
        If `size`, `n`, `whiten` or `source` is out of range.
    ImportError
        If scikit-image is asked for and is not installed.

    Examples
    --------
    >>> from aescratch.datasets import load_natural_patches
    >>> patches = load_natural_patches(size=8, n=500)
    >>> patches
    Dataset 'natural patches': x (500, 64) float32, 8 classes, images 8 x 8
    >>> bool(patches.x.min() >= 0.1) and bool(patches.x.max() <= 0.9)
    True
    """
    check_whole("size", size, 2, 64)
    check_whole("n", n, 1, 10_000_000)
    check_choice("whiten", whiten, ("1f", "zca", None))
    check_choice("source", source, ("embedded", "skimage"))
    photographs = read_photographs(source)
    if whiten == "1f":
        photographs = [whiten_photograph(photograph) for photograph in photographs]
    x, labels = _cut(photographs, size, n, as_generator(rng))
    if whiten == "zca":
        x = whiten_patches(x)
    if whiten is not None:
        x = rescale(x)
    treatment = (
        "grey values as they are" if whiten is None else f"{whiten} whitening, clipped at 3 sd, rescaled to [0.1, 0.9]"
    )
    return Dataset(
        x,
        labels,
        (size, size),
        name="natural patches",
        licence="CC0 and public domain",
        source=f"photographs {', '.join(PHOTOGRAPHS)} of scikit-image ({source}); {treatment}",
    )


def _cut(
    photographs: list[NDArray[np.float32]], size: int, n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    labels = rng.integers(len(photographs), size=n)
    corners = rng.random((n, 2))
    x = np.empty((n, size * size), dtype=np.float32)
    for number, photograph in enumerate(photographs):
        windows = sliding_window_view(photograph, (size, size))  # (rows, columns, size, size), a view
        mine = labels == number
        row, column = (corners[mine] * windows.shape[:2]).astype(np.int64).T
        x[mine] = windows[row, column].reshape(-1, size * size)
    return x, labels
