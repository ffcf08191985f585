"""Validation of a picture's arguments before drawing: images, codes, classes, units and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aescratch.backend import Array, to_numpy
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.validation import as_matrix, require_count, require_number

MOST_IMAGES = 1000
MOST_COLUMNS = 40
AUTOENCODER = gettext_noop("such as ae.Autoencoder")


def as_rows(x: Any, name: str) -> Array:
    """Return a matrix of finite numbers as a NumPy array, float64."""
    return to_numpy(as_matrix(x, "float64", None, name))


def as_images(x: Any, image_shape: tuple[int, int], name: str = "x") -> Array:
    """Return x (N, D) as images (N, height, width)."""
    x = as_rows(x, name)
    if not isinstance(image_shape, Sequence) or len(image_shape) != 2:
        sentence = gettext("expected image_shape to be (height, width), got {got!r}; pass (8, 8), for example")
        raise TypeError(sentence.format(got=image_shape))
    height, width = (require_count(gettext("each side of image_shape"), side) for side in image_shape)
    if height * width != x.shape[1]:
        sentence = gettext(
            "expected image_shape to have as many pixels as a row of {name}, {pixels}, got {height} x {width} = "
            "{product}; the data set knows its own: digits.image_shape"
        )
        pixels, product = x.shape[1], height * width
        raise ValueError(sentence.format(name=name, pixels=pixels, height=height, width=width, product=product))
    if len(x) > MOST_IMAGES:
        sentence = gettext("expected at most {most} images in one picture, got {count}; draw a part of them")
        raise ValueError(sentence.format(most=MOST_IMAGES, count=len(x)))
    return x.reshape(-1, height, width)


def as_one_row_of_images(x: Any, image_shape: tuple[int, int]) -> Array:
    """Return x as images, few enough for one row."""
    cells = as_images(x, image_shape)
    if len(cells) > MOST_COLUMNS:
        sentence = gettext(
            "expected at most {most} images, since they are drawn side by side, got {count}; pass x[:10]"
        )
        raise ValueError(sentence.format(most=MOST_COLUMNS, count=len(cells)))
    return cells


def as_interval(name: str, interval: Any) -> tuple[float, float]:
    """Return two increasing numbers."""
    if not isinstance(interval, Sequence) or len(interval) != 2:
        sentence = gettext("expected {name} to be two increasing numbers, got {got!r}; pass (0, 1), for example")
        raise TypeError(sentence.format(name=name, got=interval))
    low, high = (require_number(gettext("each end of {name}").format(name=name), end) for end in interval)
    if low >= high:
        sentence = gettext("expected {name} to be two increasing numbers, got {got!r}; pass the smaller one first")
        raise ValueError(sentence.format(name=name, got=interval))
    return low, high


def grey_limits(cells: Array, value_range: Any = None) -> tuple[float, float]:
    """Return the values to draw black and white: by default 0 and 1 if all are in between, else least and largest."""
    if value_range is not None:
        return as_interval("value_range", value_range)
    low, high = float(cells.min()), float(cells.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def as_class_numbers(labels: Any, n_examples: int) -> Array:
    """Return labels as integers, one per example."""
    labels = to_numpy(labels)
    if labels.dtype.kind not in "iu":
        sentence = gettext(
            "expected labels to be integers, one class number per code, got {dtype}; number other labels with "
            "numpy.unique(labels, return_inverse=True)[1]"
        )
        raise TypeError(sentence.format(dtype=labels.dtype))
    if labels.shape != (n_examples,):
        sentence = gettext(
            "expected one label per code, shape ({count},), got shape {shape}; pass the labels of the encoded examples"
        )
        raise ValueError(sentence.format(count=n_examples, shape=labels.shape))
    return labels


def as_one_code(code: Any) -> Array:
    """Return a code of one example as a NumPy vector (H,)."""
    row = as_rows(code[None, :] if getattr(code, "ndim", None) == 1 else code, "code")
    if len(row) != 1:
        sentence = gettext("expected the code of one example, got {count} codes, shape {shape}; pass code[0]")
        raise ValueError(sentence.format(count=len(row), shape=row.shape))
    return row[0]


def as_units(units: Iterable[int] | None, n_units: int) -> list[int]:
    """Return the chosen units of a code as a list, all of them for None."""
    if units is None:
        return list(range(n_units))
    if not isinstance(units, Iterable) or isinstance(units, str):
        sentence = gettext("expected units to be a sequence of unit numbers, got {got!r}; pass [0, 1], for example")
        raise TypeError(sentence.format(got=units))
    chosen = [require_count(gettext("each unit"), unit, least=0, most=n_units - 1) for unit in units]
    if not chosen or len(set(chosen)) < len(chosen):
        sentence = gettext("expected one or more different units, got {chosen}; leave units out for all of them")
        raise ValueError(sentence.format(chosen=chosen))
    return chosen


def require_attribute(model: Any, name: str, example: str = AUTOENCODER) -> None:
    """Raise TypeError if the model lacks an attribute that a picture needs."""
    if getattr(model, name, None) is None:
        sentence = gettext("expected a model with {name}, got {kind}; pass an autoencoder {example}")
        raise TypeError(sentence.format(name=name, kind=type(model).__name__, example=gettext(example)))
