"""The checks of arguments that several loaders share: a choice, a whole number in a range, a shape.

what the caller gave -> check_* -> nothing, or one sentence: what was expected, what came, what to do
"""

from __future__ import annotations

from math import prod

import numpy as np

from aescratch.foundations.language import gettext


def check_choice(argument: str, choice: str | None, choices: tuple[str | None, ...]) -> None:
    """Raise a ValueError that names the choices unless `choice` is one of them."""
    if choice not in choices:
        message = gettext("{argument} must be one of {choices}, not {choice!r}; choose one of these")
        raise ValueError(message.format(argument=argument, choices=", ".join(map(repr, choices)), choice=choice))


def check_shape(image_shape: tuple[int, ...], n_features: int) -> None:
    """Raise a TypeError if this is not a tuple of integers, a ValueError if its product is not `n_features`."""
    if not isinstance(image_shape, tuple) or not all(isinstance(side, (int, np.integer)) for side in image_shape):
        message = gettext("image_shape must be a tuple of integers, not {image_shape!r}; pass (28, 28), for example")
        raise TypeError(message.format(image_shape=image_shape))
    if min(image_shape, default=0) < 1 or prod(image_shape) != n_features:
        message = gettext(
            "image_shape {image_shape} has {pixels} pixels but a row of x has {n_features}; give the shape whose "
            "product is {n_features}"
        )
        raise ValueError(message.format(image_shape=image_shape, pixels=prod(image_shape), n_features=n_features))


def check_whole(argument: str, value: int, smallest: int, largest: int) -> None:
    """Raise a TypeError if `value` is not an integer, a ValueError if it is out of bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        message = gettext("{argument} must be an integer, not {kind}; pass a whole number")
        raise TypeError(message.format(argument=argument, kind=type(value).__name__))
    if not smallest <= value <= largest:
        message = gettext(
            "{argument} must be between {smallest} and {largest:,}, not {value}; choose a number in this range"
        )
        raise ValueError(message.format(argument=argument, smallest=smallest, largest=largest, value=value))
