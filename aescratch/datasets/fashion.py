"""Fashion-MNIST: 1,200 images are built in, all 70,000 are found if they are installed.

"small" -> fashion_small.npz -> Dataset                      "full" -> idxsets.py -> Dataset
"""

from __future__ import annotations

import numpy as np

from aescratch.datasets.checks import check_choice
from aescratch.datasets.dataset import Dataset
from aescratch.datasets.embedded import read_embedded
from aescratch.datasets.found import PathLike
from aescratch.datasets.idxsets import SPLITS, from_bytes, read_pairs
from aescratch.foundations.language import gettext

FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
LICENCE = "MIT, Copyright (c) 2017 Zalando SE"


def load_fashion(subset: str = "small", *, split: str = "train", path: PathLike | None = None) -> Dataset:
    """Load Fashion-MNIST, whose labels index `FASHION_CLASSES`.

    Parameters
    ----------
    subset : {"small", "full"}
        ``"small"`` is built in: the first 100 training and the first 20 test images of each class. ``"full"``
        is all of it, found on this machine (`apt-get install dataset-fashion-mnist`) and verified by
        checksum.
    split : {"train", "test", "all"}
        1,000 or 200 images of the small set, 60,000 or 10,000 of the full one, or both as one set, the
        training images first, to cut with `.split` as you like.
    path : path, optional
        For ``"full"``: the folder with the four original IDX files, plain or gzipped. Without it the
        environment variable AESCRATCH_DATA, the user's cache folder and Debian's folder are searched.

    Returns
    -------
    Dataset
        `x` (N, 784) float32 in [0, 1], `labels` 0 to 9, `image_shape` (28, 28).

    Raises
    ------
    ValueError
        If `subset` or `split` is unknown, or `path` is given for the small set.
    DatasetNotFoundError
        If the full set is not on this machine; the message lists where it was looked for and how to install
        it.
    DataFileError
        If a file is damaged or is not the original.

    Examples
    --------
    >>> from aescratch.datasets import load_fashion
    >>> load_fashion()
    Dataset 'fashion-mnist small train': x (1000, 784) float32, 10 classes, images 28 x 28
    >>> train, test = load_fashion(split="all").split(0.25)
    >>> len(train), len(test)
    (900, 300)
    """
    check_choice("subset", subset, ("small", "full"))
    check_choice("split", split, tuple(SPLITS))
    name = f"fashion-mnist {subset} {split}"
    if subset == "full":
        images, labels, place = read_pairs("fashion-mnist", split, path)
        return from_bytes(images, labels, name, LICENCE, f"Fashion-MNIST, found at {place}")
    if path is not None:
        message = gettext('path is for the full set, and the small one is built in; pass subset="full" with it')
        raise ValueError(message)
    arrays = read_embedded("fashion_small.npz")
    images = np.concatenate([arrays[f"{part}_images"] for part in SPLITS[split]])
    labels = np.concatenate([arrays[f"{part}_labels"] for part in SPLITS[split]])
    return from_bytes(images, labels, name, LICENCE, "Fashion-MNIST, the first images of each class; embedded")
