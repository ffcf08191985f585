"""Scaling data for a model, and back, column by column.

    x --apply--> (x − shift) / size --> model --> x_hat --undo--> x_hat · size + shift

A model, and its file, keep the scaling of its data as `model.scaling`. Programs and the transformer apply and undo it.
The model's own methods never do: its mathematics is about its input as given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.streams import Stream, as_stream, is_streamed, pieces_of
from aescratch.foundations.validation import as_array, as_matrix, require_floats

USUAL_SIZE = gettext_noop("columns brought to a usual size: minus the shifts ({shift}), divided by the sizes ({size})")
SAID = {
    "standardize": gettext_noop(
        "columns brought to mean 0 and variance 1: minus the means ({shift}), divided by the standard deviations "
        "({size})"
    ),
    "minmax": gettext_noop("columns brought to [0, 1]: minus the minima ({shift}), divided by the ranges ({size})"),
}
WAYS = ("auto", "none", "standardize", "minmax")
CONSTANT = {"float32": 1e-7, "float64": 1e-15}  # of a column's largest value: a smaller spread is rounding
USUAL_SPREAD = (0.15, 3.0)  # of the columns, root mean square: otherwise `auto` standardizes
USUAL_OFFSET = 1.5  # spreads from zero, root mean square
LARGER = 100.0  # times the median column's variance: such a column is on another scale


def scaled(model: Any, x: Array) -> Array:
    """Return data x (N, D) scaled for the model, if it has a scaling."""
    return x if model.scaling is None else model.scaling.apply(x)


def unscaled(model: Any, x: Array) -> Array:
    """Return the reconstruction (N, D) in the units of the data."""
    return x if model.scaling is None else model.scaling.undo(x)


class Scaling:
    """A shift and a size for every column.

    Parameters
    ----------
    shift, size : (D,) arrays of floats
        The number to subtract, and then the number to divide by, above 0.
    how : str
        How they were computed, in words.

    Raises
    ------
    ValueError
        If they have different lengths or aren't finite, or a size isn't above 0.

    Examples
    --------
    >>> x = np.array([[170.0, 1.0], [190.0, 1.0]])
    >>> scaling = Scaling.fit(x, "standardize")
    >>> scaling.apply(x)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> scaling.undo(scaling.apply(x))
    array([[170.,   1.],
           [190.,   1.]])
    """

    shift: Array
    size: Array

    def __init__(self, shift: Any, size: Any, how: str = "given") -> None:
        self.shift, self.size = np.asarray(shift, np.float64), np.asarray(size, np.float64)
        self.how: str = str(how)
        if self.shift.ndim != 1 or self.shift.shape != self.size.shape or not len(self.shift):
            message = gettext("expected a shift and a size for every column, got shapes {shift_shape} and {size_shape}")
            raise ValueError(message.format(shift_shape=self.shift.shape, size_shape=self.size.shape))
        if not (np.isfinite(self.shift).all() and np.isfinite(self.size).all() and (self.size > 0).all()):
            raise ValueError(gettext("expected finite shifts, and finite sizes above 0"))

    @classmethod
    def fit(cls, x: Any, how: str = "standardize") -> Scaling:
        """Return the scaling for data x (N, D).

        Parameters
        ----------
        x : (N, D) array of floats
            The training data; a memmap, or other data that aren't in memory, are read in blocks.
        how : {"standardize", "minmax", "auto", "none"}
            ``"standardize"`` brings every column to mean 0 and variance 1, ``"minmax"`` to [0, 1]; a constant column
            becomes 0. ``"auto"`` standardizes unless the data already have a usual size: around zero or in [0, 1], with
            a spread between 0.15 and 3. ``"none"`` changes nothing.

        Raises
        ------
        TypeError, ValueError
            If x isn't a matrix of finite floats, or `how` is unknown.
        """
        if how not in WAYS:
            message = gettext("expected how to be one of {ways}, got {how!r}")
            raise ValueError(message.format(ways=", ".join(WAYS), how=how))
        x = as_stream(x) if is_streamed(x) else as_array(x)
        rounding = CONSTANT["float64" if x.dtype == np.float64 else "float32"]
        x = x.then(_in_float64) if isinstance(x, Stream) else _in_float64(x)
        low, high, mean, variance = _columns(x)
        varies = high - low > rounding * np.maximum(np.abs(low), np.abs(high))
        if how == "auto":
            how = "none" if _is_of_usual_size(low, high, mean, variance) else "standardize"
        if how == "none":
            return cls(np.zeros(x.shape[1]), np.ones(x.shape[1]), how)
        shift, size = (mean, np.sqrt(variance)) if how == "standardize" else (low, high - low)
        return cls(np.where(varies, shift, low), np.where(varies, size, 1.0), how)

    @property
    def changes_nothing(self) -> bool:
        """Whether it leaves all data unchanged."""
        return bool((self.shift == 0).all() and (self.size == 1).all())

    def apply(self, x: Array) -> Array:
        """Return data x (N, D) scaled for the model: computed in float64, returned in the dtype of x.

        For an `ae.Stream` it returns a stream, whose rows are scaled when they are read.
        """
        if isinstance(x, Stream):
            return x.then(self.apply)
        x = self._checked(x)
        xp = array_module(x)
        return self._within(x.dtype, x, lambda: (x - xp.asarray(self.shift)) / xp.asarray(self.size))

    def undo(self, x: Array) -> Array:
        """Return the reconstruction (N, D) in the units of the data, in float64.

        In float32, columns whose mean is far larger than their spread would lose the differences between rows.
        """
        x = self._checked(x)
        xp = array_module(x)
        return self._within("float64", x, lambda: x * xp.asarray(self.size) + xp.asarray(self.shift))

    def _checked(self, x: Array) -> Array:
        x = as_array(x)
        require_floats(x, "x")  # whole numbers would be truncated in their dtype
        if x.ndim != 2 or x.shape[1] != len(self.shift):
            message = gettext(
                "expected the {width} columns that the scaling was fitted on, got shape {shape}; give x the same "
                "columns, or fit another scaling"
            )
            raise ValueError(message.format(width=len(self.shift), shape=x.shape))
        return x

    def _within(self, dtype: Any, x: Array, change: Callable[[], Array]) -> Array:
        """Return change(x) in this dtype; raise if it doesn't fit."""
        xp = array_module(x)
        with np.errstate(over="ignore", invalid="ignore"):
            changed: Array = change().astype(dtype, copy=False)
        if not xp.isfinite(changed).all() and xp.isfinite(x).all():
            message = gettext(
                "expected numbers that stay within {dtype}, got values up to {largest:.3g} for columns of sizes "
                "from {least_size:.3g} to {largest_size:.3g}; leave out rows that are far from the scaling's data"
            )
            raise ValueError(
                message.format(
                    dtype=dtype,
                    largest=float(xp.abs(x).max()),
                    least_size=self.size.min(),
                    largest_size=self.size.max(),
                )
            )
        return changed

    def __repr__(self) -> str:
        return f"<Scaling of {len(self.shift)} columns: {self.how}>"

    def __str__(self) -> str:
        if self.changes_nothing:
            return gettext("columns unchanged")
        said = gettext(SAID.get(self.how, USUAL_SIZE))
        return said.format(shift=_span(self.shift), size=_span(self.size))


