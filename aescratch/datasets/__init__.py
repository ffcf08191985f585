"""Training data: built in, found on this machine, made by a formula, or the user's own; never downloaded.

    load_digits, load_fashion, load_natural_patches    built in
    load_mnist, load_fashion("full")                   found if installed
    swiss_roll, ring, bars, identity_patterns          made by a formula
    load_file                                          the user's own
    open_file                                          the same, larger than memory

Each returns a `Dataset` with ``.x``, ``.labels``, ``.image_shape`` and ``.split(0.2)``; the last returns a
`StreamedDataset`, whose ``.x`` is read piece by piece. An invalid file raises `DataFileError`; missing data raise
`DatasetNotFoundError`.
"""

from aescratch.datasets.dataset import Dataset
from aescratch.datasets.digits import load_digits
from aescratch.datasets.errors import DataFileError, DatasetNotFoundError
from aescratch.datasets.fashion import FASHION_CLASSES, load_fashion
from aescratch.datasets.mnist import load_mnist
from aescratch.datasets.patches import load_natural_patches
from aescratch.datasets.photographs import PHOTOGRAPHS
from aescratch.datasets.streamed import StreamedDataset, open_file
from aescratch.datasets.toys import bars, identity_patterns, ring, swiss_roll
from aescratch.datasets.userfiles import load_file

__all__ = [
    "FASHION_CLASSES",
    "PHOTOGRAPHS",
    "DataFileError",
    "Dataset",
    "DatasetNotFoundError",
    "StreamedDataset",
    "bars",
    "identity_patterns",
    "load_digits",
    "load_fashion",
    "load_file",
    "load_mnist",
    "load_natural_patches",
    "open_file",
    "ring",
    "swiss_roll",
]
