"""Whitening: natural images are smooth, so neighbouring pixels are nearly equal; this removes the correlation.

"1f":  photograph -> Fourier -> times f exp(-(f / f0)^4) -> back -> photograph        (before cutting patches)
"zca": patches -> covariance -> eigenvectors -> patches with covariance near 1        (after cutting patches)
then   patches -> clipped at 3 standard deviations -> [0.1, 0.9]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CUT_OFF = 0.4  # f0 in cycles per pixel, Olshausen and Field 1997; beyond it there is mostly noise
MARGIN = 32  # mirrored pixels around a photograph, since the Fourier transform is periodic
ZCA_FLOOR = 0.01  # of the mean variance; limits the amplification of directions without variance


def whiten_photograph(photograph: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flatten the spectrum of one photograph (height, width).

    Amplitudes of natural scenes fall about as 1/f, so the Fourier transform is multiplied by f exp(-(f / f0)^4), f in
    cycles per pixel, f0 = 0.4. Close-ups of textures (brick, gravel) fall more slowly, and end with more fine than
    coarse detail. The result has mean 0 (f = 0 is multiplied by 0) and is scaled to variance 1, so that every
    photograph counts equally.
    """
    padded = np.pad(photograph.astype(np.float64), MARGIN, mode="reflect")
    vertical = np.fft.fftfreq(padded.shape[0])[:, None]
    horizontal = np.fft.rfftfreq(padded.shape[1])[None, :]
    f = np.hypot(vertical, horizontal)
    filtered = np.fft.irfft2(np.fft.rfft2(padded) * f * np.exp(-((f / CUT_OFF) ** 4)), s=padded.shape)
    white = filtered[MARGIN:-MARGIN, MARGIN:-MARGIN]
    return np.asarray((white - white.mean()) / white.std(), dtype=np.float32)


def whiten_patches(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make the covariance of patches (N, D) close to the identity, by the smallest change that does so (ZCA).

    With each patch's own mean removed and C = E diag(v) E^T the covariance, the patches are multiplied by
    E diag(1 / sqrt(v + floor)) E^T.
    """
    centred = patches.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    centred -= centred.mean(axis=0)
    v, E = np.linalg.eigh(centred.T @ centred / len(centred))
    shrink = 1 / np.sqrt(v.clip(0) + ZCA_FLOOR * v.mean())
    return np.asarray(centred @ (E * shrink) @ E.T, dtype=np.float32)


def rescale(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring whitened patches (N, D) into [0.1, 0.9], where a sigmoid output can reach them.

    Each patch's mean is removed; values beyond 3 standard deviations of all values are clipped; -3 sd becomes 0.1, 0
    becomes 0.5, 3 sd becomes 0.9.
    """
    centred = patches.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    limit = 3 * centred.std()
    return np.asarray(0.5 + 0.4 * np.clip(centred / limit, -1, 1), dtype=np.float32)
