"""What a model's class says of itself to those who show it: how its options are written, and its row of the tour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array

STILL = 1e-3  # of a unit's size: it moves no more than that


@dataclass(frozen=True)
class Option:
    """How the command line writes an argument of a model's constructor.

    Attributes
    ----------
    kind : str
        What is written: ``"switch"`` (nothing), ``"number"``, ``"count"`` and ``"whole"`` (whole numbers from 1 and 0),
        ``"counts"`` (several), ``"activation"``, ``"reconstruction"``, ``"corruption"``, ``"sparsity"``,
        ``"initializer"``, ``"dtype"``, ``"entries"`` (all or hidden), ``"variance"`` (a number, or fitted),
        ``"estimator"``, or ``"model"`` (the path of a saved one, which brings its own layers).
    help : str
        What it does; ``{words}`` stands for the names that there are.
    metavar : str
        What stands for the value in the help.
    """

    kind: str
    help: str
    metavar: str = ""


@dataclass(frozen=True)
class TourRow:
    """A row of `aescratch tour`: a model with settings that show it at its best in seconds.

    Attributes
    ----------
    name : str
        As ``--variant`` spells it.
    title, idea : str
        For the report: what it is called, and what it is about.
    widths : tuple of int
        Of the encoder, from the digit's 64 pixels to the code.
    epochs, learning_rate
        Of the training, by Adam with a cosine schedule.
    settings : dict
        What else its constructor is given.
    pretraining_epochs : int
        For each layer, before the training of the whole; 0 for none.
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
    """What a variant measures its code's units by.

    Attributes
    ----------
    name : str
        What is measured, for people.
    values : (H,) array
        The number of every unit.
    asleep : (H,) array of bool
        Units that tell nothing of an example: they are the same for all.
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
