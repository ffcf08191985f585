"""Schedules: a learning rate for every epoch of a training run.

    epoch, epochs --rate--> learning rate, the same for all batches of the epoch
"""

from __future__ import annotations

import math

from aescratch.foundations.recipes import Recipe
from aescratch.foundations.validation import require_count, require_number


class Schedule(Recipe):
    """Base of the learning-rate schedules: a rate for every epoch, numbered from 0."""

    def rate(self, epoch: int, epochs: int) -> float:
        """Return the learning rate of an epoch out of epochs."""
        raise NotImplementedError


class ConstantRate(Schedule):
    """The same learning rate throughout."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate: float = require_number("learning_rate", learning_rate, above=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return the learning rate."""
        return self.learning_rate


class StepRate(Schedule):
    """Multiply the learning rate by factor after every `every` epochs.

    Examples
    --------
    >>> [StepRate(0.1, every=2, factor=0.5).rate(epoch, 6) for epoch in range(6)]
    [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    """

    def __init__(self, learning_rate: float, every: int, factor: float = 0.1) -> None:
        self.learning_rate: float = require_number("learning_rate", learning_rate, above=0)
        self.every: int = require_count("every", every)
        self.factor: float = require_number("factor", factor, above=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return learning_rate · factor^⌊epoch / every⌋."""
        return float(self.learning_rate * self.factor ** (epoch // self.every))


class CosineRate(Schedule):
    """Let the learning rate fall along half a cosine, from learning_rate towards last (Loshchilov & Hutter 2016).

    Examples
    --------
    >>> [round(CosineRate(1.0).rate(epoch, 4), 3) for epoch in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    """

    def __init__(self, learning_rate: float, last: float = 0.0) -> None:
        self.learning_rate: float = require_number("learning_rate", learning_rate, above=0)
        self.last: float = require_number("last", last, least=0)

    def rate(self, epoch: int, epochs: int) -> float:
        """Return last + ½ (learning_rate − last) (1 + cos(π epoch / epochs)); always above `last`."""
        return self.last + 0.5 * (self.learning_rate - self.last) * (1 + math.cos(math.pi * epoch / epochs))
