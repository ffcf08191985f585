"""The two sets stored as pairs of IDX files: images of 28 x 28 pixels, 60,000 to train and 10,000 to test.

set and split -> found.py -> bytes of images and of labels -> idx.py -> uint8 images, labels -> Dataset
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.dataset import Dataset
from aescratch.datasets.found import PathLike, read_original
from aescratch.datasets.idx import parse_idx
from aescratch.datasets.originals import IDX_FILES

SPLITS: dict[str, tuple[str, ...]] = {"train": ("train",), "test": ("test",), "all": ("train", "test")}


def read_pairs(set_name: str, split: str, path: PathLike | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Path]:
    """Read the images (N, 28, 28) and labels (N,) of a split, train before test, and their place."""
    images, labels = [], []
    for part in SPLITS[split]:
        images_file, labels_file = IDX_FILES[part]
        contents, place = read_original(set_name, images_file, path)
        images.append(parse_idx(contents, place))
        contents, _ = read_original(set_name, labels_file, path)
        labels.append(parse_idx(contents, place))
    return np.concatenate(images), np.concatenate(labels), place


def from_bytes(images: NDArray[np.uint8], labels: NDArray[np.uint8], name: str, licence: str, source: str) -> Dataset:
    """Make the data set out of 28 x 28 images of bytes: rows in [0, 1]."""
    x = np.divide(images.reshape(len(images), 784), 255, dtype=np.float32)
    return Dataset(x, labels.astype(np.int64), (28, 28), name, licence, f"{source}; uint8 divided by 255")
