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

Rng: TypeAlias = "int | np.random.Generator | None"
LARGEST = (16, 255, 65535)  # values of pixels: of the digits, of bytes, of two bytes
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
            raise ValueError(f"expected a seed of 0 or more, got {rng}")
        return np.random.default_rng(int(rng))
    raise TypeError(
        f"expected rng to be an integer seed or a numpy.random.Generator, got {type(rng).__name__}; "
        "pass rng=0, for example, for reproducible numbers"
    )


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
        raise ValueError(
            f"expected finite numbers in {name}, got {bad} that are NaN or infinite; remove these rows, or "
            "replace the numbers"
        )
    if x.dtype == dtype:
        return x
    largest = float(xp.abs(x).max())
    if largest > float(np.finfo(dtype).max):
        raise ValueError(f"expected {name} to fit into {dtype}, got values up to {largest:.3g}; rescale the data")
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
        raise TypeError(f"expected {name} to be a dense array, got a sparse {type(x).__name__}; pass {name}.toarray()")
    if hasattr(x, "columns") and (hasattr(x, "items") or hasattr(x, "get_columns")):
        return _from_frame(x, name)
    library = type(x).__module__.partition(".")[0]
    if library == "cupy" or isinstance(x, (np.ndarray, np.generic)):
        return without_subclass(x, name)
    if not hasattr(x, "__array__"):
        raise TypeError(f"expected {name} to be an array of floats, got {_what_came(x, name)}")
    try:
        return np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"expected {name} to be an array of floats, got {library}.{type(x).__name__}, which NumPy can't convert "
            f"({error})"
        ) from error


def _what_came(x: Any, name: str) -> str:
    """Return what came in place of an array, and what to pass."""
    if isinstance(x, (str, os.PathLike)):
        path = os.fspath(x)
        return f"the text {path!r}; if it is a file, read it first: ae.datasets.load_file({path!r}).x"
    advice = "its array, such as digits.x" if hasattr(x, "x") else f"numpy.asarray({name}, float)"
    return f"{type(x).__name__}; pass {advice}"


def _from_frame(frame: Any, name: str) -> Array:
    """Return the matrix of a data frame, pandas' or polars'; an error names the first invalid column."""
    pairs = frame.items() if hasattr(frame, "items") else zip(frame.columns, frame.get_columns(), strict=True)
    columns = []
    for label, column in pairs:
        values = np.asarray(column)
        if values.dtype.kind not in "fiu" or str(column.dtype) == "category":
            raise TypeError(
                f"expected numbers in every column of {name}, got {column.dtype} in column {label!r}; "
                "convert it to numbers first, or drop it"
            )
        missing = int((~np.isfinite(values)).sum())
        if missing:
            raise ValueError(
                f"expected finite numbers in {name}, got {missing} in column {label!r} that are missing, NaN or "
                "infinite; remove these rows, or replace the numbers, for example by the column's mean"
            )
        columns.append(values)
    return np.stack(columns, axis=1) if columns else np.asarray(frame)


def require_rows(x: Any, width: int | None, name: str) -> None:
    """Raise ValueError unless the array is a matrix with at least one row, and of this width if it is given."""
    if x.ndim != 2:
        flat = f"reshape it to ({len(x) if x.ndim else 1}, -1)"
        hint = f"pass {name}[None, :] for a single example" if x.ndim == 1 else flat
        raise ValueError(f"expected {name} to be a matrix with one example per row, got shape {x.shape}; {hint}")
    if x.shape[0] == 0:
        raise ValueError(f"expected {name} to hold at least one example, got shape {x.shape}")
    if width is not None and x.shape[1] != width:
        raise ValueError(
            f"expected {name} to have {width} columns, got shape {x.shape}; "
            f"pass {width} columns, or make a model of width {x.shape[1]}"
        )


def require_batch(x: Any, name: str) -> None:
    """Raise ValueError unless the array is a batch (N, D) with at least one row, TypeError if it isn't an array."""
    if getattr(x, "ndim", 0) != 2 or x.shape[0] == 0:
        array_module(x)
        require_rows(x, None, name)


def require_same_shape(x: Any, name: str, other: Any, other_name: str) -> None:
    """Raise ValueError unless both arrays are batches of one shape (N, D), TypeError if they aren't arrays.

    NumPy would repeat a single row or column, and silently return a wrong number.
    """
    shape: tuple[int, ...] = getattr(x, "shape", ())
    if len(shape) != 2 or shape[0] == 0 or shape != getattr(other, "shape", None):
        require_batch(x, name)
        require_batch(other, other_name)
        raise ValueError(
            f"expected {name} and {other_name} to have the same shape, got {x.shape} and {other.shape}; "
            "pass one row per example and one column per feature in both"
        )


