"""The networks that are measured, and one training step of ours on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.foundations.language import Phrase

RATE = 1e-3


@dataclass(frozen=True)
class Case:
    """An autoencoder with these widths, from input to code, trained on batches of this size.

    Attributes
    ----------
    activation : str
        ``"ReLU"`` or ``"GELU"``, the exact one: the name of the class here and in PyTorch.

    Examples
    --------
    >>> print(Case((64, 32, 8), 64))
    64-32-8 ReLU, batch 64
    """

    widths: tuple[int, ...]
    batch: int
    activation: str = "ReLU"

    @property
    def path(self) -> tuple[int, ...]:
        """Widths of all layers, from the input to the output."""
        return self.widths + self.widths[-2::-1]

    @property
    def name(self) -> Phrase:
        """The widths, the activation and the batch, in words."""
        return Phrase("{network}, batch {batch}", network=f"{network(self.widths)} {self.activation}", batch=self.batch)

    def __str__(self) -> str:
        return str(self.name)


SMALL, MIDDLE, WIDE, DEEP = (64, 32, 8), (784, 128, 32), (784, 1024), (784, 1000, 500, 250, 30)
STEPS = [
    Case(widths, batch, activation)
    for widths, batch in ((SMALL, 64), (MIDDLE, 256), (WIDE, 256), (DEEP, 256), (DEEP, 1000))
    for activation in ("ReLU", "GELU")
]


def network(widths: Sequence[int]) -> str:
    """Return the widths of a network as they are written.

    Examples
    --------
    >>> network((64, 32, 8))
    '64-32-8'
    """
    return "-".join(map(str, widths))


def random_data(n_examples: int, width: int) -> Array:
    """Return (n_examples, width) numbers in [0, 1)."""
    return np.random.default_rng(0).random((n_examples, width), np.float32)


def make_model(case: Case) -> ae.Autoencoder:
    """Return a new model of this case."""
    return ae.Autoencoder(list(case.widths), activation=getattr(ae, case.activation), rng=0)


def our_step(case: Case) -> Callable[[], None]:
    """Return one training step on a case, on random data."""
    return step_of(make_model(case), random_data(case.batch, case.widths[0]))


def step_of(model: ae.Autoencoder, x: Array) -> Callable[[], None]:
    """Return one training step like those of `fit`: the batch is checked, and training mode is on, before."""
    adam, rng = ae.Adam(RATE).start(model.parameters), np.random.default_rng(0)
    for part in model.parts.values():
        part.in_training = True

    def step() -> None:
        with model.trusting_batches():
            model.loss(x, rng)
            model.backward()
            adam.step(RATE)

    return step
