# mypy: ignore-errors
"""The maximum mean discrepancy, backward: forces between points."""

import numpy as np


def squared_distances(u, v):
    """Return the squared distance of each row of u from each row of v; this is given."""
    return ((u[:, None] - v) ** 2).sum(axis=2)


def mmd(h, z, C):
    """Return the squared discrepancy of codes h from samples z; this is given."""
    N = len(h)
    k_hh = C / (C + squared_distances(h, h))
    k_zz = C / (C + squared_distances(z, z))
    k_hz = C / (C + squared_distances(h, z))
    within = (k_hh.sum() - N + k_zz.sum() - N) / (N * (N - 1))  # without each point's own, which is 1
    return within - 2 * k_hz.sum() / N**2


def mmd_backward(h, z, C):
    """Return the gradient of mmd(h, z, C) with respect to h.

    Parameters
    ----------
    h : array (N, H)
        The codes.
    z : array (N, H)
        As many samples of the prior.
    C : float
        The kernel's width.

    Returns
    -------
    grad_h : array (N, H)
    """
    N = len(h)
    codes, samples = C / (C + squared_distances(h, h)), C / (C + squared_distances(h, z))  # the kernel's values
    ### BEGIN SOLUTION
    to_codes = h[:, None] - h
    to_samples = h[:, None] - z
    repelling = -4 / C * (codes[:, :, None] ** 2 * to_codes).sum(axis=1) / (N * (N - 1))
    attracting = 4 / C * (samples[:, :, None] ** 2 * to_samples).sum(axis=1) / N**2
    return repelling + attracting
    ### END SOLUTION
