"""Validation: input from outside is checked here, once, and refused with one sentence.

The sentence says what was expected, what came, and what to do. Layers, losses and formulas rely on this and check
nothing themselves.
"""

from __future__ import annotations

import math
import numbers
import os
from typing import Any, Protocol, TypeAlias

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.language import gettext, gettext_noop

Rng: TypeAlias = "int | np.random.Generator | None"
LARGEST = (16, 255, 65535)  # values of pixels: of the digits, of bytes, of two bytes
INSTEAD = {
    "b": gettext_noop("pass {name}.astype(float)"),
    "O": gettext_noop("an array of Python objects usually means rows of different lengths"),
    "c": gettext_noop("pass {name}.real, or real and imaginary parts side by side"),
}
OTHERWISE = gettext_noop("convert it to floats first")
MOSTLY = 0.6  # of the largest value: data whose maximum is lower are probably not pixels


class Data(Protocol):
    """For type checkers and editors: an array, or an object that can be converted, such as a data frame or a series."""

    def __array__(self) -> Array:
        """Return the data as an array."""
        ...


def as_generator(rng: Rng) -> np.random.Generator:
    """Return a random generator for a seed, for a generator (itself), or for None (a new, unpredictable one).

    Raises
    ------
    TypeError
        If rng is another object.

    Examples
    --------
    >>> float(as_generator(0).random())
    0.6369616873214543
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool):
        if rng < 0:
            message = gettext("expected a seed of 0 or more, got {rng}")
            raise ValueError(message.format(rng=rng))
        return np.random.default_rng(int(rng))
    message = gettext(
        "expected rng to be an integer seed or a numpy.random.Generator, got {kind}; pass rng=0, for example, for "
        "reproducible numbers"
    )
    raise TypeError(message.format(kind=type(rng).__name__))


def own_generator(rng: Rng) -> np.random.Generator:
    """Return a separate generator, seeded by rng, of a kind whose state can be saved."""
    if isinstance(rng, np.random.Generator):
        return np.random.default_rng(int(rng.integers(2**63)))
    return as_generator(rng)


def as_matrix(x: Any, dtype: str, width: int | None, name: str = "x") -> Array:
    """Return x as a matrix (N, width) of finite numbers of the dtype, a NumPy or CuPy array.

    Raises
    ------
    TypeError
        If x isn't an array of floats, or a data frame of them.
    ValueError
        If it has another shape, no rows, or numbers that are not finite or too large for the dtype.
    """
    x = as_array(x, name)
    xp = array_module(x)
    require_floats(x, name)
    require_rows(x, width, name)
    if not bool(xp.isfinite(x).all()):
        bad = int((~xp.isfinite(x)).sum())
        message = gettext(
            "expected finite numbers in {name}, got {bad} that are NaN or infinite; remove these rows, or replace "
            "the numbers"
        )
        raise ValueError(message.format(name=name, bad=bad))
    if x.dtype == dtype:
        return x
    largest = float(xp.abs(x).max())
    if largest > float(np.finfo(dtype).max):
        message = gettext("expected {name} to fit into {dtype}, got values up to {largest:.3g}; rescale the data")
        raise ValueError(message.format(name=name, dtype=dtype, largest=largest))
    return x.astype(dtype)


def as_array(x: Any, name: str = "x") -> Any:
    """Return x as a plain NumPy or CuPy array: x itself, or the content of a data frame or another container.

    Raises
    ------
    TypeError
        If it isn't an array, or is a sparse or masked one, or a frame with a column that isn't numeric.
    ValueError
        If a column of a frame has missing values.

    Examples
    --------
    >>> as_array(memoryview(b"no array"))
    Traceback (most recent call last):
    TypeError: expected x to be an array of floats, got memoryview; pass numpy.asarray(x, float)
    """
    if hasattr(x, "toarray"):
        message = gettext("expected {name} to be a dense array, got a sparse {kind}; pass {name}.toarray()")
        raise TypeError(message.format(name=name, kind=type(x).__name__))
    if hasattr(x, "columns") and (hasattr(x, "items") or hasattr(x, "get_columns")):
        return _from_frame(x, name)
    library = type(x).__module__.partition(".")[0]
    if library == "cupy" or isinstance(x, (np.ndarray, np.generic)):
        return without_subclass(x, name)
    if not hasattr(x, "__array__"):
        message = gettext("expected {name} to be an array of floats, got {came}")
        raise TypeError(message.format(name=name, came=_what_came(x, name)))
    try:
        return np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        message = gettext(
            "expected {name} to be an array of floats, got {library}.{kind}, which NumPy can't convert ({error})"
        )
        raise TypeError(message.format(name=name, library=library, kind=type(x).__name__, error=error)) from error


def _what_came(x: Any, name: str) -> str:
    """Return what came in place of an array, and what to pass."""
    if isinstance(x, (str, os.PathLike)):
        path = os.fspath(x)
        said = gettext("the text {path!r}; if it is a file, read it first: ae.datasets.load_file({path!r}).x")
        return said.format(path=path)
    if hasattr(x, "x"):
        return gettext("{kind}; pass its array, such as digits.x").format(kind=type(x).__name__)
    return gettext("{kind}; pass numpy.asarray({name}, float)").format(kind=type(x).__name__, name=name)


def _from_frame(frame: Any, name: str) -> Array:
    """Return the matrix of a data frame, pandas' or polars'; an error names the first invalid column."""
    pairs = frame.items() if hasattr(frame, "items") else zip(frame.columns, frame.get_columns(), strict=True)
    columns = []
    for label, column in pairs:
        values = np.asarray(column)
        if values.dtype.kind not in "fiu" or str(column.dtype) == "category":
            message = gettext(
                "expected numbers in every column of {name}, got {dtype} in column {label!r}; convert it to numbers "
                "first, or drop it"
            )
            raise TypeError(message.format(name=name, dtype=column.dtype, label=label))
        missing = int((~np.isfinite(values)).sum())
        if missing:
            message = gettext(
                "expected finite numbers in {name}, got {missing} in column {label!r} that are missing, NaN or "
                "infinite; remove these rows, or replace the numbers, for example by the column's mean"
            )
            raise ValueError(message.format(name=name, missing=missing, label=label))
        columns.append(values)
    return np.stack(columns, axis=1) if columns else np.asarray(frame)


def require_rows(x: Any, width: int | None, name: str) -> None:
    """Raise ValueError unless the array is a matrix with at least one row, and of this width if it is given."""
    if x.ndim != 2:
        hint = gettext("reshape it to ({n_rows}, -1)").format(n_rows=len(x) if x.ndim else 1)
        if x.ndim == 1:
            hint = gettext("pass {name}[None, :] for a single example").format(name=name)
        message = gettext("expected {name} to be a matrix with one example per row, got shape {shape}; {hint}")
        raise ValueError(message.format(name=name, shape=x.shape, hint=hint))
    if x.shape[0] == 0:
        message = gettext("expected {name} to hold at least one example, got shape {shape}")
        raise ValueError(message.format(name=name, shape=x.shape))
    if width is not None and x.shape[1] != width:
        message = gettext(
            "expected {name} to have {width} columns, got shape {shape}; pass {width} columns, or make a model of "
            "width {found}"
        )
        raise ValueError(message.format(name=name, width=width, shape=x.shape, found=x.shape[1]))


def require_batch(x: Any, name: str) -> None:
    """Raise ValueError unless the array is a batch (N, D) with at least one row, TypeError if it isn't an array."""
    if getattr(x, "ndim", 0) != 2 or x.shape[0] == 0:
        array_module(x)
        require_rows(x, None, gettext(name))


