"""The course of a training: what a model does and is after some of its epochs, on a few rows that stay the same.

    fit(..., observer=course) -> after some epochs a Moment: terms of the loss, norms of gradients and of changes,
                                 the code, what it restores

It looks on: the rows, the noise and the epochs are fixed, so a training that is looked at takes the same steps.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.backend import Array, batch_size, to_numpy
from aescratch.inspection.recording import instead
from aescratch.training import contract
from aescratch.training.history import History

MOST_ROWS = 128
MOST_MOMENTS = 16
N_RESTORED = 8
BINS = 24
TINY = 1e-30  # in the place of a norm of 0, which nothing can be a share of
SEED = 0  # of the noise of the loss that is looked at


@dataclass
class Moment:
    """What was seen after one epoch.

    Attributes
    ----------
    epoch : int
        How many epochs had passed.
    terms : dict of str to float
        What each term of the objective came to.
    gradients, changes : dict of str to float
        Of every parameter the norm of its gradient, and by what share of its norm it has changed since the last moment.
    code : (N, H) array or None
        The code of the rows.
    restored : (8, D) array or None
        What the model makes of the first of them.
    """

    epoch: int
    terms: dict[str, float]
    gradients: dict[str, float]
    changes: dict[str, float]
    code: Array | None
    restored: Array | None


@dataclass
class Course:
    """An observer of `fit` that keeps what it sees.

    Parameters
    ----------
    data : sequence of arrays
        x, or x and labels, as the model's `loss` takes them; 128 rows at most are looked at.
    epochs : int
        How many epochs there will be; at most 16 of them are looked at.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = ae.datasets.load_digits().x
    >>> course = Course([x], epochs=3)
    >>> history = ae.SparseAutoencoder([64, 8], rng=0).fit(x, epochs=3, rng=0, observer=course)
    >>> [moment.epoch for moment in course.moments], sorted(course.moments[0].terms)
    ([1, 2, 3], ['decay', 'reconstruction', 'sparsity'])
    """

    data: Sequence[Array]
    epochs: int
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = np.linspace(0, batch_size(self.data[0]) - 1, min(MOST_ROWS, batch_size(self.data[0]))).astype(int)
        self.data = [array[rows] for array in self.data]
        steps = np.linspace(1, self.epochs, min(self.epochs, MOST_MOMENTS))
        self.wanted = {round(step) for step in steps}
        self.before: dict[str, Array] = {}

    def __call__(self, model: Any, history: History) -> None:
        """Look at the model, if this epoch is one of those that are looked at."""
        if len(history) not in self.wanted:
            return
        arrays = contract.as_data(model, *self.data)
        terms: dict[str, float] = {}
        with contract.in_use(model), _noted(model, terms):
            model.loss(*arrays, rng=SEED)
            model.backward()
        values = {parameter.name: to_numpy(parameter.value).copy() for parameter in model.parameters}
        self.moments.append(
            Moment(
                epoch=len(history),
                terms=terms,
                gradients={parameter.name: _norm(to_numpy(parameter.grad)) for parameter in model.parameters},
                changes={name: _change(self.before.get(name), value) for name, value in values.items()},
                code=_asked(model, "encode", arrays[0]),
                restored=_asked(model, "reconstruct", arrays[0][:N_RESTORED]),
            )
        )
        self.before = values


@contextlib.contextmanager
def _noted(model: Any, terms: dict[str, float]) -> Iterator[None]:
    """Inside the block, note what each term of the objective comes to."""
    with contextlib.ExitStack() as stack:
        _put_in(stack, model, terms)
        yield


def _put_in(stack: contextlib.ExitStack, model: Any, terms: dict[str, float]) -> None:
    """Let the terms' forward be noted until the stack is left; apart, as Control-C slips past a loop in a `with`."""
    for name, part in contract.parts_of(model).items():
        if part.is_term:
            stack.enter_context(instead(part, forward=functools.partial(_noting, terms, name, part.forward)))


def _noting(terms: dict[str, float], name: str, forward: Any, *arguments: Any) -> Any:
    result = forward(*arguments)
    terms[name] = float(result)
    return result


def _change(before: Array | None, now: Array) -> float:
    if before is None:
        return 0.0
    return _norm(now - before) / max(_norm(now), TINY)


def _norm(values: Array) -> float:
    """Return the norm, in float64: squares of large numbers leave float32."""
    return float(np.linalg.norm(np.asarray(values, np.float64)))


def _asked(model: Any, method: str, x: Array) -> Array | None:
    asked = getattr(model, method, None)
    return np.asarray(to_numpy(asked(x))) if callable(asked) else None