def require_one_label_per_row(labels: Any, logits: Any) -> None:
    """Raise ValueError unless there is one label for each row of logits; a column would select (N, N) entries."""
    shape = labels.shape if hasattr(labels, "shape") else np.shape(labels)
    if shape != logits.shape[:1]:
        raise ValueError(f"expected one label per row of logits, shape {logits.shape[:1]}, got shape {shape}")


def without_subclass(x: Any, name: str) -> Any:
    """Return x as a plain array: a subclass may define other operators.

    Raises
    ------
    TypeError
        If it is a masked array, whose mask would be lost.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"expected {name} to be a plain array, got a masked one; fill or drop the masked entries first")
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
            advice = f"pass {name}.astype(float)"
        else:
            advice = (
                f"divide first, for example {name} / {scale}.0 for images with values from 0 to {scale}; "
                f"or pass {name}.astype(float), if they are measurements"
            )
        raise TypeError(f"expected {name} to hold floats, got {x.dtype} with values up to {largest}; {advice}")
    what = "text" if kind in "US" else str(x.dtype)
    other = {
        "b": f"pass {name}.astype(float)",
        "O": "an array of Python objects usually means rows of different lengths",
        "c": f"pass {name}.real, or real and imaginary parts side by side",
    }
    raise TypeError(f"expected {name} to hold floats, got {what}; {other.get(kind, 'convert it to floats first')}")


def as_labels(labels: Any, n_examples: int, n_classes: int) -> Array:
    """Return labels as a vector of class numbers 0 ... n_classes - 1, one per example.

    Raises
    ------
    TypeError
        If they aren't an array of integers.
    ValueError
        If their number or range is wrong.
    """
    if labels is None:
        raise TypeError(
            "expected labels, one class number per example, got None; pass loss(x, labels) or fit(x, labels)"
        )
    labels = as_array(labels, "labels") if hasattr(labels, "__array__") else labels
    if not hasattr(labels, "dtype") or labels.dtype.kind not in "iu":
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"expected labels to be an array of integers, got {kind}; pass numpy.asarray(labels, int)")
    if labels.shape != (n_examples,):
        raise ValueError(f"expected one label per example, shape ({n_examples},), got shape {labels.shape}")
    if int(labels.min()) < 0 or int(labels.max()) >= n_classes:
        raise ValueError(
            f"expected labels from 0 to {n_classes - 1}, got values from {int(labels.min())} to {int(labels.max())}; "
            "number the classes from 0, or make the model with more classes"
        )
    return labels


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
    bounds = {"above": above, "of at least": least, "below": below, "of at most": most}
    wanted = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"expected {name} to be a number {wanted}".rstrip() + f", got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an integer too large for a float
        number = math.inf
    inside = (
        (above is None or number > above) and (least is None or number >= least)
        and (below is None or number < below) and (most is None or number <= most)
    )  # fmt: skip
    if not (inside and math.isfinite(number)):
        raise ValueError(f"expected {name} to be a number {wanted}".rstrip() + f", got {value!r}")
    return number


def require_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return value if it is an integer of at least `least` and at most `most`.

    Raises
    ------
    TypeError
        If it isn't an integer.
    ValueError
        If it is too small or too large.
    """
    bound = f"of at least {least}" + (f" and at most {most}" if most is not None else "")
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"expected {name} to be an integer {bound}, got {value!r}")
    count = int(value)
    if count < least or (most is not None and count > most):
        raise ValueError(f"expected {name} to be an integer {bound}, got {count}")
    return count


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
        raise TypeError(
            f"expected fraction, the test part's share, to be a number between 0 and 1, got {fraction!r}; try "
            "0.2"
        )
    if not 0 < float(fraction) < 1:
        raise ValueError(f"expected fraction, the test part's share, between 0 and 1, got {fraction}; try 0.2")
    n_test = round(float(fraction) * n_examples)
    if n_test in (0, n_examples):
        raise ValueError(
            f"a fraction of {fraction} cuts {n_examples} examples into {n_examples - n_test} for training and {n_test} "
            "for testing; choose one that leaves at least one in each"
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
        raise TypeError(f"expected {name} to be True or False, got {value!r}")
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
        raise ValueError(f'expected dtype "float32" or "float64", got {dtype!r}')
    return name