def require_units(a: Any, k: int) -> None:
    """Raise ValueError unless the array is a matrix whose rows have at least k entries."""
    if a.ndim != 2 or a.shape[1] < k:
        message = gettext("expected at least k = {k} units, shape (N, {k}) or wider, got shape {shape}")
        raise ValueError(message.format(k=k, shape=a.shape))


def require_same_shape(x: Any, name: str, other: Any, other_name: str) -> None:
    """Raise ValueError unless both arrays are batches of one shape (N, D), TypeError if they aren't arrays.

    NumPy would repeat a single row or column, and silently return a wrong number.
    """
    shape: tuple[int, ...] = getattr(x, "shape", ())
    if len(shape) != 2 or shape[0] == 0 or shape != getattr(other, "shape", None):
        require_batch(x, name)
        require_batch(other, other_name)
        message = gettext(
            "expected {name} and {other_name} to have the same shape, got {shape} and {other_shape}; pass one row "
            "per example and one column per feature in both"
        )
        raise ValueError(message.format(name=name, other_name=other_name, shape=x.shape, other_shape=other.shape))


def without_subclass(x: Any, name: str) -> Any:
    """Return x as a plain array: a subclass may define other operators.

    Raises
    ------
    TypeError
        If it is a masked array, whose mask would be lost.
    """
    if isinstance(x, np.ma.MaskedArray):
        message = gettext(
            "expected {name} to be a plain array, got a masked one; fill or drop the masked entries first"
        )
        raise TypeError(message.format(name=name))
    return np.asarray(x) if isinstance(x, np.ndarray) else x


