"""What a model's class states for its display: its options on the command line, and its row of the tour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array

STILL = 1e-3  # of a unit's size: a smaller change counts as none


@dataclass(frozen=True)
class Option:
    """An argument of a model's constructor on the command line.

    Attributes
    ----------
    kind : str
        The kind of value: ``"switch"`` (none), ``"number"``, ``"count"`` and ``"whole"`` (whole numbers from 1 and 0),
        ``"counts"`` (several), ``"activation"``, ``"reconstruction"``, ``"corruption"``, ``"sparsity"``,
        ``"initializer"``, ``"dtype"``, ``"entries"`` (all or hidden), ``"variance"`` (a number, or fitted),
        ``"estimator"``, or ``"model"`` (the path of a saved model, with its own layers).
    help : str
        What it does; ``{words}`` stands for the known names.
    metavar : str
        The placeholder of the value in the help.
    """

    kind: str
    help: str
    metavar: str = ""


@dataclass(frozen=True)
class TourRow:
    """A row of `aescratch tour`: a model with settings that show its strengths in seconds.

    Attributes
    ----------
    name : str
        The name for ``--variant``.
    title, idea : str
        The title and the idea for the report.
    widths : tuple of int
        The encoder's widths, from the digit's 64 pixels to the code.
    epochs, learning_rate
        Settings of the training run, by Adam with a cosine schedule.
    settings : dict
        Further arguments of its constructor.
    pretraining_epochs : int
        The epochs for each layer, before the training of the whole model; 0 for none.
    """

    name: str
    title: str
    idea: str
    widths: tuple[int, ...]
    epochs: int
    learning_rate: float = 1e-2
    settings: Mapping[str, Any] = field(default_factory=dict)
    pretraining_epochs: int = 0


class UnitStatistic(NamedTuple):
    """A variant's measure of its code's units.

    Attributes
    ----------
    name : str
        What is measured, in words.
    values : (H,) array
        The value for every unit.
    asleep : (H,) array of bool
        Units that carry no information about an example: they are the same for all.
    """

    name: str
    values: Array
    asleep: Array


def never_change(h: Array) -> Array:
    """Return which units of the codes h (N, H) are the same for all examples, up to a thousandth of their size.

    Examples
    --------
    >>> never_change(np.array([[0.0, 0.5], [0.0, 0.7]]))
    array([ True, False])
    """
    return np.asarray(np.ptp(h, axis=0) <= STILL * np.abs(h).max(axis=0))
