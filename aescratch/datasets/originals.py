"""The originals of MNIST and Fashion-MNIST by their checksums, so that other files are recognised.

Both sets use the same four file names. The checksums are those of the *unpacked* bytes: the same file gzipped
by two programs differs.

    set, file name -> ORIGINALS -> size and sha256 -> verify(bytes): that file, the other set's, or neither
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from aescratch.datasets.errors import DataFileError
from aescratch.foundations.language import gettext


class Original(NamedTuple):
    """The size in bytes and the SHA-256 of an unpacked original."""

    size: int
    sha256: str


TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
IDX_FILES = {"train": (TRAIN_IMAGES, TRAIN_LABELS), "test": (TEST_IMAGES, TEST_LABELS)}
MNIST_5K_FILE = "mnist_5k.csv"

ORIGINALS = {
    "mnist": {
        TRAIN_IMAGES: Original(47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        TRAIN_LABELS: Original(60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        TEST_IMAGES: Original(7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        TEST_LABELS: Original(10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        MNIST_5K_FILE: Original(9_139_322, "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"),
    },
    "fashion-mnist": {
        TRAIN_IMAGES: Original(47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        TRAIN_LABELS: Original(60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        TEST_IMAGES: Original(7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        TEST_LABELS: Original(10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    },
}


def verify(contents: bytes, set_name: str, file_name: str, path: Path) -> bool:
    """Whether these are the original's bytes; False if they belong to the other set, an error if to neither."""
    import hashlib  # here, since it takes 3 ms that importing the package can do without

    found = hashlib.sha256(contents).hexdigest()
    expected = ORIGINALS[set_name][file_name].sha256
    if found == expected:
        return True
    if any(found == files[file_name].sha256 for files in ORIGINALS.values() if file_name in files):
        return False
    message = gettext(
        "{path} is not the original {file_name} of {set_name}: expected sha256 {expected}, got {found}; replace the "
        "file, or read your own data with load_file"
    )
    raise DataFileError(
        message.format(path=path, file_name=file_name, set_name=set_name, expected=expected, found=found)
    )
