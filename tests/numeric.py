"""An oracle that shares nothing with the package's own checker: central differences, entry by entry."""

import numpy as np

N, D, H = 7, 5, 3  # distinct primes, so that a wrong factor names its dimension


def numeric_gradient(f, array, step=1e-5):
    """The gradient of the scalar f() with respect to array, which is changed in place and put back."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        start = array[index]
        array[index] = start + step
        above = float(f())
        array[index] = start - step
        below = float(f())
        array[index] = start
        gradient[index] = (above - below) / (2 * step)
    return gradient


def random_upstream(shape, seed=1):
    """Random numbers away from zero: all ones would hide every sum that goes over the wrong axis."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def assert_close(analytic, numeric):
    assert analytic.shape == numeric.shape
    scale = max(1e-3, np.abs(numeric).max())
    np.testing.assert_allclose(analytic, numeric, rtol=0, atol=2e-8 * scale)