def _span(values: Array) -> str:
    low, high = f"{values.min():.3g}", f"{values.max():.3g}"
    return low if low == high else gettext("{low} to {high}").format(low=low, high=high)


def _in_float64(x: Array) -> Array:
    return as_matrix(x, "float64", None)


def _columns(x: Any) -> tuple[Array, Array, Array, Array]:
    """Return least and largest value, mean and variance of each column of a float64 array or stream.

    The sums of two pieces are combined by the distance of their means (Chan, Golub & LeVeque 1983).
    """
    count, low, high = 0, np.array(math.inf), np.array(-math.inf)
    start = mean = variance = np.array(0.0)  # the mean is relative to start
    for rows in pieces_of(x):
        low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
        start = start if count else low
        above = rows - start  # far from zero a sum of x would lose the digits in which rows differ
        share, distance = len(rows) / (count + len(rows)), above.mean(axis=0) - mean
        between = share * (1 - share) * np.square(distance)
        variance = (1 - share) * variance + share * above.var(axis=0) + between
        mean, count = mean + share * distance, count + len(rows)
    return low, high, start + mean, variance


def _is_of_usual_size(low: Array, high: Array, mean: Array, variances: Array) -> bool:
    """Whether initial weights, drawn for inputs of about 1, suit such columns."""
    spread = float(np.sqrt(variances.mean()))
    if spread == 0:
        return True
    if not USUAL_SPREAD[0] <= spread <= USUAL_SPREAD[1]:
        return False
    offset = float(np.sqrt(np.square(mean).mean()))
    is_bounded = low.min() >= 0 and high.max() <= 1
    is_even = variances.max() <= LARGER * np.median(variances[variances > 0])
    return bool(is_bounded or (is_even and offset < USUAL_OFFSET * spread))
