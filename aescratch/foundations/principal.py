"""The variances along the principal directions of data: the error of PCA of each width follows from them.

    x (N, D) -> covariance -> its eigenvalues, the largest first
"""

from __future__ import annotations

import numpy as np

from aescratch.backend import Array


def principal_variances(x: Array) -> Array:
    """Return the eigenvalues of the covariance of x (N, D), the largest first, as many as the smaller of N and D.

    Examples
    --------
    >>> principal_variances(np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).round(6)
    array([4.5, 0.5])
    """
    centred = np.asarray(x, np.float64)
    centred = (centred - centred.mean(axis=0)) / np.sqrt(len(x))
    small = centred.T @ centred if x.shape[1] <= len(x) else centred @ centred.T
    return np.asarray(np.maximum(np.linalg.eigvalsh(small)[::-1], 0.0))
