"""Eight grey photographs, free of rights, to cut patches from.

"embedded" -> photographs.npz, 192 x 192 pixels each           -> list of (height, width) float32 in [0, 1]
"skimage"  -> the same eight in an installed scikit-image, full size ->
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.embedded import read_embedded
from aescratch.foundations.language import gettext

PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "rocket")
LUMINANCE = np.array([0.2125, 0.7154, 0.0721])  # of red, green and blue, as scikit-image weighs them


def read_photographs(source: str) -> list[NDArray[np.float32]]:
    """Return the photographs in the order of `PHOTOGRAPHS`, grey, in [0, 1]."""
    if source == "embedded":
        arrays = read_embedded("photographs.npz")
        return [as_grey(arrays[name]) for name in PHOTOGRAPHS]
    try:
        from skimage import data
    except ImportError as error:
        message = gettext(
            'source="skimage" needs scikit-image, which is not installed; pip install scikit-image, or use '
            'source="embedded"'
        )
        raise ImportError(message) from error
    return [as_grey(getattr(data, name)()) for name in PHOTOGRAPHS]


def as_grey(photograph: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn a (height, width) or (height, width, 3) photograph of bytes into (height, width) in [0, 1]."""
    grey = photograph if photograph.ndim == 2 else photograph @ LUMINANCE
    return (grey / 255).astype(np.float32)