def require_floats(x: Any, name: str) -> None:
    """Raise TypeError, with advice, if the array doesn't hold floats."""
    kind = x.dtype.kind
    if kind == "f":
        return
    if kind in "iu" and x.size:
        least, largest = int(x.min()), int(x.max())
        scale = next((top for top in LARGEST if least >= 0 and MOSTLY * top <= largest <= top), None)
        if scale is None:
            advice = gettext("pass {name}.astype(float)").format(name=name)
        else:
            advice = gettext(
                "divide first, for example {name} / {scale}.0 for images with values from 0 to {scale}; or pass "
                "{name}.astype(float), if they are measurements"
            ).format(name=name, scale=scale)
        message = gettext("expected {name} to hold floats, got {dtype} with values up to {largest}; {advice}")
        raise TypeError(message.format(name=name, dtype=x.dtype, largest=largest, advice=advice))
    what = gettext("text") if kind in "US" else str(x.dtype)
    advice = gettext(INSTEAD.get(kind, OTHERWISE)).format(name=name)
    message = gettext("expected {name} to hold floats, got {what}; {advice}")
    raise TypeError(message.format(name=name, what=what, advice=advice))


def require_number(
    name: str, value: Any, *, above: float | None = None, least: float | None = None,
    below: float | None = None, most: float | None = None,
) -> float:  # fmt: skip
    """Return value if it is a finite number within the bounds.

    Raises
    ------
    TypeError
        If it isn't a number.
    ValueError
        If it is outside of the bounds.
    """
    bounds = (above, least, below, most)
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(_no_such_number(name, value, bounds))
    try:
        number = float(value)
    except OverflowError:  # an integer too large for a float
        number = math.inf
    inside = (
        (above is None or number > above) and (least is None or number >= least)
        and (below is None or number < below) and (most is None or number <= most)
    )  # fmt: skip
    if not (inside and math.isfinite(number)):
        raise ValueError(_no_such_number(name, value, bounds))
    return number


def _no_such_number(name: str, value: Any, bounds: tuple[float | None, ...]) -> str:
    """Return the sentence about a value that isn't a number within these bounds."""
    words = (
        gettext("above {bound:g}"), gettext("of at least {bound:g}"), gettext("below {bound:g}"),
        gettext("of at most {bound:g}"),
    )  # fmt: skip
    given = [said.format(bound=bound) for said, bound in zip(words, bounds, strict=True) if bound is not None]
    if not given:
        return gettext("expected {name} to be a number, got {value!r}").format(name=name, value=value)
    said = gettext("expected {name} to be a number {wanted}, got {value!r}")
    return said.format(name=name, wanted=gettext(" and ").join(given), value=value)


def require_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return value if it is an integer of at least `least` and at most `most`.

    Raises
    ------
    TypeError
        If it isn't an integer.
    ValueError
        If it is too small or too large.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(_no_such_count(name, value, least, most))
    count = int(value)
    if count < least or (most is not None and count > most):
        raise ValueError(_no_such_count(name, count, least, most))
    return count


def _no_such_count(name: str, value: Any, least: int, most: int | None) -> str:
    """Return the sentence about a value that isn't an integer within these bounds."""
    bound = gettext("of at least {least}") if most is None else gettext("of at least {least} and at most {most}")
    said = gettext("expected {name} to be an integer {bound}, got {value!r}")
    return said.format(name=name, bound=bound.format(least=least, most=most), value=value)


def require_held_out(fraction: Any, n_examples: int) -> int:
    """Return the number of examples in this share of them.

    Raises
    ------
    TypeError
        If it isn't a number.
    ValueError
        If it isn't between 0 and 1, or leaves a part without examples.
    """
    if not isinstance(fraction, numbers.Real):
        message = gettext(
            "expected fraction, the share of the test data, to be a number between 0 and 1, got {fraction!r}; try 0.2"
        )
        raise TypeError(message.format(fraction=fraction))
    if not 0 < float(fraction) < 1:
        message = gettext(
            "expected fraction, the share of the test data, to be between 0 and 1, got {fraction}; try 0.2"
        )
        raise ValueError(message.format(fraction=fraction))
    n_test = round(float(fraction) * n_examples)
    if n_test in (0, n_examples):
        message = gettext(
            "a fraction of {fraction} cuts {n_examples} examples into {n_training} for training and {n_test} for "
            "testing; choose one that leaves at least one in each"
        )
        raise ValueError(
            message.format(fraction=fraction, n_examples=n_examples, n_training=n_examples - n_test, n_test=n_test)
        )
    return n_test


def require_flag(name: str, value: Any) -> bool:
    """Return value if it is True or False.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if not isinstance(value, bool):
        message = gettext("expected {name} to be True or False, got {value!r}")
        raise TypeError(message.format(name=name, value=value))
    return value


def require_dtype(dtype: Any) -> str:
    """Return the name of the dtype, ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueError
        If it is another dtype.
    """
    name = getattr(dtype, "__name__", str(dtype))
    if name not in ("float32", "float64"):
        message = gettext('expected dtype "float32" or "float64", got {dtype!r}')
        raise ValueError(message.format(dtype=dtype))
    return name
