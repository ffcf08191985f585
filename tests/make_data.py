"""Rebuild the data files that come with the package, from packages that ship the originals.

    scikit-learn, scikit-image, Fashion-MNIST (found as load_fashion("full") does) -> arrays of uint8 -> .npz

    python tests/make_data.py           write aescratch/data/*.npz and print size and sha256 (put them into
                                        aescratch/datasets/embedded.py and DATA_LICENSES.md)
    python tests/make_data.py --check   compare the committed files with what would be written, array by array

Needs: pip install -e . scikit-learn scikit-image zopflipy; apt-get install dataset-fashion-mnist (or AESCRATCH_DATA).
Zopfli takes longer than zlib and packs tighter; zlib reads the result, so readers need nothing else.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.embedded import BY_DIFFERENCES, read_embedded
from aescratch.datasets.idxsets import read_pairs
from aescratch.datasets.photographs import PHOTOGRAPHS, as_grey

ROOT = Path(__file__).resolve().parent.parent
SIDE = 192
PER_CLASS = {"train": 100, "test": 20}
Arrays = dict[str, NDArray[Any]]


def digits() -> Arrays:
    """All 1,797 images, in scikit-learn's order."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return {"images": bunch.images.astype(np.uint8), "labels": bunch.target.astype(np.uint8)}


def fashion_small() -> Arrays:
    """The first 100 training and 20 test images of each class, in the order of the original."""
    arrays: Arrays = {}
    for split, per_class in PER_CLASS.items():
        images, labels, _ = read_pairs("fashion-mnist", split, None)
        kept = np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)]))
        arrays |= {f"{split}_images": images[kept], f"{split}_labels": labels[kept]}
    return arrays


def photographs() -> Arrays:
    """Each photograph in grey: its central square, made 192 pixels wide without aliasing."""
    from skimage import data
    from skimage.transform import resize

    arrays: Arrays = {}
    for name in PHOTOGRAPHS:
        grey = as_grey(getattr(data, name)())
        side = min(grey.shape)
        top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
        small = resize(grey[top : top + side, left : left + side], (SIDE, SIDE), anti_aliasing=True)
        arrays[name] = np.rint(255 * small).clip(0, 255).astype(np.uint8)
    return arrays


def packed(name: str, arrays: Arrays) -> Arrays:
    """The arrays as the file holds them: of some, images by the differences between their rows, modulo 256."""
    if name not in BY_DIFFERENCES:
        return arrays
    return {key: np.diff(a, axis=-2, prepend=np.uint8(0)) if a.ndim > 1 else a for key, a in arrays.items()}


def write_packed(path: Path, arrays: Arrays) -> None:
    """Write an .npz file, as small as deflate allows, and the same bytes each time."""
    import zopfli

    with zopfli.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for key, array in packed(path.name, arrays).items():
            content = io.BytesIO()
            np.save(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zopfli.ZipInfo(f"{key}.npy")  # of 1980, so that the same arrays give the same bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content.getvalue())


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    differing = 0
    for build in (digits, fashion_small, photographs):
        path = ROOT / "aescratch" / "data" / f"{build.__name__}.npz"
        arrays = build()
        if check:
            committed = read_embedded(path.name)
            same = set(committed) == set(arrays) and all(np.array_equal(committed[key], arrays[key]) for key in arrays)
            differing += not same
            print(f"{path.name}: {'same' if same else 'DIFFERENT'}")
        else:
            write_packed(path, arrays)
            print(
                f"{path.name}: {path.stat().st_size:,} bytes, sha256 {sha256(path.read_bytes()).hexdigest()}"
            )
    return differing


if __name__ == "__main__":
    sys.exit(main())
