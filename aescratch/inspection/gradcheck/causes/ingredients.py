"""Ingredients: the arrays that a wrong formula may contain, each with words for it.

    a look's inputs, output, upstream  ->  functions of one of them  ->  shaped like a gradient

The activations and slopes are the formulas as their own file defines them. A function that someone has put in the
formula sheet's place is never taken for the truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from aescratch.backend import Array, normal_cdf
from aescratch.foundations.language import Phrase, gettext_noop
from aescratch.functions import activations as sheet
from aescratch.functions import losses, selection
from aescratch.inspection.gradcheck.causes.looks import Look, is_scalar
from aescratch.inspection.gradcheck.numeric import broadcasts

MOST_INGREDIENTS = 8


class Feature(NamedTuple):
    """An array that may stand in a formula: words for it, what it is a function of, which function, its values."""

    words: str
    of: str
    function: str
    array: Array


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sheet.sigmoid, "tanh": sheet.tanh, "GELU": sheet.gelu, "tanh-GELU": sheet.gelu_tanh,
    "softplus": lambda v: np.logaddexp(0, v), "SiLU": lambda v: v * sheet.sigmoid(v),
    "ELU": lambda v: np.where(v > 0, v, np.expm1(np.minimum(v, 0))), "sine": np.sin,
}  # fmt: skip
SLOPES: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sheet.sigmoid_slope, "tanh": sheet.tanh_slope, "GELU": sheet.gelu_slope,
    "tanh-GELU": sheet.gelu_tanh_slope,
    "SiLU": lambda v: sheet.sigmoid(v) * (1 + v * (1 - sheet.sigmoid(v))),
    "ELU": lambda v: np.where(v > 0, 1.0, np.exp(np.minimum(v, 0))), "sine": np.cos,
    Phrase("leaky ReLU with 0.01"): lambda v: np.where(v > 0, 1.0, 0.01),
    "sigmoid-GELU": lambda v: sheet.sigmoid(1.702 * v) * (1 + 1.702 * v * (1 - sheet.sigmoid(1.702 * v))),
}  # fmt: skip

# Functions of one ingredient, by the words for them; {} is the ingredient.
PLAIN: dict[str, Callable[[Array], Array]] = {
    "{}": lambda v: v, "{}²": lambda v: v * v, "|{}|": np.abs, "sign({})": np.sign, "{}³": lambda v: v**3,
    "({} > 0)": lambda v: (v > 0).astype(float), "({} ≤ 0)": lambda v: (v <= 0).astype(float),
    "(1 − {})": lambda v: 1 - v, "(1 + {})": lambda v: 1 + v, "(1 − {}²)": lambda v: 1 - v * v,
    "{} (1 − {})": lambda v: v * (1 - v), "(1 + {}²)": lambda v: 1 + v * v, "(2 − {}²)": lambda v: 2 - v * v,
    "exp({})": np.exp, "exp(½ {})": lambda v: np.exp(0.5 * v), "exp(2 {})": lambda v: np.exp(2 * v),
    "√|{}|": lambda v: np.sqrt(np.abs(v)), "log|{}|": lambda v: np.log(np.abs(v)), "(1 − 2 {})": lambda v: 1 - 2 * v,
    "1/{}": lambda v: 1 / v, "1/(1 − {})": lambda v: 1 / (1 - v), "1/{}²": lambda v: 1 / v**2,
    gettext_noop("the bell curve at {}"): lambda v: np.exp(-0.5 * v * v),
    gettext_noop("the normal distribution function at {}"): normal_cdf,
}  # fmt: skip
CURVATURES: dict[str, Callable[[Array], Array]] = {
    name: lambda v, backward=backward: backward(np.ones_like(v), v)  # type: ignore[misc]
    for name, backward in {"sigmoid": sheet.sigmoid_slope_backward, "tanh": sheet.tanh_slope_backward,
                           "GELU": sheet.gelu_slope_backward, "tanh-GELU": sheet.gelu_tanh_slope_backward}.items()
}  # fmt: skip


def _in_words(template: str, functions: dict[str, Callable[[Array], Array]]) -> dict[str, Callable[[Array], Array]]:
    """Return functions by the words for them, in which {} is the ingredient."""
    return {Phrase(template, activation=name, of="{}"): function for name, function in functions.items()}


VALUES = _in_words(gettext_noop("{activation} of {of}"), ACTIVATIONS)
SLOPES_AT = _in_words(gettext_noop("the slope of {activation} at {of}"), SLOPES)
CURVATURES_AT = _in_words(gettext_noop("the second derivative of {activation} at {of}"), CURVATURES)
FUNCTIONS = {**PLAIN, **VALUES, **SLOPES_AT, **CURVATURES_AT}
# Functions along an axis, by words: {0} is the ingredient, {1} the axis, {2} one line of the rest.
REDUCTIONS: dict[str, Callable[[Array, int], Array]] = {
    gettext_noop("the mean of {0} {1}"): lambda v, axis: v.mean(axis),
    gettext_noop("the sum of {0} {1}"): lambda v, axis: v.sum(axis),
    gettext_noop("the sum of {0}² {1}"): lambda v, axis: (v * v).sum(axis),
    gettext_noop("the mean of {0}² {1}"): lambda v, axis: (v * v).mean(axis),
    gettext_noop("the norm of each {2} of {0}"): lambda v, axis: np.sqrt((v * v).sum(axis)),
    gettext_noop("the sum of |{0}| {1}"): lambda v, axis: np.abs(v).sum(axis),
    gettext_noop("the maximum of {0} {1}"): lambda v, axis: v.max(axis),
    gettext_noop("the spread of {0} {1}"): lambda v, axis: v.std(axis),
}  # fmt: skip
BRACKETED = "({})"
OF_REDUCED = ("{}", "{}²", "(1 − {})", "{} (1 − {})", "√|{}|", "log|{}|", "1/{}", "1/(1 − {})")


def ingredients(look: Look) -> dict[str, Array]:
    """Return the arrays that a backward may have used, by name."""
    found = {n: v for n, v in look.inputs.items() if isinstance(v, np.ndarray) and v.ndim and v.dtype.kind in "fb"}
    arrays = {name: value.astype(float) for name, value in found.items()}
    if look.output.ndim:
        arrays[look.pair.output_name or Phrase("the output")] = look.output
        arrays[Phrase("the upstream gradient")] = look.upstream
    for first, second in itertools.combinations(found, 2):
        if arrays[first].shape == arrays[second].shape:
            arrays[f"({first} − {second})"] = arrays[first] - arrays[second]
    return dict(list(arrays.items())[:MOST_INGREDIENTS])


def features(look: Look, shape: tuple[int, ...]) -> list[Feature]:
    """Return functions of the ingredients that can stand beside a gradient of this shape, entry by entry."""
    return look.remember(("features", shape), lambda: [f for f in _features(look, shape) if np.isfinite(f.array).all()])


def _features(look: Look, shape: tuple[int, ...]) -> Iterator[Feature]:
    for name, value in ingredients(look).items():
        if broadcasts(value.shape, shape):
            for template, function in FUNCTIONS.items():
                yield Feature(Phrase(template, name, name), name, template, np.broadcast_to(function(value), shape))
            for number_name, number in look.inputs.items():
                if is_scalar(number):
                    yield from _two_sided(name, value, number_name, number, shape)
        if value.ndim == 2:
            yield from _rowwise(look, name, value, shape)
            yield from _reduced(name, value, shape)
    for name, value in look.inputs.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.ndim == 1 and len(shape) == 2:
            yield from _one_hot(name, value, shape)


def _two_sided(name: str, value: Array, number_name: str, number: float, shape: tuple[int, ...]) -> Iterator[Feature]:
    for words, array in (
        (gettext_noop("(1 where {} > 0, else {})"), np.where(value > 0, 1.0, number)),
        (gettext_noop("({1} where {0} > 0, else 1)"), np.where(value > 0, number, 1.0)),
        (gettext_noop("(1 where {} > 0, else −{})"), np.where(value > 0, 1.0, -number)),
    ):
        yield Feature(Phrase(words, name, number_name), name, words, np.broadcast_to(array, shape))


def _rowwise(look: Look, name: str, value: Array, shape: tuple[int, ...]) -> Iterator[Feature]:
    if value.shape != shape:
        return
    yield Feature(Phrase("the softmax of {name}, row by row", name=name), name, "softmax", losses.softmax(value))
    by_column = Phrase("the softmax of {name}, column by column", name=name)
    yield Feature(by_column, name, "softmax of columns", losses.softmax(value.T).T)
    for count_name, count in look.inputs.items():
        if isinstance(count, int) and not isinstance(count, bool) and 0 < count < shape[1]:
            by_size = selection.top_k_mask(np.abs(value), count).astype(float)
            largest = Phrase("the mask of the {count} largest |{name}|", count=count_name, name=name)
            yield Feature(largest, name, "top |{}|", by_size)
            lowest = selection.top_k_mask(-value, count).astype(float)
            smallest = Phrase("the mask of the {count} smallest {name}", count=count_name, name=name)
            yield Feature(smallest, name, "bottom {}", lowest)
            if count < shape[0]:
                down = selection.top_k_mask(value.T, count).T.astype(float)
                of_columns = Phrase("the mask of the {count} largest {name} by column", count=count_name, name=name)
                yield Feature(of_columns, name, "top of columns", down)


def _reduced(name: str, value: Array, shape: tuple[int, ...]) -> Iterator[Feature]:
    one_column = (shape[0], 1) if len(shape) == 2 else None
    rows, columns, row, column = Phrase("over its rows"), Phrase("over its columns"), Phrase("row"), Phrase("column")
    for axis, over, line, fitting in ((0, rows, column, shape[-1:]), (1, columns, row, one_column)):
        for words, reduction in REDUCTIONS.items():
            vector = reduction(value, axis)
            vector = vector[:, None] if axis == 1 else vector
            inner = Phrase(words, name, over, line)
            for template in OF_REDUCED if vector.shape == fitting else ():
                if (words, template) != ("the sum of {0}² {1}", "√|{}|"):  # the norm
                    bracketed = Phrase(BRACKETED, inner)
                    wrapped = inner if template == "{}" else Phrase(template, bracketed, bracketed)
                    array = np.broadcast_to(PLAIN[template](vector), shape)
                    yield Feature(wrapped, f"{name} {over}", f"{words}, {template}", array)


def _one_hot(name: str, labels: Array, shape: tuple[int, ...]) -> Iterator[Feature]:
    if len(labels) == shape[0] and labels.min() >= 0 and labels.max() < shape[1]:
        yield Feature(Phrase("the one-hot {name}", name=name), name, "one-hot", np.eye(shape[1])[labels])
